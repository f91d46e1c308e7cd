// SPDX-License-Identifier: GPL-2.0-only
#include "selftest.h"

#include <linux/bottom_half.h>
#include "recently-sent.h"
#include "unit/unit.h"

/*
 * What was sent lately
 *
 * The functions under test want bottom halves off, and a check that fails wants
 * them on.
 */

static unsigned int stt_find(struct stt_recently_sent *sent,
			     const struct stt_sent_pair *pair, unsigned int mtu,
			     u32 marks[STT_SENT_MAX_MARKS])
{
	unsigned int n;

	local_bh_disable();
	n = stt_recently_sent_find(sent, pair, mtu, marks);
	local_bh_enable();
	return n;
}

static void stt_add(struct stt_recently_sent *sent,
		    const struct stt_sent_pair *pair, u32 mark,
		    unsigned int length)
{
	local_bh_disable();
	stt_recently_sent_add(sent, pair, mark, length);
	local_bh_enable();
}

static void stt_take(u32 counter, u32 first, u32 n)
{
	local_bh_disable();
	stt_sent_ids_take(counter, first, n);
	local_bh_enable();
}

static bool stt_have(u32 counter, u32 value, u32 mask)
{
	bool have;

	local_bh_disable();
	have = stt_sent_ids_have(counter, value, mask);
	local_bh_enable();
	return have;
}

/* Pairs of addresses, and marks, are found if packets were larger than asked. */
void stt_test_sent_pairs(void)
{
	struct stt_recently_sent *sent = stt_recently_sent_create();
	struct stt_sent_pair pair = { }, reverse = { };
	u32 marks[STT_SENT_MAX_MARKS];
	unsigned int i, n;

	CHECK(sent);
	pair.source.s6_addr[15] = reverse.destination.s6_addr[15] = 1;
	pair.destination.s6_addr[15] = reverse.source.s6_addr[15] = 2;
	CHECK_EQ(stt_find(sent, &pair, 0, marks), 0);

	stt_add(sent, &pair, 7, 1500);
	stt_add(sent, &pair, 7, 100);
	CHECK_EQ(stt_find(sent, &pair, 1500, marks), 0);
	CHECK_EQ(stt_find(sent, &pair, 1499, marks), 1);
	CHECK_EQ(marks[0], 7);
	CHECK_EQ(stt_find(sent, &reverse, 0, marks), 0);
	stt_add(sent, &pair, 7, 9000);
	CHECK_EQ(stt_find(sent, &pair, 8999, marks), 1);

	/* There is no room for more marks, and what is new gets it at times. */
	for (i = 8; i < 100; i++)
		stt_add(sent, &pair, i, 1000);
	CHECK_EQ(stt_find(sent, &pair, 0, marks), STT_SENT_MAX_MARKS);

	/* A second may end meanwhile. */
	local_bh_disable();
	for (i = n = 0; i < 100; i++)
		n += stt_recently_sent_believe(sent, &pair);
	local_bh_enable();
	CHECK(n == 8 || n == 16);
	stt_recently_sent_destroy(sent);
}

/* Ids that were taken are known until others have been taken. */
void stt_test_sent_ids(void)
{
	unsigned int i;

	stt_take(3, 0xffffff00, 256);
	stt_take(3, 0, 256);
	CHECK(!stt_have(3, 0xfffffeff, U32_MAX));
	CHECK(stt_have(3, 0xffffff00, U32_MAX));
	CHECK(stt_have(3, 255, U32_MAX));
	CHECK(!stt_have(3, 256, U32_MAX));
	CHECK(!stt_have(4, 255, U32_MAX));
	CHECK(!stt_have(3, 0x10000, U32_MAX));
	CHECK(stt_have(3, 0x1000f, U16_MAX));
	CHECK(!stt_have(3, 0x10100, U16_MAX));
	for (i = 0; i < 1000; i++)
		stt_take(3, 0x1000 + 512 * i, 256);
	CHECK(!stt_have(3, 0, U32_MAX));
	CHECK(!stt_have(3, 0x1000 + 512 * 900, U32_MAX));
	CHECK(stt_have(3, 0x1000 + 512 * 990, U32_MAX));
	CHECK(stt_have(3, 0x1000 + 512 * 999 + 255, U32_MAX));
	CHECK(!stt_have(3, 0x1000 + 512 * 999 + 256, U32_MAX));

	/* Those of one counter stay known while others take some. */
	stt_take(5, 0x2000, 256);
	stt_take(3, 0x7000000, 256);
	stt_take(5, 0x2100, 256);
	CHECK(stt_have(5, 0x2000, U32_MAX));
	CHECK(stt_have(5, 0x21ff, U32_MAX));
	CHECK(stt_have(3, 0x7000000, U32_MAX));
	CHECK(!stt_have(5, 0x7000000, U32_MAX));
}
