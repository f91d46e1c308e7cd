/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */

/* Tests of stt-inner.h. */

#include "stt-inner.h"
#include "shape.h"
#include "unit.h"
#include "unit-tests.h"

/* Reads a packet of 'length' bytes of which only the first 'available' ones are
 * there. */
static bool
inner_read_headers(size_t available, size_t length, struct stt_inner *inner)
{
    return stt_inner_read(test_at_edge(packet, available), available, length,
                          inner);
}

/* Reads the 'length' bytes of 'packet' with nothing behind them, and with no more
 * of them than what is enough for any headers. */
static bool
inner_read(size_t length, struct stt_inner *inner)
{
    bool ok = stt_inner_read(test_at_edge(packet, length), length, length,
                             inner);

    if (length > STT_INNER_HEADERS_LEN) {
        struct stt_inner of_headers;

        CHECK_EQ(inner_read_headers(STT_INNER_HEADERS_LEN, length,
                                    &of_headers), ok);
        CHECK(!ok || (of_headers.ipv4 == inner->ipv4
                      && of_headers.protocol == inner->protocol
                      && of_headers.n_tags == inner->n_tags
                      && of_headers.l3_offset == inner->l3_offset
                      && of_headers.l4_offset == inner->l4_offset
                      && of_headers.payload_offset == inner->payload_offset
                      && of_headers.end == inner->end));
    }
    return ok;
}

/* Changes the length in the IP header to that of an IP packet that ends at
 * 'end'. */
static void
set_ip_end(const struct shape *shape, size_t end)
{
    uint8_t *ip = packet + l3_offset(shape);

    if (shape->ipv6) {
        stt_put_be16(ip + 4, end - l4_offset(shape));
    } else {
        stt_put_be16(ip + 2, end - l3_offset(shape));
    }
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
            set_ip_end(shape, i);
            CHECK(!inner_read(i, &inner));
            CHECK(!inner_read(length, &inner));
        }
    }

    /* Lying about its length. */
    if (shape->padding == 9 && shape->payload == 1) {
        for (i = l4_offset(shape); i < length + 20; i++) {
            set_ip_end(shape, i);
            CHECK_EQ(inner_read(length, &inner),
                     i >= (size_t) payload_offset(shape) && i <= length);
        }
    }

    /* TCP's data offset. */
    if (shape->protocol == 6 && shape->padding == 9) {
        make_packet(shape);
        for (i = 0; i < 16; i++) {
            packet[l4_offset(shape) + 12] = i << 4;
            CHECK_EQ(inner_read(length, &inner),
                     i >= 5 && l4_offset(shape) + i * 4
                               <= (size_t) ip_end(shape));
        }
    }
}

void
test_inner(void)
{
    struct shape v4 = { false, 6, 0, 8, 12, 50, 10 };
    struct shape v6 = { true, 6, 0, 0, 12, 50, 10 };
    struct stt_inner inner;
    size_t length;
    uint32_t i;

    CHECK_EQ(STT_INNER_HEADERS_LEN, 14 + 8 + 60 + 20);
    for_each_shape(inner_shape);

    /* Ethertypes. */
    length = make_packet(&v4);
    for (i = 0; i <= UINT16_MAX; i++) {
        stt_put_be16(packet + 12, i);
        CHECK_EQ(inner_read(length, &inner), i == 0x0800);
    }
    length = make_packet(&v6);
    for (i = 0; i <= UINT16_MAX; i++) {
        stt_put_be16(packet + 12, i);
        CHECK_EQ(inner_read(length, &inner), i == 0x86dd);
    }
    v4.n_tags = 1;
    length = make_packet(&v4);
    for (i = 0; i <= UINT16_MAX; i++) {
        stt_put_be16(packet + 12, i);
        CHECK_EQ(inner_read(length, &inner), i == 0x8100 || i == 0x88a8);
    }
    v4.n_tags = 3;
    CHECK(!inner_read(make_packet(&v4), &inner));
    v4.n_tags = 200;
    length = make_packet(&v4);
    for (i = 0; i <= length; i++) {
        CHECK(!inner_read(i, &inner));
    }
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
        stt_put_be16(packet + 16, i);
        CHECK_EQ(inner_read(length, &inner),
                 i >= 28 + 32 && i <= 28 + 32 + 50 + 10);
        if (i >= 28 + 32 && i <= 28 + 32 + 50 + 10) {
            CHECK_EQ(inner.end, 14 + i);
        }
    }
    length = make_packet(&v6);
    for (i = 0; i <= UINT16_MAX; i++) {
        stt_put_be16(packet + 18, i);
        CHECK_EQ(inner_read(length, &inner), i >= 32 && i <= 32 + 50 + 10);
    }

    /* Fragments.  "Don't fragment" and the reserved bit are no fragments. */
    length = make_packet(&v4);
    for (i = 0; i <= UINT16_MAX; i++) {
        stt_put_be16(packet + 20, i);
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
