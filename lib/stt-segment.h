/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef STT_SEGMENT_H
#define STT_SEGMENT_H 1

/* Segments: the TCP-like header and what follows from it
 * =======================================================
 *
 * A frame travels as one or more segments.  Each segment starts with a header
 * in the form of a TCP header (draft-davie-stt-08), whose sequence
 * number carries the frame's length in its high 16 bits and the segment's
 * offset in the frame in its low 16 bits.  That is what makes TCP segmentation
 * offload produce valid segments: it adds the bytes already sent to the
 * sequence number, which is just the next offset.
 *
 * All numbers here are in host byte order and all lengths in bytes. */

#include "stt-drop.h"
#include "stt-platform.h"

#define STT_DEFAULT_PORT 7471       /* Assigned by IANA. */
#define STT_SEGMENT_HEADER_LEN 20   /* The TCP-like header, without options. */

/* Most segments that one frame may consist of.  This bounds what it costs to put
 * one in its place among the others (CVE-2018-5390 came from a list of them
 * without a bound), and what there is to do when a frame ends.  A frame of maximum
 * length still passes a path MTU of 300. */
#define STT_MAX_SEGMENTS 256

/* Frame id and position of one segment, or of several adjacent ones of a frame
 * that generic receive offload has joined. */
struct stt_segment {
    uint16_t source_port;       /* Entropy: a hash of the inner flow. */
    uint16_t destination_port;  /* Selects the STT port. */
    uint32_t frame_id;          /* Same in all segments of a frame. */
    uint16_t frame_length;      /* STT frame header and inner packet. */
    uint16_t offset;            /* Of the payload within the frame. */
    uint32_t length;            /* Of the payload. */
};

void stt_segment_write(uint8_t header[STT_SEGMENT_HEADER_LEN],
                       const struct stt_segment *);
enum stt_drop stt_segment_read(const void *, size_t length,
                               struct stt_segment *);
enum stt_drop stt_segment_check(const struct stt_segment *);

uint32_t stt_segment_size(uint32_t path_mtu, bool ipv6);
uint32_t stt_segment_count(uint32_t frame_length, uint32_t segment_size);

/* Returns true if 'segment', which must have passed stt_segment_check(), is a
 * whole frame and thus needs no reassembly. */
static inline bool
stt_segment_is_frame(const struct stt_segment *segment)
{
    return segment->length == segment->frame_length;
}

#endif /* stt-segment.h */
