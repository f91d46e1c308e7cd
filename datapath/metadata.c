// SPDX-License-Identifier: GPL-2.0-only
#include "metadata.h"

#include <linux/hash.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/dst_metadata.h>
#include <net/ip_tunnels.h>
#include "compat.h"

enum { N_FLOWS_BITS = 8 };

struct stt_metadata {
	/* Referenced, or NULL.  Complete before it is here, and not changed
	 * after.
	 */
	struct metadata_dst __rcu *flow[1 << N_FLOWS_BITS];
};

/* Returns an empty store of metadata, or NULL if there is no memory. */
struct stt_metadata *stt_metadata_create(void)
{
	return kzalloc(sizeof(struct stt_metadata), GFP_KERNEL);
}

static void stt_release(struct metadata_dst *found)
{
	if (found)
		dst_release(&found->dst);
}

/* The caller has waited until nobody uses 'metadata' any more. */
void stt_metadata_destroy(struct stt_metadata *metadata)
{
	int i;

	for (i = 0; i < 1 << N_FLOWS_BITS; i++)
		stt_release(rcu_dereference_protected(metadata->flow[i], true));
	kfree(metadata);
}

/* Returns true if 'info' is what the outer headers of 'skb' make. */
static bool stt_matches4(const struct ip_tunnel_info *info,
			 const struct sk_buff *skb)
{
	const struct iphdr *ip = ip_hdr(skb);

	return !(info->mode & IP_TUNNEL_INFO_IPV6) &&
	       info->key.u.ipv4.src == ip->saddr &&
	       info->key.u.ipv4.dst == ip->daddr && info->key.ttl == ip->ttl;
}

static bool stt_matches6(const struct ip_tunnel_info *info,
			 const struct sk_buff *skb)
{
	const struct ipv6hdr *ip = ipv6_hdr(skb);

	return info->mode & IP_TUNNEL_INFO_IPV6 &&
	       ipv6_addr_equal(&info->key.u.ipv6.src, &ip->saddr) &&
	       ipv6_addr_equal(&info->key.u.ipv6.dst, &ip->daddr) &&
	       info->key.label == ip6_flowlabel(ip) &&
	       info->key.ttl == ip->hop_limit;
}

/**
 * stt_metadata_get - get the tunnel metadata for a received frame
 * @metadata: where metadata is kept
 * @skb: the packet, whose network and transport headers are the outer ones
 * @ipv6: whether the outer header is IPv6
 * @tos: outer TOS or traffic class, with the ECN field of all segments
 * @context_id: the frame's Context ID, in host byte order
 * @alone: is set to whether all earlier packets of the same flow have let go of
 *         their metadata, and so have left this device; if that is not known,
 *         to false
 *
 * The caller is in an RCU read-side critical section.
 *
 * Return: the metadata, with a reference that is the caller's, or NULL if there
 * is no memory.
 */
struct dst_entry *stt_metadata_get(struct stt_metadata *metadata,
				   struct sk_buff *skb, bool ipv6, u8 tos,
				   u64 context_id, bool *alone)
{
	const struct tcphdr *tcp = tcp_hdr(skb);
	__be64 tunnel_id = cpu_to_be64(context_id);
	struct metadata_dst __rcu **flow;
	struct metadata_dst *found;
	struct ip_tunnel_info *info;

	/* A source port is the hash of an inner flow. */
	flow = &metadata->flow[hash_32((__force u16)tcp->source,
				       N_FLOWS_BITS)];
	found = rcu_dereference(*flow);
	if (found) {
		info = &found->u.tun_info;
		*alone = stt_dst_is_referenced_once(&found->dst);
		if (info->key.tun_id == tunnel_id && info->key.tos == tos &&
		    info->key.tp_src == tcp->source &&
		    info->key.tp_dst == tcp->dest &&
		    (ipv6 ? stt_matches6(info, skb) : stt_matches4(info, skb)) &&
		    dst_hold_safe(&found->dst))
			return &found->dst;
	}

	*alone = false;
	found = stt_tun_rx_dst(skb, ipv6, tunnel_id);
	if (!found)
		return NULL;
	info = &found->u.tun_info;
	info->key.tos = tos;
	info->key.tp_src = tcp->source;
	info->key.tp_dst = tcp->dest;

	dst_hold(&found->dst);
	stt_release(xchg((__force struct metadata_dst **)flow, found));
	return &found->dst;
}
