/* SPDX-License-Identifier: Apache-2.0 */
#include "dump-inner.h"

#include "dump-text.h"
#include "stt-platform.h"

enum {
    ETHERNET_HEADER_LEN = 14,
    VLAN_TAG_LEN = 4,
    IPV4_HEADER_LEN = 20,
    IPV6_HEADER_LEN = 40,
    TCP_HEADER_LEN = 20,
    UDP_HEADER_LEN = 8,
    ICMP_HEADER_LEN = 8,
    ARP_LEN = 28,
};

enum {
    PROTOCOL_HOP_BY_HOP = 0,
    PROTOCOL_ICMP = 1,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_FRAGMENT = 44,
    PROTOCOL_ICMPV6 = 58,
    PROTOCOL_SCTP = 132,
};

/* A number and what it is called. */
struct name {
    uint16_t number;
    const char *name;
};

/* Returns the name of 'number' in 'names', which end with a NULL, or NULL. */
static const char *
find_name(const struct name *names, uint16_t number)
{
    for (; names->name; names++) {
        if (names->number == number) {
            return names->name;
        }
    }
    return NULL;
}

static const struct name ethertypes[] = {
    { 0x0800, "IPv4" },
    { 0x0806, "ARP" },
    { 0x8100, "802.1Q" },
    { 0x86dd, "IPv6" },
    { 0x8809, "Slow Protocols" },
    { 0x88a8, "802.1Q-QinQ" },
    { 0x88cc, "LLDP" },
    { 0, NULL },
};

static const struct name protocols[] = {
    { PROTOCOL_HOP_BY_HOP, "Options" },
    { PROTOCOL_ICMP, "ICMP" },
    { PROTOCOL_TCP, "TCP" },
    { PROTOCOL_UDP, "UDP" },
    { PROTOCOL_FRAGMENT, "Fragment" },
    { PROTOCOL_ICMPV6, "ICMPv6" },
    { PROTOCOL_SCTP, "SCTP" },
    { 2, "IGMP" },
    { 47, "GRE" },
    { 50, "ESP" },
    { 89, "OSPF" },
    { 112, "VRRP" },
    { 0, NULL },
};

static const struct name icmp_types[] = {
    { 3, "unreachable" },
    { 4, "source quench" },
    { 5, "redirect" },
    { 9, "router advertisement" },
    { 10, "router solicitation" },
    { 11, "time exceeded" },
    { 12, "parameter problem" },
    { 0, NULL },
};

static const struct name icmpv6_types[] = {
    { 1, "destination unreachable" },
    { 2, "packet too big" },
    { 3, "time exceeded" },
    { 4, "parameter problem" },
    { 130, "multicast listener query" },
    { 131, "multicast listener report" },
    { 132, "multicast listener done" },
    { 133, "router solicitation" },
    { 134, "router advertisement" },
    { 135, "neighbor solicitation" },
    { 136, "neighbor advertisement" },
    { 137, "redirect" },
    { 143, "multicast listener report v2" },
    { 0, NULL },
};

/* Appends "[|WHAT]": what tcpdump prints where the capture ends. */
static void
print_truncated(struct text *text, const char *what)
{
    text_string(text, "[|");
    text_string(text, what);
    text_char(text, ']');
}

/* Appends the fields of the Ethernet header at 'packet', of a packet with
 * 'length' bytes. */
void
inner_print_ethernet(struct text *text, const uint8_t *packet,
                     uint16_t ethertype, uint32_t length)
{
    const char *name = find_name(ethertypes, ethertype);

    text_mac(text, packet + 6);
    text_string(text, " > ");
    text_mac(text, packet);
    if (ethertype < 0x600) {
        text_string(text, ", 802.3");
    } else {
        text_string(text, ", ethertype ");
        text_string(text, name ? name : "Unknown");
        text_string(text, " (");
        text_hex(text, ethertype, 4);
        text_char(text, ')');
    }
    text_string(text, ", length ");
    text_decimal(text, length);
    text_string(text, ": ");
}

/* Appends the protocol's name and number. */
static void
print_protocol(struct text *text, uint8_t protocol)
{
    const char *name = find_name(protocols, protocol);

    text_string(text, name ? name : "unknown");
    text_string(text, " (");
    text_decimal(text, protocol);
    text_char(text, ')');
}

/* Appends what "-v" tells about the IPv4 header at 'ip', which is 20 bytes. */
void
inner_print_ipv4_details(struct text *text, const uint8_t *ip)
{
    static const char *const ecn[] = { "", ",ECT(1)", ",ECT(0)", ",CE" };
    uint16_t fragment = stt_get_be16(ip + 6);

    text_string(text, "(tos ");
    text_hex(text, ip[1], 1);
    text_string(text, ecn[ip[1] & 3]);
    text_string(text, ", ttl ");
    text_decimal(text, ip[8]);
    text_string(text, ", id ");
    text_decimal(text, stt_get_be16(ip + 4));
    text_string(text, ", offset ");
    text_decimal(text, (fragment & 0x1fff) * 8);
    text_string(text, ", flags [");
    text_string(text, (fragment & 0xe000 ? "" : "none"));
    text_string(text, fragment & 0x2000 ? "+" : "");
    text_string(text, (fragment & 0x6000) == 0x6000 ? ", " : "");
    text_string(text, fragment & 0x4000 ? "DF" : "");
    text_string(text, fragment & 0x8000 && fragment & 0x6000 ? ", " : "");
    text_string(text, fragment & 0x8000 ? "rsvd" : "");
    text_string(text, "], proto ");
    print_protocol(text, ip[9]);
    text_string(text, ", length ");
    text_decimal(text, stt_get_be16(ip + 2));
    if ((ip[0] & 0xf) > 5) {
        text_string(text, ", options of ");
        text_decimal(text, ((ip[0] & 0xf) - 5) * 4);
        text_string(text, " bytes");
    }
    text_string(text, ")");
}

/* Appends what "-v" tells about the IPv6 header at 'ip', which is 40 bytes. */
void
inner_print_ipv6_details(struct text *text, const uint8_t *ip)
{
    uint32_t first = stt_get_be32(ip);

    text_char(text, '(');
    if (first >> 20 & 0xff) {
        text_string(text, "class ");
        text_hex(text, first >> 20 & 0xff, 2);
        text_string(text, ", ");
    }
    if (first & 0xfffff) {
        text_string(text, "flowlabel ");
        text_hex(text, first & 0xfffff, 5);
        text_string(text, ", ");
    }
    text_string(text, "hlim ");
    text_decimal(text, ip[7]);
    text_string(text, ", next-header ");
    print_protocol(text, ip[6]);
    text_string(text, " payload length: ");
    text_decimal(text, stt_get_be16(ip + 4));
    text_string(text, ")");
}

void
inner_print_tcp_flags(struct text *text, uint8_t flags)
{
    static const char letters[] = "FSRP.UEW";
    int i;

    text_string(text, "Flags [");
    if (!flags) {
        text_string(text, "none");
    }
    for (i = 0; i < 8; i++) {
        if (flags & 1 << i) {
            text_char(text, letters[i]);
        }
    }
    text_char(text, ']');
}

/* Appends the TCP options in the 'n' bytes at 'p', of which 'captured' were
 * captured. */
static void
print_tcp_options(struct text *text, const uint8_t *p, uint32_t n,
                  uint32_t captured)
{
    uint32_t i = 0;

    text_string(text, ", options [");
    while (i < n) {
        uint8_t kind;
        uint32_t length;

        if (i) {
            text_char(text, ',');
        }
        if (i >= captured) {
            text_string(text, "|tcp");
            break;
        }
        kind = p[i];
        if (kind <= 1) {
            text_string(text, kind ? "nop" : "eol");
            if (!kind) {
                break;
            }
            i++;
            continue;
        }
        if (i + 1 >= captured) {
            text_string(text, i + 1 < n ? "|tcp" : "bad opt");
            break;
        }
        length = p[i + 1];
        if (length < 2 || length > n - i) {
            text_string(text, "bad opt");
            break;
        }
        if (length > captured - i) {
            text_string(text, "|tcp");
            break;
        }
        if (kind == 2 && length == 4) {
            text_string(text, "mss ");
            text_decimal(text, stt_get_be16(p + i + 2));
        } else if (kind == 3 && length == 3) {
            text_string(text, "wscale ");
            text_decimal(text, p[i + 2]);
        } else if (kind == 4 && length == 2) {
            text_string(text, "sackOK");
        } else if (kind == 5 && length % 8 == 2 && length > 2) {
            uint32_t j;

            text_string(text, "sack ");
            text_decimal(text, length / 8);
            text_char(text, ' ');
            for (j = 2; j < length; j += 8) {
                text_char(text, '{');
                text_decimal(text, stt_get_be32(p + i + j));
                text_char(text, ':');
                text_decimal(text, stt_get_be32(p + i + j + 4));
                text_char(text, '}');
            }
        } else if (kind == 8 && length == 10) {
            text_string(text, "TS val ");
            text_decimal(text, stt_get_be32(p + i + 2));
            text_string(text, " ecr ");
            text_decimal(text, stt_get_be32(p + i + 6));
        } else {
            text_string(text, "unknown-");
            text_decimal(text, kind);
        }
        i += length;
    }
    text_char(text, ']');
}

/* Appends what the TCP header at 'p' says; 'length' is that of header and
 * payload. */
static void
print_tcp(struct text *text, const uint8_t *p, uint32_t captured,
          uint32_t length)
{
    uint32_t header_length, payload, seq;
    uint8_t flags;

    if (captured < TCP_HEADER_LEN) {
        print_truncated(text, "tcp");
        return;
    }
    header_length = (p[12] >> 4) * 4;
    flags = p[13];
    if (header_length < TCP_HEADER_LEN || header_length > length) {
        inner_print_tcp_flags(text, flags);
        text_string(text, " [bad hdr length ");
        text_decimal(text, header_length);
        text_char(text, ']');
        return;
    }
    payload = length - header_length;
    seq = stt_get_be32(p + 4);

    inner_print_tcp_flags(text, flags);
    if (payload || flags & 0x07) {
        text_string(text, ", seq ");
        text_decimal(text, seq);
        if (payload) {
            text_char(text, ':');
            text_decimal(text, (uint32_t) (seq + payload));
        }
    }
    if (flags & 0x10) {
        text_string(text, ", ack ");
        text_decimal(text, stt_get_be32(p + 8));
    }
    text_string(text, ", win ");
    text_decimal(text, stt_get_be16(p + 14));
    if (flags & 0x20) {
        text_string(text, ", urg ");
        text_decimal(text, stt_get_be16(p + 18));
    }
    if (header_length > TCP_HEADER_LEN) {
        print_tcp_options(text, p + TCP_HEADER_LEN,
                          header_length - TCP_HEADER_LEN,
                          captured - TCP_HEADER_LEN);
    }
    text_string(text, ", length ");
    text_decimal(text, payload);
}

static void
print_icmp(struct text *text, const uint8_t *p, uint32_t captured,
           uint32_t length, bool v6)
{
    const struct name *names = v6 ? icmpv6_types : icmp_types;
    const char *name;

    text_string(text, v6 ? "ICMP6, " : "ICMP ");
    if (captured < ICMP_HEADER_LEN) {
        print_truncated(text, v6 ? "icmp6" : "icmp");
        return;
    }
    name = find_name(names, p[0]);
    if (p[0] == (v6 ? 128 : 8) || p[0] == (v6 ? 129 : 0)) {
        text_string(text, (p[0] == (v6 ? 128 : 8) ? "echo request, id "
                           : "echo reply, id "));
        text_decimal(text, stt_get_be16(p + 4));
        text_string(text, ", seq ");
        text_decimal(text, stt_get_be16(p + 6));
    } else if (name) {
        text_string(text, name);
        if (p[1]) {
            text_string(text, ", code ");
            text_decimal(text, p[1]);
        }
    } else {
        text_string(text, "type ");
        text_decimal(text, p[0]);
        text_string(text, ", code ");
        text_decimal(text, p[1]);
    }
    text_string(text, ", length ");
    text_decimal(text, length);
}

/* Appends the IP addresses and, if there is a 'ports', the ports at it. */
static void
print_addresses(struct text *text, const uint8_t *ip, const uint8_t *ports)
{
    int i;

    for (i = 0; i < 2; i++) {
        if (ip[0] >> 4 == 4) {
            text_ipv4(text, ip + 12 + 4 * i);
        } else {
            text_ipv6(text, ip + 8 + 16 * i);
        }
        if (ports) {
            text_char(text, '.');
            text_decimal(text, stt_get_be16(ports + 2 * i));
        }
        text_string(text, i ? ": " : " > ");
    }
}

/* Appends what is in the IP packet 'ip', whose payload of 'protocol' is the
 * 'length' bytes at 'p', 'captured' of them captured. */
static void
print_payload(struct text *text, const uint8_t *ip, uint8_t protocol,
              const uint8_t *p, uint32_t captured, uint32_t length)
{
    bool v6 = ip[0] >> 4 == 6;

    if (captured > length) {
        captured = length;
    }
    if ((protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP)
        && captured >= 4) {
        print_addresses(text, ip, p);
    } else {
        print_addresses(text, ip, NULL);
    }
    if (protocol == PROTOCOL_HOP_BY_HOP && v6 && captured >= 8
        && (p[1] + 1) * 8u <= captured) {
        uint32_t skip = (p[1] + 1) * 8;

        text_string(text, "HBH ");
        protocol = p[0];
        p += skip;
        captured -= skip;
        length -= skip;
    }
    switch (protocol) {
    case PROTOCOL_TCP:
        print_tcp(text, p, captured, length);
        break;

    case PROTOCOL_UDP:
        if (captured < UDP_HEADER_LEN) {
            print_truncated(text, "udp");
            break;
        }
        text_string(text, "UDP, length ");
        if (stt_get_be16(p + 4) < UDP_HEADER_LEN) {
            text_string(text, "bad ");
            text_decimal(text, stt_get_be16(p + 4));
        } else {
            text_decimal(text, stt_get_be16(p + 4) - UDP_HEADER_LEN);
        }
        break;

    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
        print_icmp(text, p, captured, length, protocol == PROTOCOL_ICMPV6);
        break;

    default:
        text_string(text, "ip-proto-");
        text_decimal(text, protocol);
        text_char(text, ' ');
        text_decimal(text, length);
        break;
    }
}

/* Appends a later fragment of an IP packet. */
static void
print_fragment(struct text *text, const uint8_t *ip, uint8_t protocol,
               uint32_t offset, uint32_t length)
{
    const char *name = find_name(protocols, protocol);

    print_addresses(text, ip, NULL);
    text_string(text, name ? name : "IP");
    text_string(text, " fragment, offset ");
    text_decimal(text, offset);
    text_string(text, ", length ");
    text_decimal(text, length);
}

static void
print_ipv4(struct text *text, const uint8_t *ip, uint32_t captured,
           uint32_t length, bool verbose)
{
    uint32_t header_length, total_length;

    text_string(text, "IP ");
    if (captured < IPV4_HEADER_LEN) {
        print_truncated(text, "ip");
        return;
    }
    if (verbose) {
        inner_print_ipv4_details(text, ip);
        text_char(text, ' ');
    }
    header_length = (ip[0] & 0xf) * 4;
    total_length = stt_get_be16(ip + 2);
    if (ip[0] >> 4 != 4 || header_length < IPV4_HEADER_LEN
        || total_length < header_length || total_length > length) {
        text_string(text, "[bad IPv4 header]");
    } else if (header_length > captured) {
        print_truncated(text, "ip");
    } else if (stt_get_be16(ip + 6) & 0x1fff) {
        print_fragment(text, ip, ip[9], (stt_get_be16(ip + 6) & 0x1fff) * 8,
                       total_length - header_length);
    } else {
        print_payload(text, ip, ip[9], ip + header_length,
                      captured - header_length, total_length - header_length);
    }
}

static void
print_ipv6(struct text *text, const uint8_t *ip, uint32_t captured,
           uint32_t length, bool verbose)
{
    const uint8_t *fragment = ip + IPV6_HEADER_LEN;
    uint32_t payload;

    text_string(text, "IP6 ");
    if (captured < IPV6_HEADER_LEN) {
        print_truncated(text, "ip6");
        return;
    }
    if (verbose) {
        inner_print_ipv6_details(text, ip);
        text_char(text, ' ');
    }
    payload = stt_get_be16(ip + 4);
    if (ip[0] >> 4 != 6 || payload > length - IPV6_HEADER_LEN) {
        text_string(text, "[bad IPv6 header]");
    } else if (ip[6] == PROTOCOL_FRAGMENT && payload >= 8
               && captured >= IPV6_HEADER_LEN + 8) {
        print_fragment(text, ip, fragment[0],
                       stt_get_be16(fragment + 2) & 0xfff8, payload - 8);
    } else {
        print_payload(text, ip, ip[6], ip + IPV6_HEADER_LEN,
                      captured - IPV6_HEADER_LEN, payload);
    }
}

static void
print_arp(struct text *text, const uint8_t *p, uint32_t captured,
          uint32_t length)
{
    text_string(text, "ARP, ");
    if (captured < ARP_LEN) {
        print_truncated(text, "arp");
        return;
    }
    if (stt_get_be16(p + 2) != 0x0800 || p[4] != 6 || p[5] != 4) {
        text_string(text, "not for IPv4 over Ethernet");
    } else if (stt_get_be16(p + 6) == 1) {
        text_string(text, "Request who-has ");
        text_ipv4(text, p + 24);
        text_string(text, " tell ");
        text_ipv4(text, p + 14);
    } else if (stt_get_be16(p + 6) == 2) {
        text_string(text, "Reply ");
        text_ipv4(text, p + 14);
        text_string(text, " is-at ");
        text_mac(text, p + 8);
    } else {
        text_string(text, "operation ");
        text_decimal(text, stt_get_be16(p + 6));
    }
    text_string(text, ", length ");
    text_decimal(text, length);
}

/* Appends a summary of the Ethernet packet at 'packet', which is 'length' bytes
 * long and of which 'captured' bytes were captured: with its Ethernet header if
 * 'link_header', and with the fields of the IP header if 'verbose'. */
void
inner_print(struct text *text, const uint8_t *packet, uint32_t captured,
            uint32_t length, bool link_header, bool verbose)
{
    uint32_t offset = ETHERNET_HEADER_LEN;
    uint16_t ethertype;

    if (captured < offset) {
        print_truncated(text, "ether");
        return;
    }
    ethertype = stt_get_be16(packet + 12);
    if (link_header) {
        inner_print_ethernet(text, packet, ethertype, length);
    }
    while (ethertype == 0x8100 || ethertype == 0x88a8) {
        if (captured - offset < VLAN_TAG_LEN) {
            print_truncated(text, "vlan");
            return;
        }
        text_string(text, "vlan ");
        text_decimal(text, stt_get_be16(packet + offset) & 0xfff);
        text_string(text, ", p ");
        text_decimal(text, packet[offset] >> 5);
        text_string(text, ", ");
        ethertype = stt_get_be16(packet + offset + 2);
        offset += VLAN_TAG_LEN;
    }

    packet += offset;
    captured -= offset;
    length -= offset;
    switch (ethertype) {
    case 0x0800:
        print_ipv4(text, packet, captured, length, verbose);
        break;

    case 0x86dd:
        print_ipv6(text, packet, captured, length, verbose);
        break;

    case 0x0806:
        print_arp(text, packet, captured, length);
        break;

    default:
        if (ethertype < 0x600) {
            text_string(text, "802.3, length ");
        } else {
            const char *name = find_name(ethertypes, ethertype);

            text_string(text, name ? name : "ethertype Unknown");
            text_string(text, " (");
            text_hex(text, ethertype, 4);
            text_string(text, "), length ");
        }
        text_decimal(text, length);
        break;
    }
}
