/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef STT_REASSEMBLY_H
#define STT_REASSEMBLY_H 1

/* Reassembly of frames from segments
 * ==================================
 *
 * The host keeps its packets.  It embeds a 'struct stt_fragment' in each one
 * and hands that to stt_reassembly_insert(); the table links fragments and
 * never touches, copies or frees payload.  In return comes either nothing (the
 * fragment is held), or the chain of fragments of a whole frame, ordered by
 * offset and without gap or overlap.  With either, and from every other
 * function that takes fragments out of the table, may come a chain of dead
 * fragments, each with the reason, which the host counts and frees.  A fragment
 * is thus always in exactly one hand.
 *
 *
 * What a sender can do, and what not
 * ----------------------------------
 *
 * Segments may come in any order.  One that lies within a segment already held
 * is a duplicate and is dropped; one that overlaps others in any other way, or
 * that states another frame length, discards the whole frame, as RFC 5722 does
 * for IPv6 fragments.
 *
 * Memory is bounded in bytes, as the host charges them, in all and for each
 * source address; frames are bounded in number and age.  When a source comes
 * upon a limit, its own least recently used frames go first.  Only a source
 * that has no other frame to give may have another source's evicted, the least
 * recently used one in its shard (see below) or, if that has none, in the shard
 * that has the most frames.  So no source can push out more of the others'
 * frames than its one newest frame takes, and none can shut others out.  If
 * nothing is left to evict, the newcomer is refused.  So it goes with a budget
 * that several tables share (stt-budget.h), of which none can evict a frame of
 * another.  A frame is used when a
 * segment is added to it; a duplicate does not count.  Its age counts from its
 * first segment, so that it cannot be kept alive by sending more of it.
 *
 *
 * Threads
 * -------
 *
 * The table is cut into shards, each with a lock.  A shard has all frames of
 * the sources whose addresses hash to it, which makes the bounds of a source
 * exact, and any thread may bring any segment.  A frame that arrives as one
 * segment does not belong here at all: test stt_segment_is_frame() first. */

#include "stt-drop.h"
#include "stt-fragment.h"
#include "stt-limits.h"
#include "stt-platform.h"
#include "stt-segment.h"

/* Where a frame comes from and which one it is.  No part of it is interpreted,
 * they are only compared.  There is no padding. */
struct stt_key {
    uint8_t source[16];         /* Outer addresses; IPv4 mapped into IPv6. */
    uint8_t destination[16];
    uint32_t domain;            /* Anything that keeps frames apart, such as a
                                 * network namespace. */
    uint32_t frame_id;
    uint16_t source_port;
    uint16_t destination_port;
};

struct stt_occupancy {
    uint64_t bytes;
    uint32_t frames;
    uint32_t sources;
};

/* How far stt_reassembly_expire_some() has got.  At first all zero. */
struct stt_sweep {
    uint32_t next_shard;        /* 0 if it has got through all of them. */
    bool again;                 /* Some had more than it took out of them. */
};

struct stt_budget;
struct stt_reassembly;

struct stt_reassembly *stt_reassembly_create(uint32_t n_shards,
                                             const uint64_t seed[2],
                                             const struct stt_limits *);
struct stt_fragment *stt_reassembly_destroy(struct stt_reassembly *);

void stt_reassembly_share_budget(struct stt_reassembly *,
                                 struct stt_budget *, bool trusted);
void stt_reassembly_set_limits(struct stt_reassembly *,
                               const struct stt_limits *);
void stt_reassembly_get_limits(const struct stt_reassembly *,
                               struct stt_limits *);
void stt_reassembly_get_occupancy(const struct stt_reassembly *,
                                  struct stt_occupancy *);
bool stt_reassembly_is_empty(const struct stt_reassembly *);

struct stt_fragment *stt_reassembly_insert(struct stt_reassembly *,
                                           const struct stt_key *,
                                           const struct stt_segment *,
                                           struct stt_fragment *,
                                           uint64_t now,
                                           struct stt_fragment **dead);
struct stt_fragment *stt_reassembly_expire(struct stt_reassembly *,
                                           uint64_t now);
struct stt_fragment *stt_reassembly_expire_some(struct stt_reassembly *,
                                                uint64_t now,
                                                uint32_t max_shards,
                                                struct stt_sweep *);

#endif /* stt-reassembly.h */
