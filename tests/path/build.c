/* SPDX-License-Identifier: Apache-2.0 */
#include "path/build.h"

#include <string.h>

/* Room for the longest packet. */
enum { BUFFER_SIZE = 66000 };

/* A packet that grows at its end. */
struct builder {
    uint8_t data[BUFFER_SIZE];
    size_t size;
    size_t ips[2];              /* Where its IP headers are. */
    size_t n_ips;
};

static uint8_t *
append(struct builder *b, size_t n)
{
    uint8_t *p = b->data + b->size;

    memset(p, 0, n);
    b->size += n;
    return p;
}

static uint16_t
ethertype_of(uint32_t ip)
{
    return ip == IP_ARP ? 0x0806
           : ip == IP_6 || ip == IP_6_EXTENSION ? 0x86dd : 0x0800;
}

static void
append_ethernet(struct builder *b, const struct path_case *path, bool inner)
{
    uint32_t tags = inner ? 0 : path->tags;
    uint8_t *p = append(b, 12);

    memcpy(p, inner ? "\x02\0\0\0\0\x04\x02\0\0\0\0\x03"
                    : "\x02\0\0\0\0\x02\x02\0\0\0\0\x01", 12);
    for (uint32_t i = 0; i < tags; i++) {
        p = append(b, 4);
        put_u16(p, !i && path->service_tag ? 0x88a8 : 0x8100);
        put_u16(p + 2, 0x2000 | (100 + i));
    }
    put_u16(append(b, 2), ethertype_of(inner ? path->inner_ip : path->ip));
}

/* Appends an IP header in front of 'protocol', with room for its lengths. */
static void
append_ip(struct builder *b, uint32_t ip, uint8_t protocol)
{
    uint8_t *p;

    b->ips[b->n_ips++] = b->size;
    if (ip == IP_4 || ip == IP_4_OPTIONS) {
        p = append(b, 20);
        p[0] = 0x45;
        p[1] = 0x08;
        put_u16(p + 4, 0xfff0);
        p[8] = 64;
        p[9] = protocol;
        memcpy(p + 12, "\x0a\0\0\x01\x0a\0\0\x02", 8);
        if (ip == IP_4_OPTIONS) {
            p[0] = 0x47;
            memset(append(b, 8), 1, 8);         /* No operation. */
        }
        return;
    }
    p = append(b, 40);
    put_u32(p, 0x60800000);
    p[6] = ip == IP_6_EXTENSION ? 60 : protocol;
    p[7] = 64;
    p[8] = p[24] = 0xfd;
    p[23] = 1;
    p[39] = 2;
    if (ip == IP_6_EXTENSION) {
        p = append(b, 8);
        p[0] = protocol;
        memcpy(p + 2, "\x01\x04\0\0\0\0", 6);   /* Padding. */
    }
}

static uint8_t
protocol_of(const struct path_case *path, uint32_t ip)
{
    return (path->l4 == L4_TCP || path->l4 == L4_TCP_OPTIONS ? 6
            : path->l4 == L4_UDP ? 17 : path->l4 == L4_SCTP ? 132
            : ip == IP_6 || ip == IP_6_EXTENSION ? 58 : 1);
}

static void
append_l4(struct builder *b, const struct path_case *path, uint32_t ip)
{
    uint8_t *p;

    switch (path->l4) {
    case L4_TCP:
    case L4_TCP_OPTIONS:
        p = append(b, 20);
        put_u16(p, 1025);
        put_u16(p + 2, 80);
        put_u32(p + 4, 0xfffff000);
        put_u32(p + 8, 0x12345678);
        p[12] = 0x50;
        p[13] = 0x18 | (path->cwr ? 0x80 : 0);
        put_u16(p + 14, 1000);
        if (path->l4 == L4_TCP_OPTIONS) {
            p[12] = 0x80;
            memcpy(append(b, 12), "\x01\x01\x08\x0a\0\0\0\x01\0\0\0\x02", 12);
        }
        break;
    case L4_UDP:
        p = append(b, 8);
        put_u16(p, 1025);
        put_u16(p + 2, 53);
        break;
    case L4_SCTP:
        p = append(b, 12);
        put_u16(p, 1025);
        put_u16(p + 2, 80);
        put_u32(p + 4, 0x12345678);
        break;
    case L4_ICMP:
        p = append(b, 8);
        p[0] = ip == IP_6 || ip == IP_6_EXTENSION ? 128 : 8;
        put_u16(p + 4, 0x4321);
        put_u16(p + 6, 1);
        break;
    }
}

/* Writes all lengths and checksums of the packet in 'b'.  Returns the number of
 * its headers. */
static size_t
complete(struct builder *b, struct layers *layers, bool outer_checksum)
{
    enum layer_type types[MAX_LAYERS];
    size_t n;

    for (size_t i = 0; i < b->n_ips; i++) {
        uint8_t *ip = b->data + b->ips[i];
        size_t length = b->size - b->ips[i];

        if (ip[0] >> 4 == 4) {
            put_u16(ip + 2, length);
        } else {
            put_u16(ip + 4, length - 40);
        }
    }
    layers_read(b->data, b->size, LAYER_ETHERNET, layers);
    n = layers->count;
    for (size_t i = 0; i < n; i++) {
        types[i] = layers->list[i].type;
        if (types[i] == LAYER_UDP) {
            put_u16(b->data + layers->list[i].offset + 4,
                    layers->list[i].end - layers->list[i].offset);
        } else if (types[i] == LAYER_IPV4) {
            ipv4_complete(b->data + layers->list[i].offset,
                          layers->list[i].length);
        }
    }
    for (size_t i = n; i-- > 0; ) {
        if (is_l4(types[i]) && (i == n - 1 || outer_checksum)) {
            l4_complete(b->data, layers, i);
        }
    }
    return n;
}

static void
leave_checksum(struct builder *b, const struct layers *layers, size_t l4,
               struct offload *offload)
{
    const struct layer *layer = &layers->list[l4];
    uint8_t *field = b->data + layer->offset
                     + l4_checksum_offset(layer->type);
    size_t ip = l4;

    do {
        ip--;
    } while (!is_ip(layers->list[ip].type));
    if (layer->type == LAYER_SCTP) {
        put_u32(field, 0);
    } else {
        put_u16(field, sum_fold(sum_pseudo_header(
            b->data + layers->list[ip].offset, l4_protocol(layer->type),
            layer->end - layer->offset)));
    }
    offload->flags = OFFLOAD_NEEDS_CHECKSUM;
    offload->checksum_start = layer->offset;
    offload->checksum_offset = l4_checksum_offset(layer->type);
}

static void
ask_for_segments(const struct path_case *path, bool ipv6,
                 const struct layer *l4, struct offload *offload)
{
    switch (path->gso) {
    case SEGMENT_TCP:
    case SEGMENT_TCP_ECN:
        offload->gso_type = ipv6 ? GSO_TCP6 : GSO_TCP4;
        if (path->gso == SEGMENT_TCP_ECN) {
            offload->gso_type |= GSO_ECN;
        }
        break;
    case SEGMENT_UDP:
        offload->gso_type = GSO_UDP;
        break;
    case SEGMENT_UDP_FRAGMENTS:
        offload->gso_type = GSO_UDP_FRAGMENTS;
        break;
    default:
        return;
    }
    offload->gso_size = path->segment;
    offload->header_length = l4->offset + l4->length;
}

/* Makes the packet that 'path' describes, and what is left to be done to it.
 * Returns false if there is no such packet.  The caller frees '*frame'. */
bool
build(const struct path_case *path, struct frame *frame,
      struct offload *offload)
{
    static struct builder b;
    uint32_t ip = path->inner ? path->inner_ip : path->ip;
    bool unfinished = (path->checksum == CHECKSUM_PARTIAL
                       || path->gso != SEGMENT_NONE);
    struct layers layers;
    size_t n;

    memset(offload, 0, sizeof *offload);
    b.size = b.n_ips = 0;
    append_ethernet(&b, path, false);
    if (path->ip == IP_ARP) {
        uint8_t *p = append(&b, 28);

        if (path->inner || unfinished) {
            return false;
        }
        memcpy(p, "\0\x01\x08\0\x06\x04\0\x01", 8);
        memcpy(p + 8, b.data + 6, 6);
        memcpy(p + 14, "\x0a\0\0\x01", 4);
        memcpy(p + 24, "\x0a\0\0\x02", 4);
        frame_set(frame, b.data, b.size);
        return true;
    }

    switch (path->inner) {
    case INNER_VXLAN:
        append_ip(&b, path->ip, 17);
        put_u16(append(&b, 8) + 2, 4789);
        put_u16(b.data + b.size - 8, 40000);
        memcpy(append(&b, 8), "\x08\0\0\0\0\0\x05\0", 8);
        append_ethernet(&b, path, true);
        break;
    case INNER_GRE:
        append_ip(&b, path->ip, 47);
        put_u16(append(&b, 4) + 2, ethertype_of(path->inner_ip));
        break;
    case INNER_IPIP:
        append_ip(&b, path->ip, path->inner_ip == IP_4 ? 4 : 41);
        break;
    default:
        break;
    }
    if (path->inner) {
        append_ip(&b, path->inner_ip, protocol_of(path, path->inner_ip));
    } else {
        append_ip(&b, path->ip, protocol_of(path, path->ip));
    }
    append_l4(&b, path, ip);
    while (b.size < path->size) {
        b.data[b.size] = b.size * 7 + (b.size >> 8);
        b.size++;
    }

    /* Nobody can finish the outer checksum of pieces by himself. */
    n = complete(&b, &layers,
                 path->ip >= IP_6 && path->gso == SEGMENT_NONE);
    if (!n || !is_l4(layers.list[n - 1].type) || layers.end != b.size) {
        return false;           /* It does not fit. */
    }
    if (unfinished) {
        if (layers.list[n - 1].type == LAYER_ICMP) {
            return false;
        }
        leave_checksum(&b, &layers, n - 1, offload);
        ask_for_segments(path, ip == IP_6 || ip == IP_6_EXTENSION,
                         &layers.list[n - 1], offload);
        offload->checksum_start += path->shift;
    } else if (path->checksum == CHECKSUM_WRONG) {
        const struct layer *l4 = &layers.list[n - 1];

        b.data[l4->offset + l4_checksum_offset(l4->type)] ^= 0x10;
    } else if (path->checksum == CHECKSUM_VALID) {
        offload->flags = OFFLOAD_DATA_VALID;
    }
    append(&b, path->padding);
    if (path->cut) {
        b.size = b.size > path->cut ? b.size - path->cut : 1;
    }
    frame_set(frame, b.data, b.size);
    return true;
}
