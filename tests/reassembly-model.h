/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REASSEMBLY_MODEL_H
#define REASSEMBLY_MODEL_H 1

/* A model of the reassembly table
 * ===============================
 *
 * Does what lib/stt-reassembly.h says, so simply that one can see it is right:
 * an array of frames that is searched from one end to the other, and in each
 * frame a map that says for every byte which fragment holds it.
 *
 * There are no shards.  With several of them a real table does the same as
 * long as it does not come upon the limits that hold for all sources
 * together. */

#include <stdlib.h>

#include "stt-frame.h"
#include "stt-reassembly.h"
#include "unit/reassembly-key.h"
#include "unit/reassembly-outcome.h"
#include "unit/unit.h"

struct model_frame {
    struct stt_key key;
    uint32_t length;
    uint64_t since;             /* When the first segment came. */
    uint64_t used;              /* Rank by last use. */
    uint64_t charged;
    uint64_t ids[STT_MAX_SEGMENTS];
    uint32_t n;
    uint32_t missing;           /* Bytes without holder. */
    uint16_t holder[STT_MAX_FRAME_LEN]; /* For each byte: index in 'ids' plus
                                         * 1, or 0 if it is still missing. */
};

/* Frames are used again, as the kernel takes long to give so much memory. */
static struct model_frame **model_spare;
static size_t model_n_spare, model_spare_allocated;

struct model {
    struct stt_limits limits;
    struct model_frame **frames; /* Oldest first. */
    size_t n_frames;
    size_t allocated;
    uint64_t uses;
};

static inline uint64_t
model_bytes(const struct model *model, const struct stt_key *source)
{
    uint64_t bytes = 0;
    size_t i;

    for (i = 0; i < model->n_frames; i++) {
        if (!source || same_source(&model->frames[i]->key, source)) {
            bytes += model->frames[i]->charged;
        }
    }
    return bytes;
}

static inline uint32_t
model_sources(const struct model *model)
{
    uint32_t n = 0;
    size_t i, j;

    for (i = 0; i < model->n_frames; i++) {
        for (j = 0; j < i && !same_source(&model->frames[i]->key,
                                          &model->frames[j]->key); j++) {
            continue;
        }
        n += j == i;
    }
    return n;
}

static inline struct model_frame *
model_get_frame(void)
{
    return model_n_spare ? model_spare[--model_n_spare]
           : test_alloc(sizeof(struct model_frame));
}

static inline void
model_give_back(struct model_frame *frame)
{
    if (model_n_spare == model_spare_allocated) {
        model_spare_allocated = model_spare_allocated * 2 + 64;
        model_spare = realloc(model_spare,
                              model_spare_allocated * sizeof *model_spare);
        if (!model_spare) {
            FAIL("out of memory");
        }
    }
    model_spare[model_n_spare++] = frame;
}

static inline void
model_remove(struct model *model, struct model_frame *frame)
{
    size_t i;

    for (i = 0; model->frames[i] != frame; i++) {
        continue;
    }
    model->n_frames--;
    memmove(model->frames + i, model->frames + i + 1,
            (model->n_frames - i) * sizeof *model->frames);
    model_give_back(frame);
}

static inline void
model_discard(struct model *model, struct model_frame *frame,
              enum stt_drop drop, struct outcome *outcome)
{
    uint32_t i;

    for (i = 0; i < frame->n; i++) {
        outcome_add_dead(outcome, frame->ids[i], drop);
    }
    model_remove(model, frame);
}

/* Returns the least recently used frame other than 'spared', of the source in
 * 'key' if that is not NULL. */
static inline struct model_frame *
model_least_recent(const struct model *model, const struct stt_key *key,
                   const struct model_frame *spared)
{
    struct model_frame *least = NULL;
    size_t i;

    for (i = 0; i < model->n_frames; i++) {
        struct model_frame *frame = model->frames[i];

        if (frame != spared && (!key || same_source(&frame->key, key))
            && (!least || frame->used < least->used)) {
            least = frame;
        }
    }
    return least;
}

/* Evicts the frame whose turn it is when the source in 'key' comes upon a
 * limit for all sources.  Returns false if there is none. */
static inline bool
model_evict(struct model *model, const struct stt_key *key,
            const struct model_frame *spared, enum stt_drop drop,
            struct outcome *outcome)
{
    struct model_frame *victim = model_least_recent(model, key, spared);

    if (!victim) {
        victim = model_least_recent(model, NULL, spared);
    }
    if (!victim) {
        return false;
    }
    model_discard(model, victim, drop, outcome);
    return true;
}

/* Makes room for 'charge' more bytes of 'frame'. */
static inline enum stt_drop
model_make_room(struct model *model, struct model_frame *frame,
                uint32_t charge, struct outcome *outcome)
{
    while (model_bytes(model, &frame->key) + charge
           > model->limits.bytes_per_source) {
        struct model_frame *victim = model_least_recent(model, &frame->key,
                                                        frame);

        if (!victim) {
            return STT_DROP_SOURCE_LIMIT;
        }
        model_discard(model, victim, STT_DROP_SOURCE_LIMIT, outcome);
    }
    while (model_bytes(model, NULL) + charge > model->limits.bytes) {
        if (!model_evict(model, &frame->key, frame, STT_DROP_BYTE_LIMIT,
                         outcome)) {
            return STT_DROP_BYTE_LIMIT;
        }
    }
    return STT_DROP_NONE;
}

static inline struct model_frame *
model_find(const struct model *model, const struct stt_key *key)
{
    size_t i;

    for (i = 0; i < model->n_frames; i++) {
        if (same_key(&model->frames[i]->key, key)) {
            return model->frames[i];
        }
    }
    return NULL;
}

static inline struct model_frame *
model_add(struct model *model, const struct stt_key *key, uint32_t length,
          uint64_t now)
{
    struct model_frame *frame = model_get_frame();

    frame->key = *key;
    frame->charged = 0;
    frame->n = 0;
    frame->length = length;
    frame->missing = length;
    frame->since = now;
    frame->used = model->uses++;
    memset(frame->holder, 0, length * sizeof *frame->holder);

    if (model->n_frames == model->allocated) {
        model->allocated = model->allocated * 2 + 64;
        model->frames = realloc(model->frames, (model->allocated
                                                * sizeof *model->frames));
        if (!model->frames) {
            FAIL("out of memory");
        }
    }
    model->frames[model->n_frames++] = frame;
    return frame;
}

/* Says how 'segment' fits what is held of 'frame'. */
static inline enum stt_drop
model_compare(const struct model_frame *frame,
              const struct stt_segment *segment)
{
    uint32_t end = segment->offset + segment->length;
    uint16_t holder;
    uint32_t i;

    if (segment->frame_length != frame->length) {
        return STT_DROP_CONFLICT;
    }

    /* A duplicate if one and the same fragment holds all of it. */
    holder = frame->holder[segment->offset];
    for (i = segment->offset; holder && i < end; i++) {
        if (frame->holder[i] != holder) {
            return STT_DROP_OVERLAP;
        }
    }
    if (holder) {
        return STT_DROP_DUPLICATE;
    }
    for (i = segment->offset; i < end; i++) {
        if (frame->holder[i]) {
            return STT_DROP_OVERLAP;
        }
    }
    return frame->n >= STT_MAX_SEGMENTS ? STT_DROP_SEGMENT_LIMIT : STT_DROP_NONE;
}

/* Puts in the fragment 'id'. */
static inline void
model_insert(struct model *model, const struct stt_key *key,
             const struct stt_segment *segment, uint32_t charge, uint64_t now,
             uint64_t id, struct outcome *outcome)
{
    struct model_frame *frame = model_find(model, key);
    enum stt_drop drop;
    uint16_t last = 0;
    uint32_t i;

    outcome_clear(outcome);
    if (frame && now - frame->since >= model->limits.age) {
        model_discard(model, frame, STT_DROP_EXPIRED, outcome);
        frame = NULL;
    }
    if (!frame) {
        while (model->n_frames + 1 > model->limits.frames) {
            if (!model_evict(model, key, NULL, STT_DROP_FRAME_LIMIT,
                             outcome)) {
                outcome_add_dead(outcome, id, STT_DROP_FRAME_LIMIT);
                return;
            }
        }
        frame = model_add(model, key, segment->frame_length, now);
    }

    drop = model_compare(frame, segment);
    if (drop == STT_DROP_DUPLICATE) {
        outcome_add_dead(outcome, id, drop);
        return;
    }
    if (!drop) {
        drop = model_make_room(model, frame, charge, outcome);
    }
    if (drop) {
        model_discard(model, frame, drop, outcome);
        outcome_add_dead(outcome, id, drop);
        return;
    }

    frame->ids[frame->n++] = id;
    frame->charged += charge;
    frame->used = model->uses++;
    for (i = 0; i < segment->length; i++) {
        frame->holder[segment->offset + i] = frame->n;
    }
    frame->missing -= segment->length;
    if (frame->missing) {
        return;
    }
    for (i = 0; i < frame->length; i++) {
        if (frame->holder[i] != last) {
            last = frame->holder[i];
            outcome_add_whole(outcome, frame->ids[last - 1]);
        }
    }
    model_remove(model, frame);
}

static inline void
model_expire(struct model *model, uint64_t now, struct outcome *outcome)
{
    outcome_clear(outcome);
    while (model->n_frames) {
        struct model_frame *oldest = model->frames[0];

        if (now - oldest->since >= model->limits.age) {
            model_discard(model, oldest, STT_DROP_EXPIRED, outcome);
        } else if (model_bytes(model, NULL) > model->limits.bytes) {
            model_discard(model, oldest, STT_DROP_BYTE_LIMIT, outcome);
        } else if (model->n_frames > model->limits.frames) {
            model_discard(model, oldest, STT_DROP_FRAME_LIMIT, outcome);
        } else {
            break;
        }
    }
}

static inline void
model_destroy(struct model *model, struct outcome *outcome)
{
    outcome_clear(outcome);
    while (model->n_frames) {
        model_discard(model, model->frames[0], STT_DROP_EXPIRED, outcome);
    }
    free(model->frames);
}

/*
 * Comparison with what the real table did.
 */

static inline int
fate_compare(const void *a_, const void *b_)
{
    const struct fate *a = a_;
    const struct fate *b = b_;

    return a->id < b->id ? -1 : a->id > b->id;
}

static inline void
outcome_sort(struct outcome *outcome)
{
    if (outcome->n_dead) {
        qsort(outcome->dead, outcome->n_dead, sizeof *outcome->dead,
              fate_compare);
    }
}

/* Checks that 'got' is 'expected'. */
static inline void
outcome_check(struct outcome *got, struct outcome *expected)
{
    size_t i;

    CHECK_EQ(got->n_whole, expected->n_whole);
    for (i = 0; i < got->n_whole; i++) {
        CHECK_EQ(got->whole[i], expected->whole[i]);
    }

    outcome_sort(got);
    outcome_sort(expected);
    for (i = 0; i < got->n_dead && i < expected->n_dead; i++) {
        CHECK_EQ(got->dead[i].id, expected->dead[i].id);
        CHECK_TEXT(stt_drop_name(got->dead[i].drop),
                   stt_drop_name(expected->dead[i].drop));
    }
    CHECK_EQ(got->n_dead, expected->n_dead);
}

#endif /* reassembly-model.h */
