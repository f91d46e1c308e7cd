/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_PATH_MTU_H
#define STT_PATH_MTU_H 1

/* The path MTU of templates
 * =========================
 *
 * Only the translation of a flow knows the device that a tunnel's packets will
 * leave through, so that is when its MTU gets into the template.  OVS does not
 * translate anew when a device's MTU changes; it must be told, or frames would
 * go on to be cut for the old one. */

#include <stdbool.h>

struct netdev;
struct ovs_action_push_tnl;

void stt_set_path_mtu(struct ovs_action_push_tnl *,
                      const struct netdev *egress);
bool stt_path_mtu_changed(const struct netdev *);

#endif /* stt-path-mtu.h */
