/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_TAGS_H
#define STT_TAGS_H

#include <linux/if_vlan.h>
#include <linux/skbuff.h>

/*
 * Returns the protocol of what is behind the VLAN tags in 'skb', the first of
 * which is at '*offset' from skb->data if 'protocol' is that of a tag, and sets
 * '*offset' to where that is.  If the packet ends within a tag, returns the
 * protocol of that.
 */
static inline __be16 stt_skip_tags(const struct sk_buff *skb, __be16 protocol,
				   unsigned int *offset)
{
	while (eth_type_vlan(protocol)) {
		const struct vlan_hdr *tag;
		struct vlan_hdr buffer;

		tag = skb_header_pointer(skb, *offset, sizeof(buffer),
					 &buffer);
		if (!tag)
			break;
		protocol = tag->h_vlan_encapsulated_proto;
		*offset += VLAN_HLEN;
	}
	return protocol;
}

#endif /* tags.h */
