/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_COUNTERS_H
#define STT_COUNTERS_H 1

/* What became of every packet
 * ===========================
 *
 * Each event and each reason to drop a packet is counted twice: as an OVS
 * coverage counter, "stt_NAME" or "stt_drop_NAME", for rates in "ovs-appctl
 * coverage/show", and as an exact total for "ovs-appctl stt/show".  The
 * functions here may be called from any thread. */

#include <stdint.h>

#include "stt-drop.h"
#include "stt-event.h"

struct dp_packet;

void stt_count(enum stt_event);
uint64_t stt_get_event_count(enum stt_event);

void stt_count_drop(enum stt_drop);
void stt_drop_packet(struct dp_packet *, enum stt_drop);
uint64_t stt_get_drop_count(enum stt_drop);

#endif /* stt-counters.h */
