/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#include "stt-segment.h"

#include "stt-frame.h"

/* Layout of the TCP-like header (RFC 9293, section 3.1). */
enum {
    SOURCE_PORT = 0,
    DESTINATION_PORT = 2,
    SEQUENCE = 4,
    ACKNOWLEDGMENT = 8,
    DATA_OFFSET = 12,           /* In 32-bit words, in the high 4 bits. */
    FLAGS = 13,
    WINDOW = 14,
    CHECKSUM = 16,
    URGENT_POINTER = 18,
};

enum {
    FLAG_PSH = 0x08,
    FLAG_ACK = 0x10,
};

enum {
    IPV4_HEADER_LEN = 20,
    IPV6_HEADER_LEN = 40,
};

/* Writes the TCP-like header of 'segment' into 'header'.  'segment->length' is
 * not looked at, as the header does not say it.  The checksum is left at 0 for
 * the caller, who knows the outer addresses and whether a NIC will fill it in.
 *
 * PSH is set: segmentation offload clears it in all segments of a frame but
 * the last, and generic receive offload ends a packet at it, which is how a
 * receiver gets frames joined again, yet never two frames in one packet. */
void
stt_segment_write(uint8_t header[STT_SEGMENT_HEADER_LEN],
                  const struct stt_segment *segment)
{
    stt_put_be16(header + SOURCE_PORT, segment->source_port);
    stt_put_be16(header + DESTINATION_PORT, segment->destination_port);
    stt_put_be16(header + SEQUENCE, segment->frame_length);
    stt_put_be16(header + SEQUENCE + 2, segment->offset);
    stt_put_be32(header + ACKNOWLEDGMENT, segment->frame_id);
    header[DATA_OFFSET] = (STT_SEGMENT_HEADER_LEN / 4) << 4;
    header[FLAGS] = FLAG_ACK | FLAG_PSH;
    stt_put_be16(header + WINDOW, 0xffff);
    stt_put_be16(header + CHECKSUM, 0);
    stt_put_be16(header + URGENT_POINTER, 0);
}

/* Reads the TCP-like header at the start of the 'length' bytes at 'data', which
 * reach to the end of the IP payload, into '*segment'.
 *
 * Returns STT_DROP_NONE, or the reason to drop the packet.  The values in
 * '*segment' are what the sender claims: only stt_segment_check() makes them
 * safe to use, and it comes after the checksum was verified. */
enum stt_drop
stt_segment_read(const void *data, size_t length, struct stt_segment *segment)
{
    const uint8_t *header = data;

    if (length < STT_SEGMENT_HEADER_LEN) {
        return STT_DROP_TRUNCATED;
    }
    if (header[DATA_OFFSET] >> 4 != STT_SEGMENT_HEADER_LEN / 4) {
        return STT_DROP_DATA_OFFSET;
    }

    segment->source_port = stt_get_be16(header + SOURCE_PORT);
    segment->destination_port = stt_get_be16(header + DESTINATION_PORT);
    segment->frame_length = stt_get_be16(header + SEQUENCE);
    segment->offset = stt_get_be16(header + SEQUENCE + 2);
    segment->frame_id = stt_get_be32(header + ACKNOWLEDGMENT);
    segment->length = length - STT_SEGMENT_HEADER_LEN;
    return STT_DROP_NONE;
}

/* Checks that 'segment' lies within its frame and that the frame is long enough
 * to hold an STT frame header and an Ethernet header.  Returns STT_DROP_NONE,
 * or the reason to drop the segment.
 *
 * Some NICs end a frame whose length is a multiple of the segment size with a
 * segment without payload.  It is dropped by itself and harms no frame. */
enum stt_drop
stt_segment_check(const struct stt_segment *segment)
{
    if (!segment->length) {
        return STT_DROP_EMPTY;
    }
    if (segment->frame_length < STT_MIN_FRAME_LEN) {
        return STT_DROP_FRAME_LENGTH;
    }
    if (segment->length > segment->frame_length
        || segment->offset > segment->frame_length - segment->length) {
        return STT_DROP_BOUNDS;
    }
    return STT_DROP_NONE;
}

/* Returns the most payload that one segment can carry over a path with an MTU
 * of 'path_mtu' bytes, with an IPv6 outer header if 'ipv6' is true, else an
 * IPv4 outer header without options.  Returns 0 if there is no room for any. */
uint32_t
stt_segment_size(uint32_t path_mtu, bool ipv6)
{
    uint32_t headers = ((ipv6 ? IPV6_HEADER_LEN : IPV4_HEADER_LEN)
                        + STT_SEGMENT_HEADER_LEN);

    return path_mtu > headers ? path_mtu - headers : 0;
}

/* Returns the number of segments that a frame of 'frame_length' bytes is cut
 * into when each carries up to 'segment_size' bytes, or 0 if that is not
 * possible: no room for payload, or more than STT_MAX_SEGMENTS. */
uint32_t
stt_segment_count(uint32_t frame_length, uint32_t segment_size)
{
    uint32_t n;

    if (!segment_size) {
        return 0;
    }
    n = frame_length / segment_size + (frame_length % segment_size != 0);
    return n <= STT_MAX_SEGMENTS ? n : 0;
}
