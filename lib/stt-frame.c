/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#include "stt-frame.h"

/* Layout of the STT frame header. */
enum {
    VERSION = 0,
    FLAGS = 1,
    L4_OFFSET = 2,
    RESERVED = 3,
    MSS = 4,
    VLAN = 6,
    CONTEXT_ID = 8,
    PADDING = 16,
};

/* Bits of the VLAN field. */
enum {
    VLAN_VALID = 0x1000,
    VLAN_TCI = 0xefff,          /* PCP and VLAN id. */
};

/* Fields of inner headers. */
enum {
    TCP_FLAGS_LOW = 13,
    TCP_FLAG_CWR = 0x80,
};

/* Writes the frame header that 'frame' describes into 'header'. */
void
stt_frame_write(uint8_t header[STT_FRAME_HEADER_LEN],
                const struct stt_frame *frame)
{
    header[VERSION] = STT_VERSION;
    header[FLAGS] = frame->flags;
    header[L4_OFFSET] = frame->l4_offset;
    header[RESERVED] = 0;
    stt_put_be16(header + MSS, frame->mss);
    stt_put_be16(header + VLAN, (frame->has_vlan
                                 ? VLAN_VALID | (frame->vlan & VLAN_TCI)
                                 : 0));
    stt_put_be64(header + CONTEXT_ID, frame->context_id);
    stt_put_be16(header + PADDING, 0);
}

/* Reads the frame header at the start of the 'length' bytes at 'data' into
 * '*frame'.  Returns STT_DROP_NONE, or the reason to drop the frame.  Flags, L4
 * offset and MSS are what the sender claims, to be believed only after
 * stt_frame_check_offload().
 *
 * The sender of OVS 2.17 leaves the valid bit of the VLAN field clear on newer
 * kernels, so there any field that is not zero is a tag. */
enum stt_drop
stt_frame_read(const void *data, size_t length, struct stt_frame *frame)
{
    const uint8_t *header = data;
    uint16_t vlan;

    if (length < STT_MIN_FRAME_LEN) {
        return STT_DROP_FRAME_LENGTH;
    }
    if (header[VERSION] != STT_VERSION) {
        return STT_DROP_VERSION;
    }
    vlan = stt_get_be16(header + VLAN);

    frame->flags = header[FLAGS];
    frame->l4_offset = header[L4_OFFSET];
    frame->mss = stt_get_be16(header + MSS);
    frame->has_vlan = vlan != 0;
    frame->vlan = vlan & VLAN_TCI;
    frame->context_id = stt_get_be64(header + CONTEXT_ID);
    return STT_DROP_NONE;
}

/* Stores in '*view' what the STT_FRAME_HEADER_LEN bytes of the frame header at
 * 'header' say, and judges nothing: any bytes may be there, and what they
 * claim about the inner packet may be wrong.  The layout is that of
 * draft-davie-stt-08.  Who wants to use the frame calls stt_frame_read()
 * instead. */
void
stt_frame_look(const void *header_, struct stt_frame_view *view)
{
    const uint8_t *header = header_;

    view->version = header[VERSION];
    view->flags = header[FLAGS];
    view->l4_offset = header[L4_OFFSET];
    view->reserved = header[RESERVED];
    view->mss = stt_get_be16(header + MSS);
    view->vlan = stt_get_be16(header + VLAN);
    view->context_id = stt_get_be64(header + CONTEXT_ID);
    view->padding = stt_get_be16(header + PADDING);
}

/* Returns true if the TCP packet 'inner', which stt_inner_read() has read from
 * 'packet', carries the flag CWR.  Of a super-packet's segments only the first
 * one is to have that by RFC 3168, but each one with accurate ECN (RFC 9768),
 * and the frame header cannot say which. */
bool
stt_frame_has_cwr(const void *packet, const struct stt_inner *inner)
{
    const uint8_t *tcp = (const uint8_t *) packet + inner->l4_offset;

    return (tcp[TCP_FLAGS_LOW] & TCP_FLAG_CWR) != 0;
}

/* Returns true if the checksum of the IPv4 header of 'inner', which
 * stt_inner_read() has read from 'packet', is right. */
static bool
has_good_header(const void *packet, const struct stt_inner *inner)
{
    const uint8_t *ip = (const uint8_t *) packet + inner->l3_offset;
    size_t length = inner->l4_offset - inner->l3_offset;
    uint32_t sum = 0;
    size_t i;

    for (i = 0; i < length; i += 2) {
        sum += stt_get_be16(ip + i);
    }
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return sum == 0xffff;
}

/* Returns true if a super-packet, which 'inner' describes, may be cut into
 * packets with 'mss' bytes of payload. */
static bool
is_good_mss(const struct stt_inner *inner, uint16_t mss)
{
    uint32_t payload = inner->end - inner->payload_offset;

    return mss >= STT_MIN_MSS && mss <= STT_MAX_MSS
           && payload <= (uint32_t) mss * STT_MAX_PIECES;
}

/* Fills in flags, L4 offset and MSS of 'frame' for the inner Ethernet packet of
 * 'length' bytes, whose first 'available' ones are at 'packet', and of which
 * 'unfinished' is still to be done.  The packet must not have the VLAN tag any
 * more that goes into the frame header.
 *
 * Returns true if successful.  Returns false if the header cannot describe the
 * packet, as for a checksum that is not the one of TCP or UDP right behind the
 * outermost IP header: then the caller must complete the checksum and, if it is
 * a super-packet, segment it first, and send what comes of it with these fields
 * 0, which is also how this function leaves them. */
bool
stt_frame_describe(const void *packet, size_t available, size_t length,
                   const struct stt_unfinished *unfinished,
                   struct stt_frame *frame)
{
    uint16_t mss = unfinished->mss;
    struct stt_inner inner;

    frame->flags = 0;
    frame->l4_offset = 0;
    frame->mss = 0;

    /* Receivers of the older implementations look for the IP header right
     * behind the Ethernet header, so a packet that is still tagged must not be
     * described. */
    if (!stt_inner_read(packet, available, length, &inner) || inner.n_tags
        || inner.l4_offset > STT_MAX_L4_OFFSET
        || inner.l4_offset != unfinished->checksum_start
        || unfinished->checksum_offset
           != stt_inner_checksum_offset(inner.protocol)) {
        return false;
    }
    if (mss && (inner.protocol != STT_IPPROTO_TCP || inner.end != length
                || !is_good_mss(&inner, mss)
                || stt_frame_has_cwr(packet, &inner))) {
        return false;
    }

    frame->flags = (STT_FLAG_PARTIAL
                    | (inner.ipv4 ? STT_FLAG_IPV4 : 0)
                    | (inner.protocol == STT_IPPROTO_TCP ? STT_FLAG_TCP : 0));
    frame->l4_offset = inner.l4_offset;
    frame->mss = mss;
    return true;
}

/* Compares what 'frame' claims about the inner Ethernet packet of 'length'
 * bytes, whose first 'available' ones are at 'packet', with the packet itself.
 * Returns STT_DROP_NONE, or the reason to drop the frame.  No claim that is true
 * needs more than frame->l4_offset + STT_TCP_HEADER_LEN bytes.
 *
 * On success, and if the checksum is partial, '*inner' describes the packet and
 * 'frame->mss' is the MSS to segment it with, 0 if it is no super-packet; else
 * '*inner' has no meaning and 'frame->mss' is 0.  Fields that mean something
 * only together with "partial" are ignored without it. */
enum stt_drop
stt_frame_check_offload(const void *packet, size_t available, size_t length,
                        struct stt_frame *frame, struct stt_inner *inner)
{
    if (!(frame->flags & STT_FLAG_PARTIAL)) {
        frame->mss = 0;
        return STT_DROP_NONE;
    }

    if (!stt_inner_read(packet, available, length, inner)
        || frame->l4_offset != inner->l4_offset
        || !(frame->flags & STT_FLAG_IPV4) != !inner->ipv4
        || (!(frame->flags & STT_FLAG_TCP)
            != (inner->protocol != STT_IPPROTO_TCP))) {
        return STT_DROP_OFFLOAD;
    }
    if (frame->mss) {
        if (inner->protocol != STT_IPPROTO_TCP) {
            /* UDP fragmentation by the receiver never became part of STT. */
            return STT_DROP_OFFLOAD;
        }
        if (!is_good_mss(inner, frame->mss)) {
            return STT_DROP_MSS;
        }
        if (inner->end - inner->payload_offset <= frame->mss) {
            /* A single segment, so nothing to cut. */
            frame->mss = 0;
        } else if (inner->end != length) {
            return STT_DROP_OFFLOAD;
        } else if (inner->ipv4 && !has_good_header(packet, inner)) {
            /* Whoever cuts it gives each packet a header with a right
             * checksum, so an error would never be found. */
            return STT_DROP_INNER_CHECKSUM;
        }
    }
    return STT_DROP_NONE;
}
