/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */

/* Tests of stt-frame.h: the description of an inner packet's offload state. */

#include "stt-frame.h"
#include "shape.h"
#include "test-random.h"
#include "unit.h"
#include "unit-tests.h"

/* Flags that describe 'shape'. */
static uint8_t
flags_of(const struct shape *shape)
{
    return (0x02 | (shape->ipv6 ? 0 : 0x04)
            | (shape->protocol == 6 ? 0x08 : 0));
}

/* The functions under test get no more of 'packet' than they may need, with
 * nothing behind it. */
static size_t
available_of(size_t length)
{
    return length < STT_INNER_HEADERS_LEN ? length : STT_INNER_HEADERS_LEN;
}

/* Also sees to it that failure leaves no description behind, and that other
 * members stay. */
static bool
describe_unfinished(size_t length, const struct stt_unfinished *unfinished,
                    struct stt_frame *frame)
{
    size_t available = available_of(length);
    bool ok;

    *frame = (struct stt_frame) {
        .flags = 0xff,
        .l4_offset = 0xff,
        .mss = 0xffff,
        .has_vlan = true,
        .vlan = 0x1234,
        .context_id = 0x5678,
    };
    ok = stt_frame_describe(test_at_edge(packet, available), available, length,
                            unfinished, frame);
    CHECK_EQ(frame->has_vlan, true);
    CHECK_EQ(frame->vlan, 0x1234);
    CHECK_EQ(frame->context_id, 0x5678);
    if (!ok) {
        CHECK_EQ(frame->flags, 0);
        CHECK_EQ(frame->l4_offset, 0);
        CHECK_EQ(frame->mss, 0);
    }
    return ok;
}

/* The same for the checksum that the packet's headers say. */
static bool
describe(size_t length, uint16_t mss, struct stt_frame *frame)
{
    struct stt_unfinished unfinished = { 34, STT_TCP_CHECKSUM, mss };
    struct stt_inner inner;

    if (stt_inner_read(packet, length, length, &inner)) {
        unfinished.checksum_start = inner.l4_offset;
        unfinished.checksum_offset
            = stt_inner_checksum_offset(inner.protocol);
    }
    return describe_unfinished(length, &unfinished, frame);
}

static enum stt_drop
check_offload(size_t length, struct stt_frame *frame, struct stt_inner *inner)
{
    size_t available = available_of(length);

    return stt_frame_check_offload(test_at_edge(packet, available), available,
                                   length, frame, inner);
}

static void
describe_shape(const struct shape *shape)
{
    size_t length = make_packet(shape);
    bool can = !shape->n_tags;
    bool can_cut = can && shape->protocol == 6 && !shape->padding;
    const struct stt_unfinished unfinished = {
        l4_offset(shape), stt_inner_checksum_offset(shape->protocol), 0,
    };
    struct stt_frame frame;

    CHECK_EQ(describe(length, 0, &frame), can);
    if (can) {
        CHECK_EQ(frame.flags, flags_of(shape));
        CHECK_EQ(frame.l4_offset, l4_offset(shape));
        CHECK_EQ(frame.mss, 0);
    }
    CHECK_EQ(describe(length, 99, &frame), can_cut);
    if (can_cut) {
        CHECK_EQ(frame.flags, flags_of(shape));
        CHECK_EQ(frame.l4_offset, l4_offset(shape));
        CHECK_EQ(frame.mss, 99);
    }
    CHECK(!describe_unfinished(ip_end(shape) - 1, &unfinished, &frame));
}

/* Nothing else is described than the checksum of TCP or UDP, at its place. */
static void
check_described_place(const struct shape *shape)
{
    size_t length = make_packet(shape);
    struct stt_frame frame;
    uint32_t start;
    uint16_t offset;

    for (start = 0; start <= 300; start++) {
        for (offset = 0; offset <= 40; offset++) {
            const struct stt_unfinished unfinished = { start, offset, 0 };
            bool right = (start == (uint32_t) l4_offset(shape)
                          && offset == (shape->protocol == 6 ? 16 : 6));

            CHECK_EQ(describe_unfinished(length, &unfinished, &frame), right);
        }
    }
}

void
test_describe(void)
{
    struct shape shape = { false, 6, 0, 0, 0, 3000, 0 };
    struct stt_frame frame;
    size_t length;
    uint32_t mss;

    for_each_shape(describe_shape);

    length = make_packet(&shape);
    for (mss = 1; mss <= UINT16_MAX; mss++) {
        CHECK_EQ(describe(length, mss, &frame), mss >= 64 && mss < 65535);
        if (mss >= 64 && mss < 65535) {
            CHECK_EQ(frame.mss, mss);
        }
    }

    check_described_place(&shape);
    check_described_place(&(struct shape) { false, 17, 0, 0, 0, 100, 0 });
    check_described_place(&(struct shape) { true, 6, 0, 0, 0, 100, 0 });
    check_described_place(&(struct shape) { true, 17, 0, 0, 0, 100, 0 });
    length = make_packet(&shape);

    /* Which segments are to have CWR the frame header cannot say. */
    packet[34 + 13] |= 0x80;
    CHECK(!describe(length, 1000, &frame));
    CHECK(describe(length, 0, &frame));

    /* Nor is what would become more than 256 packets. */
    for (mss = 64; mss <= 256; mss++) {
        shape.payload = mss < 256 ? 256 * mss : 65495;
        length = make_packet(&shape);
        CHECK(describe(length, mss, &frame));
        CHECK_EQ(frame.mss, mss);
        if (mss < 256) {
            shape.payload++;
            length = make_packet(&shape);
            CHECK(!describe(length, mss, &frame));
        }
    }

    /* Nothing that is not whole TCP or UDP over IP is described. */
    shape.payload = 3000;
    length = make_packet(&shape);
    packet[14 + 9] = 1;
    CHECK(!describe(length, 0, &frame));
    make_packet(&shape);
    packet[20] = 0x20;
    CHECK(!describe(length, 0, &frame));
    make_packet(&shape);
    CHECK(!describe(length - 1, 0, &frame));
    CHECK(!describe(13, 0, &frame));
    CHECK(!describe(0, 0, &frame));
}

/* Whatever is described must come back. */
static void
check_shape(const struct shape *shape)
{
    size_t length = make_packet(shape);
    struct stt_inner inner;
    struct stt_frame frame;
    int bit, offset;
    size_t i;

    memset(&frame, 0, sizeof frame);
    frame.flags = flags_of(shape);
    frame.l4_offset = l4_offset(shape);
    CHECK_EQ(check_offload(length, &frame, &inner), STT_DROP_NONE);
    check_inner(&inner, shape);
    CHECK_EQ(frame.mss, 0);

    /* "Verified" and what is reserved change nothing; other flags must fit. */
    for (bit = 0x01; bit <= 0x80; bit <<= 1) {
        frame.flags = flags_of(shape) ^ bit;
        CHECK_EQ(check_offload(length, &frame, &inner),
                 bit == 0x04 || bit == 0x08 ? STT_DROP_OFFLOAD
                 : STT_DROP_NONE);
    }

    frame.flags = flags_of(shape);
    if (shape->payload == 1 && !shape->padding) {
        for (offset = 0; offset < 256; offset++) {
            frame.l4_offset = offset;
            CHECK_EQ(check_offload(length, &frame, &inner),
                     (offset == l4_offset(shape) ? STT_DROP_NONE
                      : STT_DROP_OFFLOAD));
        }
        frame.l4_offset = l4_offset(shape);
        for (i = 0; i < length; i++) {
            CHECK_EQ(check_offload(i, &frame, &inner), STT_DROP_OFFLOAD);
        }
    }

    /* 100 bytes of payload or more are a super-packet if cut at 99. */
    frame.mss = 99;
    if (shape->protocol != 6) {
        CHECK_EQ(check_offload(length, &frame, &inner), STT_DROP_OFFLOAD);
    } else if (shape->payload <= 99) {
        CHECK_EQ(check_offload(length, &frame, &inner), STT_DROP_NONE);
        CHECK_EQ(frame.mss, 0);
        check_inner(&inner, shape);
    } else if (shape->padding) {
        CHECK_EQ(check_offload(length, &frame, &inner), STT_DROP_OFFLOAD);
        frame.mss = shape->payload;
        CHECK_EQ(check_offload(length, &frame, &inner), STT_DROP_NONE);
        CHECK_EQ(frame.mss, 0);
    } else {
        CHECK_EQ(check_offload(length, &frame, &inner), STT_DROP_NONE);
        CHECK_EQ(frame.mss, 99);
        check_inner(&inner, shape);
        frame.mss = shape->payload;
        CHECK_EQ(check_offload(length, &frame, &inner), STT_DROP_NONE);
        CHECK_EQ(frame.mss, 0);
    }
}

void
test_check_offload(void)
{
    struct shape shape = { false, 6, 0, 0, 0, 3000, 0 };
    struct stt_frame frame = { .flags = 0 };
    struct stt_inner inner;
    size_t length;
    uint32_t i;

    for_each_shape(check_shape);

    /* MSS. */
    length = make_packet(&shape);
    for (i = 0; i <= UINT16_MAX; i++) {
        frame.flags = 0x0e;
        frame.l4_offset = 34;
        frame.mss = i;
        CHECK_EQ(check_offload(length, &frame, &inner),
                 (i && (i < 64 || i == 65535) ? STT_DROP_MSS
                  : STT_DROP_NONE));
        if (i >= 64 && i < 65535) {
            CHECK_EQ(frame.mss, i < 3000 ? i : 0);
        }
    }

    /* A damaged IPv4 header is found behind a super-packet only: nobody gives
     * another one a new header. */
    packet[22] ^= 1;
    frame.mss = 1000;
    CHECK_EQ(check_offload(length, &frame, &inner), STT_DROP_INNER_CHECKSUM);
    frame.mss = 0;
    CHECK_EQ(check_offload(length, &frame, &inner), STT_DROP_NONE);
    frame.mss = 3000;
    CHECK_EQ(check_offload(length, &frame, &inner), STT_DROP_NONE);

    /* At most 256 packets may come of it; what is only one is not cut. */
    for (i = 64; i <= 256; i++) {
        shape.payload = i < 256 ? 256 * i : 65495;
        length = make_packet(&shape);
        frame.mss = i;
        CHECK_EQ(check_offload(length, &frame, &inner), STT_DROP_NONE);
        CHECK_EQ(frame.mss, i);
        if (i < 256) {
            shape.payload++;
            length = make_packet(&shape);
            frame.mss = i;
            CHECK_EQ(check_offload(length, &frame, &inner), STT_DROP_MSS);
        }
    }
    shape.payload = 3000;
    make_packet(&shape);

    /* Without "partial" nothing else counts, not even the packet. */
    for (i = 0; i < 256; i++) {
        if (!(i & 0x02)) {
            frame.flags = i;
            frame.l4_offset = 255 - i;
            frame.mss = 65535;
            CHECK_EQ(check_offload(i % 20, &frame, &inner), STT_DROP_NONE);
            CHECK_EQ(frame.mss, 0);
            CHECK_EQ(frame.flags, i);
        }
    }

    /* UDP with a bad MSS is wrong already for the UDP. */
    shape.protocol = 17;
    length = make_packet(&shape);
    frame.flags = 0x06;
    frame.l4_offset = 34;
    frame.mss = 1;
    CHECK_EQ(check_offload(length, &frame, &inner), STT_DROP_OFFLOAD);

    /* "Partial" on what has no TCP or UDP checksum. */
    frame.mss = 0;
    packet[14 + 9] = 1;
    CHECK_EQ(check_offload(length, &frame, &inner), STT_DROP_OFFLOAD);
    stt_put_be16(packet + 12, 0x0806);
    CHECK_EQ(check_offload(length, &frame, &inner), STT_DROP_OFFLOAD);
}

/* A sender's description must please the receiver. */
void
test_describe_checked(void)
{
    struct test_random random = { test_seed };
    uint64_t i;

    for (i = 0; i < (test_steps ? test_steps : 20000); i++) {
        bool ipv6 = random_percent(&random, 50);
        bool tcp = random_percent(&random, 70);
        const struct shape shape = {
            .ipv6 = ipv6,
            .protocol = tcp ? 6 : 17,
            .n_tags = random_percent(&random, 10),
            .ip_options = ipv6 ? 0 : 4 * random_below(&random, 11),
            .tcp_options = tcp ? 4 * random_below(&random, 11) : 0,
            .payload = random_below(&random, 4000),
            .padding = random_percent(&random, 20) ? 7 : 0,
        };
        size_t length = make_packet(&shape);
        uint16_t mss = random_percent(&random, 50) ? 0
                       : random_below(&random, 2000);
        struct stt_frame frame, got;
        struct stt_inner inner;
        uint8_t header[STT_MIN_FRAME_LEN] = { 0 };

        if (describe(length, mss, &frame)) {
            stt_frame_write(header, &frame);
            CHECK_EQ(stt_frame_read(header, sizeof header, &got),
                     STT_DROP_NONE);
            CHECK_EQ(check_offload(length, &got, &inner), STT_DROP_NONE);
            CHECK_EQ(got.mss, shape.payload > mss ? mss : 0);
            check_inner(&inner, &shape);
        }
    }
}
