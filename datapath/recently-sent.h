/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_RECENTLY_SENT_H
#define STT_RECENTLY_SENT_H

/*
 * What this host has sent lately
 * ==============================
 *
 * An ICMP message is believed only if it is about a segment that this host can
 * have sent in the last seconds.  For that it is remembered where segments went
 * and how large they were, and which frame ids they had.
 *
 * Whoever sends looks at one cache line, which others look at too and nobody
 * writes but when there is something new, or once in a second.  Memory does not
 * grow: what finds no place is not remembered, and an ICMP message about it not
 * believed, until later packets have found one.
 *
 * All functions but those that create and destroy are called with bottom halves
 * off.
 */

#include <linux/in6.h>
#include <linux/types.h>

enum {
	/* Most marks with which segments of a pair of addresses go. */
	STT_SENT_MAX_MARKS = 4,
};

struct stt_recently_sent;

/* Between which addresses segments went.  Those of IPv4 are mapped. */
struct stt_sent_pair {
	struct in6_addr source;
	struct in6_addr destination;
};

struct stt_recently_sent *stt_recently_sent_create(void);
void stt_recently_sent_destroy(struct stt_recently_sent *sent);
void stt_recently_sent_add(struct stt_recently_sent *sent,
			   const struct stt_sent_pair *pair, u32 mark,
			   unsigned int length);
unsigned int stt_recently_sent_find(struct stt_recently_sent *sent,
				    const struct stt_sent_pair *pair,
				    unsigned int mtu,
				    u32 marks[STT_SENT_MAX_MARKS]);
bool stt_recently_sent_believe(struct stt_recently_sent *sent,
			       const struct stt_sent_pair *pair);

void stt_sent_ids_take(u32 counter, u32 first, u32 n);
bool stt_sent_ids_have(u32 counter, u32 value, u32 mask);

#endif /* recently-sent.h */
