// SPDX-License-Identifier: GPL-2.0-only
#include "receive.h"

#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>
#include "compat.h"
#include "counters.h"
#include "frag-list.h"
#include "held.h"
#include "metadata.h"
#include "namespace.h"
#include "stt-frame.h"
#include "stt-segment.h"
#include "tags.h"

/* The outer headers, as far as they matter when they are gone. */
struct outer_headers {
	bool ipv6;
	u8 tos;				/* With CE if any segment had it. */
	struct stt_segment segment;
};

/*
 * Returns true if the checksum of the segment at skb->data is right, or the NIC
 * or a local sender vouches for it.
 */
static bool stt_verify_checksum(struct sk_buff *skb, bool ipv6)
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
 * Gives 'skb', whose network and transport headers are still the outer ones, the
 * tunnel metadata of a frame with 'context_id', and takes away what else its way
 * here has left.  Sets '*alone' as stt_metadata_get() does.  Returns 0 or -ENOMEM.
 */
static int stt_set_metadata(struct stt_device *stt, struct sk_buff *skb,
			    const struct outer_headers *outer, u64 context_id,
			    bool *alone)
{
	struct dst_entry *metadata;

	metadata = stt_metadata_get(stt->metadata, skb, outer->ipv6, outer->tos,
				    context_id, alone);
	if (!metadata)
		return -ENOMEM;
	skb_scrub_packet(skb, stt_crosses_namespaces(stt));
	skb_dst_set(skb, metadata);
	return 0;
}

/*
 * Makes the segmentation state of 'skb' its own.  A TCP socket of this host may
 * still have the payload, to send it again if need be, but it does not look at
 * this state: it sets it anew whenever it sends, and takes a copy if somebody
 * has the packet still.  Returns 0 or -ENOMEM.
 */
static int stt_own_gso(struct sk_buff *skb)
{
	return skb_header_unclone(skb, GFP_ATOMIC);
}

/* Gives 'skb', at its inner IP packet, the offloads that its frame describes. */
static int stt_restore_offloads(struct sk_buff *skb, const struct stt_frame *frame,
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

		if (stt_own_gso(skb) ||
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
static enum stt_drop stt_decapsulate_ecn(struct stt_device *stt,
					 struct sk_buff *skb,
					 const struct outer_headers *outer)
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

/* Set while this CPU hands a packet up by stt_hand_up(). */
static DEFINE_PER_CPU(bool, stt_handing_up);

/*
 * Hands 'skb' up at once, without the detour by GRO.  Returns false if that is
 * not possible: the packet may be STT again, and for another device of this
 * host, so packets within packets would use up the stack.
 */
static bool stt_hand_up(struct sk_buff *skb)
{
	if (__this_cpu_read(stt_handing_up))
		return false;
	__this_cpu_write(stt_handing_up, true);
	netif_receive_skb(skb);
	__this_cpu_write(stt_handing_up, false);
	return true;
}

/*
 * Returns true if GRO has nothing to gain from 'skb', the packet of 'frame':
 * what it would make of others it is already, or it is TCP without payload.
 */
static bool stt_is_beyond_gro(const struct sk_buff *skb,
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
static void stt_deliver(struct stt_device *stt, struct sk_buff *skb,
			const struct outer_headers *outer)
{
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

	if (stt_set_metadata(stt, skb, outer, frame.context_id, &alone))
		goto no_memory;
	skb_clear_hash_if_not_l4(skb);
	skb_pull_rcsum(skb, STT_FRAME_HEADER_LEN);
	skb->protocol = eth_type_trans(skb, stt->dev);
	skb_postpull_rcsum(skb, eth_hdr(skb), ETH_HLEN);
	skb_reset_network_header(skb);
	if (frame.flags & STT_FLAG_PARTIAL &&
	    stt_restore_offloads(skb, &frame, &inner))
		goto no_memory;
	if (frame.has_vlan)
		__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), frame.vlan);

	reason = stt_decapsulate_ecn(stt, skb, outer);
	if (reason) {
		stt_drop(stt->dev, skb, reason);
		return;
	}

	/* As it is counted on the other side. */
	len = skb->len + ETH_HLEN;
	/* What is still in the GRO cell must not be overtaken. */
	if ((alone && stt_is_beyond_gro(skb, &frame, &inner) &&
	     stt_hand_up(skb)) ||
	    gro_cells_receive(&stt->gro_cells, skb) == NET_RX_SUCCESS)
		dev_sw_netstats_rx_add(stt->dev, len);
	return;

no_memory:
	stt_drop(stt->dev, skb, STT_DROP_NO_MEMORY);
}

/* Joins the packets of 'chain', the fragments of a whole frame, to one. */
static struct sk_buff *stt_join(struct stt_fragment *chain,
				struct outer_headers *outer)
{
	struct sk_buff *head = stt_packet_of(chain);
	struct sk_buff *others = NULL, **end = &others;

	for (; chain; chain = chain->next) {
		struct sk_buff *skb = stt_packet_of(chain);

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
 * Puts 'skb', at the payload of its segment, into the reassembly table.  If that
 * completes the frame, delivers that.
 */
static void stt_reassemble(struct stt_device *stt, struct sk_buff *skb,
			   struct outer_headers *outer)
{
	const struct stt_segment *segment = &outer->segment;
	struct stt_key key = {
		.frame_id = segment->frame_id,
		.source_port = segment->source_port,
		.destination_port = segment->destination_port,
	};
	struct stt_fragment *chain;

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

	stt_count_event(stt->dev, STT_EVENT_RX_SEGMENTS_HELD);
	chain = stt_held_insert(stt, skb, &key, segment,
				outer->tos & INET_ECN_MASK);
	if (!chain)
		return;

	stt_count_event(stt->dev, STT_EVENT_RX_REASSEMBLED);
	skb = stt_join(chain, outer);
	if (skb)
		stt_deliver(stt, skb, outer);
	else
		stt_count_drop(stt->dev, STT_DROP_NO_MEMORY);
}

/*
 * Makes sure that skb->truesize covers all of 'skb', which no socket is charged
 * for.  When the headroom of a packet with a socket grows, its truesize does
 * not, and through a veth pair it arrives like that.
 */
static void stt_correct_truesize(struct sk_buff *skb)
{
	unsigned int size = SKB_TRUESIZE(skb_end_offset(skb)) + skb->data_len;

	if (skb->truesize < size)
		skb->truesize = size;
}

/* Does what stt_receive() says with one segment, or several that GRO joined. */
static void stt_receive_segment(struct stt_device *stt, struct sk_buff *skb,
				unsigned int offset, bool ipv6)
{
	struct outer_headers outer = { .ipv6 = ipv6 };
	enum stt_drop reason;

	if (!pskb_may_pull(skb, offset + STT_SEGMENT_HEADER_LEN)) {
		stt_drop(stt->dev, skb, STT_DROP_TRUNCATED);
		return;
	}
	outer.tos = ipv6 ? ipv6_get_dsfield(ipv6_hdr(skb)) : ip_hdr(skb)->tos;
	skb_set_transport_header(skb, offset);
	skb_pull_rcsum(skb, offset);

	reason = stt_segment_read(skb->data, skb->len, &outer.segment);
	if (!reason && !stt_verify_checksum(skb, ipv6))
		reason = STT_DROP_CHECKSUM;
	if (!reason)
		reason = stt_segment_check(&outer.segment);
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
		if (stt_own_gso(skb)) {
			stt_drop(stt->dev, skb, STT_DROP_NO_MEMORY);
			return;
		}
		skb_gso_reset(skb);
	}
	skb_orphan(skb);
	skb_dst_drop(skb);
	skb_ext_reset(skb);
	nf_reset_ct(skb);
	stt_correct_truesize(skb);

	if (stt_segment_is_frame(&outer.segment)) {
		stt_count_event(stt->dev, STT_EVENT_RX_WHOLE);
		stt_deliver(stt, skb, &outer);
	} else {
		stt_reassemble(stt, skb, &outer);
	}
}

/*
 * Does the same with a packet of GRO that keeps each segment with its headers in
 * the frag list: takes it apart again.
 */
static void stt_receive_list(struct stt_device *stt, struct sk_buff *skb,
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
		stt_receive_segment(stt, skb, offset, ipv6);
	}
}

/*
 * Receives 'skb', at its outer IP header, on 'stt', or drops it.  The TCP-like
 * header is at 'offset' from skb->data.  The caller has bottom halves off.
 */
void stt_receive(struct stt_device *stt, struct sk_buff *skb,
		 unsigned int offset, bool ipv6)
{
	if (skb_is_gso(skb) && skb_shinfo(skb)->gso_type & SKB_GSO_FRAGLIST)
		stt_receive_list(stt, skb, offset, ipv6);
	else
		stt_receive_segment(stt, skb, offset, ipv6);
}
