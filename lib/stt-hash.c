/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#include "stt-hash.h"

static uint64_t
rotate_left(uint64_t x, unsigned int n)
{
    return x << n | x >> (64 - n);
}

/* Left to itself the compiler makes a function of it, with the state in memory,
 * which takes twice the instructions. */
static inline void
sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate_left(v[1], 13) ^ v[0];
    v[3] = rotate_left(v[3], 16) ^ v[2];
    v[0] = rotate_left(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate_left(v[1], 17) ^ v[2];
    v[3] = rotate_left(v[3], 21) ^ v[0];
    v[2] = rotate_left(v[2], 32);
}

/* Returns the hash of the 'n' words at 'words' under the secret 'seed'. */
uint64_t
stt_hash(const uint64_t seed[2], const uint64_t words[], size_t n)
{
    uint64_t v[4] = {
        seed[0] ^ 0x736f6d6570736575,
        seed[1] ^ 0x646f72616e646f6d,
        seed[0] ^ 0x6c7967656e657261,
        seed[1] ^ 0x7465646279746573,
    };
    uint64_t length = (uint64_t) n * 8 << 56;
    size_t i;

    for (i = 0; i < n; i++) {
        v[3] ^= words[i];
        sip_round(v);
        v[0] ^= words[i];
    }
    v[3] ^= length;
    sip_round(v);
    v[0] ^= length;

    v[2] ^= 0xff;
    for (i = 0; i < 3; i++) {
        sip_round(v);
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
