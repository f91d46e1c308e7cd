/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef STT_DROP_H
#define STT_DROP_H 1

/* Why a packet was dropped
 * ========================
 *
 * One reason for each way a packet can end without being delivered, so that an
 * operator finds every lost packet under exactly one of them.  The unit is the
 * packet as it came in: a received segment (or several that GRO joined), or an
 * inner packet to be sent.
 *
 * Each line has the identifier, the name that users see (also in counters, so
 * it is a C identifier), and an explanation.  A reason that only one datapath
 * has does not exist in the other. */

#include "stt-platform.h"

#define STT_DROP_REASONS                                                     \
    STT_DROP_REASON(OUTER, rx_outer, "bad outer IP header")                  \
    STT_DROP_REASON(TRUNCATED, rx_truncated,                                 \
                    "packet ends within the TCP-like header")                \
    STT_DROP_REASON(DATA_OFFSET, rx_data_offset,                             \
                    "data offset of the TCP-like header is not 5")           \
    STT_DROP_REASON(CHECKSUM, rx_checksum, "bad checksum")                   \
    STT_DROP_REASON(EMPTY, rx_empty, "segment without payload")              \
    STT_DROP_REASON(FRAME_LENGTH, rx_frame_length,                           \
                    "frame length too short for a frame")                    \
    STT_DROP_REASON(BOUNDS, rx_bounds, "segment reaches beyond its frame")   \
    STT_DROP_REASON(DUPLICATE, rx_duplicate, "duplicate segment")            \
    STT_DROP_REASON(OVERLAP, rx_overlap, "frame with overlapping segments")  \
    STT_DROP_REASON(CONFLICT, rx_conflict,                                   \
                    "frame whose segments disagree about its length")        \
    STT_DROP_REASON(SEGMENT_LIMIT, rx_segment_limit,                         \
                    "frame of too many segments")                            \
    STT_DROP_REASON(EXPIRED, rx_expired, "frame not completed in time")      \
    STT_DROP_REASON(SOURCE_LIMIT, rx_source_limit,                           \
                    "limit of bytes held for one source")                    \
    STT_DROP_REASON(BYTE_LIMIT, rx_byte_limit, "limit of bytes held")        \
    STT_DROP_REASON(TOTAL_LIMIT, rx_total_limit,                             \
                    "limit of bytes held in all network namespaces")         \
    STT_DROP_REASON(FRAME_LIMIT, rx_frame_limit, "limit of frames held")     \
    STT_DROP_REASON(NO_MEMORY, rx_no_memory, "out of memory")                \
    STT_DROP_REASON(VERSION, rx_version, "unknown version")                  \
    STT_DROP_REASON(OFFLOAD, rx_offload,                                     \
                    "offload description does not fit the inner packet")     \
    STT_DROP_REASON(MSS, rx_mss, "MSS out of range")                         \
    STT_DROP_REASON(INNER_CHECKSUM, rx_inner_checksum,                       \
                    "super-packet with a bad IPv4 header checksum")          \
    STT_IN_USERSPACE(STT_DROP_REASON(INNER_LENGTH, rx_inner_length,          \
                     "inner packet too long to be sent on"))                 \
    STT_IN_USERSPACE(STT_DROP_REASON(NO_PORT, rx_no_port,                    \
                     "inner packet that no port takes: another "             \
                     "remote_ip, local_ip or key"))                          \
    STT_IN_KERNEL(STT_DROP_REASON(POLICY, rx_policy,                         \
                  "IPsec should have protected the segment"))                \
    STT_IN_KERNEL(STT_DROP_REASON(ECN, rx_ecn,                               \
                  "marked with CE, but the inner packet knows no ECN"))      \
    STT_DROP_REASON(TX_LENGTH, tx_length,                                    \
                    "inner packet too long for a frame")                     \
    STT_DROP_REASON(TX_MTU, tx_mtu, "path MTU too small for the frame")      \
    STT_IN_KERNEL(STT_DROP_REASON(TX_TRUNCATED, tx_truncated,                \
                  "inner packet ends within its IP header"))                 \
    STT_IN_KERNEL(STT_DROP_REASON(TX_METADATA, tx_metadata,                  \
                  "no tunnel metadata"))                                     \
    STT_IN_KERNEL(STT_DROP_REASON(TX_ROUTE, tx_route, "no route"))           \
    STT_IN_KERNEL(STT_DROP_REASON(TX_RECURSION, tx_recursion,                \
                  "too many tunnels in each other"))                         \
    STT_IN_KERNEL(STT_DROP_REASON(TX_NO_MEMORY, tx_no_memory,                \
                  "out of memory"))                                          \
    STT_IN_KERNEL(STT_DROP_REASON(TX_OUTPUT, tx_output,                      \
                  "IP, a firewall or the device dropped the frame"))

enum stt_drop {
    STT_DROP_NONE,              /* Not dropped. */
#define STT_DROP_REASON(ID, NAME, TEXT) STT_DROP_##ID,
    STT_DROP_REASONS
#undef STT_DROP_REASON
    STT_N_DROPS
};

const char *stt_drop_name(enum stt_drop);
const char *stt_drop_text(enum stt_drop);

#endif /* stt-drop.h */
