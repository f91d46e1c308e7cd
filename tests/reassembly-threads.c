/* SPDX-License-Identifier: Apache-2.0 */

/* Reassembly by several threads. */

#include <config.h>

#include <pthread.h>
#include <sched.h>

#include "reassembly-tests.h"
#include "stt-budget.h"
#include "stt-frame.h"
#include "stt-reassembly.h"
#include "unit/reassembly.h"
#include "unit/test-random.h"
#include "unit/unit.h"

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
    test_free(load.segments);
    test_free(load.order);
}

/* '--steps' is the number of frames. */
void
test_threads(void)
{
    uint32_t n_frames = test_steps ? test_steps : 20000;
    struct stt_limits limits = STT_DEFAULT_LIMITS;
    uint32_t n_shards;

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

void
test_budget_threads(void)
{
    struct rivals rivals = { .n = test_steps ? test_steps : 400000 };
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    pthread_t threads[4];
    uint64_t held = 0;
    uint32_t i;

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
