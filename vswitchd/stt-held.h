/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_HELD_H
#define STT_HELD_H 1

/* Packets that are held until their frames are whole
 * ===================================================
 *
 * All threads share one reassembly table.  It links fragments, each of which is
 * in the packet that it is about.  A held packet's tunnel metadata has no
 * meaning yet, so that is where its fragment lives.
 *
 * Any thread may put a segment into the table, and the main thread takes out
 * what became too old.  While the table is empty it has no reason to wake up,
 * so the thread that brings the first segment wakes it.  From then on it looks
 * into the table a few times a second, a few shards at a time and a bounded
 * number of segments in each, until the table is found empty.  So frames that
 * come in pieces all the time wake it no more often than that. */

#include <stdint.h>

struct dp_packet;
struct stt_fragment;
struct stt_key;
struct stt_limits;
struct stt_occupancy;
struct stt_segment;

void stt_held_init(void);

struct stt_fragment *stt_held_insert(struct dp_packet *,
                                     const struct stt_key *,
                                     const struct stt_segment *, uint8_t ecn,
                                     uint32_t *n_dropped);
struct dp_packet *stt_packet_of(struct stt_fragment *);

void stt_held_set_limits(const struct stt_limits *);
void stt_held_get_limits(struct stt_limits *);
void stt_held_get_occupancy(struct stt_occupancy *);

void stt_held_expire(void);
void stt_held_run(void);
void stt_held_wait(void);

#endif /* stt-held.h */
