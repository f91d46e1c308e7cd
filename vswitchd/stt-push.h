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
#include <stdint.h>

struct dp_packet;
struct dp_packet_batch;
struct ovs_action_push_tnl;

/* Headroom that a packet should have to be pushed without being copied: STT's
 * headers over IPv6 (92 bytes), a VLAN tag and a virtio_net_hdr, and of the
 * size that keeps the IP header behind an Ethernet header aligned. */
#define STT_HEADROOM 118

uint16_t stt_get_headroom(uint32_t packet_size);

bool stt_push_batch(struct dp_packet_batch *,
                    const struct ovs_action_push_tnl *);

#endif /* stt-push.h */
