/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef STT_EVENT_H
#define STT_EVENT_H 1

/* What a datapath counts besides the packets that it dropped
 * ==========================================================
 *
 * Each line has the identifier, the name that users see (also in counters, so
 * it is a C identifier), and an explanation.  An event that only one datapath
 * has does not exist in the other. */

#include "stt-platform.h"

#define STT_EVENTS                                                           \
    STT_EVENT(RX_WHOLE, rx_whole, "frames received in one piece")            \
    STT_EVENT(RX_SEGMENTS_HELD, rx_segments_held,                            \
              "segments received of other frames")                           \
    STT_EVENT(RX_REASSEMBLED, rx_reassembled, "frames reassembled")          \
    STT_IN_USERSPACE(STT_EVENT(RX_CUT, rx_cut,                               \
                     "super-packets received and cut in software"))          \
    STT_IN_KERNEL(STT_EVENT(RX_ECN_MARKED, rx_ecn_marked,                    \
                  "packets marked with CE, as a segment was"))               \
    STT_IN_KERNEL(STT_EVENT(RX_PATH_MTU, rx_path_mtu,                        \
                  "ICMP messages that were believed"))                       \
    STT_IN_KERNEL(STT_EVENT(RX_ICMP_IGNORED, rx_icmp_ignored,                \
                  "ICMP messages that were not believed"))                   \
    STT_EVENT(TX_FRAMES, tx_frames, "frames sent")                           \
    STT_EVENT(TX_SEGMENTED, tx_segmented,                                    \
              "frames sent that were left to TSO, or cut in software")       \
    STT_EVENT(TX_CUT, tx_cut,                                                \
              "super-packets that no frame header can describe, cut "        \
              "first")

enum stt_event {
#define STT_EVENT(ID, NAME, TEXT) STT_EVENT_##ID,
    STT_EVENTS
#undef STT_EVENT
    STT_N_EVENTS
};

const char *stt_event_name(enum stt_event);
const char *stt_event_text(enum stt_event);

#endif /* stt-event.h */
