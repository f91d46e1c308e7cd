/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DUMP_OUTER_H
#define DUMP_OUTER_H 1

/* The outer headers of a captured packet
 * ======================================
 *
 * From the link layer to the TCP-like header, for all kinds of links on which
 * STT is captured.  All lengths are in bytes, numbers in host byte order. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTER_MAX_TAGS 4

/* What a packet is. */
enum outer_kind {
    OUTER_OTHER,                /* Nothing that could be STT. */
    OUTER_SHORT,                /* Cut short by the capture before this could
                                 * be known. */
    OUTER_BAD,                  /* Its IP header is not well-formed. */
    OUTER_FRAGMENT,             /* A fragment of an IP packet with TCP: not the
                                 * first one, so there are no ports. */
    OUTER_TCP,                  /* TCP, with at least the ports captured. */
};

/* A captured packet, from the outside to the TCP-like header.  Pointers point
 * into the packet. */
struct outer {
    enum outer_kind kind;
    const uint8_t *ethernet;    /* Ethernet header, or NULL. */
    uint8_t n_tags;             /* VLAN tags behind the link-layer header. */
    struct {
        uint16_t tpid;
        uint16_t tci;
    } tags[OUTER_MAX_TAGS];
    uint16_t ethertype;         /* Of what follows the tags. */

    /* From OUTER_BAD on. */
    const uint8_t *ip;          /* IP header. */
    uint32_t ip_captured;       /* Bytes captured of it and what follows. */
    uint8_t version;            /* 4 or 6. */
    uint8_t addresses[2][16];   /* Source and destination; IPv4 addresses are
                                 * mapped into IPv6. */

    /* From OUTER_FRAGMENT on. */
    bool first_fragment;        /* The first one of several fragments. */
    uint32_t fragment_offset;
    const uint8_t *l4;          /* TCP-like header. */
    uint32_t l4_length;         /* From there to the end of the IP packet. */
    uint32_t l4_captured;       /* How much of that was captured. */
};

/* A way in which the checksum of a TCP-like header can be. */
enum outer_checksum {
    CHECKSUM_GOOD,
    CHECKSUM_PARTIAL,           /* The pseudo-header's sum, for a NIC to
                                 * finish: captured at the sender, or joined
                                 * by the receiver's GRO. */
    CHECKSUM_BAD,
    CHECKSUM_UNKNOWN,           /* Not all of the segment was captured. */
};

bool outer_link_is_supported(int dlt);
void outer_read(int dlt, const uint8_t *packet, uint32_t captured,
                uint32_t length, struct outer *);
enum outer_checksum outer_check(const struct outer *, uint16_t *expected);
bool outer_format_addresses(const uint8_t source[16],
                            const uint8_t destination[16],
                            const char *texts[2]);

#endif /* dump-outer.h */
