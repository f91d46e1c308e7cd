/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */

/* Reassembly: a budget that tables share. */

#include "reassembly.h"
#include "stt-budget.h"
#include "unit-tests.h"

/* Puts the start of the frame number 'i' of 'source', charged 'charge' bytes,
 * into 'table'.  Returns how many fragments died of it, all of them for the
 * reason 'drop'. */
static uint64_t
put_start(struct stt_reassembly *table, uint8_t source, uint32_t i,
          uint32_t charge, enum stt_drop drop)
{
    const struct stt_segment segment = { .frame_length = 1000, .length = 10 };
    struct stt_key key = make_key(source, i);
    struct stt_fragment *dead = NULL, *f;

    CHECK(!stt_reassembly_insert(table, &key, &segment, new_fragment(charge), 0,
                                 &dead));
    for (f = dead; f; f = f->next) {
        CHECK_TEXT(stt_drop_name(f->drop), stt_drop_name(drop));
    }
    return free_chain(dead);
}

/* Tables that share a budget. */
void
test_budget(void)
{
    enum { CHARGE = 1000, BUDGET = 1024 * 1024, N = BUDGET / CHARGE };
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct stt_reassembly *tables[3];
    struct stt_fragment *dead;
    struct stt_budget budget;
    uint64_t n_dead = 0, held;
    uint32_t i;

    stt_budget_init(&budget, BUDGET);
    for (i = 0; i < ARRAY_SIZE(tables); i++) {
        tables[i] = stt_reassembly_create(4, some_seed, &limits);
        stt_reassembly_share_budget(tables[i], &budget, i < 2);
    }
    CHECK_EQ(budget.taken, 0);

    /* One takes all of it; then its own frames go, of each source first those
     * that it has. */
    for (i = 0; i < 2 * N; i++) {
        n_dead += put_start(tables[0], i % 3, i, CHARGE, STT_DROP_TOTAL_LIMIT);
        CHECK(get_occupancy(tables[0]).bytes <= budget.taken);
        CHECK(budget.taken <= BUDGET);
    }
    CHECK_EQ(get_occupancy(tables[0]).frames, N);
    CHECK_EQ(n_dead, N);
    CHECK_EQ(get_occupancy(tables[0]).sources, 3);

    /* A table without frames has none to give, and takes none of another. */
    CHECK_EQ(put_start(tables[1], 1, 1, CHARGE, STT_DROP_TOTAL_LIMIT), 1);
    CHECK_EQ(get_occupancy(tables[1]).frames, 0);
    CHECK_EQ(get_occupancy(tables[0]).frames, N);

    /* A single frame that could never fit pushes nobody out. */
    CHECK_EQ(put_start(tables[0], 9, 1, BUDGET + 1, STT_DROP_TOTAL_LIMIT), 1);
    CHECK_EQ(get_occupancy(tables[0]).frames, N);

    /* What is expired is there for others, all of it. */
    CHECK_EQ(free_chain(stt_reassembly_expire(tables[0], limits.age)), N);
    CHECK_EQ(budget.taken, 0);

    /* The reserve is not for everybody. */
    n_dead = 0;
    for (i = 0; i < N; i++) {
        n_dead += put_start(tables[2], 1, i, CHARGE, STT_DROP_TOTAL_LIMIT);
    }
    CHECK_EQ(get_occupancy(tables[2]).frames, N / 2);
    CHECK_EQ(n_dead, N - N / 2);
    for (i = 0; i < N / 2; i++) {
        CHECK_EQ(put_start(tables[1], 1, i, CHARGE, STT_DROP_NONE), 0);
    }
    CHECK(put_start(tables[0], 1, 1, 2 * CHARGE, STT_DROP_TOTAL_LIMIT));

    /* A lower limit evicts frames that were held already, when somebody looks
     * for old ones.  In the end both have room. */
    stt_budget_set_limit(&budget, BUDGET / 4);
    n_dead = 0;
    for (i = 0; i < ARRAY_SIZE(tables); i++) {
        dead = stt_reassembly_expire(tables[i], 0);
        CHECK(!dead || dead->drop == STT_DROP_TOTAL_LIMIT);
        n_dead += free_chain(dead);
    }
    held = (get_occupancy(tables[1]).bytes + get_occupancy(tables[2]).bytes);
    CHECK(budget.taken <= BUDGET / 4);
    CHECK(held <= BUDGET / 4 && held > BUDGET / 4 - 2 * CHARGE);
    CHECK_EQ(n_dead, 2 * (N / 2) - held / CHARGE);

    for (i = 0; i < ARRAY_SIZE(tables); i++) {
        free_chain(stt_reassembly_destroy(tables[i]));
    }
    CHECK_EQ(budget.taken, 0);
    stt_budget_destroy(&budget);
}
