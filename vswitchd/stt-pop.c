/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-pop.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>

#include "csum.h"
#include "flow.h"
#include "netdev.h"
#include "ovs-thread.h"
#include "packet-cut.h"
#include "packet-offload.h"
#include "packet-room.h"
#include "packets.h"
#include "stt-batch.h"
#include "stt-compat.h"
#include "stt-counters.h"
#include "stt-frame.h"
#include "stt-held.h"
#include "stt-reassembly.h"
#include "stt-segment.h"
#include "stt-type.h"
#include "userspace-tso.h"

/* Packets that the current thread has dropped since stt_pop_batch() began. */
DEFINE_STATIC_PER_THREAD_DATA(uint32_t, pop_drops, 0);

static void
drop(struct dp_packet *packet, enum stt_drop reason)
{
    ++*pop_drops_get();
    stt_drop_packet(packet, reason);
}

/* The outer headers of a segment, as far as they matter when they are gone. */
struct outer_headers {
    struct in6_addr source;     /* Addresses, IPv4 mapped. */
    struct in6_addr destination;
    uint8_t tos;                /* TOS or traffic class, with CE if any segment
                                 * of the frame had it. */
    uint8_t ttl;                /* TTL or hop limit. */
    bool dont_fragment;
    struct stt_segment segment;
    uint16_t payload_offset;    /* Of the segment's payload in the packet. */
};

/* Reads the outer IP header of 'packet', to which its layer 3 and layer 4
 * offsets point, into '*outer'. */
static enum stt_drop
read_outer(struct dp_packet *packet, struct outer_headers *outer)
{
    const struct ip_header *ip = dp_packet_l3(packet);

    if (!ip || !dp_packet_l4(packet)) {
        return STT_DROP_OUTER;
    }
    if (IP_VER(ip->ip_ihl_ver) == 4) {
        if (dp_packet_ip_checksum_bad(packet)
            || (dp_packet_ip_checksum_unknown(packet)
                && csum(ip, IP_IHL(ip->ip_ihl_ver) * 4))) {
            return STT_DROP_OUTER;
        }
        in6_addr_set_mapped_ipv4(&outer->source,
                                 get_16aligned_be32(&ip->ip_src));
        in6_addr_set_mapped_ipv4(&outer->destination,
                                 get_16aligned_be32(&ip->ip_dst));
        outer->tos = ip->ip_tos;
        outer->ttl = ip->ip_ttl;
        outer->dont_fragment = (ip->ip_frag_off & htons(IP_DF)) != 0;
    } else {
        const struct ovs_16aligned_ip6_hdr *ip6 = dp_packet_l3(packet);

        memcpy(&outer->source, &ip6->ip6_src, sizeof outer->source);
        memcpy(&outer->destination, &ip6->ip6_dst,
               sizeof outer->destination);
        outer->tos = ntohl(get_16aligned_be32(&ip6->ip6_flow)) >> 20;
        outer->ttl = ip6->ip6_hlim;
        outer->dont_fragment = false;
    }
    return STT_DROP_NONE;
}

/* Returns true if the checksum in the TCP-like header of 'packet' is right, or
 * the device or a local sender has vouched for it. */
static bool
verify_checksum(struct dp_packet *packet)
{
    const struct ip_header *ip = dp_packet_l3(packet);
    uint32_t sum;

    if (dp_packet_l4_checksum_valid(packet)) {
        return true;
    }
    if (dp_packet_l4_checksum_bad(packet)) {
        return false;
    }
    sum = (IP_VER(ip->ip_ihl_ver) == 4
           ? packet_csum_pseudoheader(ip)
           : packet_csum_pseudoheader6(dp_packet_l3(packet)));
    sum = csum_continue(sum, dp_packet_l4(packet), dp_packet_l4_size(packet));
    return csum_finish(sum) == 0;
}

/* Checks 'packet', which came in on an STT port, as far as that is possible
 * without the rest of its frame, and stores what its outer headers say in
 * '*outer'.  Returns STT_DROP_NONE, or the reason to drop it.  Removes
 * padding. */
static enum stt_drop
read_segment(struct dp_packet *packet, struct outer_headers *outer)
{
    enum stt_drop reason = read_outer(packet, outer);

    if (!reason) {
        reason = stt_segment_read(dp_packet_l4(packet),
                                  dp_packet_l4_size(packet),
                                  &outer->segment);
    }
    if (!reason && !verify_checksum(packet)) {
        reason = STT_DROP_CHECKSUM;
    }
    if (!reason) {
        reason = stt_segment_check(&outer->segment);
    }
    if (!reason) {
        outer->payload_offset = ((char *) dp_packet_l4(packet)
                                 - (char *) dp_packet_data(packet)
                                 + STT_SEGMENT_HEADER_LEN);
        dp_packet_set_size(packet, (outer->payload_offset
                                    + outer->segment.length));
        dp_packet_set_l2_pad_size(packet, 0);
    }
    return reason;
}

/* Fills in the metadata of 'packet', which came in on the port that is in it,
 * with the tunnel that it came through. */
static void
set_metadata(struct dp_packet *packet, const struct outer_headers *outer,
             uint64_t context_id)
{
    struct flow_tnl *tunnel = &packet->md.tunnel;

    pkt_metadata_init_tnl(&packet->md);
    if (IN6_IS_ADDR_V4MAPPED(&outer->source)) {
        tunnel->ip_src = in6_addr_get_mapped_ipv4(&outer->source);
        tunnel->ip_dst = in6_addr_get_mapped_ipv4(&outer->destination);
    } else {
        tunnel->ipv6_src = outer->source;
        tunnel->ipv6_dst = outer->destination;
    }
    tunnel->tun_id = htonll(context_id);
    tunnel->ip_tos = outer->tos;
    tunnel->ip_ttl = outer->ttl;
    tunnel->tp_src = htons(outer->segment.source_port);
    tunnel->tp_dst = htons(outer->segment.destination_port);
    tunnel->flags = (FLOW_TNL_F_KEY | FLOW_TNL_F_CSUM
                     | (outer->dont_fragment ? FLOW_TNL_F_DONT_FRAGMENT : 0));
}

/* Gives 'packet', which holds an inner packet and nothing else, the offload
 * state that 'frame' and 'inner' describe. */
static void
restore_offloads(struct dp_packet *packet, const struct stt_frame *frame,
                 const struct stt_inner *inner)
{
    stt_reset_offload(packet);
    if (frame->flags & STT_FLAG_PARTIAL) {
        packet_offload_describe(packet, inner->l3_offset, inner->l4_offset,
                                inner->protocol,
                                dp_packet_size(packet) - inner->end,
                                frame->mss);
    }
}

/* Returns true if the inner packet that 'frame' and 'inner' describe must be
 * finished before anybody else sees it.  Open vSwitch looks through a limited
 * number of VLAN tags, and must not be given a packet with unfinished checksum
 * whose IP header it does not find. */
static bool
must_finish(const struct stt_frame *frame, const struct stt_inner *inner)
{
    return (frame->flags & STT_FLAG_PARTIAL
            && inner->n_tags + frame->has_vlan > flow_vlan_limit);
}

/* Cuts the super-packet 'packet', which 'frame' and 'inner' describe, and adds
 * its segments, with its metadata, to 'out'. */
static void
cut(struct dp_packet *packet, const struct stt_frame *frame,
    const struct stt_inner *inner, struct stt_batch *out)
{
    const struct packet_cut how = {
        .l4_offset = inner->l4_offset,
        .protocol = IPPROTO_TCP,
        .segment_size = frame->mss,
        /* Senders that know accurate ECN cut such a packet themselves. */
        .cwr_once = true,
    };
    size_t first = out->count;

    stt_count(STT_EVENT_RX_CUT);
    if (packet_cut(packet, &how, out)) {
        for (size_t i = first; i < out->count; i++) {
            out->packets[i]->md = packet->md;
        }
        dp_packet_delete(packet);
    } else {
        drop(packet, STT_DROP_OFFLOAD);
    }
}

/* Returns true if the super-packet 'packet', which 'frame' and 'inner' describe,
 * must be cut before anybody else sees it: userspace TSO is off, nobody could
 * send it on in another tunnel, or its segments differ in more than Open vSwitch
 * can say. */
static bool
must_cut(const struct dp_packet *packet, const struct stt_frame *frame,
         const struct stt_inner *inner)
{
    return frame->mss
           && (!userspace_tso_enabled()
               || must_finish(frame, inner)
               || dp_packet_size(packet) > STT_MAX_INNER_LEN
               || stt_frame_has_cwr(dp_packet_data(packet), inner));
}

/* Delivers 'packet', which from 'offset' on consists of a whole frame, and had
 * 'outer' in front of it: adds what comes of it to 'out', or drops it. */
static void
deliver(struct dp_packet *packet, uint16_t offset,
        const struct outer_headers *outer, struct stt_batch *out)
{
    struct stt_batch pieces;
    struct stt_frame frame;
    struct stt_inner inner;
    enum stt_drop reason;
    bool finish;

    reason = stt_frame_read((char *) dp_packet_data(packet) + offset,
                            dp_packet_size(packet) - offset, &frame);
    if (!reason) {
        dp_packet_reset_packet(packet, offset + STT_FRAME_HEADER_LEN);
        reason = stt_frame_check_offload(dp_packet_data(packet),
                                         dp_packet_size(packet),
                                         dp_packet_size(packet), &frame,
                                         &inner);
    }
    if (!reason && !frame.mss && dp_packet_size(packet) > STT_MAX_INNER_LEN) {
        reason = STT_DROP_INNER_LENGTH;
    }
    if (reason) {
        drop(packet, reason);
        return;
    }

    set_metadata(packet, outer, frame.context_id);
    restore_offloads(packet, &frame, &inner);
    finish = must_finish(&frame, &inner);
    stt_batch_init(&pieces);
    if (must_cut(packet, &frame, &inner)) {
        cut(packet, &frame, &inner, &pieces);
    } else {
        stt_batch_add(&pieces, packet);
    }
    for (size_t i = 0; i < pieces.count; i++) {
        struct dp_packet *piece = pieces.packets[i];

        if (finish) {
            dp_packet_ol_send_prepare(piece, 0);
        }
        if (frame.has_vlan) {
            eth_push_vlan(piece, htons(ETH_TYPE_VLAN_8021Q),
                          htons(frame.vlan));
        }
        stt_batch_add(out, piece);
    }
    stt_batch_uninit(&pieces);
}

/* Joins the packets of 'chain', the fragments of a whole frame of which the last
 * to arrive had 'outer', to one, frees them, and returns it.  If one of them
 * was marked with CE, so becomes 'outer' (RFC 3168, section 5.3). */
static struct dp_packet *
join(struct stt_fragment *chain, struct outer_headers *outer)
{
    uint16_t length = outer->segment.frame_length;
    struct dp_packet *frame
        = dp_packet_new_with_headroom(length, packet_get_headroom(length));

    frame->md.in_port = stt_packet_of(chain)->md.in_port;
    while (chain) {
        struct stt_fragment *next = chain->next;
        struct dp_packet *packet = stt_packet_of(chain);

        dp_packet_put(frame, (char *) dp_packet_tail(packet) - chain->length,
                      chain->length);
        if (IP_ECN_is_ce(chain->ecn)) {
            outer->tos |= IP_ECN_CE;
        }
        dp_packet_delete(packet);
        chain = next;
    }
    return frame;
}

/* Puts 'packet', which has one segment of a frame, into the reassembly table.
 * If that completes the frame, delivers it to 'out'. */
static void
reassemble(struct dp_packet *packet, struct outer_headers *outer,
           struct stt_batch *out)
{
    struct stt_key key = {
        .frame_id = outer->segment.frame_id,
        .source_port = outer->segment.source_port,
        .destination_port = outer->segment.destination_port,
    };
    struct stt_fragment *chain;

    memcpy(key.source, &outer->source, sizeof key.source);
    memcpy(key.destination, &outer->destination, sizeof key.destination);
    stt_count(STT_EVENT_RX_SEGMENTS_HELD);
    chain = stt_held_insert(packet, &key, &outer->segment,
                            outer->tos & IP_ECN_MASK, pop_drops_get());
    if (chain) {
        stt_count(STT_EVENT_RX_REASSEMBLED);
        deliver(join(chain, outer), 0, outer, out);
    }
}

/* If 'netdev' is an STT port, pops each packet in 'batch', puts what comes of
 * it in their place and returns true.  Otherwise returns false. */
bool
stt_pop_batch(const struct netdev *netdev, struct dp_packet_batch *batch)
{
    struct dp_packet *packet;
    struct stt_batch out;

    if (!stt_is_port(netdev)) {
        return false;
    }

    *pop_drops_get() = 0;
    stt_batch_init(&out);
    DP_PACKET_BATCH_FOR_EACH (i, packet, batch) {
        struct outer_headers outer;
        enum stt_drop reason = read_segment(packet, &outer);

        if (reason) {
            drop(packet, reason);
        } else if (stt_segment_is_frame(&outer.segment)) {
            stt_count(STT_EVENT_RX_WHOLE);
            deliver(packet, outer.payload_offset, &outer, &out);
        } else {
            reassemble(packet, &outer, &out);
        }
    }
    stt_batch_hand_over(&out, batch);
    return true;
}

/* Returns how many packets the last pop of a batch on 'netdev' by this thread
 * has dropped.  For ports of other types this is 'shrunk_by', the difference in
 * the batch's size; for STT that also has packets that are held, and is wrong
 * if a packet became several. */
uint32_t
stt_get_pop_drops(const struct netdev *netdev, uint32_t shrunk_by)
{
    return stt_is_port(netdev) ? *pop_drops_get() : shrunk_by;
}
