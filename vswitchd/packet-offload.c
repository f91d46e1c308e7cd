/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "packet-offload.h"

#include <netinet/in.h>

#include "csum.h"
#include "dp-packet.h"
#include "odp-netlink.h"
#include "packet-drops.h"
#include "packet-layers.h"
#include "packet-room.h"
#include "packets.h"
#include "stt-batch.h"
#include "stt-compat.h"
#include "util.h"

/* Reads the IP header of 'packet' into '*ip': that behind the Ethernet header and
 * tags, if they say that it is there.  If not, it may be at the offset 'stored'.
 * Of a packet with more tags than Open vSwitch looks at, that is where the next
 * tag goes on, which with some priorities can be read as an IP header, too. */
static bool
find_ip(const struct dp_packet *packet, uint16_t stored, struct packet_ip *ip)
{
    size_t offset;

    if (packet_find_ip(packet, &offset)) {
        return packet_read_ip(packet, offset, ip);
    }
    return stored != UINT16_MAX && packet_read_ip(packet, stored, ip);
}

/* Confirms that the super-packet 'packet' ends with the TCP packet 'ip', whose
 * TCP header has 'header_len' bytes.  Makes it an ordinary packet if it fills
 * only one segment. */
static bool
confirm_super_packet(struct dp_packet *packet, const struct packet_ip *ip,
                     size_t header_len)
{
    size_t payload = ip->end - ip->l4_offset - header_len;
    uint16_t segment_size = stt_get_tso_segsz(packet);

    if (ip->protocol != IPPROTO_TCP || !header_len || ip->end < payload
        || ip->end != dp_packet_size(packet)) {
        return false;
    }
    if (payload <= segment_size) {
        stt_set_tso_segsz(packet, 0);
        return true;
    }
    return DIV_ROUND_UP(payload, segment_size) <= PACKET_MAX_SEGMENTS;
}

/* Confirms the unfinished state of what is behind the tunnel headers that were
 * pushed onto 'packet', whose outer headers are 'outer'. */
static bool
confirm_inner(struct dp_packet *packet, const struct packet_ip *outer)
{
    struct packet_ip ip;
    size_t header_len;

    if (packet->inner_l3_ofs == UINT16_MAX
        || packet->inner_l3_ofs <= outer->l4_offset
        || !packet_read_ip(packet, packet->inner_l3_ofs, &ip)
        || ip.end != outer->end) {
        return false;
    }
    if (stt_inner_l4_unfinished(packet)) {
        header_len = packet_l4_header_len(packet, &ip);
        if (!header_len
            || (stt_get_tso_segsz(packet)
                && !confirm_super_packet(packet, &ip, header_len))) {
            return false;
        }
        packet->inner_l4_ofs = ip.l4_offset;
        stt_set_inner_kind(packet, ip.ipv4, ip.protocol);
    }
    return true;
}

static bool
confirm(struct dp_packet *packet)
{
    bool tunnel = dp_packet_tunnel(packet);
    struct packet_ip ip;
    size_t header_len;
    size_t padding;

    if (!find_ip(packet, packet->l3_ofs, &ip)) {
        return false;
    }
    if (!tunnel && stt_get_tso_segsz(packet)
        && ip.end < dp_packet_size(packet)) {
        /* Padding means nothing there. */
        dp_packet_set_size(packet, ip.end);
    }
    padding = dp_packet_size(packet) - ip.end;
    if (padding > UINT16_MAX) {
        return false;
    }
    packet->l3_ofs = ip.offset;
    packet->l4_ofs = ip.l4_offset;
    dp_packet_set_l2_pad_size(packet, padding);

    if (stt_l4_unfinished(packet)) {
        header_len = packet_l4_header_len(packet, &ip);
        if (!header_len
            || (!tunnel && stt_get_tso_segsz(packet)
                && !confirm_super_packet(packet, &ip, header_len))) {
            return false;
        }
        stt_set_kind(packet, ip.ipv4, ip.protocol);
    }
    return (!stt_inner_ip_unfinished(packet)
            && !stt_inner_l4_unfinished(packet))
           || confirm_inner(packet, &ip);
}

/* Compares the unfinished checksums and segmentation of 'packet' with its
 * headers, and makes its offsets those of the headers.  Returns true if they
 * fit, so that Open vSwitch's helpers may act on them, or if there is nothing
 * unfinished.  Otherwise refuses 'packet' and returns false. */
bool
packet_offload_confirm(struct dp_packet *packet)
{
    if (packet_is_refused(packet)) {
        return false;
    }
    if ((stt_ip_unfinished(packet) || stt_l4_unfinished(packet)
         || stt_inner_ip_unfinished(packet) || stt_inner_l4_unfinished(packet))
        && !confirm(packet)) {
        packet_refuse(packet, PACKET_DROP_OFFLOAD);
        return false;
    }
    return true;
}

/* Gives 'packet', in which nothing is unfinished yet, the state of one without
 * the checksum of 'protocol', TCP or UDP, whose header has the sum of the pseudo
 * header instead.  It starts 'l4_offset' bytes into the packet, and its IP header
 * 'l3_offset' bytes; 'padding' bytes at the end are not part of it.  If
 * 'segment_size' is not 0, the packet is to be cut into segments with so many
 * bytes of payload. */
void
packet_offload_describe(struct dp_packet *packet, size_t l3_offset,
                        size_t l4_offset, uint8_t protocol, size_t padding,
                        uint16_t segment_size)
{
    packet->l3_ofs = l3_offset;
    packet->l4_ofs = l4_offset;
    dp_packet_set_l2_pad_size(packet, padding);
    if (protocol == IPPROTO_TCP) {
        dp_packet_l4_proto_set_tcp(packet);
    } else {
        dp_packet_l4_proto_set_udp(packet);
    }
    dp_packet_l4_checksum_set_partial(packet);
    stt_set_tso_segsz(packet, segment_size);
}

/* Makes 'offset' say that there is no header if that is not within 'size'
 * bytes. */
static void
limit_offset(uint16_t *offset, size_t size)
{
    if (*offset > size) {
        *offset = UINT16_MAX;
    }
}

/* Called when the end of 'packet' was cut off.  The checksums of layer 4 covered
 * what is missing, so they can neither be completed nor be called good any more:
 * they stay as they are.  That of the IPv4 header is completed, if the header is
 * still there. */
void
packet_offload_truncated(struct dp_packet *packet)
{
    size_t size = dp_packet_size(packet);
    uint16_t l3_ofs = packet->l3_ofs;

    if (stt_ip_unfinished(packet) && l3_ofs != UINT16_MAX
        && l3_ofs + IP_HEADER_LEN <= size) {
        struct ip_header *ip = dp_packet_l3(packet);
        size_t length = IP_IHL(ip->ip_ihl_ver) * 4;

        if (length >= IP_HEADER_LEN && l3_ofs + length <= size) {
            ip->ip_csum = 0;
            ip->ip_csum = csum(ip, length);
        }
    }
    if (!packet_is_refused(packet)) {
        stt_forget_offload(packet);
    }
    dp_packet_set_l2_pad_size(packet, 0);
    limit_offset(&packet->l2_5_ofs, size);
    limit_offset(&packet->l3_ofs, size);
    limit_offset(&packet->l4_ofs, size);
    limit_offset(&packet->inner_l3_ofs, size);
    limit_offset(&packet->inner_l4_ofs, size);
}

/* Called when 'packet', which may be a super-packet still, was put into 'batch',
 * and behind it the segments that were cut off its end.  If there are some, it
 * does not end what the sender pushed, nor its stream. */
void
packet_offload_first_segment(struct dp_packet *packet,
                             const struct dp_packet_batch *batch)
{
    struct tcp_header *tcp = (dp_packet_tunnel(packet)
                              ? dp_packet_inner_l4(packet)
                              : dp_packet_l4(packet));

    if (batch->packets[batch->count - 1] != packet) {
        tcp->tcp_ctl = TCP_CTL(TCP_FLAGS(tcp->tcp_ctl) & ~(TCP_PSH | TCP_FIN),
                               TCP_OFFSET(tcp->tcp_ctl));
    }
}

/* Puts the bytes of 'from', which are not more than those of 'to', in place of
 * them. */
static void
replace_data(struct dp_packet *to, const struct dp_packet *from)
{
    memcpy(dp_packet_data(to), dp_packet_data(from), dp_packet_size(from));
    dp_packet_set_size(to, dp_packet_size(from));
    dp_packet_set_l2_pad_size(to, 0);
}

/* Completes all that is unfinished about 'packet', whose state must be
 * confirmed.  If it is a super-packet, it becomes the last of its segments, and
 * the others are added to 'others', which takes ownership of them. */
void
packet_offload_finish(struct dp_packet *packet, struct stt_batch *others)
{
    struct stt_batch segments;
    size_t last;

    if (!stt_get_tso_segsz(packet)) {
        dp_packet_ol_send_prepare(packet, 0);
        return;
    }

    /* The caller may not own 'packet', so a copy is cut. */
    stt_batch_init(&segments);
    stt_batch_add_cut(&segments,
                      dp_packet_clone_with_headroom(
                          packet, dp_packet_headroom(packet)));
    for (size_t i = 0; i < segments.count; i++) {
        dp_packet_ol_send_prepare(segments.packets[i], 0);
    }
    last = segments.count - 1;
    for (size_t i = 0; i < last; i++) {
        segments.packets[i]->md = packet->md;
        stt_batch_add(others, segments.packets[i]);
    }
    replace_data(packet, segments.packets[last]);
    stt_forget_offload(packet);
    dp_packet_delete(segments.packets[last]);
    stt_batch_uninit(&segments);
}

/* Called before the packets of 'batch' leave through a port.  Drops those that
 * are refused. */
void
packet_offload_sending(struct dp_packet_batch *batch)
{
    size_t size = dp_packet_batch_size(batch);
    struct dp_packet *packet;
    size_t i;

    DP_PACKET_BATCH_REFILL_FOR_EACH (i, size, packet, batch) {
        if (packet_offload_confirm(packet)) {
            dp_packet_batch_add(batch, packet);
        } else {
            dp_packet_delete(packet);
        }
    }
}

/* Puts the packets of 'from' into 'to', whose own ones the caller has taken, and
 * drops those for which there is no room: an older release's batch cannot hold
 * what a super-packet was cut into, and here nobody would take the rest. */
static void
hand_over_only(struct stt_batch *from, struct dp_packet_batch *to)
{
    while (from->count > STT_MAX_BATCH) {
        packet_drop(from->packets[--from->count], PACKET_DROP_LENGTH);
    }
    stt_batch_hand_over(from, to);
}

/* Returns true if a packet can still have unfinished checksums, or be a
 * super-packet, when the header 'data' is in front of it.  Not if that has a
 * checksum of GRE, which is computed when it is pushed, over all that follows;
 * and nothing describes what is in other tunnels than these. */
static bool
describes_inner(const struct ovs_action_push_tnl *data)
{
    const uint8_t *header = (const uint8_t *) data->header;
    size_t ip_length = IP_HEADER_LEN;
    ovs_be16 gre_flags;

    switch (data->tnl_type) {
    case OVS_VPORT_TYPE_VXLAN:
    case OVS_VPORT_TYPE_GENEVE:
        return true;

    case OVS_VPORT_TYPE_IP6GRE:
        ip_length = IPV6_HEADER_LEN;
        /* fall through */
    case OVS_VPORT_TYPE_GRE:
        memcpy(&gre_flags, header + ETH_HEADER_LEN + ip_length,
               sizeof gre_flags);
        return !(gre_flags & htons(GRE_CSUM));

    default:
        return false;
    }
}

/* Returns true if Open vSwitch can push the header 'data' onto the super-packet
 * 'packet' as it is. */
static bool
takes_super_packet(const struct ovs_action_push_tnl *data,
                   struct dp_packet *packet)
{
    return describes_inner(data)
           && !dp_packet_tunnel(packet)
           && dp_packet_size(packet) + data->header_len <= PACKET_MAX_LEN;
}

/* Prepares 'packet', whose offload state is confirmed, for the header 'data' of
 * a tunnel that is not STT's, and adds what comes of it to 'out', or drops
 * it. */
static void
prepare_push(struct dp_packet *packet, const struct ovs_action_push_tnl *data,
             struct stt_batch *out)
{
    size_t first = out->count;
    size_t n = first;

    if (stt_get_tso_segsz(packet) && !takes_super_packet(data, packet)) {
        stt_batch_add_cut(out, packet);
    } else {
        stt_batch_add(out, packet);
    }
    for (size_t i = first; i < out->count; i++) {
        packet = out->packets[i];
        if (dp_packet_size(packet) + data->header_len > PACKET_MAX_LEN) {
            packet_drop(packet, PACKET_DROP_LENGTH);
            continue;
        }
        if (!describes_inner(data)) {
            /* State that stays would be taken for the tunnel's own. */
            dp_packet_ol_send_prepare(packet, 0);
            stt_forget_offload(packet);
        } else if (dp_packet_l2_pad_size(packet)) {
            /* Once it is in a tunnel, nobody knows padding from payload. */
            dp_packet_ol_send_prepare(packet, 0);
        }
        if (dp_packet_headroom(packet) < data->header_len) {
            packet = packet_make_room(packet, MAX(data->header_len,
                                                  PACKET_HEADROOM));
        }
        out->packets[n++] = packet;
    }
    out->count = n;
}

/* Called before the header 'data' is pushed onto the packets of 'batch'.  Drops
 * those that are refused or too long, and cuts those that only then can go into
 * a tunnel.  STT's own push does the latter two itself. */
void
packet_offload_pushing(struct dp_packet_batch *batch,
                       const struct ovs_action_push_tnl *data)
{
    struct dp_packet *packet;
    struct stt_batch out;

    packet_offload_sending(batch);
    if (data->tnl_type == OVS_VPORT_TYPE_STT) {
        return;
    }
    stt_batch_init(&out);
    DP_PACKET_BATCH_FOR_EACH (i, packet, batch) {
        prepare_push(packet, data, &out);
    }
    hand_over_only(&out, batch);
}

/* Called before the headers of a tunnel are popped from the packets of 'batch'.
 * What is unfinished behind them is finished, as it would be forgotten: Open
 * vSwitch itself put it there, on its way out to another port of this host. */
void
packet_offload_popping(struct dp_packet_batch *batch)
{
    size_t size = dp_packet_batch_size(batch);
    struct dp_packet *packet;
    struct stt_batch out;

    DP_PACKET_BATCH_FOR_EACH (i, packet, batch) {
        if (OVS_UNLIKELY(dp_packet_tunnel(packet))) {
            size = 0;
        }
    }
    if (OVS_LIKELY(size)) {
        return;
    }
    packet_offload_sending(batch);
    stt_batch_init(&out);
    DP_PACKET_BATCH_FOR_EACH (i, packet, batch) {
        if (dp_packet_tunnel(packet)) {
            packet_offload_finish(packet, &out);
        }
        stt_batch_add(&out, packet);
    }
    hand_over_only(&out, batch);
}
