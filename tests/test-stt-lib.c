/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of lib/, except reassembly: see test-stt-reassembly.c. */

#include <config.h>

#include "stt-drop.h"
#include "stt-event.h"
#include "stt-frame-id.h"
#include "stt-frame.h"
#include "stt-hash.h"
#include "stt-inner.h"
#include "stt-segment.h"
#include "stt-test.h"

#define ARRAY_SIZE(ARRAY) (sizeof (ARRAY) / sizeof (ARRAY)[0])

/*
 * Segments.
 */

static void
test_segment_write(int argc, char *argv[])
{
    /* The fields of a segment that Open vSwitch 2.17 sent, but PSH, as a whole
     * frame has it, and without checksum. */
    static const uint8_t expected[STT_SEGMENT_HEADER_LEN + 1] = {
        0xe4, 0x4f, 0x1d, 0x2f, 0x06, 0x01, 0x05, 0xb4, 0x00, 0x40, 0x2c, 0xab,
        0x50, 0x18, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xaa,
    };
    const struct stt_segment segment = {
        .source_port = 0xe44f,
        .destination_port = 7471,
        .frame_id = 0x00402cab,
        .frame_length = 1537,
        .offset = 1460,
        .length = 77,
    };
    uint8_t header[sizeof expected];

    (void) argc, (void) argv;
    memset(header, 0xaa, sizeof header);
    stt_segment_write(header, &segment);
    CHECK_BYTES(header, expected, sizeof expected);
    CHECK_EQ(STT_DEFAULT_PORT, 7471);
}

/* Reads the 'length' bytes at 'data' with nothing behind them. */
static enum stt_drop
segment_read(const uint8_t *data, size_t length, struct stt_segment *segment)
{
    uint8_t *copy = test_copy(data, length);
    enum stt_drop drop = stt_segment_read(copy, length, segment);

    free(copy);
    return drop;
}

static void
test_segment_read(int argc, char *argv[])
{
    /* Everything that is not examined is unusual here. */
    static const uint8_t odd[STT_SEGMENT_HEADER_LEN] = {
        0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c,
        0x5f, 0xe7, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc,
    };
    static uint8_t data[70000];
    struct test_random random = { 1 };
    struct stt_segment segment;
    size_t length;
    int i;

    (void) argc, (void) argv;
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
    CHECK_EQ(segment_read(data, sizeof data, &segment), STT_DROP_NONE);
    CHECK_EQ(segment.length, sizeof data - sizeof odd);

    for (i = 0; i < 16; i++) {
        data[12] = i << 4;
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

static void
test_segment_check(int argc, char *argv[])
{
    static const uint16_t frame_lengths[] = {
        0, 1, 18, 31, 32, 33, 1000, 32767, 32768, 65534, 65535,
    };
    static const uint32_t edges[] = {
        0, 1, 2, 31, 32, 33, 999, 1000, 1001, 32767, 32768, 65503, 65534,
        65535, 65536, 131071, 0x7fffffff, 0x80000000, 0xffff0000, 0xffffffff,
    };
    size_t i, j, k;

    (void) argc, (void) argv;
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
                snprintf(test_context, sizeof test_context,
                         "frame length %u, offset %u, length %u",
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

static void
test_segment_arithmetic(int argc, char *argv[])
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
    };
    size_t i;

    (void) argc, (void) argv;
    for (i = 0; i < ARRAY_SIZE(sizes); i++) {
        CHECK_EQ(stt_segment_size(sizes[i].mtu, false), sizes[i].ipv4);
        CHECK_EQ(stt_segment_size(sizes[i].mtu, true), sizes[i].ipv6);
    }
    for (i = 0; i < ARRAY_SIZE(counts); i++) {
        snprintf(test_context, sizeof test_context,
                 "frame of %u in segments of %u",
                 counts[i].frame, counts[i].size);
        CHECK_EQ(stt_segment_count(counts[i].frame, counts[i].size),
                 counts[i].count);
    }

    /* A frame of maximum length passes a path MTU of 300. */
    CHECK_EQ(stt_segment_count(STT_MAX_FRAME_LEN,
                               stt_segment_size(300, false)), 253);
}

/*
 * Frames.
 */

static enum stt_drop
frame_read(const uint8_t *data, size_t length, struct stt_frame *frame)
{
    uint8_t *copy = test_copy(data, length);
    enum stt_drop drop = stt_frame_read(copy, length, frame);

    free(copy);
    return drop;
}

static void
test_frame_header(int argc, char *argv[])
{
    static const uint8_t expected[STT_FRAME_HEADER_LEN + 1] = {
        0x00, 0x0e, 0x22, 0x00, 0x05, 0xa8, 0xb0, 0x0a,
        0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 0x00, 0x00, 0xaa,
    };
    const struct stt_frame frame = {
        .flags = STT_FLAG_PARTIAL | STT_FLAG_IPV4 | STT_FLAG_TCP,
        .l4_offset = 34,
        .mss = 1448,
        .has_vlan = true,
        .vlan = 0xa00a,
        .context_id = 0x123456789abcdef0,
    };
    struct stt_frame got;
    uint8_t data[STT_MIN_FRAME_LEN + 1];
    size_t length;
    int i;

    (void) argc, (void) argv;
    CHECK_EQ(STT_FLAG_VERIFIED, 0x01);
    memset(data, 0xaa, sizeof data);
    stt_frame_write(data, &frame);
    CHECK_BYTES(data, expected, sizeof expected);

    for (length = 0; length <= sizeof data; length++) {
        CHECK_EQ(frame_read(data, length, &got),
                 (length < 18 + 14 ? STT_DROP_FRAME_LENGTH : STT_DROP_NONE));
    }
    CHECK_EQ(got.flags, 0x0e);
    CHECK_EQ(got.l4_offset, 34);
    CHECK_EQ(got.mss, 1448);
    CHECK_EQ(got.has_vlan, true);
    CHECK_EQ(got.vlan, 0xa00a);
    CHECK_EQ(got.context_id, 0x123456789abcdef0);

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

static void
test_frame_look(int argc, char *argv[])
{
    static const uint8_t bytes[STT_FRAME_HEADER_LEN] = {
        0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7,
        0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff, 0x01, 0x02,
    };
    uint8_t *copy = test_copy(bytes, sizeof bytes);
    struct stt_frame_view view;

    (void) argc, (void) argv;
    stt_frame_look(copy, &view);
    free(copy);
    CHECK_EQ(view.version, 0xf0);
    CHECK_EQ(view.flags, 0xf1);
    CHECK_EQ(view.l4_offset, 0xf2);
    CHECK_EQ(view.reserved, 0xf3);
    CHECK_EQ(view.mss, 0xf4f5);
    CHECK_EQ(view.vlan, 0xf6f7);
    CHECK_EQ(view.context_id, 0xf8f9fafbfcfdfeff);
    CHECK_EQ(view.padding, 0x0102);
}

static void
test_frame_vlan(int argc, char *argv[])
{
    struct stt_frame frame = { .flags = 0 };
    uint8_t data[STT_MIN_FRAME_LEN] = { 0 };
    struct stt_frame got;
    uint32_t tci;

    (void) argc, (void) argv;
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

/*
 * Inner packets.
 */

/* An inner packet to be made. */
struct shape {
    bool ipv6;
    uint8_t protocol;
    int n_tags;
    int ip_options;             /* Bytes, with IPv4. */
    int tcp_options;            /* Bytes, with TCP. */
    int payload;                /* Bytes behind the TCP or UDP header. */
    int padding;                /* Bytes behind the IP packet. */
};

#define MAX_PACKET 70000
static uint8_t packet[MAX_PACKET];

static int
l3_offset(const struct shape *shape)
{
    return 14 + 4 * shape->n_tags;
}

static int
l4_offset(const struct shape *shape)
{
    return l3_offset(shape) + (shape->ipv6 ? 40 : 20 + shape->ip_options);
}

static int
payload_offset(const struct shape *shape)
{
    return l4_offset(shape) + (shape->protocol == 6 ? 20 + shape->tcp_options
                               : shape->protocol == 17 ? 8 : 0);
}

static int
ip_end(const struct shape *shape)
{
    return payload_offset(shape) + shape->payload;
}

static void
set_be16(uint8_t *p, uint16_t x)
{
    p[0] = x >> 8;
    p[1] = x;
}

/* Writes 'shape' into 'packet' and returns its length. */
static size_t
make_packet(const struct shape *shape)
{
    uint8_t *ip = packet + l3_offset(shape);
    uint32_t sum = 0;
    uint8_t *l4 = packet + l4_offset(shape);
    int length = ip_end(shape) + shape->padding;
    int i;

    CHECK(length <= MAX_PACKET);
    /* Values that never mean something by chance, all headers unlike. */
    memset(packet, 0x2b, length);
    for (i = 0; i < shape->n_tags; i++) {
        set_be16(packet + 12 + 4 * i, i % 2 || shape->n_tags == 1
                                      ? 0x8100 : 0x88a8);
    }
    set_be16(ip - 2, shape->ipv6 ? 0x86dd : 0x0800);
    if (shape->ipv6) {
        ip[0] = 0x6b;
        set_be16(ip + 4, ip_end(shape) - l4_offset(shape));
        ip[6] = shape->protocol;
    } else {
        ip[0] = 0x40 | (20 + shape->ip_options) / 4;
        set_be16(ip + 2, ip_end(shape) - l3_offset(shape));
        set_be16(ip + 6, 0);
        ip[9] = shape->protocol;
        set_be16(ip + 10, 0);
        for (i = 0; i < 20 + shape->ip_options; i += 2) {
            sum += ip[i] << 8 | ip[i + 1];
            sum = (sum & 0xffff) + (sum >> 16);
        }
        set_be16(ip + 10, ~sum);
    }
    if (shape->protocol == 6) {
        l4[12] = (20 + shape->tcp_options) / 4 << 4 | 0xf;
    } else if (shape->protocol == 17) {
        set_be16(l4 + 4, 8 + shape->payload);
    }
    return length;
}

/* The functions under test, with nothing behind the packet. */

static bool
inner_read(size_t length, struct stt_inner *inner)
{
    uint8_t *copy = test_copy(packet, length);
    bool ok = stt_inner_read(copy, length, length, inner);

    free(copy);
    return ok;
}

/* The same with only the first 'available' bytes of the packet. */
static bool
inner_read_headers(size_t available, size_t length, struct stt_inner *inner)
{
    uint8_t *copy = test_copy(packet, available);
    bool ok = stt_inner_read(copy, available, length, inner);

    free(copy);
    return ok;
}

/* Also sees to it that failure leaves no description behind, and that other
 * members stay. */
static bool
describe_unfinished(size_t length, const struct stt_unfinished *unfinished,
                    struct stt_frame *frame)
{
    uint8_t *copy = test_copy(packet, length);
    bool ok;

    *frame = (struct stt_frame) {
        .flags = 0xff,
        .l4_offset = 0xff,
        .mss = 0xffff,
        .has_vlan = true,
        .vlan = 0x1234,
        .context_id = 0x5678,
    };
    ok = stt_frame_describe(copy, length, length, unfinished, frame);
    CHECK_EQ(frame->has_vlan, true);
    CHECK_EQ(frame->vlan, 0x1234);
    CHECK_EQ(frame->context_id, 0x5678);
    if (!ok) {
        CHECK_EQ(frame->flags, 0);
        CHECK_EQ(frame->l4_offset, 0);
        CHECK_EQ(frame->mss, 0);
    }
    free(copy);
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
    uint8_t *copy = test_copy(packet, length);
    enum stt_drop drop = stt_frame_check_offload(copy, length, length, frame,
                                                 inner);

    free(copy);
    return drop;
}

static void
check_inner(const struct stt_inner *inner, const struct shape *shape)
{
    CHECK_EQ(inner->ipv4, !shape->ipv6);
    CHECK_EQ(inner->protocol, shape->protocol);
    CHECK_EQ(inner->n_tags, shape->n_tags);
    CHECK_EQ(inner->l3_offset, l3_offset(shape));
    CHECK_EQ(inner->l4_offset, l4_offset(shape));
    CHECK_EQ(inner->payload_offset, payload_offset(shape));
    CHECK_EQ(inner->end, ip_end(shape));
}

/* Flags that describe 'shape'. */
static uint8_t
flags_of(const struct shape *shape)
{
    return (0x02 | (shape->ipv6 ? 0 : 0x04)
            | (shape->protocol == 6 ? 0x08 : 0));
}

static void
set_shape_context(const struct shape *shape)
{
    snprintf(test_context, sizeof test_context,
             "IPv%d, protocol %d, %d tags, options %d and %d, payload %d, "
             "padding %d", shape->ipv6 ? 6 : 4, shape->protocol, shape->n_tags,
             shape->ip_options, shape->tcp_options, shape->payload,
             shape->padding);
}

/* Calls 'visit' with packets of every shape. */
static void
for_each_shape(void (*visit)(const struct shape *))
{
    static const int payloads[] = { 0, 1, 100 };
    struct shape shape;
    int i, j;

    for (i = 0; i < 4; i++) {
        shape.ipv6 = i & 1;
        shape.protocol = i & 2 ? 6 : 17;
        for (shape.n_tags = 0; shape.n_tags <= 2; shape.n_tags++) {
            for (shape.ip_options = 0;
                 shape.ip_options <= (shape.ipv6 ? 0 : 40);
                 shape.ip_options += 4) {
                for (shape.tcp_options = 0;
                     shape.tcp_options <= (shape.protocol == 6 ? 40 : 0);
                     shape.tcp_options += 4) {
                    for (j = 0; j < 3; j++) {
                        shape.payload = payloads[j];
                        for (shape.padding = 0; shape.padding <= 18;
                             shape.padding += 9) {
                            set_shape_context(&shape);
                            visit(&shape);
                        }
                    }
                }
            }
        }
    }
    test_context[0] = '\0';
}

static void
inner_shape(const struct shape *shape)
{
    size_t length = make_packet(shape);
    struct stt_inner inner;
    size_t i;

    memset(&inner, 0xaa, sizeof inner);
    CHECK(inner_read(length, &inner));
    check_inner(&inner, shape);

    /* Cut off anywhere within the IP packet, it is not whole any more. */
    if (shape->padding && shape->payload == 1) {
        for (i = 0; i <= length; i++) {
            CHECK_EQ(inner_read(i, &inner), i >= (size_t) ip_end(shape));
        }
    }

    /* With no more at hand than the headers, or less. */
    if (!shape->padding && shape->payload == 100) {
        size_t enough = l4_offset(shape) + (shape->protocol == 6 ? 20 : 0);
        size_t needed = (shape->protocol == 6 ? enough
                         : (size_t) l3_offset(shape) + (shape->ipv6 ? 40 : 20));

        for (i = 0; i <= enough; i++) {
            CHECK_EQ(inner_read_headers(i, length, &inner), i >= needed);
            if (i >= needed) {
                check_inner(&inner, shape);
            }
        }
    }

    /* Too short for its TCP or UDP header, though the IP header agrees. */
    if (!shape->payload && !shape->padding) {
        for (i = l4_offset(shape); i < (size_t) payload_offset(shape); i++) {
            uint8_t *ip = packet + l3_offset(shape);

            if (shape->ipv6) {
                set_be16(ip + 4, i - l4_offset(shape));
            } else {
                set_be16(ip + 2, i - l3_offset(shape));
            }
            CHECK(!inner_read(i, &inner));
            CHECK(!inner_read(length, &inner));
        }
    }
}

static void
test_inner(int argc, char *argv[])
{
    struct shape v4 = { false, 6, 0, 8, 12, 50, 10 };
    struct shape v6 = { true, 6, 0, 0, 12, 50, 10 };
    struct stt_inner inner;
    size_t length;
    uint32_t i;

    (void) argc, (void) argv;
    for_each_shape(inner_shape);

    /* Ethertypes. */
    length = make_packet(&v4);
    for (i = 0; i <= UINT16_MAX; i++) {
        set_be16(packet + 12, i);
        CHECK_EQ(inner_read(length, &inner), i == 0x0800);
    }
    length = make_packet(&v6);
    for (i = 0; i <= UINT16_MAX; i++) {
        set_be16(packet + 12, i);
        CHECK_EQ(inner_read(length, &inner), i == 0x86dd);
    }
    v4.n_tags = 1;
    length = make_packet(&v4);
    for (i = 0; i <= UINT16_MAX; i++) {
        set_be16(packet + 12, i);
        CHECK_EQ(inner_read(length, &inner), i == 0x8100 || i == 0x88a8);
    }
    v4.n_tags = 3;
    CHECK(!inner_read(make_packet(&v4), &inner));
    v4.n_tags = 200;
    CHECK(!inner_read(make_packet(&v4), &inner));
    v4.n_tags = 0;

    /* IP versions and IPv4's header length. */
    length = make_packet(&v4);
    for (i = 0; i < 16; i++) {
        packet[14] = i << 4 | 7;
        CHECK_EQ(inner_read(length, &inner), i == 4);
    }
    length = make_packet(&v6);
    for (i = 0; i < 256; i++) {
        packet[14] = i;
        CHECK_EQ(inner_read(length, &inner), i >> 4 == 6);
    }
    v4.protocol = 17;
    length = make_packet(&v4);
    for (i = 0; i < 16; i++) {
        /* What is behind the IP header is as good as UDP anywhere. */
        packet[14] = 0x40 | i;
        CHECK_EQ(inner_read(length, &inner), i >= 5);
        if (i >= 5) {
            CHECK_EQ(inner.l4_offset, 14 + i * 4);
        }
    }
    v4.payload = 0;
    v4.ip_options = 0;
    length = make_packet(&v4);
    for (i = 6; i < 16; i++) {
        packet[14] = 0x40 | i;
        CHECK(!inner_read(length, &inner));
    }
    v4 = (struct shape) { false, 6, 0, 8, 12, 50, 10 };

    /* Lying lengths. */
    length = make_packet(&v4);
    for (i = 0; i <= UINT16_MAX; i++) {
        set_be16(packet + 16, i);
        CHECK_EQ(inner_read(length, &inner),
                 i >= 28 + 32 && i <= 28 + 32 + 50 + 10);
        if (i >= 28 + 32 && i <= 28 + 32 + 50 + 10) {
            CHECK_EQ(inner.end, 14 + i);
        }
    }
    length = make_packet(&v6);
    for (i = 0; i <= UINT16_MAX; i++) {
        set_be16(packet + 18, i);
        CHECK_EQ(inner_read(length, &inner), i >= 32 && i <= 32 + 50 + 10);
    }

    /* Fragments.  "Don't fragment" and the reserved bit are no fragments. */
    length = make_packet(&v4);
    for (i = 0; i <= UINT16_MAX; i++) {
        set_be16(packet + 20, i);
        CHECK_EQ(inner_read(length, &inner), !(i & 0x3fff));
    }

    /* Protocols. */
    length = make_packet(&v4);
    for (i = 0; i < 256; i++) {
        packet[14 + 9] = i;
        CHECK_EQ(inner_read(length, &inner), i == 6 || i == 17);
    }
    length = make_packet(&v6);
    for (i = 0; i < 256; i++) {
        packet[14 + 6] = i;
        CHECK_EQ(inner_read(length, &inner), i == 6 || i == 17);
    }

    /* TCP's data offset. */
    v6.payload = 20;
    length = make_packet(&v6);
    for (i = 0; i < 16; i++) {
        packet[54 + 12] = i << 4;
        CHECK_EQ(inner_read(length, &inner), i >= 5 && i * 4 <= 32 + 20);
        if (i >= 5 && i * 4 <= 32 + 20) {
            CHECK_EQ(inner.payload_offset, 54 + i * 4);
        }
    }

    /* The longest packets. */
    v4 = (struct shape) { false, 6, 2, 40, 40, 65535 - 120, 10 };
    CHECK(inner_read(make_packet(&v4), &inner));
    check_inner(&inner, &v4);
    v6 = (struct shape) { true, 17, 2, 0, 0, 65535 - 8, 10 };
    CHECK(inner_read(make_packet(&v6), &inner));
    check_inner(&inner, &v6);
}

static void
describe_shape(const struct shape *shape)
{
    size_t length = make_packet(shape);
    bool can = !shape->n_tags;
    bool can_cut = can && shape->protocol == 6 && !shape->padding;
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
}

/* Nothing else is described than the checksum of TCP or UDP, at its place. */
static void
check_described_place(const struct shape *shape)
{
    size_t length = make_packet(shape);
    struct stt_frame frame;

    for (uint32_t start = 0; start <= 300; start++) {
        for (uint16_t offset = 0; offset <= 40; offset++) {
            const struct stt_unfinished unfinished = { start, offset, 0 };
            bool right = (start == (uint32_t) l4_offset(shape)
                          && offset == (shape->protocol == 6 ? 16 : 6));

            CHECK_EQ(describe_unfinished(length, &unfinished, &frame), right);
        }
    }
}

static void
test_describe(int argc, char *argv[])
{
    struct shape shape = { false, 6, 0, 0, 0, 3000, 0 };
    struct stt_frame frame;
    size_t length;
    uint32_t mss;

    (void) argc, (void) argv;
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
        CHECK_EQ(check_offload(length - 1, &frame, &inner), STT_DROP_OFFLOAD);
    }

    /* 100 bytes of payload are a super-packet if cut at 64 or 99. */
    frame.mss = 99;
    if (shape->protocol != 6) {
        CHECK_EQ(check_offload(length, &frame, &inner), STT_DROP_OFFLOAD);
    } else if (shape->payload <= 99) {
        CHECK_EQ(check_offload(length, &frame, &inner), STT_DROP_NONE);
        CHECK_EQ(frame.mss, 0);
        check_inner(&inner, shape);
    } else if (shape->padding) {
        CHECK_EQ(check_offload(length, &frame, &inner), STT_DROP_OFFLOAD);
        frame.mss = 100;
        CHECK_EQ(check_offload(length, &frame, &inner), STT_DROP_NONE);
        CHECK_EQ(frame.mss, 0);
    } else {
        CHECK_EQ(check_offload(length, &frame, &inner), STT_DROP_NONE);
        CHECK_EQ(frame.mss, 99);
        check_inner(&inner, shape);
        frame.mss = 100;
        CHECK_EQ(check_offload(length, &frame, &inner), STT_DROP_NONE);
        CHECK_EQ(frame.mss, 0);
    }
}

static void
test_check_offload(int argc, char *argv[])
{
    struct shape shape = { false, 6, 0, 0, 0, 3000, 0 };
    struct stt_frame frame = { .flags = 0 };
    struct stt_inner inner;
    size_t length;
    uint32_t i;

    (void) argc, (void) argv;
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
    set_be16(packet + 12, 0x0806);
    CHECK_EQ(check_offload(length, &frame, &inner), STT_DROP_OFFLOAD);
}

/* A sender's description must please the receiver. */
static void
test_describe_checked(int argc, char *argv[])
{
    struct test_random random = { test_seed };
    uint64_t i;

    (void) argc, (void) argv;
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

        set_shape_context(&shape);
        if (describe(length, mss, &frame)) {
            stt_frame_write(header, &frame);
            CHECK_EQ(frame_read(header, sizeof header, &got), STT_DROP_NONE);
            CHECK_EQ(check_offload(length, &got, &inner), STT_DROP_NONE);
            CHECK_EQ(got.mss, shape.payload > mss ? mss : 0);
            check_inner(&inner, &shape);
        }
    }
}

/*
 * Hash and names.
 */

/* SipHash-1-3 of the bytes 0, 1, 2, ... under the key 0, 1, ... 15, which are
 * the inputs that the designers of SipHash chose for their test vectors.  The
 * hashes come from an implementation in Python, written from the paper, which
 * reproduces the paper's vector for SipHash-2-4, and which agrees with CPython
 * 3.11, whose hash() of a bytes object is SipHash-1-3 (under the key 0 if
 * PYTHONHASHSEED is 0). */
static void
test_hash(int argc, char *argv[])
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

    (void) argc, (void) argv;
    for (i = 0; i < 32; i++) {
        words[i] = 0;
        for (j = 0; j < 8; j++) {
            words[i] |= (uint64_t) (8 * i + j) << 8 * j;
        }
    }
    for (i = 0; i < ARRAY_SIZE(vectors); i++) {
        uint64_t *copy = test_copy(words, vectors[i].n * sizeof *words);

        CHECK_EQ(stt_hash(seed, copy, vectors[i].n), vectors[i].hash);
        free(copy);
    }
    CHECK_EQ(stt_hash(zero, words, 0), 0xd1fba762150c532c);
}

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

static int
compare_ids(const void *a_, const void *b_)
{
    const uint32_t *a = a_;
    const uint32_t *b = b_;

    return *a < *b ? -1 : *a > *b;
}

/* Returns how many of the 'n' 'numbers', which it sorts, are there more than
 * once. */
static size_t
count_repeated(uint32_t numbers[], size_t n)
{
    size_t repeated = 0;
    size_t i;

    qsort(numbers, n, sizeof *numbers, compare_ids);
    for (i = 1; i < n; i++) {
        repeated += numbers[i] == numbers[i - 1];
    }
    return repeated;
}

/* Frame ids are unique between two addresses, whichever threads send and however
 * much each of them does, and those of each thread grow. */
static void
test_frame_ids(int argc, char *argv[])
{
    enum { N = 200000, THREADS = 4 };
    static const uint64_t seed[2] = { 1, 2 };
    static struct stt_frame_id_blocks blocks[THREADS];
    struct test_random random = { test_seed };
    uint32_t *numbers = test_alloc(N * sizeof *numbers);
    const struct pair pair = make_pair(1);
    uint32_t last[THREADS];
    struct stt_frame_ids ids;
    uint32_t i, id, jumps = 0;

    (void) argc, (void) argv;
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
    for (i = 0; i < STT_FRAME_ID_COUNTERS; i++) {
        ids.drawn[i] += (1U << 31) / STT_FRAME_IDS_PER_BLOCK - 1;
    }
    CHECK_EQ(next_id(&ids, &blocks[0], &pair), id + 1);
    for (i = 0; i < STT_FRAME_ID_COUNTERS; i++) {
        ids.drawn[i]++;
    }
    CHECK_EQ(next_id(&ids, &blocks[0], &pair), id + (1U << 31)
             + STT_FRAME_IDS_PER_BLOCK);

    /* Where the counter begins anew. */
    for (i = 0; i < STT_FRAME_ID_COUNTERS; i++) {
        ids.drawn[i] = UINT64_C(0x100000000) / STT_FRAME_IDS_PER_BLOCK - 1;
    }
    memset(blocks, 0, sizeof blocks);
    for (i = 0; i < N; i++) {
        numbers[i] = next_id(&ids, &blocks[i / 100 % THREADS], &pair);
        if (i % 100) {
            CHECK(numbers[i] - numbers[i - 1] - 1 < UINT32_MAX / 2);
        }
    }
    CHECK_EQ(count_repeated(numbers, N), 0);
    free(numbers);
}

/* Nobody can tell from his frame ids which ones others get, or how many. */
static void
test_frame_ids_secret(int argc, char *argv[])
{
    enum { PAIRS = 1000, SENT = 300 };
    static const uint64_t seeds[2][2] = { { 1, 2 }, { 1, 3 } };
    static struct stt_frame_id_blocks blocks[2];
    static struct stt_frame_ids ids[2];
    uint32_t first[2][PAIRS], sum[PAIRS], difference[PAIRS];
    struct pair busy = make_pair(PAIRS);
    uint32_t i, j, moved = 0;
    struct pair pair;

    (void) argc, (void) argv;
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
    pair = make_pair(0);
    pair.source[15]++;
    i = next_id(&ids[0], &blocks[0], &pair);
    CHECK(i - first[0][0] > 1000 && first[0][0] - i > 1000);
    memcpy(pair.destination, make_pair(0).source, sizeof pair.destination);
    memcpy(pair.source, make_pair(0).destination, sizeof pair.source);
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

/* Prints all reasons, as users see them. */
static void
test_drops(int argc, char *argv[])
{
    int i, j;

    (void) argc, (void) argv;
    for (i = 0; i < STT_N_DROPS; i++) {
        printf("%s: %s\n", stt_drop_name(i), stt_drop_text(i));
        for (j = 0; j < i; j++) {
            CHECK(strcmp(stt_drop_name(i), stt_drop_name(j)));
            CHECK(strcmp(stt_drop_text(i), stt_drop_text(j)));
        }
    }
    for (i = 0; i < 4; i++) {
        static const int others[] = { -1, STT_N_DROPS, INT_MAX, INT_MIN };

        CHECK_TEXT(stt_drop_name(others[i]), "unknown");
        CHECK_TEXT(stt_drop_text(others[i]), "unknown");
    }
}

/* Prints all events, as users see them. */
static void
test_events(int argc, char *argv[])
{
    int i, j;

    (void) argc, (void) argv;
    for (i = 0; i < STT_N_EVENTS; i++) {
        printf("%s: %s\n", stt_event_name(i), stt_event_text(i));
        for (j = 0; j < i; j++) {
            CHECK(strcmp(stt_event_name(i), stt_event_name(j)));
            CHECK(strcmp(stt_event_text(i), stt_event_text(j)));
        }
    }
    CHECK_TEXT(stt_event_name(STT_N_EVENTS), "unknown");
    CHECK_TEXT(stt_event_text(-1), "unknown");
}

int
main(int argc, char *argv[])
{
    static const struct test_command commands[] = {
        { "segment-write", test_segment_write },
        { "segment-read", test_segment_read },
        { "segment-check", test_segment_check },
        { "segment-arithmetic", test_segment_arithmetic },
        { "frame-header", test_frame_header },
        { "frame-look", test_frame_look },
        { "frame-vlan", test_frame_vlan },
        { "inner", test_inner },
        { "describe", test_describe },
        { "check-offload", test_check_offload },
        { "describe-checked", test_describe_checked },
        { "hash", test_hash },
        { "frame-ids", test_frame_ids },
        { "frame-ids-secret", test_frame_ids_secret },
        { "drops", test_drops },
        { "events", test_events },
    };

    return test_main(argc, argv, commands, ARRAY_SIZE(commands));
}
