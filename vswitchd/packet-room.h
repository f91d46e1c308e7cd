/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_ROOM_H
#define PACKET_ROOM_H 1

/* Room in front of a packet, and what has none
 * ============================================
 *
 * The size of a dp_packet's buffer is a 16-bit number, in bytes.  Nothing in
 * Open vSwitch stops a header from being pushed in front of a packet that
 * fills its buffer: the number wraps, and the next push copies the packet into
 * a buffer of some hundred bytes.  So:
 *
 *   - Whoever knows that a header comes asks packet_make_room() first, and can
 *     drop the packet or cut it.
 *
 *   - dp_packet_resize() asks packet_room_limit(), which never lets the number
 *     wrap.  As dp_packet_resize() cannot fail, a packet for which that would
 *     be needed loses its end and is refused (see packet-drops.h). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dp_packet;

/* Longest packet to which a header can still be pushed, that header included,
 * in bytes.  What is left is for a VLAN tag, a virtio_net_hdr, and what DPDK
 * keeps in a buffer for itself. */
#define PACKET_MAX_LEN 65375

/* Headroom that a packet should have, in bytes, to get a tunnel's headers
 * without being copied: STT's over IPv6 (92 bytes), a VLAN tag and a
 * virtio_net_hdr, and of the size that keeps the IP header behind an Ethernet
 * header aligned. */
#define PACKET_HEADROOM 118

uint16_t packet_get_headroom(uint32_t packet_size);
bool packet_has_room(const struct dp_packet *, size_t headroom);
size_t packet_room_for(const struct dp_packet *, size_t size, size_t more);
void packet_room_limit(struct dp_packet *, size_t *headroom,
                       size_t *tailroom);
struct dp_packet *packet_make_room(struct dp_packet *, size_t headroom);

#endif /* packet-room.h */
