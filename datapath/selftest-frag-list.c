// SPDX-License-Identifier: GPL-2.0-only
#include "selftest.h"

#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/tcp.h>
#include "compat.h"
#include "frag-list.h"
#include "stt-reassembly.h"
#include "stt-segment.h"
#include "unit/reassembly-key.h"
#include "unit/unit.h"

/*
 * Packets joined from others, with payload in buffers of all kinds, and cut: each
 * packet must have the payload that was put into it, whoever else has it too.
 */

enum {
	PATTERN_LEN = 65536,		/* Of the payload of packets. */
	N_PAGES = 64,			/* For payload that is in pages. */
	FULL_PAGES = 17,		/* Most pages of a packet, usually. */
	MAX_WATCHERS = 64,
	HEADERS_LEN = ETH_HLEN + sizeof(struct iphdr) + STT_SEGMENT_HEADER_LEN,
};

static u8 *pattern;			/* PATTERN_LEN bytes like random ones. */
static u8 *copied;			/* As many, for a packet's payload. */

/* Clones of packets, with what must still be in them at the end. */
struct watcher {
	struct sk_buff *skb;
	unsigned int offset;		/* In 'pattern'. */
	bool has_list;
};

static struct watcher watchers[MAX_WATCHERS];
static unsigned int n_watchers;

/* Packets made here that are not yet freed. */
static atomic_t n_packets;

static struct page *pages[N_PAGES];
static unsigned int page_number, page_used;

static void stt_count_free(struct sk_buff *skb)
{
	atomic_dec(&n_packets);
}

/* Returns 'size' bytes of a page that has one more reference then. */
static u8 *stt_take_memory(unsigned int size)
{
	u8 *p;

	size = SKB_DATA_ALIGN(size);
	if (page_used + size > PAGE_SIZE) {
		page_number++;
		page_used = 0;
	}
	CHECK(page_number < N_PAGES);
	get_page(pages[page_number]);
	p = (u8 *)page_address(pages[page_number]) + page_used;
	page_used += size;
	return p;
}

/* Puts 'length' bytes of 'pattern' from 'offset' into the new packet 'skb'. */
static struct sk_buff *stt_fill(struct sk_buff *skb, unsigned int offset,
				unsigned int length, unsigned int tailroom)
{
	CHECK(skb);
	skb->destructor = stt_count_free;
	atomic_inc(&n_packets);
	skb_reserve(skb, skb_tailroom(skb) - length - tailroom);
	skb_put_data(skb, pattern + offset, length);
	return skb;
}

static struct sk_buff *stt_make_linear(unsigned int offset, unsigned int length,
				       unsigned int tailroom)
{
	return stt_fill(alloc_skb(HEADERS_LEN + length + tailroom, GFP_KERNEL),
			offset, length, tailroom);
}

/* The same in a page fragment. */
static struct sk_buff *stt_make_fragment(unsigned int offset,
					 unsigned int length)
{
	unsigned int size = SKB_DATA_ALIGN(HEADERS_LEN + length) +
			    SKB_DATA_ALIGN(sizeof(struct skb_shared_info));

	return stt_fill(build_skb(stt_take_memory(size), size), offset, length,
			0);
}

/* Adds 'n' pages, each with 'size' bytes of payload. */
static struct sk_buff *stt_attach_pages(struct sk_buff *skb,
					unsigned int offset, unsigned int n,
					unsigned int size)
{
	while (n--) {
		u8 *data = stt_take_memory(size);

		memcpy(data, pattern + offset, size);
		skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags,
				virt_to_page(data), offset_in_page(data), size,
				SKB_DATA_ALIGN(size));
		offset += size;
	}
	return skb;
}

/* Kinds of packets.  All their buffers have the same size. */
enum kind {
	EMPTY,
	LINEAR,
	ROOMY,				/* With tailroom. */
	FRAGMENT,			/* Linear, in a page fragment. */
	PAGES,
	LINEAR_PAGES,
	FRAGMENT_PAGES,
	LINEAR_FULL,			/* With all pages that it can have. */
	FRAGMENT_FULL,
	LIST,				/* With linear ones in its frag list. */
	FRAGMENT_LIST,			/* And with others. */
	DEEP_LIST,			/* With lists in its frag list. */
	PAGES_LIST,			/* With pages and nothing in it. */
	PAGES_DEEP_LIST,		/* With such lists in it. */
};

static struct sk_buff *stt_make_skb(enum kind kind, unsigned int offset,
				    unsigned int size);

/* Adds packets of those 'n' kinds to the frag list of 'skb'. */
static struct sk_buff *stt_attach_list(struct sk_buff *skb, unsigned int offset,
				       unsigned int size,
				       const enum kind *kinds, unsigned int n)
{
	struct sk_buff **next = &skb_shinfo(skb)->frag_list;

	offset += skb->len;
	while (n--) {
		struct sk_buff *member = stt_make_skb(*kinds++, offset, size);

		offset += member->len;
		skb->len += member->len;
		skb->data_len += member->len;
		skb->truesize += member->truesize;
		*next = member;
		next = &member->next;
	}
	return skb;
}

static struct sk_buff *stt_make_skb(enum kind kind, unsigned int offset,
				    unsigned int size)
{
	static const enum kind list[] = { LINEAR, ROOMY, LINEAR };
	static const enum kind fragment_list[] = {
		FRAGMENT, FRAGMENT, LINEAR_PAGES, PAGES,
	};
	static const enum kind deep_list[] = { LIST, FRAGMENT_LIST, FRAGMENT };
	static const enum kind pages_list[] = { PAGES, EMPTY, PAGES };
	static const enum kind pages_deep_list[] = { PAGES, PAGES_LIST };

	switch (kind) {
	case EMPTY:
		return stt_make_linear(offset, 0, 0);
	case LINEAR:
		return stt_make_linear(offset, size, 0);
	case ROOMY:
		return stt_make_linear(offset, size, 2 * size);
	case FRAGMENT:
		return stt_make_fragment(offset, size);
	case PAGES:
		return stt_attach_pages(stt_make_linear(offset, 0, 0), offset, 5,
					size);
	case LINEAR_PAGES:
		return stt_attach_pages(stt_make_linear(offset, size, 0),
					offset + size, 3, size);
	case FRAGMENT_PAGES:
		return stt_attach_pages(stt_make_fragment(offset, size),
					offset + size, 3, size);
	case LINEAR_FULL:
		return stt_attach_pages(stt_make_linear(offset, size, 0),
					offset + size, FULL_PAGES, size);
	case FRAGMENT_FULL:
		return stt_attach_pages(stt_make_fragment(offset, size),
					offset + size, FULL_PAGES, size);
	case LIST:
		return stt_attach_list(stt_make_linear(offset, size, 0), offset,
				       size, list, ARRAY_SIZE(list));
	case FRAGMENT_LIST:
		return stt_attach_list(stt_make_fragment(offset, size), offset,
				       size, fragment_list,
				       ARRAY_SIZE(fragment_list));
	case DEEP_LIST:
		return stt_attach_list(stt_make_linear(offset, size, 0), offset,
				       size, deep_list, ARRAY_SIZE(deep_list));
	case PAGES_LIST:
		return stt_attach_list(stt_make_linear(offset, 0, 0), offset,
				       size, pages_list,
				       ARRAY_SIZE(pages_list));
	case PAGES_DEEP_LIST:
		return stt_attach_list(stt_make_linear(offset, 0, 0), offset,
				       size, pages_deep_list,
				       ARRAY_SIZE(pages_deep_list));
	}
	return NULL;
}

/* Who else has a hand on a packet. */
enum others {
	NOBODY,
	CLONE,				/* Of all of it. */
	FORMER_CLONE,			/* Of the packets in its frag list. */
	N_OTHERS
};

static const char * const others_names[N_OTHERS] = {
	"nobody else's", "cloned", "once cloned",
};

/* Gives 'skb', with the payload from 'offset' on, such others. */
static void stt_share(struct sk_buff *skb, unsigned int offset,
		      enum others others)
{
	struct watcher *watcher = &watchers[n_watchers];

	if (others == NOBODY)
		return;
	CHECK(n_watchers < MAX_WATCHERS);
	watcher->skb = skb_clone(skb, GFP_KERNEL);
	watcher->offset = offset;
	watcher->has_list = skb_has_frag_list(skb);
	CHECK(watcher->skb);
	n_watchers++;
	if (others == FORMER_CLONE)
		CHECK(!pskb_expand_head(skb, 0, 0, GFP_KERNEL));
}

/*
 * Checks that 'skb' has, from 'start' on, the 'length' bytes of 'pattern' from
 * 'offset' on, and nothing behind them.
 */
static void stt_check_payload(const struct sk_buff *skb, unsigned int start,
			      unsigned int offset, unsigned int length)
{
	CHECK_EQ(skb->len, start + length);
	CHECK(!skb_copy_bits(skb, start, copied, length));
	CHECK(!memcmp(copied, pattern + offset, length));
}

/* Checks the numbers in 'skb', joined, with only pages in its frag list or not. */
static void stt_check_numbers(const struct sk_buff *skb, bool pages_only)
{
	unsigned int data_len = 0, list_truesize = 0, i, limit;
	const struct sk_buff *member;

	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++)
		data_len += skb_frag_size(&skb_shinfo(skb)->frags[i]);
	/* What is in no list, with what a buffer may have besides payload. */
	limit = SKB_TRUESIZE(skb_end_offset(skb)) + data_len +
		(skb_shinfo(skb)->nr_frags + 1) * 1024;
	skb_walk_frags(skb, member) {
		unsigned int member_data_len = 0;

		for (i = 0; i < skb_shinfo(member)->nr_frags; i++)
			member_data_len +=
				skb_frag_size(&skb_shinfo(member)->frags[i]);
		CHECK_EQ(member->data_len, member_data_len);
		CHECK(member->len);
		CHECK(member->truesize >= member->len);
		CHECK(!skb_has_frag_list(member));
		CHECK(!pages_only || !skb_headlen(member));
		data_len += member->len;
		list_truesize += member->truesize;
	}
	CHECK_EQ(skb->data_len, data_len);
	CHECK(skb->truesize > skb->len);
	CHECK(skb->truesize > list_truesize);
	CHECK(skb->truesize - list_truesize <= limit);
}

/* What is made of which packets. */
struct recipe {
	const char *name;
	unsigned int size;		/* Of a buffer. */
	unsigned int n;			/* Packets. */
	unsigned int n_kinds;
	enum kind kinds[12];		/* Over and over again. */
};

static const struct recipe recipes[] = {
	{ "linear", 1460, 20, 1, { LINEAR } },
	{ "roomy", 200, 20, 1, { ROOMY } },
	{ "fragment", 1448, 20, 1, { FRAGMENT } },
	{ "pages", 333, 12, 1, { PAGES } },
	{ "linear-pages", 500, 12, 1, { LINEAR_PAGES } },
	{ "fragment-pages", 500, 12, 1, { FRAGMENT_PAGES } },
	{ "linear-full", 250, 3, 1, { LINEAR_FULL } },
	{ "fragment-full", 250, 3, 1, { FRAGMENT_FULL } },
	{ "list", 700, 8, 1, { LIST } },
	{ "fragment-list", 400, 4, 1, { FRAGMENT_LIST } },
	{ "deep-list", 300, 3, 1, { DEEP_LIST } },
	{ "large", 9000, 4, 2, { LINEAR, ROOMY } },
	{ "byte", 1, 24, 6,
	  { LINEAR, FRAGMENT_PAGES, ROOMY, LIST, LINEAR_FULL, PAGES } },
	{ "empty", 600, 12, 6,
	  { EMPTY, FRAGMENT, EMPTY, LIST, EMPTY, EMPTY } },
	{ "all", 217, 12, 12,
	  { LINEAR, LINEAR_PAGES, FRAGMENT_FULL, LIST, EMPTY, FRAGMENT,
	    DEEP_LIST, PAGES, FRAGMENT_LIST, ROOMY, LINEAR_FULL,
	    FRAGMENT_PAGES } },
	/* More buffers in a segment than a packet can have. */
	{ "small", 60, 40, 1, { LINEAR } },
	{ "small-fragment", 60, 40, 1, { FRAGMENT } },
	/* Not joined first. */
	{ "list-alone", 1000, 1, 1, { LIST } },
	{ "fragment-list-alone", 1000, 1, 1, { FRAGMENT_LIST } },
	{ "deep-list-alone", 1000, 1, 1, { DEEP_LIST } },
	{ "pages-list-alone", 300, 1, 1, { PAGES_LIST } },
	{ "pages-deep-list-alone", 300, 1, 1, { PAGES_DEEP_LIST } },
};

/* Returns the packet of 'recipe', all the parts of which have such 'others'. */
static struct sk_buff *stt_cook(const struct recipe *recipe, enum others others)
{
	struct sk_buff *head = NULL, *rest = NULL, **next = &rest;
	unsigned int i, offset = 0;

	for (i = 0; i < recipe->n; i++) {
		enum kind kind = recipe->kinds[i % recipe->n_kinds];
		struct sk_buff *skb = stt_make_skb(kind, offset, recipe->size);

		if (i) {
			*next = skb;
			next = &skb->next;
		} else {
			head = skb;
		}
		stt_share(skb, offset, others);
		offset += skb->len;
	}
	if (recipe->n > 1)
		CHECK(!stt_frag_list_join(head, rest));
	stt_check_payload(head, 0, 0, offset);
	if (recipe->n > 1)
		stt_check_numbers(head, false);
	return head;
}

/* Puts the headers of a TCP-like packet in front of 'skb'. */
static void stt_add_headers(struct sk_buff *skb)
{
	const struct stt_segment segment = {
		.source_port = 50000,
		.destination_port = STT_DEFAULT_PORT,
		.frame_id = 0x12345678,
		.frame_length = skb->len,
	};
	struct iphdr *ip;

	CHECK(!skb_cow_head(skb, HEADERS_LEN));
	stt_segment_write(skb_push(skb, STT_SEGMENT_HEADER_LEN), &segment);
	skb_reset_transport_header(skb);
	ip = skb_push(skb, sizeof(*ip));
	skb_reset_network_header(skb);
	memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = sizeof(*ip) / 4;
	ip->ttl = 64;
	ip->protocol = IPPROTO_TCP;
	ip->saddr = htonl(0xc0000201);
	ip->daddr = htonl(0xc0000202);
	ip->tot_len = htons(skb->len);
	ip_send_check(ip);
	eth_zero_addr(skb_push(skb, ETH_HLEN));
	skb_reset_mac_header(skb);
	memset(eth_hdr(skb), 0, ETH_HLEN);
	eth_hdr(skb)->h_proto = htons(ETH_P_IP);
	skb_reset_mac_len(skb);

	skb->protocol = htons(ETH_P_IP);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct tcphdr, check);
	tcp_hdr(skb)->check = ~tcp_v4_check(segment.frame_length +
					    STT_SEGMENT_HEADER_LEN, ip->saddr,
					    ip->daddr, 0);
}

static struct stt_fragment *stt_fragment_of(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct stt_fragment) > sizeof(skb->cb));
	return (struct stt_fragment *)skb->cb;
}

/*
 * Checks the segments of the list 'segments', which were cut with the features
 * 'features', of a frame of 'length' bytes.  Returns their number.
 */
static unsigned int stt_check_segments(struct sk_buff *segments,
				       unsigned int length,
				       unsigned int gso_size,
				       netdev_features_t features)
{
	const unsigned int headers_len = HEADERS_LEN - STT_SEGMENT_HEADER_LEN;
	unsigned int offset = 0, n = 0;
	struct sk_buff *skb;

	for (skb = segments; skb; skb = skb->next) {
		unsigned int payload = min(length - offset, gso_size);
		unsigned int l4_len = skb->len - headers_len;
		const struct iphdr *ip = ip_hdr(skb);
		struct stt_segment segment;

		CHECK(skb_headlen(skb) >= HEADERS_LEN);
		if (features & NETIF_F_TSO)
			payload = skb->len - HEADERS_LEN;
		CHECK_EQ(stt_segment_read(skb_transport_header(skb), l4_len,
					  &segment), STT_DROP_NONE);
		CHECK_EQ(segment.frame_length, length);
		CHECK_EQ(segment.offset, offset);
		CHECK_EQ(segment.length, payload);
		stt_check_payload(skb, HEADERS_LEN, offset, payload);
		if (!(features & NETIF_F_HW_CSUM))
			CHECK_EQ(tcp_v4_check(l4_len, ip->saddr, ip->daddr,
					      skb_checksum(skb, headers_len,
							   l4_len, 0)), 0);
		offset += payload;
		n++;
	}
	CHECK_EQ(offset, length);
	return n;
}

/*
 * Puts the frame of 'length' bytes together again whose segments are those in
 * the list 'segments', every other one first.  Consumes them.
 */
static void stt_put_together(struct sk_buff *segments, unsigned int length)
{
	const struct stt_limits limits = STT_DEFAULT_LIMITS;
	struct stt_reassembly *table = stt_reassembly_create(1, some_seed,
							     &limits);
	struct stt_fragment *whole = NULL, *dead = NULL;
	struct sk_buff *skb, *next, *later = NULL, *head = NULL;
	struct sk_buff *rest = NULL, **end = &rest;
	struct stt_key key = make_key(1, 1);
	bool odd = true;

	CHECK(table);
	while (segments) {
		skb_list_walk_safe(segments, skb, next) {
			struct stt_segment segment;

			odd = !odd;
			if (odd) {
				/* For the second round, in reverse. */
				skb->next = later;
				later = skb;
				continue;
			}
			skb_mark_not_on_list(skb);
			if (skb_transport_offset(skb) > 0)
				__skb_pull(skb, skb_transport_offset(skb));
			stt_segment_read(skb->data, skb->len, &segment);
			__skb_pull(skb, STT_SEGMENT_HEADER_LEN);
			stt_fragment_of(skb)->charge = skb->truesize;
			CHECK(!whole);
			whole = stt_reassembly_insert(table, &key, &segment,
						      stt_fragment_of(skb), 0,
						      &dead);
		}
		segments = later;
		later = NULL;
	}
	CHECK(whole);
	CHECK(!dead);
	CHECK(!stt_reassembly_destroy(table));

	for (; whole; whole = whole->next) {
		skb = container_of((void *)whole, struct sk_buff, cb);
		skb->next = NULL;
		if (head) {
			*end = skb;
			end = &skb->next;
		} else {
			head = skb;
		}
	}
	CHECK(!stt_frag_list_join(head, rest));
	stt_check_payload(head, 0, 0, length);
	stt_check_numbers(head, false);
	CHECK(!stt_frag_list_make_pages(head, 1000));
	stt_check_payload(head, 0, 0, length);
	stt_check_numbers(head, true);
	kfree_skb(head);
}

/* Cuts 'skb', of buffers of 'size' bytes, in several ways. */
static void stt_cut(struct sk_buff *skb, unsigned int size, bool dodgy)
{
	static const netdev_features_t ways[] = {
		0,
		NETIF_F_SG | NETIF_F_HW_CSUM,
		NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_TSO,
	};
	const unsigned int sizes[] = {
		size, size - 1, size / 3, 5 * size, 2 * size + 1,
		24 * size + 20,
	};
	unsigned int length = skb->len, i, n;

	stt_add_headers(skb);
	for (i = 0; i < ARRAY_SIZE(sizes) * ARRAY_SIZE(ways); i++) {
		netdev_features_t features = ways[i % ARRAY_SIZE(ways)];
		unsigned int gso_size = sizes[i / ARRAY_SIZE(ways)];
		struct sk_buff *segments;

		/* TSO would take whole what has no frag list. */
		if (!gso_size || gso_size >= length ||
		    ((features & NETIF_F_TSO) && !skb_has_frag_list(skb)))
			continue;
		CHECK(!stt_frag_list_make_pages(skb, gso_size));
		skb_shinfo(skb)->gso_size = gso_size;
		skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(length, gso_size);
		skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4 |
					    (dodgy ? SKB_GSO_DODGY : 0);
		segments = skb_gso_segment(skb, features);
		CHECK(!IS_ERR_OR_NULL(segments));
		n = stt_check_segments(segments, length, gso_size, features);
		if (n <= STT_MAX_SEGMENTS && (features & NETIF_F_SG) &&
		    gso_size < size)
			stt_put_together(segments, length);
		else
			kfree_skb_list(segments);
	}
}

static void stt_try_recipe(const struct recipe *recipe, enum others before,
			   enum others after)
{
	struct sk_buff *skb;
	unsigned int i, length;

	test_say("%s, %s, joined %s", recipe->name, others_names[before],
		 others_names[after]);
	page_number = 0;
	page_used = 0;
	n_watchers = 0;

	skb = stt_cook(recipe, before);
	stt_share(skb, 0, after);
	length = skb->len;
	CHECK(!stt_frag_list_make_pages(skb, recipe->size));
	stt_check_payload(skb, 0, 0, length);
	stt_check_numbers(skb, true);
	stt_cut(skb, recipe->size, after == NOBODY);
	kfree_skb(skb);

	for (i = 0; i < n_watchers; i++) {
		stt_check_payload(watchers[i].skb, 0, watchers[i].offset,
				  watchers[i].skb->len);
		CHECK_EQ(skb_has_frag_list(watchers[i].skb),
			 watchers[i].has_list);
		kfree_skb(watchers[i].skb);
	}
	for (i = 0; i < N_PAGES; i++)
		CHECK_EQ(page_count(pages[i]), 1);
	CHECK_EQ(atomic_read(&n_packets), 0);
}

void stt_test_frag_list(void)
{
	unsigned int i, before, after;
	u32 random = 1;

	pattern = test_alloc(PATTERN_LEN);
	copied = test_alloc(PATTERN_LEN);
	for (i = 0; i < PATTERN_LEN; i++) {
		random = random * 1664525 + 1013904223;
		pattern[i] = random >> 24;
	}
	for (i = 0; i < N_PAGES; i++) {
		pages[i] = alloc_page(GFP_KERNEL);
		CHECK(pages[i]);
	}

	for (i = 0; i < ARRAY_SIZE(recipes); i++)
		for (before = 0; before < N_OTHERS; before++)
			for (after = 0; after < N_OTHERS; after++)
				stt_try_recipe(&recipes[i], before, after);

	for (i = 0; i < N_PAGES; i++)
		put_page(pages[i]);
	test_free(copied);
	test_free(pattern);
}
