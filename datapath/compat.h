/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_COMPAT_H
#define STT_COMPAT_H

/*
 * Differences between kernels
 * ===========================
 *
 * All of them are here, each behind a function or macro that says what is
 * wanted, so that the rest of the code has one form.  The STT_HAVE_* macros
 * come from Kbuild, which looks into the kernel's headers.
 */

#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/sysctl.h>
#include <net/dst_metadata.h>
#include <net/flow.h>
#include <net/inet_ecn.h>
#include <net/ip_tunnels.h>
#include <net/rtnetlink.h>
#if __has_include(<net/gso.h>)
#include <net/gso.h>
#endif
#if __has_include(<linux/skbuff_ref.h>)
#include <linux/skbuff_ref.h>
#endif
#ifdef STT_HAVE_FLOWI4_DSCP
#include <net/inet_dscp.h>
#endif

/* There, what runs in a softirq can be preempted by another one on its CPU, which
 * the modules' per-CPU data has never been tried with.
 */
#ifdef CONFIG_PREEMPT_RT
#error "STT does not support kernels with CONFIG_PREEMPT_RT"
#endif

/* Tunnel flags were a big-endian number and are a bitmap from 6.10 on. */
#ifdef IP_TUNNEL_DECLARE_FLAGS

static inline bool stt_key_dont_fragment(const struct ip_tunnel_key *key)
{
	return test_bit(IP_TUNNEL_DONT_FRAGMENT_BIT, key->tun_flags);
}

static inline struct metadata_dst *stt_tun_rx_dst(struct sk_buff *skb,
						  bool ipv6, __be64 tunnel_id)
{
	IP_TUNNEL_DECLARE_FLAGS(flags) = { };

	__set_bit(IP_TUNNEL_KEY_BIT, flags);
	__set_bit(IP_TUNNEL_CSUM_BIT, flags);
	return ipv6 ? ipv6_tun_rx_dst(skb, flags, tunnel_id, 0)
		    : ip_tun_rx_dst(skb, flags, tunnel_id, 0);
}

#else

static inline bool stt_key_dont_fragment(const struct ip_tunnel_key *key)
{
	return key->tun_flags & TUNNEL_DONT_FRAGMENT;
}

static inline struct metadata_dst *stt_tun_rx_dst(struct sk_buff *skb,
						  bool ipv6, __be64 tunnel_id)
{
	__be16 flags = TUNNEL_KEY | TUNNEL_CSUM;

	return ipv6 ? ipv6_tun_rx_dst(skb, flags, tunnel_id, 0)
		    : ip_tun_rx_dst(skb, flags, tunnel_id, 0);
}

#endif

/* Returns true if 'dst' has one reference only. */
static inline bool stt_dst_is_referenced_once(struct dst_entry *dst)
{
#ifdef STT_HAVE_DST_RCUREF
	return rcuref_read(&dst->__rcuref) == 1;
#else
	return atomic_read(&dst->__refcnt) == 1;
#endif
}

static inline void stt_flow_set_tos(struct flowi4 *flow, u8 tos)
{
#ifdef STT_HAVE_FLOWI4_DSCP
	flow->flowi4_dscp = inet_dsfield_to_dscp(tos);
#else
	/* Without the ECN field, which is no reason for another route. */
	flow->flowi4_tos = RT_TOS(tos & ~INET_ECN_MASK);
#endif
}

/* The recursion level of transmission up to which a tunnel may send. */
#ifdef IP_TUNNEL_RECURSION_LIMIT
#define STT_RECURSION_LIMIT IP_TUNNEL_RECURSION_LIMIT
#else
#define STT_RECURSION_LIMIT 5
#endif

/*
 * Per-CPU packet counts of a device.  Where dev->pcpu_stat_type exists, the
 * core allocates, reads and frees them.
 */
#ifdef STT_HAVE_PCPU_STAT_TYPE

static inline void stt_tstats_setup(struct net_device *dev)
{
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
}

static inline int stt_tstats_init(struct net_device *dev)
{
	return 0;
}

static inline void stt_tstats_uninit(struct net_device *dev)
{
}

#else

static inline void stt_tstats_setup(struct net_device *dev)
{
}

static inline int stt_tstats_init(struct net_device *dev)
{
	dev->tstats = netdev_alloc_pcpu_stats(struct pcpu_sw_netstats);
	return dev->tstats ? 0 : -ENOMEM;
}

static inline void stt_tstats_uninit(struct net_device *dev)
{
	free_percpu(dev->tstats);
}

#endif

#ifdef STT_HAVE_DEV_GET_TSTATS64
#define stt_get_stats64 dev_get_tstats64
#else
#define stt_get_stats64 ip_tunnel_get_stats64
#endif

static inline void stt_dev_rx_dropped(struct net_device *dev)
{
#ifdef STT_HAVE_DEV_CORE_STATS
	dev_core_stats_rx_dropped_inc(dev);
#else
	atomic_long_inc(&dev->rx_dropped);
#endif
}

static inline void stt_dev_tx_dropped(struct net_device *dev)
{
#ifdef STT_HAVE_DEV_CORE_STATS
	dev_core_stats_tx_dropped_inc(dev);
#else
	atomic_long_inc(&dev->tx_dropped);
#endif
}

/* The device needs no lock around transmission. */
static inline void stt_set_lockless_tx(struct net_device *dev)
{
#ifdef NETIF_F_LLTX
	dev->features |= NETIF_F_LLTX;
#else
	dev->lltx = true;
#endif
}

/* Bounds the super-packets that are given to the device. */
static inline void stt_set_gso_max_size(struct net_device *dev,
					unsigned int size)
{
#ifdef STT_HAVE_TSO_MAX_SIZE
	netif_set_tso_max_size(dev, size);
#else
	netif_set_gso_max_size(dev, size);
#endif
}

/*
 * Frees 'skb', which is lost, for 'reason', where the kernel has reasons.  Kbuild
 * defines those that it lacks.
 */
#ifdef STT_HAVE_DROP_REASON
#define stt_kfree_skb_reason(skb, reason) kfree_skb_reason(skb, reason)
#else
enum skb_drop_reason {
	SKB_DROP_REASON_NOT_SPECIFIED,
};
#define stt_kfree_skb_reason(skb, reason) kfree_skb(skb)
#endif

/* Pages of a page pool and others must not be mixed within a packet. */
static inline void stt_copy_pp_recycle(struct sk_buff *to,
				       const struct sk_buff *from)
{
#ifdef STT_HAVE_PP_RECYCLE
	to->pp_recycle = from->pp_recycle;
#endif
}

#ifdef STT_HAVE_CONST_CTL_TABLE
typedef const struct ctl_table stt_ctl_table;
#else
typedef struct ctl_table stt_ctl_table;
#endif

/*
 * Registers the 'n' entries of 'table', which must have one more that is empty:
 * older kernels need it as the end and newer ones must not count it.
 */
static inline struct ctl_table_header *
stt_register_sysctl(struct net *net, const char *path, struct ctl_table *table,
		    size_t n)
{
#ifdef register_net_sysctl
	return register_net_sysctl_sz(net, path, table, n);
#else
	return register_net_sysctl(net, path, table);
#endif
}

/*
 * Defines NAME as the newlink of struct rtnl_link_ops that calls FUNCTION with the
 * namespace of the outer packets, the device, its attributes and extack.
 */
#ifdef STT_HAVE_NEWLINK_PARAMS
#define STT_DEFINE_NEWLINK(NAME, FUNCTION)				\
	static int NAME(struct net_device *dev,				\
			struct rtnl_newlink_params *params,		\
			struct netlink_ext_ack *extack)			\
	{								\
		return FUNCTION(rtnl_newlink_link_net(params), dev,	\
				params->data, extack);			\
	}
#else
#define STT_DEFINE_NEWLINK(NAME, FUNCTION)				\
	static int NAME(struct net *net, struct net_device *dev,	\
			struct nlattr *tb[], struct nlattr *data[],	\
			struct netlink_ext_ack *extack)			\
	{								\
		return FUNCTION(net, dev, data, extack);		\
	}
#endif

static inline int stt_rtnl_configure_link(struct net_device *dev)
{
#ifdef STT_HAVE_LINK_PORTID
	return rtnl_configure_link(dev, NULL, 0, NULL);
#else
	return rtnl_configure_link(dev, NULL);
#endif
}

static inline int stt_rtnl_delete_link(struct net_device *dev)
{
#ifdef STT_HAVE_LINK_PORTID
	return rtnl_delete_link(dev, 0, NULL);
#else
	return rtnl_delete_link(dev);
#endif
}

/* It had another name before 5.17. */
#ifndef STT_HAVE_KTHREAD_EXIT
#define kthread_complete_and_exit(COMPLETION, CODE) \
	complete_and_exit(COMPLETION, CODE)
#endif

#endif /* compat.h */
