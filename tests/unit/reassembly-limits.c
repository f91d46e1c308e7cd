/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */

/* Reassembly: limits, and whose frames go. */

#include "reassembly.h"
#include "stt-frame.h"
#include "test-random.h"
#include "unit-tests.h"

/* Who goes first. */
void
test_eviction(void)
{
    struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct stt_key a1 = make_key(1, 1), a2 = make_key(1, 2);
    struct stt_key a3 = make_key(1, 3), a4 = make_key(1, 4);
    struct stt_key b1 = make_key(2, 1), b2 = make_key(2, 2);
    struct stt_key c1 = make_key(3, 1), c2 = make_key(3, 2);
    struct stt_key d1 = make_key(4, 1);

    /* The limit of frames: a source's own least recently used one. */
    limits.frames = 4;
    begin(1, &limits);
    put(&b1, 1000, 0, 10, 0);
    put(&a1, 1000, 0, 10, 0);
    put(&a2, 1000, 0, 10, 0);
    put(&a3, 1000, 0, 10, 0);
    put(&a1, 1000, 10, 10, 0); /* Uses it. */
    put(&a2, 1000, 0, 10, 0);  /* A duplicate does not. */
    EXPECT(0, 1, STT_DROP_DUPLICATE);
    put(&a4, 1000, 0, 10, 0);
    EXPECT(0, 1, STT_DROP_FRAME_LIMIT);
    CHECK(!watch_find(&watch, &a2));
    put(&a2, 1000, 0, 10, 0);
    CHECK(!watch_find(&watch, &a3));
    put(&a3, 1000, 0, 10, 0);
    EXPECT(0, 2, STT_DROP_FRAME_LIMIT);
    CHECK(!watch_find(&watch, &a1));

    /* One without frames takes the least recently used of all, and then its
     * own. */
    put(&b1, 1000, 10, 10, 0);
    put(&c1, 1000, 0, 10, 0);
    EXPECT(0, 1, STT_DROP_FRAME_LIMIT);
    CHECK(!watch_find(&watch, &a4));
    put(&c2, 1000, 0, 10, 0);
    CHECK(!watch_find(&watch, &c1));
    CHECK(watch_find(&watch, &a2) && watch_find(&watch, &a3));
    CHECK(watch_find(&watch, &b1));

    /* Among all, too, a duplicate is no use. */
    put(&a2, 1000, 0, 10, 0);
    EXPECT(0, 1, STT_DROP_DUPLICATE);
    put(&d1, 1000, 0, 10, 0);
    EXPECT(0, 1, STT_DROP_FRAME_LIMIT);
    CHECK(!watch_find(&watch, &a2));
    finish();

    /* The limit of bytes: the same, but never the frame itself. */
    limits = STT_DEFAULT_LIMITS;
    limits.bytes = 100;
    begin(1, &limits);
    put(&b1, 1000, 0, 30, 0);
    put(&b2, 1000, 0, 20, 0);
    put(&a1, 1000, 0, 20, 0);
    put(&a2, 1000, 0, 20, 0);
    put(&a2, 1000, 20, 10, 0);
    EXPECT_HELD();
    put(&a2, 1000, 30, 1, 0); /* Its own other one. */
    EXPECT(0, 1, STT_DROP_BYTE_LIMIT);
    CHECK(!watch_find(&watch, &a1));
    put(&a2, 1000, 31, 20, 0); /* The other's, one is enough. */
    EXPECT(0, 1, STT_DROP_BYTE_LIMIT);
    CHECK(!watch_find(&watch, &b1) && watch_find(&watch, &b2));
    put(&a2, 1000, 51, 49, 0);
    EXPECT(0, 1, STT_DROP_BYTE_LIMIT);
    CHECK(!watch_find(&watch, &b2));
    CHECK_EQ(watch_bytes(&watch, NULL), 100);
    put(&a2, 1000, 100, 1, 0); /* Nothing is left but itself. */
    EXPECT(0, 6, STT_DROP_BYTE_LIMIT);
    CHECK_EQ(watch.n_frames, 0);
    put(&a1, 1000, 0, 40, 0);
    put(&b1, 1000, 0, 30, 0);
    put(&b2, 1000, 0, 30, 0);
    put(&a1, 1000, 40, 101, 0); /* All others were too few. */
    EXPECT(0, 4, STT_DROP_BYTE_LIMIT);
    CHECK_EQ(watch.n_frames, 0);
    finish();

    /* The limit of bytes of a source: never another's. */
    limits = STT_DEFAULT_LIMITS;
    limits.bytes_per_source = 100;
    begin(1, &limits);
    put(&b1, 1000, 0, 100, 0);
    put(&a1, 1000, 0, 40, 0);
    put(&a2, 1000, 0, 40, 0);
    put(&a1, 1000, 40, 20, 0);
    EXPECT_HELD();
    put(&a3, 1000, 0, 40, 0);
    EXPECT(0, 1, STT_DROP_SOURCE_LIMIT);
    CHECK(!watch_find(&watch, &a2));
    put(&a3, 1000, 40, 60, 0);
    EXPECT(0, 2, STT_DROP_SOURCE_LIMIT);
    CHECK(!watch_find(&watch, &a1));
    put(&a3, 1000, 100, 1, 0);
    EXPECT(0, 3, STT_DROP_SOURCE_LIMIT);
    put(&a1, 1000, 0, 30, 0);
    put(&a2, 1000, 0, 30, 0);
    put(&a3, 1000, 0, 30, 0);
    put(&a1, 1000, 30, 101, 0); /* All others were too few. */
    EXPECT(0, 4, STT_DROP_SOURCE_LIMIT);
    CHECK(watch_find(&watch, &b1));
    CHECK_EQ(watch.n_frames, 1);

    /* The same address in another domain is another source. */
    a1.domain = 1;
    put(&a1, 1000, 0, 100, 0);
    EXPECT_HELD();
    put(&a2, 1000, 0, 100, 0);
    EXPECT_HELD();
    put(&a4, 1000, 0, 101, 0);
    EXPECT(0, 2, STT_DROP_SOURCE_LIMIT);
    CHECK(watch_find(&watch, &a1));
    finish();
}

/* Nothing fits. */
void
test_nothing_fits(void)
{
    struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct stt_key key = make_key(1, 1);

    limits.frames = 0;
    begin(16, &limits);
    put(&key, 100, 0, 50, 0);
    EXPECT(0, 1, STT_DROP_FRAME_LIMIT);

    limits = STT_DEFAULT_LIMITS;
    limits.bytes = 49;
    watch_set_limits(&watch, &limits);
    put(&key, 100, 0, 50, 0);
    EXPECT(0, 1, STT_DROP_BYTE_LIMIT);
    put(&key, 100, 0, 49, 0);
    EXPECT_HELD();
    watch_expire(&watch, 1000);

    limits = STT_DEFAULT_LIMITS;
    limits.bytes_per_source = 49;
    watch_set_limits(&watch, &limits);
    put(&key, 100, 0, 50, 0);
    EXPECT(0, 1, STT_DROP_SOURCE_LIMIT);
    put(&key, 100, 0, 49, 0);
    EXPECT_HELD();
    finish();
}

/* One source floods; the others lose at most one frame. */
void
test_flood(void)
{
    enum { VICTIMS = 10, EACH = 5 };
    int what;

    for (what = 0; what < 6; what++) {
        struct stt_limits limits = STT_DEFAULT_LIMITS;
        uint32_t n_shards = what < 3 ? 1 : 16;
        uint32_t i, j;

        if (what % 3 == 0) {
            limits.frames = VICTIMS * EACH;
        } else if (what % 3 == 1) {
            limits.bytes = VICTIMS * EACH * 100;
        } else {
            limits.bytes_per_source = EACH * 100;
        }
        begin(n_shards, &limits);
        for (i = 0; i < VICTIMS; i++) {
            for (j = 0; j < EACH; j++) {
                struct stt_key key = make_key(i + 1, j);

                put(&key, 1000, 0, 100, 0);
                EXPECT_HELD();
            }
        }

        /* The attacker's frames differ in all it can choose. */
        for (i = 0; i < 5000; i++) {
            struct stt_key key = make_key(0, i);
            uint32_t held = 0;

            test_say("flood %d, frame %u", what, i);
            key.destination[3] = i % 3;
            key.source_port = i % 65521;
            put(&key, 1000, 100 * (i % 7), i % 2 ? 90 : 100, i / 50);
            put(&key, 1000, 100 * (i % 7) + 100, 10, i / 50);
            for (j = 0; j < watch.n_frames; j++) {
                held += watch.frames[j]->key.source[15] != 0;
            }
            CHECK(held >= VICTIMS * EACH - (what % 3 < 2 ? 2 : 0));
        }
        finish();
    }
    test_context[0] = '\0';
}

/* With the default limits, from many sources: what counts is what is held. */
void
test_flood_sources(void)
{
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    enum { N = 200000 };
    struct stt_fragment *fragments = test_alloc(N * sizeof *fragments);
    struct stt_occupancy occupancy;
    struct stt_reassembly *table;
    struct stt_fragment *dead = NULL;
    struct test_random random = { test_seed };
    uint64_t n_dead = 0;
    uint32_t i;

    table = stt_reassembly_create(16, some_seed, &limits);
    for (i = 0; i < N; i++) {
        struct stt_key key = make_key(1, i);
        struct stt_segment segment = {
            .frame_length = STT_MAX_FRAME_LEN, .offset = 0, .length = 1460,
        };

        memcpy(key.source, &i, sizeof i);
        fragments[i].charge = random_below(&random, 20000);
        CHECK(!stt_reassembly_insert(table, &key, &segment, &fragments[i],
                                     0, &dead));
        stt_reassembly_get_occupancy(table, &occupancy);
        CHECK(occupancy.bytes <= limits.bytes);
        CHECK(occupancy.frames <= limits.frames);
        CHECK(occupancy.sources <= occupancy.frames);
    }
    CHECK(occupancy.bytes > limits.bytes / 2);
    for (; dead; dead = dead->next) {
        n_dead++;
    }
    for (dead = stt_reassembly_destroy(table); dead; dead = dead->next) {
        n_dead++;
    }
    CHECK_EQ(n_dead, N);
    test_free(fragments);
}

/* Limits lowered at run time. */
void
test_limits(void)
{
    struct stt_limits limits = STT_DEFAULT_LIMITS_FOR(4096);
    struct stt_key key;
    uint32_t i;

    CHECK_EQ(limits.bytes, 64 << 20);
    CHECK_EQ(limits.bytes_per_source, 8 << 20);
    CHECK_EQ(limits.frames, 8192);
    CHECK_EQ(limits.age, 1000);

    begin(1, &limits);
    watch_set_limits(&watch, &limits);
    for (i = 0; i < 10; i++) {
        key = make_key(i, 1);
        put(&key, 1000, 0, 100, i);
        EXPECT_HELD();
    }

    /* stt_reassembly_expire() evicts the oldest ones. */
    limits.frames = 8;
    watch_set_limits(&watch, &limits);
    watch_expire(&watch, 10);
    EXPECT(0, 2, STT_DROP_FRAME_LIMIT);
    key = make_key(1, 1);
    CHECK(!watch_find(&watch, &key));
    key = make_key(2, 1);
    CHECK(watch_find(&watch, &key));
    limits.bytes = 800;
    watch_set_limits(&watch, &limits);
    watch_expire(&watch, 10);
    EXPECT_HELD();
    limits.bytes = 799;
    watch_set_limits(&watch, &limits);
    watch_expire(&watch, 10);
    EXPECT(0, 1, STT_DROP_BYTE_LIMIT);
    limits.bytes = 600;
    watch_set_limits(&watch, &limits);
    watch_expire(&watch, 10);
    EXPECT(0, 1, STT_DROP_BYTE_LIMIT);
    limits.age = 5;
    watch_set_limits(&watch, &limits);
    watch_expire(&watch, 10);
    EXPECT(0, 2, STT_DROP_EXPIRED);
    CHECK_EQ(watch.n_frames, 4);

    /* The next insertion makes room too, for itself. */
    limits = STT_DEFAULT_LIMITS;
    limits.frames = 2;
    watch_set_limits(&watch, &limits);
    key = make_key(20, 1);
    put(&key, 1000, 0, 100, 10);
    EXPECT(0, 3, STT_DROP_FRAME_LIMIT);
    CHECK_EQ(watch.n_frames, 2);
    limits.bytes = 150;
    watch_set_limits(&watch, &limits);
    put(&key, 1000, 100, 50, 10);
    EXPECT(0, 1, STT_DROP_BYTE_LIMIT);
    CHECK_EQ(watch_bytes(&watch, NULL), 150);
    limits.bytes_per_source = 100;
    watch_set_limits(&watch, &limits);
    key = make_key(20, 2);
    put(&key, 1000, 0, 50, 10);
    EXPECT(0, 2, STT_DROP_SOURCE_LIMIT);
    finish();
}

/* Drivers that give each packet a page leave room for frames, whatever a page
 * is: by the lowest limits for one, by default for many. */
void
test_pages(void)
{
    enum { SOURCES = 8, EACH = 10 };
    uint32_t page;

    for (page = 4096; page <= 65536; page *= 4) {
        struct stt_limits limits = STT_DEFAULT_LIMITS_FOR(page);
        uint32_t charge = page + 1024;
        struct stt_key key = make_key(1, 1);
        struct stt_reassembly *table;
        struct stt_fragment *whole;
        uint32_t i, j;

        test_say("pages of %u", page);
        table = stt_reassembly_create(4, some_seed, &limits);
        for (i = 0; i < SOURCES; i++) {
            for (j = 0; j < EACH; j++) {
                key = make_key(i, j);
                CHECK_EQ(put_page_segments(table, &key, charge, 1, &whole), 0);
                CHECK(!whole);
            }
        }
        CHECK_EQ(free_chain(stt_reassembly_destroy(table)),
                 SOURCES * EACH * 44);

        limits.bytes = limits.bytes_per_source = STT_MIN_BYTES_FOR(page);
        table = stt_reassembly_create(4, some_seed, &limits);
        CHECK_EQ(put_page_segments(table, &key, charge, 0, &whole), 0);
        CHECK_EQ(free_chain(whole), 45);
        CHECK(!stt_reassembly_destroy(table));
    }
    test_context[0] = '\0';
}

/* Whom a sender shares a shard with, it cannot know: that depends on the seed.
 * It shows in whose frame a newcomer may evict when the table is full: one in
 * its own shard if there is any, else one in the shard that has the most. */
void
test_seed_matters(void)
{
    struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct test_random random = { test_seed };
    int n_evicted = 0;
    int i;

    limits.frames = 3;
    for (i = 0; i < 400; i++) {
        const uint64_t seed[2] = {
            random_uint64(&random), random_uint64(&random),
        };
        struct stt_key a = make_key(1, 1);
        struct stt_key c1 = make_key(2, 1);
        struct stt_key c2 = make_key(2, 2);
        struct stt_key b = make_key(3, 1);

        watch_init(&watch, 4, seed, &limits);
        put(&a, 100, 0, 50, 0);
        put(&c1, 100, 0, 50, 0);
        put(&c2, 100, 0, 50, 0);
        put(&b, 100, 0, 50, 0);
        EXPECT(0, 1, STT_DROP_FRAME_LIMIT);
        n_evicted += watch_find(&watch, &a) == NULL;
        finish();
    }
    /* 'a' must go if 'c' is in its shard, or else if 'b' is: 1/4 + 3/4 * 1/4
     * of 400 times, which is 175, give or take. */
    CHECK(n_evicted > 125 && n_evicted < 225);
}

/* A source that holds all frames there may be, all of them in one shard, does
 * not shut others out, whichever shard is theirs. */
void
test_newcomers(void)
{
    struct stt_limits limits = STT_DEFAULT_LIMITS;
    uint32_t i;

    limits.frames = 1000;
    begin(16, &limits);
    for (i = 0; i < limits.frames; i++) {
        struct stt_key key = make_key(1, i);

        put(&key, 100, 0, 50, 0);
        EXPECT(0, 0, STT_DROP_NONE);
    }
    for (i = 0; i < 200; i++) {
        struct stt_key key = make_key(2 + i, 1);

        put(&key, 100, 0, 50, 0);
        EXPECT(0, 1, STT_DROP_FRAME_LIMIT);
        CHECK(watch_find(&watch, &key) != NULL);
    }
    finish();
}
