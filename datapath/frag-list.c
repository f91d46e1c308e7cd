// SPDX-License-Identifier: GPL-2.0-only
#include "frag-list.h"

#include <linux/mm.h>
#include "compat.h"

/* A packet that others are being appended to. */
struct joint {
	struct sk_buff *head;
	struct sk_buff *tail;		/* 'head', or the last in its list. */
	bool pages_only;		/* In the list. */
};

/* Frees the packets of 'list', with which nothing is lost. */
static void stt_consume_list(struct sk_buff *list)
{
	struct sk_buff *skb, *next;

	skb_list_walk_safe(list, skb, next)
		consume_skb(skb);
}

/* Frees the packets of 'list', which are lost for want of memory. */
static void stt_drop_list(struct sk_buff *list)
{
	struct sk_buff *skb, *next;

	skb_list_walk_safe(list, skb, next)
		stt_kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
}

/*
 * Returns true if somebody else may have the packets in the frag list of 'skb',
 * too: a clone, or what was its clone until pskb_expand_head() parted them.
 */
static bool stt_list_is_shared(const struct sk_buff *skb)
{
	const struct sk_buff *member;

	if (skb_cloned(skb))
		return true;
	skb_walk_frags(skb, member)
		if (skb_shared(member))
			return true;
	return false;
}

/*
 * Takes the frag list off 'skb' and stores it in '*list', NULL if there is
 * none.  The packets in it are nobody else's then.  Returns 0 or -ENOMEM; then
 * 'skb' is as it was.
 */
static int stt_detach(struct sk_buff *skb, struct sk_buff **list)
{
	struct sk_buff *member, *clone, **end = list;

	*list = NULL;
	if (!skb_has_frag_list(skb))
		return 0;

	if (stt_list_is_shared(skb)) {
		/* Others see the same list: leave that to them. */
		skb_walk_frags(skb, member) {
			clone = skb_clone(member, GFP_ATOMIC);
			if (!clone)
				goto no_memory;
			clone->next = NULL;
			*end = clone;
			end = &clone->next;
		}
		if (skb_unclone(skb, GFP_ATOMIC))
			goto no_memory;
		stt_consume_list(skb_shinfo(skb)->frag_list);
	} else {
		*list = skb_shinfo(skb)->frag_list;
	}
	skb_frag_list_init(skb);

	for (member = *list; member; member = member->next) {
		skb->len -= member->len;
		skb->data_len -= member->len;
		skb->truesize -= member->truesize;
	}
	return 0;

no_memory:
	stt_consume_list(*list);
	*list = NULL;
	return -ENOMEM;
}

/* Appends 'skb' to the frag list of 'joint'. */
static void stt_link_packet(struct joint *joint, struct sk_buff *skb)
{
	if (joint->tail == joint->head)
		skb_shinfo(joint->head)->frag_list = skb;
	else
		joint->tail->next = skb;
	skb->next = NULL;
	joint->tail = skb;

	joint->head->len += skb->len;
	joint->head->data_len += skb->len;
	joint->head->truesize += skb->truesize;
}

/* Moves all of 'skb' to the tail of 'joint', and frees 'skb', if that can be. */
static bool stt_coalesce(struct joint *joint, struct sk_buff *skb)
{
	unsigned int len = skb->len;
	bool stolen;
	int delta;

	if (!skb_try_coalesce(joint->tail, skb, &stolen, &delta))
		return false;
	kfree_skb_partial(skb, stolen);

	if (joint->tail != joint->head) {
		joint->head->len += len;
		joint->head->data_len += len;
		joint->head->truesize += delta;
	}
	return true;
}

/*
 * Returns a new packet that has taken over all of 'skb' as pages, or NULL if
 * that cannot be; then 'skb' is as it was.
 */
static struct sk_buff *stt_steal_as_pages(struct sk_buff *skb)
{
	struct sk_buff *carrier = alloc_skb(0, GFP_ATOMIC);
	bool stolen;
	int delta;

	if (!carrier)
		return NULL;
	/* Without tailroom, as there small packets would be copied to. */
	skb_reserve(carrier, skb_tailroom(carrier));
	stt_copy_pp_recycle(carrier, skb);
	if (!skb_try_coalesce(carrier, skb, &stolen, &delta)) {
		consume_skb(carrier);
		return NULL;
	}
	kfree_skb_partial(skb, stolen);
	return carrier;
}

/*
 * Returns a new packet whose only page is the linear data of 'skb', which must
 * be in a page fragment, or NULL.
 */
static struct sk_buff *stt_share_linear(const struct sk_buff *skb)
{
	struct page *page = virt_to_head_page(skb->head);
	struct sk_buff *carrier = alloc_skb(0, GFP_ATOMIC);

	if (!carrier)
		return NULL;
	get_page(page);
	skb_add_rx_frag(carrier, 0, page,
			skb->data - (unsigned char *)page_address(page),
			skb_headlen(skb), skb_headlen(skb));
	return carrier;
}

/* Returns a new packet with a copy, in pages, of the linear data of 'skb'. */
static struct sk_buff *stt_copy_linear(const struct sk_buff *skb)
{
	unsigned int len = skb_headlen(skb);
	struct sk_buff *copy;
	int err;

	copy = alloc_skb_with_frags(0, len, 0, &err, GFP_ATOMIC);
	if (!copy)
		return NULL;
	copy->len = len;
	copy->data_len = len;
	if (skb_store_bits(copy, 0, skb->data, len)) {
		consume_skb(copy);
		return NULL;
	}
	return copy;
}

/*
 * Appends 'skb', which has linear data and no frag list, to the list of 'joint'
 * as pages.  Consumes 'skb'.  Returns 0 or -ENOMEM.
 */
static int stt_append_as_pages(struct joint *joint, struct sk_buff *skb)
{
	struct sk_buff *carrier = stt_steal_as_pages(skb);

	if (carrier) {
		stt_link_packet(joint, carrier);
		return 0;
	}

	/* Too many pages for one packet, or memory that is not ours alone. */
	carrier = (skb->head_frag && !skb_cloned(skb) ? stt_share_linear(skb)
						      : stt_copy_linear(skb));
	if (!carrier) {
		stt_kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
		return -ENOMEM;
	}
	stt_link_packet(joint, carrier);
	__skb_pull(skb, skb_headlen(skb));
	if (!skb->len)
		consume_skb(skb);
	else if (!stt_coalesce(joint, skb))
		stt_link_packet(joint, skb);
	return 0;
}

/* Puts the frag list of 'skb', if it has one, in front of '*list'. */
static int stt_unfold(struct sk_buff *skb, struct sk_buff **list)
{
	struct sk_buff *members, *last;

	if (stt_detach(skb, &members))
		return -ENOMEM;
	if (members) {
		for (last = members; last->next; last = last->next)
			;
		last->next = *list;
		*list = members;
	}
	return 0;
}

/*
 * Appends the packets of 'list' and those in their own frag lists to 'joint',
 * and consumes them.  Returns 0 or -ENOMEM.
 */
static int stt_append_list(struct joint *joint, struct sk_buff *list)
{
	while (list) {
		struct sk_buff *skb = list;

		list = skb->next;
		skb->next = NULL;
		if (stt_unfold(skb, &list)) {
			stt_kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
			goto no_memory;
		}
		if (!skb->len)
			consume_skb(skb);
		else if (stt_coalesce(joint, skb))
			continue;
		else if (!joint->pages_only || !skb_headlen(skb))
			stt_link_packet(joint, skb);
		else if (stt_append_as_pages(joint, skb))
			goto no_memory;
	}
	return 0;

no_memory:
	stt_drop_list(list);
	return -ENOMEM;
}

/*
 * Appends the packets of the list 'others' to 'head', without copying payload,
 * and consumes them.  All are the caller's alone.  Returns 0 or -ENOMEM; then
 * 'head' is still the caller's, but has lost data.
 */
int stt_frag_list_join(struct sk_buff *head, struct sk_buff *others)
{
	struct joint joint = { .head = head, .tail = head };

	if (stt_unfold(head, &others) || skb_unclone(head, GFP_ATOMIC)) {
		stt_drop_list(others);
		return -ENOMEM;
	}
	return stt_append_list(&joint, others);
}

/*
 * Returns true if 'gso_size' adjacent bytes of 'skb' may lie in more pages than
 * one packet can have.
 */
static bool stt_is_scattered(const struct sk_buff *skb, unsigned int gso_size)
{
	/* Of a segment's pages all but the first and the last are whole. */
	enum { WHOLE = MAX_SKB_FRAGS - 1 };
	unsigned int sizes[WHOLE] = { }, sum = 0, n = 0, i;
	const struct sk_buff *packet, *next = skb_shinfo(skb)->frag_list;

	for (packet = skb; packet; packet = next) {
		const struct skb_shared_info *shinfo = skb_shinfo(packet);

		if (packet != skb)
			next = packet->next;
		for (i = 0; i < shinfo->nr_frags; i++) {
			unsigned int size = skb_frag_size(&shinfo->frags[i]);

			sum += size - sizes[n % WHOLE];
			sizes[n % WHOLE] = size;
			if (++n >= WHOLE && sum + 2 <= gso_size)
				return true;
		}
	}
	return false;
}

/* Copies all pages of 'skb' to as few as possible.  Returns 0 or -ENOMEM. */
static int stt_compact(struct sk_buff *skb)
{
	struct joint joint = { .head = skb, .tail = skb, .pages_only = true };
	struct sk_buff *list = NULL, *copy, *members, **end = &list;
	unsigned int offset = skb_headlen(skb);
	int err, i;

	while (offset < skb->len) {
		unsigned int len = min_t(unsigned int, skb->len - offset,
					 MAX_SKB_FRAGS * PAGE_SIZE);

		copy = alloc_skb_with_frags(0, len, 0, &err, GFP_ATOMIC);
		if (!copy)
			goto no_memory;
		*end = copy;
		end = &copy->next;
		copy->len = len;
		copy->data_len = len;
		for (i = 0; i < skb_shinfo(copy)->nr_frags; i++) {
			const skb_frag_t *frag = &skb_shinfo(copy)->frags[i];

			if (skb_copy_bits(skb, offset, skb_frag_address(frag),
					  skb_frag_size(frag)))
				goto no_memory;
			offset += skb_frag_size(frag);
		}
	}
	/* By itself, pskb_trim() would report them as lost. */
	if (stt_detach(skb, &members))
		goto no_memory;
	stt_consume_list(members);
	if (pskb_trim(skb, skb_headlen(skb)))
		goto no_memory;
	return stt_append_list(&joint, list);

no_memory:
	stt_consume_list(list);
	return -ENOMEM;
}

/*
 * Sees to it that 'skb' can be cut to segments of 'gso_size' bytes anywhere:
 * that there are only pages in its frag list, and of those not too many in a
 * segment.  Payload is copied only where it is in no page, where a clone of a
 * packet in the list looks at it, or where buffers are too small.  Returns 0 or
 * -ENOMEM; then 'skb' may have lost data.
 */
int stt_frag_list_make_pages(struct sk_buff *skb, unsigned int gso_size)
{
	struct joint joint = { .head = skb, .tail = skb, .pages_only = true };
	struct sk_buff *member, *list;
	bool pages_only = true;
	int err;

	if (!skb_has_frag_list(skb))
		return 0;
	skb_walk_frags(skb, member)
		pages_only &= !skb_headlen(member) && member->len &&
			      !skb_has_frag_list(member);
	if (!pages_only) {
		/* What it is charged for is going to change. */
		skb_orphan(skb);
		err = stt_detach(skb, &list);
		if (!err)
			err = stt_append_list(&joint, list);
		if (err)
			return err;
	}
	if (!stt_is_scattered(skb, gso_size))
		return 0;
	skb_orphan(skb);
	return stt_compact(skb);
}
