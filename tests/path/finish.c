/* SPDX-License-Identifier: Apache-2.0 */
#include "path/finish.h"

#include <stdlib.h>
#include <string.h>

enum { TCP_FIN = 1, TCP_PSH = 8, TCP_CWR = 0x80 };

/* Completes the one checksum that 'offload' names in the packet of 'size' bytes
 * at 'data'.  Returns false if it is not in there. */
static bool
complete_checksum(uint8_t *data, size_t size, const struct layers *layers,
                  const struct offload *offload)
{
    size_t start = offload->checksum_start;
    size_t field = start + offload->checksum_offset;
    uint16_t checksum;

    for (size_t i = 0; i < layers->count; i++) {
        const struct layer *l4 = &layers->list[i];

        if (l4->type == LAYER_SCTP && l4->offset == start
            && offload->checksum_offset == 8) {
            l4_complete(data, layers, i);
            return true;
        }
    }
    if (field + 2 > size) {
        return false;
    }
    checksum = ~sum_fold(sum_bytes(0, data + start, size - start));
    put_u16(data + field, checksum ? checksum : 0xffff);
    return true;
}

/* Makes the headers of 'piece', the 'number'th of those that a packet with
 * 'layers' is cut into, say what is in it. */
static void
write_headers(struct frame *piece, const struct layers *layers, size_t l4,
              uint16_t number)
{
    struct layers own;

    for (size_t i = 0; i < l4; i++) {
        const struct layer *layer = &layers->list[i];
        uint8_t *header = piece->data + layer->offset;

        if (layer->type == LAYER_IPV4) {
            put_u16(header + 2, piece->size - layer->offset);
            put_u16(header + 4, get_u16(header + 4) + number);
            ipv4_complete(header, layer->length);
        } else if (layer->type == LAYER_IPV6) {
            put_u16(header + 4, piece->size - layer->offset - 40);
        } else if (layer->type == LAYER_UDP) {
            put_u16(header + 4, piece->size - layer->offset);
        }
    }
    if (layers->list[l4].type == LAYER_UDP) {
        put_u16(piece->data + layers->list[l4].offset + 4,
                piece->size - layers->list[l4].offset);
    }

    /* From the innermost to the outermost, as the latter is about both. */
    own = *layers;
    for (size_t i = l4 + 1; i-- > 0; ) {
        const struct layer *layer = &own.list[i];
        uint8_t *header = piece->data + layer->offset;

        own.list[i].end = piece->size;
        if (i == l4
            || (layer->type == LAYER_UDP && get_u16(header + 6))) {
            l4_complete(piece->data, &own, i);
        } else if (layer->type == LAYER_GRE && header[0] & 0x80) {
            put_u16(header + 4, 0);
            put_u16(header + 4,
                    ~sum_fold(sum_bytes(0, header,
                                        piece->size - layer->offset)));
        }
    }
}

static bool
cut(const uint8_t *data, size_t size, const struct layers *layers, size_t l4,
    const struct offload *offload, struct frames *out)
{
    const struct layer *layer = &layers->list[l4];
    size_t header_size = layer->offset + layer->length;
    size_t payload = size - header_size;
    size_t n = payload / offload->gso_size + !!(payload % offload->gso_size);
    uint8_t *buffer = malloc(header_size + offload->gso_size);

    if (!buffer) {
        abort();
    }
    memcpy(buffer, data, header_size);
    for (size_t i = 0; i < n; i++) {
        size_t offset = i * offload->gso_size;
        size_t length = (payload - offset < offload->gso_size
                         ? payload - offset : offload->gso_size);
        struct frame *piece;
        uint8_t *header;

        memcpy(buffer + header_size, data + header_size + offset, length);
        frames_add(out, buffer, header_size + length);
        piece = &out->list[out->count - 1];
        header = piece->data + layer->offset;
        if (layer->type == LAYER_TCP) {
            put_u32(header + 4, get_u32(header + 4) + offset);
            if (i && !offload->keep_cwr) {
                header[13] &= ~TCP_CWR;
            }
            if (i < n - 1) {
                header[13] &= ~(TCP_PSH | TCP_FIN);
            }
        }
        write_headers(piece, layers, l4, i);
    }
    free(buffer);
    return true;
}

/* Adds what becomes of the packet of 'size' bytes at 'data', which begins with
 * a header of 'first', when 'offload' is done to it, to 'out'.  Returns false,
 * and adds nothing, if 'offload' does not fit the packet. */
bool
finish(const uint8_t *data, size_t size, enum layer_type first,
       const struct offload *offload, struct frames *out)
{
    uint8_t type = offload->gso_type & ~GSO_ECN;
    struct layers layers;
    bool whole = layers_read(data, size, first, &layers);

    if (type == GSO_NONE) {
        size_t n = out->count;

        frames_add(out, data, size);
        if (offload->flags & OFFLOAD_NEEDS_CHECKSUM
            && !complete_checksum(out->list[n].data, size, &layers, offload)) {
            frame_free(&out->list[n]);
            out->count--;
            return false;
        }
        return true;
    }
    if (!whole || !offload->gso_size || layers.end != size
        || !(offload->flags & OFFLOAD_NEEDS_CHECKSUM)) {
        return false;
    }
    for (size_t i = 2; i < layers.count; i++) {
        const struct layer *layer = &layers.list[i];
        enum layer_type ip = layers.list[i - 1].type;

        if (layer->offset != offload->checksum_start
            || (layer->type != LAYER_TCP && layer->type != LAYER_UDP)
            || offload->checksum_offset != l4_checksum_offset(layer->type)) {
            continue;
        }
        if (type == GSO_TCP4 && layer->type == LAYER_TCP && ip == LAYER_IPV4) {
        } else if (type == GSO_TCP6 && layer->type == LAYER_TCP
                   && (ip == LAYER_IPV6 || ip == LAYER_EXTENSION)) {
        } else if (type == GSO_UDP && layer->type == LAYER_UDP) {
        } else {
            return false;
        }
        if (layer->offset + layer->length == size) {
            return false;       /* There is nothing to cut. */
        }
        return cut(data, size, &layers, i, offload, out);
    }
    return false;
}
