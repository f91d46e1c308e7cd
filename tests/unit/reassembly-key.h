/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef REASSEMBLY_KEY_H
#define REASSEMBLY_KEY_H 1

/* Keys of frames, made and compared. */

#include "stt-reassembly.h"
#include "stt-segment.h"
#include "unit.h"

static const uint64_t some_seed[2] = {
    0x0123456789abcdef, 0xfedcba9876543210,
};

static inline struct stt_key
make_key(uint8_t source, uint32_t frame_id)
{
    struct stt_key key = {
        .source = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = source },
        .destination = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 100 },
        .frame_id = frame_id,
        .source_port = 33333,
        .destination_port = STT_DEFAULT_PORT,
    };

    return key;
}

static inline bool
same_source(const struct stt_key *a, const struct stt_key *b)
{
    return !memcmp(a->source, b->source, 16) && a->domain == b->domain;
}

static inline bool
same_key(const struct stt_key *a, const struct stt_key *b)
{
    return (same_source(a, b) && !memcmp(a->destination, b->destination, 16)
            && a->frame_id == b->frame_id && a->source_port == b->source_port
            && a->destination_port == b->destination_port);
}

#endif /* reassembly-key.h */
