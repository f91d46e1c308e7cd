/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_LINK_DEVICE_H
#define STT_LINK_DEVICE_H 1

/* The kernel's device behind STT ports
 * ====================================
 *
 * On the kernel's datapath all STT ports with the same destination port share
 * one network device of kind "stt", which OVS makes, compares with what it
 * wants, and removes over rtnetlink.  OVS sends and receives the messages;
 * what is STT's in them is here.  See stt-link.h for the attributes. */

#include "openvswitch/types.h"
#include "stt-link.h"

struct netdev;
struct ofpbuf;

void stt_link_put_config(struct ofpbuf *request, ovs_be16 dst_port);
int stt_link_verify(const struct ofpbuf *reply, ovs_be16 dst_port);
void stt_link_explain(const char *datapath_type, const struct netdev *,
                      int error, char **errp);

#endif /* stt-link-device.h */
