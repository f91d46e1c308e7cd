/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_DEVICE_H
#define STT_DEVICE_H

#include <linux/netdevice.h>
#include <net/gro_cells.h>
#include "counters.h"

/*
 * The network device of kind "stt"
 * ================================
 *
 * A device is bound to one destination port in the network namespace in which
 * it was created, whose addresses and routes it uses even when it is moved to
 * another one.  Peers and Context IDs come and go with each packet's tunnel
 * metadata.
 */

struct socket;
struct stt_metadata;

struct stt_device {
	struct net_device *dev;
	struct net *net;		/* Of the outer packets. */
	__be16 port;			/* Destination port. */
	struct hlist_node in_net;	/* In stt_net's devices, RCU. */
	struct socket *sockets[2];	/* They keep the port from others. */
	struct gro_cells gro_cells;
	struct stt_counters __percpu *counters;
	struct stt_metadata *metadata;	/* Of received packets. */
};

/*
 * The most bytes of an inner packet that fit into a frame whose outer IPv4
 * packet still has a 16-bit length (IPv6 does not count its own header).
 */
#define STT_MAX_INNER_LEN (65535 - 20 - 20 - 18)

/* Returns true if the outer packets belong to another namespace than the inner. */
static inline bool stt_crosses_namespaces(const struct stt_device *stt)
{
	return !net_eq(stt->net, dev_net(stt->dev));
}

struct net_device *stt_device_create(struct net *net, const char *name,
				     u8 name_assign_type, __be16 port);
void stt_device_kill_all(struct list_head *nets);

int stt_device_init(void);
void stt_device_exit(void);

#endif /* device.h */
