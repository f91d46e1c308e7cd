/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "packet-cut.h"

#include <netinet/in.h>

#include "csum.h"
#include "dp-packet.h"
#include "packet-layers.h"
#include "packet-offload.h"
#include "packet-room.h"
#include "packets.h"
#include "stt-batch.h"
#include "stt-compat.h"
#include "stt-inner.h"
#include "stt-platform.h"
#include "util.h"

enum {
    /* Headers with a length or a checksum: a tunnel's IP and UDP or GRE header,
     * or several IP headers behind each other, and the inner ones. */
    MAX_LAYERS = 8,
    GRE_HEADER_LEN = 4,
};

/* Offsets of fields from the start of their headers. */
enum {
    IPV4_LENGTH = 2,
    IPV4_ID = 4,
    IPV4_CHECKSUM = 10,
    IPV6_LENGTH = 4,
    UDP_LENGTH = 4,
    GRE_CHECKSUM = 4,
    TCP_SEQUENCE = 4,
    TCP_FLAGS_LOW = 13,
};

/* Bits. */
enum {
    GRE_HAS_CHECKSUM = 0x8000,
    GRE_HAS_SEQUENCE = 0x1000,
    TCP_FLAG_FIN = 0x01,
    TCP_FLAG_PSH = 0x08,
    TCP_FLAG_CWR = 0x80,
};

/* A header that differs from segment to segment. */
struct layer {
    enum layer_kind { LAYER_IPV4, LAYER_IPV6, LAYER_UDP, LAYER_GRE } kind;
    size_t offset;              /* From the packet's start, in bytes. */
};

struct layers {
    struct layer layer[MAX_LAYERS]; /* From the outermost to the IP header in
                                     * front of the innermost layer 4. */
    size_t n;
    size_t header_len;          /* Of all headers together, in bytes. */
};

static bool
add_layer(struct layers *layers, enum layer_kind kind, size_t offset)
{
    if (layers->n == MAX_LAYERS) {
        return false;
    }
    layers->layer[layers->n++] = (struct layer) { kind, offset };
    return true;
}

static bool
add_ip(struct layers *layers, const struct packet_ip *ip)
{
    return add_layer(layers, ip->ipv4 ? LAYER_IPV4 : LAYER_IPV6, ip->offset);
}

/* Looks for the IP header that belongs to the header of layer 4 at
 * 'cut->l4_offset', behind a tunnel's header that ends not before 'offset'.  It
 * is told by its lengths and protocol, whatever the tunnel. */
static bool
find_inner_ip(const struct dp_packet *packet, const struct packet_cut *cut,
              size_t offset, struct packet_ip *ip)
{
    for (size_t length = IP_HEADER_LEN; length <= 60; length += 4) {
        if (cut->l4_offset >= offset + length
            && packet_read_ip(packet, cut->l4_offset - length, ip)
            && ip->l4_offset == cut->l4_offset
            && ip->protocol == cut->protocol && !ip->fragment
            && ip->end == dp_packet_size(packet)) {
            return true;
        }
    }
    return false;
}

/* Finds the layers of 'packet' down to 'cut->l4_offset'.  Returns false if they
 * are not what they would have to be. */
static bool
find_layers(const struct dp_packet *packet, const struct packet_cut *cut,
            struct layers *layers)
{
    const uint8_t *data = dp_packet_data(packet);
    size_t size = dp_packet_size(packet);
    struct packet_ip ip;
    size_t l4_len;
    size_t offset;

    layers->n = 0;
    if (!packet_find_ip(packet, &offset)) {
        return false;
    }
    for (;;) {
        if (!packet_read_ip(packet, offset, &ip) || ip.fragment
            || ip.end != size || !add_ip(layers, &ip)) {
            return false;
        }
        offset = ip.l4_offset;
        if (offset == cut->l4_offset || offset > cut->l4_offset) {
            break;
        }
        if (ip.protocol == IPPROTO_IPIP || ip.protocol == IPPROTO_IPV6) {
            continue;
        }
        if (ip.protocol == IPPROTO_UDP && packet_l4_header_len(packet, &ip)
            && stt_get_be16(data + offset + UDP_LENGTH) == size - offset) {
            if (!add_layer(layers, LAYER_UDP, offset)) {
                return false;
            }
            offset += UDP_HEADER_LEN;
        } else if (ip.protocol == IPPROTO_GRE
                   && size - offset >= GRE_HEADER_LEN
                   && !(stt_get_be16(data + offset) & GRE_HAS_SEQUENCE)) {
            bool has_checksum
                = (stt_get_be16(data + offset) & GRE_HAS_CHECKSUM) != 0;

            if (size - offset < GRE_HEADER_LEN + 4 * has_checksum
                || (has_checksum && !add_layer(layers, LAYER_GRE, offset))) {
                return false;
            }
            offset += GRE_HEADER_LEN + 4 * has_checksum;
        } else {
            return false;
        }
        if (!find_inner_ip(packet, cut, offset, &ip) || !add_ip(layers, &ip)) {
            return false;
        }
        break;
    }
    l4_len = packet_l4_header_len(packet, &ip);
    if (ip.l4_offset != cut->l4_offset || ip.protocol != cut->protocol
        || !l4_len
        || (ip.protocol == IPPROTO_UDP
            && stt_get_be16(data + ip.l4_offset + UDP_LENGTH)
               != size - ip.l4_offset)) {
        return false;
    }
    layers->header_len = ip.l4_offset + l4_len;
    return true;
}

/* Returns the sum of the pseudo header for 'length' bytes of 'protocol' over the
 * IP header at 'ip'. */
static uint32_t
sum_pseudo_header(const uint8_t *ip, enum layer_kind kind, uint8_t protocol,
                  size_t length)
{
    uint32_t sum = (kind == LAYER_IPV4 ? csum_continue(0, ip + 12, 8)
                    : csum_continue(0, ip + 8, 32));

    return csum_add16(csum_add16(sum, htons(protocol)), htons(length));
}

/* Stores 'checksum' at 'p'.  For UDP, where 0 means that there is none, it is
 * stored in its other form. */
static void
put_checksum(uint8_t *p, ovs_be16 checksum, bool udp)
{
    if (udp && !checksum) {
        checksum = OVS_BE16_MAX;
    }
    memcpy(p, &checksum, sizeof checksum);
}

/* Brings the lengths, identification and header checksum of 'layer' up to date
 * in 'segment', which is number 'index'. */
static void
update_layer(struct dp_packet *segment, const struct layer *layer,
             size_t index)
{
    uint8_t *p = (uint8_t *) dp_packet_data(segment) + layer->offset;
    size_t length = dp_packet_size(segment) - layer->offset;

    switch (layer->kind) {
    case LAYER_IPV4:
        stt_put_be16(p + IPV4_LENGTH, length);
        stt_put_be16(p + IPV4_ID, stt_get_be16(p + IPV4_ID) + index);
        stt_put_be16(p + IPV4_CHECKSUM, 0);
        put_checksum(p + IPV4_CHECKSUM, csum(p, (p[0] & 0x0f) * 4), false);
        break;

    case LAYER_IPV6:
        stt_put_be16(p + IPV6_LENGTH, length - IPV6_HEADER_LEN);
        break;

    case LAYER_UDP:
        stt_put_be16(p + UDP_LENGTH, length);
        break;

    case LAYER_GRE:
        break;
    }
}

/* Adds what 'segment' has from 'offset' on to 'sum'.  Its layer 4 is complete:
 * together with the sum of its pseudo header, 'inner_sum', it comes to nothing, so
 * it need not be read again. */
static uint32_t
sum_to_end(const struct dp_packet *segment, const struct packet_cut *cut,
           size_t offset, uint32_t inner_sum, uint32_t sum)
{
    const uint8_t *data = dp_packet_data(segment);
    size_t length = cut->l4_offset - offset;

    if (length % 2) {
        return csum_continue(sum, data + offset,
                             dp_packet_size(segment) - offset);
    }
    return csum_add16(csum_continue(sum, data + offset, length),
                      csum_finish(inner_sum));
}

/* Completes the checksum of the tunnel header 'layer' in 'segment', if it has
 * one, in which all behind it is complete.  'ip' is the IP header in front of
 * it, and 'inner_sum' the sum of the innermost pseudo header. */
static void
finish_tunnel(struct dp_packet *segment, const struct packet_cut *cut,
              const struct layer *layer, const struct layer *ip,
              uint32_t inner_sum)
{
    uint8_t *data = dp_packet_data(segment);
    uint8_t *p = data + layer->offset;
    size_t length = dp_packet_size(segment) - layer->offset;
    uint32_t sum = 0;

    if (layer->kind == LAYER_UDP && stt_get_be16(p + STT_UDP_CHECKSUM)) {
        sum = sum_pseudo_header(data + ip->offset, ip->kind, IPPROTO_UDP,
                                length);
        stt_put_be16(p + STT_UDP_CHECKSUM, 0);
        sum = sum_to_end(segment, cut, layer->offset, inner_sum, sum);
        put_checksum(p + STT_UDP_CHECKSUM, csum_finish(sum), true);
    } else if (layer->kind == LAYER_GRE) {
        stt_put_be16(p + GRE_CHECKSUM, 0);
        sum = sum_to_end(segment, cut, layer->offset, inner_sum, sum);
        put_checksum(p + GRE_CHECKSUM, csum_finish(sum), false);
    }
}

/* Brings the TCP or UDP header of 'segment', which is number 'index' and starts
 * 'payload_offset' bytes behind the super-packet's payload, up to date, but for
 * its checksum, which becomes the complete one if 'finish', else the sum of the
 * pseudo header. */
static void
update_l4(struct dp_packet *segment, const struct packet_cut *cut,
          const struct layer *ip, size_t index, size_t payload_offset,
          bool last, bool finish)
{
    uint8_t *data = dp_packet_data(segment);
    uint8_t *l4 = data + cut->l4_offset;
    size_t length = dp_packet_size(segment) - cut->l4_offset;
    bool udp = cut->protocol == IPPROTO_UDP;
    uint8_t *checksum;
    uint32_t sum;

    if (udp) {
        stt_put_be16(l4 + UDP_LENGTH, length);
        checksum = l4 + STT_UDP_CHECKSUM;
    } else {
        stt_put_be32(l4 + TCP_SEQUENCE,
                     stt_get_be32(l4 + TCP_SEQUENCE) + payload_offset);
        if (!last) {
            l4[TCP_FLAGS_LOW] &= ~(TCP_FLAG_FIN | TCP_FLAG_PSH);
        }
        if (index && cut->cwr_once) {
            l4[TCP_FLAGS_LOW] &= ~TCP_FLAG_CWR;
        }
        checksum = l4 + STT_TCP_CHECKSUM;
    }

    sum = sum_pseudo_header(data + ip->offset, ip->kind, cut->protocol, length);
    stt_put_be16(checksum, 0);
    if (finish) {
        put_checksum(checksum, csum_finish(csum_continue(sum, l4, length)), udp);
    } else {
        put_checksum(checksum, (OVS_FORCE ovs_be16) ~csum_finish(sum), udp);
    }
}

/* Makes the segment of 'packet' that is number 'index' and has 'length' bytes of
 * its payload from 'payload_offset' on. */
static struct dp_packet *
make_segment(const struct dp_packet *packet, const struct packet_cut *cut,
             const struct layers *layers, size_t index, size_t payload_offset,
             size_t length)
{
    const uint8_t *data = dp_packet_data(packet);
    size_t size = layers->header_len + length;
    bool last = size + payload_offset == dp_packet_size(packet);
    bool finish = cut->finish || layers->n > 1;
    const struct layer *ip = &layers->layer[layers->n - 1];
    struct dp_packet *segment
        = dp_packet_new_with_headroom(size, packet_get_headroom(size));
    uint32_t inner_sum;

    dp_packet_put(segment, data, layers->header_len);
    dp_packet_put(segment, data + layers->header_len + payload_offset, length);
    segment->packet_type = packet->packet_type;
    for (size_t i = 0; i < layers->n; i++) {
        update_layer(segment, &layers->layer[i], index);
    }
    update_l4(segment, cut, ip, index, payload_offset, last, finish);
    inner_sum = sum_pseudo_header((const uint8_t *) dp_packet_data(segment)
                                  + ip->offset, ip->kind, cut->protocol,
                                  size - cut->l4_offset);
    for (size_t i = layers->n; i-- > 1; ) {
        finish_tunnel(segment, cut, &layers->layer[i], &layers->layer[i - 1],
                      inner_sum);
    }
    if (!finish) {
        packet_offload_describe(segment, ip->offset, cut->l4_offset,
                                cut->protocol, 0, 0);
    }
    return segment;
}

/* Cuts 'packet' as 'cut' says, and adds its segments to 'out'; 'packet' stays
 * the caller's, as it is.  Their headers' lengths, IPv4 identifications (one more
 * each), sequence numbers and flags are those that the sender's kernel would
 * have given them.  Returns false, and adds nothing, if the headers of 'packet'
 * are not what 'cut' takes them for, or do not agree with its length. */
bool
packet_cut(const struct dp_packet *packet, const struct packet_cut *cut,
           struct stt_batch *out)
{
    struct layers layers;
    size_t payload;
    size_t index = 0;

    if (!cut->segment_size || !find_layers(packet, cut, &layers)) {
        return false;
    }
    payload = dp_packet_size(packet) - layers.header_len;
    if (!payload
        || DIV_ROUND_UP(payload, cut->segment_size) > PACKET_MAX_SEGMENTS) {
        return false;
    }
    for (size_t offset = 0; offset < payload; offset += cut->segment_size) {
        size_t length = MIN(payload - offset, cut->segment_size);

        stt_batch_add(out, make_segment(packet, cut, &layers, index++, offset,
                                        length));
    }
    return true;
}
