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
 * tests/vm/check-btf compares these declarations with the types that a kernel
 * says it has.
 */

#include <linux/netdevice.h>
#include <linux/openvswitch.h>
#include <net/net_namespace.h>

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

int __ovs_vport_ops_register(struct vport_ops *ops);
void ovs_vport_ops_unregister(struct vport_ops *ops);
struct vport *ovs_vport_alloc(int private_size, const struct vport_ops *ops,
			      const struct vport_parms *parms);
void ovs_vport_free(struct vport *vport);
#ifdef STT_OVS_NETDEV_LINK_BY_DEVICE
struct vport *ovs_netdev_link(struct vport *vport, bool tunnel);
#else
struct vport *ovs_netdev_link(struct vport *vport, const char *name);
#endif
void ovs_netdev_tunnel_destroy(struct vport *vport);

#endif /* openvswitch.h */
