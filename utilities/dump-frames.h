/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DUMP_FRAMES_H
#define DUMP_FRAMES_H 1

/* Frames from captured segments
 * =============================
 *
 * Puts segments together as a receiver does, with lib/'s table, and tells what
 * became of each.  Memory is bounded by that table's limits.  Beyond what a
 * receiver knows it remembers which frames have ended a short time ago, and so
 * knows segments that come too late from segments of a frame that gets lost. */

#include "stt-reassembly.h"

/* Whether a segment belongs to a frame that has ended already, and how. */
enum frames_late {
    LATE_NOT,
    LATE_WHOLE,                 /* It had become whole. */
    LATE_LOST,                  /* It was not completed in time. */
    LATE_DISCARDED,             /* It was discarded for another reason. */
};

/* What became of a segment. */
struct frames_result {
    enum stt_drop drop;         /* Why it was dropped, and the segments of its
                                 * frame that were held with it. */
    enum frames_late late;
    uint32_t n_segments;        /* Of the whole frame, or of those dropped. */

    /* The whole frame, if it is complete now: its first 'captured' bytes, up to
     * the first that the capture lacks.  NULL if it is not.  Belongs to the
     * table, or is where the segment was; valid until the next call. */
    const uint8_t *frame;
    uint32_t captured;
};

#define FRAMES_GAPS 2

/* A frame that was lost: segments of it came, but not all. */
struct frames_lost {
    struct stt_key key;
    enum stt_drop drop;
    bool late;                  /* All that came of it came late. */
    uint16_t length;
    uint32_t n_segments;        /* That came, and how many bytes they had. */
    uint32_t n_bytes;
    uint32_t missing[FRAMES_GAPS][2];   /* The first gaps, start and end. */
    uint32_t n_missing;         /* How many gaps there are in all. */
};

/* Called for every frame that is lost. */
typedef void frames_lost_func(void *aux, const struct frames_lost *);

struct frames;

struct frames *frames_create(const uint64_t seed[2], uint32_t age,
                             frames_lost_func *, void *aux);
void frames_destroy(struct frames *);
void frames_insert(struct frames *, const struct stt_key *,
                   const struct stt_segment *, const uint8_t *payload,
                   uint32_t captured, uint64_t now, struct frames_result *);
void frames_expire(struct frames *, uint64_t now);

#endif /* dump-frames.h */
