/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef REASSEMBLY_H
#define REASSEMBLY_H 1

/* What tests of single rules of reassembly share. */

#include "reassembly-key.h"
#include "reassembly-watch.h"
#include "stt-frame.h"
#include "stt-reassembly.h"
#include "unit.h"

/*
 * A table under watch.
 */

static struct watch watch;

static inline void
begin(uint32_t n_shards, const struct stt_limits *limits)
{
    watch_init(&watch, n_shards, some_seed, limits);
}

static inline void
finish(void)
{
    watch_destroy(&watch);
    outcome_destroy(&watch.outcome);
}

/* Puts in 'length' bytes at 'offset' of the frame 'key' of 'frame_length'
 * bytes, charged 'length' bytes. */
static inline void
put(const struct stt_key *key, uint32_t frame_length, uint32_t offset,
    uint32_t length, uint64_t now)
{
    struct stt_segment segment = {
        .source_port = key->source_port,
        .destination_port = key->destination_port,
        .frame_id = key->frame_id,
        .frame_length = frame_length,
        .offset = offset,
        .length = length,
    };

    watch_insert(&watch, key, &segment, length, now);
}

/* Checks the last call's outcome: a whole frame of 'N_WHOLE' fragments (0: no
 * such frame), and 'N_DEAD' fragments, all with the reason 'DROP'. */
#define EXPECT(N_WHOLE, N_DEAD, DROP)                                   \
    do {                                                                \
        size_t i_;                                                      \
                                                                        \
        CHECK_EQ(watch.outcome.n_whole, N_WHOLE);                       \
        CHECK_EQ(watch.outcome.n_dead, N_DEAD);                         \
        for (i_ = 0; i_ < watch.outcome.n_dead; i_++) {                 \
            CHECK_TEXT(stt_drop_name(watch.outcome.dead[i_].drop),      \
                       stt_drop_name(DROP));                            \
        }                                                               \
    } while (0)

#define EXPECT_HELD() EXPECT(0, 0, STT_DROP_NONE)

/*
 * Fragments by themselves, for tables that are not watched.
 */

/* Returns a fragment for 'charge' bytes, which the caller frees. */
static inline struct stt_fragment *
new_fragment(uint32_t charge)
{
    struct stt_fragment *fragment = test_alloc(sizeof *fragment);

    fragment->charge = charge;
    return fragment;
}

/* Frees the fragments of the chain 'fragment', each of which was allocated by
 * itself.  Returns their number. */
static inline uint64_t
free_chain(struct stt_fragment *fragment)
{
    uint64_t n = 0;

    while (fragment) {
        struct stt_fragment *next = fragment->next;

        test_free(fragment);
        fragment = next;
        n++;
    }
    return n;
}

static inline struct stt_occupancy
get_occupancy(const struct stt_reassembly *table)
{
    struct stt_occupancy occupancy;

    stt_reassembly_get_occupancy(table, &occupancy);
    return occupancy;
}

static inline uint64_t
chain_length(const struct stt_fragment *fragment)
{
    uint64_t n = 0;

    for (; fragment; fragment = fragment->next) {
        n++;
    }
    return n;
}

/* Puts into 'table' all of the frame 'key' of maximum length in segments for an
 * MTU of 1500, each charged 'charge' bytes, but for the first 'skipped' of them.
 * Returns how many fragments died of it. */
static inline uint64_t
put_page_segments(struct stt_reassembly *table, const struct stt_key *key,
                  uint32_t charge, uint32_t skipped,
                  struct stt_fragment **whole)
{
    enum { SIZE = 1460 };
    struct stt_fragment *dead = NULL;
    uint32_t offset;

    *whole = NULL;
    for (offset = skipped * SIZE; offset < STT_MAX_FRAME_LEN; offset += SIZE) {
        uint32_t left = STT_MAX_FRAME_LEN - offset;
        const struct stt_segment segment = {
            .frame_length = STT_MAX_FRAME_LEN, .offset = offset,
            .length = left < SIZE ? left : SIZE,
        };

        *whole = stt_reassembly_insert(table, key, &segment,
                                       new_fragment(charge), 0, &dead);
    }
    return free_chain(dead);
}

#endif /* reassembly.h */
