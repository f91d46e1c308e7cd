/* SPDX-License-Identifier: Apache-2.0 */

/* Fuzz target for all that reads headers.  The input is an MSS in two bytes,
 * for stt_frame_describe(), and a segment from its TCP-like header on.  What
 * is behind that header is taken for a frame, whatever its length and
 * offset. */

#include "stt-frame.h"
#include "stt-inner.h"
#include "stt-segment.h"
#include "stt-test.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Checks what is true of any 'inner' of a packet of 'length' bytes. */
static void
check_bounds(const struct stt_inner *inner, size_t length)
{
    uint32_t l3_header = inner->l4_offset - inner->l3_offset;
    uint32_t l4_header = inner->payload_offset - inner->l4_offset;

    CHECK(inner->n_tags <= 2);
    CHECK_EQ(inner->l3_offset, 14 + 4 * inner->n_tags);
    CHECK(inner->ipv4 ? l3_header >= 20 && l3_header <= 60 : l3_header == 40);
    CHECK(inner->protocol == 6 || inner->protocol == 17);
    CHECK(inner->protocol == 6 ? l4_header >= 20 && l4_header <= 60
          : l4_header == 8);
    CHECK(inner->payload_offset <= inner->end);
    CHECK(inner->end <= length);
}

static void
fuzz_segment(const uint8_t *data, size_t size)
{
    struct stt_segment segment, again;
    uint8_t header[STT_SEGMENT_HEADER_LEN];
    enum stt_drop drop = stt_segment_read(data, size, &segment);

    CHECK_EQ(drop, (size < 20 ? STT_DROP_TRUNCATED
                    : data[12] >> 4 != 5 ? STT_DROP_DATA_OFFSET
                    : STT_DROP_NONE));
    if (drop) {
        return;
    }
    CHECK_EQ(segment.length, size - sizeof header);
    stt_segment_write(header, &segment);
    CHECK_BYTES(header, data, 12);
    CHECK_EQ(stt_segment_read(header, sizeof header, &again), STT_DROP_NONE);
    CHECK_EQ(again.length, 0);

    if (!stt_segment_check(&segment)) {
        CHECK(segment.length > 0);
        CHECK(segment.frame_length >= STT_MIN_FRAME_LEN);
        CHECK((uint64_t) segment.offset + segment.length
              <= segment.frame_length);
    }
}

/* What 'claimed' says is judged in the same way, as 'drop' has it, if no more is
 * at hand of the packet than it takes to be true. */
static void
fuzz_headers(const uint8_t *packet, size_t length,
             const struct stt_frame *claimed, enum stt_drop drop)
{
    size_t available = claimed->l4_offset + STT_TCP_HEADER_LEN;
    struct stt_frame frame = *claimed;
    struct stt_inner inner;
    uint8_t *copy;

    if (available >= length) {
        return;
    }
    copy = test_copy(packet, available);
    CHECK_EQ(stt_frame_check_offload(copy, available, length, &frame, &inner),
             drop);
    free(copy);
}

static void
fuzz_frame(const uint8_t *data, size_t size)
{
    const uint8_t *packet = data + STT_FRAME_HEADER_LEN;
    size_t length = size - STT_FRAME_HEADER_LEN;
    uint8_t header[STT_FRAME_HEADER_LEN];
    struct stt_frame claimed, frame;
    struct stt_inner inner;
    enum stt_drop drop;

    if (stt_frame_read(data, size, &frame)) {
        CHECK(size < STT_MIN_FRAME_LEN || data[0]);
        return;
    }
    CHECK(!(frame.vlan & 0x1000));
    CHECK(frame.has_vlan || !frame.vlan);
    stt_frame_write(header, &frame);
    CHECK_BYTES(header, data, 3);
    CHECK_BYTES(header + 4, data + 4, 2);
    CHECK_BYTES(header + 8, data + 8, 8);

    claimed = frame;
    drop = stt_frame_check_offload(packet, length, length, &frame, &inner);
    fuzz_headers(packet, length, &claimed, drop);
    if (drop) {
        CHECK(frame.flags & STT_FLAG_PARTIAL);
    } else if (!(frame.flags & STT_FLAG_PARTIAL)) {
        CHECK_EQ(frame.mss, 0);
    } else {
        check_bounds(&inner, length);
        CHECK_EQ(frame.l4_offset, inner.l4_offset);
        CHECK_EQ(!!(frame.flags & STT_FLAG_IPV4), inner.ipv4);
        CHECK_EQ(!!(frame.flags & STT_FLAG_TCP), inner.protocol == 6);
        if (frame.mss) {
            CHECK(frame.mss >= 64 && frame.mss < 65535);
            CHECK_EQ(inner.protocol, 6);
            CHECK_EQ(inner.end, length);
            CHECK(inner.end - inner.payload_offset > frame.mss);
            CHECK(inner.end - inner.payload_offset <= 256 * frame.mss);
        }
    }
}

static void
fuzz_packet(const uint8_t *packet, size_t length, uint16_t mss)
{
    struct stt_unfinished unfinished = { 34, STT_TCP_CHECKSUM, mss };
    struct stt_inner inner, again;
    struct stt_frame frame;
    enum stt_drop drop;
    uint32_t payload;

    memset(&frame, 0xff, sizeof frame);
    if (!stt_inner_read(packet, length, length, &inner)) {
        CHECK(!stt_frame_describe(packet, length, length, &unfinished,
                                  &frame));
    } else {
        unfinished.checksum_start = inner.l4_offset;
        unfinished.checksum_offset
            = stt_inner_checksum_offset(inner.protocol);
        check_bounds(&inner, length);
        payload = inner.end - inner.payload_offset;
        if (stt_frame_describe(packet, length, length, &unfinished,
                               &frame)) {
            /* The receiver sees it the same way. */
            CHECK_EQ(frame.mss, mss);
            CHECK_EQ(inner.n_tags, 0);
            CHECK(!mss || payload <= 256 * mss);
            drop = stt_frame_check_offload(packet, length, length, &frame,
                                           &again);
            if (drop == STT_DROP_INNER_CHECKSUM) {
                /* A sender's IPv4 header may still be without checksum. */
                CHECK(payload > mss && inner.ipv4);
                return;
            }
            CHECK_EQ(drop, STT_DROP_NONE);
            CHECK_EQ(frame.mss, payload > mss ? mss : 0);
            CHECK_EQ(again.end, inner.end);
            CHECK_EQ(again.payload_offset, inner.payload_offset);
            return;
        }
        CHECK(mss || inner.n_tags);
    }
    CHECK_EQ(frame.flags, 0);
    CHECK_EQ(frame.l4_offset, 0);
    CHECK_EQ(frame.mss, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t skip = 2 + STT_SEGMENT_HEADER_LEN;

    if (size < 2) {
        return 0;
    }
    fuzz_segment(data + 2, size - 2);
    if (size >= skip) {
        fuzz_frame(data + skip, size - skip);
    }
    skip += STT_FRAME_HEADER_LEN;
    if (size >= skip) {
        fuzz_packet(data + skip, size - skip, data[0] << 8 | data[1]);
    }
    return 0;
}
