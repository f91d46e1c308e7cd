/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_OFFLOAD_H
#define PACKET_OFFLOAD_H 1

/* Offload state that fits its packet
 * ==================================
 *
 * A packet's unfinished checksums and segmentation are described by flags and
 * by offsets of its headers.  Much changes the one and not the other: a tag or
 * a label that hides the headers from the flow's parser, another header in
 * front, a mirror that cuts the packet's end off.  Open vSwitch's helpers then
 * stop on an assertion, or write where no checksum is.
 *
 * So the state is compared with the packet's own bytes wherever a helper will
 * act on it: before a packet leaves a port, before a tunnel's header is pushed
 * or popped, and before any other checksum is completed.  What the bytes
 * confirm is used, at the offsets that they have.  A packet of which they do
 * not is refused: it is counted, marked, and dropped where it would leave.
 *
 * The hooks into Open vSwitch's own files call these functions. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dp_packet;
struct dp_packet_batch;
struct ovs_action_push_tnl;
struct stt_batch;

void packet_offload_describe(struct dp_packet *, size_t l3_offset,
                             size_t l4_offset, uint8_t protocol,
                             size_t padding, uint16_t segment_size);
bool packet_offload_confirm(struct dp_packet *);
void packet_offload_truncated(struct dp_packet *);
void packet_offload_first_segment(struct dp_packet *,
                                  const struct dp_packet_batch *);
void packet_offload_finish(struct dp_packet *, struct stt_batch *others);

void packet_offload_sending(struct dp_packet_batch *);
void packet_offload_pushing(struct dp_packet_batch *,
                            const struct ovs_action_push_tnl *);
void packet_offload_popping(struct dp_packet_batch *);

#endif /* packet-offload.h */
