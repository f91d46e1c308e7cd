/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VNET_HEADER_H
#define VNET_HEADER_H 1

/* What guests' kernels leave to their devices
 * ===========================================
 *
 * With userspace TSO, Linux hands over packets with a virtio_net_hdr in front,
 * which tells of a checksum or a segmentation that the guest's kernel has left
 * to its device.  It is a guest's word: it is compared with the packet, and what
 * Open vSwitch can describe becomes the packet's offload state.  The rest is
 * done here, in software: checksums in odd places (inside of a guest's own
 * tunnels, SCTP), UDP's segmentation, that inside of tunnels, and that of TCP
 * with CWR.  So one packet received may become several.
 *
 * The header is taken when a packet has been read, and applied when all of its
 * batch have been, as meanwhile the packet socket's VLAN tag is put back. */

#include <stdint.h>

struct dp_packet;
struct dp_packet_batch;

int vnet_header_take(struct dp_packet *);
uint64_t vnet_header_apply(struct dp_packet_batch *);
uint64_t vnet_header_failed(const char *netdev_name, int error);

#endif /* vnet-header.h */
