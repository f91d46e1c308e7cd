/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_NAMESPACE_H
#define STT_NAMESPACE_H

/*
 * Network namespaces and their STT devices
 * ========================================
 *
 * A device is in the namespace of its outer packets, whose addresses and routes
 * it uses even when it is moved to another one, and alone there with its
 * destination port.  What a namespace has besides belongs to the files that are
 * named; most of it is there only while it has a device.
 */

#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/user_namespace.h>
#include <linux/workqueue.h>
#include <net/gro_cells.h>
#include <net/net_namespace.h>
#include "stt-limits.h"

struct nf_hook_ops;
struct socket;
struct stt_counters;
struct stt_input_routes;
struct stt_metadata;
struct stt_reassembly;
struct stt_recently_sent;

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

struct stt_net {
	struct net *net;
	struct hlist_head devices;	/* Changed under RTNL, read under RCU. */

	/* held.c. */
	struct mutex limits_lock;
	struct stt_limits limits;
	struct stt_reassembly *reassembly;
	struct delayed_work expire;

	/* input.c. */
	struct nf_hook_ops *hooks;
	struct stt_input_routes __percpu *input_routes;
	struct stt_recently_sent *recently_sent;
};

/* Returns true if the outer packets belong to another namespace than the inner. */
static inline bool stt_crosses_namespaces(const struct stt_device *stt)
{
	return !net_eq(stt->net, dev_net(stt->dev));
}

/*
 * Returns true if the owner of 'net' is one whom the host trusts, and not anybody
 * who made a user namespace.
 */
static inline bool stt_net_is_trusted(const struct net *net)
{
	return net->user_ns == &init_user_ns;
}

struct stt_net *stt_net(const struct net *net);
struct stt_device *stt_net_find_device(const struct stt_net *sn, __be16 port);

int stt_namespace_init(void);
void stt_namespace_exit(void);

#endif /* namespace.h */
