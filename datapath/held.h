/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_HELD_H
#define STT_HELD_H

/*
 * Packets that are held until their frame is whole
 * ================================================
 *
 * Each namespace that has a device has a reassembly table, within limits of its
 * own, and drops what nobody completes in time.  Anybody may make namespaces, so
 * these limits bound nothing: the tables of all of them take their bytes from one
 * budget.
 */

#include "stt-reassembly.h"

struct sk_buff;
struct stt_device;
struct stt_net;

int stt_held_create(struct stt_net *sn);
void stt_held_destroy(struct stt_net *sn);

struct stt_fragment *stt_held_insert(struct stt_device *stt,
				     struct sk_buff *skb,
				     const struct stt_key *key,
				     const struct stt_segment *segment, u8 ecn);
struct sk_buff *stt_packet_of(struct stt_fragment *fragment);

void stt_held_set_limits(struct stt_net *sn, const struct stt_limits *limits);
u64 stt_held_get_total(void);
void stt_held_set_total(u64 bytes);
void stt_held_get_occupancy(const struct stt_net *sn,
			    struct stt_occupancy *occupancy);

int stt_held_init(void);
void stt_held_exit(void);

#endif /* held.h */
