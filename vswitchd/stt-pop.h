/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_POP_H
#define STT_POP_H 1

/* Receive: STT segments become inner packets
 * ==========================================
 *
 * A packet that is a whole frame is popped by itself, without taking a lock.
 * Others go into one reassembly table that all threads share, and the one that
 * completes a frame yields its inner packet.  What the STT frame header says
 * about unfinished checksum and segmentation becomes the packet's own offload
 * state, once it was compared with the packet.
 *
 * One packet in a batch may thus yield none, one, or, if it is a super-packet
 * and userspace TSO is off, several. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dp_packet_batch;
struct netdev;
struct stt_limits;
struct stt_occupancy;
struct stt_sweep;

bool stt_pop_batch(const struct netdev *, struct dp_packet_batch *);
uint32_t stt_get_pop_drops(const struct netdev *, uint32_t shrunk_by);

void stt_set_reassembly_limits(const struct stt_limits *);
void stt_get_reassembly_limits(struct stt_limits *);
void stt_get_reassembly_occupancy(struct stt_occupancy *);
bool stt_has_no_frames(void);
void stt_expire_frames(void);
void stt_expire_some_frames(uint32_t max_shards, struct stt_sweep *);

#endif /* stt-pop.h */
