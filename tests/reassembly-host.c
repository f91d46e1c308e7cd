/* SPDX-License-Identifier: Apache-2.0 */

/* What reassembly asks its host for: locks and memory.  The linker lets lib/ call
 * the functions here instead of the host's. */

#include <config.h>

#include <pthread.h>

#include "reassembly-tests.h"
#include "stt-budget.h"
#include "stt-reassembly.h"
#include "unit/reassembly.h"
#include "unit/unit.h"

/*
 * Locks.
 */

/* Locks that lib/ has taken so far. */
static uint64_t n_locks;

int __wrap_pthread_mutex_lock(pthread_mutex_t *);
int __real_pthread_mutex_lock(pthread_mutex_t *);

int
__wrap_pthread_mutex_lock(pthread_mutex_t *mutex)
{
    __atomic_add_fetch(&n_locks, 1, __ATOMIC_RELAXED);
    return __real_pthread_mutex_lock(mutex);
}

/* To see how full a table is takes no lock, and to expire what is in it takes
 * only those of shards that have frames, as many at a time as asked for. */
void
test_locks(void)
{
    enum { SHARDS = 16, SOURCES = 20, AT_A_TIME = 3 };
    static struct stt_fragment fragments[SOURCES];
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    const struct stt_segment segment = {
        .frame_length = 100, .offset = 0, .length = 50,
    };
    struct stt_reassembly *table = stt_reassembly_create(SHARDS, some_seed,
                                                         &limits);
    struct stt_fragment *dead = NULL;
    struct stt_occupancy occupancy;
    uint64_t n_full, n_dead = 0, before;
    struct stt_sweep sweep = { .next_shard = 0 };
    uint32_t turns = 0;
    uint32_t i;

    /* While there are none. */
    before = n_locks;
    stt_reassembly_get_occupancy(table, &occupancy);
    CHECK(stt_reassembly_is_empty(table));
    CHECK(!stt_reassembly_expire(table, 5000));
    CHECK(!stt_reassembly_expire_some(table, 5000, AT_A_TIME, &sweep));
    CHECK_EQ(sweep.next_shard, 0);
    CHECK_EQ(n_locks, before);

    for (i = 0; i < SOURCES; i++) {
        struct stt_key key = make_key(i, i);

        CHECK(!stt_reassembly_insert(table, &key, &segment, &fragments[i], 0,
                                     &dead));
    }
    CHECK(n_locks > before);
    before = n_locks;
    stt_reassembly_get_occupancy(table, &occupancy);
    CHECK_EQ(occupancy.frames, SOURCES);
    CHECK_EQ(occupancy.sources, SOURCES);
    CHECK(!stt_reassembly_is_empty(table));
    CHECK_EQ(n_locks, before);

    /* All shards that have some, without effect yet. */
    CHECK(!stt_reassembly_expire(table, 1));
    n_full = n_locks - before;
    CHECK(n_full > 2 * AT_A_TIME && n_full < SHARDS);

    /* The same, a few at a time. */
    do {
        before = n_locks;
        n_dead += chain_length(stt_reassembly_expire_some(
            table, limits.age, AT_A_TIME, &sweep));
        CHECK(n_locks - before <= AT_A_TIME);
        turns++;
    } while (sweep.next_shard);
    CHECK(!sweep.again);
    CHECK_EQ(n_dead, SOURCES);
    CHECK(turns >= n_full / AT_A_TIME && turns <= n_full / AT_A_TIME + 1);
    CHECK(stt_reassembly_is_empty(table));
    CHECK(!dead);
    CHECK(!stt_reassembly_destroy(table));
}

/* Frames that come and go do not meet in the budget's lock. */
void
test_budget_locks(void)
{
    enum { FRAMES = 1000, SEGMENTS = 45 };
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct stt_reassembly *table = stt_reassembly_create(1, some_seed,
                                                         &limits);
    struct stt_fragment *whole;
    struct stt_budget budget;
    uint64_t before;
    uint32_t i;

    stt_budget_init(&budget, 64 << 20);
    stt_reassembly_share_budget(table, &budget, true);
    before = n_locks;
    for (i = 0; i < FRAMES; i++) {
        struct stt_key key = make_key(1, i);

        CHECK_EQ(put_page_segments(table, &key, 2304, 0, &whole), 0);
        CHECK_EQ(free_chain(whole), SEGMENTS);
    }
    /* Of the shard for each segment, and twice for what the first one takes. */
    CHECK_EQ(n_locks - before, FRAMES * SEGMENTS + 2);
    CHECK(!stt_reassembly_destroy(table));
    stt_budget_destroy(&budget);
}

/*
 * Running out of memory.
 */

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

static int allocations_until_failure = INT_MAX;

void *
__wrap_calloc(size_t n, size_t size)
{
    if (allocations_until_failure < INT_MAX
        && allocations_until_failure-- <= 0) {
        return NULL;
    }
    return __real_calloc(n, size);
}

/* No memory for a frame or a source. */
void
test_no_memory(void)
{
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct stt_key a = make_key(1, 1);
    struct stt_key b = make_key(2, 1);
    int i;

    allocations_until_failure = 0;
    CHECK(!stt_reassembly_create(1, some_seed, &limits));
    allocations_until_failure = INT_MAX;
    begin(1, &limits);
    for (i = 0; i < 20; i++) {
        /* For the frame, or for the source. */
        allocations_until_failure = i % 2;
        put(&a, 100, 0, 50, 0);
        EXPECT(0, 1, STT_DROP_NO_MEMORY);
        CHECK_EQ(watch.n_frames, 0);
    }
    allocations_until_failure = INT_MAX;
    put(&a, 100, 0, 50, 0);
    EXPECT_HELD();

    /* What is there needs no more. */
    allocations_until_failure = 0;
    put(&b, 100, 0, 50, 0);
    EXPECT(0, 1, STT_DROP_NO_MEMORY);
    put(&a, 100, 50, 50, 0);
    EXPECT(2, 0, STT_DROP_NONE);
    allocations_until_failure = INT_MAX;

    /* Not even of a frame of as many segments as usual, but one of many more is
     * lost. */
    for (i = 0; i < 45; i++) {
        allocations_until_failure = i ? 0 : INT_MAX;
        put(&b, 1000, 2 * i, 1, 0);
        EXPECT_HELD();
    }
    while (watch.n_frames) {
        put(&b, 1000, 2 * i++, 1, 0);
        CHECK(i < STT_MAX_SEGMENTS);
    }
    EXPECT(0, i, STT_DROP_NO_MEMORY);
    allocations_until_failure = INT_MAX;
    finish();
}
