/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */

/* Reassembly: which segments make a frame. */

#include "reassembly.h"
#include "stt-frame.h"
#include "test-random.h"
#include "unit-tests.h"

/* Fills 'order' with a permutation of the numbers up to 'n'. */
static void
make_order(uint32_t order[], uint32_t n, int kind, struct test_random *random)
{
    uint32_t i;

    for (i = 0; i < n; i++) {
        order[i] = (kind == 1 ? n - 1 - i       /* Reverse. */
                    : kind == 2                 /* Odd before even. */
                    ? (i < n / 2 ? 2 * i + 1 : 2 * (i - n / 2))
                    : kind == 3                 /* From both ends. */
                    ? (i % 2 ? n - 1 - i / 2 : i / 2)
                    : kind == 5                 /* Far apart; 'n' is even. */
                    ? i * 37 % n
                    : i);
    }
    if (kind == 4) {
        random_shuffle(random, order, n);
    }
}

/* A frame of four segments in any order, and one that lacks a byte. */
void
test_permutations(void)
{
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    uint32_t permutation, i;
    struct stt_key key;

    begin(4, &limits);
    for (permutation = 0; permutation < 256; permutation++) {
        uint32_t seen = 0;

        for (i = 0; i < 4; i++) {
            seen |= 1 << (permutation >> 2 * i & 3);
        }
        if (seen != 0xf) {
            continue;
        }
        test_say("permutation %#x", permutation);
        key = make_key(1, permutation);
        for (i = 0; i < 4; i++) {
            put(&key, 400, 100 * (permutation >> 2 * i & 3), 100, 0);
            EXPECT(i < 3 ? 0 : 4, 0, STT_DROP_NONE);
        }
        CHECK_EQ(watch.n_frames, 0);
    }
    test_context[0] = '\0';

    put(&key, 400, 0, 399, 0);
    EXPECT_HELD();
    put(&key, 400, 399, 1, 0);
    EXPECT(2, 0, STT_DROP_NONE);
    finish();
}

/* The longest frame in the most segments, in several orders, alone and two at
 * a time. */
void
test_order(void)
{
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct test_random random = { test_seed };
    static uint32_t order[STT_MAX_SEGMENTS];
    int kind;

    for (kind = 0; kind < 12; kind++) {
        struct stt_key a = make_key(1, kind);
        struct stt_key b = make_key(1, kind + 100);
        bool both = kind >= 6;
        uint32_t i;

        test_say("order %d", kind);
        begin(1, &limits);
        make_order(order, STT_MAX_SEGMENTS, kind % 6, &random);
        for (i = 0; i < STT_MAX_SEGMENTS; i++) {
            bool last = i == STT_MAX_SEGMENTS - 1;
            uint32_t offset = order[i] * 256;
            uint32_t length = order[i] == STT_MAX_SEGMENTS - 1 ? 255 : 256;

            put(&a, STT_MAX_FRAME_LEN, offset, length, 0);
            EXPECT(last ? STT_MAX_SEGMENTS : 0, 0, STT_DROP_NONE);
            if (both) {
                put(&b, STT_MAX_FRAME_LEN, offset, length, 0);
                EXPECT(last ? STT_MAX_SEGMENTS : 0, 0, STT_DROP_NONE);
            }
        }
        CHECK_EQ(watch.n_frames, 0);
        finish();
    }
}

/* Where a second segment may lie beside a first. */
void
test_overlap(void)
{
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct stt_key key = make_key(1, 1);
    uint32_t start, end;

    begin(1, &limits);

    /* One fragment from 20 to 30, another anywhere, in a frame of 40. */
    for (start = 0; start < 40; start++) {
        for (end = start + 1; end <= 40; end++) {
            if (end - start == 40) {
                continue;
            }
            test_say("20 to 30 and %u to %u", start, end);
            put(&key, 40, 20, 10, 0);
            EXPECT_HELD();
            put(&key, 40, start, end - start, 0);
            if (end <= 20 || start >= 30) {
                EXPECT_HELD();
                watch_expire(&watch, limits.age);
                EXPECT(0, 2, STT_DROP_EXPIRED);
            } else if (start >= 20 && end <= 30) {
                EXPECT(0, 1, STT_DROP_DUPLICATE);
                watch_expire(&watch, limits.age);
                EXPECT(0, 1, STT_DROP_EXPIRED);
            } else {
                EXPECT(0, 2, STT_DROP_OVERLAP);
            }
        }
    }
    test_context[0] = '\0';

    /* Exactly two held ones, joined, are no duplicate of one. */
    put(&key, 60, 0, 20, 0);
    put(&key, 60, 20, 20, 0);
    put(&key, 60, 0, 20, 0);
    EXPECT(0, 1, STT_DROP_DUPLICATE);
    put(&key, 60, 0, 40, 0);
    EXPECT(0, 3, STT_DROP_OVERLAP);

    /* Nor is what lies in two. */
    put(&key, 60, 0, 20, 0);
    put(&key, 60, 20, 20, 0);
    put(&key, 60, 10, 20, 0);
    EXPECT(0, 3, STT_DROP_OVERLAP);

    /* A duplicate, or a part of one, does no harm. */
    put(&key, 60, 40, 20, 0);
    put(&key, 60, 10, 30, 0);
    put(&key, 60, 40, 20, 0);
    EXPECT(0, 1, STT_DROP_DUPLICATE);
    put(&key, 60, 15, 5, 0);
    EXPECT(0, 1, STT_DROP_DUPLICATE);
    put(&key, 60, 0, 10, 0);
    EXPECT(3, 0, STT_DROP_NONE);

    /* What fits between two, and then is the end. */
    put(&key, 60, 0, 20, 0);
    put(&key, 60, 40, 20, 0);
    put(&key, 60, 20, 20, 0);
    EXPECT(3, 0, STT_DROP_NONE);

    /* A lie about the length, also in a duplicate, discards the frame. */
    for (start = 0; start <= 20; start += 20) {
        put(&key, 60, 0, 20, 0);
        put(&key, 61, start, 20, 0);
        EXPECT(0, 2, STT_DROP_CONFLICT);
        put(&key, 60, 0, 20, 0);
        put(&key, 59, start, 20, 0);
        EXPECT(0, 2, STT_DROP_CONFLICT);
    }

    /* Nothing of all this is remembered. */
    put(&key, 60, 0, 30, 0);
    put(&key, 60, 30, 30, 0);
    EXPECT(2, 0, STT_DROP_NONE);
    finish();
}

/* Frames whose keys differ in any bit are different ones. */
void
test_key(void)
{
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct stt_key a = make_key(1, 1);
    uint32_t i;

    CHECK_EQ(sizeof a, 16 + 16 + 4 + 4 + 2 + 2);
    for (i = 0; i < 8 * sizeof a; i++) {
        struct stt_key b = a;

        test_say("bit %u of the key", i);
        ((uint8_t *) &b)[i / 8] ^= 1 << i % 8;
        begin(i % 2 ? 1 : 16, &limits);
        put(&a, 100, 0, 50, 0);
        EXPECT_HELD();
        put(&b, 100, 50, 50, 0);
        EXPECT_HELD();
        CHECK_EQ(watch.n_frames, 2);
        put(&a, 100, 50, 50, 0);
        EXPECT(2, 0, STT_DROP_NONE);
        put(&b, 100, 0, 50, 0);
        EXPECT(2, 0, STT_DROP_NONE);
        finish();
    }
}

/* The same with so many frames, in one shard, that many share a hash
 * bucket. */
void
test_buckets(void)
{
    enum { N = 3000 };
    static const struct {
        const char *name;
        size_t offset;
        bool is_source;
    } fields[] = {
        { "source", offsetof(struct stt_key, source), true },
        { "destination", offsetof(struct stt_key, destination), false },
        { "domain", offsetof(struct stt_key, domain), true },
        { "frame_id", offsetof(struct stt_key, frame_id), false },
        { "source_port", offsetof(struct stt_key, source_port), false },
        { "destination_port", offsetof(struct stt_key, destination_port),
          false },
    };
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct stt_fragment (*halves)[2] = test_alloc(N * sizeof *halves);
    size_t f;

    for (f = 0; f < ARRAY_SIZE(fields); f++) {
        struct stt_reassembly *table
            = stt_reassembly_create(1, some_seed, &limits);
        struct stt_fragment *dead = NULL;
        struct stt_occupancy occupancy;
        uint16_t i;
        int half;

        test_say("frames that differ in %s",
                 fields[f].name);
        memset(halves, 0, N * sizeof *halves);
        for (half = 0; half < 2; half++) {
            for (i = 0; i < N; i++) {
                const struct stt_segment segment = {
                    .frame_length = 100, .offset = half * 50, .length = 50,
                };
                struct stt_key key = make_key(1, 1);
                struct stt_fragment *whole;

                memcpy((uint8_t *) &key + fields[f].offset, &i, sizeof i);
                whole = stt_reassembly_insert(table, &key, &segment,
                                              &halves[i][half], 0, &dead);
                CHECK(!dead);
                CHECK(whole == (half ? &halves[i][0] : NULL));
                CHECK(!half || whole->next == &halves[i][1]);
            }
            stt_reassembly_get_occupancy(table, &occupancy);
            CHECK_EQ(occupancy.frames, half ? 0 : N);
            CHECK_EQ(occupancy.sources,
                     half ? 0 : fields[f].is_source ? N : 1);
        }
        CHECK(!stt_reassembly_destroy(table));
    }
    test_free(halves);
}

/* A frame has so many segments and no more. */
void
test_segments(void)
{
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct stt_key key = make_key(1, 1);
    uint32_t i;

    begin(1, &limits);
    for (i = 0; i < STT_MAX_SEGMENTS; i++) {
        put(&key, 1000, 3 * i, 2, 0);
        EXPECT_HELD();
    }
    put(&key, 1000, 3 * 255, 2, 0);
    EXPECT(0, 1, STT_DROP_DUPLICATE);
    put(&key, 1000, 3 * 10 + 1, 1, 0);
    EXPECT(0, 1, STT_DROP_DUPLICATE);
    put(&key, 1000, 3 * 10 + 2, 1, 0);
    EXPECT(0, STT_MAX_SEGMENTS + 1, STT_DROP_SEGMENT_LIMIT);

    /* Overlap is looked at first. */
    for (i = 0; i < STT_MAX_SEGMENTS; i++) {
        put(&key, 1000, 3 * i, 2, 0);
    }
    put(&key, 1000, 3 * 10 + 1, 2, 0);
    EXPECT(0, STT_MAX_SEGMENTS + 1, STT_DROP_OVERLAP);
    finish();
}
