/* SPDX-License-Identifier: Apache-2.0 */
#include "path/tunnel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "path/finish.h"

enum {
    PORT_VXLAN = 4789, PORT_GENEVE = 6081, PORT_GTPU = 2152, PORT_STT = 7471,
    PROTOCOL_TCP = 6, PROTOCOL_UDP = 17, PROTOCOL_GRE = 47,
    PROTOCOL_ROUTING = 43,
    STT_HEADER = 18,            /* The STT frame header. */
    STT_VERIFIED = 1, STT_PARTIAL = 2, STT_IPV4 = 4, STT_TCP = 8,
};

bool
tunnel_is_stt(enum path_tunnel tunnel)
{
    return tunnel == TUNNEL_STT4 || tunnel == TUNNEL_STT6;
}

/* Does 'tunnel' carry IP packets, not frames? */
bool
tunnel_is_l3(enum path_tunnel tunnel)
{
    return tunnel >= TUNNEL_GTPU4;
}

bool
tunnel_is_ipv6(enum path_tunnel tunnel)
{
    return tunnel == TUNNEL_SRV6
           || (tunnel != TUNNEL_NONE && !(tunnel & 1));
}

static uint8_t
tunnel_protocol(enum path_tunnel tunnel)
{
    return tunnel_is_stt(tunnel) ? PROTOCOL_TCP
           : tunnel == TUNNEL_SRV6 ? PROTOCOL_ROUTING
           : tunnel >= TUNNEL_GRE4 && tunnel <= TUNNEL_ERSPAN6 ? PROTOCOL_GRE
           : PROTOCOL_UDP;
}

/* Returns the destination port of 'tunnel', which has one. */
static uint16_t
tunnel_port(enum path_tunnel tunnel)
{
    return tunnel_is_stt(tunnel) ? PORT_STT
           : tunnel >= TUNNEL_GTPU4 ? PORT_GTPU
           : tunnel >= TUNNEL_GENEVE4 ? PORT_GENEVE
           : PORT_VXLAN;
}

/* Must packets of 'tunnel' have a checksum of their own? */
static bool
has_checksum(enum path_tunnel tunnel)
{
    return tunnel_is_stt(tunnel)
           || tunnel == TUNNEL_VXLAN4_CHECKSUM
           || tunnel == TUNNEL_VXLAN6_CHECKSUM
           || tunnel == TUNNEL_GENEVE4_CHECKSUM
           || tunnel == TUNNEL_GENEVE6_CHECKSUM
           || tunnel == TUNNEL_GRE4_CHECKSUM
           || tunnel == TUNNEL_GRE6_CHECKSUM
           || tunnel == TUNNEL_GTPU4 || tunnel == TUNNEL_GTPU6;
}

static size_t
ip_header(uint8_t *p, bool ipv6, uint8_t protocol)
{
    put_u16(p + 12, ipv6 ? 0x86dd : 0x0800);
    memcpy(p, "\x02\0\0\0\0\x12\x02\0\0\0\0\x11", 12);
    p += 14;
    if (ipv6) {
        put_u32(p, 0x60000000);
        p[6] = protocol;
        p[7] = 64;
        put_u32(p + 8, 0x20010db8);
        put_u32(p + 24, 0x20010db8);
        p[23] = 1;
        p[39] = 2;
        return 54;
    }
    p[0] = 0x45;
    put_u16(p + 6, 0x4000);
    p[8] = 64;
    p[9] = protocol;
    memcpy(p + 12, "\xc0\0\x02\x01\xc0\0\x02\x02", 8);
    ipv4_complete(p, 20);
    return 34;
}

/* Writes the header that 'tunnel' is given for every packet into 'header', which
 * has room for TUNNEL_HEADER_MAX bytes.  A tunnel for IP packets is told whether
 * these are of IPv6.  Returns the header's length. */
size_t
tunnel_header(enum path_tunnel tunnel, bool inner_ipv6, uint8_t *header)
{
    size_t n;

    memset(header, 0, TUNNEL_HEADER_MAX);
    n = ip_header(header, tunnel_is_ipv6(tunnel), tunnel_protocol(tunnel));
    if (tunnel_protocol(tunnel) == PROTOCOL_UDP) {
        put_u16(header + n + 2, tunnel_port(tunnel));
        put_u16(header + n + 6, has_checksum(tunnel) ? 0xffff : 0);
        n += 8;
    }
    switch (tunnel) {
    case TUNNEL_STT4:
    case TUNNEL_STT6:
        put_u16(header + n + 2, PORT_STT);
        header[n + 12] = 0x50;
        put_u16(header + n + 20 + 4, 1500);     /* The path MTU. */
        put_u32(header + n + 20 + 12, 7);
        return n + 20 + STT_HEADER;
    case TUNNEL_VXLAN4:
    case TUNNEL_VXLAN6:
    case TUNNEL_VXLAN4_CHECKSUM:
    case TUNNEL_VXLAN6_CHECKSUM:
        header[n] = 8;
        header[n + 6] = 7;
        return n + 8;
    case TUNNEL_GENEVE4:
    case TUNNEL_GENEVE6:
    case TUNNEL_GENEVE4_CHECKSUM:
    case TUNNEL_GENEVE6_CHECKSUM:
        put_u16(header + n + 2, 0x6558);
        header[n + 6] = 7;
        return n + 8;
    case TUNNEL_GRE4:
    case TUNNEL_GRE6:
        put_u32(header + n, 0x20006558);
        put_u32(header + n + 4, 7);
        return n + 8;
    case TUNNEL_GRE4_CHECKSUM:
    case TUNNEL_GRE6_CHECKSUM:
        put_u32(header + n, 0xa0006558);
        put_u32(header + n + 8, 7);
        return n + 12;
    case TUNNEL_ERSPAN4:
    case TUNNEL_ERSPAN6:
        put_u32(header + n, 0x100088be);
        header[n + 8] = 0x10;
        put_u16(header + n + 10, 7);
        return n + 16;
    case TUNNEL_GTPU4:
    case TUNNEL_GTPU6:
        put_u16(header + n, 0x30ff);
        put_u32(header + n + 4, 7);
        return n + 8;
    case TUNNEL_SRV6:
        header[n] = inner_ipv6 ? 41 : 4;
        header[n + 1] = 2;
        header[n + 2] = 4;
        put_u32(header + n + 8, 0x20010db8);
        header[n + 23] = 2;
        return n + 24;
    case TUNNEL_NONE:
    case N_TUNNELS:
    default:
        return 0;
    }
}

static bool
wrong(char *error, size_t size, const char *what)
{
    snprintf(error, size, "%s", what);
    return false;
}

/* Checks the outer headers of the packet 'frame' of 'tunnel'.  Stores where what
 * is behind the IP header begins in '*offset', and its sum with the pseudo
 * header in '*sum'. */
static bool
check_ip(enum path_tunnel tunnel, const struct frame *frame, size_t *offset,
         uint16_t *sum, char *error, size_t error_size)
{
    uint8_t expected[TUNNEL_HEADER_MAX];
    bool ipv6 = tunnel_is_ipv6(tunnel);
    const uint8_t *ip = frame->data + 14;
    uint8_t protocol = tunnel_protocol(tunnel);

    *offset = ip_header(memset(expected, 0, sizeof expected), ipv6, protocol);
    if (frame->size < *offset || !bytes_equal(frame->data, expected, 14)) {
        return wrong(error, error_size, "outer Ethernet header");
    }
    if (ipv6) {
        if (!bytes_equal(ip + 6, expected + 20, 34) || ip[0] >> 4 != 6) {
            return wrong(error, error_size, "outer IPv6 header");
        }
        if (get_u16(ip + 4) != frame->size - 54) {
            return wrong(error, error_size, "length in outer IPv6 header");
        }
    } else {
        if (!bytes_equal(ip + 12, expected + 26, 8) || ip[0] != 0x45
            || ip[9] != protocol) {
            return wrong(error, error_size, "outer IPv4 header");
        }
        if (get_u16(ip + 2) != frame->size - 14) {
            return wrong(error, error_size, "length in outer IPv4 header");
        }
        if (sum_fold(sum_bytes(0, ip, 20)) != 0xffff) {
            return wrong(error, error_size, "checksum of outer IPv4 header");
        }
    }
    *sum = sum_fold(sum_bytes(sum_pseudo_header(ip, protocol,
                                                frame->size - *offset),
                              frame->data + *offset, frame->size - *offset));
    return true;
}

/* Takes the headers of 'tunnel', which is not STT, off 'frame'. */
static bool
receive_one(enum path_tunnel tunnel, const struct frame *frame,
            struct frames *inner, char *error, size_t error_size)
{
    uint8_t expected[TUNNEL_HEADER_MAX];
    size_t offset, header;
    const uint8_t *p;
    uint16_t sum;

    if (!check_ip(tunnel, frame, &offset, &sum, error, error_size)) {
        return false;
    }
    header = tunnel_header(tunnel, false, expected);
    if (frame->size < header) {
        return wrong(error, error_size, "too short for the tunnel's header");
    }
    p = frame->data + offset;
    if (tunnel_protocol(tunnel) == PROTOCOL_UDP) {
        if (get_u16(p + 2) != tunnel_port(tunnel)) {
            return wrong(error, error_size, "outer UDP port");
        }
        if (get_u16(p + 4) != frame->size - offset) {
            return wrong(error, error_size, "length in outer UDP header");
        }
        if (get_u16(p + 6) ? sum != 0xffff : has_checksum(tunnel)) {
            return wrong(error, error_size, "checksum of outer UDP header");
        }
        p += 8;
        offset += 8;
    } else if (tunnel_protocol(tunnel) == PROTOCOL_GRE && has_checksum(tunnel)
               && sum_fold(sum_bytes(0, p, frame->size - offset)) != 0xffff) {
        return wrong(error, error_size, "checksum of GRE header");
    }
    if (tunnel == TUNNEL_GTPU4 || tunnel == TUNNEL_GTPU6) {
        if (get_u16(p + 2) != frame->size - offset - 8) {
            return wrong(error, error_size, "length in GTP-U header");
        }
    } else if (tunnel != TUNNEL_SRV6 && !bytes_equal(p, expected + offset, 4)) {
        return wrong(error, error_size, "the tunnel's header");
    }
    frames_add(inner, frame->data + header, frame->size - header);
    return true;
}

/* What becomes of a whole STT frame of 'size' bytes at 'data'. */
static bool
receive_stt_frame(const uint8_t *data, size_t size, struct frames *inner,
                  char *error, size_t error_size)
{
    static const uint8_t types[4] = { GSO_TCP6, GSO_TCP4 };
    struct offload offload;
    struct layers layers;
    size_t first = inner->count;
    uint16_t vlan = get_u16(data + 6);

    memset(&offload, 0, sizeof offload);
    if (data[0] || data[1] & ~15) {
        return wrong(error, error_size, "version or flags of an STT frame");
    }
    if (data[1] & STT_PARTIAL) {
        const struct layer *l4 = NULL;

        layers_read(data + STT_HEADER, size - STT_HEADER, LAYER_ETHERNET,
                    &layers);
        for (size_t i = 1; i < layers.count; i++) {
            if (layers.list[i].offset == data[2]
                && ((layers.list[i].type == LAYER_TCP && data[1] & STT_TCP)
                    || (layers.list[i].type == LAYER_UDP
                        && !(data[1] & STT_TCP)))
                && (layers.list[i - 1].type == LAYER_IPV4)
                    == !!(data[1] & STT_IPV4)) {
                l4 = &layers.list[i];
            }
        }
        if (!l4) {
            return wrong(error, error_size,
                         "an STT frame with a partial checksum says where it"
                         " is not");
        }
        offload.flags = OFFLOAD_NEEDS_CHECKSUM;
        offload.checksum_start = data[2];
        offload.checksum_offset = l4_checksum_offset(l4->type);
        if (get_u16(data + 4)) {
            offload.gso_type = types[!!(data[1] & STT_IPV4)];
            offload.gso_size = get_u16(data + 4);
        }
    } else if (data[2] || get_u16(data + 4)) {
        return wrong(error, error_size,
                     "an STT frame without partial checksum has an L4 offset"
                     " or MSS");
    }
    if (!finish(data + STT_HEADER, size - STT_HEADER, LAYER_ETHERNET, &offload,
                inner)) {
        return wrong(error, error_size,
                     "an STT frame has offloads that do not fit it");
    }
    if (data[1] & STT_VERIFIED) {
        struct frame *frame = &inner->list[first];

        layers_read(frame->data, frame->size, LAYER_ETHERNET, &layers);
        for (size_t i = 0; i < layers.count; i++) {
            if (is_l4(layers.list[i].type)
                && !l4_is_right(frame->data, &layers, i)) {
                return wrong(error, error_size,
                             "an STT frame says that a wrong checksum was"
                             " verified");
            }
        }
    }
    for (size_t i = first; vlan && i < inner->count; i++) {
        uint8_t tag[4] = { 0x81, 0, (vlan >> 8) & 0xef, vlan & 0xff };

        frame_insert(&inner->list[i], 12, tag, sizeof tag);
    }
    return true;
}

/* Puts together the STT frames that the segments 'wire' are of. */
static bool
receive_stt(enum path_tunnel tunnel, const struct frames *wire,
            struct frames *inner, char *error, size_t error_size)
{
    bool *used = calloc(wire->count + 1, sizeof *used);
    bool ok = true;

    for (size_t i = 0; ok && i < wire->count; i++) {
        const uint8_t *first = wire->list[i].data;
        uint8_t *frame, *there;
        size_t total, got = 0;

        if (used[i]) {
            continue;
        }
        /* Of which frame it is; checked below. */
        total = 0;
        if (wire->list[i].size >= 14u + (tunnel_is_ipv6(tunnel) ? 60 : 40)) {
            first += tunnel_is_ipv6(tunnel) ? 54 : 34;
            total = get_u16(first + 4);
        }
        if (total < STT_HEADER + 14) {
            ok = wrong(error, error_size, "length in a TCP-like header");
            break;
        }
        frame = calloc(1, total);
        there = calloc(1, total);
        for (size_t j = i; ok && j < wire->count; j++) {
            const struct frame *segment = &wire->list[j];
            size_t offset, place, n;
            const uint8_t *tcp;
            uint16_t sum;

            if (used[j]) {
                continue;
            }
            ok = check_ip(tunnel, segment, &offset, &sum, error, error_size);
            if (!ok) {
                break;
            }
            tcp = segment->data + offset;
            n = segment->size - offset;
            if (n <= 20 || tcp[12] != 0x50 || get_u16(tcp + 2) != PORT_STT) {
                ok = wrong(error, error_size, "TCP-like header");
            } else if (sum != 0xffff) {
                ok = wrong(error, error_size,
                           "checksum of a TCP-like header");
            } else if (segment->size > 14 + 1500) {
                ok = wrong(error, error_size,
                           "an STT segment is longer than the path MTU");
            }
            if (!ok || !bytes_equal(tcp + 8, first + 8, 4)) {
                continue;
            }
            used[j] = true;
            place = get_u16(tcp + 6);
            n -= 20;
            if (get_u16(tcp + 4) != total || place + n > total
                || !bytes_equal(tcp, first, 2)) {
                ok = wrong(error, error_size,
                           "segments of an STT frame that contradict each"
                           " other");
                break;
            }
            for (size_t k = place; k < place + n; k++) {
                ok = ok && !there[k];
                there[k] = 1;
            }
            if (!ok) {
                wrong(error, error_size, "STT segments overlap");
            }
            memcpy(frame + place, tcp + 20, n);
            got += n;
        }
        if (ok && got != total) {
            ok = wrong(error, error_size, "STT segments are missing");
        }
        if (ok) {
            ok = receive_stt_frame(frame, total, inner, error, error_size);
        }
        free(frame);
        free(there);
    }
    free(used);
    return ok;
}

/* Takes the headers of 'tunnel' off the packets of 'wire', which are as they are
 * on the wire, and adds what is in them to 'inner'.  Returns false if one of
 * these headers is not as it should be, and writes which into the 'error_size'
 * bytes at 'error'. */
bool
tunnel_receive(enum path_tunnel tunnel, const struct frames *wire,
               struct frames *inner, char *error, size_t error_size)
{
    if (tunnel_is_stt(tunnel)) {
        return receive_stt(tunnel, wire, inner, error, error_size);
    }
    for (size_t i = 0; i < wire->count; i++) {
        if (!receive_one(tunnel, &wire->list[i], inner, error, error_size)) {
            return false;
        }
    }
    return true;
}

/* Adds the STT segments in which 'frame' with 'offload' travels to 'segments',
 * over IPv6 if 'ipv6' is true.  If 'whole' is true it is one packet, as GRO
 * makes it, if that is possible.  Returns false if STT cannot carry it. */
bool
stt_segments(const struct frame *frame, const struct offload *offload,
             bool ipv6, bool whole, struct frames *segments)
{
    size_t total = STT_HEADER + frame->size;
    enum path_tunnel tunnel = ipv6 ? TUNNEL_STT6 : TUNNEL_STT4;
    uint8_t *stt, *packet;
    struct frame inner;

    if (total > 65535 || frame->size < 14) {
        return false;
    }
    frame_set(&inner, frame->data, frame->size);
    stt = calloc(1, STT_HEADER);
    if (offload->flags & OFFLOAD_NEEDS_CHECKSUM) {
        const struct layer *l4;
        struct layers layers;
        bool tagged = inner.size >= 18 && get_u16(inner.data + 12) == 0x8100;
        size_t n_ip = 0;

        if (tagged) {
            put_u16(stt + 6, get_u16(inner.data + 14) | 0x1000);
            frame_remove(&inner, 12, 4);
        }
        layers_read(inner.data, inner.size, LAYER_ETHERNET, &layers);
        l4 = layers.count ? &layers.list[layers.count - 1] : NULL;
        for (size_t i = 0; i < layers.count; i++) {
            n_ip += is_ip(layers.list[i].type);
        }
        if (layers.count < 3 || !is_ip((&l4[-1])->type) || n_ip != 1
            || layers_find(&layers, LAYER_VXLAN)
            || layers_find(&layers, LAYER_GRE)
            || (l4->type != LAYER_TCP && l4->type != LAYER_UDP)
            || l4->offset > 255
            /* Nothing behind three tags is described: a sender finishes it. */
            || (layers.count > 3 && layers.list[3].type == LAYER_VLAN)
            || l4->offset + 4u * tagged != offload->checksum_start) {
            frame_free(&inner);
            free(stt);
            return false;
        }
        stt[1] = (STT_PARTIAL | (l4->type == LAYER_TCP ? STT_TCP : 0)
                  | ((&l4[-1])->type == LAYER_IPV4 ? STT_IPV4 : 0));
        stt[2] = l4->offset;
        if ((offload->gso_type & ~GSO_ECN) == GSO_TCP4
            || offload->gso_type == GSO_TCP6) {
            put_u16(stt + 4, offload->gso_size);
        } else if (offload->gso_type) {
            frame_free(&inner);
            free(stt);
            return false;
        }
    }
    put_u32(stt + 12, 7);
    frame_insert(&inner, 0, stt, STT_HEADER);
    free(stt);

    packet = malloc(14 + 40 + 20 + inner.size);
    for (size_t offset = 0; offset < inner.size; ) {
        uint8_t header[TUNNEL_HEADER_MAX];
        size_t n = inner.size - offset, ip, size;
        size_t most = (whole ? DEVICE_MAX_LEN - 14 - 40 - 20
                       : STT_SEGMENT_PAYLOAD);
        uint8_t *tcp;

        n = n < most ? n : most;
        tunnel_header(tunnel, false, header);
        ip = ipv6 ? 54 : 34;
        size = ip + 20 + n;
        memcpy(packet, header, ip);
        tcp = packet + ip;
        memset(tcp, 0, 20);
        put_u16(tcp, 5000);
        put_u16(tcp + 2, PORT_STT);
        put_u16(tcp + 4, inner.size);
        put_u16(tcp + 6, offset);
        put_u32(tcp + 8, 77);
        put_u16(tcp + 12, 0x5018);
        put_u16(tcp + 14, 0xffff);
        memcpy(tcp + 20, inner.data + offset, n);
        if (ipv6) {
            put_u16(packet + 18, size - 54);
        } else {
            put_u16(packet + 16, size - 14);
            ipv4_complete(packet + 14, 20);
        }
        put_u16(tcp + 16, ~sum_fold(sum_bytes(
            sum_pseudo_header(packet + 14, PROTOCOL_TCP, size - ip),
            tcp, size - ip)));
        frames_add(segments, packet, size);
        offset += n;
    }
    free(packet);
    frame_free(&inner);
    return true;
}
