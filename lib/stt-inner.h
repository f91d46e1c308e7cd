/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef STT_INNER_H
#define STT_INNER_H 1

/* The inner packet, as far as offloads depend on it
 * =================================================
 *
 * STT's frame header describes a checksum and a segmentation that are still to
 * be done for the inner packet.  A sender must describe only what is true, and
 * a receiver must believe only what it has seen in the packet itself, because
 * its own hardware and kernel will act on the description (CVE-2023-54051).
 * Both look through the eyes of stt_inner_read(). */

#include "stt-platform.h"

#define STT_ETHERNET_HEADER_LEN 14

/* Without options. */
#define STT_TCP_HEADER_LEN 20

/* Where their checksums are in the headers of layer 4, in bytes. */
#define STT_TCP_CHECKSUM 16
#define STT_UDP_CHECKSUM 6

#define STT_IPPROTO_TCP 6
#define STT_IPPROTO_UDP 17

/* stt_inner_read() needs no more of a packet than this: an Ethernet header, two
 * VLAN tags, the longest IP header and a TCP header without options. */
#define STT_INNER_HEADERS_LEN (STT_ETHERNET_HEADER_LEN + 2 * 4 + 60 \
                               + STT_TCP_HEADER_LEN)

/* An inner packet that is TCP or UDP directly over IPv4 or IPv6.  Offsets are
 * in bytes from the start of the Ethernet header. */
struct stt_inner {
    bool ipv4;                  /* IPv4 if true, else IPv6. */
    uint8_t protocol;           /* STT_IPPROTO_TCP or STT_IPPROTO_UDP. */
    uint8_t n_tags;             /* VLAN tags in front of the IP header. */
    uint16_t l3_offset;         /* Of the IP header. */
    uint16_t l4_offset;         /* Of the TCP or UDP header. */
    uint16_t payload_offset;    /* Of the TCP or UDP payload. */
    uint32_t end;               /* Of the IP packet; padding follows. */
};

bool stt_inner_read(const void *packet, size_t available, size_t length,
                    struct stt_inner *);

/* Returns how far from the start of a header of 'protocol', STT_IPPROTO_TCP or
 * STT_IPPROTO_UDP, its checksum is, in bytes. */
static inline uint16_t
stt_inner_checksum_offset(uint8_t protocol)
{
    return protocol == STT_IPPROTO_TCP ? STT_TCP_CHECKSUM : STT_UDP_CHECKSUM;
}

#endif /* stt-inner.h */
