/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "packet-room.h"

#include "dp-packet.h"
#include "packet-drops.h"
#include "util.h"

/* Most bytes that a buffer can have.  DPDK's own part of an external buffer,
 * and its alignment, take some more. */
static size_t
max_buffer_size(const struct dp_packet *packet)
{
    return packet->source == DPBUF_DPDK ? UINT16_MAX - 128 : UINT16_MAX;
}

/* Returns the headroom, in bytes, to give a packet of 'packet_size' bytes when
 * it is allocated, so that tunnel headers can be pushed without copying it.  It
 * is even, as headers are read and written in units of two bytes. */
uint16_t
packet_get_headroom(uint32_t packet_size)
{
    return packet_size <= UINT16_MAX - PACKET_HEADROOM ? PACKET_HEADROOM
           : packet_size < UINT16_MAX ? (UINT16_MAX - packet_size) & ~1
           : 0;
}

/* Can 'packet' have 'headroom' bytes of headroom, or has it? */
bool
packet_has_room(const struct dp_packet *packet, size_t headroom)
{
    return (dp_packet_headroom(packet) >= headroom
            || dp_packet_size(packet) + headroom <= max_buffer_size(packet));
}

/* Returns how many bytes of headroom 'packet' should get for a header of 'size'
 * bytes: at least 'more', so that there is room for the next header, too, if its
 * buffer can have that. */
size_t
packet_room_for(const struct dp_packet *packet, size_t size, size_t more)
{
    return packet_has_room(packet, MAX(size, more)) ? MAX(size, more) : size;
}

/* Called before 'packet' gets a new buffer with '*headroom' bytes in front of
 * its data and '*tailroom' bytes behind them.  Makes as much less of them, where
 * nobody will miss it, as is needed for the buffer's size to fit into its 16
 * bits.  If that does not do, cuts the end of 'packet' off and refuses
 * it. */
void
packet_room_limit(struct dp_packet *packet, size_t *headroom,
                  size_t *tailroom)
{
    size_t max = max_buffer_size(packet);
    size_t size = dp_packet_size(packet);
    size_t room;

    if (OVS_LIKELY(*headroom + size + *tailroom <= max)) {
        return;
    }
    if (*headroom > dp_packet_headroom(packet)) {
        /* The headroom is what is wanted, and the tailroom would just be
         * kept. */
        *tailroom = *headroom + size < max ? max - *headroom - size : 0;
    } else {
        *headroom = *tailroom + size < max ? max - *tailroom - size : 0;
    }
    room = *headroom + *tailroom;
    if (room + size > max) {
        ovs_assert(room < max);
        dp_packet_set_l2_pad_size(packet, 0);
        dp_packet_set_size(packet, max - room);
        packet_refuse(packet, PACKET_DROP_LENGTH);
    }
}

/* Makes sure that 'packet' has at least 'headroom' bytes of headroom, which with
 * its size must not exceed PACKET_MAX_LEN.  Returns 'packet', or another one in
 * its place if its buffer is of a kind that cannot be replaced. */
struct dp_packet *
packet_make_room(struct dp_packet *packet, size_t headroom)
{
    struct dp_packet *copy;

    if (dp_packet_headroom(packet) >= headroom) {
        return packet;
    }
    if (packet->source == DPBUF_MALLOC) {
        /* Give up tailroom: together they might exceed a buffer's limit. */
        dp_packet_resize(packet, headroom, 0);
        return packet;
    }
    copy = dp_packet_clone_with_headroom(packet, headroom);
    dp_packet_delete(packet);
    return copy;
}
