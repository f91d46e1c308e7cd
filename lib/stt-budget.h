/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef STT_BUDGET_H
#define STT_BUDGET_H 1

/* A budget that several reassembly tables share
 * =============================================
 *
 * Each table has limits of its own.  Where anybody can make more tables, as
 * anybody can make network namespaces, these bound nothing, so there is also a
 * budget of bytes for all of them together.  A table takes from it some more
 * than it needs at present, and gives back what it has long not needed, so that
 * segments that come and go do not meet in the budget's lock.
 *
 * The last half of the budget is a reserve for tables whose owners the host
 * trusts: the others together cannot take it from them.
 *
 * All amounts are in bytes, and any thread may call any function. */

#include "stt-platform.h"

struct stt_budget {
    stt_lock_t lock;
    uint64_t limit;
    uint64_t taken;
};

void stt_budget_init(struct stt_budget *, uint64_t limit);
void stt_budget_destroy(struct stt_budget *);

void stt_budget_set_limit(struct stt_budget *, uint64_t limit);
uint64_t stt_budget_get_limit(const struct stt_budget *, bool trusted);
bool stt_budget_is_exceeded(const struct stt_budget *);

uint64_t stt_budget_take(struct stt_budget *, bool trusted, uint64_t least,
                         uint64_t most);
void stt_budget_give_back(struct stt_budget *, uint64_t amount);

#endif /* stt-budget.h */
