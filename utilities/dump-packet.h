/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DUMP_PACKET_H
#define DUMP_PACKET_H 1

/* From a captured packet to a line, a counter and an inner packet
 * ===============================================================
 *
 * Where all comes together: each packet passes through the outer headers, the
 * table of frames and the summary, and what was found is printed.  Knows
 * libpcap's link types, but no files: any bytes may be handed in. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

struct summary;

/* How timestamps are printed, by the number of "t" in tcpdump's options. */
enum dump_time {
    TIME_OF_DAY,
    TIME_NONE,                  /* -t */
    TIME_EPOCH,                 /* -tt */
    TIME_DELTA,                 /* -ttt: since the previous line's packet. */
    TIME_DATE,                  /* -tttt */
    TIME_SINCE_FIRST,           /* -ttttt */
};

enum { DUMP_MAX_PORTS = 16 };

struct dump_options {
    int link_type;              /* One of libpcap's DLT_*. */
    uint16_t ports[DUMP_MAX_PORTS];
    int n_ports;
    uint64_t age;               /* Of an incomplete frame, milliseconds. */
    bool print;                 /* Print lines at all. */
    bool verbose;
    bool link_header;
    bool number;                /* Print packet numbers. */
    bool check_checksums;
    bool nanoseconds;           /* In timestamps. */
    enum dump_time time;
};

/* A packet as captured. */
struct dump_record {
    uint64_t number;            /* From 1. */
    struct timespec when;
    const uint8_t *data;
    uint32_t captured;
    uint32_t length;            /* When it was sent; not less than captured. */
};

struct dump_calls {
    /* Called for each inner packet, which is whole unless 'captured' is less
     * than 'length', with the tag of the frame header; may be NULL. */
    void (*inner)(void *aux, const struct timespec *, const uint8_t *packet,
                  uint32_t captured, uint32_t length);

    /* Prints an inner packet in the current line, which that ends.  The tag
     * has been printed.  May be NULL: then lines end without it. */
    void (*print)(void *aux, const uint8_t *packet, uint32_t captured,
                  uint32_t length);

    /* Called with a warning about the packet 'number'. */
    void (*warn)(void *aux, uint64_t number, const char *message);
};

struct dump;

struct dump *dump_create(const struct dump_options *, const uint64_t seed[2],
                         FILE *lines, const struct dump_calls *, void *aux);
void dump_destroy(struct dump *);
bool dump_packet(struct dump *, const struct dump_record *);
void dump_expire(struct dump *, const struct timespec *);
struct summary *dump_finish(struct dump *);

#endif /* dump-packet.h */
