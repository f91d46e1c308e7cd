/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REASSEMBLY_OUTCOME_H
#define REASSEMBLY_OUTCOME_H 1

/* What came out of a reassembly table in one call: told by the real table (see
 * reassembly-watch.h) and by the model of it (see reassembly-model.h).
 * Fragments go by numbers. */

#include "stt-drop.h"
#include "stt-segment.h"
#include "stt-test.h"

struct fate {
    uint64_t id;
    enum stt_drop drop;
};

struct outcome {
    uint64_t whole[STT_MAX_SEGMENTS]; /* Chain of a whole frame, in order. */
    size_t n_whole;
    struct fate *dead;          /* In no order until sorted. */
    size_t n_dead;
    size_t allocated;
};

static inline void
outcome_clear(struct outcome *outcome)
{
    outcome->n_whole = 0;
    outcome->n_dead = 0;
}

static inline void
outcome_destroy(struct outcome *outcome)
{
    free(outcome->dead);
}

static inline void
outcome_add_whole(struct outcome *outcome, uint64_t id)
{
    if (outcome->n_whole >= STT_MAX_SEGMENTS) {
        FAIL("expected at most %d fragments in a frame", STT_MAX_SEGMENTS);
    }
    outcome->whole[outcome->n_whole++] = id;
}

static inline void
outcome_add_dead(struct outcome *outcome, uint64_t id, enum stt_drop drop)
{
    if (outcome->n_dead == outcome->allocated) {
        outcome->allocated = outcome->allocated * 2 + 64;
        outcome->dead = realloc(outcome->dead, (outcome->allocated
                                                * sizeof *outcome->dead));
        if (!outcome->dead) {
            FAIL("out of memory");
        }
    }
    outcome->dead[outcome->n_dead++] = (struct fate) { id, drop };
}

static inline int
fate_compare(const void *a_, const void *b_)
{
    const struct fate *a = a_;
    const struct fate *b = b_;

    return a->id < b->id ? -1 : a->id > b->id;
}

static inline void
outcome_sort(struct outcome *outcome)
{
    if (outcome->n_dead) {
        qsort(outcome->dead, outcome->n_dead, sizeof *outcome->dead,
              fate_compare);
    }
}

/* Ends the program unless 'got' is 'expected'. */
static inline void
outcome_check(struct outcome *got, struct outcome *expected)
{
    size_t i;

    CHECK_EQ(got->n_whole, expected->n_whole);
    for (i = 0; i < got->n_whole; i++) {
        CHECK_EQ(got->whole[i], expected->whole[i]);
    }

    outcome_sort(got);
    outcome_sort(expected);
    for (i = 0; i < got->n_dead && i < expected->n_dead; i++) {
        CHECK_EQ(got->dead[i].id, expected->dead[i].id);
        CHECK_TEXT(stt_drop_name(got->dead[i].drop),
                   stt_drop_name(expected->dead[i].drop));
    }
    CHECK_EQ(got->n_dead, expected->n_dead);
}

#endif /* reassembly-outcome.h */
