/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */

/* Tests of stt-segment.h. */

#include "stt-frame.h"
#include "stt-segment.h"
#include "test-random.h"
#include "unit.h"
#include "unit-tests.h"

/* Reads the 'length' bytes at 'data' with nothing behind them. */
static enum stt_drop
segment_read(const uint8_t *data, size_t length, struct stt_segment *segment)
{
    return stt_segment_read(test_at_edge(data, length), length, segment);
}

/* Segments that others sent, but with PSH, as a whole frame has it, and without
 * checksum. */
void
test_segment_write(void)
{
    static const struct {
        uint8_t header[STT_SEGMENT_HEADER_LEN];
        struct stt_segment segment;
    } cases[] = {
        /* Open vSwitch 2.17. */
        {
            {
                0xe4, 0x4f, 0x1d, 0x2f, 0x06, 0x01, 0x05, 0xb4, 0x00, 0x40,
                0x2c, 0xab, 0x50, 0x18, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
            },
            {
                .source_port = 0xe44f,
                .destination_port = 7471,
                .frame_id = 0x00402cab,
                .frame_length = 1537,
                .offset = 1460,
                .length = 77,
            },
        },
        /* Another implementation, its frame id and lengths. */
        {
            {
                0xc1, 0xd2, 0x1d, 0x2f, 0x23, 0x45, 0x05, 0xb4, 0xfe, 0xdc,
                0xba, 0x98, 0x50, 0x18, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
            },
            {
                .source_port = 0xc1d2,
                .destination_port = 7471,
                .frame_id = 0xfedcba98,
                .frame_length = 0x2345,
                .offset = 1460,
                .length = 1,
            },
        },
    };
    uint8_t data[STT_SEGMENT_HEADER_LEN + 77];
    struct stt_segment got;
    size_t i;

    CHECK_EQ(STT_DEFAULT_PORT, 7471);
    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct stt_segment *segment = &cases[i].segment;

        test_say("case %zu", i);
        memset(data, 0xaa, sizeof data);
        stt_segment_write(data, segment);
        CHECK_BYTES(data, cases[i].header, STT_SEGMENT_HEADER_LEN);
        CHECK_EQ(data[STT_SEGMENT_HEADER_LEN], 0xaa);

        CHECK_EQ(segment_read(data, STT_SEGMENT_HEADER_LEN + segment->length,
                              &got), STT_DROP_NONE);
        CHECK_EQ(got.source_port, segment->source_port);
        CHECK_EQ(got.destination_port, segment->destination_port);
        CHECK_EQ(got.frame_id, segment->frame_id);
        CHECK_EQ(got.frame_length, segment->frame_length);
        CHECK_EQ(got.offset, segment->offset);
        CHECK_EQ(got.length, segment->length);
    }
}

void
test_segment_read(void)
{
    /* Everything that is not examined is unusual here. */
    static const uint8_t odd[STT_SEGMENT_HEADER_LEN] = {
        0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c,
        0x5f, 0xe7, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc,
    };
    static uint8_t data[100000];
    struct test_random random = { 1 };
    struct stt_segment segment;
    size_t length;
    int i;

    memcpy(data, odd, sizeof odd);
    for (length = 0; length < sizeof odd; length++) {
        CHECK_EQ(segment_read(data, length, &segment), STT_DROP_TRUNCATED);
    }
    for (; length < 2000; length++) {
        CHECK_EQ(segment_read(data, length, &segment), STT_DROP_NONE);
        CHECK_EQ(segment.source_port, 0x0102);
        CHECK_EQ(segment.destination_port, 0x0304);
        CHECK_EQ(segment.frame_length, 0x0506);
        CHECK_EQ(segment.offset, 0x0708);
        CHECK_EQ(segment.frame_id, 0x090a0b0c);
        CHECK_EQ(segment.length, length - sizeof odd);
    }
    /* More than a frame's. */
    CHECK_EQ(segment_read(data, sizeof data, &segment), STT_DROP_NONE);
    CHECK_EQ(segment.length, sizeof data - sizeof odd);

    for (i = 0; i < 16; i++) {
        data[12] = i << 4 | 0x0f;
        CHECK_EQ(segment_read(data, 60, &segment),
                 i == 5 ? STT_DROP_NONE : STT_DROP_DATA_OFFSET);
        CHECK_EQ(segment_read(data, 19, &segment), STT_DROP_TRUNCATED);
    }

    for (i = 0; i < 1000; i++) {
        const struct stt_segment sent = {
            .source_port = random_uint64(&random),
            .destination_port = random_uint64(&random),
            .frame_id = random_uint64(&random),
            .frame_length = random_uint64(&random),
            .offset = random_uint64(&random),
        };

        stt_segment_write(data, &sent);
        CHECK_EQ(segment_read(data, 20 + i, &segment), STT_DROP_NONE);
        CHECK_EQ(segment.source_port, sent.source_port);
        CHECK_EQ(segment.destination_port, sent.destination_port);
        CHECK_EQ(segment.frame_id, sent.frame_id);
        CHECK_EQ(segment.frame_length, sent.frame_length);
        CHECK_EQ(segment.offset, sent.offset);
        CHECK_EQ(segment.length, i);
    }
}

void
test_segment_check(void)
{
    static const uint16_t frame_lengths[] = {
        0, 1, 18, 31, 32, 33, 1000, 32767, 32768, 65534, 65535,
    };
    static const uint32_t edges[] = {
        0, 1, 2, 10, 31, 32, 33, 500, 900, 999, 1000, 1001, 32767, 32768,
        65000, 65503, 65534, 65535, 65536, 131071, 0x7fffffff, 0x80000000,
        0xffff0000, 0xfffffff6, 0xffffffff,
    };
    size_t i, j, k;

    for (i = 0; i < ARRAY_SIZE(frame_lengths); i++) {
        for (j = 0; j < ARRAY_SIZE(edges); j++) {
            for (k = 0; k < ARRAY_SIZE(edges); k++) {
                const struct stt_segment segment = {
                    .frame_length = frame_lengths[i],
                    .offset = edges[j],
                    .length = edges[k],
                };
                uint64_t end = (uint64_t) segment.offset + segment.length;

                if (edges[j] > UINT16_MAX) {
                    continue;
                }
                test_say("frame length %u, offset %u, length %u",
                         segment.frame_length, segment.offset,
                         segment.length);
                CHECK_EQ(stt_segment_check(&segment),
                         (!segment.length ? STT_DROP_EMPTY
                          : segment.frame_length < 18 + 14
                          ? STT_DROP_FRAME_LENGTH
                          : end > segment.frame_length ? STT_DROP_BOUNDS
                          : STT_DROP_NONE));
                CHECK_EQ(stt_segment_is_frame(&segment),
                         segment.length == segment.frame_length);
            }
        }
    }
}

void
test_segment_arithmetic(void)
{
    static const struct {
        uint32_t mtu, ipv4, ipv6;
    } sizes[] = {
        { 0, 0, 0 }, { 39, 0, 0 }, { 40, 0, 0 }, { 41, 1, 0 }, { 60, 20, 0 },
        { 61, 21, 1 }, { 576, 536, 516 }, { 1500, 1460, 1440 },
        { 9000, 8960, 8940 }, { 65535, 65495, 65475 },
        { UINT32_MAX, UINT32_MAX - 40, UINT32_MAX - 60 },
    };
    static const struct {
        uint32_t frame, size, count;
    } counts[] = {
        { 32, 0, 0 }, { 65535, 0, 0 }, { 32, 1460, 1 }, { 1459, 1460, 1 },
        { 1460, 1460, 1 }, { 1461, 1460, 2 }, { 2920, 1460, 2 },
        { 2921, 1460, 3 }, { 65535, 1460, 45 }, { 65535, 65535, 1 },
        { 65535, 65534, 2 }, { 65535, 256, 256 }, { 65536, 256, 256 },
        { 65537, 256, 0 }, { 65535, 255, 0 }, { 256, 1, 256 }, { 257, 1, 0 },
        { 65280, 255, 256 }, { 65281, 255, 0 }, { 65535, UINT32_MAX, 1 },
        { UINT32_MAX, UINT32_MAX, 1 }, { UINT32_MAX, UINT32_MAX - 1, 2 },
        { UINT32_MAX, 0x1000000, 256 }, { UINT32_MAX, 0xffffff, 0 },
        { 1000, 0, 0 }, { 1000, 1001, 1 }, { 1000, 1000, 1 },
        { 1000, 999, 2 }, { 2000, 1000, 2 }, { 2001, 1000, 3 },
        { UINT32_MAX, 1, 0 },
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(sizes); i++) {
        CHECK_EQ(stt_segment_size(sizes[i].mtu, false), sizes[i].ipv4);
        CHECK_EQ(stt_segment_size(sizes[i].mtu, true), sizes[i].ipv6);
    }
    for (i = 0; i < ARRAY_SIZE(counts); i++) {
        test_say("frame of %u in segments of %u",
                 counts[i].frame, counts[i].size);
        CHECK_EQ(stt_segment_count(counts[i].frame, counts[i].size),
                 counts[i].count);
    }

    /* A frame of maximum length passes a path MTU of 300. */
    CHECK_EQ(stt_segment_count(STT_MAX_FRAME_LEN,
                               stt_segment_size(300, false)), 253);
}
