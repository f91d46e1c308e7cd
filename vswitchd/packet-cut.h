/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_CUT_H
#define PACKET_CUT_H 1

/* Cutting super-packets that Open vSwitch has no words for
 * ========================================================
 *
 * A dp_packet can be a TCP super-packet, perhaps in a tunnel that Open vSwitch
 * itself put it into.  A guest's kernel also leaves to its device the
 * segmentation of UDP (UDP_SEGMENT), that of TCP and UDP inside of the guest's
 * own tunnels, and that of TCP with CWR, which belongs on the first segment
 * only.  These are cut here. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dp_packet;
struct stt_batch;

/* How a super-packet is to be cut. */
struct packet_cut {
    size_t l4_offset;           /* Of the innermost TCP or UDP header, in bytes
                                 * from the packet's start. */
    uint8_t protocol;           /* What that is: IPPROTO_TCP or IPPROTO_UDP. */
    uint16_t segment_size;      /* Payload of a segment, in bytes. */
    bool cwr_once;              /* CWR is for the first segment alone (RFC
                                 * 3168), not for all (accurate ECN). */
    bool finish;                /* Complete all checksums.  Otherwise those of
                                 * packets that are in no tunnel are left
                                 * unfinished, for the device. */
};

bool packet_cut(const struct dp_packet *, const struct packet_cut *,
                struct stt_batch *out);

#endif /* packet-cut.h */
