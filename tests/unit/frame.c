/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */

/* Tests of stt-frame.h: the frame header. */

#include "stt-frame.h"
#include "unit.h"
#include "unit-tests.h"

/* Reads the 'length' bytes at 'data' with nothing behind them. */
static enum stt_drop
frame_read(const uint8_t *data, size_t length, struct stt_frame *frame)
{
    return stt_frame_read(test_at_edge(data, length), length, frame);
}

void
test_frame_header(void)
{
    static const struct {
        uint8_t header[STT_FRAME_HEADER_LEN];
        struct stt_frame frame;
    } cases[] = {
        {
            {
                0x00, 0x0e, 0x36, 0x00, 0x05, 0x94, 0x70, 0x2b, 0xfe,
                0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10, 0x00, 0x00,
            },
            {
                .flags = STT_FLAG_PARTIAL | STT_FLAG_IPV4 | STT_FLAG_TCP,
                .l4_offset = 54,
                .mss = 1428,
                .has_vlan = true,
                .vlan = 0x602b,
                .context_id = 0xfedcba9876543210,
            },
        },
        {
            {
                0x00, 0x0e, 0x22, 0x00, 0x05, 0xa8, 0xb0, 0x0a, 0x12,
                0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 0x00, 0x00,
            },
            {
                .flags = STT_FLAG_PARTIAL | STT_FLAG_IPV4 | STT_FLAG_TCP,
                .l4_offset = 34,
                .mss = 1448,
                .has_vlan = true,
                .vlan = 0xa00a,
                .context_id = 0x123456789abcdef0,
            },
        },
    };
    uint8_t data[STT_MIN_FRAME_LEN + 1];
    struct stt_frame got;
    size_t length, i;

    CHECK_EQ(STT_FLAG_VERIFIED, 0x01);
    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct stt_frame *frame = &cases[i].frame;

        test_say("case %zu", i);
        memset(data, 0xaa, sizeof data);
        stt_frame_write(data, frame);
        CHECK_BYTES(data, cases[i].header, STT_FRAME_HEADER_LEN);
        CHECK_EQ(data[STT_FRAME_HEADER_LEN], 0xaa);

        for (length = 0; length <= sizeof data; length++) {
            CHECK_EQ(frame_read(data, length, &got),
                     length < 18 + 14 ? STT_DROP_FRAME_LENGTH
                     : STT_DROP_NONE);
        }
        CHECK_EQ(got.flags, 0x0e);
        CHECK_EQ(got.l4_offset, frame->l4_offset);
        CHECK_EQ(got.mss, frame->mss);
        CHECK_EQ(got.has_vlan, true);
        CHECK_EQ(got.vlan, frame->vlan);
        CHECK_EQ(got.context_id, frame->context_id);
    }

    /* What is reserved does not matter, and flags come as they are. */
    data[1] = data[3] = data[16] = data[17] = 0xff;
    CHECK_EQ(frame_read(data, sizeof data, &got), STT_DROP_NONE);
    CHECK_EQ(got.flags, 0xff);
    CHECK_EQ(got.l4_offset, 34);
    CHECK_EQ(got.context_id, 0x123456789abcdef0);

    for (i = 0; i < 256; i++) {
        data[0] = i;
        CHECK_EQ(frame_read(data, sizeof data, &got),
                 i ? STT_DROP_VERSION : STT_DROP_NONE);
        CHECK_EQ(frame_read(data, 31, &got), STT_DROP_FRAME_LENGTH);
    }
}

void
test_frame_look(void)
{
    static const uint8_t bytes[STT_FRAME_HEADER_LEN] = {
        0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7,
        0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff, 0x01, 0x02,
    };
    struct stt_frame_view view;

    stt_frame_look(test_at_edge(bytes, sizeof bytes), &view);
    CHECK_EQ(view.version, 0xf0);
    CHECK_EQ(view.flags, 0xf1);
    CHECK_EQ(view.l4_offset, 0xf2);
    CHECK_EQ(view.reserved, 0xf3);
    CHECK_EQ(view.mss, 0xf4f5);
    CHECK_EQ(view.vlan, 0xf6f7);
    CHECK_EQ(view.context_id, 0xf8f9fafbfcfdfeff);
    CHECK_EQ(view.padding, 0x0102);
}

void
test_frame_vlan(void)
{
    struct stt_frame frame = { .flags = 0 };
    uint8_t data[STT_MIN_FRAME_LEN] = { 0 };
    struct stt_frame got;
    uint32_t tci;

    for (tci = 0; tci <= UINT16_MAX; tci++) {
        /* Ours, as that of OVS before Linux 5.0: with the valid bit. */
        frame.has_vlan = true;
        frame.vlan = tci;
        stt_frame_write(data, &frame);
        CHECK_EQ(data[6] << 8 | data[7], tci | 0x1000);
        CHECK_EQ(frame_read(data, sizeof data, &got), STT_DROP_NONE);
        CHECK_EQ(got.has_vlan, true);
        CHECK_EQ(got.vlan, tci & 0xefff);

        /* The other's: the tag as it is, and nothing means no tag. */
        data[6] = tci >> 8;
        data[7] = tci;
        CHECK_EQ(frame_read(data, sizeof data, &got), STT_DROP_NONE);
        CHECK_EQ(got.has_vlan, tci != 0);
        CHECK_EQ(got.vlan, tci & 0xefff);

        /* No tag. */
        frame.has_vlan = false;
        stt_frame_write(data, &frame);
        CHECK_EQ(data[6] << 8 | data[7], 0);
        CHECK_EQ(frame_read(data, sizeof data, &got), STT_DROP_NONE);
        CHECK_EQ(got.has_vlan, false);
        CHECK_EQ(got.vlan, 0);
    }
}
