/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_PUSH_H
#define STT_PUSH_H 1

/* Transmit: inner packets become STT frames
 * =========================================
 *
 * What is unfinished about an inner packet, its checksum and its segmentation,
 * is written into the STT frame header and left to the far end.  To Open
 * vSwitch the result is a plain TCP packet, to be segmented by the NIC where
 * that can and userspace TSO is on, and otherwise cut here. */

#include <stdbool.h>

struct dp_packet;
struct dp_packet_batch;
struct ovs_action_push_tnl;

bool stt_push_batch(struct dp_packet_batch *,
                    const struct ovs_action_push_tnl *);

#endif /* stt-push.h */
