/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_OPTIONS_H
#define STT_OPTIONS_H 1

/* Options of STT ports
 * ====================
 *
 * OVS reads the options of all tunnel ports alike, and takes much that makes no
 * sense.  For STT ports their values are checked here before, and what they
 * are by default and read back is as STT has it.  The hooks into OVS's own
 * files call these functions. */

#include <stdint.h>

#include "openvswitch/types.h"

struct netdev;
struct smap;

void stt_init_port(const char *type, uint16_t port, ovs_be16 *dst_port);
int stt_check_options(const struct netdev *, const struct smap *options,
                      char **errp);
void stt_get_options(const char *type, ovs_be16 dst_port,
                     struct smap *options);

#endif /* stt-options.h */
