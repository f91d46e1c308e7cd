// SPDX-License-Identifier: GPL-2.0-only
#include "receive.h"

#include <linux/etherdevice.h>
#include <linux/icmp.h>
#include <linux/if_vlan.h>
#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/tcp.h>
#include <net/addrconf.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/route.h>
#include <net/xfrm.h>
#include "compat.h"
#include "connection.h"
#include "device.h"
#include "frag-list.h"
#include "icmp.h"
#include "input-route.h"
#include "metadata.h"
#include "namespace.h"
#include "stt-frame.h"
#include "stt-segment.h"
#include "tags.h"

/* A packet that is held for reassembly. */
struct held {
	struct stt_fragment fragment;
	__be16 port;			/* Of the device that counts it. */
};

static struct held *held_of(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct held) > sizeof(skb->cb));
	return (struct held *)skb->cb;
}

static struct sk_buff *skb_of(struct stt_fragment *fragment)
{
	struct held *held = container_of(fragment, struct held, fragment);

	return container_of((void *)held, struct sk_buff, cb);
}

/* The outer headers, as far as they matter when they are gone. */
struct outer {
	bool ipv6;
	u8 tos;				/* With CE if any segment had it. */
};

/*
 * Drops the packets of the dead chain 'fragment', each for its own reason.  They
 * count on the device that received them, if that still exists.
 */
void stt_receive_drop_chain(struct stt_net *sn, struct stt_fragment *fragment)
{
	struct stt_device *stt;

	rcu_read_lock();
	while (fragment) {
		struct stt_fragment *next = fragment->next;
		struct sk_buff *skb = skb_of(fragment);

		stt = stt_net_find_device(sn, held_of(skb)->port);
		if (stt)
			stt_count_drop(stt->dev, fragment->drop);
		stt_free_dropped(skb, fragment->drop);
		fragment = next;
	}
	rcu_read_unlock();
}

/*
 * Returns true if the checksum of the segment at skb->data is right, or the NIC
 * or a local sender vouches for it.
 */
static bool verify_checksum(struct sk_buff *skb, bool ipv6)
{
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		/* From this host, or joined by GRO, which did verify it. */
		return skb_checksum_start_offset(skb) == 0 &&
		       skb->csum_offset == offsetof(struct tcphdr, check);
	return !(ipv6
		 ? skb_checksum_validate(skb, IPPROTO_TCP, ip6_compute_pseudo)
		 : skb_checksum_validate(skb, IPPROTO_TCP,
					 inet_compute_pseudo));
}

/*
 * Makes the segmentation state of 'skb' its own.  A TCP socket of this host may
 * still have the payload, to send it again if need be, but it does not look at
 * this state: it sets it anew whenever it sends, and takes a copy if somebody
 * has the packet still.  Returns 0 or -ENOMEM.
 */
static int own_gso(struct sk_buff *skb)
{
	return skb_header_unclone(skb, GFP_ATOMIC);
}

/* Gives 'skb', at its inner IP packet, the offloads that its frame describes. */
static int restore_offloads(struct sk_buff *skb, const struct stt_frame *frame,
			    const struct stt_inner *inner)
{
	unsigned int l4_offset = inner->l4_offset - ETH_HLEN;

	/* The kernel reckons padding in, so there must be none. */
	if (!pskb_may_pull(skb, inner->payload_offset - ETH_HLEN) ||
	    pskb_trim(skb, inner->end - ETH_HLEN))
		return -ENOMEM;
	if (!skb_partial_csum_set(skb, l4_offset,
				  stt_inner_checksum_offset(inner->protocol)))
		return -EINVAL;

	if (frame->mss) {
		struct skb_shared_info *shinfo;
		unsigned int payload = inner->end - inner->payload_offset;

		if (own_gso(skb) ||
		    stt_frag_list_make_pages(skb, frame->mss))
			return -ENOMEM;
		shinfo = skb_shinfo(skb);
		shinfo->gso_size = frame->mss;
		shinfo->gso_segs = DIV_ROUND_UP(payload, frame->mss);
		/* Whoever sent it is trusted no more than a guest is. */
		shinfo->gso_type = SKB_GSO_DODGY | (inner->ipv4 ? SKB_GSO_TCPV4
							: SKB_GSO_TCPV6);
		if (((struct tcphdr *)(skb->data + l4_offset))->cwr)
			shinfo->gso_type |= SKB_GSO_TCP_ECN;
	}
	return 0;
}

/*
 * Applies the outer ECN field to 'skb', at what follows its inner Ethernet
 * header (RFC 6040).  Returns STT_DROP_NONE, or why it must be dropped.
 */
static enum stt_drop decapsulate_ecn(struct stt_device *stt, struct sk_buff *skb,
				    const struct outer *outer)
{
	unsigned int offset = 0, header_len;
	bool set_ce = false, set_ect1;
	u8 inner_tos;
	int result;
	bool ipv4;

	switch (stt_skip_tags(skb, skb->protocol, &offset)) {
	case htons(ETH_P_IP):
		ipv4 = true;
		header_len = sizeof(struct iphdr);
		break;
	case htons(ETH_P_IPV6):
		ipv4 = false;
		header_len = sizeof(struct ipv6hdr);
		break;
	default:
		return STT_DROP_NONE;
	}
	if (!pskb_may_pull(skb, offset + header_len))
		return STT_DROP_NONE;
	skb_set_network_header(skb, offset);
	inner_tos = ipv4 ? ip_hdr(skb)->tos : ipv6_get_dsfield(ipv6_hdr(skb));

	result = __INET_ECN_decapsulate(outer->tos, inner_tos, &set_ce);
	if (INET_ECN_is_ce(inner_tos))
		set_ce = false;
	set_ect1 = (outer->tos & INET_ECN_MASK) == INET_ECN_ECT_1 &&
		   (inner_tos & INET_ECN_MASK) == INET_ECN_ECT_0;
	if (set_ce || set_ect1) {
		/* A clone, such as a capture, must not see the mark. */
		if (skb_ensure_writable(skb, offset + header_len))
			return STT_DROP_NO_MEMORY;
		if (set_ce)
			stt_count_event(stt->dev, STT_EVENT_RX_ECN_MARKED);
		if (set_ce && ipv4)
			IP_ECN_set_ce(ip_hdr(skb));
		else if (set_ce)
			IP6_ECN_set_ce(skb, ipv6_hdr(skb));
		else if (ipv4)
			IP_ECN_set_ect1(ip_hdr(skb));
		else
			IP6_ECN_set_ect1(skb, ipv6_hdr(skb));
	}
	skb_reset_network_header(skb);
	return result > 1 ? STT_DROP_ECN : STT_DROP_NONE;
}

/* Set while this CPU hands a packet up by hand_up(). */
static DEFINE_PER_CPU(bool, handing_up);

/*
 * Hands 'skb' up at once, without the detour by GRO.  Returns false if that is
 * not possible: the packet may be STT again, and for another device of this
 * host, so packets within packets would use up the stack.
 */
static bool hand_up(struct sk_buff *skb)
{
	if (__this_cpu_read(handing_up))
		return false;
	__this_cpu_write(handing_up, true);
	netif_receive_skb(skb);
	__this_cpu_write(handing_up, false);
	return true;
}

/*
 * Returns true if GRO has nothing to gain from 'skb', the packet of 'frame':
 * what it would make of others it is already, or it is TCP without payload.
 */
static bool is_beyond_gro(const struct sk_buff *skb,
			  const struct stt_frame *frame,
			  const struct stt_inner *inner)
{
	return skb_is_gso(skb) ||
	       (frame->flags & STT_FLAG_PARTIAL &&
		inner->protocol == STT_IPPROTO_TCP &&
		inner->payload_offset == inner->end);
}

/*
 * Delivers 'skb', at the STT frame header of a whole frame, to 'stt'.  Its
 * network and transport headers are still the outer ones.
 */
static void deliver(struct stt_device *stt, struct sk_buff *skb,
		    const struct outer *outer)
{
	struct dst_entry *metadata;
	struct stt_frame frame;
	struct stt_inner inner;
	enum stt_drop reason;
	unsigned int len;
	bool alone;

	if (!pskb_may_pull(skb, min_t(unsigned int, skb->len,
				      STT_MIN_FRAME_LEN)))
		goto no_memory;
	reason = stt_frame_read(skb->data, skb->len, &frame);
	if (!reason && frame.flags & STT_FLAG_PARTIAL &&
	    !pskb_may_pull(skb, min_t(unsigned int, skb->len,
				      STT_FRAME_HEADER_LEN + frame.l4_offset +
				      STT_TCP_HEADER_LEN)))
		goto no_memory;
	if (!reason)
		reason = stt_frame_check_offload(
			skb->data + STT_FRAME_HEADER_LEN,
			skb_headlen(skb) - STT_FRAME_HEADER_LEN,
			skb->len - STT_FRAME_HEADER_LEN, &frame, &inner);
	if (reason) {
		stt_drop(stt->dev, skb, reason);
		return;
	}

	metadata = stt_metadata_get(stt->metadata, skb, outer->ipv6, outer->tos,
				    frame.context_id, &alone);
	if (!metadata)
		goto no_memory;
	skb_scrub_packet(skb, stt_crosses_namespaces(stt));
	skb_dst_set(skb, metadata);
	skb_clear_hash_if_not_l4(skb);
	skb_pull_rcsum(skb, STT_FRAME_HEADER_LEN);
	skb->protocol = eth_type_trans(skb, stt->dev);
	skb_postpull_rcsum(skb, eth_hdr(skb), ETH_HLEN);
	skb_reset_network_header(skb);
	if (frame.flags & STT_FLAG_PARTIAL &&
	    restore_offloads(skb, &frame, &inner))
		goto no_memory;
	if (frame.has_vlan)
		__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), frame.vlan);

	reason = decapsulate_ecn(stt, skb, outer);
	if (reason) {
		stt_drop(stt->dev, skb, reason);
		return;
	}

	/* As it is counted on the other side. */
	len = skb->len + ETH_HLEN;
	/* What is still in the GRO cell must not be overtaken. */
	if ((alone && is_beyond_gro(skb, &frame, &inner) && hand_up(skb)) ||
	    gro_cells_receive(&stt->gro_cells, skb) == NET_RX_SUCCESS)
		dev_sw_netstats_rx_add(stt->dev, len);
	return;

no_memory:
	stt_drop(stt->dev, skb, STT_DROP_NO_MEMORY);
}

/* Joins the packets of 'chain', the fragments of a whole frame, to one. */
static struct sk_buff *join(struct stt_fragment *chain, struct outer *outer)
{
	struct sk_buff *head = skb_of(chain), *others = NULL, **end = &others;

	for (; chain; chain = chain->next) {
		struct sk_buff *skb = skb_of(chain);

		if (INET_ECN_is_ce(chain->ecn))
			outer->tos |= INET_ECN_CE;
		skb->next = NULL;
		if (skb != head) {
			*end = skb;
			end = &skb->next;
		}
	}
	head->ip_summed = CHECKSUM_NONE;
	if (stt_frag_list_join(head, others)) {
		stt_free_dropped(head, STT_DROP_NO_MEMORY);
		return NULL;
	}
	return head;
}

/*
 * Puts 'skb', at the payload of 'segment', into the reassembly table.  If that
 * completes its frame, delivers that.
 */
static void reassemble(struct stt_device *stt, struct sk_buff *skb,
		       const struct stt_segment *segment, struct outer *outer)
{
	struct stt_net *sn = stt_net(stt->net);
	struct stt_fragment *chain, *dead = NULL;
	struct held *held = held_of(skb);
	struct stt_key key = {
		.frame_id = segment->frame_id,
		.source_port = segment->source_port,
		.destination_port = segment->destination_port,
	};

	if (outer->ipv6) {
		memcpy(key.source, &ipv6_hdr(skb)->saddr, sizeof(key.source));
		memcpy(key.destination, &ipv6_hdr(skb)->daddr,
		       sizeof(key.destination));
	} else {
		struct in6_addr mapped;

		ipv6_addr_set_v4mapped(ip_hdr(skb)->saddr, &mapped);
		memcpy(key.source, &mapped, sizeof(key.source));
		ipv6_addr_set_v4mapped(ip_hdr(skb)->daddr, &mapped);
		memcpy(key.destination, &mapped, sizeof(key.destination));
	}

	/* While it is held, it must keep nothing else from going away. */
	skb->dev = NULL;
	held->port = stt->port;
	held->fragment.charge = skb->truesize;
	held->fragment.ecn = outer->tos & INET_ECN_MASK;

	stt_count_event(stt->dev, STT_EVENT_RX_SEGMENTS_HELD);
	chain = stt_reassembly_insert(sn->reassembly, &key, segment,
				      &held->fragment, stt_net_now(), &dead);
	if (dead)
		stt_receive_drop_chain(sn, dead);
	if (!chain) {
		stt_net_frame_held(sn);
		return;
	}

	stt_count_event(stt->dev, STT_EVENT_RX_REASSEMBLED);
	skb = join(chain, outer);
	if (skb)
		deliver(stt, skb, outer);
	else
		stt_count_drop(stt->dev, STT_DROP_NO_MEMORY);
}

/*
 * Makes sure that skb->truesize covers all of 'skb', which no socket is charged
 * for.  When the headroom of a packet with a socket grows, its truesize does
 * not, and through a veth pair it arrives like that.
 */
static void correct_truesize(struct sk_buff *skb)
{
	unsigned int size = SKB_TRUESIZE(skb_end_offset(skb)) + skb->data_len;

	if (skb->truesize < size)
		skb->truesize = size;
}

/*
 * Receives 'skb', at its outer IP header, on 'stt'.  The TCP-like header is at
 * 'offset'.
 */
static void receive(struct stt_device *stt, struct sk_buff *skb,
		    unsigned int offset, bool ipv6)
{
	struct outer outer = { .ipv6 = ipv6 };
	struct stt_segment segment;
	enum stt_drop reason;

	if (!pskb_may_pull(skb, offset + STT_SEGMENT_HEADER_LEN)) {
		stt_drop(stt->dev, skb, STT_DROP_TRUNCATED);
		return;
	}
	outer.tos = ipv6 ? ipv6_get_dsfield(ipv6_hdr(skb)) : ip_hdr(skb)->tos;
	skb_set_transport_header(skb, offset);
	skb_pull_rcsum(skb, offset);

	reason = stt_segment_read(skb->data, skb->len, &segment);
	if (!reason && !verify_checksum(skb, ipv6))
		reason = STT_DROP_CHECKSUM;
	if (!reason)
		reason = stt_segment_check(&segment);
	if (reason) {
		stt_drop(stt->dev, skb, reason);
		return;
	}

	skb_pull_rcsum(skb, STT_SEGMENT_HEADER_LEN);
	/* What the NIC knows about the outer packet is spent; a sum over all
	 * of its bytes still serves the inner one.
	 */
	if (skb->ip_summed != CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;
	skb->csum_valid = 0;
	skb->csum_level = 0;
	if (skb_is_gso(skb)) {
		if (own_gso(skb)) {
			stt_drop(stt->dev, skb, STT_DROP_NO_MEMORY);
			return;
		}
		skb_gso_reset(skb);
	}
	skb_orphan(skb);
	skb_dst_drop(skb);
	skb_ext_reset(skb);
	nf_reset_ct(skb);
	correct_truesize(skb);

	if (stt_segment_is_frame(&segment)) {
		stt_count_event(stt->dev, STT_EVENT_RX_WHOLE);
		deliver(stt, skb, &outer);
	} else {
		reassemble(stt, skb, &segment, &outer);
	}
}

/*
 * The same for a packet of GRO that keeps each segment with its headers in the
 * frag list: takes it apart again.
 */
static void receive_list(struct stt_device *stt, struct sk_buff *skb,
			 unsigned int offset, bool ipv6)
{
	struct sk_buff *segments, *next;

	__skb_push(skb, -skb_mac_offset(skb));
	segments = skb_gso_segment(skb, 0);
	if (IS_ERR_OR_NULL(segments)) {
		stt_drop(stt->dev, skb, STT_DROP_NO_MEMORY);
		return;
	}
	consume_skb(skb);
	skb_list_walk_safe(segments, skb, next) {
		skb_mark_not_on_list(skb);
		__skb_pull(skb, skb_network_offset(skb));
		receive(stt, skb, offset, ipv6);
	}
}

/*
 * Returns the device to which 'skb', whose TCP header is at 'offset' from
 * skb->data, is addressed, or NULL.  As with TCP, what was sent to more hosts
 * than this one is not a segment.
 */
static struct stt_device *find_device(const struct stt_net *sn,
				      const struct sk_buff *skb,
				      unsigned int offset)
{
	__be16 buffer[2];
	const __be16 *ports = skb_header_pointer(skb, offset, sizeof(buffer),
						 buffer);
	struct stt_device *stt;

	if (!ports || skb->pkt_type != PACKET_HOST)
		return NULL;
	stt = stt_net_find_device(sn, ports[1]);
	return stt && netif_running(stt->dev) ? stt : NULL;
}

/*
 * Returns the offset of the TCP header of the IPv6 packet 'skb', or 0 if it is
 * no TCP packet, a fragment of one, or one that Linux has to do something about
 * first: to verify an authentication header, after which the packet comes
 * again without, or to send it to the next hop that a routing header names.  A
 * packet with a fragment header that is whole nevertheless is no fragment (RFC
 * 6946).
 */
static unsigned int find_tcp6(const struct sk_buff *skb)
{
	unsigned int offset = sizeof(struct ipv6hdr);
	u8 next = ipv6_hdr(skb)->nexthdr;

	while (next == NEXTHDR_HOP || next == NEXTHDR_DEST ||
	       next == NEXTHDR_ROUTING || next == NEXTHDR_FRAGMENT) {
		union {
			struct ipv6_rt_hdr routing;
			struct frag_hdr fragment;
		} buffer;
		const typeof(buffer) *header;

		/* Each has 8 bytes at least (RFC 8200, section 4). */
		header = skb_header_pointer(skb, offset, sizeof(buffer),
					    &buffer);
		if (!header)
			return 0;
		if (next == NEXTHDR_ROUTING && header->routing.segments_left)
			return 0;
		if (next == NEXTHDR_FRAGMENT) {
			if (header->fragment.frag_off &
			    htons(IP6_OFFSET | IP6_MF))
				return 0;
			offset += sizeof(header->fragment);
		} else {
			offset += ipv6_optlen(&header->routing);
		}
		next = header->routing.nexthdr;
	}
	return next == IPPROTO_TCP ? offset : 0;
}

static unsigned int receive_hook(struct stt_net *sn, struct sk_buff *skb,
				 unsigned int offset, bool ipv6)
{
	struct stt_device *stt = find_device(sn, skb, offset);

	if (!stt)
		return NF_ACCEPT;
	/* What IPsec is to protect must have come through it. */
	if (!xfrm_policy_check(NULL, XFRM_POLICY_IN, skb,
			       ipv6 ? AF_INET6 : AF_INET)) {
		stt_drop(stt->dev, skb, STT_DROP_POLICY);
		return NF_STOLEN;
	}
	if (!ipv6)
		stt_input_routes_keep(sn->input_routes, skb);
	if (skb_is_gso(skb) &&
	    skb_shinfo(skb)->gso_type & SKB_GSO_FRAGLIST)
		receive_list(stt, skb, offset, ipv6);
	else
		receive(stt, skb, offset, ipv6);
	return NF_STOLEN;
}

static unsigned int input4(void *priv, struct sk_buff *skb,
			   const struct nf_hook_state *state)
{
	const struct iphdr *ip = ip_hdr(skb);

	if (ip->protocol == IPPROTO_ICMP)
		stt_icmp4(priv, skb);
	if (ip->protocol != IPPROTO_TCP || ip_is_fragment(ip))
		return NF_ACCEPT;
	return receive_hook(priv, skb, ip_hdrlen(skb), false);
}

static unsigned int input6(void *priv, struct sk_buff *skb,
			   const struct nf_hook_state *state)
{
	unsigned int offset = find_tcp6(skb);

	if (!offset) {
		stt_icmp6(priv, skb);
		return NF_ACCEPT;
	}
	return receive_hook(priv, skb, offset, true);
}

/* Returns true if 'skb', at its IPv4 header, is addressed to this host. */
static bool is_for_this_host4(const struct stt_net *sn,
			      const struct sk_buff *skb)
{
	return stt_input_routes_find(sn->input_routes, skb) ||
	       inet_addr_type_dev_table(sn->net, skb->dev,
					ip_hdr(skb)->daddr) == RTN_LOCAL;
}

/*
 * Returns true if 'skb', whose TCP header is at 'offset' from skb->data, has the
 * form of a segment that a good sender sent.
 */
static bool has_form(const struct sk_buff *skb, unsigned int offset)
{
	const __be32 flags = TCP_FLAG_CWR | TCP_FLAG_ECE | TCP_FLAG_URG |
			     TCP_FLAG_ACK | TCP_FLAG_RST | TCP_FLAG_SYN |
			     TCP_FLAG_FIN;
	const struct tcphdr *tcp;
	struct stt_segment segment;
	enum stt_drop reason;
	struct tcphdr buffer;

	tcp = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
	if (!tcp || (tcp_flag_word(tcp) & flags) != TCP_FLAG_ACK ||
	    stt_segment_read(tcp, skb->len - offset, &segment))
		return false;
	/* Some NICs send empty ones. */
	reason = stt_segment_check(&segment);
	return !reason || reason == STT_DROP_EMPTY;
}

/*
 * Returns true if 'skb', which is for this host, and whose TCP header is at
 * 'offset' from skb->data, is a segment as far as connection tracking is
 * concerned, which must not see it then.
 */
static bool is_segment(const struct stt_net *sn, const struct sk_buff *skb,
		       unsigned int offset, bool ipv6)
{
	return has_form(skb, offset) &&
	       !stt_connection_has(sn->net, skb, offset, ipv6);
}

/*
 * Segments for this host, and ICMP errors about those that it sent, pass
 * connection tracking untracked.  What is only forwarded is somebody else's, and
 * so is what belongs to a connection.
 */
static unsigned int untrack4(void *priv, struct sk_buff *skb,
			     const struct nf_hook_state *state)
{
	const struct iphdr *ip = ip_hdr(skb);
	unsigned int offset = ip_hdrlen(skb);
	bool ours = false;

	if (ip_is_fragment(ip) || skb_nfct(skb))
		return NF_ACCEPT;
	if (ip->protocol == IPPROTO_TCP)
		ours = find_device(priv, skb, offset) &&
		       is_for_this_host4(priv, skb) &&
		       is_segment(priv, skb, offset, false);
	else if (ip->protocol == IPPROTO_ICMP)
		ours = stt_icmp4_is_ours(priv, skb) &&
		       is_for_this_host4(priv, skb);
	if (ours)
		nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
	return NF_ACCEPT;
}

/*
 * At the end of PRE_ROUTING, when nobody will change any more what the route
 * depends on, gives a segment the route of others like it.
 */
static unsigned int route4(void *priv, struct sk_buff *skb,
			   const struct nf_hook_state *state)
{
	const struct iphdr *ip = ip_hdr(skb);
	struct stt_net *sn = priv;
	struct dst_entry *dst;

	if (ip->protocol != IPPROTO_TCP || ip->ihl != 5 ||
	    ip_is_fragment(ip) || skb_dst(skb) ||
	    !find_device(sn, skb, sizeof(*ip)))
		return NF_ACCEPT;
	dst = stt_input_routes_find(sn->input_routes, skb);
	if (dst)
		skb_dst_set_noref(skb, dst);
	else
		stt_input_routes_expect(sn->input_routes, skb);
	return NF_ACCEPT;
}

static unsigned int untrack6(void *priv, struct sk_buff *skb,
			     const struct nf_hook_state *state)
{
	unsigned int offset = find_tcp6(skb);

	if (skb_nfct(skb) || (offset ? !find_device(priv, skb, offset)
				     : !stt_icmp6_is_ours(priv, skb)))
		return NF_ACCEPT;
	if (ipv6_chk_addr(state->net, &ipv6_hdr(skb)->daddr, NULL, 0) &&
	    (!offset || is_segment(priv, skb, offset, true)))
		nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
	return NF_ACCEPT;
}

/* In each namespace, 'priv' is its struct stt_net. */
static const struct nf_hook_ops hooks[] = {
	{
		.hook = untrack4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_CONNTRACK - 1,
	},
	{
		.hook = route4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_LAST,
	},
	{
		.hook = input4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = NF_IP_PRI_LAST,
	},
	{
		.hook = untrack6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP6_PRI_CONNTRACK - 1,
	},
	{
		.hook = input6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = NF_IP6_PRI_LAST,
	},
};

/* Starts receiving in the namespace of 'sn'.  Returns 0 or a negative errno. */
int stt_receive_register(struct stt_net *sn)
{
	unsigned int i;
	int err;

	sn->hooks = kmemdup(hooks, sizeof(hooks), GFP_KERNEL);
	if (!sn->hooks)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		sn->hooks[i].priv = sn;
	err = nf_register_net_hooks(sn->net, sn->hooks, ARRAY_SIZE(hooks));
	if (err)
		kfree(sn->hooks);
	return err;
}

/* Stops receiving, and waits until nobody is about it any more. */
void stt_receive_unregister(struct stt_net *sn)
{
	nf_unregister_net_hooks(sn->net, sn->hooks, ARRAY_SIZE(hooks));
	synchronize_net();
	kfree(sn->hooks);
}
