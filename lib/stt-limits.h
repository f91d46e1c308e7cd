/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef STT_LIMITS_H
#define STT_LIMITS_H 1

/* Limits of reassembly, their defaults and bounds
 * ===============================================
 *
 * Bytes are those of the buffers in which segments lie, and NIC drivers commonly
 * give each packet a page.  A frame of maximum length in Ethernet-sized segments
 * has 45 of them, so with pages of 4 kB it may be charged some 225 kB, and with
 * those of 64 kB almost 3 MB.  The limits follow from the size of a page for
 * that reason: the least that can be set, 64 pages, always has room for such a
 * frame, and by default one source may have ten of them under way at least.
 *
 * The macros whose names end in _FOR take the size of a page in bytes; the
 * others are for the host's (see STT_PAGE_SIZE). */

#include "stt-platform.h"

struct stt_limits {
    uint64_t bytes;             /* Held in all. */
    uint64_t bytes_per_source;  /* Held for one source address and domain. */
    uint32_t frames;            /* Held in all. */
    uint32_t age;               /* Of a frame, in milliseconds. */
};

/* Of 'bytes' and 'bytes_per_source'.  The most is as much as could ever be
 * addressed, which leaves room to add to it. */
#define STT_MIN_BYTES_FOR(PAGE) (64 * (uint64_t) (PAGE))
#define STT_MIN_BYTES STT_MIN_BYTES_FOR(STT_PAGE_SIZE)
#define STT_MAX_BYTES (SIZE_MAX / 2)

#define STT_MIN_FRAMES 1
#define STT_MAX_FRAMES (1 << 20)

/* Nothing takes longer on the way than TCP lets a segment live. */
#define STT_MIN_AGE 10
#define STT_MAX_AGE (60 * 1000)

/* Eight sources may reach their limit at once.  Drivers that have 64 kB pages
 * mostly share one among several packets, so the defaults do not grow with pages
 * of more than 16 kB.  Segments of a frame leave the sender back to back: a
 * second is generous. */
#define STT_DEFAULT_BYTES_PER_SOURCE_FOR(PAGE) \
    (32 * STT_MIN_BYTES_FOR((PAGE) < 16384 ? (PAGE) : 16384))
#define STT_DEFAULT_BYTES_FOR(PAGE) \
    (8 * STT_DEFAULT_BYTES_PER_SOURCE_FOR(PAGE))
#define STT_DEFAULT_LIMITS_FOR(PAGE) (struct stt_limits) {              \
        .bytes = STT_DEFAULT_BYTES_FOR(PAGE),                           \
        .bytes_per_source = STT_DEFAULT_BYTES_PER_SOURCE_FOR(PAGE),     \
        .frames = 8192,                                                 \
        .age = 1000,                                                    \
    }
#define STT_DEFAULT_LIMITS STT_DEFAULT_LIMITS_FOR(STT_PAGE_SIZE)

#endif /* stt-limits.h */
