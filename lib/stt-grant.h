/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef STT_GRANT_H
#define STT_GRANT_H 1

/* What a table has taken from a budget
 * ====================================
 *
 * A table takes some more than it needs at once, and keeps as much of what it does
 * not need any more, so that few frames come upon the budget's lock.
 *
 * All amounts are in bytes.  What the table needs is a counter of its own, which
 * any thread may change; any thread may call any function but the first two. */

#include "stt-platform.h"

struct stt_budget;

struct stt_grant {
    /* Read for each segment, and not written. */
    struct stt_budget *budget;  /* That is shared, or NULL. */
    bool trusted;               /* By the budget. */
    uint8_t apart[STT_CACHE_LINE];

    stt_lock_t lock;            /* To change 'taken'. */
    stt_counter_t taken;        /* At least what is needed, less what others are
                                 * just about to count. */
};

void stt_grant_init(struct stt_grant *);
void stt_grant_uninit(struct stt_grant *);

bool stt_grant_cover(struct stt_grant *, uint64_t needed);
void stt_grant_reduce(struct stt_grant *, uint64_t needed,
                      const stt_counter_t *needed_now);
void stt_grant_give_back(struct stt_grant *, const stt_counter_t *needed_now);
bool stt_grant_can_ever_cover(const struct stt_grant *, uint64_t needed);
bool stt_grant_is_exceeded(struct stt_grant *,
                           const stt_counter_t *needed_now);

#endif /* stt-grant.h */
