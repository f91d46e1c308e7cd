/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef STT_FRAME_H
#define STT_FRAME_H 1

/* Frames: the STT frame header and the inner packet behind it
 * ===========================================================
 *
 * A frame is the 18-byte STT frame header (draft-davie-stt-08)
 * followed by one inner Ethernet packet without frame check sequence.
 *
 * To send, describe the inner packet's unfinished checksum and segmentation
 * with stt_frame_describe(), add VLAN tag and Context ID, and write the header.
 * To receive, read the header, then let stt_frame_check_offload() compare what
 * it claims with the inner packet.
 *
 * A host whose packets are not contiguous needs to have only the headers of the
 * inner packet at hand.
 *
 * All numbers here are in host byte order and all lengths in bytes. */

#include "stt-drop.h"
#include "stt-inner.h"
#include "stt-platform.h"

#define STT_FRAME_HEADER_LEN 18
#define STT_MIN_FRAME_LEN (STT_FRAME_HEADER_LEN + STT_ETHERNET_HEADER_LEN)
#define STT_MAX_FRAME_LEN 65535

#define STT_VERSION 0

/* The farthest that the inner TCP or UDP header can be from the inner packet's
 * start: its offset is one byte. */
#define STT_MAX_L4_OFFSET 255

/* Flags in the frame header. */
#define STT_FLAG_VERIFIED 0x01  /* Inner checksum was verified. */
#define STT_FLAG_PARTIAL  0x02  /* Inner checksum is still to be completed. */
#define STT_FLAG_IPV4     0x04  /* With PARTIAL: inner packet is IPv4. */
#define STT_FLAG_TCP      0x08  /* With PARTIAL: inner packet is TCP. */

/* Bounds on the MSS of a super-packet.  The lower one keeps packets from being
 * mostly headers (CVE-2019-11477); the upper one keeps clear of the kernel's
 * special value 0xffff (CVE-2023-54051). */
#define STT_MIN_MSS 64
#define STT_MAX_MSS (STT_MAX_FRAME_LEN - 1)

/* Most packets that a super-packet may be cut into, so that whoever sends one
 * frame cannot make the receiver handle a thousand.  An MSS of 256 always
 * passes, which is what an MTU of 296 leaves, the smallest that is in use
 * (RFC 1191, section 7.1); with TCP's default of 536 a frame has 122 pieces.
 * A smaller MSS passes with less payload, as TCP has it at a low rate. */
#define STT_MAX_PIECES 256

/* Contents of the STT frame header. */
struct stt_frame {
    uint8_t flags;              /* STT_FLAG_*. */
    uint8_t l4_offset;          /* With PARTIAL, else 0. */
    uint16_t mss;               /* Of a TCP super-packet, else 0. */
    bool has_vlan;              /* Was there an 802.1Q tag? */
    uint16_t vlan;              /* If so, its PCP, in the high 3 bits, and VLAN
                                 * id, in the low 12 bits. */
    uint64_t context_id;        /* OVS's tunnel ID. */
};

void stt_frame_write(uint8_t header[STT_FRAME_HEADER_LEN],
                     const struct stt_frame *);
enum stt_drop stt_frame_read(const void *, size_t length, struct stt_frame *);

/* The fields of an STT frame header as they came, for those who show it. */
struct stt_frame_view {
    uint8_t version;            /* STT_VERSION if it is known. */
    uint8_t flags;              /* STT_FLAG_*, and others. */
    uint8_t l4_offset;
    uint8_t reserved;
    uint16_t mss;
    uint16_t vlan;              /* PCP, valid bit (0x1000), VLAN id. */
    uint64_t context_id;
    uint16_t padding;
};

void stt_frame_look(const void *header, struct stt_frame_view *);

/* What a packet's sender has left to the device, in bytes. */
struct stt_unfinished {
    uint32_t checksum_start;    /* The checksum is over all from here on, ... */
    uint16_t checksum_offset;   /* ... and goes so far behind that. */
    uint16_t mss;               /* If not 0, the packet is a TCP super-packet, to
                                 * be cut into packets with so much payload. */
};

bool stt_frame_describe(const void *packet, size_t available, size_t length,
                        const struct stt_unfinished *, struct stt_frame *);
bool stt_frame_has_cwr(const void *packet, const struct stt_inner *);
enum stt_drop stt_frame_check_offload(const void *packet, size_t available,
                                      size_t length, struct stt_frame *,
                                      struct stt_inner *);

#endif /* stt-frame.h */
