/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_DEVICE_H
#define STT_DEVICE_H

/*
 * The network device of kind "stt"
 * ================================
 *
 * A device is bound to one destination port in the network namespace in which
 * it was created.  Peers and Context IDs come and go with each packet's tunnel
 * metadata.
 */

#include <linux/types.h>

struct net;
struct net_device;

struct net_device *stt_device_create(struct net *net, const char *name,
				     u8 name_assign_type, __be16 port);
__be16 stt_device_port(const struct net_device *dev);

int stt_device_init(void);
void stt_device_exit(void);

#endif /* device.h */
