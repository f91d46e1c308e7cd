/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_LAYERS_H
#define PACKET_LAYERS_H 1

/* Where a packet's headers are, by our own parse
 * ==============================================
 *
 * Open vSwitch's helpers for checksums and segmentation take a packet's stored
 * offsets for granted.  These functions find the same places in the packet's
 * bytes, and compare every length with what there is, so that a helper is only
 * called for what they have confirmed.
 *
 * Offsets and lengths are in bytes, from the packet's start. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dp_packet;

/* Most packets that a super-packet may be cut into.  Linux's least MSS, 48
 * bytes, makes no more of 64 kB; without a bound, a guest's single packet could
 * become 65,000 (CVE-2019-11477). */
#define PACKET_MAX_SEGMENTS (UINT16_MAX / 48 + 1)

/* An IP header, and what follows it. */
struct packet_ip {
    uint16_t offset;            /* Of the IP header. */
    bool ipv4;                  /* IPv4 if true, else IPv6. */
    bool fragment;              /* Not the whole of an IP packet. */
    uint8_t protocol;           /* Behind all extension headers. */
    uint16_t l4_offset;         /* Of the header of 'protocol'. */
    uint32_t end;               /* Of the IP packet; padding follows. */
};

bool packet_find_ip(const struct dp_packet *, size_t *offset);
bool packet_read_ip(const struct dp_packet *, size_t offset,
                    struct packet_ip *);
size_t packet_l4_header_len(const struct dp_packet *,
                            const struct packet_ip *);

#endif /* packet-layers.h */
