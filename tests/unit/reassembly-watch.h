/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef REASSEMBLY_WATCH_H
#define REASSEMBLY_WATCH_H 1

/* A reassembly table under watch
 * ==============================
 *
 * Plays the host of a real table, whose packets these are, and checks after
 * each call what must be true whatever was put in:
 *
 *   - Each fragment is in exactly one hand, and what the host wrote into it is
 *     still there.
 *
 *   - A whole frame is complete, in order, and has the bytes that were sent.
 *
 *   - Frames die as a whole, and with a reason that has its conditions.
 *
 *   - The limits hold, and the occupancy is what is really held.
 *
 *   - A source pushes out no more of the others than it may.
 *
 * A fragment that the table gave back is freed at once, so that
 * AddressSanitizer notices if it is ever touched again. */

#include "reassembly-key.h"
#include "reassembly-outcome.h"
#include "stt-reassembly.h"
#include "unit.h"

struct packet {
    struct stt_fragment fragment; /* First, so that the addresses agree. */
    uint64_t id;
    struct watched_frame *frame; /* NULL while it is being put in. */
    bool in_table;
    uint32_t charge;
    uint16_t offset;
    uint16_t length;
    uint8_t ecn;
    uint8_t data[];             /* 'length' bytes. */
};

/* A frame that the table is known to hold. */
struct watched_frame {
    struct stt_key key;
    uint32_t length;
    uint64_t since;
    uint64_t charged;
    struct packet *packets[STT_MAX_SEGMENTS];
    uint32_t n;
    uint32_t n_dead;            /* So far, in the call being looked at. */
    enum stt_drop drop;         /* Of those. */
};

struct watch {
    struct stt_reassembly *table;
    struct stt_limits limits;
    struct watched_frame **frames;
    size_t n_frames;
    size_t allocated;
    uint64_t next_id;
    struct outcome outcome;     /* Of the last call. */
};

static inline void
watch_init(struct watch *watch, uint32_t n_shards, const uint64_t seed[2],
           const struct stt_limits *limits)
{
    memset(watch, 0, sizeof *watch);
    watch->limits = *limits;
    watch->table = stt_reassembly_create(n_shards, seed, limits);
    CHECK(watch->table);
}

static inline struct watched_frame *
watch_find(const struct watch *watch, const struct stt_key *key)
{
    size_t i;

    for (i = 0; i < watch->n_frames; i++) {
        if (same_key(&watch->frames[i]->key, key)) {
            return watch->frames[i];
        }
    }
    return NULL;
}

static inline uint64_t
watch_bytes(const struct watch *watch, const struct stt_key *source)
{
    uint64_t bytes = 0;
    size_t i;

    for (i = 0; i < watch->n_frames; i++) {
        if (!source || same_source(&watch->frames[i]->key, source)) {
            bytes += watch->frames[i]->charged;
        }
    }
    return bytes;
}

static inline void
watch_check_occupancy(const struct watch *watch)
{
    struct stt_occupancy occupancy;
    uint32_t n_sources = 0;
    size_t i, j;

    for (i = 0; i < watch->n_frames; i++) {
        for (j = 0; j < i && !same_source(&watch->frames[i]->key,
                                          &watch->frames[j]->key); j++) {
            continue;
        }
        n_sources += i == j;
    }
    stt_reassembly_get_occupancy(watch->table, &occupancy);
    CHECK_EQ(occupancy.bytes, watch_bytes(watch, NULL));
    CHECK_EQ(occupancy.frames, watch->n_frames);
    CHECK_EQ(occupancy.sources, n_sources);
}

/* Returns what is sent at 'offset' of a frame with this 'key'. */
static inline uint8_t
content(const struct stt_key *key, uint32_t offset)
{
    return key->frame_id * 37 + key->source[15] * 11 + offset + (offset >> 8);
}

/* Checks that 'fragment' was in the table's hand, and as it was given to it,
 * and takes it over. */
static inline struct packet *
watch_take(struct stt_fragment *fragment)
{
    struct packet *packet = (struct packet *) fragment;

    CHECK(packet->in_table);
    packet->in_table = false;
    CHECK_EQ(fragment->charge, packet->charge);
    CHECK_EQ(fragment->ecn, packet->ecn);
    CHECK_EQ(fragment->offset, packet->offset);
    CHECK_EQ(fragment->length, packet->length);
    return packet;
}

/* Removes 'frame', whose packets have all come back. */
static inline void
watch_remove(struct watch *watch, struct watched_frame *frame)
{
    size_t i;

    for (i = 0; watch->frames[i] != frame; i++) {
        continue;
    }
    watch->frames[i] = watch->frames[--watch->n_frames];
    for (i = 0; i < frame->n; i++) {
        CHECK(!frame->packets[i]->in_table);
        test_free(frame->packets[i]);
    }
    test_free(frame);
}

/* Takes the 'chain' that 'newcomer' made whole. */
static inline void
watch_whole(struct watch *watch, const struct stt_key *key,
            uint32_t frame_length, struct packet *newcomer,
            struct stt_fragment *chain)
{
    struct watched_frame *frame = watch_find(watch, key);
    bool has_newcomer = false;
    uint32_t offset = 0;
    uint32_t i;

    for (; chain; chain = chain->next) {
        struct packet *packet = watch_take(chain);

        CHECK(packet == newcomer || (frame && packet->frame == frame));
        CHECK_EQ(packet->fragment.drop, STT_DROP_NONE);
        CHECK_EQ(packet->offset, offset);
        for (i = 0; i < packet->length; i++) {
            if (packet->data[i] != content(key, offset + i)) {
                FAIL("byte %u of the frame is not what was sent", offset + i);
            }
        }
        offset += packet->length;
        has_newcomer |= packet == newcomer;
        outcome_add_whole(&watch->outcome, packet->id);
    }
    CHECK_EQ(offset, frame_length);
    CHECK(has_newcomer);
    CHECK_EQ(watch->outcome.n_whole, (frame ? frame->n : 0) + 1);
    if (frame) {
        CHECK_EQ(frame->length, frame_length);
        watch_remove(watch, frame);
    }
}

/* Takes the chain of 'dead' fragments.  'newcomer' is the one that was just
 * put in, if any. */
static inline void
watch_dead(struct watch *watch, const struct packet *newcomer,
           struct stt_fragment *dead)
{
    size_t i;

    for (; dead; dead = dead->next) {
        struct packet *packet = watch_take(dead);
        struct watched_frame *frame = packet->frame;

        CHECK(dead->drop != STT_DROP_NONE && dead->drop < STT_N_DROPS);
        if (packet == newcomer) {
            CHECK(!frame);
        } else {
            CHECK(frame);
            CHECK(!frame->n_dead || dead->drop == frame->drop);
            frame->drop = dead->drop;
            frame->n_dead++;
        }
        outcome_add_dead(&watch->outcome, packet->id, dead->drop);
    }
    for (i = 0; i < watch->n_frames; i++) {
        struct watched_frame *frame = watch->frames[i];

        CHECK(!frame->n_dead || frame->n_dead == frame->n);
    }
}

/* Checks, when the source in 'key' has put in a segment that is charged
 * 'charge' bytes and died of 'newcomer_drop' or is held, that the frames that
 * died of it had to.  'alive' is the segment's own frame if that was there
 * before and is not among the dead. */
static inline void
watch_check_victims(const struct watch *watch, const struct stt_key *key,
                    uint32_t charge, enum stt_drop newcomer_drop,
                    uint64_t now, const struct watched_frame *alive)
{
    uint64_t bytes = watch_bytes(watch, NULL);
    uint64_t frames = watch->n_frames;
    uint64_t evicted = 0, n_evicted = 0, most = 0;
    bool foreign = false, own_left = false;
    size_t i;

    for (i = 0; i < watch->n_frames; i++) {
        struct watched_frame *frame = watch->frames[i];
        bool own = same_source(&frame->key, key);
        bool self = same_key(&frame->key, key);

        if (!frame->n_dead) {
            own_left |= own && frame != alive;
            continue;
        }
        switch ((int) frame->drop) {
        case STT_DROP_EXPIRED:
            CHECK(self);
            CHECK(now - frame->since >= watch->limits.age);
            break;
        case STT_DROP_OVERLAP:
        case STT_DROP_CONFLICT:
        case STT_DROP_SEGMENT_LIMIT:
        case STT_DROP_NO_MEMORY:
            CHECK(self);
            CHECK_EQ(newcomer_drop, frame->drop);
            break;
        case STT_DROP_SOURCE_LIMIT:
            CHECK(own);
            if (self) {
                CHECK_EQ(newcomer_drop, STT_DROP_SOURCE_LIMIT);
            }
            break;
        case STT_DROP_FRAME_LIMIT:
            CHECK(!self);
            foreign |= !own;
            n_evicted++;
            break;
        case STT_DROP_BYTE_LIMIT:
            if (self) {
                CHECK_EQ(newcomer_drop, STT_DROP_BYTE_LIMIT);
                break;
            }
            foreign |= !own;
            evicted += frame->charged;
            if (frame->charged > most) {
                most = frame->charged;
            }
            break;
        default:
            FAIL("unexpected reason %s", stt_drop_name(frame->drop));
        }
        if (frame->drop == STT_DROP_EXPIRED) {
            frames--;
        }
        if (frame->drop != STT_DROP_BYTE_LIMIT) {
            bytes -= frame->charged;
        }
    }

    /* The last one evicted made room, so without it there was none. */
    if (n_evicted) {
        CHECK(frames - (n_evicted - 1) + 1 > watch->limits.frames);
    }
    if (evicted) {
        CHECK(bytes - (evicted - most) + charge > watch->limits.bytes);
    }
    if (foreign) {
        CHECK(!own_left);
    }
}

/* Puts the fragment of 'segment' into the table. */
static inline void
watch_insert(struct watch *watch, const struct stt_key *key,
             const struct stt_segment *segment, uint32_t charge, uint64_t now)
{
    struct stt_fragment earlier = { .drop = STT_DROP_CHECKSUM };
    struct stt_fragment *dead = &earlier;
    struct stt_fragment **end;
    struct stt_fragment *whole;
    struct watched_frame *frame;
    struct packet *packet;
    enum stt_drop drop = STT_DROP_NONE;
    uint64_t bytes_before = watch_bytes(watch, NULL);
    size_t frames_before = watch->n_frames;
    size_t i;

    CHECK_EQ(stt_segment_check(segment), STT_DROP_NONE);
    outcome_clear(&watch->outcome);

    packet = test_alloc(sizeof *packet + segment->length);
    memset(packet, 0xaa, sizeof *packet);
    packet->id = watch->next_id++;
    packet->frame = NULL;
    packet->in_table = true;
    packet->fragment.charge = packet->charge = charge;
    packet->fragment.ecn = packet->ecn = packet->id & 3;
    packet->offset = segment->offset;
    packet->length = segment->length;
    for (i = 0; i < segment->length; i++) {
        packet->data[i] = content(key, segment->offset + i);
    }

    whole = stt_reassembly_insert(watch->table, key, segment,
                                  &packet->fragment, now, &dead);

    /* What the chain had before is still there: cut it off. */
    for (end = &dead; *end != &earlier; end = &(*end)->next) {
        CHECK(*end);
    }
    CHECK(!earlier.next);
    CHECK_EQ(earlier.drop, STT_DROP_CHECKSUM);
    *end = NULL;

    watch_dead(watch, packet, dead);
    if (!packet->in_table) {
        drop = packet->fragment.drop;
        CHECK(!whole);
    }
    frame = watch_find(watch, key);
    if (drop == STT_DROP_DUPLICATE) {
        CHECK(frame && !frame->n_dead);
        CHECK_EQ(frame->length, segment->frame_length);
        for (i = 0; i < frame->n; i++) {
            const struct packet *p = frame->packets[i];

            if (packet->offset >= p->offset && (packet->offset + packet->length
                                                <= p->offset + p->length)) {
                break;
            }
        }
        CHECK(i < frame->n);
    } else if (drop && frame) {
        CHECK(frame->n_dead);
    }
    watch_check_victims(watch, key, charge, drop, now,
                        frame && !frame->n_dead ? frame : NULL);
    for (i = 0; i < watch->n_frames; ) {
        if (watch->frames[i]->n_dead) {
            watch_remove(watch, watch->frames[i]);
        } else {
            i++;
        }
    }

    if (drop) {
        test_free(packet);
    } else if (whole) {
        watch_whole(watch, key, segment->frame_length, packet, whole);
        test_free(packet);
    } else {
        frame = watch_find(watch, key);
        if (!frame) {
            frame = test_alloc(sizeof *frame);
            memset(frame, 0, sizeof *frame);
            frame->key = *key;
            frame->length = segment->frame_length;
            frame->since = now;
            if (watch->n_frames == watch->allocated) {
                watch->allocated = watch->allocated * 2 + 64;
                watch->frames = test_grow(
                    watch->frames, watch->n_frames * sizeof *watch->frames,
                    watch->allocated * sizeof *watch->frames);
            }
            watch->frames[watch->n_frames++] = frame;
            CHECK(watch->n_frames <= watch->limits.frames);
        }
        CHECK_EQ(frame->length, segment->frame_length);
        CHECK(now - frame->since < watch->limits.age || !frame->n);
        CHECK(frame->n < STT_MAX_SEGMENTS);
        packet->frame = frame;
        frame->packets[frame->n++] = packet;
        frame->charged += charge;
        CHECK(watch_bytes(watch, NULL) <= watch->limits.bytes);
        CHECK(watch_bytes(watch, key) <= watch->limits.bytes_per_source);
    }

    /* Limits that were lowered may be exceeded, but ever less. */
    CHECK(watch_bytes(watch, NULL) <= watch->limits.bytes
          || watch_bytes(watch, NULL) <= bytes_before);
    CHECK(watch->n_frames <= watch->limits.frames
          || watch->n_frames <= frames_before);
    watch_check_occupancy(watch);
}

static inline void
watch_set_limits(struct watch *watch, const struct stt_limits *limits)
{
    struct stt_limits got;

    watch->limits = *limits;
    stt_reassembly_set_limits(watch->table, limits);
    stt_reassembly_get_limits(watch->table, &got);
    CHECK_EQ(got.bytes, limits->bytes);
    CHECK_EQ(got.bytes_per_source, limits->bytes_per_source);
    CHECK_EQ(got.frames, limits->frames);
    CHECK_EQ(got.age, limits->age);
    watch_check_occupancy(watch);
}

static inline void
watch_expire(struct watch *watch, uint64_t now)
{
    uint64_t bytes = watch_bytes(watch, NULL);
    size_t n_frames = watch->n_frames;
    size_t i;

    outcome_clear(&watch->outcome);
    watch_dead(watch, NULL, stt_reassembly_expire(watch->table, now));
    for (i = 0; i < watch->n_frames; ) {
        struct watched_frame *frame = watch->frames[i];
        bool old = now - frame->since >= watch->limits.age;

        CHECK_EQ(old, frame->n_dead && frame->drop == STT_DROP_EXPIRED);
        if (!frame->n_dead) {
            i++;
            continue;
        }
        CHECK(old
              || (frame->drop == STT_DROP_BYTE_LIMIT
                  && bytes > watch->limits.bytes)
              || (frame->drop == STT_DROP_FRAME_LIMIT
                  && n_frames > watch->limits.frames));
        watch_remove(watch, frame);
    }
    CHECK(watch_bytes(watch, NULL) <= watch->limits.bytes);
    CHECK(watch->n_frames <= watch->limits.frames);
    watch_check_occupancy(watch);
}

/* Destroys the table and all but 'watch->outcome', which says what came back
 * and is to be destroyed by the caller. */
static inline void
watch_destroy(struct watch *watch)
{
    outcome_clear(&watch->outcome);
    watch_dead(watch, NULL, stt_reassembly_destroy(watch->table));
    while (watch->n_frames) {
        CHECK(watch->frames[0]->n_dead);
        CHECK_EQ(watch->frames[0]->drop, STT_DROP_EXPIRED);
        watch_remove(watch, watch->frames[0]);
    }
    test_free(watch->frames);
}

#endif /* reassembly-watch.h */
