/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */

/* Tests of stt-hash.h. */

#include "stt-hash.h"
#include "unit.h"
#include "unit-tests.h"

/* SipHash-1-3 of the bytes 0, 1, 2, ... under the key 0, 1, ... 15, which are
 * the inputs that the designers of SipHash chose for their test vectors.  The
 * hashes come from an implementation in Python, written from the paper, which
 * reproduces the paper's vector for SipHash-2-4, and which agrees with CPython
 * 3.11, whose hash() of a bytes object is SipHash-1-3 (under the key 0 if
 * PYTHONHASHSEED is 0). */
void
test_hash(void)
{
    static const struct {
        size_t n;
        uint64_t hash;
    } vectors[] = {
        { 0, 0xabac0158050fc4dc },
        { 1, 0x369095118d299a8e },
        { 2, 0xcc4fdd1a7d908b66 },
        { 3, 0xf464aeb267349c8c },
        { 4, 0x81157b6c16a7b60d },
        { 5, 0xc1d2363299e41531 },
        { 6, 0x9f3143f8df074c46 },
        { 7, 0xb4bcc0db243c6d75 },
        { 8, 0xf17997ec4b4a6065 },
        { 31, 0x7de72d367555788a },
        { 32, 0x75b3e64e167de370 },
    };
    static const uint64_t zero[2] = { 0, 0 };
    static const uint64_t seed[2] = {
        0x0706050403020100, 0x0f0e0d0c0b0a0908,
    };
    uint64_t words[32];
    size_t i, j;

    for (i = 0; i < 32; i++) {
        words[i] = 0;
        for (j = 0; j < 8; j++) {
            words[i] |= (uint64_t) (8 * i + j) << 8 * j;
        }
    }
    for (i = 0; i < ARRAY_SIZE(vectors); i++) {
        size_t n = vectors[i].n;

        test_say("%zu words", n);
        CHECK_EQ(stt_hash(seed, test_at_edge(words, n * sizeof *words), n),
                 vectors[i].hash);
    }
    CHECK_EQ(stt_hash(zero, words, 0), 0xd1fba762150c532c);
}
