/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#include "stt-frame-id.h"

#include "stt-hash.h"

/* Makes 'ids' ready.  'seed' must be random and secret.  As it is another one
 * each time, the ids after a restart do not go on from where, and are not likely
 * to meet those of segments that a receiver may still hold. */
void
stt_frame_ids_init(struct stt_frame_ids *ids, const uint64_t seed[2])
{
    memset(ids, 0, sizeof *ids);
    memcpy(ids->seed, seed, sizeof ids->seed);
}

/* Returns the id for a frame from 'source' to 'destination', outer addresses, of
 * IPv4 mapped into IPv6.  'ids' is shared, 'blocks' is the calling thread's. */
uint32_t
stt_frame_id_next(struct stt_frame_ids *ids,
                  struct stt_frame_id_blocks *blocks,
                  const uint8_t source[16], const uint8_t destination[16])
{
    uint64_t words[4];
    uint64_t hash;
    uint32_t which, drawn;
    uint32_t *next;

    memcpy(&words[0], source, 16);
    memcpy(&words[2], destination, 16);
    hash = stt_hash(ids->seed, words, 4);
    which = (hash >> 32) % STT_FRAME_ID_COUNTERS;
    next = &blocks->next[which];

    /* A block that has not been used up while the counter went half its way round
     * might be drawn by another thread once more before it is. */
    drawn = stt_counter_read(&ids->drawn[which]);
    if (*next % STT_FRAME_IDS_PER_BLOCK == 0
        || drawn * STT_FRAME_IDS_PER_BLOCK - *next >= 1U << 31) {
        drawn = stt_counter_add(&ids->drawn[which], 1);
        *next = (drawn - 1) * STT_FRAME_IDS_PER_BLOCK;
    }
    return (uint32_t) hash + (*next)++;
}
