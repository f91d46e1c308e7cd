/* SPDX-License-Identifier: Apache-2.0 */

/* Reassembly of random input, compared with a model. */

#include <config.h>

#include <inttypes.h>

#include "reassembly-model.h"
#include "reassembly-tests.h"
#include "stt-frame.h"
#include "unit/reassembly-key.h"
#include "unit/reassembly-watch.h"
#include "unit/test-random.h"
#include "unit/unit.h"

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
    test_free(sender->order);
    test_free(sender->starts);
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

        test_say("%s --seed %"PRIu64" --steps %"PRIu64", step %"PRIu64,
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

    test_say("the end of %s --seed %"PRIu64" --steps %"PRIu64,
             name, seed, n_steps);
    watch_destroy(&watch);
    if (with_model) {
        model_destroy(&model, &expected);
        outcome_check(&watch.outcome, &expected);
    }
    outcome_destroy(&watch.outcome);
    outcome_destroy(&expected);
    for (i = 0; i < ARRAY_SIZE(senders); i++) {
        test_free(senders[i].order);
        test_free(senders[i].starts);
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
void
test_model(void)
{
    run_randoms("model", 1, true, true);
}

/* Against the model, with shards.  Without the limits for all sources, these
 * make no difference. */
void
test_model_shards(void)
{
    run_randoms("model-shards", 16, false, true);
}

/* With shards and all limits: only what must be true in any case. */
void
test_invariants(void)
{
    run_randoms("invariants", 16, true, false);
}
