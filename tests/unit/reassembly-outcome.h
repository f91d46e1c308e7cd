/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef REASSEMBLY_OUTCOME_H
#define REASSEMBLY_OUTCOME_H 1

/* What came out of a reassembly table in one call: told by the real table (see
 * reassembly-watch.h) and, in userspace, by the model of it (see
 * ../reassembly-model.h).  Fragments go by numbers. */

#include "stt-drop.h"
#include "stt-segment.h"
#include "unit.h"

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
    test_free(outcome->dead);
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
        outcome->dead = test_grow(outcome->dead,
                                  outcome->n_dead * sizeof *outcome->dead,
                                  outcome->allocated * sizeof *outcome->dead);
    }
    outcome->dead[outcome->n_dead++] = (struct fate) { id, drop };
}

#endif /* reassembly-outcome.h */
