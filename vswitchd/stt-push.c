/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-push.h"

#include "csum.h"
#include "entropy.h"
#include "netdev-native-tnl.h"
#include "odp-netlink.h"
#include "ovs-thread.h"
#include "packet-room.h"
#include "packets.h"
#include "stt-batch.h"
#include "stt-compat.h"
#include "stt-counters.h"
#include "stt-frame-id.h"
#include "stt-frame.h"
#include "stt-header.h"
#include "stt-segment.h"
#include "stt-type.h"
#include "userspace-tso.h"

BUILD_ASSERT_DECL(STT_MAX_INNER_LEN + STT_FRAME_HEADER_LEN
                  <= STT_MAX_FRAME_LEN);
BUILD_ASSERT_DECL(STT_MAX_INNER_LEN + PACKET_HEADROOM <= UINT16_MAX);
BUILD_ASSERT_DECL(ETH_HEADER_LEN + IP_HEADER_LEN + STT_HEADERS_LEN
                  + STT_MAX_INNER_LEN <= PACKET_MAX_LEN);
BUILD_ASSERT_DECL(ETH_HEADER_LEN + IPV6_HEADER_LEN + STT_HEADERS_LEN
                  <= PACKET_HEADROOM);

/* The current thread's ids. */
DEFINE_STATIC_PER_THREAD_DATA(struct stt_frame_id_blocks, id_blocks,
                              { { 0 } });

/* Returns an id for a frame with the outer headers of 'data'. */
static uint32_t
next_frame_id(const struct ovs_action_push_tnl *data)
{
    static struct ovsthread_once once = OVSTHREAD_ONCE_INITIALIZER;
    static struct stt_frame_ids ids;
    const char *l3 = (const char *) data->header + ETH_HEADER_LEN;
    struct stt_frame_id_sequence sequence;
    struct in6_addr source, destination;

    if (ovsthread_once_start(&once)) {
        uint64_t seed[2];

        get_entropy_or_die(seed, sizeof seed);
        stt_frame_ids_init(&ids, seed);
        ovsthread_once_done(&once);
    }
    if (netdev_tnl_is_header_ipv6(data->header)) {
        const struct ovs_16aligned_ip6_hdr *ip6 = (const void *) l3;

        memcpy(&source, &ip6->ip6_src, sizeof source);
        memcpy(&destination, &ip6->ip6_dst, sizeof destination);
    } else {
        const struct ip_header *ip = (const void *) l3;

        in6_addr_set_mapped_ipv4(&source, get_16aligned_be32(&ip->ip_src));
        in6_addr_set_mapped_ipv4(&destination,
                                 get_16aligned_be32(&ip->ip_dst));
    }
    stt_frame_id_find_sequence(&ids, source.s6_addr, destination.s6_addr,
                               &sequence);
    return stt_frame_id_next(&ids, id_blocks_get(), &sequence);
}

/* Returns the longest inner packet that can be sent with 'data', in bytes. */
static size_t
get_max_inner_len(const struct ovs_action_push_tnl *data)
{
    return MIN(STT_MAX_INNER_LEN, PACKET_MAX_LEN - data->header_len);
}

/* Moves an outermost 802.1Q tag from 'packet' to 'frame', which is where older
 * receivers expect it. */
static void
take_vlan(struct dp_packet *packet, struct stt_frame *frame)
{
    const struct vlan_eth_header *vlan = dp_packet_eth(packet);

    frame->has_vlan = (vlan
                       && dp_packet_size(packet) >= VLAN_ETH_HEADER_LEN
                       && vlan->veth_type == htons(ETH_TYPE_VLAN_8021Q));
    if (frame->has_vlan) {
        frame->vlan = ntohs(vlan->veth_tci);
        eth_pop_vlan(packet);
    }
}

/* Writes the sum of the pseudo header into the TCP or UDP checksum field of
 * 'packet', which 'frame' describes, as "partial" means on the wire.  Inside of
 * OVS a packet with partial checksum may have anything there. */
static void
write_pseudo_header_sum(struct dp_packet *packet, const struct stt_frame *frame)
{
    uint8_t *data = dp_packet_data(packet);
    const void *l3 = data + ETH_HEADER_LEN;
    void *l4 = data + frame->l4_offset;
    uint32_t sum = (frame->flags & STT_FLAG_IPV4
                    ? packet_csum_pseudoheader(l3)
                    : packet_csum_pseudoheader6(l3));
    ovs_be16 field = (OVS_FORCE ovs_be16) ~csum_finish(sum);

    if (frame->flags & STT_FLAG_TCP) {
        struct tcp_header *tcp = l4;

        tcp->tcp_csum = field;
    } else {
        struct udp_header *udp = l4;

        udp->udp_csum = field;
    }
}

/* Describes the unfinished checksum and segmentation of 'packet' in 'frame', if
 * it has some and that is possible.  Returns false if 'packet' is a
 * super-packet that must be cut before it can be sent, as all are with more than
 * 'max_len' bytes. */
static bool
describe(struct dp_packet *packet, size_t max_len, struct stt_frame *frame)
{
    uint16_t mss = stt_get_tso_segsz(packet);

    frame->flags = 0;
    frame->l4_offset = 0;
    frame->mss = 0;

    if (dp_packet_tunnel(packet)) {
        /* What is unfinished there is inside of another tunnel. */
        return !mss;
    }
    if (mss && dp_packet_get_tcp_payload_length(packet) <= mss) {
        mss = 0;
    }
    if (dp_packet_size(packet) > max_len) {
        return !mss;
    }
    if (mss || dp_packet_l4_checksum_partial(packet)) {
        const struct stt_unfinished unfinished = {
            .checksum_start = packet->l4_ofs,
            .checksum_offset = (stt_l4_is_tcp(packet) ? STT_TCP_CHECKSUM
                                : stt_l4_is_udp(packet) ? STT_UDP_CHECKSUM
                                : 0),
            .mss = mss,
        };

        return stt_frame_describe(dp_packet_data(packet),
                                  dp_packet_size(packet),
                                  dp_packet_size(packet), &unfinished, frame)
               || !mss;
    }
    if (dp_packet_l4_checksum_good(packet)) {
        frame->flags = STT_FLAG_VERIFIED;
    }
    return true;
}

/* Completes what 'frame' does not leave to the receiver. */
static void
finish_inner(struct dp_packet *packet, const struct stt_frame *frame)
{
    if (frame->flags & STT_FLAG_PARTIAL) {
        write_pseudo_header_sum(packet, frame);
        if (dp_packet_ip_checksum_partial(packet)) {
            dp_packet_ip_set_header_csum(packet, false);
        }
    } else {
        dp_packet_ol_send_prepare(packet, 0);
    }
}

/* Pushes the outer headers of 'data' and 'frame' onto 'packet', whose inner
 * packet is finished as far as 'frame' says, and marks it to be sent as TCP
 * segments with up to 'segment_size' bytes of payload. */
static void
push_outer(struct dp_packet *packet, const struct ovs_action_push_tnl *data,
           const struct stt_frame *frame, const struct stt_template *template,
           uint32_t segment_size)
{
    uint32_t frame_length = STT_FRAME_HEADER_LEN + dp_packet_size(packet);
    struct stt_segment segment = {
        .source_port = ntohs(netdev_tnl_get_src_port(packet)),
        .destination_port = template->destination_port,
        .frame_id = next_frame_id(data),
        .frame_length = frame_length,
    };
    uint32_t hash = dp_packet_get_rss_hash(packet);
    uint8_t *headers;
    int ip_payload;

    stt_reset_offload(packet);
    dp_packet_set_rss_hash(packet, hash);

    headers = netdev_tnl_push_ip_header(packet, data->header,
                                        data->header_len, &ip_payload, 0);
    stt_segment_write(headers, &segment);
    stt_frame_write(headers + STT_SEGMENT_HEADER_LEN, frame);

    dp_packet_l4_proto_set_tcp(packet);
    dp_packet_l4_checksum_set_partial(packet);
    stt_set_tso_segsz(packet, frame_length > segment_size ? segment_size : 0);
}

/* Sends 'packet', which 'frame' describes, as one frame: adds what comes of it
 * to 'out', or drops it. */
static void
send_frame(struct dp_packet *packet, const struct ovs_action_push_tnl *data,
           const struct stt_template *template,
           const struct stt_frame *frame, struct stt_batch *out)
{
    size_t first = out->count;
    uint32_t segment_size
        = stt_segment_size(template->path_mtu,
                           netdev_tnl_is_header_ipv6(data->header));

    if (dp_packet_size(packet) > get_max_inner_len(data)) {
        stt_drop_packet(packet, STT_DROP_TX_LENGTH);
        return;
    }
    if (!stt_segment_count(STT_FRAME_HEADER_LEN + dp_packet_size(packet),
                           segment_size)) {
        stt_drop_packet(packet, STT_DROP_TX_MTU);
        return;
    }

    if (dp_packet_headroom(packet) < data->header_len) {
        packet = packet_make_room(packet, PACKET_HEADROOM);
    }
    push_outer(packet, data, frame, template, segment_size);
    stt_count(STT_EVENT_TX_FRAMES);
    if (!stt_get_tso_segsz(packet)) {
        stt_batch_add(out, packet);
    } else {
        stt_count(STT_EVENT_TX_SEGMENTED);
        if (userspace_tso_enabled()) {
            stt_batch_add(out, packet);
        } else {
            stt_batch_add_cut(out, packet);
        }
    }
    for (size_t i = first; i < out->count; i++) {
        pkt_metadata_init(&out->packets[i]->md, data->out_port);
    }
}

/* Pushes 'packet', whose offload state is confirmed, and adds what comes of it
 * to 'out'. */
static void
push_packet(struct dp_packet *packet, const struct ovs_action_push_tnl *data,
            const struct stt_template *template, struct stt_batch *out)
{
    struct stt_frame frame = { .context_id = template->context_id };
    size_t max_len = get_max_inner_len(data);
    struct stt_batch pieces;

    /* The source port is a hash of the whole packet, tag and all, and must be
     * the same for each piece of it. */
    netdev_tnl_get_src_port(packet);
    take_vlan(packet, &frame);
    if (describe(packet, max_len, &frame)) {
        finish_inner(packet, &frame);
        send_frame(packet, data, template, &frame, out);
        return;
    }

    stt_count(STT_EVENT_TX_CUT);
    stt_batch_init(&pieces);
    stt_batch_add_cut(&pieces, packet);
    for (size_t i = 0; i < pieces.count; i++) {
        describe(pieces.packets[i], max_len, &frame);
        finish_inner(pieces.packets[i], &frame);
        send_frame(pieces.packets[i], data, template, &frame, out);
    }
    stt_batch_uninit(&pieces);
}

/* If 'data' is an STT template, pushes it onto each packet in 'batch' and
 * returns true; packets that cannot be sent are dropped and counted, and a
 * packet can become several.  Otherwise returns false. */
bool
stt_push_batch(struct dp_packet_batch *batch,
               const struct ovs_action_push_tnl *data)
{
    struct stt_template template;
    struct dp_packet *packet;
    struct stt_batch out;

    if (data->tnl_type != OVS_VPORT_TYPE_STT) {
        return false;
    }

    stt_template_read((const uint8_t *) data->header + data->header_len
                      - STT_HEADERS_LEN, &template);
    stt_batch_init(&out);
    DP_PACKET_BATCH_FOR_EACH (i, packet, batch) {
        push_packet(packet, data, &template, &out);
    }
    stt_batch_hand_over(&out, batch);
    return true;
}
