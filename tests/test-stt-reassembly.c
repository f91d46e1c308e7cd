/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of reassembly: random input compared with a model, single rules, and
 * threads. */

#include <config.h>

#include <pthread.h>
#include <sched.h>

#include "reassembly-model.h"
#include "reassembly-outcome.h"
#include "reassembly-watch.h"
#include "stt-budget.h"
#include "stt-frame.h"
#include "stt-reassembly.h"
#include "stt-test.h"

#define ARRAY_SIZE(ARRAY) (sizeof (ARRAY) / sizeof (ARRAY)[0])

static const uint64_t some_seed[2] = {
    0x0123456789abcdef, 0xfedcba9876543210,
};

static struct stt_key
make_key(uint8_t source, uint32_t frame_id)
{
    struct stt_key key = {
        .source = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = source },
        .destination = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 100 },
        .frame_id = frame_id,
        .source_port = 33333,
        .destination_port = STT_DEFAULT_PORT,
    };

    return key;
}

/*
 * Running out of memory: the linker lets lib/ call this instead of calloc().
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

/*
 * Random input.
 */

/* One sender of frames, and what it still has to send of its present one. */
struct sender {
    struct stt_key key;
    bool orderly;               /* Loses nothing and tells no lies. */
    uint32_t length;
    uint32_t n;
    uint32_t next;
    uint32_t *order;            /* Of segments: numbers up to 'n'. */
    uint32_t *starts;           /* Of segments, and the end of the last. */
};

/* Lets 'sender' begin a frame: cuts it into segments and puts them in some
 * order. */
static void
sender_begin(struct sender *sender, struct test_random *random)
{
    uint32_t kind = random_below(random, 100);
    uint32_t size, i;

    /* Few sources, destinations, frame ids and ports, so that keys often
     * differ in one of them only, and now and then not at all. */
    sender->orderly = random_percent(random, 50);
    sender->key = make_key(random_below(random, 4), random_below(random, 40));
    sender->key.domain = random_percent(random, 20);
    sender->key.destination[0] = random_percent(random, 20);
    sender->key.source_port = 1 + random_percent(random, 20);
    sender->key.destination_port = 1 + random_percent(random, 20);

    /* From small frames over usual ones to those of too many segments. */
    if (kind < 60) {
        sender->length = STT_MIN_FRAME_LEN + random_below(random, 300);
        size = 1 + random_below(random, sender->length / 2);
    } else if (kind < 90) {
        sender->length = STT_MIN_FRAME_LEN + random_below(random, 9000);
        size = 100 + random_below(random, 1400);
    } else if (kind < 95) {
        sender->length = STT_MAX_FRAME_LEN;
        size = 256 + random_below(random, 3000);
    } else {
        sender->length = 240 + random_below(random, 40);
        size = 1;
    }
    if (size >= sender->length) {
        size = sender->length - 1;
    }

    sender->n = (sender->length + size - 1) / size;
    sender->next = 0;
    free(sender->order);
    free(sender->starts);
    sender->order = test_alloc(sender->n * sizeof *sender->order);
    sender->starts = test_alloc((sender->n + 1) * sizeof *sender->starts);
    for (i = 0; i < sender->n; i++) {
        sender->order[i] = i;
        sender->starts[i] = i * size;
    }
    sender->starts[sender->n] = sender->length;

    kind = random_below(random, 4);
    if (kind == 1) {
        for (i = 0; i < sender->n; i++) {
            sender->order[i] = sender->n - 1 - i;
        }
    } else if (kind == 2) {
        random_shuffle(random, sender->order, sender->n);
    } else if (kind == 3) {
        /* Nearly in order, as paths reorder. */
        for (i = 0; i < sender->n; i += 4) {
            random_shuffle(random, sender->order + i,
                           sender->n - i < 4 ? sender->n - i : 4);
        }
    }
}

/* Takes the next segment from 'sender', mostly as it should be.  Returns false
 * if there is none for once. */
static bool
sender_next(struct sender *sender, struct test_random *random,
            struct stt_segment *segment)
{
    uint32_t kind = random_below(random, 1000);
    uint32_t start, end, n;

    if (sender->next >= sender->n) {
        sender_begin(sender, random);
    }
    n = sender->order[sender->next];
    start = sender->starts[n];
    end = sender->starts[n + 1];
    *segment = (struct stt_segment) { .frame_length = sender->length };

    if (kind >= 30 && sender->orderly) {
        sender->next++;
    } else if (kind >= 30 && kind < 35) {
        /* Lost. */
        sender->next++;
        return false;
    } else if (kind < 30 && sender->next) {
        /* One sent before, or a part of it. */
        n = sender->order[random_below(random, sender->next)];
        start = sender->starts[n];
        end = sender->starts[n + 1];
        if (kind < 15) {
            start += random_below(random, end - start);
            end -= random_below(random, end - start);
        }
    } else if (kind < 38) {
        /* Some part or other. */
        start = random_below(random, sender->length);
        end = start + 1 + random_below(random, sender->length - start);
    } else if (kind < 40) {
        /* Longer by one byte at one end or the other. */
        start -= start && random_percent(random, 50);
        end += end < sender->length && random_percent(random, 50);
    } else if (kind < 42 && n + 2 <= sender->n) {
        /* Two in one. */
        end = sender->starts[n + 2];
    } else if (kind < 44) {
        /* A lie about the frame's length. */
        segment->frame_length += random_percent(random, 50) ? 1 : -1;
        if (segment->frame_length < STT_MIN_FRAME_LEN
            || end > segment->frame_length) {
            return false;
        }
        sender->next++;
    } else {
        sender->next++;
    }

    segment->source_port = sender->key.source_port;
    segment->destination_port = sender->key.destination_port;
    segment->frame_id = sender->key.frame_id;
    segment->offset = start;
    segment->length = end - start;
    return !stt_segment_is_frame(segment);
}

static uint32_t
random_charge(struct test_random *random, uint32_t length)
{
    uint32_t kind = random_below(random, 100);

    return (kind < 90 ? length + 768
            : kind < 98 ? random_below(random, 4096)
            : kind < 99 ? 0
            : random_below(random, 200000));
}

static struct stt_limits
random_limits(struct test_random *random, bool for_all)
{
    struct stt_limits limits = STT_DEFAULT_LIMITS;

    if (random_percent(random, 40)) {
        return limits;
    }
    if (for_all && random_percent(random, 40)) {
        limits.bytes = random_below(random, 300000);
    }
    if (for_all && random_percent(random, 40)) {
        limits.frames = random_below(random, random_percent(random, 50) ? 4
                                                                        : 20);
    }
    if (random_percent(random, 50)) {
        limits.bytes_per_source = random_below(random, 300000);
    }
    if (random_percent(random, 30)) {
        limits.age = random_below(random, 200);
    }
    if (for_all && random_percent(random, 2)) {
        limits.bytes = 0;
    }
    return limits;
}

/* What came of all random input: fragments by their reason, and whole frames
 * as [STT_DROP_NONE]. */
static uint64_t counts[STT_N_DROPS];

/* Puts random segments into a table of 'n_shards' shards, and random changes
 * of limits (of those for all sources too, if 'for_all').  If 'with_model',
 * does the same with the model and compares. */
static void
run_random(const char *name, uint64_t seed, uint64_t n_steps,
           uint32_t n_shards, bool for_all, bool with_model)
{
    struct test_random random = { seed };
    const uint64_t hash_seed[2] = {
        random_uint64(&random), random_uint64(&random)
    };
    struct stt_limits limits = random_limits(&random, for_all);
    struct sender senders[12], *sender = senders;
    struct model model = { .limits = limits };
    struct outcome expected = { .n_dead = 0 };
    uint64_t now = random_uint64(&random) >> 20;
    struct watch watch;
    uint64_t step;
    size_t i;

    memset(senders, 0, sizeof senders);
    watch_init(&watch, n_shards, hash_seed, &limits);
    for (step = 0; step < n_steps; step++) {
        uint32_t kind = random_below(&random, 1000);

        snprintf(test_context, sizeof test_context,
                 "%s --seed %"PRIu64" --steps %"PRIu64", step %"PRIu64,
                 name, seed, n_steps, step);
        if (random_percent(&random, 2)) {
            now += (random_percent(&random, 98) ? random_below(&random, 4)
                    : random_below(&random, 1000));
        }
        if (kind < 1) {
            limits = random_limits(&random, for_all);
            watch_set_limits(&watch, &limits);
            model.limits = limits;
            continue;
        } else if (kind < 8) {
            watch_expire(&watch, now);
            if (with_model) {
                model_expire(&model, now, &expected);
            }
        } else {
            struct stt_segment segment;
            uint64_t id = watch.next_id;
            uint32_t charge;

            if (random_percent(&random, 4)) {
                sender = &senders[random_below(&random, ARRAY_SIZE(senders))];
            }
            if (!sender_next(sender, &random, &segment)) {
                continue;
            }
            charge = random_charge(&random, segment.length);
            watch_insert(&watch, &sender->key, &segment, charge, now);
            if (with_model) {
                model_insert(&model, &sender->key, &segment, charge, now, id,
                             &expected);
            }
        }
        if (with_model) {
            outcome_check(&watch.outcome, &expected);
            CHECK_EQ(watch_bytes(&watch, NULL), model_bytes(&model, NULL));
            CHECK_EQ(watch.n_frames, model.n_frames);
        }
        counts[STT_DROP_NONE] += watch.outcome.n_whole > 0;
        for (i = 0; i < watch.outcome.n_dead; i++) {
            counts[watch.outcome.dead[i].drop]++;
        }
    }

    snprintf(test_context, sizeof test_context,
             "the end of %s --seed %"PRIu64" --steps %"PRIu64,
             name, seed, n_steps);
    watch_destroy(&watch);
    if (with_model) {
        model_destroy(&model, &expected);
        outcome_check(&watch.outcome, &expected);
    }
    outcome_destroy(&watch.outcome);
    outcome_destroy(&expected);
    for (i = 0; i < ARRAY_SIZE(senders); i++) {
        free(senders[i].order);
        free(senders[i].starts);
    }
    test_context[0] = '\0';
}

static void
run_randoms(const char *name, uint32_t n_shards, bool for_all,
            bool with_model)
{
    enum stt_drop drop;
    uint64_t seed;

    if (test_steps) {
        run_random(name, test_seed, test_steps, n_shards, for_all, with_model);
        return;
    }
    for (seed = test_seed; seed < test_seed + 8; seed++) {
        run_random(name, seed, 20000, n_shards, for_all, with_model);
    }

    /* So much input comes upon everything. */
    for (drop = STT_DROP_NONE; drop < STT_N_DROPS; drop++) {
        if ((drop == STT_DROP_NONE
             || (drop >= STT_DROP_DUPLICATE && drop <= STT_DROP_SOURCE_LIMIT)
             || (for_all && (drop == STT_DROP_BYTE_LIMIT
                             || drop == STT_DROP_FRAME_LIMIT)))
            && counts[drop] < 100) {
            FAIL("expected 100 or more for %s, got %"PRIu64,
                 stt_drop_name(drop), counts[drop]);
        }
    }
}

/* Against the model, with all limits. */
static void
test_model(int argc, char *argv[])
{
    (void) argc, (void) argv;
    run_randoms("model", 1, true, true);
}

/* Against the model, with shards.  Without the limits for all sources, these
 * make no difference. */
static void
test_model_shards(int argc, char *argv[])
{
    (void) argc, (void) argv;
    run_randoms("model-shards", 16, false, true);
}

/* With shards and all limits: only what must be true in any case. */
static void
test_invariants(int argc, char *argv[])
{
    (void) argc, (void) argv;
    run_randoms("invariants", 16, true, false);
}

/*
 * Single rules.
 */

/* Puts in 'length' bytes at 'offset' of the frame 'key' of 'frame_length'
 * bytes, charged 'length' bytes. */
static void
put(struct watch *watch, const struct stt_key *key, uint32_t frame_length,
    uint32_t offset, uint32_t length, uint64_t now)
{
    struct stt_segment segment = {
        .source_port = key->source_port,
        .destination_port = key->destination_port,
        .frame_id = key->frame_id,
        .frame_length = frame_length,
        .offset = offset,
        .length = length,
    };

    watch_insert(watch, key, &segment, length, now);
}

/* Checks the last call's outcome: a whole frame of 'n_whole' fragments (0: no
 * such frame), and 'n_dead' fragments, all with the reason 'drop'. */
#define EXPECT(WATCH, N_WHOLE, N_DEAD, DROP)                            \
    do {                                                                \
        size_t i_;                                                      \
                                                                        \
        CHECK_EQ((WATCH)->outcome.n_whole, N_WHOLE);                    \
        CHECK_EQ((WATCH)->outcome.n_dead, N_DEAD);                      \
        for (i_ = 0; i_ < (WATCH)->outcome.n_dead; i_++) {              \
            CHECK_TEXT(stt_drop_name((WATCH)->outcome.dead[i_].drop),   \
                       stt_drop_name(DROP));                            \
        }                                                               \
    } while (0)

#define EXPECT_HELD(WATCH) EXPECT(WATCH, 0, 0, STT_DROP_NONE)

static void
finish(struct watch *watch)
{
    watch_destroy(watch);
    outcome_destroy(&watch->outcome);
}

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
                    : i);
    }
    if (kind == 4) {
        random_shuffle(random, order, n);
    }
}

/* The longest frame in the most segments, in several orders, alone and two at
 * a time. */
static void
test_order(int argc, char *argv[])
{
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct test_random random = { test_seed };
    uint32_t order[STT_MAX_SEGMENTS];
    int kind;

    (void) argc, (void) argv;
    for (kind = 0; kind < 10; kind++) {
        struct stt_key a = make_key(1, kind);
        struct stt_key b = make_key(1, kind + 100);
        bool both = kind >= 5;
        struct watch watch;
        uint32_t i;

        snprintf(test_context, sizeof test_context, "order %d", kind);
        watch_init(&watch, 1, some_seed, &limits);
        make_order(order, STT_MAX_SEGMENTS, kind % 5, &random);
        for (i = 0; i < STT_MAX_SEGMENTS; i++) {
            bool last = i == STT_MAX_SEGMENTS - 1;
            uint32_t offset = order[i] * 256;
            uint32_t length = order[i] == STT_MAX_SEGMENTS - 1 ? 255 : 256;

            put(&watch, &a, STT_MAX_FRAME_LEN, offset, length, 0);
            EXPECT(&watch, last ? STT_MAX_SEGMENTS : 0, 0, STT_DROP_NONE);
            if (both) {
                put(&watch, &b, STT_MAX_FRAME_LEN, offset, length, 0);
                EXPECT(&watch, last ? STT_MAX_SEGMENTS : 0, 0, STT_DROP_NONE);
            }
        }
        CHECK_EQ(watch.n_frames, 0);
        finish(&watch);
    }
}

/* Where a second segment may lie beside a first. */
static void
test_overlap(int argc, char *argv[])
{
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct stt_key key = make_key(1, 1);
    struct watch watch;
    uint32_t start, end;

    (void) argc, (void) argv;
    watch_init(&watch, 1, some_seed, &limits);

    /* One fragment from 20 to 30, another anywhere, in a frame of 40. */
    for (start = 0; start < 40; start++) {
        for (end = start + 1; end <= 40; end++) {
            if (end - start == 40) {
                continue;
            }
            snprintf(test_context, sizeof test_context,
                     "20 to 30 and %u to %u", start, end);
            put(&watch, &key, 40, 20, 10, 0);
            EXPECT_HELD(&watch);
            put(&watch, &key, 40, start, end - start, 0);
            if (end <= 20 || start >= 30) {
                EXPECT_HELD(&watch);
                watch_expire(&watch, limits.age);
                EXPECT(&watch, 0, 2, STT_DROP_EXPIRED);
            } else if (start >= 20 && end <= 30) {
                EXPECT(&watch, 0, 1, STT_DROP_DUPLICATE);
                watch_expire(&watch, limits.age);
                EXPECT(&watch, 0, 1, STT_DROP_EXPIRED);
            } else {
                EXPECT(&watch, 0, 2, STT_DROP_OVERLAP);
            }
        }
    }
    test_context[0] = '\0';

    /* Exactly two held ones, joined, are no duplicate of one. */
    put(&watch, &key, 60, 0, 20, 0);
    put(&watch, &key, 60, 20, 20, 0);
    put(&watch, &key, 60, 0, 20, 0);
    EXPECT(&watch, 0, 1, STT_DROP_DUPLICATE);
    put(&watch, &key, 60, 0, 40, 0);
    EXPECT(&watch, 0, 3, STT_DROP_OVERLAP);

    /* What fits between two, and then is the end. */
    put(&watch, &key, 60, 0, 20, 0);
    put(&watch, &key, 60, 40, 20, 0);
    put(&watch, &key, 60, 20, 20, 0);
    EXPECT(&watch, 3, 0, STT_DROP_NONE);

    /* A lie about the length, also in a duplicate, discards the frame. */
    put(&watch, &key, 60, 0, 20, 0);
    put(&watch, &key, 61, 0, 20, 0);
    EXPECT(&watch, 0, 2, STT_DROP_CONFLICT);
    put(&watch, &key, 60, 0, 20, 0);
    put(&watch, &key, 59, 20, 20, 0);
    EXPECT(&watch, 0, 2, STT_DROP_CONFLICT);

    /* Nothing of all this is remembered. */
    put(&watch, &key, 60, 0, 30, 0);
    put(&watch, &key, 60, 30, 30, 0);
    EXPECT(&watch, 2, 0, STT_DROP_NONE);
    finish(&watch);
}

/* Frames whose keys differ in any bit are different ones. */
static void
test_key(int argc, char *argv[])
{
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct stt_key a = make_key(1, 1);
    struct watch watch;
    uint32_t i;

    (void) argc, (void) argv;
    CHECK_EQ(sizeof a, 16 + 16 + 4 + 4 + 2 + 2);
    for (i = 0; i < 8 * sizeof a; i++) {
        struct stt_key b = a;

        snprintf(test_context, sizeof test_context, "bit %u of the key", i);
        ((uint8_t *) &b)[i / 8] ^= 1 << i % 8;
        watch_init(&watch, i % 2 ? 1 : 16, some_seed, &limits);
        put(&watch, &a, 100, 0, 50, 0);
        EXPECT_HELD(&watch);
        put(&watch, &b, 100, 50, 50, 0);
        EXPECT_HELD(&watch);
        CHECK_EQ(watch.n_frames, 2);
        put(&watch, &a, 100, 50, 50, 0);
        EXPECT(&watch, 2, 0, STT_DROP_NONE);
        put(&watch, &b, 100, 0, 50, 0);
        EXPECT(&watch, 2, 0, STT_DROP_NONE);
        finish(&watch);
    }
}

/* The same with so many frames, in one shard, that many share a hash
 * bucket. */
static void
test_buckets(int argc, char *argv[])
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

    (void) argc, (void) argv;
    for (f = 0; f < ARRAY_SIZE(fields); f++) {
        struct stt_reassembly *table
            = stt_reassembly_create(1, some_seed, &limits);
        struct stt_fragment *dead = NULL;
        struct stt_occupancy occupancy;
        uint16_t i;
        int half;

        snprintf(test_context, sizeof test_context, "frames that differ in %s",
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
    free(halves);
}

/* A frame's age counts from its first segment. */
static void
test_age(int argc, char *argv[])
{
    struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct stt_key a = make_key(1, 1);
    struct stt_key b = make_key(2, 2);
    struct watch watch;
    uint64_t now = (uint64_t) 7 << 40;
    uint32_t i;

    (void) argc, (void) argv;
    limits.age = 100;
    watch_init(&watch, 1, some_seed, &limits);

    /* More of it, and duplicates, do not keep it alive. */
    for (i = 0; i < 100; i++) {
        put(&watch, &a, 1000, i * 2, 2, now + i);
        EXPECT_HELD(&watch);
        put(&watch, &a, 1000, i * 2, 2, now + i);
        EXPECT(&watch, 0, 1, STT_DROP_DUPLICATE);
        watch_expire(&watch, now + i);
        EXPECT_HELD(&watch);
    }
    watch_expire(&watch, now + 99);
    EXPECT_HELD(&watch);
    watch_expire(&watch, now + 100);
    EXPECT(&watch, 0, 100, STT_DROP_EXPIRED);

    /* Without stt_reassembly_expire() too: what comes late begins anew. */
    put(&watch, &a, 100, 0, 50, now);
    put(&watch, &a, 100, 50, 50, now + 99);
    EXPECT(&watch, 2, 0, STT_DROP_NONE);
    put(&watch, &a, 100, 0, 50, now);
    put(&watch, &a, 100, 50, 50, now + 100);
    EXPECT(&watch, 0, 1, STT_DROP_EXPIRED);
    put(&watch, &a, 100, 0, 50, now + 199);
    EXPECT(&watch, 2, 0, STT_DROP_NONE);

    /* A duplicate that comes late, or one with another length, as well. */
    put(&watch, &a, 100, 0, 50, now);
    put(&watch, &a, 90, 0, 50, now + 100);
    EXPECT(&watch, 0, 1, STT_DROP_EXPIRED);
    put(&watch, &a, 90, 50, 40, now + 100);
    EXPECT(&watch, 2, 0, STT_DROP_NONE);

    /* Only the old ones go, however recently used. */
    put(&watch, &a, 100, 0, 10, now);
    put(&watch, &b, 100, 0, 10, now + 50);
    put(&watch, &a, 100, 10, 10, now + 99);
    watch_expire(&watch, now + 120);
    EXPECT(&watch, 0, 2, STT_DROP_EXPIRED);
    CHECK_EQ(watch.n_frames, 1);
    watch_expire(&watch, now + 150);
    EXPECT(&watch, 0, 1, STT_DROP_EXPIRED);

    /* At once, if nothing may live. */
    limits.age = 0;
    watch_set_limits(&watch, &limits);
    put(&watch, &a, 100, 0, 50, now);
    EXPECT_HELD(&watch);
    put(&watch, &a, 100, 50, 50, now);
    EXPECT(&watch, 0, 1, STT_DROP_EXPIRED);
    watch_expire(&watch, now);
    EXPECT(&watch, 0, 1, STT_DROP_EXPIRED);
    finish(&watch);
}

/* Of two threads, the one that reads the clock first may come to the table
 * last.  To it frames of the other one are new, not old. */
static void
test_late_clock(int argc, char *argv[])
{
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct stt_key key = make_key(1, 1);
    struct watch watch;

    (void) argc, (void) argv;
    watch_init(&watch, 1, some_seed, &limits);
    put(&watch, &key, 100, 0, 50, 5001);
    CHECK(!stt_reassembly_expire(watch.table, 5000));
    put(&watch, &key, 100, 50, 50, 5000);
    EXPECT(&watch, 2, 0, STT_DROP_NONE);
    finish(&watch);
}

/* Locks that lib/ has taken so far: the linker lets it call this. */
static uint64_t n_locks;

int __wrap_pthread_mutex_lock(pthread_mutex_t *);
int __real_pthread_mutex_lock(pthread_mutex_t *);

int
__wrap_pthread_mutex_lock(pthread_mutex_t *mutex)
{
    __atomic_add_fetch(&n_locks, 1, __ATOMIC_RELAXED);
    return __real_pthread_mutex_lock(mutex);
}

/* Returns a fragment for 'charge' bytes, which the caller frees. */
static struct stt_fragment *
new_fragment(uint32_t charge)
{
    struct stt_fragment *fragment = test_alloc(sizeof *fragment);

    fragment->charge = charge;
    return fragment;
}

/* Frees the fragments of the chain 'fragment', each of which was allocated by
 * itself.  Returns their number. */
static uint64_t
free_chain(struct stt_fragment *fragment)
{
    uint64_t n = 0;

    while (fragment) {
        struct stt_fragment *next = fragment->next;

        free(fragment);
        fragment = next;
        n++;
    }
    return n;
}

static struct stt_occupancy
get_occupancy(const struct stt_reassembly *table)
{
    struct stt_occupancy occupancy;

    stt_reassembly_get_occupancy(table, &occupancy);
    return occupancy;
}

static uint64_t
chain_length(const struct stt_fragment *fragment)
{
    uint64_t n = 0;

    for (; fragment; fragment = fragment->next) {
        n++;
    }
    return n;
}

/* To see how full a table is takes no lock, and to expire what is in it takes
 * only those of shards that have frames, as many at a time as asked for. */
static void
test_locks(int argc, char *argv[])
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

    (void) argc, (void) argv;

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

/* However much there is to expire, it goes in bounded steps, and a shard that is
 * flooded meanwhile does not keep the others from their turn. */
static void
test_slices(int argc, char *argv[])
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

    (void) argc, (void) argv;

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

/* A frame has so many segments and no more. */
static void
test_segments(int argc, char *argv[])
{
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct stt_key key = make_key(1, 1);
    struct watch watch;
    uint32_t i;

    (void) argc, (void) argv;
    watch_init(&watch, 1, some_seed, &limits);
    for (i = 0; i < STT_MAX_SEGMENTS; i++) {
        put(&watch, &key, 1000, 3 * i, 2, 0);
        EXPECT_HELD(&watch);
    }
    put(&watch, &key, 1000, 3 * 255, 2, 0);
    EXPECT(&watch, 0, 1, STT_DROP_DUPLICATE);
    put(&watch, &key, 1000, 3 * 10 + 1, 1, 0);
    EXPECT(&watch, 0, 1, STT_DROP_DUPLICATE);
    put(&watch, &key, 1000, 3 * 10 + 2, 1, 0);
    EXPECT(&watch, 0, STT_MAX_SEGMENTS + 1, STT_DROP_SEGMENT_LIMIT);

    /* Overlap is looked at first. */
    for (i = 0; i < STT_MAX_SEGMENTS; i++) {
        put(&watch, &key, 1000, 3 * i, 2, 0);
    }
    put(&watch, &key, 1000, 3 * 10 + 1, 2, 0);
    EXPECT(&watch, 0, STT_MAX_SEGMENTS + 1, STT_DROP_OVERLAP);
    finish(&watch);
}

/* Who goes first. */
static void
test_eviction(int argc, char *argv[])
{
    struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct stt_key a1 = make_key(1, 1), a2 = make_key(1, 2);
    struct stt_key a3 = make_key(1, 3), a4 = make_key(1, 4);
    struct stt_key b1 = make_key(2, 1), b2 = make_key(2, 2);
    struct stt_key c1 = make_key(3, 1), c2 = make_key(3, 2);
    struct stt_key d1 = make_key(4, 1);
    struct watch watch;

    (void) argc, (void) argv;

    /* The limit of frames: a source's own least recently used one. */
    limits.frames = 4;
    watch_init(&watch, 1, some_seed, &limits);
    put(&watch, &b1, 1000, 0, 10, 0);
    put(&watch, &a1, 1000, 0, 10, 0);
    put(&watch, &a2, 1000, 0, 10, 0);
    put(&watch, &a3, 1000, 0, 10, 0);
    put(&watch, &a1, 1000, 10, 10, 0); /* Uses it. */
    put(&watch, &a2, 1000, 0, 10, 0);  /* A duplicate does not. */
    EXPECT(&watch, 0, 1, STT_DROP_DUPLICATE);
    put(&watch, &a4, 1000, 0, 10, 0);
    EXPECT(&watch, 0, 1, STT_DROP_FRAME_LIMIT);
    CHECK(!watch_find(&watch, &a2));
    put(&watch, &a2, 1000, 0, 10, 0);
    CHECK(!watch_find(&watch, &a3));
    put(&watch, &a3, 1000, 0, 10, 0);
    EXPECT(&watch, 0, 2, STT_DROP_FRAME_LIMIT);
    CHECK(!watch_find(&watch, &a1));

    /* One without frames takes the least recently used of all, and then its
     * own. */
    put(&watch, &b1, 1000, 10, 10, 0);
    put(&watch, &c1, 1000, 0, 10, 0);
    EXPECT(&watch, 0, 1, STT_DROP_FRAME_LIMIT);
    CHECK(!watch_find(&watch, &a4));
    put(&watch, &c2, 1000, 0, 10, 0);
    CHECK(!watch_find(&watch, &c1));
    CHECK(watch_find(&watch, &a2) && watch_find(&watch, &a3));
    CHECK(watch_find(&watch, &b1));

    /* Among all, too, a duplicate is no use. */
    put(&watch, &a2, 1000, 0, 10, 0);
    EXPECT(&watch, 0, 1, STT_DROP_DUPLICATE);
    put(&watch, &d1, 1000, 0, 10, 0);
    EXPECT(&watch, 0, 1, STT_DROP_FRAME_LIMIT);
    CHECK(!watch_find(&watch, &a2));
    finish(&watch);

    /* The limit of bytes: the same, but never the frame itself. */
    limits = STT_DEFAULT_LIMITS;
    limits.bytes = 100;
    watch_init(&watch, 1, some_seed, &limits);
    put(&watch, &b1, 1000, 0, 30, 0);
    put(&watch, &b2, 1000, 0, 20, 0);
    put(&watch, &a1, 1000, 0, 20, 0);
    put(&watch, &a2, 1000, 0, 20, 0);
    put(&watch, &a2, 1000, 20, 10, 0);
    EXPECT_HELD(&watch);
    put(&watch, &a2, 1000, 30, 1, 0); /* Its own other one. */
    EXPECT(&watch, 0, 1, STT_DROP_BYTE_LIMIT);
    CHECK(!watch_find(&watch, &a1));
    put(&watch, &a2, 1000, 31, 20, 0); /* The other's, one is enough. */
    EXPECT(&watch, 0, 1, STT_DROP_BYTE_LIMIT);
    CHECK(!watch_find(&watch, &b1) && watch_find(&watch, &b2));
    put(&watch, &a2, 1000, 51, 49, 0);
    EXPECT(&watch, 0, 1, STT_DROP_BYTE_LIMIT);
    CHECK(!watch_find(&watch, &b2));
    CHECK_EQ(watch_bytes(&watch, NULL), 100);
    put(&watch, &a2, 1000, 100, 1, 0); /* Nothing is left but itself. */
    EXPECT(&watch, 0, 6, STT_DROP_BYTE_LIMIT);
    CHECK_EQ(watch.n_frames, 0);
    finish(&watch);

    /* The limit of bytes of a source: never another's. */
    limits = STT_DEFAULT_LIMITS;
    limits.bytes_per_source = 100;
    watch_init(&watch, 1, some_seed, &limits);
    put(&watch, &b1, 1000, 0, 100, 0);
    put(&watch, &a1, 1000, 0, 40, 0);
    put(&watch, &a2, 1000, 0, 40, 0);
    put(&watch, &a1, 1000, 40, 20, 0);
    EXPECT_HELD(&watch);
    put(&watch, &a3, 1000, 0, 40, 0);
    EXPECT(&watch, 0, 1, STT_DROP_SOURCE_LIMIT);
    CHECK(!watch_find(&watch, &a2));
    put(&watch, &a3, 1000, 40, 60, 0);
    EXPECT(&watch, 0, 2, STT_DROP_SOURCE_LIMIT);
    CHECK(!watch_find(&watch, &a1));
    put(&watch, &a3, 1000, 100, 1, 0);
    EXPECT(&watch, 0, 3, STT_DROP_SOURCE_LIMIT);
    CHECK(watch_find(&watch, &b1));
    CHECK_EQ(watch.n_frames, 1);

    /* The same address in another domain is another source. */
    a1.domain = 1;
    put(&watch, &a1, 1000, 0, 100, 0);
    EXPECT_HELD(&watch);
    put(&watch, &a2, 1000, 0, 100, 0);
    EXPECT_HELD(&watch);
    put(&watch, &a4, 1000, 0, 101, 0);
    EXPECT(&watch, 0, 2, STT_DROP_SOURCE_LIMIT);
    CHECK(watch_find(&watch, &a1));
    finish(&watch);
}

/* Nothing fits. */
static void
test_nothing_fits(int argc, char *argv[])
{
    struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct stt_key key = make_key(1, 1);
    struct watch watch;

    (void) argc, (void) argv;
    limits.frames = 0;
    watch_init(&watch, 16, some_seed, &limits);
    put(&watch, &key, 100, 0, 50, 0);
    EXPECT(&watch, 0, 1, STT_DROP_FRAME_LIMIT);

    limits = STT_DEFAULT_LIMITS;
    limits.bytes = 49;
    watch_set_limits(&watch, &limits);
    put(&watch, &key, 100, 0, 50, 0);
    EXPECT(&watch, 0, 1, STT_DROP_BYTE_LIMIT);
    put(&watch, &key, 100, 0, 49, 0);
    EXPECT_HELD(&watch);
    watch_expire(&watch, 1000);

    limits = STT_DEFAULT_LIMITS;
    limits.bytes_per_source = 49;
    watch_set_limits(&watch, &limits);
    put(&watch, &key, 100, 0, 50, 0);
    EXPECT(&watch, 0, 1, STT_DROP_SOURCE_LIMIT);
    put(&watch, &key, 100, 0, 49, 0);
    EXPECT_HELD(&watch);
    finish(&watch);
}

/* One source floods; the others lose at most one frame. */
static void
test_flood(int argc, char *argv[])
{
    enum { VICTIMS = 10, EACH = 5 };
    int what;

    (void) argc, (void) argv;
    for (what = 0; what < 6; what++) {
        struct stt_limits limits = STT_DEFAULT_LIMITS;
        uint32_t n_shards = what < 3 ? 1 : 16;
        struct watch watch;
        uint32_t i, j;

        if (what % 3 == 0) {
            limits.frames = VICTIMS * EACH;
        } else if (what % 3 == 1) {
            limits.bytes = VICTIMS * EACH * 100;
        } else {
            limits.bytes_per_source = EACH * 100;
        }
        watch_init(&watch, n_shards, some_seed, &limits);
        for (i = 0; i < VICTIMS; i++) {
            for (j = 0; j < EACH; j++) {
                struct stt_key key = make_key(i + 1, j);

                put(&watch, &key, 1000, 0, 100, 0);
                EXPECT_HELD(&watch);
            }
        }

        /* The attacker's frames differ in all it can choose. */
        for (i = 0; i < 5000; i++) {
            struct stt_key key = make_key(0, i);
            uint32_t held = 0;

            snprintf(test_context, sizeof test_context,
                     "flood %d, frame %u", what, i);
            key.destination[3] = i % 3;
            key.source_port = i % 65521;
            put(&watch, &key, 1000, 100 * (i % 7), i % 2 ? 90 : 100, i / 50);
            put(&watch, &key, 1000, 100 * (i % 7) + 100, 10, i / 50);
            for (j = 0; j < watch.n_frames; j++) {
                held += watch.frames[j]->key.source[15] != 0;
            }
            CHECK(held >= VICTIMS * EACH - (what % 3 < 2 ? 2 : 0));
        }
        finish(&watch);
    }
    test_context[0] = '\0';
}

/* With the default limits, from many sources: what counts is what is held. */
static void
test_flood_sources(int argc, char *argv[])
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

    (void) argc, (void) argv;
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
    free(fragments);
}

/* Limits lowered at run time. */
static void
test_limits(int argc, char *argv[])
{
    struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct watch watch;
    struct stt_key key;
    uint32_t i;

    (void) argc, (void) argv;
    CHECK_EQ(limits.bytes, 64 << 20);
    CHECK_EQ(limits.bytes_per_source, 8 << 20);
    CHECK_EQ(limits.frames, 8192);
    CHECK_EQ(limits.age, 1000);

    watch_init(&watch, 1, some_seed, &limits);
    watch_set_limits(&watch, &limits);
    for (i = 0; i < 10; i++) {
        key = make_key(i, 1);
        put(&watch, &key, 1000, 0, 100, i);
        EXPECT_HELD(&watch);
    }

    /* stt_reassembly_expire() evicts the oldest ones. */
    limits.frames = 8;
    watch_set_limits(&watch, &limits);
    watch_expire(&watch, 10);
    EXPECT(&watch, 0, 2, STT_DROP_FRAME_LIMIT);
    key = make_key(1, 1);
    CHECK(!watch_find(&watch, &key));
    key = make_key(2, 1);
    CHECK(watch_find(&watch, &key));
    limits.bytes = 800;
    watch_set_limits(&watch, &limits);
    watch_expire(&watch, 10);
    EXPECT_HELD(&watch);
    limits.bytes = 799;
    watch_set_limits(&watch, &limits);
    watch_expire(&watch, 10);
    EXPECT(&watch, 0, 1, STT_DROP_BYTE_LIMIT);
    limits.bytes = 600;
    watch_set_limits(&watch, &limits);
    watch_expire(&watch, 10);
    EXPECT(&watch, 0, 1, STT_DROP_BYTE_LIMIT);
    limits.age = 5;
    watch_set_limits(&watch, &limits);
    watch_expire(&watch, 10);
    EXPECT(&watch, 0, 2, STT_DROP_EXPIRED);
    CHECK_EQ(watch.n_frames, 4);

    /* The next insertion makes room too, for itself. */
    limits = STT_DEFAULT_LIMITS;
    limits.frames = 2;
    watch_set_limits(&watch, &limits);
    key = make_key(20, 1);
    put(&watch, &key, 1000, 0, 100, 10);
    EXPECT(&watch, 0, 3, STT_DROP_FRAME_LIMIT);
    CHECK_EQ(watch.n_frames, 2);
    limits.bytes = 150;
    watch_set_limits(&watch, &limits);
    put(&watch, &key, 1000, 100, 50, 10);
    EXPECT(&watch, 0, 1, STT_DROP_BYTE_LIMIT);
    CHECK_EQ(watch_bytes(&watch, NULL), 150);
    limits.bytes_per_source = 100;
    watch_set_limits(&watch, &limits);
    key = make_key(20, 2);
    put(&watch, &key, 1000, 0, 50, 10);
    EXPECT(&watch, 0, 2, STT_DROP_SOURCE_LIMIT);
    finish(&watch);
}

/* Puts into 'table' all of the frame 'key' of maximum length in segments for an
 * MTU of 1500, each charged 'charge' bytes, but for the first 'skipped' of them.
 * Returns how many fragments died of it. */
static uint64_t
put_page_segments(struct stt_reassembly *table, const struct stt_key *key,
                  uint32_t charge, uint32_t skipped,
                  struct stt_fragment **whole)
{
    enum { SIZE = 1460 };
    struct stt_fragment *dead = NULL;
    uint32_t offset;

    *whole = NULL;
    for (offset = skipped * SIZE; offset < STT_MAX_FRAME_LEN; offset += SIZE) {
        uint32_t left = STT_MAX_FRAME_LEN - offset;
        const struct stt_segment segment = {
            .frame_length = STT_MAX_FRAME_LEN, .offset = offset,
            .length = left < SIZE ? left : SIZE,
        };

        *whole = stt_reassembly_insert(table, key, &segment,
                                       new_fragment(charge), 0, &dead);
    }
    return free_chain(dead);
}

/* Drivers that give each packet a page leave room for frames, whatever a page
 * is: by the lowest limits for one, by default for many. */
static void
test_pages(int argc, char *argv[])
{
    enum { SOURCES = 8, EACH = 10 };
    uint32_t page;

    (void) argc, (void) argv;
    for (page = 4096; page <= 65536; page *= 4) {
        struct stt_limits limits = STT_DEFAULT_LIMITS_FOR(page);
        uint32_t charge = page + 1024;
        struct stt_key key = make_key(1, 1);
        struct stt_reassembly *table;
        struct stt_fragment *whole;
        uint32_t i, j;

        snprintf(test_context, sizeof test_context, "pages of %u", page);
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
static void
test_budget(int argc, char *argv[])
{
    enum { CHARGE = 1000, BUDGET = 1024 * 1024, N = BUDGET / CHARGE };
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct stt_reassembly *tables[3];
    struct stt_fragment *dead;
    struct stt_budget budget;
    uint64_t n_dead = 0, held;
    uint32_t i;

    (void) argc, (void) argv;
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

/* Frames that come and go do not meet in the budget's lock. */
static void
test_budget_locks(int argc, char *argv[])
{
    enum { FRAMES = 1000, SEGMENTS = 45 };
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct stt_reassembly *table = stt_reassembly_create(1, some_seed,
                                                         &limits);
    struct stt_fragment *whole;
    struct stt_budget budget;
    uint64_t before;
    uint32_t i;

    (void) argc, (void) argv;
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

/* Whom a sender shares a shard with, it cannot know: that depends on the seed.
 * It shows in whose frame a newcomer may evict when the table is full: one in
 * its own shard if there is any, else one in the shard that has the most. */
static void
test_seed_matters(int argc, char *argv[])
{
    struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct test_random random = { test_seed };
    int n_evicted = 0;
    int i;

    (void) argc, (void) argv;
    limits.frames = 3;
    for (i = 0; i < 400; i++) {
        const uint64_t seed[2] = {
            random_uint64(&random), random_uint64(&random),
        };
        struct stt_key a = make_key(1, 1);
        struct stt_key c1 = make_key(2, 1);
        struct stt_key c2 = make_key(2, 2);
        struct stt_key b = make_key(3, 1);
        struct watch watch;

        watch_init(&watch, 4, seed, &limits);
        put(&watch, &a, 100, 0, 50, 0);
        put(&watch, &c1, 100, 0, 50, 0);
        put(&watch, &c2, 100, 0, 50, 0);
        put(&watch, &b, 100, 0, 50, 0);
        EXPECT(&watch, 0, 1, STT_DROP_FRAME_LIMIT);
        n_evicted += watch_find(&watch, &a) == NULL;
        finish(&watch);
    }
    /* 'a' must go if 'c' is in its shard, or else if 'b' is: 1/4 + 3/4 * 1/4
     * of 400 times, which is 175, give or take. */
    CHECK(n_evicted > 125 && n_evicted < 225);
}

/* A source that holds all frames there may be, all of them in one shard, does
 * not shut others out, whichever shard is theirs. */
static void
test_newcomers(int argc, char *argv[])
{
    struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct watch watch;
    uint32_t i;

    (void) argc, (void) argv;
    limits.frames = 1000;
    watch_init(&watch, 16, some_seed, &limits);
    for (i = 0; i < limits.frames; i++) {
        struct stt_key key = make_key(1, i);

        put(&watch, &key, 100, 0, 50, 0);
        EXPECT(&watch, 0, 0, STT_DROP_NONE);
    }
    for (i = 0; i < 200; i++) {
        struct stt_key key = make_key(2 + i, 1);

        put(&watch, &key, 100, 0, 50, 0);
        EXPECT(&watch, 0, 1, STT_DROP_FRAME_LIMIT);
        CHECK(watch_find(&watch, &key) != NULL);
    }
    finish(&watch);
}

/* No memory for a frame or a source. */
static void
test_no_memory(int argc, char *argv[])
{
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct stt_key a = make_key(1, 1);
    struct stt_key b = make_key(2, 1);
    struct watch watch;
    int i;

    (void) argc, (void) argv;
    allocations_until_failure = 0;
    CHECK(!stt_reassembly_create(1, some_seed, &limits));
    allocations_until_failure = INT_MAX;
    watch_init(&watch, 1, some_seed, &limits);
    for (i = 0; i < 20; i++) {
        /* For the frame, or for the source. */
        allocations_until_failure = i % 2;
        put(&watch, &a, 100, 0, 50, 0);
        EXPECT(&watch, 0, 1, STT_DROP_NO_MEMORY);
        CHECK_EQ(watch.n_frames, 0);
    }
    allocations_until_failure = INT_MAX;
    put(&watch, &a, 100, 0, 50, 0);
    EXPECT_HELD(&watch);

    /* What is there needs no more. */
    allocations_until_failure = 0;
    put(&watch, &b, 100, 0, 50, 0);
    EXPECT(&watch, 0, 1, STT_DROP_NO_MEMORY);
    put(&watch, &a, 100, 50, 50, 0);
    EXPECT(&watch, 2, 0, STT_DROP_NONE);
    allocations_until_failure = INT_MAX;

    /* Not even of a frame of as many segments as usual, but one of many more is
     * lost. */
    for (i = 0; i < 45; i++) {
        allocations_until_failure = i ? 0 : INT_MAX;
        put(&watch, &b, 1000, 2 * i, 1, 0);
        EXPECT_HELD(&watch);
    }
    while (watch.n_frames) {
        put(&watch, &b, 1000, 2 * i++, 1, 0);
        CHECK(i < STT_MAX_SEGMENTS);
    }
    EXPECT(&watch, 0, i, STT_DROP_NO_MEMORY);
    allocations_until_failure = INT_MAX;
    finish(&watch);
}

/*
 * Threads.
 */

/* What several threads put into one table: all segments of many frames, in an
 * order in which those of one frame are near each other but go to different
 * threads. */
struct load {
    struct stt_reassembly *table;
    const struct stt_limits *limits;
    struct load_segment *segments;
    uint32_t n_segments;
    uint32_t *order;
    uint32_t n_threads;
    uint32_t next;              /* In 'order'; for all threads. */
    uint32_t n_whole;           /* Frames. */
    uint32_t n_dead;            /* Fragments. */
    int64_t held;               /* Bytes charged for fragments that are in the
                                 * table or in the hands of those who put in
                                 * or take out. */
    bool done;
};

struct load_segment {
    struct stt_fragment fragment;
    struct stt_key key;
    struct stt_segment segment;
    int n_given;                /* To the table, ... */
    int n_returned;             /* ... by the table. */
};

static void
load_return(struct load *load, struct stt_fragment *chain, bool dead)
{
    uint32_t offset = 0;

    while (chain) {
        struct load_segment *s = (struct load_segment *) chain;
        struct stt_fragment *next = chain->next;

        if (dead) {
            CHECK(chain->drop && chain->drop < STT_N_DROPS);
            __atomic_add_fetch(&load->n_dead, 1, __ATOMIC_RELAXED);
        } else {
            CHECK_EQ(chain->drop, STT_DROP_NONE);
            CHECK_EQ(chain->offset, offset);
            CHECK_EQ(chain->length, s->segment.length);
            offset += chain->length;
            if (!next) {
                CHECK_EQ(offset, s->segment.frame_length);
                __atomic_add_fetch(&load->n_whole, 1, __ATOMIC_RELAXED);
            }
        }
        /* Not atomic: only one thread may have it now. */
        s->n_returned++;
        __atomic_sub_fetch(&load->held, chain->charge, __ATOMIC_RELAXED);
        chain = next;
    }
}

static void *
load_thread(void *load_)
{
    struct load *load = load_;

    for (;;) {
        uint32_t i = __atomic_fetch_add(&load->next, 1, __ATOMIC_RELAXED);
        struct load_segment *s;
        struct stt_fragment *dead = NULL;
        struct stt_fragment *whole;

        if (i >= load->n_segments) {
            return NULL;
        }
        s = &load->segments[load->order[i]];
        s->n_given++;
        s->fragment.charge = s->segment.length;
        __atomic_add_fetch(&load->held, s->fragment.charge, __ATOMIC_RELAXED);
        whole = stt_reassembly_insert(load->table, &s->key, &s->segment,
                                      &s->fragment, 0, &dead);
        load_return(load, whole, false);
        load_return(load, dead, true);
    }
}

/* Looks on and changes limits meanwhile, to what they were. */
static void *
load_watch_thread(void *load_)
{
    struct load *load = load_;

    while (!__atomic_load_n(&load->done, __ATOMIC_RELAXED)) {
        struct stt_occupancy occupancy;
        struct stt_limits limits;

        stt_reassembly_get_limits(load->table, &limits);
        CHECK_EQ(limits.frames, load->limits->frames);
        stt_reassembly_set_limits(load->table, &limits);
        stt_reassembly_get_occupancy(load->table, &occupancy);
        CHECK(occupancy.frames <= limits.frames + load->n_threads);
        CHECK(occupancy.bytes <= (limits.bytes
                                  + load->n_threads * STT_MAX_FRAME_LEN));
        load_return(load, stt_reassembly_expire(load->table, 0), true);
        sched_yield();
    }
    return NULL;
}

static void
run_load(uint32_t n_shards, uint32_t n_threads, uint32_t n_frames,
         const struct stt_limits *limits, bool roomy)
{
    enum { PER_FRAME = 5, SIZE = 1000 };
    struct test_random random = { test_seed };
    struct load load = {
        .limits = limits, .n_threads = n_threads,
        .n_segments = n_frames * PER_FRAME,
    };
    pthread_t threads[16], watcher;
    struct stt_occupancy occupancy;
    uint32_t i;

    load.table = stt_reassembly_create(n_shards, some_seed, limits);
    load.segments = test_alloc(load.n_segments * sizeof *load.segments);
    load.order = test_alloc(load.n_segments * sizeof *load.order);
    memset(load.segments, 0, load.n_segments * sizeof *load.segments);
    for (i = 0; i < load.n_segments; i++) {
        struct load_segment *s = &load.segments[i];

        s->key = make_key(i / PER_FRAME % 7, i / PER_FRAME);
        s->segment.frame_length = PER_FRAME * SIZE;
        s->segment.offset = i % PER_FRAME * SIZE;
        s->segment.length = SIZE;
        load.order[i] = i;
    }
    for (i = 0; i < load.n_segments; i += 40) {
        random_shuffle(&random, load.order + i,
                       load.n_segments - i < 40 ? load.n_segments - i : 40);
    }

    CHECK(!pthread_create(&watcher, NULL, load_watch_thread, &load));
    for (i = 0; i < n_threads; i++) {
        CHECK(!pthread_create(&threads[i], NULL, load_thread, &load));
    }
    for (i = 0; i < n_threads; i++) {
        CHECK(!pthread_join(threads[i], NULL));
    }
    __atomic_store_n(&load.done, true, __ATOMIC_RELAXED);
    CHECK(!pthread_join(watcher, NULL));

    stt_reassembly_get_occupancy(load.table, &occupancy);
    CHECK_EQ(occupancy.bytes, load.held);
    CHECK(occupancy.bytes <= limits->bytes);
    CHECK(occupancy.frames <= limits->frames);
    if (roomy) {
        CHECK_EQ(load.n_whole, n_frames);
        CHECK_EQ(load.n_dead, 0);
        CHECK_EQ(occupancy.bytes, 0);
        CHECK_EQ(occupancy.frames, 0);
        CHECK_EQ(occupancy.sources, 0);
    }

    load_return(&load, stt_reassembly_expire(load.table, limits->age), true);
    stt_reassembly_get_occupancy(load.table, &occupancy);
    CHECK_EQ(occupancy.bytes, 0);
    CHECK_EQ(occupancy.frames, 0);
    CHECK_EQ(occupancy.sources, 0);
    CHECK_EQ(load.held, 0);
    CHECK_EQ(load.n_whole * PER_FRAME + load.n_dead, load.n_segments);
    for (i = 0; i < load.n_segments; i++) {
        CHECK_EQ(load.segments[i].n_given, 1);
        CHECK_EQ(load.segments[i].n_returned, 1);
    }
    CHECK(!stt_reassembly_destroy(load.table));
    free(load.segments);
    free(load.order);
}

/* '--steps' is the number of frames. */
static void
test_threads(int argc, char *argv[])
{
    uint32_t n_frames = test_steps ? test_steps : 20000;
    struct stt_limits limits = STT_DEFAULT_LIMITS;
    uint32_t n_shards;

    (void) argc, (void) argv;
    for (n_shards = 1; n_shards <= 16; n_shards *= 4) {
        run_load(n_shards, 4, n_frames, &limits, true);
    }
    limits.frames = 6;
    run_load(4, 4, n_frames, &limits, false);
    limits = STT_DEFAULT_LIMITS;
    limits.bytes = 12000;
    run_load(4, 4, n_frames, &limits, false);
    limits.bytes_per_source = 5000;
    run_load(1, 4, n_frames, &limits, false);
}

/* Tables that take from one budget at the same time, and one that watches. */
struct rivals {
    struct stt_reassembly *tables[2];
    struct stt_budget budget;
    uint32_t next;
    uint32_t n;
};

static void *
rival_thread(void *rivals_)
{
    struct rivals *rivals = rivals_;
    uint32_t i;

    while ((i = __atomic_fetch_add(&rivals->next, 1, __ATOMIC_RELAXED))
           < rivals->n) {
        struct stt_reassembly *table = rivals->tables[i / 64 % 2];
        const struct stt_segment segment = {
            .frame_length = 1000, .length = 10,
        };
        struct stt_key key = make_key(i % 5, i);
        struct stt_fragment *dead = NULL;

        CHECK(!stt_reassembly_insert(table, &key, &segment,
                                     new_fragment(i % 7 * 3000), i, &dead));
        free_chain(dead);
        if (i % 500 == 0) {
            /* All of one, so that a lot goes back. */
            free_chain(stt_reassembly_expire(table, i + 1000));
        }
        CHECK(!stt_budget_is_exceeded(&rivals->budget));
    }
    return NULL;
}

static void
test_budget_threads(int argc, char *argv[])
{
    struct rivals rivals = { .n = test_steps ? test_steps : 400000 };
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    pthread_t threads[4];
    uint64_t held = 0;
    uint32_t i;

    (void) argc, (void) argv;
    stt_budget_init(&rivals.budget, 2000000);
    for (i = 0; i < ARRAY_SIZE(rivals.tables); i++) {
        rivals.tables[i] = stt_reassembly_create(4, some_seed, &limits);
        stt_reassembly_share_budget(rivals.tables[i], &rivals.budget, true);
    }
    for (i = 0; i < ARRAY_SIZE(threads); i++) {
        CHECK(!pthread_create(&threads[i], NULL, rival_thread, &rivals));
    }
    for (i = 0; i < ARRAY_SIZE(threads); i++) {
        CHECK(!pthread_join(threads[i], NULL));
    }
    for (i = 0; i < ARRAY_SIZE(rivals.tables); i++) {
        held += get_occupancy(rivals.tables[i]).bytes;
    }
    CHECK(held <= rivals.budget.taken);
    CHECK(rivals.budget.taken <= 2000000);
    for (i = 0; i < ARRAY_SIZE(rivals.tables); i++) {
        free_chain(stt_reassembly_destroy(rivals.tables[i]));
    }
    CHECK_EQ(rivals.budget.taken, 0);
    stt_budget_destroy(&rivals.budget);
}

int
main(int argc, char *argv[])
{
    static const struct test_command commands[] = {
        { "model", test_model },
        { "model-shards", test_model_shards },
        { "invariants", test_invariants },
        { "order", test_order },
        { "overlap", test_overlap },
        { "key", test_key },
        { "buckets", test_buckets },
        { "age", test_age },
        { "late-clock", test_late_clock },
        { "locks", test_locks },
        { "slices", test_slices },
        { "segments", test_segments },
        { "eviction", test_eviction },
        { "nothing-fits", test_nothing_fits },
        { "flood", test_flood },
        { "flood-sources", test_flood_sources },
        { "limits", test_limits },
        { "pages", test_pages },
        { "budget", test_budget },
        { "budget-locks", test_budget_locks },
        { "budget-threads", test_budget_threads },
        { "seed", test_seed_matters },
        { "newcomers", test_newcomers },
        { "no-memory", test_no_memory },
        { "threads", test_threads },
    };

    return test_main(argc, argv, commands, ARRAY_SIZE(commands));
}
