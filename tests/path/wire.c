/* SPDX-License-Identifier: Apache-2.0 */
#include "path/wire.h"

#include <stdlib.h>
#include <string.h>

static void *
allocate(void *old, size_t size)
{
    void *p = realloc(old, size ? size : 1);

    if (!p) {
        abort();
    }
    return p;
}

uint16_t
get_u16(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}

uint32_t
get_u32(const uint8_t *p)
{
    return (uint32_t) get_u16(p) << 16 | get_u16(p + 2);
}

void
put_u16(uint8_t *p, uint16_t value)
{
    p[0] = value >> 8;
    p[1] = value;
}

void
put_u32(uint8_t *p, uint32_t value)
{
    put_u16(p, value >> 16);
    put_u16(p + 2, value);
}

/* Makes '*frame', which must be uninitialized or empty, a copy of the 'size'
 * bytes at 'data'. */
void
frame_set(struct frame *frame, const uint8_t *data, size_t size)
{
    frame->data = allocate(NULL, size);
    frame->size = size;
    memcpy(frame->data, data, size);
}

void
frame_free(struct frame *frame)
{
    free(frame->data);
    frame->data = NULL;
    frame->size = 0;
}

/* Inserts 'n' bytes at 'offset' of 'frame'. */
void
frame_insert(struct frame *frame, size_t offset, const uint8_t *bytes,
             size_t n)
{
    frame->data = allocate(frame->data, frame->size + n);
    memmove(frame->data + offset + n, frame->data + offset,
            frame->size - offset);
    memcpy(frame->data + offset, bytes, n);
    frame->size += n;
}

/* Removes the 'n' bytes at 'offset' of 'frame'. */
void
frame_remove(struct frame *frame, size_t offset, size_t n)
{
    memmove(frame->data + offset, frame->data + offset + n,
            frame->size - offset - n);
    frame_cut(frame, frame->size - n);
}

/* Takes away what is behind the first 'size' bytes of 'frame'. */
void
frame_cut(struct frame *frame, size_t size)
{
    if (size < frame->size) {
        frame->size = size;
        frame->data = allocate(frame->data, size);
    }
}

/* Adds a copy of the 'size' bytes at 'data' to 'frames'. */
void
frames_add(struct frames *frames, const uint8_t *data, size_t size)
{
    if (frames->count == frames->capacity) {
        frames->capacity = frames->capacity ? 2 * frames->capacity : 4;
        frames->list = allocate(frames->list,
                                frames->capacity * sizeof *frames->list);
    }
    frame_set(&frames->list[frames->count++], data, size);
}

/* Adds copies of the packets of 'from' to 'to'. */
void
frames_copy(struct frames *to, const struct frames *from)
{
    for (size_t i = 0; i < from->count; i++) {
        frames_add(to, from->list[i].data, from->list[i].size);
    }
}

/* Frees what is in 'frames', and makes it empty. */
void
frames_clear(struct frames *frames)
{
    for (size_t i = 0; i < frames->count; i++) {
        frame_free(&frames->list[i]);
    }
    free(frames->list);
    memset(frames, 0, sizeof *frames);
}

static uint16_t
get_host_u16(const uint8_t *p)
{
    uint16_t value;

    memcpy(&value, p, sizeof value);
    return value;
}

/* Reads the OFFLOAD_SIZE bytes at 'p'. */
void
offload_read(struct offload *offload, const uint8_t *p)
{
    offload->keep_cwr = false;
    offload->flags = p[0];
    offload->gso_type = p[1];
    offload->header_length = get_host_u16(p + 2);
    offload->gso_size = get_host_u16(p + 4);
    offload->checksum_start = get_host_u16(p + 6);
    offload->checksum_offset = get_host_u16(p + 8);
}

/* Writes OFFLOAD_SIZE bytes to 'p'. */
void
offload_write(const struct offload *offload, uint8_t *p)
{
    p[0] = offload->flags;
    p[1] = offload->gso_type;
    memcpy(p + 2, &offload->header_length, 2);
    memcpy(p + 4, &offload->gso_size, 2);
    memcpy(p + 6, &offload->checksum_start, 2);
    memcpy(p + 8, &offload->checksum_offset, 2);
}

/* Are the 'n' bytes at 'a' and 'b' the same?  libFuzzer watches each memcmp() for
 * inputs that make it equal, which takes longer than all the rest, and that a
 * packet arrived as expected is nothing that it should look for. */
bool
bytes_equal(const uint8_t *a, const uint8_t *b, size_t n)
{
    size_t i = 0;

    for (uint64_t x, y; i + sizeof x <= n; i += sizeof x) {
        memcpy(&x, a + i, sizeof x);
        memcpy(&y, b + i, sizeof y);
        if (x != y) {
            return false;
        }
    }
    while (i < n && a[i] == b[i]) {
        i++;
    }
    return i == n;
}

/* Adds the 'n' bytes at 'p' to the ones' complement sum 'sum' (RFC 1071). */
uint32_t
sum_bytes(uint32_t sum, const uint8_t *p, size_t n)
{
    uint64_t total = sum;

    for (; n >= 2; n -= 2, p += 2) {
        total += get_u16(p);
    }
    if (n) {
        total += p[0] << 8;
    }
    while (total >> 32) {
        total = (total & 0xffffffff) + (total >> 32);
    }
    return total;
}

/* Returns 'sum' in 16 bits, not inverted. */
uint16_t
sum_fold(uint32_t sum)
{
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

/* Returns the CRC32c (RFC 9260, appendix A) of the SCTP packet of 'n' bytes at
 * 'p', whose checksum field counts as 0, with its bytes in the order in which
 * put_u32() writes them. */
uint32_t
crc32c_sctp(const uint8_t *p, size_t n)
{
    static uint32_t table[256];
    uint32_t crc = UINT32_MAX;

    if (!table[1]) {
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t value = i;

            for (int bit = 0; bit < 8; bit++) {
                value = value >> 1 ^ (value & 1 ? 0x82f63b78 : 0);
            }
            table[i] = value;
        }
    }
    for (size_t i = 0; i < n; i++) {
        uint8_t byte = i >= 8 && i < 12 ? 0 : p[i];

        crc = crc >> 8 ^ table[(crc ^ byte) & 0xff];
    }
    crc = ~crc;
    return crc << 24 | (crc & 0xff00) << 8 | (crc >> 8 & 0xff00) | crc >> 24;
}

/* Returns the sum of the pseudo header that belongs to the IPv4 or IPv6 header
 * at 'ip', for 'length' bytes of 'protocol'. */
uint32_t
sum_pseudo_header(const uint8_t *ip, uint8_t protocol, uint32_t length)
{
    uint32_t sum = (ip[0] >> 4 == 4
                    ? sum_bytes(0, ip + 12, 8) : sum_bytes(0, ip + 8, 32));

    return sum + protocol + (length >> 16) + (length & 0xffff);
}

bool
is_l4(enum layer_type type)
{
    return type >= LAYER_TCP && type <= LAYER_ICMP;
}

bool
is_ip(enum layer_type type)
{
    return type == LAYER_IPV4 || type == LAYER_IPV6;
}

uint8_t
l4_protocol(enum layer_type type)
{
    return type == LAYER_TCP ? 6 : type == LAYER_UDP ? 17 : 132;
}

/* Returns where the checksum is in a header of 'type'. */
size_t
l4_checksum_offset(enum layer_type type)
{
    return (type == LAYER_TCP ? 16 : type == LAYER_UDP ? 6
            : type == LAYER_SCTP ? 8 : 2);
}

static bool
ethertype_layer(uint16_t ethertype, enum layer_type *type)
{
    switch (ethertype) {
    case 0x8100: case 0x88a8: *type = LAYER_VLAN; return true;
    case 0x8847: case 0x8848: *type = LAYER_MPLS; return true;
    case 0x894f: *type = LAYER_NSH; return true;
    case 0x0806: *type = LAYER_ARP; return true;
    case 0x0800: *type = LAYER_IPV4; return true;
    case 0x86dd: *type = LAYER_IPV6; return true;
    case 0x6558: *type = LAYER_ETHERNET; return true;
    default: *type = LAYER_PAYLOAD; return false;
    }
}

static bool
protocol_layer(uint8_t protocol, bool ipv6, enum layer_type *type)
{
    switch (protocol) {
    case 0: case 43: case 60:
        *type = ipv6 ? LAYER_EXTENSION : LAYER_PAYLOAD;
        return ipv6;
    case 1: *type = LAYER_ICMP; return !ipv6;
    case 58: *type = LAYER_ICMP; return ipv6;
    case 4: *type = LAYER_IPV4; return true;
    case 41: *type = LAYER_IPV6; return true;
    case 6: *type = LAYER_TCP; return true;
    case 17: *type = LAYER_UDP; return true;
    case 47: *type = LAYER_GRE; return true;
    case 132: *type = LAYER_SCTP; return true;
    default: *type = LAYER_PAYLOAD; return false;
    }
}

/* Finds the header of 'type' at 'p', of which 'n' bytes are there.  Returns its
 * length, or 0 if it is not whole, and stores the next one's type in '*next'.
 * For one that says how long it is with its payload stores that in '*length',
 * which is 0 before. */
static size_t
read_layer(enum layer_type type, const uint8_t *p, size_t n,
           enum layer_type *next, size_t *length)
{
    size_t size;

    *next = LAYER_PAYLOAD;
    switch (type) {
    case LAYER_ETHERNET:
        if (n < 14) {
            return 0;
        }
        ethertype_layer(get_u16(p + 12), next);
        return 14;
    case LAYER_VLAN:
        if (n < 4) {
            return 0;
        }
        ethertype_layer(get_u16(p + 2), next);
        return 4;
    case LAYER_MPLS:
        if (n < 4) {
            return 0;
        }
        *next = (!(p[2] & 1) ? LAYER_MPLS
                 : n > 4 && p[4] >> 4 == 4 ? LAYER_IPV4
                 : n > 4 && p[4] >> 4 == 6 ? LAYER_IPV6
                 : LAYER_PAYLOAD);
        return 4;
    case LAYER_NSH:
        size = n < 8 ? 0 : (p[1] & 0x3f) * 4;
        if (size < 8 || size > n) {
            return 0;
        }
        *next = (p[3] == 1 ? LAYER_IPV4 : p[3] == 2 ? LAYER_IPV6
                 : p[3] == 3 ? LAYER_ETHERNET : LAYER_PAYLOAD);
        return size;
    case LAYER_ARP:
        return n < 28 ? 0 : 28;
    case LAYER_IPV4:
        size = n < 20 || p[0] >> 4 != 4 ? 0 : (p[0] & 15) * 4;
        if (size < 20 || size > n || get_u16(p + 2) < size
            || get_u16(p + 2) > n) {
            return 0;
        }
        *length = get_u16(p + 2);
        if (!(get_u16(p + 6) & 0x3fff)) {
            protocol_layer(p[9], false, next);
        }
        return size;
    case LAYER_IPV6:
        if (n < 40 || p[0] >> 4 != 6 || 40u + get_u16(p + 4) > n) {
            return 0;
        }
        *length = 40 + get_u16(p + 4);
        protocol_layer(p[6], true, next);
        return 40;
    case LAYER_EXTENSION:
        size = n < 8 ? 0 : (p[1] + 1) * 8;
        if (!size || size > n) {
            return 0;
        }
        protocol_layer(p[0], true, next);
        return size;
    case LAYER_TCP:
        size = n < 20 ? 0 : (p[12] >> 4) * 4;
        return size < 20 || size > n ? 0 : size;
    case LAYER_UDP:
        if (n < 8) {
            return 0;
        }
        *next = (get_u16(p + 2) == 4789 ? LAYER_VXLAN
                 : get_u16(p + 2) == 6081 ? LAYER_GENEVE : LAYER_PAYLOAD);
        return 8;
    case LAYER_SCTP:
        return n < 12 ? 0 : 12;
    case LAYER_ICMP:
        return n < 8 ? 0 : 8;
    case LAYER_GRE:
        if (n < 4) {
            return 0;
        }
        size = (4 + (p[0] & 0x80 ? 4 : 0) + (p[0] & 0x20 ? 4 : 0)
                + (p[0] & 0x10 ? 4 : 0));
        if (size > n) {
            return 0;
        }
        ethertype_layer(get_u16(p + 2), next);
        return size;
    case LAYER_GENEVE:
        size = n < 8 ? 0 : 8 + (p[0] & 0x3f) * 4;
        if (!size || size > n) {
            return 0;
        }
        ethertype_layer(get_u16(p + 2), next);
        return size;
    case LAYER_VXLAN:
        *next = LAYER_ETHERNET;
        return n < 8 ? 0 : 8;
    case LAYER_PAYLOAD:
    default:
        return 0;
    }
}

/* Finds the headers of the packet of 'size' bytes at 'data', which begins with
 * one of 'first'.  Returns false if one of them is not whole or says something
 * about lengths that is not so; those before it are in '*layers' then. */
bool
layers_read(const uint8_t *data, size_t size, enum layer_type first,
            struct layers *layers)
{
    enum layer_type type = first, next;
    size_t offset = 0;

    layers->count = 0;
    layers->end = size;
    while (type != LAYER_PAYLOAD) {
        size_t length = 0, header;

        if (layers->count == MAX_LAYERS) {
            return false;
        }
        header = read_layer(type, data + offset, layers->end - offset,
                            &next, &length);
        if (!header) {
            return false;
        }
        layers->list[layers->count].type = type;
        layers->list[layers->count].offset = offset;
        layers->list[layers->count].length = header;
        layers->count++;
        if (length) {
            layers->end = offset + length;
        }
        layers->list[layers->count - 1].end = layers->end;
        offset += header;
        type = next;
    }
    return true;
}

/* Returns the innermost header of 'type' in 'layers', or NULL. */
const struct layer *
layers_find(const struct layers *layers, enum layer_type type)
{
    for (size_t i = layers->count; i-- > 0; ) {
        if (layers->list[i].type == type) {
            return &layers->list[i];
        }
    }
    return NULL;
}

/* Returns the IP header that the one with index 'i' belongs to. */
static const struct layer *
ip_above(const struct layers *layers, size_t i)
{
    while (i-- > 0) {
        if (is_ip(layers->list[i].type)) {
            return &layers->list[i];
        }
    }
    return NULL;
}

static uint32_t
sum_l4(const uint8_t *data, const struct layers *layers, size_t i)
{
    const struct layer *l4 = &layers->list[i];
    const struct layer *ip = ip_above(layers, i);
    size_t n = l4->end - l4->offset;
    uint32_t sum = 0;

    if (l4->type != LAYER_ICMP) {
        sum = sum_pseudo_header(data + ip->offset, l4_protocol(l4->type), n);
    } else if (ip->type == LAYER_IPV6) {
        sum = sum_pseudo_header(data + ip->offset, 58, n);
    }
    return sum_bytes(sum, data + l4->offset, n);
}

/* Is the checksum in the header with index 'i', of layer 4, right? */
bool
l4_is_right(const uint8_t *data, const struct layers *layers, size_t i)
{
    const struct layer *l4 = &layers->list[i];

    if (l4->type == LAYER_SCTP) {
        return get_u32(data + l4->offset + 8)
               == crc32c_sctp(data + l4->offset, l4->end - l4->offset);
    }
    if (l4->type == LAYER_UDP && !get_u16(data + l4->offset + 6)) {
        return true;
    }
    return sum_fold(sum_l4(data, layers, i)) == 0xffff;
}

/* Computes the checksum in the header with index 'i', of layer 4. */
void
l4_complete(uint8_t *data, const struct layers *layers, size_t i)
{
    const struct layer *l4 = &layers->list[i];
    uint8_t *field = data + l4->offset + l4_checksum_offset(l4->type);

    if (l4->type == LAYER_SCTP) {
        put_u32(field, crc32c_sctp(data + l4->offset,
                                   l4->end - l4->offset));
    } else {
        uint16_t checksum;

        put_u16(field, 0);
        checksum = ~sum_fold(sum_l4(data, layers, i));
        put_u16(field, checksum || l4->type != LAYER_UDP ? checksum : 0xffff);
    }
}

/* Computes the checksum of the IPv4 header of 'length' bytes at 'ip'. */
void
ipv4_complete(uint8_t *ip, size_t length)
{
    put_u16(ip + 10, 0);
    put_u16(ip + 10, ~sum_fold(sum_bytes(0, ip, length)));
}
