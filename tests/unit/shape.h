/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef SHAPE_H
#define SHAPE_H 1

/* Inner packets that tests make. */

#include "stt-inner.h"
#include "unit.h"

/* An inner packet to be made. */
struct shape {
    bool ipv6;
    uint8_t protocol;
    int n_tags;
    int ip_options;             /* Bytes, with IPv4. */
    int tcp_options;            /* Bytes, with TCP. */
    int payload;                /* Bytes behind the TCP or UDP header. */
    int padding;                /* Bytes behind the IP packet. */
};

/* The packet made last. */
enum { MAX_PACKET = 70000 };
extern uint8_t packet[MAX_PACKET];

size_t make_packet(const struct shape *);
void for_each_shape(void (*visit)(const struct shape *));
void check_inner(const struct stt_inner *, const struct shape *);

/* Where the parts of such a packet begin. */

static inline int
l3_offset(const struct shape *shape)
{
    return 14 + 4 * shape->n_tags;
}

static inline int
l4_offset(const struct shape *shape)
{
    return l3_offset(shape) + (shape->ipv6 ? 40 : 20 + shape->ip_options);
}

static inline int
payload_offset(const struct shape *shape)
{
    return l4_offset(shape) + (shape->protocol == 6 ? 20 + shape->tcp_options
                               : shape->protocol == 17 ? 8 : 0);
}

static inline int
ip_end(const struct shape *shape)
{
    return payload_offset(shape) + shape->payload;
}

#endif /* shape.h */
