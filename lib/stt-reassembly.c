/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#include "stt-reassembly.h"

#include "stt-extents.h"
#include "stt-grant.h"
#include "stt-hash.h"
#include "stt-list.h"

/* Hash buckets of each shard, powers of 2. */
enum {
    FRAME_BUCKETS = 512,
    SOURCE_BUCKETS = 64,
};

/* Frames are taken out of a shard as old, under its lock and in one go, until they
 * had so many fragments. */
enum { FRAGMENTS_PER_GO = STT_MAX_SEGMENTS };

/* A source address from which there is at least one frame. */
struct source {
    struct stt_list in_bucket;
    uint8_t address[16];
    uint32_t domain;
    struct stt_list frames;     /* By last use, least recent first. */
    uint64_t bytes;             /* Charged for its fragments. */
};

/* A frame of which some segments are held.  Its fragments are put in order when it
 * is whole. */
struct frame {
    struct stt_list in_bucket;  /* Or in a list of frames removed. */
    struct stt_list in_source;  /* In source->frames. */
    struct stt_list by_use;     /* In shard->by_use. */
    struct stt_list by_age;     /* In shard->by_age. */
    struct source *source;
    struct stt_key key;
    uint64_t since;             /* When the first segment came. */
    uint32_t charged;           /* Bytes of memory. */
    uint32_t held;              /* Bytes of payload. */
    uint16_t length;            /* Of the whole frame. */
    uint8_t drop;               /* If removed: an enum stt_drop. */
    struct stt_fragment *fragments; /* Chain, the last to come first. */
    struct stt_extents extents; /* One for each fragment. */
};

struct shard {
    stt_lock_t lock;
    struct stt_list by_use;     /* All frames, least recently used first. */
    struct stt_list by_age;     /* All frames, oldest first. */

    /* Both are read without the lock, too. */
    uint32_t n_sources;
    uint32_t n_frames;

    struct stt_list frames[FRAME_BUCKETS];
    struct stt_list sources[SOURCE_BUCKETS];
    uint8_t apart[STT_CACHE_LINE];
};

struct stt_reassembly {
    /* Read for each segment, and hardly ever written.  So that it stays in the
     * caches of all CPUs, what is written is in lines of its own. */
    uint64_t seed[2];
    uint32_t n_shards;          /* A power of 2. */
    struct stt_limits limits;   /* Each read and written by itself. */
    struct stt_grant grant;     /* Its first members, too. */

    stt_counter_t bytes;        /* Charged for all fragments. */
    stt_counter_t n_frames;
    uint8_t apart[STT_CACHE_LINE];

    struct shard shards[];
};

/* Makes an empty table of 'n_shards' shards, a power of 2: about twice the
 * number of threads that will use it.  'seed' must be random and secret.
 * Returns NULL if there is no memory.  The caller destroys the table with
 * stt_reassembly_destroy(). */
struct stt_reassembly *
stt_reassembly_create(uint32_t n_shards, const uint64_t seed[2],
                      const struct stt_limits *limits)
{
    struct stt_reassembly *r;
    uint32_t i, j;

    r = stt_zalloc_table(sizeof *r + n_shards * sizeof r->shards[0]);
    if (!r) {
        return NULL;
    }
    memcpy(r->seed, seed, sizeof r->seed);
    r->n_shards = n_shards;
    r->limits = *limits;
    stt_grant_init(&r->grant);
    for (i = 0; i < n_shards; i++) {
        struct shard *shard = &r->shards[i];

        stt_lock_init(&shard->lock);
        for (j = 0; j < FRAME_BUCKETS; j++) {
            stt_list_init(&shard->frames[j]);
        }
        for (j = 0; j < SOURCE_BUCKETS; j++) {
            stt_list_init(&shard->sources[j]);
        }
        stt_list_init(&shard->by_use);
        stt_list_init(&shard->by_age);
    }
    return r;
}

/* Lets 'r' take what it is charged from 'budget', which must exist as long as
 * 'r'.  'trusted' is whether it may take of its reserve.  To be called before the
 * first stt_reassembly_insert(). */
void
stt_reassembly_share_budget(struct stt_reassembly *r,
                            struct stt_budget *budget, bool trusted)
{
    r->grant.budget = budget;
    r->grant.trusted = trusted;
}

/* Sets the limits of 'r'.  They hold from the next stt_reassembly_insert() or
 * stt_reassembly_expire() on; the latter also evicts what lowered limits of
 * all bytes and of frames have no room for.  A source that holds more than a
 * lowered limit for it loses the excess with its next segment, or by age. */
void
stt_reassembly_set_limits(struct stt_reassembly *r,
                          const struct stt_limits *limits)
{
    STT_WRITE_SHARED(r->limits.bytes, limits->bytes);
    STT_WRITE_SHARED(r->limits.bytes_per_source, limits->bytes_per_source);
    STT_WRITE_SHARED(r->limits.frames, limits->frames);
    STT_WRITE_SHARED(r->limits.age, limits->age);
}

void
stt_reassembly_get_limits(const struct stt_reassembly *r,
                          struct stt_limits *limits)
{
    limits->bytes = STT_READ_SHARED(r->limits.bytes);
    limits->bytes_per_source = STT_READ_SHARED(r->limits.bytes_per_source);
    limits->frames = STT_READ_SHARED(r->limits.frames);
    limits->age = STT_READ_SHARED(r->limits.age);
}

/* Stores in '*occupancy' what 'r' holds now.  Takes no lock, so while other
 * threads use 'r' the sums need not be of one moment. */
void
stt_reassembly_get_occupancy(const struct stt_reassembly *r,
                             struct stt_occupancy *occupancy)
{
    uint32_t i;

    occupancy->bytes = stt_counter_read(&r->bytes);
    occupancy->frames = stt_counter_read(&r->n_frames);
    occupancy->sources = 0;
    for (i = 0; i < r->n_shards; i++) {
        occupancy->sources += STT_READ_SHARED(r->shards[i].n_sources);
    }
}

/* Returns true if 'r' holds no frame now.  Takes no lock.  In userspace, a
 * thread that stores a flag and is then told that 'r' is empty may rely on it
 * that whoever inserts a fragment into it, and reads the flag afterwards, reads
 * it as stored, if both accesses are sequentially consistent. */
bool
stt_reassembly_is_empty(const struct stt_reassembly *r)
{
    return !stt_counter_read(&r->n_frames);
}

static uint64_t
hash_source(const struct stt_reassembly *r, const struct stt_key *key)
{
    uint64_t words[3];

    memcpy(words, key->source, sizeof key->source);
    words[2] = key->domain;
    return stt_hash(r->seed, words, 3);
}

/* Returns the hash of all of 'key', of which 'source_hash' stands for what
 * hash_source() has taken in. */
static uint64_t
hash_frame(const struct stt_reassembly *r, uint64_t source_hash,
           const struct stt_key *key)
{
    uint64_t words[4];

    words[0] = source_hash;
    memcpy(&words[1], key->destination, sizeof key->destination);
    words[3] = ((uint64_t) key->frame_id << 32
                | (uint32_t) key->source_port << 16 | key->destination_port);
    return stt_hash(r->seed, words, 4);
}

static struct source *
find_source(struct stt_list *bucket, const struct stt_key *key)
{
    struct stt_list *e;

    for (e = bucket->next; e != bucket; e = e->next) {
        struct source *source = STT_CONTAINER_OF(e, struct source, in_bucket);

        if (source->domain == key->domain
            && !memcmp(source->address, key->source, sizeof key->source)) {
            return source;
        }
    }
    return NULL;
}

static struct frame *
find_frame(struct stt_list *bucket, const struct stt_key *key)
{
    struct stt_list *e;

    for (e = bucket->next; e != bucket; e = e->next) {
        struct frame *frame = STT_CONTAINER_OF(e, struct frame, in_bucket);

        if (!memcmp(&frame->key, key, sizeof *key)) {
            return frame;
        }
    }
    return NULL;
}

/* Returns true if 'frame' has had 'age' milliseconds at 'now'.  'now' may lie
 * before the frame's first segment, if another thread read the clock later but
 * came to the lock sooner. */
static bool
is_too_old(const struct frame *frame, uint64_t now, uint32_t age)
{
    return now >= frame->since + age;
}

/* Charges 'bytes' more to 'r'.  Returns STT_DROP_NONE, or the limit that stands
 * against it.  Adding first and taking back afterwards keeps the sum exact,
 * whatever other threads add meanwhile. */
static enum stt_drop
charge(struct stt_reassembly *r, uint32_t bytes)
{
    uint64_t sum = stt_counter_add(&r->bytes, bytes);
    enum stt_drop drop;

    if (sum > STT_READ_SHARED(r->limits.bytes)) {
        drop = STT_DROP_BYTE_LIMIT;
    } else if (!stt_grant_cover(&r->grant, sum)) {
        drop = STT_DROP_TOTAL_LIMIT;
    } else {
        return STT_DROP_NONE;
    }
    stt_counter_add(&r->bytes, -(int64_t) bytes);
    return drop;
}

/* Takes 'bytes' that were charged to 'r' back. */
static void
discharge(struct stt_reassembly *r, uint32_t bytes)
{
    uint64_t sum = stt_counter_add(&r->bytes, -(int64_t) bytes);

    stt_grant_reduce(&r->grant, sum, &r->bytes);
}

/* Removes 'frame' from 'shard', and frees its source if it was that one's last
 * frame.  The frame itself is the caller's then, who needs no lock for it. */
static void
remove_frame(struct stt_reassembly *r, struct shard *shard,
             struct frame *frame)
    STT_REQUIRES(shard->lock)
{
    struct source *source = frame->source;

    stt_list_remove(&frame->in_bucket);
    stt_list_remove(&frame->in_source);
    stt_list_remove(&frame->by_use);
    stt_list_remove(&frame->by_age);
    source->bytes -= frame->charged;
    discharge(r, frame->charged);
    stt_counter_add(&r->n_frames, -1);
    STT_WRITE_SHARED(shard->n_frames, shard->n_frames - 1);

    if (stt_list_is_empty(&source->frames)) {
        stt_list_remove(&source->in_bucket);
        STT_WRITE_SHARED(shard->n_sources, shard->n_sources - 1);
        stt_free(source);
    }
}

/* Removes 'frame' from 'shard' and adds it to the list 'removed', for the reason
 * 'drop'. */
static void
discard_frame(struct stt_reassembly *r, struct shard *shard,
              struct frame *frame, enum stt_drop drop,
              struct stt_list *removed)
    STT_REQUIRES(shard->lock)
{
    remove_frame(r, shard, frame);
    frame->drop = drop;
    stt_list_push_back(removed, &frame->in_bucket);
}

static void
free_frame(struct frame *frame)
{
    stt_extents_uninit(&frame->extents);
    stt_free(frame);
}

/* Frees 'frame', which is whole and in no shard any more.  Returns the chain of
 * its fragments, by offset. */
static struct stt_fragment *
open_frame(struct frame *frame)
{
    struct stt_fragment *chain = (frame->extents.reordered
                                  ? stt_fragment_sort(frame->fragments)
                                  : stt_fragment_reverse(frame->fragments));

    free_frame(frame);
    return chain;
}

/* Frees the frames on the list 'removed', and adds their fragments to the chain
 * '*dead'.  No lock need be held: there may be many of them, and no cache has
 * them. */
static void
bury_frames(struct stt_list *removed, struct stt_fragment **dead)
{
    while (!stt_list_is_empty(removed)) {
        struct frame *frame = STT_CONTAINER_OF(removed->next, struct frame,
                                               in_bucket);
        struct stt_fragment *fragment, *next;

        for (fragment = frame->fragments; fragment; fragment = next) {
            next = fragment->next;
            stt_fragment_bury(fragment, frame->drop, dead);
        }
        stt_list_remove(&frame->in_bucket);
        free_frame(frame);
    }
}

/* Returns the least recently used frame on 'list', either the 'by_use' of a
 * shard or, if 'of_source', the 'frames' of a source, that is not 'spared', or
 * NULL if there is none. */
static struct frame *
least_recently_used(const struct stt_list *list, bool of_source,
                    const struct frame *spared)
{
    struct stt_list *e;

    for (e = list->next; e != list; e = e->next) {
        struct frame *frame = (of_source
                               ? STT_CONTAINER_OF(e, struct frame, in_source)
                               : STT_CONTAINER_OF(e, struct frame, by_use));

        if (frame != spared) {
            return frame;
        }
    }
    return NULL;
}

/* Evicts one frame of 'shard' that is not 'spared' for the sake of 'source',
 * which may be NULL if it has no frames yet.  Its own frames go first.
 * Returns false if there is no frame to evict. */
static bool
evict_for(struct stt_reassembly *r, struct shard *shard,
          struct source *source, const struct frame *spared,
          enum stt_drop drop, struct stt_list *removed)
    STT_REQUIRES(shard->lock)
{
    struct frame *victim = NULL;

    if (source) {
        victim = least_recently_used(&source->frames, true, spared);
    }
    if (!victim && (!source || spared)) {
        victim = least_recently_used(&shard->by_use, false, spared);
    }
    if (!victim) {
        return false;
    }
    discard_frame(r, shard, victim, drop, removed);
    return true;
}

/* Makes room for 'bytes' more of 'frame' and charges them.  Returns
 * STT_DROP_NONE if successful, otherwise the limit that stands against it. */
static enum stt_drop
charge_frame(struct stt_reassembly *r, struct shard *shard,
             struct frame *frame, uint32_t bytes, struct stt_list *removed)
    STT_REQUIRES(shard->lock)
{
    struct source *source = frame->source;
    enum stt_drop drop;

    while (source->bytes + bytes
           > STT_READ_SHARED(r->limits.bytes_per_source)) {
        struct frame *victim = least_recently_used(&source->frames, true,
                                                   frame);

        if (!victim) {
            return STT_DROP_SOURCE_LIMIT;
        }
        discard_frame(r, shard, victim, STT_DROP_SOURCE_LIMIT, removed);
    }
    while ((drop = charge(r, bytes)) != STT_DROP_NONE) {
        if (!evict_for(r, shard, source, frame, drop, removed)) {
            return drop;
        }
    }
    source->bytes += bytes;
    frame->charged += bytes;
    return STT_DROP_NONE;
}

/* Adds an empty frame for 'key' to 'shard' and returns it, or returns NULL and
 * stores the reason in '*drop'. */
static struct frame *
add_frame(struct stt_reassembly *r, struct shard *shard,
          struct stt_list *frame_bucket, struct stt_list *source_bucket,
          const struct stt_key *key, uint16_t length, uint64_t now,
          enum stt_drop *drop, struct stt_list *removed)
    STT_REQUIRES(shard->lock)
{
    struct source *source;
    struct frame *frame;

    /* As with bytes. */
    while (stt_counter_add(&r->n_frames, 1)
           > STT_READ_SHARED(r->limits.frames)) {
        stt_counter_add(&r->n_frames, -1);
        if (!evict_for(r, shard, find_source(source_bucket, key), NULL,
                       STT_DROP_FRAME_LIMIT, removed)) {
            *drop = STT_DROP_FRAME_LIMIT;
            return NULL;
        }
    }

    /* Only now, as eviction may have freed the source. */
    source = find_source(source_bucket, key);
    frame = stt_zalloc(sizeof *frame);
    if (frame && !source) {
        source = stt_zalloc(sizeof *source);
        if (source) {
            memcpy(source->address, key->source, sizeof source->address);
            source->domain = key->domain;
            stt_list_init(&source->frames);
            stt_list_push_back(source_bucket, &source->in_bucket);
            STT_WRITE_SHARED(shard->n_sources, shard->n_sources + 1);
        }
    }
    if (!frame || !source) {
        stt_free(frame);
        stt_counter_add(&r->n_frames, -1);
        *drop = STT_DROP_NO_MEMORY;
        return NULL;
    }

    frame->source = source;
    frame->key = *key;
    frame->length = length;
    frame->since = now;
    stt_extents_init(&frame->extents);
    stt_list_push_back(frame_bucket, &frame->in_bucket);
    stt_list_push_back(&source->frames, &frame->in_source);
    stt_list_push_back(&shard->by_use, &frame->by_use);
    stt_list_push_back(&shard->by_age, &frame->by_age);
    STT_WRITE_SHARED(shard->n_frames, shard->n_frames + 1);
    return frame;
}

/* Puts 'fragment' into 'frame', which has room for it, behind as many others as
 * 'place' says. */
static void
put_fragment(struct frame *frame, struct stt_fragment *fragment,
             uint32_t place)
{
    stt_extents_put(&frame->extents, fragment->offset,
                    fragment->offset + fragment->length, place);
    fragment->next = frame->fragments;
    frame->fragments = fragment;
    frame->held += fragment->length;
}

/* Returns true if 'frame' with 'bytes' more would fit into 'r' if that held
 * nothing else. */
static bool
can_ever_fit(const struct stt_reassembly *r, const struct frame *frame,
             uint32_t bytes)
{
    uint64_t all = (uint64_t) frame->charged + bytes;

    return (all <= STT_READ_SHARED(r->limits.bytes)
            && stt_grant_can_ever_cover(&r->grant, all));
}

/* Evicts the least recently used frame of the shard that has the most, other
 * than 'spared', which has none to give.  No lock may be held.  Returns false
 * if no other shard has any frame. */
static bool
evict_elsewhere(struct stt_reassembly *r, const struct shard *spared,
                enum stt_drop drop, struct stt_list *removed)
{
    struct shard *fullest = NULL;
    struct frame *victim;
    uint32_t most = 0;
    uint32_t i;

    for (i = 0; i < r->n_shards; i++) {
        uint32_t n_frames = STT_READ_SHARED(r->shards[i].n_frames);

        if (n_frames > most && &r->shards[i] != spared) {
            fullest = &r->shards[i];
            most = n_frames;
        }
    }
    if (!fullest) {
        return false;
    }

    stt_lock(&fullest->lock);
    victim = least_recently_used(&fullest->by_use, false, NULL);
    if (victim) {
        discard_frame(r, fullest, victim, drop, removed);
    }
    stt_unlock(&fullest->lock);
    return true;
}

/* Inserts 'fragment' into 'shard', whose lock is held.  Returns STT_DROP_NONE if
 * successful, with its frame in '*whole', removed, if that is whole now.
 * Otherwise returns why not; then 'fragment' is still the caller's, and the
 * frame, in '*frame', if there is one, is as it was. */
static enum stt_drop
insert_locked(struct stt_reassembly *r, struct shard *shard,
              uint64_t source_hash, uint64_t frame_hash,
              const struct stt_key *key, uint16_t frame_length,
              struct stt_fragment *fragment, uint64_t now,
              struct frame **frame_, struct frame **whole,
              struct stt_list *removed)
    STT_REQUIRES(shard->lock)
{
    struct stt_list *bucket
        = &shard->frames[frame_hash & (FRAME_BUCKETS - 1)];
    struct stt_list *source_bucket
        = &shard->sources[source_hash & (SOURCE_BUCKETS - 1)];
    struct frame *frame = find_frame(bucket, key);
    uint32_t place = 0;
    enum stt_drop drop = STT_DROP_NONE;

    if (frame && is_too_old(frame, now, STT_READ_SHARED(r->limits.age))) {
        discard_frame(r, shard, frame, STT_DROP_EXPIRED, removed);
        frame = NULL;
    }
    if (!frame) {
        frame = add_frame(r, shard, bucket, source_bucket, key, frame_length,
                          now, &drop, removed);
    } else if (frame->length != frame_length) {
        drop = STT_DROP_CONFLICT;
    } else {
        drop = stt_extents_find_place(&frame->extents, fragment->offset,
                                      fragment->offset + fragment->length,
                                      &place);
        if (!drop) {
            drop = stt_extents_make_room(&frame->extents);
        }
    }
    if (!drop) {
        drop = charge_frame(r, shard, frame, fragment->charge, removed);
    }
    *frame_ = frame;
    if (drop) {
        return drop;
    }

    put_fragment(frame, fragment, place);
    if (frame->held == frame->length) {
        remove_frame(r, shard, frame);
        *whole = frame;
    } else {
        stt_list_move_back(&frame->source->frames, &frame->in_source);
        stt_list_move_back(&shard->by_use, &frame->by_use);
    }
    return STT_DROP_NONE;
}

/* Inserts 'fragment', which is embedded in the host's packet that holds
 * 'segment' of the frame 'key', into 'r'.  'segment' must have passed
 * stt_segment_check() and its checksum have been verified.  The host has set
 * 'fragment->charge' and 'fragment->ecn'.  'now' is the time in milliseconds on
 * any clock that does not go back.
 *
 * The table takes over 'fragment'.  If it completes its frame, returns the
 * chain of the frame's fragments, 'fragment' among them; otherwise returns
 * NULL.  Either way adds the fragments that died of it, which can be fragments
 * of other frames and 'fragment' itself, to the chain '*dead'.  Both chains
 * belong to the caller then. */
struct stt_fragment *
stt_reassembly_insert(struct stt_reassembly *r, const struct stt_key *key,
                      const struct stt_segment *segment,
                      struct stt_fragment *fragment, uint64_t now,
                      struct stt_fragment **dead)
{
    uint64_t source_hash = hash_source(r, key);
    uint64_t frame_hash = hash_frame(r, source_hash, key);
    struct shard *shard = &r->shards[(source_hash >> 32) & (r->n_shards - 1)];
    bool others_have_frames = true;
    struct frame *whole = NULL;
    struct stt_list removed;

    fragment->offset = segment->offset;
    fragment->length = segment->length;
    fragment->drop = STT_DROP_NONE;
    stt_list_init(&removed);

    for (;;) {
        struct frame *frame;
        enum stt_drop drop;
        bool retry;

        stt_lock(&shard->lock);
        drop = insert_locked(r, shard, source_hash, frame_hash, key,
                             segment->frame_length, fragment, now, &frame,
                             &whole, &removed);
        retry = (others_have_frames
                 && (drop == STT_DROP_FRAME_LIMIT
                     || ((drop == STT_DROP_BYTE_LIMIT
                          || drop == STT_DROP_TOTAL_LIMIT)
                         && can_ever_fit(r, frame, fragment->charge))));
        if (drop && !retry) {
            if (frame && drop != STT_DROP_DUPLICATE) {
                discard_frame(r, shard, frame, drop, &removed);
            }
            stt_fragment_bury(fragment, drop, dead);
        }
        stt_unlock(&shard->lock);

        if (!retry) {
            break;
        }
        others_have_frames = evict_elsewhere(r, shard, drop, &removed);
    }
    if (!stt_list_is_empty(&removed)) {
        bury_frames(&removed, dead);
    }
    return whole ? open_frame(whole) : NULL;
}

/* Takes out of 'shard' frames that at 'now' are older than 'limits' let them be,
 * and, oldest first, those that limits which were lowered have no room for, and
 * adds their fragments to '*dead'.  Returns false if it stopped because they were
 * so many, true if none is left. */
static bool
expire_shard(struct stt_reassembly *r, struct shard *shard,
             const struct stt_limits *limits, uint64_t now,
             struct stt_fragment **dead)
{
    struct stt_list removed;
    uint32_t n_removed = 0;
    bool done = false;

    stt_list_init(&removed);
    stt_lock(&shard->lock);
    while (n_removed < FRAGMENTS_PER_GO) {
        enum stt_drop drop = STT_DROP_NONE;
        struct frame *frame = NULL;

        if (!stt_list_is_empty(&shard->by_age)) {
            frame = STT_CONTAINER_OF(shard->by_age.next, struct frame, by_age);
            drop = (is_too_old(frame, now, limits->age) ? STT_DROP_EXPIRED
                    : stt_counter_read(&r->bytes) > limits->bytes
                    ? STT_DROP_BYTE_LIMIT
                    : stt_counter_read(&r->n_frames) > limits->frames
                    ? STT_DROP_FRAME_LIMIT
                    : stt_grant_is_exceeded(&r->grant, &r->bytes)
                    ? STT_DROP_TOTAL_LIMIT
                    : STT_DROP_NONE);
        }
        if (!drop) {
            done = true;
            break;
        }
        n_removed += frame->extents.n;
        discard_frame(r, shard, frame, drop, &removed);
    }
    stt_unlock(&shard->lock);
    bury_frames(&removed, dead);
    return done;
}

/* Does what stt_reassembly_expire_some() says, and adds the fragments to
 * '*dead'. */
static void
expire_some(struct stt_reassembly *r, uint64_t now, uint32_t max_shards,
            struct stt_sweep *sweep, struct stt_fragment **dead)
{
    struct stt_limits limits;

    if (!sweep->next_shard) {
        sweep->again = false;
    }
    stt_reassembly_get_limits(r, &limits);
    while (max_shards && sweep->next_shard < r->n_shards) {
        struct shard *shard = &r->shards[sweep->next_shard++];

        if (STT_READ_SHARED(shard->n_frames)) {
            if (!expire_shard(r, shard, &limits, now, dead)) {
                sweep->again = true;
            }
            max_shards--;
        }
    }
    if (sweep->next_shard == r->n_shards) {
        sweep->next_shard = 0;
        if (!stt_counter_read(&r->bytes)) {
            stt_grant_give_back(&r->grant, &r->bytes);
        }
    }
}

/* Does a part of what stt_reassembly_expire() does: goes on with 'sweep' until
 * 'max_shards' shards were found to hold frames, and takes out of each of them
 * what is too old, but no more than some 256 fragments and the rest of a frame.
 *
 * A sweep begins with all of 'sweep' zero, and has got through all shards when
 * sweep->next_shard is 0 again.  If then sweep->again is true, some shard had more
 * than that, and the next sweep should follow soon.  So no shard, however many
 * frames come into it, keeps others from their turn.
 *
 * Returns the chain of fragments, which belong to the caller then.  Takes no lock
 * of a shard without frames, and none for long. */
struct stt_fragment *
stt_reassembly_expire_some(struct stt_reassembly *r, uint64_t now,
                           uint32_t max_shards, struct stt_sweep *sweep)
{
    struct stt_fragment *dead = NULL;

    expire_some(r, now, max_shards, sweep, &dead);
    return dead;
}

/* Takes out of 'r' all frames that at 'now', the time in milliseconds, are too
 * old, and those that limits which were lowered have no room for.  Returns the
 * chain of their fragments, which belong to the caller then.  To be called now
 * and then, at least once in the time that a frame may live, or else
 * stt_reassembly_expire_some() so often that it gets through all shards. */
struct stt_fragment *
stt_reassembly_expire(struct stt_reassembly *r, uint64_t now)
{
    struct stt_fragment *dead = NULL;
    struct stt_sweep sweep = { .next_shard = 0 };

    do {
        expire_some(r, now, r->n_shards, &sweep, &dead);
    } while (sweep.again);
    return dead;
}

/* Destroys 'r', which no other thread may use any more.  Returns the chain of
 * the fragments that it held, which belong to the caller then; their reason is
 * STT_DROP_EXPIRED. */
struct stt_fragment *
stt_reassembly_destroy(struct stt_reassembly *r)
{
    struct stt_fragment *dead = NULL;
    struct stt_list removed;
    uint32_t i;

    stt_list_init(&removed);
    for (i = 0; i < r->n_shards; i++) {
        struct shard *shard = &r->shards[i];

        stt_lock(&shard->lock);
        while (!stt_list_is_empty(&shard->by_age)) {
            discard_frame(r, shard,
                          STT_CONTAINER_OF(shard->by_age.next, struct frame,
                                           by_age),
                          STT_DROP_EXPIRED, &removed);
        }
        stt_unlock(&shard->lock);
        stt_lock_destroy(&shard->lock);
    }
    bury_frames(&removed, &dead);
    stt_grant_give_back(&r->grant, &r->bytes);
    stt_grant_uninit(&r->grant);
    stt_free_table(r);
    return dead;
}
