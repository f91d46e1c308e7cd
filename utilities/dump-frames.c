/* SPDX-License-Identifier: Apache-2.0 */
#include "dump-frames.h"

#include "stt-frame.h"
#include "stt-hash.h"

/* A segment in the table, with what was captured of its payload. */
struct held {
    struct stt_fragment fragment;   /* Must be the first member. */
    struct stt_key key;
    uint16_t frame_length;
    bool late;
    uint32_t captured;
    uint8_t payload[];
};

/* A frame that has ended.  The table of these is a cache: a newer frame takes
 * the place of the oldest one that hashes to the same place. */
struct ended {
    struct stt_key key;
    uint16_t length;
    uint8_t late;               /* An enum frames_late, LATE_NOT if unused. */
    uint64_t when;
};

enum {
    ENDED_SETS = 4096,          /* A power of 2. */
    ENDED_WAYS = 4,
};

struct frames {
    struct stt_reassembly *table;
    uint64_t seed[2];
    uint32_t age;
    uint64_t now;               /* At the last call. */
    frames_lost_func *lost;
    void *aux;
    struct ended ended[ENDED_SETS][ENDED_WAYS];
    uint8_t buffer[STT_MAX_FRAME_LEN];
};

/* Returns an empty table, in which an incomplete frame gets lost after 'age'
 * milliseconds.  Calls 'lost' with 'aux' for each.  'seed' must be random and
 * secret.  Returns NULL if there is no memory.  The caller destroys it with
 * frames_destroy(). */
struct frames *
frames_create(const uint64_t seed[2], uint32_t age, frames_lost_func *lost,
              void *aux)
{
    struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct frames *frames = calloc(1, sizeof *frames);

    if (!frames) {
        return NULL;
    }
    limits.age = age;
    frames->table = stt_reassembly_create(1, seed, &limits);
    if (!frames->table) {
        free(frames);
        return NULL;
    }
    memcpy(frames->seed, seed, sizeof frames->seed);
    frames->age = age;
    frames->lost = lost;
    frames->aux = aux;
    return frames;
}

static struct ended *
ended_set(struct frames *frames, const struct stt_key *key)
{
    uint64_t words[sizeof *key / sizeof(uint64_t) + 1] = { 0 };

    memcpy(words, key, sizeof *key);
    return frames->ended[stt_hash(frames->seed, words,
                                  sizeof words / sizeof words[0])
                         & (ENDED_SETS - 1)];
}

/* Returns how the frame 'key' of 'length' bytes has ended, if it has ended not
 * longer ago than frames live: by then its frame id may be in use again. */
static enum frames_late
find_ended(const struct frames *frames, const struct ended set[ENDED_WAYS],
           const struct stt_key *key, uint16_t length)
{
    int i;

    for (i = 0; i < ENDED_WAYS; i++) {
        const struct ended *ended = &set[i];

        if (ended->late != LATE_NOT && ended->length == length
            && frames->now <= ended->when + frames->age
            && !memcmp(&ended->key, key, sizeof *key)) {
            return ended->late;
        }
    }
    return LATE_NOT;
}

/* Remembers that the frame 'key' of 'length' bytes has ended. */
static void
add_ended(struct frames *frames, struct ended set[ENDED_WAYS],
          const struct stt_key *key, uint16_t length, enum frames_late late)
{
    struct ended *place = &set[0];
    int i;

    for (i = 0; i < ENDED_WAYS; i++) {
        struct ended *ended = &set[i];

        if (ended->late != LATE_NOT && ended->length == length
            && !memcmp(&ended->key, key, sizeof *key)) {
            place = ended;
            break;
        }
        if (ended->late == LATE_NOT || ended->when < place->when) {
            place = ended;
        }
    }
    place->key = *key;
    place->length = length;
    place->late = late;
    place->when = frames->now;
}

static enum frames_late
late_after(enum stt_drop drop)
{
    return drop == STT_DROP_EXPIRED ? LATE_LOST : LATE_DISCARDED;
}

/* Adds the gap from 'start' to 'end', if it is one, to 'lost'. */
static void
add_missing(struct frames_lost *lost, uint32_t start, uint32_t end)
{
    if (start < end) {
        if (lost->n_missing < FRAMES_GAPS) {
            lost->missing[lost->n_missing][0] = start;
            lost->missing[lost->n_missing][1] = end;
        }
        lost->n_missing++;
    }
}

/* Which bytes of a frame a segment has: from 'start' on, up to 'end'. */
struct extent {
    uint32_t start;
    uint32_t end;
};

static int
compare_extents(const void *a_, const void *b_)
{
    const struct extent *a = a_;
    const struct extent *b = b_;

    return a->start < b->start ? -1 : a->start > b->start;
}

/* Adds the gaps that the 'n' segments at 'extents' leave to 'lost'. */
static void
find_missing(struct frames_lost *lost, struct extent *extents, size_t n)
{
    uint32_t end = 0;

    qsort(extents, n, sizeof *extents, compare_extents);
    for (size_t i = 0; i < n; i++) {
        add_missing(lost, end, extents[i].start);
        if (extents[i].end > end) {
            end = extents[i].end;
        }
    }
    add_missing(lost, end, lost->length);
}

/* Reports the frames whose segments are in the chain 'dead', and frees these.
 * The segment that died as it was inserted is 'own', if any, and is reported in
 * '*result', with those of its frame, instead.
 *
 * The table puts each fragment in front of the ones that died before it, those of
 * a frame next to each other. */
static void
bury(struct frames *frames, struct stt_fragment *dead,
     const struct stt_fragment *own, struct frames_result *result)
{
    dead = stt_fragment_reverse(dead);
    while (dead) {
        const struct held *first = (const struct held *) dead;
        struct frames_lost lost = {
            .key = first->key,
            .drop = dead->drop,
            .late = true,
            .length = first->frame_length,
        };
        /* One more may be that which was one too many. */
        struct extent extents[STT_MAX_SEGMENTS + 1];
        size_t n_extents = 0;
        bool is_own = false;

        while (dead && dead->drop == lost.drop) {
            struct held *held = (struct held *) dead;

            if (memcmp(&held->key, &lost.key, sizeof lost.key)) {
                break;
            }
            is_own = is_own || dead == own;
            lost.n_segments++;
            lost.n_bytes += dead->length;
            lost.late = lost.late && held->late;
            if (n_extents < sizeof extents / sizeof *extents) {
                extents[n_extents++] = (struct extent) {
                    dead->offset, dead->offset + dead->length
                };
            }
            dead = dead->next;
            free(held);
        }
        find_missing(&lost, extents, n_extents);

        if (lost.drop != STT_DROP_DUPLICATE) {
            add_ended(frames, ended_set(frames, &lost.key), &lost.key,
                      lost.length, late_after(lost.drop));
        }
        if (is_own) {
            result->drop = lost.drop;
            result->n_segments = lost.n_segments;
        } else {
            frames->lost(frames->aux, &lost);
        }
    }
}

/* Copies the frame that is in 'chain' to the buffer, up to the first byte that
 * was not captured, and frees the chain. */
static void
join(struct frames *frames, struct stt_fragment *chain,
     struct frames_result *result)
{
    bool complete = true;

    result->frame = frames->buffer;
    while (chain) {
        struct held *held = (struct held *) chain;

        result->n_segments++;
        if (complete) {
            memcpy(frames->buffer + chain->offset, held->payload,
                   held->captured);
            result->captured += held->captured;
            complete = held->captured == chain->length;
        }
        chain = chain->next;
        free(held);
    }
}

/* Takes the segment of frame 'key', which must have passed stt_segment_check(),
 * and of whose payload the first 'captured' bytes, at 'payload', were captured.
 * 'now' is the time in milliseconds.  Stores what became of it in '*result'.
 * May report lost frames first. */
void
frames_insert(struct frames *frames, const struct stt_key *key,
              const struct stt_segment *segment, const uint8_t *payload,
              uint32_t captured, uint64_t now, struct frames_result *result)
{
    struct ended *set = ended_set(frames, key);
    struct stt_fragment *dead = NULL;
    struct stt_fragment *chain;
    struct held *held;

    frames_expire(frames, now);
    memset(result, 0, sizeof *result);
    result->late = find_ended(frames, set, key, segment->frame_length);
    if (stt_segment_is_frame(segment)) {
        result->n_segments = 1;
        result->frame = payload;
        result->captured = captured;
        add_ended(frames, set, key, segment->frame_length, LATE_WHOLE);
        return;
    }

    held = malloc(sizeof *held + captured);
    if (!held) {
        result->drop = STT_DROP_NO_MEMORY;
        result->n_segments = 1;
        return;
    }
    memset(&held->fragment, 0, sizeof held->fragment);
    held->fragment.charge = sizeof *held + captured;
    held->key = *key;
    held->frame_length = segment->frame_length;
    held->late = result->late != LATE_NOT;
    held->captured = captured;
    memcpy(held->payload, payload, captured);

    chain = stt_reassembly_insert(frames->table, key, segment, &held->fragment,
                                  now, &dead);
    if (chain) {
        join(frames, chain, result);
        add_ended(frames, set, key, segment->frame_length, LATE_WHOLE);
    }
    bury(frames, dead, &held->fragment, result);
}

/* Reports the frames that were not completed in time, at 'now'. */
void
frames_expire(struct frames *frames, uint64_t now)
{
    if (now != frames->now) {
        frames->now = now;
        bury(frames, stt_reassembly_expire(frames->table, now), NULL, NULL);
    }
}

/* Reports the frames that are not complete yet as lost, and frees 'frames'. */
void
frames_destroy(struct frames *frames)
{
    if (frames) {
        bury(frames, stt_reassembly_destroy(frames->table), NULL, NULL);
        free(frames);
    }
}
