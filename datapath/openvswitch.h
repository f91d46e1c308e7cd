/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_OPENVSWITCH_H
#define STT_OPENVSWITCH_H

/*
 * What the kernel's openvswitch module expects of a vport type
 * =============================================================
 *
 * openvswitch exports the functions that a vport module needs, but no installed
 * header declares them.  Declared here is what vport-stt uses; members after
 * the last one used are left out, so these structures must never be allocated
 * or copied, except struct vport_ops, which is ours.
 *
 * Where the build can read the kernel's own types (see openvswitch-abi), it
 * compares these declarations with them.  Like compat.h, this file keeps the
 * differences between kernels from vport-stt.c.
 */

#include <linux/build_bug.h>
#include <linux/netdevice.h>
#include <linux/openvswitch.h>
#include <linux/rtnetlink.h>
#include <net/net_namespace.h>
#include "compat.h"

struct vport_ops;
struct vport_portids;

struct datapath {
	struct rcu_head rcu;
	struct list_head list_node;
	u64 table[6];			/* A struct flow_table. */
	struct hlist_head *ports;
	struct dp_stats_percpu __percpu *stats_percpu;
	possible_net_t net;
};

struct vport {
	struct net_device *dev;
#ifdef STT_HAVE_NETDEVICE_TRACKER
	netdevice_tracker dev_tracker;
#endif
	struct datapath *dp;
	struct vport_portids __rcu *upcall_portids;
	u16 port_no;
	struct hlist_node hash_node;
	struct hlist_node dp_hash_node;
	const struct vport_ops *ops;
};

struct vport_parms {
	const char *name;
	enum ovs_vport_type type;
#ifdef STT_HAVE_OVS_IFINDEX
	int desired_ifindex;
#endif
	struct nlattr *options;
	struct datapath *dp;
	u16 port_no;
	struct nlattr *upcall_portids;
};

struct vport_ops {
	enum ovs_vport_type type;
	struct vport *(*create)(const struct vport_parms *parms);
	void (*destroy)(struct vport *vport);
	int (*set_options)(struct vport *vport, struct nlattr *options);
	int (*get_options)(const struct vport *vport, struct sk_buff *skb);
	int (*send)(struct sk_buff *skb);
	struct module *owner;
	struct list_head list;
};

#ifdef STT_BTF

#define STT_SAME_PLACE(STRUCTURE, MEMBER)				\
	static_assert(offsetof(struct STRUCTURE, MEMBER) ==		\
		      STT_BTF_##STRUCTURE##_##MEMBER,			\
		      "this kernel's openvswitch has another struct "	\
		      #STRUCTURE " than STT knows")

STT_SAME_PLACE(vport, dev);
#ifdef STT_HAVE_NETDEVICE_TRACKER
STT_SAME_PLACE(vport, dev_tracker);
#endif
STT_SAME_PLACE(vport, dp);
STT_SAME_PLACE(vport, upcall_portids);
STT_SAME_PLACE(vport, port_no);
STT_SAME_PLACE(vport, hash_node);
STT_SAME_PLACE(vport, dp_hash_node);
STT_SAME_PLACE(vport, ops);
STT_SAME_PLACE(vport_parms, name);
STT_SAME_PLACE(vport_parms, type);
#ifdef STT_HAVE_OVS_IFINDEX
STT_SAME_PLACE(vport_parms, desired_ifindex);
#endif
STT_SAME_PLACE(vport_parms, options);
STT_SAME_PLACE(vport_parms, dp);
STT_SAME_PLACE(vport_parms, port_no);
STT_SAME_PLACE(vport_parms, upcall_portids);
STT_SAME_PLACE(vport_ops, type);
STT_SAME_PLACE(vport_ops, create);
STT_SAME_PLACE(vport_ops, destroy);
STT_SAME_PLACE(vport_ops, set_options);
STT_SAME_PLACE(vport_ops, get_options);
STT_SAME_PLACE(vport_ops, send);
STT_SAME_PLACE(vport_ops, owner);
STT_SAME_PLACE(vport_ops, list);
STT_SAME_PLACE(datapath, rcu);
STT_SAME_PLACE(datapath, list_node);
STT_SAME_PLACE(datapath, table);
STT_SAME_PLACE(datapath, ports);
STT_SAME_PLACE(datapath, stats_percpu);
STT_SAME_PLACE(datapath, net);

/* openvswitch would read what is behind ours. */
static_assert(sizeof(struct vport_ops) == STT_BTF_vport_ops_size,
	      "this kernel's openvswitch has a longer struct vport_ops than STT knows");

#endif

int __ovs_vport_ops_register(struct vport_ops *ops);
void ovs_vport_ops_unregister(struct vport_ops *ops);
struct vport *ovs_vport_alloc(int private_size, const struct vport_ops *ops,
			      const struct vport_parms *parms);
void ovs_vport_free(struct vport *vport);
void ovs_netdev_tunnel_destroy(struct vport *vport);

/*
 * Hands 'dev', which is held, over to openvswitch as the device of 'vport'.
 * Consumes the reference to it, deletes it if that fails, and frees 'vport'
 * then.
 */
#ifdef STT_OVS_NETDEV_LINK_BY_DEVICE

struct vport *ovs_netdev_link(struct vport *vport, bool tunnel);

static inline struct vport *stt_ovs_link_device(struct vport *vport,
						struct net_device *dev)
{
	netdev_hold(dev, &vport->dev_tracker, GFP_KERNEL);
	vport->dev = dev;
	dev_put(dev);
	return ovs_netdev_link(vport, true);
}

#else

struct vport *ovs_netdev_link(struct vport *vport, const char *name);

static inline struct vport *stt_ovs_link_device(struct vport *vport,
						struct net_device *dev)
{
	vport = ovs_netdev_link(vport, dev->name);
	if (IS_ERR(vport)) {
		rtnl_lock();
		if (dev->reg_state == NETREG_REGISTERED)
			stt_rtnl_delete_link(dev);
		dev_put(dev);
		rtnl_unlock();
	} else {
		dev_put(dev);
	}
	return vport;
}

#endif

#endif /* openvswitch.h */
