/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_COUNTERS_H
#define STT_COUNTERS_H 1

/* What became of every packet
 * ===========================
 *
 * Each event and each reason to drop a packet is counted twice: as an OVS
 * coverage counter "stt_NAME", for rates in "ovs-appctl coverage/show", and as
 * an exact total for "ovs-appctl stt/show".  The functions here may be called
 * from any thread. */

#include <stdint.h>

#include "stt-drop.h"

struct dp_packet;

#define STT_EVENTS                                                         \
    STT_EVENT(RX_WHOLE, rx_whole, "frames received in one piece")          \
    STT_EVENT(RX_SEGMENTS, rx_segments_held,                               \
              "segments received of other frames")                         \
    STT_EVENT(RX_REASSEMBLED, rx_reassembled, "frames reassembled")        \
    STT_EVENT(RX_CUT, rx_cut,                                              \
              "super-packets received and cut in software")                \
    STT_EVENT(TX_FRAMES, tx_frames, "frames sent")                         \
    STT_EVENT(TX_SEGMENTED, tx_segmented,                                  \
              "frames sent that were left to TSO, or cut in software")     \
    STT_EVENT(TX_CUT, tx_cut,                                              \
              "super-packets that no frame header can describe, cut first")

enum stt_event {
#define STT_EVENT(ID, NAME, TEXT) STT_EVENT_##ID,
    STT_EVENTS
#undef STT_EVENT
    STT_N_EVENTS
};

const char *stt_event_name(enum stt_event);
const char *stt_event_text(enum stt_event);

void stt_count(enum stt_event);
uint64_t stt_get_event_count(enum stt_event);

void stt_count_drop(enum stt_drop);
void stt_drop_packet(struct dp_packet *, enum stt_drop);
uint64_t stt_get_drop_count(enum stt_drop);

#endif /* stt-counters.h */
