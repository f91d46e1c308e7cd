/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#include "stt-grant.h"

#include "stt-budget.h"

/* What is taken beyond what is needed at once, and kept of what is not needed any
 * more.  Much more than comes and goes with a frame, and little to what a budget
 * is. */
static const uint64_t allowance = 256 * 1024;

/* Makes 'grant' that of a table without a budget, whose needs it covers whatever
 * they are.  Set its first two members to let it take from one.  The caller
 * destroys it with stt_grant_uninit(). */
void
stt_grant_init(struct stt_grant *grant)
{
    grant->budget = NULL;
    grant->trusted = false;
    stt_lock_init(&grant->lock);
    memset(&grant->taken, 0, sizeof grant->taken);
}

/* Nothing may be taken any more. */
void
stt_grant_uninit(struct stt_grant *grant)
{
    stt_lock_destroy(&grant->lock);
}

/* Takes from the budget what is missing to cover 'needed', which is counted
 * already.  Returns false if there is not so much left. */
static bool
extend(struct stt_grant *grant, uint64_t needed)
{
    uint64_t taken;

    stt_lock(&grant->lock);
    taken = stt_counter_read(&grant->taken);
    if (needed > taken) {
        uint64_t missing = needed - taken;

        taken = stt_counter_add(&grant->taken,
                                stt_budget_take(grant->budget, grant->trusted,
                                                missing, missing + allowance));
    }
    stt_unlock(&grant->lock);
    return needed <= taken;
}

/* Gives back what is taken beyond '*needed_now' and 'kept'. */
static void
reduce(struct stt_grant *grant, const stt_counter_t *needed_now, uint64_t kept)
{
    uint64_t taken, needed;

    stt_lock(&grant->lock);
    taken = stt_counter_read(&grant->taken);
    needed = stt_counter_read(needed_now) + kept;
    if (taken > needed) {
        uint64_t surplus = taken - needed;

        /* Whoever counts a need does so before looking at 'taken', and here it
         * is the other way round: at least one of both sees the other. */
        taken = stt_counter_add(&grant->taken, -(int64_t) surplus);
        if (stt_counter_read(needed_now) > taken) {
            stt_counter_add(&grant->taken, surplus);
        } else {
            stt_budget_give_back(grant->budget, surplus);
        }
    }
    stt_unlock(&grant->lock);
}

/* Makes sure that 'grant' covers 'needed', which the table has counted already.
 * Returns false if the budget has not so much left. */
bool
stt_grant_cover(struct stt_grant *grant, uint64_t needed)
{
    return (!grant->budget || needed <= stt_counter_read(&grant->taken)
            || extend(grant, needed));
}

/* To be called when the need has sunk to 'needed': gives back most of what
 * '*needed_now' leaves over, if that is much. */
void
stt_grant_reduce(struct stt_grant *grant, uint64_t needed,
                 const stt_counter_t *needed_now)
{
    if (grant->budget
        && stt_counter_read(&grant->taken) > needed + 2 * allowance) {
        reduce(grant, needed_now, allowance);
    }
}

/* Gives back all that '*needed_now' leaves over. */
void
stt_grant_give_back(struct stt_grant *grant, const stt_counter_t *needed_now)
{
    if (grant->budget) {
        reduce(grant, needed_now, 0);
    }
}

/* Returns true if 'grant' could cover 'needed' if no other table needed anything. */
bool
stt_grant_can_ever_cover(const struct stt_grant *grant, uint64_t needed)
{
    return (!grant->budget
            || needed <= stt_budget_get_limit(grant->budget, grant->trusted));
}

/* Returns true if more is taken from the budget than there is, after the table gave
 * back what '*needed_now' leaves over. */
bool
stt_grant_is_exceeded(struct stt_grant *grant, const stt_counter_t *needed_now)
{
    if (grant->budget && stt_budget_is_exceeded(grant->budget)) {
        reduce(grant, needed_now, 0);
        return stt_budget_is_exceeded(grant->budget);
    }
    return false;
}
