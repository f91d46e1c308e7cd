/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_VPORT_H
#define STT_VPORT_H 1

/* Ports of type "stt"
 * ===================
 *
 * What Open vSwitch's tunnel ports have to know of STT: its port number, the
 * values that its options take, and the periodic work.  The hooks into OVS's
 * own files call these functions. */

#include <stdint.h>

#include "openvswitch/types.h"

struct netdev;
struct netdev_class;
struct smap;

struct netdev *stt_ref_counted(const struct netdev *);

void stt_init_port(const char *type, uint16_t port, ovs_be16 *dst_port);
int stt_check_options(const struct netdev *, const struct smap *options,
                      char **errp);
void stt_get_options(const char *type, ovs_be16 dst_port,
                     struct smap *options);

void stt_init_class(struct netdev_class *);
void stt_register(void);
void stt_set_config(const struct smap *other_config);
void stt_run(const struct netdev_class *);
void stt_wait(const struct netdev_class *);

#endif /* stt-vport.h */
