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

/* Longest inner packet that is sent and that is received, in bytes.  A
 * dp_packet's buffer is limited to 65,535 bytes, of which DPDK keeps some for
 * itself, and STT's headers over IPv4 still have to fit in.  It also keeps the
 * frame's and the outer IP header's lengths within 16 bits. */
#define STT_MAX_INNER_LEN 65303

uint16_t stt_get_headroom(uint32_t packet_size);

bool stt_push_batch(struct dp_packet_batch *,
                    const struct ovs_action_push_tnl *);

#endif /* stt-push.h */
