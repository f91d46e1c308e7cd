/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_METADATA_H
#define STT_METADATA_H

/*
 * Tunnel metadata of received packets
 * ===================================
 *
 * Nobody changes the metadata that packets carry, as clones of them share it.
 * So all frames that came with the same outer headers can share it too: each
 * device keeps what it made for the flows that it received last.  How often it
 * is referenced then tells whether packets of the flow are still on their way.
 */

#include <linux/skbuff.h>

struct stt_metadata;

struct stt_metadata *stt_metadata_create(void);
void stt_metadata_destroy(struct stt_metadata *metadata);

struct dst_entry *stt_metadata_get(struct stt_metadata *metadata,
				   struct sk_buff *skb, bool ipv6, u8 tos,
				   u64 context_id, bool *alone);

#endif /* metadata.h */
