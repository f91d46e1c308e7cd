/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_TRANSMIT_H
#define STT_TRANSMIT_H

/*
 * From the device to the host's output
 * ====================================
 *
 * A frame leaves as one TCP super-packet, which the NIC segments, or the stack
 * where the NIC cannot.
 */

#include <linux/netdevice.h>

struct stt_sent_pair;

/*
 * The most bytes of an inner packet that fit into a frame whose outer IPv4
 * packet still has a 16-bit length (IPv6 does not count its own header).
 */
#define STT_MAX_INNER_LEN (65535 - 20 - 20 - 18)

netdev_tx_t stt_transmit(struct sk_buff *skb, struct net_device *dev);
int stt_fill_metadata_dst(struct net_device *dev, struct sk_buff *skb);
bool stt_transmit_has_used_id(const struct stt_sent_pair *pair, u32 id,
			      u32 mask);
void stt_transmit_init(void);

#endif /* transmit.h */
