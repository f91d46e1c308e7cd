// SPDX-License-Identifier: GPL-2.0-only
#include "transmit.h"

#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/random.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/dst_cache.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ip_fib.h>
#include <net/ip_tunnels.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/nexthop.h>
#include <net/route.h>
#include <net/tcp.h>
#include <net/udp_tunnel.h>
#include <net/xfrm.h>
#include "compat.h"
#include "counters.h"
#include "frag-list.h"
#include "namespace.h"
#include "recently-sent.h"
#include "stt-frame.h"
#include "stt-frame-id.h"
#include "stt-segment.h"
#include "tags.h"

/* Where a frame goes, and what its outer headers say. */
struct outer_path {
	bool ipv6;
	u8 tos;
	u8 ttl;
	bool dont_fragment;
	__be16 source_port;
	union {
		__be32 ipv4;
		struct in6_addr ipv6;
	} source, destination;
	struct stt_sent_pair pair;	/* The same addresses. */
	__be32 flow_label;
	u32 mark;
	struct dst_entry *dst;		/* Referenced. */
	unsigned int segment_size;	/* Bytes of payload of a segment. */
};

static struct stt_frame_ids frame_ids;
static DEFINE_PER_CPU(struct stt_frame_id_blocks, frame_id_blocks);

/*
 * Returns an id for a frame that goes between the addresses of 'pair'.  The caller
 * has BHs disabled.
 */
static u32 stt_next_frame_id(const struct stt_sent_pair *pair)
{
	struct stt_frame_id_sequence sequence;
	u32 id, value;

	stt_frame_id_find_sequence(&frame_ids, pair->source.s6_addr,
				   pair->destination.s6_addr, &sequence);
	id = stt_frame_id_next(&frame_ids, this_cpu_ptr(&frame_id_blocks),
			       &sequence);
	value = id - sequence.offset;
	if (value % STT_FRAME_IDS_PER_BLOCK == 0)
		stt_sent_ids_take(sequence.counter, value,
				  STT_FRAME_IDS_PER_BLOCK);
	return id;
}

/*
 * Returns true if 'id' may be that of a frame sent lately between the addresses of
 * 'pair', as far as the bits of 'mask', which is one less than a power of 2,
 * tell.
 */
bool stt_transmit_has_used_id(const struct stt_sent_pair *pair, u32 id,
			      u32 mask)
{
	struct stt_frame_id_sequence sequence;
	u32 value;
	int cpu;

	stt_frame_id_find_sequence(&frame_ids, pair->source.s6_addr,
				   pair->destination.s6_addr, &sequence);
	value = id - sequence.offset;
	/* What a CPU is at is known however long ago it took that. */
	for_each_possible_cpu(cpu) {
		u32 next = READ_ONCE(per_cpu_ptr(&frame_id_blocks, cpu)
				     ->next[sequence.counter]);
		u32 used = (next - 1) % STT_FRAME_IDS_PER_BLOCK + 1;

		if (next && ((value - (next - used)) & mask) < used)
			return true;
	}
	return stt_sent_ids_have(sequence.counter, value, mask);
}

/*
 * Returns true if the route for 'flow' has several next hops.  Which of them a
 * frame takes depends on its source port, and on who answers now, so what was
 * looked up for one frame does not hold for others.
 */
static bool stt_is_multipath4(struct net *net, struct flowi4 *flow)
{
	struct fib_result result;
	bool multipath;

	/* As for any packet of this host. */
	flow->flowi4_iif = LOOPBACK_IFINDEX;
	rcu_read_lock();
	multipath = !fib_lookup(net, flow, &result, 0) &&
		    fib_info_num_path(result.fi) > 1;
	rcu_read_unlock();
	return multipath;
}

/* The same for the IPv6 route 'dst'. */
static bool stt_is_multipath6(const struct dst_entry *dst)
{
	const struct fib6_info *from;
	bool multipath = false;

	/* IPsec has put its own in front. */
	dst = xfrm_dst_path(dst);
	/* A tunnel of IPsec's may go over IPv4. */
	if (dst->ops->family != AF_INET6)
		return false;
	rcu_read_lock();
	from = rcu_dereference(((const struct rt6_info *)dst)->from);
	if (from)
		multipath = from->nh ? nexthop_num_path(from->nh) > 1
				     : READ_ONCE(from->fib6_nsiblings) > 0;
	rcu_read_unlock();
	return multipath;
}

/*
 * Looks up the route for 'path', whose addresses, TOS, mark and source port are
 * set, and sets its source address, if that was 0, and 'dst'.  Returns 0 or a
 * negative errno.
 */
static int stt_route4(const struct stt_device *stt, struct outer_path *path,
		      struct dst_cache *cache)
{
	struct flowi4 flow = {
		.flowi4_mark = path->mark,
		.flowi4_proto = IPPROTO_TCP,
		.daddr = path->destination.ipv4,
		.saddr = path->source.ipv4,
		.fl4_sport = path->source_port,
		.fl4_dport = stt->port,
	};
	struct flowi4 asked;
	struct rtable *rt;

	if (cache) {
		rt = dst_cache_get_ip4(cache, &path->source.ipv4);
		if (rt) {
			path->dst = &rt->dst;
			return 0;
		}
	}
	stt_flow_set_tos(&flow, path->tos);
	asked = flow;
	rt = ip_route_output_flow(stt->net, &flow, NULL);
	if (IS_ERR(rt))
		return PTR_ERR(rt);
	path->dst = &rt->dst;
	path->source.ipv4 = flow.saddr;
	if (cache && !stt_is_multipath4(stt->net, &asked))
		dst_cache_set_ip4(cache, path->dst, flow.saddr);
	return 0;
}

/* The same for IPv6. */
static int stt_route6(const struct stt_device *stt, struct outer_path *path,
		      struct dst_cache *cache)
{
	struct flowi6 flow = {
		.flowi6_mark = path->mark,
		.flowi6_proto = IPPROTO_TCP,
		.daddr = path->destination.ipv6,
		.saddr = path->source.ipv6,
		.flowlabel = ip6_make_flowinfo(path->tos, path->flow_label),
		.fl6_sport = path->source_port,
		.fl6_dport = stt->port,
	};
	struct dst_entry *dst;

	if (!ipv6_mod_enabled())
		return -EAFNOSUPPORT;
	if (cache) {
		dst = dst_cache_get_ip6(cache, &path->source.ipv6);
		if (dst) {
			path->dst = dst;
			return 0;
		}
	}
	dst = ip6_dst_lookup_flow(stt->net, NULL, &flow, NULL);
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	path->dst = dst;
	path->source.ipv6 = flow.saddr;
	if (cache && !stt_is_multipath6(dst))
		dst_cache_set_ip6(cache, dst, &flow.saddr);
	return 0;
}

/*
 * Returns the TOS or traffic class of the IP packet in the Ethernet frame 'skb',
 * with VLAN tags in front of it or without, or 0 if there is none.
 */
static u8 stt_inner_tos(const struct sk_buff *skb)
{
	unsigned int offset = ETH_HLEN;
	union {
		struct iphdr ipv4;
		struct ipv6hdr ipv6;
	} buffer;
	const void *ip;

	switch (stt_skip_tags(skb, skb->protocol, &offset)) {
	case htons(ETH_P_IP):
		ip = skb_header_pointer(skb, offset, sizeof(buffer.ipv4),
					&buffer.ipv4);
		return ip ? ((const struct iphdr *)ip)->tos : 0;
	case htons(ETH_P_IPV6):
		ip = skb_header_pointer(skb, offset, sizeof(buffer.ipv6),
					&buffer.ipv6);
		return ip ? ipv6_get_dsfield(ip) : 0;
	default:
		return 0;
	}
}

/*
 * Finds the path of 'skb' from its tunnel metadata 'info'.  Returns 0, with a
 * reference to path->dst that is the caller's, or a negative errno.
 */
static int stt_find_path(const struct stt_device *stt, struct sk_buff *skb,
			 struct ip_tunnel_info *info, struct outer_path *path)
{
	const struct ip_tunnel_key *key = &info->key;
	struct dst_cache *cache = NULL;
	int err;

	memset(path, 0, sizeof(*path));
	path->ipv6 = ip_tunnel_info_af(info) == AF_INET6;
	path->tos = INET_ECN_encapsulate(key->tos, stt_inner_tos(skb));
	path->dont_fragment = stt_key_dont_fragment(key);
	path->mark = skb->mark;
	/* From the range of net.ipv4.ip_local_port_range. */
	path->source_port = udp_flow_src_port(stt->net, skb, 0, 0, true);
	if (ip_tunnel_dst_cache_usable(skb, info))
		cache = &info->dst_cache;

	if (path->ipv6) {
		path->source.ipv6 = key->u.ipv6.src;
		path->destination.ipv6 = key->u.ipv6.dst;
		path->flow_label = key->label;
		err = stt_route6(stt, path, cache);
	} else {
		path->source.ipv4 = key->u.ipv4.src;
		path->destination.ipv4 = key->u.ipv4.dst;
		err = stt_route4(stt, path, cache);
	}
	if (err)
		return err;
	if (path->dst->dev == stt->dev) {
		dst_release(path->dst);
		return -ELOOP;
	}

	if (path->ipv6) {
		path->pair.source = path->source.ipv6;
		path->pair.destination = path->destination.ipv6;
	} else {
		ipv6_addr_set_v4mapped(path->source.ipv4, &path->pair.source);
		ipv6_addr_set_v4mapped(path->destination.ipv4,
				       &path->pair.destination);
	}
	path->ttl = key->ttl ? key->ttl
		    : path->ipv6 ? ip6_dst_hoplimit(path->dst)
				 : ip4_dst_hoplimit(path->dst);
	path->segment_size = stt_segment_size(dst_mtu(path->dst), path->ipv6);
	return 0;
}

/*
 * Moves an outermost 802.1Q tag of 'skb' to 'frame', which is where older
 * receivers expect it.  Returns 0 or a negative errno.
 */
static int stt_take_vlan(struct sk_buff *skb, struct stt_frame *frame)
{
	int err;

	frame->has_vlan = false;
	if (!skb_vlan_tag_present(skb) &&
	    skb->protocol == htons(ETH_P_8021Q)) {
		u16 tci;

		if (!pskb_may_pull(skb, VLAN_ETH_HLEN))
			return 0;
		tci = ntohs(vlan_eth_hdr(skb)->h_vlan_TCI);
		/* This may bring a second tag to the front. */
		err = skb_vlan_pop(skb);
		if (err)
			return err;
		frame->has_vlan = true;
		frame->vlan = tci;
	} else if (skb_vlan_tag_present(skb) &&
		   skb->vlan_proto == htons(ETH_P_8021Q)) {
		frame->has_vlan = true;
		frame->vlan = skb_vlan_tag_get(skb);
		__vlan_hwaccel_clear_tag(skb);
	}
	if (!skb_vlan_tag_present(skb))
		return 0;
	err = __vlan_insert_tag(skb, skb->vlan_proto, skb_vlan_tag_get(skb));
	if (err)
		return err;
	skb->protocol = skb->vlan_proto;
	__vlan_hwaccel_clear_tag(skb);
	return 0;
}

/*
 * Describes in 'frame' the checksum and segmentation that are still to be done
 * for 'skb'.  Returns false if the frame header has no words for them.
 */
static bool stt_describe(struct sk_buff *skb, struct stt_frame *frame)
{
	const u32 describable = SKB_GSO_TCPV4 | SKB_GSO_TCPV6 |
				SKB_GSO_TCP_ECN | SKB_GSO_DODGY |
				SKB_GSO_TCP_FIXEDID;
	bool gso = skb_is_gso(skb);
	struct stt_unfinished unfinished;

	frame->flags = 0;
	frame->l4_offset = 0;
	frame->mss = 0;
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return !gso;
	if (skb->encapsulation ||
	    (gso && skb_shinfo(skb)->gso_type & ~describable))
		return false;

	unfinished = (struct stt_unfinished) {
		.checksum_start = skb_checksum_start_offset(skb),
		.checksum_offset = skb->csum_offset,
		.mss = gso ? skb_shinfo(skb)->gso_size : 0,
	};
	return pskb_may_pull(skb, min(skb->len, unfinished.checksum_start +
					       STT_TCP_HEADER_LEN)) &&
	       stt_frame_describe(skb->data, skb_headlen(skb), skb->len,
				  &unfinished, frame);
}

/* Puts the outer headers for 'frame' in front of 'skb'. */
static int stt_push_outer(const struct stt_device *stt, struct sk_buff *skb,
			  const struct outer_path *path,
			  const struct stt_frame *frame)
{
	unsigned int frame_length = STT_FRAME_HEADER_LEN + skb->len;
	struct stt_segment segment = {
		.source_port = ntohs(path->source_port),
		.destination_port = ntohs(stt->port),
		.frame_id = stt_next_frame_id(&path->pair),
		.frame_length = frame_length,
	};
	struct skb_shared_info *shinfo;
	unsigned int segment_length;
	struct tcphdr *tcp;
	int err;

	err = skb_cow_head(skb, LL_RESERVED_SPACE(path->dst->dev) +
			   path->dst->header_len + sizeof(struct ipv6hdr) +
			   STT_SEGMENT_HEADER_LEN + STT_FRAME_HEADER_LEN);
	if (err)
		return err;
	if (frame_length > path->segment_size) {
		err = stt_frag_list_make_pages(skb, path->segment_size);
		if (err)
			return err;
	}

	stt_frame_write(skb_push(skb, STT_FRAME_HEADER_LEN), frame);
	stt_segment_write(skb_push(skb, STT_SEGMENT_HEADER_LEN), &segment);
	skb_reset_transport_header(skb);
	segment_length = skb->len;

	shinfo = skb_shinfo(skb);
	if (frame_length > path->segment_size) {
		shinfo->gso_size = path->segment_size;
		shinfo->gso_segs = DIV_ROUND_UP(frame_length,
						path->segment_size);
		shinfo->gso_type = path->ipv6 ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4;
	} else {
		skb_gso_reset(skb);
	}
	skb->encapsulation = 0;
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct tcphdr, check);

	tcp = tcp_hdr(skb);
	if (path->ipv6) {
		struct ipv6hdr *ip;

		tcp->check = ~tcp_v6_check(segment_length, &path->source.ipv6,
					   &path->destination.ipv6, 0);
		ip = skb_push(skb, sizeof(*ip));
		skb_reset_network_header(skb);
		ip6_flow_hdr(ip, path->tos,
			     ip6_make_flowlabel(stt->net, skb,
						path->flow_label, true, NULL));
		ip->payload_len = htons(segment_length);
		ip->nexthdr = IPPROTO_TCP;
		ip->hop_limit = path->ttl;
		ip->saddr = path->source.ipv6;
		ip->daddr = path->destination.ipv6;
		skb->protocol = htons(ETH_P_IPV6);
	} else {
		struct iphdr *ip;

		tcp->check = ~tcp_v4_check(segment_length, path->source.ipv4,
					   path->destination.ipv4, 0);
		ip = skb_push(skb, sizeof(*ip));
		skb_reset_network_header(skb);
		ip->version = 4;
		ip->ihl = sizeof(*ip) / 4;
		ip->tos = path->tos;
		ip->tot_len = htons(skb->len);
		ip->frag_off = path->dont_fragment ? htons(IP_DF) : 0;
		ip->ttl = path->ttl;
		ip->protocol = IPPROTO_TCP;
		ip->check = 0;
		ip->saddr = path->source.ipv4;
		ip->daddr = path->destination.ipv4;
		skb->protocol = htons(ETH_P_IP);
		/* What must not be fragmented needs no unique identification
		 * (RFC 6864, section 4.1).
		 */
		if (path->dont_fragment)
			ip->id = htons(segment.frame_id);
		else
			__ip_select_ident(stt->net, ip, shinfo->gso_segs ?: 1);
	}
	return 0;
}

/*
 * Remembers that a frame of 'frame_length' bytes goes out by 'path', for ICMP
 * messages about it.
 */
static void stt_remember(const struct stt_device *stt,
			 const struct outer_path *path, unsigned int frame_length)
{
	unsigned int length = min(frame_length, path->segment_size) +
			      STT_SEGMENT_HEADER_LEN +
			      (path->ipv6 ? sizeof(struct ipv6hdr)
					  : sizeof(struct iphdr));

	stt_recently_sent_add(stt_net(stt->net)->recently_sent, &path->pair,
			      path->mark, length);
}

/* Sends 'skb', which 'frame' describes, as one frame, or drops it. */
static void stt_send_frame(struct stt_device *stt, struct sk_buff *skb,
			   const struct outer_path *path, struct stt_frame *frame)
{
	struct net_device *dev = stt->dev;
	unsigned int len = skb->len;
	int err;

	if (len > STT_MAX_INNER_LEN) {
		stt_drop(dev, skb, STT_DROP_TX_LENGTH);
		return;
	}
	if (!stt_segment_count(STT_FRAME_HEADER_LEN + len,
			       path->segment_size)) {
		stt_drop(dev, skb, STT_DROP_TX_MTU);
		return;
	}
	/* Completes a checksum for which the header has no words. */
	if (!(frame->flags & STT_FLAG_PARTIAL) &&
	    skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_help(skb)) {
		stt_drop(dev, skb, STT_DROP_TX_NO_MEMORY);
		return;
	}

	skb_scrub_packet(skb, stt_crosses_namespaces(stt));
	if (stt_push_outer(stt, skb, path, frame)) {
		stt_drop(dev, skb, STT_DROP_TX_NO_MEMORY);
		return;
	}
	stt_count_event(dev, STT_EVENT_TX_FRAMES);
	if (skb_is_gso(skb))
		stt_count_event(dev, STT_EVENT_TX_SEGMENTED);
	stt_remember(stt, path, STT_FRAME_HEADER_LEN + len);

	skb_dst_set(skb, dst_clone(path->dst));
	/* To connection tracking, segments are a connection without a
	 * handshake.
	 */
	nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
	memset(skb->cb, 0, sizeof(skb->cb));
	err = path->ipv6 ? ip6_local_out(stt->net, NULL, skb)
			 : ip_local_out(stt->net, NULL, skb);
	if (likely(net_xmit_eval(err) == 0))
		iptunnel_xmit_stats(dev, len);
	else
		stt_count_drop(dev, STT_DROP_TX_OUTPUT);
}

/* Cuts the super-packet 'skb' and sends the pieces. */
static void stt_cut_and_send(struct stt_device *stt, struct sk_buff *skb,
			     const struct outer_path *path, struct stt_frame *frame)
{
	netdev_features_t features = NETIF_F_SG | NETIF_F_HW_CSUM;
	struct sk_buff *pieces, *next;

	stt_count_event(stt->dev, STT_EVENT_TX_CUT);
	pieces = skb_gso_segment(skb, features);
	if (IS_ERR_OR_NULL(pieces)) {
		stt_drop(stt->dev, skb, STT_DROP_TX_NO_MEMORY);
		return;
	}
	consume_skb(skb);
	skb_list_walk_safe(pieces, skb, next) {
		skb_mark_not_on_list(skb);
		stt_describe(skb, frame);
		stt_send_frame(stt, skb, path, frame);
	}
}

/* Sends 'skb' by 'dev' to where its metadata says. */
static void stt_transmit_packet(struct sk_buff *skb, struct net_device *dev)
{
	struct stt_device *stt = netdev_priv(dev);
	struct ip_tunnel_info *info = skb_tunnel_info(skb);
	struct stt_frame frame = { };
	struct outer_path path;

	if (!info || !(info->mode & IP_TUNNEL_INFO_TX)) {
		stt_drop(dev, skb, STT_DROP_TX_METADATA);
		return;
	}
	frame.context_id = be64_to_cpu(info->key.tun_id);

	/* What follows reads the packet for its ECN field and its hash: before
	 * the tag is taken off.
	 */
	if (!pskb_network_may_pull(skb, skb->protocol == htons(ETH_P_IPV6)
				   ? sizeof(struct ipv6hdr)
				   : skb->protocol == htons(ETH_P_IP)
				   ? sizeof(struct iphdr) : 0)) {
		stt_drop(dev, skb, STT_DROP_TX_TRUNCATED);
		return;
	}
	if (stt_find_path(stt, skb, info, &path)) {
		stt_drop(dev, skb, STT_DROP_TX_ROUTE);
		return;
	}

	if (stt_take_vlan(skb, &frame))
		stt_drop(dev, skb, STT_DROP_TX_NO_MEMORY);
	else if (stt_describe(skb, &frame) || !skb_is_gso(skb))
		stt_send_frame(stt, skb, &path, &frame);
	else
		stt_cut_and_send(stt, skb, &path, &frame);
	dst_release(path.dst);
}

/*
 * The device's ndo_start_xmit.  Tunnels that are routed through each other use up
 * the stack, so it obeys the limit that newer kernels have for their own ones,
 * and counts as they do: one for the device, and one for the way through IP.
 */
netdev_tx_t stt_transmit(struct sk_buff *skb, struct net_device *dev)
{
	if (dev_recursion_level() > STT_RECURSION_LIMIT) {
		stt_drop(dev, skb, STT_DROP_TX_RECURSION);
		return NETDEV_TX_OK;
	}
	dev_xmit_recursion_inc();
	stt_transmit_packet(skb, dev);
	dev_xmit_recursion_dec();
	return NETDEV_TX_OK;
}

/*
 * The device's ndo_fill_metadata_dst: completes the tunnel metadata of 'skb'
 * with what a frame to its destination would have in the outer headers.
 */
int stt_fill_metadata_dst(struct net_device *dev, struct sk_buff *skb)
{
	struct ip_tunnel_info *info = skb_tunnel_info(skb);
	struct stt_device *stt = netdev_priv(dev);
	struct outer_path path;
	int err;

	err = stt_find_path(stt, skb, info, &path);
	if (err)
		return err;
	dst_release(path.dst);
	if (path.ipv6)
		info->key.u.ipv6.src = path.source.ipv6;
	else
		info->key.u.ipv4.src = path.source.ipv4;
	info->key.tp_src = path.source_port;
	info->key.tp_dst = stt->port;
	return 0;
}

void stt_transmit_init(void)
{
	u64 seed[2];

	get_random_bytes(seed, sizeof(seed));
	stt_frame_ids_init(&frame_ids, seed);
}
