/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_VPORT_H
#define STT_VPORT_H 1

/* Ports of type "stt" among Open vSwitch's tunnel ports
 * =====================================================
 *
 * Their class, what they need before there is one, and the periodic work.  The
 * hooks into OVS's own files call these functions. */

struct netdev;
struct netdev_class;

void stt_init_class(struct netdev_class *);
void stt_register(void);
void stt_run(const struct netdev_class *);
void stt_wait(const struct netdev_class *);

struct netdev *stt_ref_counted(const struct netdev *);

#endif /* stt-vport.h */
