/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_FRAG_LIST_H
#define STT_FRAG_LIST_H

/*
 * Packets joined without copying
 * ==============================
 *
 * A packet that is joined from others has their buffers as pages, as many as
 * it can, and further packets with the rest in its frag list.
 *
 * skb_segment() expects the linear data of a packet in the frag list to end
 * where a segment ends, and panics at others.  That is so after GRO, as long as
 * nobody changes gso_size; here it comes from another header, even from the
 * wire.  So whatever gets a new gso_size must have pages only in its frag list, and
 * not more of them in a segment than one packet can have, or skb_segment() gives
 * up: stt_frag_list_make_pages() sees to both.
 */

#include <linux/skbuff.h>

int stt_frag_list_join(struct sk_buff *head, struct sk_buff *others);
int stt_frag_list_make_pages(struct sk_buff *skb, unsigned int gso_size);

#endif /* frag-list.h */
