/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef STT_FRAME_ID_H
#define STT_FRAME_ID_H 1

/* Frame ids
 * =========
 *
 * Between one pair of addresses no two frames may have the same id while a
 * receiver may still hold segments of one of them.  Who is not on the path must
 * not be able to guess ids, or could push segments of his own into frames, and
 * nobody should be able to read from the ids that he gets how much is sent to
 * others.  IPv6 fragments have the same needs, and this is the answer of RFC
 * 7739, section 5.3: an id is the sum, modulo 2**32, of an offset, which is a
 * keyed hash of the pair of addresses, and a counter, which is one of several.
 * Which one is also chosen by the hash.
 *
 * So that not each frame writes to a variable that all threads share, a thread
 * draws STT_FRAME_IDS_PER_BLOCK values from a counter at a time.  From that
 * follows what can be relied on:
 *
 *   - Between one pair, an id comes again only after 2**31 others or more.
 *
 *   - The ids that one thread (or, in the kernel, one CPU) uses between one pair
 *     grow, modulo 2**32.  They grow by 1, or more if it sends to several pairs
 *     that share the counter, and jump ahead when a new block is drawn.
 *
 *   - Those of several threads between one pair are in different blocks, so they
 *     do not grow in the order of sending: a thread that sends little may be
 *     behind the others as far as these have sent since it drew its block.  One
 *     that is 2**31 behind draws a new one.
 *
 * Frame ids are in host byte order here. */

#include "stt-platform.h"

enum {
    STT_FRAME_IDS_PER_BLOCK = 256,
    STT_FRAME_ID_COUNTERS = 128,
};

/* What all threads share. */
struct stt_frame_ids {
    uint64_t seed[2];
    stt_counter_t drawn[STT_FRAME_ID_COUNTERS]; /* Blocks. */
};

/* What each thread has for itself.  At first all zero. */
struct stt_frame_id_blocks {
    uint32_t next[STT_FRAME_ID_COUNTERS];   /* Value of the counter. */
};

/* How the ids between one pair of addresses are made. */
struct stt_frame_id_sequence {
    uint32_t counter;           /* Which, below STT_FRAME_ID_COUNTERS. */
    uint32_t offset;            /* Added to its value. */
};

void stt_frame_ids_init(struct stt_frame_ids *, const uint64_t seed[2]);
void stt_frame_id_find_sequence(const struct stt_frame_ids *,
                                const uint8_t source[16],
                                const uint8_t destination[16],
                                struct stt_frame_id_sequence *);
uint32_t stt_frame_id_next(struct stt_frame_ids *,
                           struct stt_frame_id_blocks *,
                           const struct stt_frame_id_sequence *);

#endif /* stt-frame-id.h */
