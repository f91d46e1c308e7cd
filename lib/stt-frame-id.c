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

/* Finds out how 'ids' are made from 'source' to 'destination', outer addresses, of
 * IPv4 mapped into IPv6. */
void
stt_frame_id_find_sequence(const struct stt_frame_ids *ids,
                           const uint8_t source[16],
                           const uint8_t destination[16],
                           struct stt_frame_id_sequence *sequence)
{
    uint64_t words[4];
    uint64_t hash;

    memcpy(&words[0], source, 16);
    memcpy(&words[2], destination, 16);
    hash = stt_hash(ids->seed, words, 4);
    sequence->counter = (hash >> 32) % STT_FRAME_ID_COUNTERS;
    sequence->offset = (uint32_t) hash;
}

/* Returns the next id of 'sequence'.  'ids' is shared, 'blocks' is the calling
 * thread's.  The first id of each block is sequence->offset and a multiple of
 * STT_FRAME_IDS_PER_BLOCK. */
uint32_t
stt_frame_id_next(struct stt_frame_ids *ids,
                  struct stt_frame_id_blocks *blocks,
                  const struct stt_frame_id_sequence *sequence)
{
    stt_counter_t *counter = &ids->drawn[sequence->counter];
    uint32_t *next = &blocks->next[sequence->counter];
    uint32_t drawn = stt_counter_read(counter);

    /* A block that has not been used up while the counter went half its way round
     * might be drawn by another thread once more before it is. */
    if (*next % STT_FRAME_IDS_PER_BLOCK == 0
        || drawn * STT_FRAME_IDS_PER_BLOCK - *next >= 1U << 31) {
        drawn = stt_counter_add(counter, 1);
        *next = (drawn - 1) * STT_FRAME_IDS_PER_BLOCK;
    }
    return sequence->offset + (*next)++;
}
