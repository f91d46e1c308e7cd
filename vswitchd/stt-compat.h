/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_COMPAT_H
#define STT_COMPAT_H 1

/* Differences between Open vSwitch releases
 * =========================================
 *
 * The sources around this speak of a packet's offload state as Open vSwitch 4.0
 * does.  What older releases name or do otherwise is here, and only here:
 *
 *   - 4.0 says for each of a packet's checksums whether it is good, bad,
 *     partial or unknown.  Before, two sets of flags mix: what the device that
 *     received the packet said, and what is left to the one that sends it.
 *
 *   - 4.0 has super-packets known by their segment size.  Before, there is a
 *     flag, and without it the size means nothing.
 *
 *   - 4.0's batches grow.  Before, one of more than NETDEV_MAX_BURST packets
 *     loses some (see stt-batch.h).
 *
 * Which of these it is shows in dp-packet.h itself, not in a version number. */

#include <netinet/in.h>
#include <stdlib.h>

#include "dp-packet.h"
#include "dp-packet-gso.h"
#include "util.h"

#ifdef DP_PACKET_OL_SHIFT_COUNT /* Open vSwitch 4.0. */

/* Most packets that a batch can hold. */
#define STT_MAX_BATCH SIZE_MAX

/* Returns the TCP payload of the segments that 'packet' is to be cut into, in
 * bytes, or 0 if it is no super-packet. */
static inline uint16_t
stt_get_tso_segsz(const struct dp_packet *packet)
{
    return dp_packet_get_tso_segsz(packet);
}

/* Makes 'packet' a super-packet that is to be cut into segments with 'size'
 * bytes of TCP payload, or, if that is 0, none. */
static inline void
stt_set_tso_segsz(struct dp_packet *packet, uint16_t size)
{
    dp_packet_set_tso_segsz(packet, size);
}

/* Takes all offload state from 'packet', and its hash. */
static inline void
stt_reset_offload(struct dp_packet *packet)
{
    dp_packet_reset_offload(packet);
    stt_set_tso_segsz(packet, 0);
}

/* Frees the memory of 'batch', not the packets in it. */
static inline void
stt_batch_destroy(struct dp_packet_batch *batch)
{
    dp_packet_batch_destroy(batch);
}

/* What is unfinished about 'packet': the checksum of its IP header, that of its
 * layer 4 or its segmentation, and the same of what is in the tunnel whose
 * headers were pushed onto it, if it went into one. */
static inline bool
stt_ip_unfinished(const struct dp_packet *packet)
{
    return dp_packet_ip_checksum_partial(packet);
}

static inline bool
stt_l4_unfinished(const struct dp_packet *packet)
{
    return dp_packet_l4_checksum_partial(packet)
           || (stt_get_tso_segsz(packet) && !dp_packet_tunnel(packet));
}

static inline bool
stt_inner_ip_unfinished(const struct dp_packet *packet)
{
    return dp_packet_inner_ip_checksum_partial(packet);
}

static inline bool
stt_inner_l4_unfinished(const struct dp_packet *packet)
{
    return dp_packet_inner_l4_checksum_partial(packet)
           || (stt_get_tso_segsz(packet) && dp_packet_tunnel(packet));
}

/* Returns the flags that say that a packet's layer 4 is 'protocol'. */
static inline uint32_t
stt_l4_flags(uint8_t protocol)
{
    return protocol == IPPROTO_TCP ? DP_PACKET_OL_L4_PROTO_TCP
           : protocol == IPPROTO_UDP ? DP_PACKET_OL_L4_PROTO_UDP
           : DP_PACKET_OL_L4_PROTO_MASK;
}

/* Says that 'packet' is 'protocol', that is TCP, UDP or SCTP, over IPv4 if
 * 'ipv4', else over IPv6. */
static inline void
stt_set_kind(struct dp_packet *packet, bool ipv4 OVS_UNUSED, uint8_t protocol)
{
    packet->offloads &= ~DP_PACKET_OL_L4_PROTO_MASK;
    packet->offloads |= stt_l4_flags(protocol);
}

/* The same of what is in a tunnel. */
static inline void
stt_set_inner_kind(struct dp_packet *packet, bool ipv4 OVS_UNUSED,
                   uint8_t protocol)
{
    packet->offloads &= ~DP_PACKET_OL_INNER_L4_PROTO_MASK;
    packet->offloads |= stt_l4_flags(protocol) << DP_PACKET_OL_SHIFT_COUNT;
}

static inline bool
stt_l4_is_tcp(struct dp_packet *packet)
{
    return dp_packet_l4_proto_tcp(packet);
}

static inline bool
stt_l4_is_udp(struct dp_packet *packet)
{
    return dp_packet_l4_proto_udp(packet);
}

/* Takes all offload state from 'packet' but its hash and mark. */
static inline void
stt_forget_offload(struct dp_packet *packet)
{
    packet->offloads = 0;
    stt_set_tso_segsz(packet, 0);
}

/* Cuts the super-packet 'packet', which it takes ownership of.  Returns its
 * segments in an array from malloc(), and stores in '*n' how many they are. */
static inline struct dp_packet **
stt_cut(struct dp_packet *packet, size_t *n)
{
    ovs_be32 packet_type = packet->packet_type;
    struct dp_packet_batch segments;
    struct dp_packet **packets;
    struct dp_packet *segment;

    /* The length of the headers would else be counted from address 0, and
     * segments do not inherit the type. */
    packet->packet_type = htonl(PT_ETH);
    dp_packet_batch_init_packet(&segments, packet);
    dp_packet_gso_batch(&segments);
    DP_PACKET_BATCH_FOR_EACH (i, segment, &segments) {
        segment->packet_type = packet_type;
        stt_set_tso_segsz(segment, 0);
    }
    *n = segments.count;
    packets = xmemdup(segments.packets, *n * sizeof *packets);
    dp_packet_batch_destroy(&segments);
    return packets;
}

/* Makes 'packets', an array from malloc() with room for 'capacity' of which
 * 'count' are used, the array of 'batch', and returns true.  The caller must
 * have taken the packets that were in 'batch'. */
static inline bool
stt_give_array(struct dp_packet_batch *batch, struct dp_packet **packets,
               size_t count, size_t capacity)
{
    if (batch->packets != batch->embedded) {
        free(batch->packets);
    }
    batch->packets = packets;
    batch->count = count;
    batch->capacity = capacity;
    return true;
}

#else /* Open vSwitch 3.5. */

#define STT_MAX_BATCH NETDEV_MAX_BURST

/* Here a batch has its array in itself. */
static inline bool
stt_give_array(struct dp_packet_batch *batch OVS_UNUSED,
               struct dp_packet **packets OVS_UNUSED,
               size_t count OVS_UNUSED, size_t capacity OVS_UNUSED)
{
    return false;
}

static inline uint16_t
stt_get_tso_segsz(struct dp_packet *packet)
{
    return dp_packet_hwol_is_tso(packet) ? dp_packet_get_tso_segsz(packet) : 0;
}

static inline void
stt_set_tso_segsz(struct dp_packet *packet, uint16_t size)
{
    dp_packet_set_tso_segsz(packet, size);
    if (size) {
        dp_packet_hwol_set_tcp_seg(packet);
    } else {
        *dp_packet_ol_flags_ptr(packet) &= ~DP_PACKET_OL_TX_TCP_SEG;
    }
}

static inline void
stt_reset_offload(struct dp_packet *packet)
{
    dp_packet_reset_offload(packet);
    stt_set_tso_segsz(packet, 0);
    /* Whoever looks at the packet next would find a checksum to complete at
     * this place again. */
    packet->csum_start = packet->csum_offset = 0;
}

static inline bool
stt_l4_is_tcp(struct dp_packet *packet)
{
    return dp_packet_hwol_l4_is_tcp(packet);
}

static inline bool
stt_l4_is_udp(struct dp_packet *packet)
{
    return dp_packet_hwol_l4_is_udp(packet);
}

static inline bool
dp_packet_tunnel(struct dp_packet *packet)
{
    return dp_packet_hwol_is_tunnel(packet);
}

static inline bool
dp_packet_ip_checksum_partial(struct dp_packet *packet)
{
    return dp_packet_hwol_tx_ip_csum(packet)
           && !dp_packet_ip_checksum_good(packet);
}

static inline bool
dp_packet_ip_checksum_unknown(struct dp_packet *packet)
{
    return !dp_packet_ip_checksum_good(packet)
           && !dp_packet_ip_checksum_bad(packet)
           && !dp_packet_ip_checksum_partial(packet);
}

static inline bool
dp_packet_l4_checksum_partial(struct dp_packet *packet)
{
    return !dp_packet_l4_checksum_good(packet)
           && (dp_packet_hwol_tx_l4_checksum(packet)
               || dp_packet_ol_l4_csum_partial(packet));
}

static inline bool
dp_packet_l4_checksum_valid(struct dp_packet *packet)
{
    return dp_packet_l4_checksum_good(packet)
           || dp_packet_l4_checksum_partial(packet);
}

static inline void
dp_packet_l4_proto_set_tcp(struct dp_packet *packet)
{
    dp_packet_hwol_reset_tx_l4_csum(packet);
    dp_packet_hwol_set_csum_tcp(packet);
}

static inline void
dp_packet_l4_proto_set_udp(struct dp_packet *packet)
{
    dp_packet_hwol_reset_tx_l4_csum(packet);
    dp_packet_hwol_set_csum_udp(packet);
}

/* 'packet' must have its layer 3 offset and layer 4 protocol set. */
static inline void
dp_packet_l4_checksum_set_partial(struct dp_packet *packet)
{
    const struct ip_header *ip = dp_packet_l3(packet);

    if (IP_VER(ip->ip_ihl_ver) == 4) {
        dp_packet_hwol_set_tx_ipv4(packet);
    } else {
        dp_packet_hwol_set_tx_ipv6(packet);
    }
    dp_packet_ol_set_l4_csum_partial(packet);
}

/* A batch has no memory of its own. */
static inline void
stt_batch_destroy(struct dp_packet_batch *batch OVS_UNUSED)
{
}

static inline bool
stt_ip_unfinished(struct dp_packet *packet)
{
    return (dp_packet_tunnel(packet)
            ? dp_packet_hwol_is_outer_ipv4_cksum(packet)
            : dp_packet_ip_checksum_partial(packet));
}

static inline bool
stt_l4_unfinished(struct dp_packet *packet)
{
    return (dp_packet_tunnel(packet)
            ? dp_packet_hwol_is_outer_udp_cksum(packet)
            : (dp_packet_l4_checksum_partial(packet)
               || dp_packet_hwol_is_tso(packet)));
}

static inline bool
stt_inner_ip_unfinished(struct dp_packet *packet)
{
    return dp_packet_tunnel(packet) && dp_packet_hwol_tx_ip_csum(packet);
}

static inline bool
stt_inner_l4_unfinished(struct dp_packet *packet)
{
    return dp_packet_tunnel(packet)
           && (dp_packet_hwol_tx_l4_checksum(packet)
               || dp_packet_hwol_is_tso(packet));
}

/* Flags tell of the innermost packet, and of the outer IP header only which
 * version it is. */
static inline void
stt_set_inner_kind(struct dp_packet *packet, bool ipv4, uint8_t protocol)
{
    if (ipv4) {
        dp_packet_hwol_set_tx_ipv4(packet);
    } else {
        dp_packet_hwol_set_tx_ipv6(packet);
    }
    dp_packet_hwol_reset_tx_l4_csum(packet);
    if (protocol == IPPROTO_TCP) {
        dp_packet_hwol_set_csum_tcp(packet);
    } else if (protocol == IPPROTO_UDP) {
        dp_packet_hwol_set_csum_udp(packet);
    } else {
        dp_packet_hwol_set_csum_sctp(packet);
    }
}

static inline void
stt_set_kind(struct dp_packet *packet, bool ipv4, uint8_t protocol)
{
    if (!dp_packet_tunnel(packet)) {
        stt_set_inner_kind(packet, ipv4, protocol);
    }
}

static inline void
stt_forget_offload(struct dp_packet *packet)
{
    *dp_packet_ol_flags_ptr(packet)
        &= ~DP_PACKET_OL_SUPPORTED_MASK
           | DP_PACKET_OL_RSS_HASH | DP_PACKET_OL_FLOW_MARK;
    dp_packet_set_tso_segsz(packet, 0);
    packet->csum_start = packet->csum_offset = 0;
}

static inline struct dp_packet **
stt_cut(struct dp_packet *packet, size_t *n)
{
    const void *payload = (dp_packet_hwol_is_tunnel(packet)
                           ? dp_packet_get_inner_tcp_payload(packet)
                           : dp_packet_get_tcp_payload(packet));
    int n_segments = payload ? dp_packet_gso_nr_segs(packet) : 0;
    ovs_be32 packet_type = packet->packet_type;
    struct dp_packet_batch *batches, *batch;
    struct dp_packet **packets;
    size_t n_batches;

    if (n_segments <= 1) {
        stt_set_tso_segsz(packet, 0);
        *n = 1;
        return xmemdup(&packet, sizeof packet);
    }

    n_batches = DIV_ROUND_UP(n_segments, NETDEV_MAX_BURST);
    batches = xmalloc(n_batches * sizeof *batches);
    packets = xmalloc(n_batches * NETDEV_MAX_BURST * sizeof *packets);
    *n = 0;
    for (size_t i = 0; i < n_batches; i++) {
        dp_packet_batch_init(&batches[i]);
    }
    batch = batches;
    packet->packet_type = htonl(PT_ETH);
    dp_packet_gso(packet, &batch);
    for (size_t i = 0; i < n_batches; i++) {
        struct dp_packet *segment;

        DP_PACKET_BATCH_FOR_EACH (j, segment, &batches[i]) {
            segment->packet_type = packet_type;
            if (!dp_packet_hwol_is_tunnel(segment)) {
                dp_packet_ol_set_l4_csum_partial(segment);
            }
            packets[(*n)++] = segment;
        }
    }
    free(batches);
    dp_packet_delete(packet);
    return packets;
}

#endif

#endif /* stt-compat.h */
