/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */

/* Tests of stt-frame-id.h. */

#include "stt-frame-id.h"
#include "test-random.h"
#include "unit.h"
#include "unit-tests.h"

/* Two addresses, IPv4 mapped into IPv6. */
struct pair {
    uint8_t source[16];
    uint8_t destination[16];
};

static struct pair
make_pair(uint16_t n)
{
    struct pair pair = {
        .source = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1 },
        .destination = { [10] = 0xff, [11] = 0xff, [12] = 10 },
    };

    stt_put_be16(pair.destination + 14, n);
    return pair;
}

static uint32_t
next_id(struct stt_frame_ids *ids, struct stt_frame_id_blocks *blocks,
        const struct pair *pair)
{
    struct stt_frame_id_sequence sequence;

    stt_frame_id_find_sequence(ids, pair->source, pair->destination,
                               &sequence);
    return stt_frame_id_next(ids, blocks, &sequence);
}

/* Lets others draw 'n' blocks from each counter. */
static void
draw(struct stt_frame_ids *ids, uint32_t n)
{
    size_t i;

    for (i = 0; i < STT_FRAME_ID_COUNTERS; i++) {
        stt_counter_add(&ids->drawn[i], n);
    }
}

/* Returns how many of the 'n' 'numbers', which it sorts, are there more than
 * once. */
static size_t
count_repeated(uint32_t numbers[], size_t n)
{
    size_t repeated = 0;
    size_t i;

    test_sort(numbers, n);
    for (i = 1; i < n; i++) {
        repeated += numbers[i] == numbers[i - 1];
    }
    return repeated;
}

/* Frame ids are unique between two addresses, whichever threads send and however
 * much each of them does, and those of each thread grow. */
void
test_frame_ids(void)
{
    enum { N = 200000, THREADS = 4 };
    static const uint64_t seed[2] = { 1, 2 };
    static struct stt_frame_id_blocks blocks[THREADS];
    static struct stt_frame_ids ids;
    struct test_random random = { test_seed };
    uint32_t *numbers = test_alloc(N * sizeof *numbers);
    const struct pair pair = make_pair(1);
    uint32_t last[THREADS];
    uint32_t i, id, jumps = 0;

    stt_frame_ids_init(&ids, seed);
    for (i = 0; i < N; i++) {
        uint32_t thread = (i < THREADS ? i : random_percent(&random, 90) ? 0
                           : random_below(&random, THREADS));
        const struct pair other = make_pair(random_below(&random, 1000));

        numbers[i] = next_id(&ids, &blocks[thread], &pair);
        if (i >= THREADS) {
            CHECK(numbers[i] - last[thread] - 1 < UINT32_MAX / 2);
            jumps += numbers[i] - last[thread] != 1;
        }
        last[thread] = numbers[i];
        next_id(&ids, &blocks[thread], &other);
    }
    CHECK_EQ(count_repeated(numbers, N), 0);
    /* From block to block, and for one in 128 of the others. */
    CHECK(jumps < N / 40);

    /* Whoever has had a block for so long that others may come upon it again
     * lets go of it, and nobody does so sooner. */
    memset(blocks, 0, sizeof blocks);
    stt_frame_ids_init(&ids, seed);
    id = next_id(&ids, &blocks[0], &pair);
    draw(&ids, (1U << 31) / STT_FRAME_IDS_PER_BLOCK - 1);
    CHECK_EQ(next_id(&ids, &blocks[0], &pair), id + 1);
    draw(&ids, 1);
    CHECK_EQ(next_id(&ids, &blocks[0], &pair), id + (1U << 31)
             + STT_FRAME_IDS_PER_BLOCK);

    /* Where the counter begins anew. */
    stt_frame_ids_init(&ids, seed);
    draw(&ids, 0x100000000 / STT_FRAME_IDS_PER_BLOCK - 1);
    memset(blocks, 0, sizeof blocks);
    for (i = 0; i < N; i++) {
        numbers[i] = next_id(&ids, &blocks[i / 100 % THREADS], &pair);
        if (i % 100) {
            CHECK(numbers[i] - numbers[i - 1] - 1 < UINT32_MAX / 2);
        }
    }
    CHECK_EQ(count_repeated(numbers, N), 0);
    test_free(numbers);
}

/* Nobody can tell from his frame ids which ones others get, or how many. */
void
test_frame_ids_secret(void)
{
    enum { PAIRS = 1000, SENT = 300 };
    static const uint64_t seeds[2][2] = { { 1, 2 }, { 1, 3 } };
    static struct stt_frame_id_blocks blocks[2];
    static struct stt_frame_ids ids[2];
    static uint32_t first[2][PAIRS], sum[PAIRS], difference[PAIRS];
    const struct pair first_pair = make_pair(0);
    const struct pair busy = make_pair(PAIRS);
    uint32_t i, j, moved = 0;
    struct pair pair;

    for (i = 0; i < 2; i++) {
        stt_frame_ids_init(&ids[i], seeds[i]);
        for (j = 0; j < PAIRS; j++) {
            pair = make_pair(j);
            first[i][j] = next_id(&ids[i], &blocks[i], &pair);
        }
    }
    for (j = 0; j < PAIRS; j++) {
        sum[j] = first[0][j] - first[1][j];
        difference[j] = first[0][j] - first[0][(j + 1) % PAIRS];
    }
    /* By chance, less than once in a thousand runs. */
    CHECK_EQ(count_repeated(sum, PAIRS), 0);
    CHECK_EQ(count_repeated(difference, PAIRS), 0);

    /* Both addresses matter, and which is which. */
    pair = first_pair;
    pair.source[15]++;
    i = next_id(&ids[0], &blocks[0], &pair);
    CHECK(i - first[0][0] > 1000 && first[0][0] - i > 1000);
    memcpy(pair.destination, first_pair.source, sizeof pair.destination);
    memcpy(pair.source, first_pair.destination, sizeof pair.source);
    i = next_id(&ids[0], &blocks[0], &pair);
    CHECK(i - first[0][0] > 1000 && first[0][0] - i > 1000);

    /* What one gets, few others see. */
    for (j = 0; j < PAIRS; j++) {
        pair = make_pair(j);
        first[0][j] = next_id(&ids[0], &blocks[0], &pair);
    }
    for (i = 0; i < SENT; i++) {
        next_id(&ids[0], &blocks[0], &busy);
    }
    for (j = 0; j < PAIRS; j++) {
        pair = make_pair(j);
        moved += next_id(&ids[0], &blocks[0], &pair) - first[0][j] >= SENT;
    }
    /* One in 128, which makes 8. */
    CHECK(moved < 30);
}
