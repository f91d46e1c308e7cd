/* SPDX-License-Identifier: Apache-2.0 */
#include "dump-outer.h"

#include <arpa/inet.h>
#include <pcap/dlt.h>
#include <string.h>

#include "stt-platform.h"
#include "stt-segment.h"

#ifndef DLT_LINUX_SLL2
#define DLT_LINUX_SLL2 276
#endif

enum {
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_QINQ = 0x88a8,
    ETHERTYPE_OLD_QINQ = 0x9100,
};

enum {
    IPV4_HEADER_LEN = 20,
    IPV6_HEADER_LEN = 40,
};

/* IP protocols and IPv6 extension headers. */
enum {
    HOP_BY_HOP = 0,
    TCP = 6,
    ROUTING = 43,
    FRAGMENT = 44,
    AUTHENTICATION = 51,
    DESTINATION_OPTIONS = 60,
};

/* Offset of the checksum in the TCP-like header. */
enum { CHECKSUM_OFFSET = 16 };

/* In front of an IPv4 address in an IPv6 address. */
static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

/* Returns true if outer_read() knows the libpcap link type 'dlt'. */
bool
outer_link_is_supported(int dlt)
{
    switch (dlt) {
    case DLT_EN10MB:
    case DLT_LINUX_SLL:
    case DLT_LINUX_SLL2:
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
    case DLT_NULL:
    case DLT_LOOP:
        return true;
    default:
        return false;
    }
}

/* Returns the Ethertype for the address family in the header of DLT_NULL and
 * DLT_LOOP.  The number for IPv6 is another one on each system, and in another
 * byte order on some. */
static uint16_t
family_ethertype(uint32_t family)
{
    if (family > 0xffff) {
        family = (family >> 24 | (family >> 8 & 0xff00));
    }
    switch (family) {
    case 2:
        return ETHERTYPE_IPV4;
    case 10:
    case 24:
    case 28:
    case 30:
        return ETHERTYPE_IPV6;
    default:
        return 0;
    }
}

/* Reads the link-layer header.  Returns its length, with 'outer->ethertype'
 * set to what follows, or 0 if there is none; or returns UINT32_MAX if less of
 * it was captured. */
static uint32_t
read_link(int dlt, const uint8_t *p, uint32_t captured, struct outer *outer)
{
    uint32_t length;

    switch (dlt) {
    case DLT_EN10MB:
        length = 14;
        if (captured >= length) {
            outer->ethernet = p;
            outer->ethertype = stt_get_be16(p + 12);
        }
        break;

    case DLT_LINUX_SLL:
        length = 16;
        if (captured >= length) {
            outer->ethertype = stt_get_be16(p + 14);
        }
        break;

    case DLT_LINUX_SLL2:
        length = 20;
        if (captured >= length) {
            outer->ethertype = stt_get_be16(p);
        }
        break;

    case DLT_NULL:
    case DLT_LOOP:
        length = 4;
        if (captured >= length) {
            outer->ethertype = family_ethertype(stt_get_be32(p));
        }
        break;

    default:
        /* An IP header without anything in front. */
        length = 0;
        if (!captured) {
            return UINT32_MAX;
        }
        outer->ethertype = (p[0] >> 4 == 4 ? ETHERTYPE_IPV4
                            : p[0] >> 4 == 6 ? ETHERTYPE_IPV6
                            : 0);
        break;
    }
    return captured >= length ? length : UINT32_MAX;
}

/* Completes 'outer' for TCP, whose header is 'skip' bytes behind the IP
 * header.  'length' is the length of the IP packet. */
static enum outer_kind
read_tcp(uint32_t skip, uint32_t length, struct outer *outer)
{
    uint32_t captured = outer->ip_captured;

    if (captured > length) {
        /* A trailer. */
        captured = length;
    }
    if (skip > captured) {
        return OUTER_SHORT;
    }
    outer->l4 = outer->ip + skip;
    outer->l4_length = length - skip;
    outer->l4_captured = captured - skip;
    if (outer->fragment_offset) {
        return OUTER_FRAGMENT;
    }
    if (outer->l4_captured < 4) {
        return outer->l4_captured < outer->l4_length ? OUTER_SHORT : OUTER_BAD;
    }
    return OUTER_TCP;
}

/* Reads an IPv4 header.  'length' bytes from there on were sent. */
static enum outer_kind
read_ipv4(uint32_t length, struct outer *outer)
{
    const uint8_t *p = outer->ip;
    uint32_t header_length, total_length;
    uint16_t fragment;

    outer->version = 4;
    if (outer->ip_captured < IPV4_HEADER_LEN) {
        return length < IPV4_HEADER_LEN ? OUTER_OTHER : OUTER_SHORT;
    }
    if (p[9] != TCP) {
        return OUTER_OTHER;
    }
    memcpy(outer->addresses[0], mapped_prefix, sizeof mapped_prefix);
    memcpy(outer->addresses[0] + 12, p + 12, 4);
    memcpy(outer->addresses[1], mapped_prefix, sizeof mapped_prefix);
    memcpy(outer->addresses[1] + 12, p + 16, 4);

    header_length = (p[0] & 0xf) * 4;
    total_length = stt_get_be16(p + 2);
    if (!total_length) {
        /* Some systems leave the length of what they hand to the NIC for
         * segmentation at 0. */
        total_length = length;
    }
    if (p[0] >> 4 != 4 || header_length < IPV4_HEADER_LEN
        || total_length < header_length || total_length > length) {
        return OUTER_BAD;
    }
    fragment = stt_get_be16(p + 6);
    outer->fragment_offset = (fragment & 0x1fff) * 8;
    outer->first_fragment = !outer->fragment_offset && fragment & 0x2000;
    return read_tcp(header_length, total_length, outer);
}

/* Reads an IPv6 header and the extension headers behind it. */
static enum outer_kind
read_ipv6(uint32_t length, struct outer *outer)
{
    const uint8_t *p = outer->ip;
    uint32_t skip = IPV6_HEADER_LEN;
    uint32_t total_length;
    uint8_t next;

    outer->version = 6;
    if (outer->ip_captured < IPV6_HEADER_LEN) {
        return length < IPV6_HEADER_LEN ? OUTER_OTHER : OUTER_SHORT;
    }
    memcpy(outer->addresses, p + 8, 32);

    total_length = IPV6_HEADER_LEN + stt_get_be16(p + 4);
    if (total_length == IPV6_HEADER_LEN) {
        /* The same as for IPv4. */
        total_length = length;
    }
    next = p[6];
    while (next != TCP) {
        uint32_t header_length;

        if (next != HOP_BY_HOP && next != ROUTING && next != FRAGMENT
            && next != AUTHENTICATION && next != DESTINATION_OPTIONS) {
            return OUTER_OTHER;
        }
        if (skip + 8 > total_length) {
            return OUTER_BAD;
        }
        if (skip + 8 > outer->ip_captured) {
            return OUTER_SHORT;
        }
        header_length = (next == FRAGMENT ? 8
                         : next == AUTHENTICATION ? (p[skip + 1] + 2) * 4
                         : (p[skip + 1] + 1) * 8);
        if (next == FRAGMENT) {
            uint16_t fragment = stt_get_be16(p + skip + 2);

            outer->fragment_offset = fragment & 0xfff8;
            outer->first_fragment = fragment & 1 && !outer->fragment_offset;
        }
        next = p[skip];
        skip += header_length;
        if (skip > total_length) {
            return OUTER_BAD;
        }
        if (outer->fragment_offset && next != TCP) {
            /* Another header may go on in another fragment. */
            return OUTER_OTHER;
        }
    }
    if (p[0] >> 4 != 6 || total_length > length) {
        return OUTER_BAD;
    }
    return read_tcp(skip, total_length, outer);
}

/* Reads the outer headers of the 'captured' bytes at 'packet', which was
 * 'length' bytes long, not less, on a link of libpcap's type 'dlt'.  Every
 * packet may be passed in. */
void
outer_read(int dlt, const uint8_t *packet, uint32_t captured, uint32_t length,
           struct outer *outer)
{
    uint32_t offset;

    memset(outer, 0, sizeof *outer);
    offset = read_link(dlt, packet, captured, outer);
    if (offset == UINT32_MAX) {
        /* What is so short is no tunnel's packet, unless it was longer. */
        outer->kind = length > captured ? OUTER_SHORT : OUTER_OTHER;
        return;
    }
    while (outer->ethertype == ETHERTYPE_VLAN
           || outer->ethertype == ETHERTYPE_QINQ
           || outer->ethertype == ETHERTYPE_OLD_QINQ) {
        if (captured - offset < 4) {
            outer->kind = length > captured ? OUTER_SHORT : OUTER_OTHER;
            return;
        }
        if (outer->n_tags == OUTER_MAX_TAGS) {
            outer->kind = OUTER_OTHER;
            return;
        }
        outer->tags[outer->n_tags].tpid = outer->ethertype;
        outer->tags[outer->n_tags].tci = stt_get_be16(packet + offset);
        outer->n_tags++;
        outer->ethertype = stt_get_be16(packet + offset + 2);
        offset += 4;
    }

    outer->ip = packet + offset;
    outer->ip_captured = captured - offset;
    outer->kind = (outer->ethertype == ETHERTYPE_IPV4
                   ? read_ipv4(length - offset, outer)
                   : outer->ethertype == ETHERTYPE_IPV6
                   ? read_ipv6(length - offset, outer)
                   : OUTER_OTHER);
}

/* Returns the one's complement sum of the 'n' bytes at 'p', not yet folded to
 * 16 bits.  It is over words in the machine's byte order, which fold() undoes:
 * such a sum does not depend on it (RFC 1071). */
static uint64_t
sum_bytes(const uint8_t *p, size_t n)
{
    uint64_t sum = 0;
    uint32_t word;
    uint16_t half;

    for (; n >= 4; n -= 4, p += 4) {
        memcpy(&word, p, sizeof word);
        sum += word;
    }
    if (n >= 2) {
        memcpy(&half, p, sizeof half);
        sum += half;
        n -= 2;
        p += 2;
    }
    if (n) {
        half = 0;
        memcpy(&half, p, 1);
        sum += half;
    }
    return sum;
}

/* Returns 'sum' in 16 bits, as a number. */
static uint16_t
fold(uint64_t sum)
{
    uint16_t folded;
    uint8_t bytes[2];

    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    folded = sum;
    memcpy(bytes, &folded, sizeof bytes);
    return stt_get_be16(bytes);
}

/* Checks the checksum of the segment that 'outer', which is OUTER_TCP, holds,
 * and stores in '*expected' what it should be, if it is CHECKSUM_BAD. */
enum outer_checksum
outer_check(const struct outer *outer, uint16_t *expected)
{
    const uint8_t *field = outer->l4 + CHECKSUM_OFFSET;
    uint8_t length_and_protocol[8];
    uint64_t pseudo, total;
    uint16_t value;

    if (outer->first_fragment || outer->l4_length < STT_SEGMENT_HEADER_LEN
        || outer->l4_captured < outer->l4_length) {
        return CHECKSUM_UNKNOWN;
    }
    pseudo = (outer->version == 4 ? sum_bytes(outer->ip + 12, 8)
              : sum_bytes(outer->ip + 8, 32));
    stt_put_be32(length_and_protocol, outer->l4_length);
    stt_put_be32(length_and_protocol + 4, TCP);
    total = (pseudo + sum_bytes(length_and_protocol, 8)
             + sum_bytes(outer->l4, outer->l4_length));
    if (fold(total) == 0xffff) {
        return CHECKSUM_GOOD;
    }

    /* Some NICs want the length left out of it. */
    value = stt_get_be16(field);
    if (value == fold(pseudo + sum_bytes(length_and_protocol, 8))
        || value == fold(pseudo + sum_bytes(length_and_protocol + 4, 4))) {
        return CHECKSUM_PARTIAL;
    }
    *expected = ~fold(total - sum_bytes(field, 2));
    return CHECKSUM_BAD;
}

static bool
is_mapped(const uint8_t address[16])
{
    return !memcmp(address, mapped_prefix, sizeof mapped_prefix);
}

/* Stores the texts of two addresses, IPv4 mapped into IPv6 or IPv6, in
 * 'texts', where they stay until the next call.  Returns true if they are of
 * IPv4.
 *
 * The C library takes its time to make them, and the same addresses come again
 * and again, so the last ones are kept. */
bool
outer_format_addresses(const uint8_t source[16],
                       const uint8_t destination[16], const char *texts[2])
{
    static struct {
        uint8_t addresses[2][16];
        char texts[2][INET6_ADDRSTRLEN];
    } cache[64], *entry;
    const uint8_t *addresses[2] = { source, destination };
    int i;

    entry = &cache[(source[15] ^ destination[15] * 7 ^ source[14]) % 64];
    for (i = 0; i < 2; i++) {
        const uint8_t *address = addresses[i];

        if (!entry->texts[i][0] || memcmp(entry->addresses[i], address, 16)) {
            bool ipv4 = is_mapped(address);

            memcpy(entry->addresses[i], address, 16);
            inet_ntop(ipv4 ? AF_INET : AF_INET6, address + (ipv4 ? 12 : 0),
                      entry->texts[i], sizeof entry->texts[i]);
        }
        texts[i] = entry->texts[i];
    }
    return is_mapped(source);
}
