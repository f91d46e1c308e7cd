/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "packet-layers.h"

#include <netinet/in.h>

#include "dp-packet.h"
#include "packets.h"
#include "stt-platform.h"

enum {
    IPV6_FRAGMENT_HEADER_LEN = 8,
    /* Extension headers that are looked through. */
    MAX_EXTENSION_HEADERS = 8,
};

/* Finds the IP header of 'packet', behind any number of VLAN tags, and stores
 * its offset in '*offset'.  Returns false if there is something else. */
bool
packet_find_ip(const struct dp_packet *packet, size_t *offset)
{
    const uint8_t *data = dp_packet_data(packet);
    size_t size = dp_packet_size(packet);
    ovs_be16 ethertype;
    size_t p = 0;

    if (dp_packet_is_eth(packet)) {
        p = ETH_HEADER_LEN;
        if (size < p) {
            return false;
        }
        ethertype = htons(stt_get_be16(data + p - 2));
        while (eth_type_vlan(ethertype)) {
            p += VLAN_HEADER_LEN;
            if (size < p) {
                return false;
            }
            ethertype = htons(stt_get_be16(data + p - 2));
        }
    } else {
        ethertype = pt_ns_type_be(packet->packet_type);
    }
    *offset = p;
    return ethertype == htons(ETH_TYPE_IP) || ethertype == htons(ETH_TYPE_IPV6);
}

/* Moves 'ip->l4_offset' behind the extension headers of an IPv6 packet, and
 * sets 'ip->protocol' to what is there.  Returns false if they end beyond the
 * packet. */
static bool
skip_extension_headers(const uint8_t *data, struct packet_ip *ip)
{
    for (int i = 0; i < MAX_EXTENSION_HEADERS; i++) {
        const uint8_t *header = data + ip->l4_offset;
        size_t left = ip->end - ip->l4_offset;
        size_t length;

        switch (ip->protocol) {
        case IPPROTO_HOPOPTS:
        case IPPROTO_ROUTING:
        case IPPROTO_DSTOPTS:
            if (left < 8) {
                return false;
            }
            length = (header[1] + 1) * 8;
            break;

        case IPPROTO_AH:
            if (left < 8) {
                return false;
            }
            length = (header[1] + 2) * 4;
            break;

        case IPPROTO_FRAGMENT:
            if (left < IPV6_FRAGMENT_HEADER_LEN) {
                return false;
            }
            ip->fragment = (stt_get_be16(header + 2) & 0xfff9) != 0;
            length = IPV6_FRAGMENT_HEADER_LEN;
            break;

        default:
            return true;
        }
        if (length > left) {
            return false;
        }
        ip->protocol = header[0];
        ip->l4_offset += length;
        if (ip->fragment) {
            return true;
        }
    }
    return false;
}

/* Reads the IPv4 or IPv6 header at 'offset' of 'packet' into '*ip'.  Returns
 * false if there is none, or if one of its lengths reaches beyond 'packet'. */
bool
packet_read_ip(const struct dp_packet *packet, size_t offset,
               struct packet_ip *ip)
{
    const uint8_t *data = dp_packet_data(packet);
    size_t size = dp_packet_size(packet);
    const uint8_t *header = data + offset;

    if (offset >= size || offset > UINT16_MAX - IPV6_HEADER_LEN) {
        return false;
    }
    ip->offset = offset;
    ip->ipv4 = header[0] >> 4 == 4;
    if (ip->ipv4) {
        size_t header_len = (header[0] & 0x0f) * 4;
        size_t total_len;

        if (size - offset < IP_HEADER_LEN || header_len < IP_HEADER_LEN) {
            return false;
        }
        total_len = stt_get_be16(header + 2);
        if (total_len < header_len || total_len > size - offset) {
            return false;
        }
        ip->fragment = (stt_get_be16(header + 6) & 0x3fff) != 0;
        ip->protocol = header[9];
        ip->l4_offset = offset + header_len;
        ip->end = offset + total_len;
        return true;
    }
    if (header[0] >> 4 != 6 || size - offset < IPV6_HEADER_LEN
        || stt_get_be16(header + 4) > size - offset - IPV6_HEADER_LEN) {
        return false;
    }
    ip->fragment = false;
    ip->protocol = header[6];
    ip->l4_offset = offset + IPV6_HEADER_LEN;
    ip->end = ip->l4_offset + stt_get_be16(header + 4);
    return skip_extension_headers(data, ip);
}

/* Returns the length of the TCP, UDP or SCTP header that 'ip', which
 * packet_read_ip() has read from 'packet', is followed by, or 0 if it is
 * followed by something else or the header is not whole. */
size_t
packet_l4_header_len(const struct dp_packet *packet,
                     const struct packet_ip *ip)
{
    const uint8_t *l4 = (const uint8_t *) dp_packet_data(packet)
                        + ip->l4_offset;
    size_t left = ip->end - ip->l4_offset;
    size_t length;

    if (ip->fragment) {
        return 0;
    }
    switch (ip->protocol) {
    case IPPROTO_TCP:
        if (left < TCP_HEADER_LEN) {
            return 0;
        }
        length = (l4[12] >> 4) * 4;
        return length >= TCP_HEADER_LEN && length <= left ? length : 0;

    case IPPROTO_UDP:
        return left >= UDP_HEADER_LEN ? UDP_HEADER_LEN : 0;

    case IPPROTO_SCTP:
        return left >= SCTP_HEADER_LEN ? SCTP_HEADER_LEN : 0;

    default:
        return 0;
    }
}
