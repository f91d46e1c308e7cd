/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PATH_WIRE_H
#define PATH_WIRE_H 1

/* Packets as bytes
 * ================
 *
 * What the judge of the userspace datapath's way knows of packets: lists of
 * them, where their headers are, and how their checksums are computed.  It is
 * made from the protocols' definitions and uses neither lib/ nor Open vSwitch,
 * because it is to notice where these are wrong. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A packet.  Its memory ends where it ends, so that AddressSanitizer notices
 * whoever reads on. */
struct frame {
    uint8_t *data;
    size_t size;
};

/* Longest packet that a device brings: Open vSwitch has 16 bits for the length
 * of a buffer. */
enum { DEVICE_MAX_LEN = 65535 };

struct frames {
    struct frame *list;
    size_t count;
    size_t capacity;
};

/* What a device or guest asks to be done to a packet: a virtio_net_hdr, in the
 * host's byte order.  'keep_cwr' is not in there: does each piece keep the flag
 * CWR, as accurate ECN has it, not only the first? */
struct offload {
    bool keep_cwr;
    uint8_t flags;
    uint8_t gso_type;
    uint16_t header_length;
    uint16_t gso_size;
    uint16_t checksum_start;
    uint16_t checksum_offset;
};
#define OFFLOAD_SIZE 10

enum {
    OFFLOAD_NEEDS_CHECKSUM = 1,     /* Flags. */
    OFFLOAD_DATA_VALID = 2,
    GSO_NONE = 0,                   /* Types of segmentation. */
    GSO_TCP4 = 1,
    GSO_UDP_FRAGMENTS = 3,
    GSO_TCP6 = 4,
    GSO_UDP = 5,
    GSO_ECN = 0x80,
};

enum layer_type {
    LAYER_ETHERNET,
    LAYER_VLAN,
    LAYER_MPLS,
    LAYER_NSH,
    LAYER_ARP,
    LAYER_IPV4,
    LAYER_IPV6,
    LAYER_EXTENSION,
    LAYER_TCP,
    LAYER_UDP,
    LAYER_SCTP,
    LAYER_ICMP,
    LAYER_GRE,
    LAYER_VXLAN,
    LAYER_GENEVE,
    LAYER_PAYLOAD,
};

struct layer {
    enum layer_type type;
    size_t offset;
    size_t length;              /* Of the header. */
    size_t end;                 /* Where what it heads ends. */
};

enum { MAX_LAYERS = 32 };

struct layers {
    struct layer list[MAX_LAYERS];
    size_t count;
    size_t end;                 /* Of what the headers say; padding is behind. */
};

uint16_t get_u16(const uint8_t *);
uint32_t get_u32(const uint8_t *);
void put_u16(uint8_t *, uint16_t);
void put_u32(uint8_t *, uint32_t);

void frame_set(struct frame *, const uint8_t *data, size_t size);
void frame_free(struct frame *);
void frame_insert(struct frame *, size_t offset, const uint8_t *, size_t n);
void frame_remove(struct frame *, size_t offset, size_t n);
void frame_cut(struct frame *, size_t size);

void frames_add(struct frames *, const uint8_t *data, size_t size);
void frames_copy(struct frames *, const struct frames *);
void frames_clear(struct frames *);

void offload_read(struct offload *, const uint8_t *);
void offload_write(const struct offload *, uint8_t *);

bool bytes_equal(const uint8_t *, const uint8_t *, size_t n);
uint32_t sum_bytes(uint32_t sum, const uint8_t *, size_t n);
uint16_t sum_fold(uint32_t sum);
uint32_t crc32c_sctp(const uint8_t *, size_t n);
uint32_t sum_pseudo_header(const uint8_t *ip, uint8_t protocol,
                           uint32_t length);

bool layers_read(const uint8_t *data, size_t size, enum layer_type first,
                 struct layers *);
const struct layer *layers_find(const struct layers *, enum layer_type);
bool is_l4(enum layer_type);
bool is_ip(enum layer_type);
uint8_t l4_protocol(enum layer_type);
size_t l4_checksum_offset(enum layer_type);
bool l4_is_right(const uint8_t *data, const struct layers *, size_t i);
void l4_complete(uint8_t *data, const struct layers *, size_t i);
void ipv4_complete(uint8_t *ip, size_t length);

#endif /* path/wire.h */
