/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */

/* Reassembly: what becomes of frames that are not completed. */

#include "reassembly.h"
#include "unit-tests.h"

/* A frame's age counts from its first segment. */
void
test_age(void)
{
    struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct stt_key a = make_key(1, 1);
    struct stt_key b = make_key(2, 2);
    uint64_t now = (uint64_t) 7 << 40;
    uint32_t i;

    limits.age = 100;
    begin(1, &limits);

    /* More of it, and duplicates, do not keep it alive. */
    for (i = 0; i < 100; i++) {
        put(&a, 1000, i * 2, 2, now + i);
        EXPECT_HELD();
        put(&a, 1000, i * 2, 2, now + i);
        EXPECT(0, 1, STT_DROP_DUPLICATE);
        watch_expire(&watch, now + i);
        EXPECT_HELD();
    }
    watch_expire(&watch, now + 99);
    EXPECT_HELD();
    watch_expire(&watch, now + 100);
    EXPECT(0, 100, STT_DROP_EXPIRED);

    /* Without stt_reassembly_expire() too: what comes late begins anew. */
    put(&a, 100, 0, 50, now);
    put(&a, 100, 50, 50, now + 99);
    EXPECT(2, 0, STT_DROP_NONE);
    put(&a, 100, 0, 50, now);
    put(&a, 100, 50, 50, now + 100);
    EXPECT(0, 1, STT_DROP_EXPIRED);
    put(&a, 100, 0, 50, now + 199);
    EXPECT(2, 0, STT_DROP_NONE);

    /* A duplicate that comes late, or one with another length, as well. */
    put(&a, 100, 0, 50, now);
    put(&a, 90, 0, 50, now + 100);
    EXPECT(0, 1, STT_DROP_EXPIRED);
    put(&a, 90, 50, 40, now + 100);
    EXPECT(2, 0, STT_DROP_NONE);

    /* Only the old ones go, however recently used. */
    put(&a, 100, 0, 10, now);
    put(&b, 100, 0, 10, now + 50);
    put(&a, 100, 10, 10, now + 99);
    watch_expire(&watch, now + 120);
    EXPECT(0, 2, STT_DROP_EXPIRED);
    CHECK_EQ(watch.n_frames, 1);
    watch_expire(&watch, now + 150);
    EXPECT(0, 1, STT_DROP_EXPIRED);

    /* At once, if nothing may live. */
    limits.age = 0;
    watch_set_limits(&watch, &limits);
    put(&a, 100, 0, 50, now);
    EXPECT_HELD();
    put(&a, 100, 50, 50, now);
    EXPECT(0, 1, STT_DROP_EXPIRED);
    watch_expire(&watch, now);
    EXPECT(0, 1, STT_DROP_EXPIRED);
    finish();
}

/* Of two threads, the one that reads the clock first may come to the table
 * last.  To it frames of the other one are new, not old. */
void
test_late_clock(void)
{
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct stt_key key = make_key(1, 1);

    begin(1, &limits);
    put(&key, 100, 0, 50, 5001);
    CHECK(!stt_reassembly_expire(watch.table, 5000));
    put(&key, 100, 50, 50, 5000);
    EXPECT(2, 0, STT_DROP_NONE);
    finish();
}

/* However much there is to expire, it goes in bounded steps, and a shard that is
 * flooded meanwhile does not keep the others from their turn. */
void
test_slices(void)
{
    enum { SHARDS = 8, SOURCES = 40, FLOOD = 400, PER_GO = 2 };
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct stt_reassembly *table = stt_reassembly_create(SHARDS, some_seed,
                                                         &limits);
    struct stt_sweep sweep = { .next_shard = 0 };
    const struct stt_segment segment = {
        .frame_length = 1000, .offset = 0, .length = 2,
    };
    struct stt_fragment *dead = NULL;
    uint64_t n_taken, n_held = 0;
    uint32_t flood = 0;
    uint32_t i, j;

    /* One old frame each of some sources, and of one as many as a go takes, ten
     * times over: frames of one fragment, and of many. */
    for (i = 1; i <= SOURCES; i++) {
        struct stt_key key = make_key(i, 1);

        CHECK(!stt_reassembly_insert(table, &key, &segment,
                                     new_fragment(1),
                                     0, &dead));
        n_held++;
    }
    for (i = 0; i < 10; i++) {
        struct stt_key key = make_key(0, 1000000 + i);

        for (j = 0; j < 255; j++) {
            const struct stt_segment part = {
                .frame_length = 1000, .offset = 3 * j, .length = 2,
            };

            CHECK(!stt_reassembly_insert(
                table, &key, &part, new_fragment(1), 0,
                &dead));
            n_held++;
        }
    }
    CHECK(!dead);

    /* So many steps make a sweep, in each of which more old frames come than can
     * go, and after which all but those of the flooder are gone. */
    do {
        for (i = 0; i < FLOOD; i++) {
            struct stt_key key = make_key(0, flood++);

            CHECK(!stt_reassembly_insert(
                table, &key, &segment, new_fragment(1),
                0, &dead));
            n_held++;
        }
        n_taken = free_chain(stt_reassembly_expire_some(table, limits.age,
                                                        PER_GO, &sweep));
        CHECK(n_taken < PER_GO * 2 * STT_MAX_SEGMENTS);
        n_held -= n_taken;
    } while (sweep.next_shard);
    CHECK(!dead);
    CHECK(sweep.again);
    CHECK_EQ(get_occupancy(table).sources, 1);

    /* Without the flood, the end comes. */
    i = 0;
    do {
        n_held -= free_chain(stt_reassembly_expire_some(
            table, limits.age, PER_GO, &sweep));
        i++;
    } while (sweep.next_shard || sweep.again);
    CHECK_EQ(n_held, 0);
    CHECK(i > 10);
    CHECK(stt_reassembly_is_empty(table));
    CHECK(!stt_reassembly_destroy(table));
}

/* A table that goes away gives back all that it holds. */
void
test_destroy(void)
{
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    uint32_t i;

    begin(8, &limits);
    for (i = 0; i < 100; i++) {
        struct stt_key key = make_key(i % 20, i / 40);

        put(&key, 400, 2 * i, 2, 0);
        EXPECT_HELD();
    }
    CHECK_EQ(watch.n_frames, 60);
    watch_destroy(&watch);
    EXPECT(0, 100, STT_DROP_EXPIRED);
    outcome_destroy(&watch.outcome);
}
