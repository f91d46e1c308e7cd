/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#include "stt-budget.h"

/* Makes 'budget' one of 'limit' bytes.  The caller destroys it, after the last
 * table that shares it, with stt_budget_destroy(). */
void
stt_budget_init(struct stt_budget *budget, uint64_t limit)
{
    stt_lock_init(&budget->lock);
    budget->limit = limit;
    budget->taken = 0;
}

void
stt_budget_destroy(struct stt_budget *budget)
{
    stt_lock_destroy(&budget->lock);
}

/* Sets the limit of 'budget'.  What is already taken may exceed it, and is given
 * back when the tables expire their frames the next time. */
void
stt_budget_set_limit(struct stt_budget *budget, uint64_t limit)
{
    stt_lock(&budget->lock);
    STT_WRITE_SHARED(budget->limit, limit);
    stt_unlock(&budget->lock);
}

/* Returns how much a table may take of 'budget' if nobody else has taken of it;
 * 'trusted' as in stt_budget_take().  Takes no lock. */
uint64_t
stt_budget_get_limit(const struct stt_budget *budget, bool trusted)
{
    uint64_t limit = STT_READ_SHARED(budget->limit);

    return trusted ? limit : limit / 2;
}

/* Returns true if more is taken than a lowered limit allows.  Takes no lock. */
bool
stt_budget_is_exceeded(const struct stt_budget *budget)
{
    return STT_READ_SHARED(budget->taken) > STT_READ_SHARED(budget->limit);
}

/* Takes 'most' from 'budget', or if there is not so much left, 'least'.  Without
 * 'trusted' the reserve is not touched.  Returns the amount taken, which the
 * caller gives back with stt_budget_give_back(), or 0 if not even 'least' is
 * left. */
uint64_t
stt_budget_take(struct stt_budget *budget, bool trusted, uint64_t least,
                uint64_t most)
{
    uint64_t amount = 0;
    uint64_t limit, left;

    stt_lock(&budget->lock);
    limit = stt_budget_get_limit(budget, trusted);
    left = budget->taken < limit ? limit - budget->taken : 0;
    if (least <= left) {
        amount = most <= left ? most : least;
        STT_WRITE_SHARED(budget->taken, budget->taken + amount);
    }
    stt_unlock(&budget->lock);
    return amount;
}

/* Gives 'amount', which was taken before, back to 'budget'. */
void
stt_budget_give_back(struct stt_budget *budget, uint64_t amount)
{
    stt_lock(&budget->lock);
    STT_WRITE_SHARED(budget->taken, budget->taken - amount);
    stt_unlock(&budget->lock);
}
