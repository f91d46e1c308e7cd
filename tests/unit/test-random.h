/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H 1

/* Random numbers that a seed repeats (SplitMix64). */

#include "unit.h"

struct test_random {
    uint64_t state;
};

static inline uint64_t
random_uint64(struct test_random *random)
{
    uint64_t x = random->state += 0x9e3779b97f4a7c15;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

/* Returns a number less than 'n', which is not 0.  Not with a division of 64 bits,
 * which a kernel of 32 bits lacks. */
static inline uint32_t
random_below(struct test_random *random, uint32_t n)
{
    return (uint32_t) random_uint64(random) % n;
}

/* Returns true in 'percent' of the cases. */
static inline bool
random_percent(struct test_random *random, unsigned int percent)
{
    return random_below(random, 100) < percent;
}

/* Shuffles the 'n' numbers at 'numbers'. */
static inline void
random_shuffle(struct test_random *random, uint32_t numbers[], uint32_t n)
{
    for (; n > 1; n--) {
        uint32_t other = random_below(random, n);
        uint32_t last = numbers[n - 1];

        numbers[n - 1] = numbers[other];
        numbers[other] = last;
    }
}

#endif /* test-random.h */
