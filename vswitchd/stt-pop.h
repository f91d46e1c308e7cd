/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_POP_H
#define STT_POP_H 1

/* Receive: STT segments become inner packets
 * ==========================================
 *
 * A packet that is a whole frame is popped by itself, without taking a lock.
 * Others are held (see stt-held.h), and the one that completes a frame yields
 * its inner packet.  What the STT frame header says about unfinished checksum
 * and segmentation becomes the packet's own offload state, once it was compared
 * with the packet.
 *
 * One packet in a batch may thus yield none, one, or, if it is a super-packet
 * and userspace TSO is off, several. */

#include <stdbool.h>
#include <stdint.h>

struct dp_packet_batch;
struct netdev;

bool stt_pop_batch(const struct netdev *, struct dp_packet_batch *);
uint32_t stt_get_pop_drops(const struct netdev *, uint32_t shrunk_by);

#endif /* stt-pop.h */
