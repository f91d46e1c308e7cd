/* SPDX-License-Identifier: Apache-2.0 */
#include "path/change.h"

#include <string.h>

/* Addresses of Ethernet headers that are put in front of packets. */
const uint8_t pushed_ethernet[12] = {
    2, 0, 0, 0, 0, 0xcc, 2, 0, 0, 0, 0, 0xdd,
};

/* Returns the text of 'action' for a packet with the outermost IP header 'ip',
 * behind which 'l4' is, or LAYER_PAYLOAD if there is none.  Returns NULL if such
 * a packet has no such action, or Open vSwitch no text for it. */
const char *
action_text(enum path_action action, enum layer_type ip, enum layer_type l4)
{
    switch (action) {
    case ACTION_PUSH_VLAN:
        return "push_vlan(vid=5,pcp=3)";
    case ACTION_PUSH_SERVICE_VLAN:
        return "push_vlan(tpid=0x88a8,vid=6,pcp=0)";
    case ACTION_POP_VLAN:
        return "pop_vlan";
    case ACTION_PUSH_NSH:
        return "push_nsh(flags=0,ttl=63,mdtype=1,np=3,spi=0x1234,si=255,"
               "c1=0x11223344,c2=0x0,c3=0x0,c4=0x0)";
    case ACTION_POP_NSH:
        return "pop_nsh()";
    case ACTION_SET_ETHERNET:
        return "set(eth(src=02:00:00:00:00:bb,dst=02:00:00:00:00:aa))";
    case ACTION_SET_IP:
        return ip == LAYER_IPV4 ? "set(ipv4(src=10.9.8.7))"
               : ip == LAYER_IPV6 ? "set(ipv6(src=fd00::99))"
               : NULL;
    case ACTION_SET_TTL:
        return ip == LAYER_IPV4 ? "set(ipv4(ttl=33))"
               : ip == LAYER_IPV6 ? "set(ipv6(hlimit=33))"
               : NULL;
    case ACTION_SET_L4:
        return l4 == LAYER_TCP ? "set(tcp(src=4321))"
               : l4 == LAYER_UDP ? "set(udp(src=4321))"
               : l4 == LAYER_SCTP ? "set(sctp(src=4321))"
               : NULL;
    case ACTION_NONE:
    case ACTION_PUSH_MPLS:
    case ACTION_POP_MPLS:
    case ACTION_ADD_MPLS:
    case ACTION_TRUNC:
    case ACTION_RECIRC:
    case ACTION_COPY:
    case N_ACTIONS:
    default:
        return NULL;
    }
}

/* Replaces the 'n' bytes at 'p', an even number of them, and brings the
 * checksum at 'field' up to date so that it is as right as it was before. */
static void
replace(uint8_t *p, const uint8_t *with, size_t n, uint8_t *field)
{
    uint32_t sum = (uint16_t) ~get_u16(field);

    for (size_t i = 0; i < n; i += 2) {
        sum += (uint16_t) ~get_u16(p + i);
        sum += get_u16(with + i);
    }
    memcpy(p, with, n);
    put_u16(field, ~sum_fold(sum));
}

/* Brings the checksum at 'field' up to date for a change of 'n' bytes that it
 * is about, but that are elsewhere. */
static void
replaced(uint8_t *field, const uint8_t *old, const uint8_t *new, size_t n)
{
    uint8_t copy[16];

    memcpy(copy, old, n);
    replace(copy, new, n, field);
}

/* Finds the outermost IP header, and the index of what is behind its extension
 * headers. */
static const struct layer *
find_ip(const struct layers *layers, size_t *l4)
{
    for (size_t i = 0; i < layers->count; i++) {
        if (is_ip(layers->list[i].type)) {
            *l4 = i + 1;
            while (*l4 < layers->count
                   && layers->list[*l4].type == LAYER_EXTENSION) {
                ++*l4;
            }
            return &layers->list[i];
        }
    }
    return NULL;
}

static void
set_address(uint8_t *data, const struct layers *layers,
            const struct layer *ip, size_t l4)
{
    static const uint8_t new4[4] = { 10, 9, 8, 7 };
    static const uint8_t new6[16] = { 0xfd, [15] = 0x99 };
    bool ipv6 = ip->type == LAYER_IPV6;
    const uint8_t *new = ipv6 ? new6 : new4;
    uint8_t *old = data + ip->offset + (ipv6 ? 8 : 12);
    size_t n = ipv6 ? 16 : 4;

    if (l4 < layers->count) {
        const struct layer *layer = &layers->list[l4];
        uint8_t *field = data + layer->offset
                         + l4_checksum_offset(layer->type);

        if (layer->type == LAYER_TCP
            || (layer->type == LAYER_UDP && get_u16(field))
            || (layer->type == LAYER_ICMP && ipv6)) {
            replaced(field, old, new, n);
            if (layer->type == LAYER_UDP && !get_u16(field)) {
                put_u16(field, 0xffff);
            }
        }
    }
    if (ipv6) {
        memcpy(old, new, n);
    } else {
        replace(old, new, n, data + ip->offset + 10);
    }
}

static void
set_port(uint8_t *data, const struct layer *l4)
{
    static const uint8_t port[2] = { 4321 >> 8, 4321 & 0xff };
    uint8_t *header = data + l4->offset;
    uint8_t *field = header + l4_checksum_offset(l4->type);

    if (l4->type == LAYER_SCTP) {
        size_t n = l4->end - l4->offset;
        uint32_t error = get_u32(field) ^ crc32c_sctp(header, n);

        memcpy(header, port, 2);
        put_u32(field, crc32c_sctp(header, n) ^ error);
    } else if (l4->type == LAYER_UDP && !get_u16(field)) {
        memcpy(header, port, 2);
    } else {
        replace(header, port, 2, field);
        if (l4->type == LAYER_UDP && !get_u16(field)) {
            put_u16(field, 0xffff);
        }
    }
}

/* Returns where VLAN tags end and the Ethernet type of what follows is. */
static size_t
find_ethertype(const struct frame *frame)
{
    size_t offset = 12;

    while (offset + 6 <= frame->size
           && (get_u16(frame->data + offset) == 0x8100
               || get_u16(frame->data + offset) == 0x88a8)) {
        offset += 4;
    }
    return offset;
}

static void
push_label(struct frame *frame, size_t offset, uint32_t label, uint32_t class,
           bool bottom)
{
    uint8_t entry[4];

    put_u32(entry, (label << 12 | class << 9
                    | (uint32_t) bottom << 8 | MPLS_TTL));
    frame_insert(frame, offset, entry, sizeof entry);
}

static void
push_ethernet(struct frame *frame, uint16_t ethertype)
{
    uint8_t type[2];

    put_u16(type, ethertype);
    frame_insert(frame, 0, type, sizeof type);
    frame_insert(frame, 0, pushed_ethernet, sizeof pushed_ethernet);
}

/* Does to 'frame' what 'action' has to.  Returns false if that is not
 * possible. */
bool
change(struct frame *frame, enum path_action action)
{
    static const uint8_t nsh[24] = {
        0x0f, 0xc6, 1, 3, 0, 0x12, 0x34, 255, 0x11, 0x22, 0x33, 0x44,
    };
    size_t type = find_ethertype(frame);
    const struct layer *ip;
    struct layers layers;
    size_t l4 = 0;

    layers_read(frame->data, frame->size, LAYER_ETHERNET, &layers);
    ip = find_ip(&layers, &l4);
    switch (action) {
    case ACTION_PUSH_VLAN:
        frame_insert(frame, 12, (const uint8_t *) "\x81\0\x60\x05", 4);
        return true;
    case ACTION_PUSH_SERVICE_VLAN:
        frame_insert(frame, 12, (const uint8_t *) "\x88\xa8\0\x06", 4);
        return true;
    case ACTION_POP_VLAN:
        if (type == 12) {
            return false;
        }
        frame_remove(frame, 12, 4);
        return true;
    case ACTION_PUSH_MPLS: {
        bool bottom = get_u16(frame->data + type) != 0x8847;

        put_u16(frame->data + type, 0x8847);
        push_label(frame, type + 2, PUSHED_LABEL, 0, bottom);
        return true;
    }
    case ACTION_POP_MPLS: {
        const uint8_t *entry = frame->data + type + 2;

        if (get_u16(frame->data + type) != 0x8847 || frame->size < type + 7) {
            return false;
        }
        if (entry[2] & 1) {
            put_u16(frame->data + type,
                    entry[4] >> 4 == 4 ? 0x0800
                    : entry[4] >> 4 == 6 ? 0x86dd : 0x0806);
        }
        frame_remove(frame, type + 2, 4);
        return true;
    }
    case ACTION_ADD_MPLS:
        push_label(frame, 0, ADDED_LABEL, ADDED_CLASS, true);
        push_ethernet(frame, 0x8847);
        return true;
    case ACTION_PUSH_NSH:
        frame_insert(frame, 0, nsh, sizeof nsh);
        push_ethernet(frame, 0x894f);
        return true;
    case ACTION_POP_NSH:
        if (get_u16(frame->data + 12) != 0x894f || frame->size < 14 + 24) {
            return false;
        }
        frame_remove(frame, 0, 14 + sizeof nsh);
        return true;
    case ACTION_SET_ETHERNET:
        memcpy(frame->data, "\x02\0\0\0\0\xaa\x02\0\0\0\0\xbb", 12);
        return true;
    case ACTION_SET_IP:
        if (!ip) {
            return false;
        }
        set_address(frame->data, &layers, ip, l4);
        return true;
    case ACTION_SET_TTL:
        if (!ip) {
            return false;
        } else if (ip->type == LAYER_IPV6) {
            frame->data[ip->offset + 7] = 33;
        } else {
            uint8_t with[2] = { 33, frame->data[ip->offset + 9] };

            replace(frame->data + ip->offset + 8, with, 2,
                    frame->data + ip->offset + 10);
        }
        return true;
    case ACTION_SET_L4:
        if (!ip || l4 >= layers.count) {
            return false;
        }
        set_port(frame->data, &layers.list[l4]);
        return true;
    case ACTION_NONE:
    case ACTION_TRUNC:
    case ACTION_RECIRC:
    case ACTION_COPY:
        return true;
    case N_ACTIONS:
    default:
        return false;
    }
}
