/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_RECEIVE_H
#define STT_RECEIVE_H

/*
 * From the outer IP header to the device
 * ======================================
 *
 * A segment is checked, and reassembled to a frame if it is none by itself.  The
 * device gets the inner packet with the offloads that its frame header describes.
 */

#include <linux/types.h>

struct sk_buff;
struct stt_device;

void stt_receive(struct stt_device *stt, struct sk_buff *skb,
		 unsigned int offset, bool ipv6);

#endif /* receive.h */
