/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "vnet-header.h"

#include <errno.h>
#include <linux/virtio_net.h>
#include <netinet/in.h>

#include "crc32c.h"
#include "csum.h"
#include "dp-packet.h"
#include "flow.h"
#include "openvswitch/vlog.h"
#include "packet-cut.h"
#include "packet-drops.h"
#include "packet-layers.h"
#include "packet-offload.h"
#include "packets.h"
#include "stt-batch.h"
#include "stt-compat.h"
#include "stt-inner.h"
#include "stt-platform.h"
#include "userspace-tso.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(vnet_header);

/* What Linux says of UDP_SEGMENT; older headers lack it. */
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

/* Offsets of checksums in their headers. */
enum {
    SCTP_CHECKSUM = 8,
};

enum { TCP_FLAGS_LOW = 13, TCP_FLAG_CWR = 0x80 };

/* A header that waits to be applied.  It lies where a packet's metadata will be,
 * which begin with zeros in a new packet. */
struct taken {
    uint32_t here;              /* TAKEN. */
    uint16_t gso_size;
    uint16_t csum_start;
    uint16_t csum_offset;
    uint8_t flags;
    uint8_t gso_type;
    uint32_t size;              /* Of the packet, without the header. */
};
BUILD_ASSERT_DECL(sizeof(struct taken)
                  <= MEMBER_SIZEOF(struct dp_packet, data));

#define TAKEN UINT32_C(0x564e4554)

/* Takes the virtio_net_hdr from the front of 'packet', which was just read, and
 * keeps it for vnet_header_apply().  Returns 0, or EINVAL if there is none, or
 * no Ethernet header behind it. */
int
vnet_header_take(struct dp_packet *packet)
{
    struct virtio_net_hdr header;
    struct taken taken;

    if (dp_packet_size(packet) < sizeof header + ETH_HEADER_LEN) {
        packet_drop_count(PACKET_DROP_VNET_HEADER);
        return EINVAL;
    }
    memcpy(&header, dp_packet_pull(packet, sizeof header), sizeof header);
    taken = (struct taken) {
        .here = TAKEN,
        .gso_size = (OVS_FORCE uint16_t) header.gso_size,
        .csum_start = (OVS_FORCE uint16_t) header.csum_start,
        .csum_offset = (OVS_FORCE uint16_t) header.csum_offset,
        .flags = header.flags,
        .gso_type = header.gso_type,
        .size = dp_packet_size(packet),
    };
    memcpy(packet->data, &taken, sizeof taken);
    return 0;
}

/* Returns true if there is a whole SCTP packet at 'start' in 'packet', and stores
 * where it ends in '*end'.  The IP header in front of it is told by its lengths
 * and protocol, whatever tunnel of the guest's it is in. */
static bool
has_sctp_at(const struct dp_packet *packet, size_t start, size_t *end)
{
    for (size_t length = IP_HEADER_LEN; length <= 60; length += 4) {
        struct packet_ip ip;

        if (start >= ETH_HEADER_LEN + length
            && packet_read_ip(packet, start - length, &ip)
            && ip.l4_offset == start && ip.protocol == IPPROTO_SCTP
            && packet_l4_header_len(packet, &ip)) {
            *end = ip.end;
            return true;
        }
    }
    return false;
}

/* Completes the checksum of 'packet' as the device would for which the guest's
 * kernel has left it: over everything from 'start' on, into the 16 bits 'offset'
 * bytes behind that, which hold the sum of the pseudo header.  That of SCTP is
 * another one, of 32 bits. */
static bool
finish_checksum(struct dp_packet *packet, size_t start, size_t offset)
{
    uint8_t *data = dp_packet_data(packet);
    size_t size = dp_packet_size(packet);
    ovs_be16 checksum;
    size_t end;

    if (start + offset + sizeof checksum > size) {
        return false;
    }
    if (offset == SCTP_CHECKSUM && has_sctp_at(packet, start, &end)) {
        ovs_be32 crc = 0;

        memcpy(data + start + offset, &crc, sizeof crc);
        crc = crc32c(data + start, end - start);
        memcpy(data + start + offset, &crc, sizeof crc);
        return true;
    }
    checksum = csum(data + start, size - start);
    if (!checksum) {
        checksum = OVS_BE16_MAX;
    }
    memcpy(data + start + offset, &checksum, sizeof checksum);
    return true;
}

/* Returns true if Open vSwitch can describe what 'taken' leaves unfinished of
 * the packet 'inner'.  It looks through a limited number of VLAN tags. */
static bool
is_describable(const struct stt_inner *inner, const struct taken *taken)
{
    return inner->n_tags <= flow_vlan_limit
           && inner->l4_offset == taken->csum_start
           && taken->csum_offset == stt_inner_checksum_offset(inner->protocol);
}

/* Gives 'packet' the state of one whose checksum is unfinished and which is, if
 * 'segment_size' is not 0, to be cut into segments with that many bytes of
 * payload. */
static void
set_state(struct dp_packet *packet, const struct stt_inner *inner,
          uint16_t segment_size)
{
    packet_offload_describe(packet, inner->l3_offset, inner->l4_offset,
                            inner->protocol,
                            dp_packet_size(packet) - inner->end, segment_size);
}

/* Applies 'taken' to the super-packet 'packet', and adds what comes of it to
 * 'out', which takes ownership.  Returns false if the two do not fit. */
static bool
apply_to_super_packet(struct dp_packet *packet, const struct taken *taken,
                      struct stt_batch *out)
{
    size_t size = dp_packet_size(packet);
    const uint8_t *data = dp_packet_data(packet);
    uint8_t type = taken->gso_type & ~VIRTIO_NET_HDR_GSO_ECN;
    struct packet_cut cut = {
        .l4_offset = taken->csum_start,
        .segment_size = taken->gso_size,
        .cwr_once = (taken->gso_type & VIRTIO_NET_HDR_GSO_ECN) != 0,
    };
    struct stt_inner inner;
    bool plain;

    switch (type) {
    case VIRTIO_NET_HDR_GSO_TCPV4:
    case VIRTIO_NET_HDR_GSO_TCPV6:
        cut.protocol = IPPROTO_TCP;
        break;

    case VIRTIO_NET_HDR_GSO_UDP_L4:
        cut.protocol = IPPROTO_UDP;
        break;

    default:
        return false;
    }
    if (!(taken->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
        || taken->csum_offset != stt_inner_checksum_offset(cut.protocol)) {
        /* Nothing says where its layer 4 is. */
        return false;
    }

    plain = stt_inner_read(data, size, size, &inner)
            && inner.protocol == cut.protocol && is_describable(&inner, taken);
    if (plain && cut.protocol == IPPROTO_TCP && inner.end == size
        && !(data[inner.l4_offset + TCP_FLAGS_LOW] & TCP_FLAG_CWR)) {
        size_t payload = inner.end - inner.payload_offset;

        if (!taken->gso_size
            || DIV_ROUND_UP(payload, taken->gso_size) > PACKET_MAX_SEGMENTS) {
            return false;
        }
        set_state(packet, &inner, payload > taken->gso_size
                                  ? taken->gso_size : 0);
        stt_batch_add(out, packet);
        return true;
    }

    cut.finish = !plain;
    if (!packet_cut(packet, &cut, out)) {
        return false;
    }
    dp_packet_delete(packet);
    return true;
}

/* Applies 'taken' to 'packet', and adds what comes of it to 'out', which takes
 * ownership.  Returns false if the two do not fit. */
static bool
apply(struct dp_packet *packet, struct taken *taken, struct stt_batch *out)
{
    size_t size = dp_packet_size(packet);
    struct stt_inner inner;

    /* A tag that was put back is in front of all that the header speaks of. */
    taken->csum_start += size - taken->size;

    if (taken->gso_type != VIRTIO_NET_HDR_GSO_NONE) {
        return apply_to_super_packet(packet, taken, out);
    }
    if (taken->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
        if (stt_inner_read(dp_packet_data(packet), size, size, &inner)
            && is_describable(&inner, taken)) {
            set_state(packet, &inner, 0);
        } else if (!finish_checksum(packet, taken->csum_start,
                                    taken->csum_offset)) {
            return false;
        }
    }
    stt_batch_add(out, packet);
    return true;
}

/* Applies the headers that vnet_header_take() has taken from the packets of
 * 'batch', and puts what comes of them in their place.  What 'batch' has no room
 * for waits for stt_take_rest(), which the same thread must call next.  Returns
 * the number of packets that were dropped because their headers do not fit. */
uint64_t
vnet_header_apply(struct dp_packet_batch *batch)
{
    uint64_t dropped = 0;
    struct dp_packet *packet;
    struct stt_batch out;

    stt_batch_init(&out);
    DP_PACKET_BATCH_FOR_EACH (i, packet, batch) {
        struct taken taken;

        memcpy(&taken, packet->data, sizeof taken);
        if (taken.here != TAKEN) {
            stt_batch_add(&out, packet);
            continue;
        }
        memset(packet->data, 0, sizeof taken);
        if (!apply(packet, &taken, &out)) {
            packet_drop(packet, PACKET_DROP_VNET_HEADER);
            dropped++;
        }
    }
    stt_batch_hand_over_received(&out, batch);
    return dropped;
}

/* Called when a packet could not be received from the device 'netdev_name'
 * because of 'error', a positive errno value.  Returns the number of packets
 * that are lost by that: the kernel refuses to hand over one whose segmentation
 * a virtio_net_hdr has no word for, such as SCTP's. */
uint64_t
vnet_header_failed(const char *netdev_name, int error)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);

    if (error != EINVAL || !userspace_tso_enabled()) {
        return 0;
    }
    packet_drop_count(PACKET_DROP_VNET_HEADER);
    VLOG_WARN_RL(&rl, "%s: lost a super-packet of a kind that Linux cannot hand "
                 "over; in the guest, \"ethtool -K DEVICE tx-sctp-segmentation "
                 "off\" or the like may help", netdev_name);
    return 1;
}
