/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#include "shape.h"

uint8_t packet[MAX_PACKET];

/* Writes 'shape' into 'packet' and returns its length. */
size_t
make_packet(const struct shape *shape)
{
    uint8_t *ip = packet + l3_offset(shape);
    uint8_t *l4 = packet + l4_offset(shape);
    int length = ip_end(shape) + shape->padding;
    uint32_t sum = 0;
    int i;

    CHECK(length <= MAX_PACKET);
    test_say("IPv%d, protocol %d, %d tags, options %d and %d, payload %d, "
             "padding %d", shape->ipv6 ? 6 : 4, shape->protocol, shape->n_tags,
             shape->ip_options, shape->tcp_options, shape->payload,
             shape->padding);

    /* Values that never mean something by chance, all headers unlike. */
    memset(packet, 0x2b, length);
    for (i = 0; i < shape->n_tags; i++) {
        stt_put_be16(packet + 12 + 4 * i, (i % 2 || shape->n_tags == 1
                                           ? 0x8100 : 0x88a8));
    }
    stt_put_be16(ip - 2, shape->ipv6 ? 0x86dd : 0x0800);
    if (shape->ipv6) {
        ip[0] = 0x6b;
        stt_put_be16(ip + 4, ip_end(shape) - l4_offset(shape));
        ip[6] = shape->protocol;
    } else {
        ip[0] = 0x40 | (20 + shape->ip_options) / 4;
        stt_put_be16(ip + 2, ip_end(shape) - l3_offset(shape));
        stt_put_be16(ip + 6, 0);
        ip[9] = shape->protocol;
        stt_put_be16(ip + 10, 0);
        for (i = 0; i < 20 + shape->ip_options; i += 2) {
            sum += ip[i] << 8 | ip[i + 1];
            sum = (sum & 0xffff) + (sum >> 16);
        }
        stt_put_be16(ip + 10, ~sum);
    }
    if (shape->protocol == 6) {
        l4[12] = (20 + shape->tcp_options) / 4 << 4 | 0xf;
    } else if (shape->protocol == 17) {
        stt_put_be16(l4 + 4, 8 + shape->payload);
    }
    return length;
}

/* Calls 'visit' with every shape. */
void
for_each_shape(void (*visit)(const struct shape *))
{
    static const int payloads[] = { 0, 1, 100, 3000 };
    struct shape shape;
    size_t j;
    int i;

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
                    for (j = 0; j < ARRAY_SIZE(payloads); j++) {
                        shape.payload = payloads[j];
                        for (shape.padding = 0; shape.padding <= 18;
                             shape.padding += 9) {
                            visit(&shape);
                        }
                    }
                }
            }
        }
    }
    test_context[0] = '\0';
}

/* Checks that 'inner' is what is to be read in a packet of 'shape'. */
void
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
