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

/* Reasons to drop that only ovs-vswitchd has, beside those of the library. */
#define STT_VSWITCHD_DROP_REASONS                                          \
    STT_DROP_REASON(RX_INNER_LENGTH, rx_inner_length,                      \
                    "inner packet too long to be sent on")                 \
    STT_DROP_REASON(RX_NO_PORT, rx_no_port,                                \
                    "inner packet that no port takes: another remote_ip, " \
                    "local_ip or key")

/* Continues enum stt_drop. */
enum stt_vswitchd_drop {
    STT_VSWITCHD_DROP_FIRST = STT_N_DROPS - 1,
#define STT_DROP_REASON(ID, NAME, TEXT) STT_DROP_##ID,
    STT_VSWITCHD_DROP_REASONS
#undef STT_DROP_REASON
    STT_N_VSWITCHD_DROPS
};

const char *stt_event_name(enum stt_event);
const char *stt_event_text(enum stt_event);

void stt_count(enum stt_event);
uint64_t stt_get_event_count(enum stt_event);

/* In these a drop is an enum stt_drop or an enum stt_vswitchd_drop. */
const char *stt_any_drop_name(unsigned int drop);
const char *stt_any_drop_text(unsigned int drop);
void stt_count_drop(unsigned int drop);
void stt_drop_packet(struct dp_packet *, unsigned int drop);
uint64_t stt_get_drop_count(unsigned int drop);

#endif /* stt-counters.h */
