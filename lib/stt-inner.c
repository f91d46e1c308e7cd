/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#include "stt-inner.h"

enum {
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_QINQ = 0x88a8,
};

enum {
    VLAN_TAG_LEN = 4,
    MAX_TAGS = 2,
    IPV4_HEADER_LEN = 20,
    IPV6_HEADER_LEN = 40,
    UDP_HEADER_LEN = 8,
};

/* Reads the IPv4 header at 'p'.  The packet has 'left' bytes from there on, of
 * which 'available' may be looked at.  On success fills in what it says in
 * 'inner', whose 'l3_offset' is set. */
static bool
read_ipv4(const uint8_t *p, size_t available, size_t left,
          struct stt_inner *inner)
{
    uint32_t total_length, header_length;

    if (available < IPV4_HEADER_LEN || p[0] >> 4 != 4) {
        return false;
    }
    header_length = (p[0] & 0x0f) * 4;
    total_length = stt_get_be16(p + 2);
    if (header_length < IPV4_HEADER_LEN || header_length > total_length
        || total_length > left) {
        return false;
    }
    if (stt_get_be16(p + 6) & 0x3fff) {
        /* A fragment: its checksum covers bytes that are elsewhere. */
        return false;
    }
    inner->ipv4 = true;
    inner->protocol = p[9];
    inner->l4_offset = inner->l3_offset + header_length;
    inner->end = inner->l3_offset + total_length;
    return true;
}

/* The same for an IPv6 header.  Extension headers are not looked through: a
 * packet that has them is not TCP or UDP directly over IPv6. */
static bool
read_ipv6(const uint8_t *p, size_t available, size_t left,
          struct stt_inner *inner)
{
    uint32_t payload_length;

    if (available < IPV6_HEADER_LEN || p[0] >> 4 != 6) {
        return false;
    }
    payload_length = stt_get_be16(p + 4);
    if (payload_length > left - IPV6_HEADER_LEN) {
        return false;
    }
    inner->ipv4 = false;
    inner->protocol = p[6];
    inner->l4_offset = inner->l3_offset + IPV6_HEADER_LEN;
    inner->end = inner->l4_offset + payload_length;
    return true;
}

/* Reads an Ethernet frame of 'length' bytes, without frame check sequence, whose
 * first 'available' bytes are at 'packet', into '*inner'.  'available' must not
 * be more than 'length'.
 *
 * Returns true if it is a whole TCP or UDP packet directly over IPv4 or IPv6,
 * behind at most two VLAN tags, all of whose headers and lengths lie within
 * 'length'.  Returns false otherwise, and also if the answer lies beyond
 * 'available'; then '*inner' has no meaning. */
bool
stt_inner_read(const void *packet, size_t available, size_t length,
               struct stt_inner *inner)
{
    const uint8_t *p = packet;
    size_t offset = STT_ETHERNET_HEADER_LEN;
    uint32_t header_length;
    uint16_t ethertype;

    if (available < offset) {
        return false;
    }
    ethertype = stt_get_be16(p + offset - 2);
    inner->n_tags = 0;
    while (ethertype == ETHERTYPE_VLAN || ethertype == ETHERTYPE_QINQ) {
        if (++inner->n_tags > MAX_TAGS || available - offset < VLAN_TAG_LEN) {
            return false;
        }
        offset += VLAN_TAG_LEN;
        ethertype = stt_get_be16(p + offset - 2);
    }
    inner->l3_offset = offset;

    if (!(ethertype == ETHERTYPE_IPV4
          ? read_ipv4(p + offset, available - offset, length - offset, inner)
          : ethertype == ETHERTYPE_IPV6
          ? read_ipv6(p + offset, available - offset, length - offset, inner)
          : false)) {
        return false;
    }

    if (inner->protocol == STT_IPPROTO_TCP) {
        if (inner->end - inner->l4_offset < STT_TCP_HEADER_LEN
            || available < (size_t) inner->l4_offset + STT_TCP_HEADER_LEN) {
            return false;
        }
        header_length = (p[inner->l4_offset + 12] >> 4) * 4;
        if (header_length < STT_TCP_HEADER_LEN) {
            return false;
        }
    } else if (inner->protocol == STT_IPPROTO_UDP) {
        header_length = UDP_HEADER_LEN;
    } else {
        return false;
    }
    if (inner->end - inner->l4_offset < header_length) {
        return false;
    }
    inner->payload_offset = inner->l4_offset + header_length;
    return true;
}
