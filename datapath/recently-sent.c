// SPDX-License-Identifier: GPL-2.0-only
#include "recently-sent.h"

#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <net/ipv6.h>

enum {
	/* How long something counts as sent lately, in jiffies: longer than a
	 * packet and the answer to it are under way.
	 */
	RECENT = 4 * HZ,

	/* How often that is written down anew. */
	REFRESH = HZ,

	/* How often one that is in use gives way to another. */
	REPLACE = HZ / 10,

	N_BUCKETS = 512,

	/*
	 * Messages about one pair of addresses that are believed in a second.
	 * Each router on the path that has a narrower link than those before it
	 * sends one, and some more about segments that were under way.  One bound
	 * for all pairs would let a flood about one of them silence the others:
	 * only those in one bucket share it.
	 */
	MAX_BELIEVED = 8,
};

/* One pair of addresses with one mark.  Senders read it without the lock. */
struct entry {
	struct stt_sent_pair pair;
	u32 mark;
	u32 since;		/* In jiffies: when it was written last. */
	u32 largest;		/* Packet since then, in bytes; 0: no entry. */
	u32 largest_before;	/* The same for the time before that. */
} ____cacheline_aligned;

/*
 * All entries of a pair of addresses are in the same bucket, each from the place
 * on that its mark makes its own.
 */
struct bucket {
	spinlock_t lock;	/* For all that is written. */
	u32 replaced;		/* In jiffies. */
	u32 believed_since;	/* In jiffies. */
	u32 n_believed;
	struct entry entries[STT_SENT_MAX_MARKS];
};

struct stt_recently_sent {
	u32 seed;
	struct bucket buckets[N_BUCKETS];
};

/* Returns a store with nothing in it, or NULL if there is no memory. */
struct stt_recently_sent *stt_recently_sent_create(void)
{
	struct stt_recently_sent *sent = kvzalloc(sizeof(*sent), GFP_KERNEL);
	unsigned int i;

	if (!sent)
		return NULL;
	get_random_bytes(&sent->seed, sizeof(sent->seed));
	for (i = 0; i < N_BUCKETS; i++)
		spin_lock_init(&sent->buckets[i].lock);
	return sent;
}

/* The caller has waited until nobody uses 'sent' any more. */
void stt_recently_sent_destroy(struct stt_recently_sent *sent)
{
	kvfree(sent);
}

static struct bucket *stt_bucket_of(struct stt_recently_sent *sent,
				    const struct stt_sent_pair *pair)
{
	u32 hash = __ipv6_addr_jhash(&pair->destination,
				     __ipv6_addr_jhash(&pair->source,
						       sent->seed));

	BUILD_BUG_ON_NOT_POWER_OF_2(N_BUCKETS);
	return &sent->buckets[hash & (N_BUCKETS - 1)];
}

static bool stt_is_for(const struct entry *entry, const struct stt_sent_pair *pair)
{
	return ipv6_addr_equal(&entry->pair.destination, &pair->destination) &&
	       ipv6_addr_equal(&entry->pair.source, &pair->source) &&
	       READ_ONCE(entry->largest);
}

static bool stt_is_recent(const struct entry *entry, u32 now)
{
	return READ_ONCE(entry->largest) &&
	       now - READ_ONCE(entry->since) < RECENT;
}

/*
 * Returns the entry for 'pair' and 'mark', or that which is to become it, or NULL
 * if all are in use and none may give way now.
 */
static struct entry *stt_find(struct bucket *bucket,
			      const struct stt_sent_pair *pair, u32 mark, u32 now)
{
	struct entry *entry, *free = NULL;
	unsigned int i;

	for (i = 0; i < STT_SENT_MAX_MARKS; i++) {
		entry = &bucket->entries[(mark + i) % STT_SENT_MAX_MARKS];
		if (READ_ONCE(entry->mark) == mark && stt_is_for(entry, pair))
			return entry;
		if (!free && !stt_is_recent(entry, now))
			free = entry;
	}
	if (!free && now - READ_ONCE(bucket->replaced) >= REPLACE)
		free = &bucket->entries[mark % STT_SENT_MAX_MARKS];
	return free;
}

/* Returns true if 'entry' says all about a packet of 'length' bytes. */
static bool stt_is_up_to_date(const struct entry *entry,
			      const struct stt_sent_pair *pair, u32 mark,
			      unsigned int length, u32 now)
{
	return READ_ONCE(entry->largest) >= length &&
	       now - READ_ONCE(entry->since) < REFRESH &&
	       READ_ONCE(entry->mark) == mark && stt_is_for(entry, pair);
}

/*
 * Remembers that a packet of 'length' bytes, with its IP header, is sent between
 * the addresses of 'pair' by the route that its 'mark' leads to.
 */
void stt_recently_sent_add(struct stt_recently_sent *sent,
			   const struct stt_sent_pair *pair, u32 mark,
			   unsigned int length)
{
	struct bucket *bucket = stt_bucket_of(sent, pair);
	u32 now = jiffies;
	struct entry *entry = stt_find(bucket, pair, mark, now);

	/* What others change meanwhile makes this wrong now and then: then the
	 * next packet does it.
	 */
	if (!entry || stt_is_up_to_date(entry, pair, mark, length, now) ||
	    !spin_trylock(&bucket->lock))
		return;
	entry = stt_find(bucket, pair, mark, now);
	if (entry && (entry->mark != mark || !stt_is_for(entry, pair))) {
		if (stt_is_recent(entry, now))
			WRITE_ONCE(bucket->replaced, now);
		entry->pair = *pair;
		WRITE_ONCE(entry->mark, mark);
		entry->largest_before = 0;
		WRITE_ONCE(entry->since, now);
		WRITE_ONCE(entry->largest, length);
	} else if (entry && now - entry->since >= REFRESH) {
		entry->largest_before = stt_is_recent(entry, now) ? entry->largest
							      : 0;
		WRITE_ONCE(entry->since, now);
		WRITE_ONCE(entry->largest, length);
	} else if (entry && entry->largest < length) {
		WRITE_ONCE(entry->largest, length);
	}
	spin_unlock(&bucket->lock);
}

/*
 * Sets 'marks' to those with which packets of more than 'mtu' bytes were sent
 * lately between the addresses of 'pair'.  Returns their number.
 */
unsigned int stt_recently_sent_find(struct stt_recently_sent *sent,
				    const struct stt_sent_pair *pair,
				    unsigned int mtu,
				    u32 marks[STT_SENT_MAX_MARKS])
{
	struct bucket *bucket = stt_bucket_of(sent, pair);
	unsigned int i, n = 0;
	u32 now = jiffies;

	spin_lock(&bucket->lock);
	for (i = 0; i < STT_SENT_MAX_MARKS; i++) {
		const struct entry *entry = &bucket->entries[i];

		if (stt_is_for(entry, pair) && stt_is_recent(entry, now) &&
		    max(entry->largest, entry->largest_before) > mtu)
			marks[n++] = entry->mark;
	}
	spin_unlock(&bucket->lock);
	return n;
}

/*
 * Returns true if one more message about segments between the addresses of 'pair'
 * may be believed now, and reckons with that.
 */
bool stt_recently_sent_believe(struct stt_recently_sent *sent,
			       const struct stt_sent_pair *pair)
{
	struct bucket *bucket = stt_bucket_of(sent, pair);
	u32 now = jiffies;
	bool believe;

	spin_lock(&bucket->lock);
	if (now - bucket->believed_since >= HZ) {
		bucket->believed_since = now;
		bucket->n_believed = 0;
	}
	believe = bucket->n_believed < MAX_BELIEVED;
	if (believe)
		bucket->n_believed++;
	spin_unlock(&bucket->lock);
	return believe;
}

/*
 * Values of a counter (see lib/stt-frame-id.h) that a CPU took to make frame ids
 * of, in the order of their time.
 */
struct taken {
	u32 counter;
	u32 first;
	u32 n;
	u32 since;		/* In jiffies. */
};

enum { N_TAKEN = 64 };

struct taken_ids {
	unsigned int last;
	struct taken taken[N_TAKEN];
};

static DEFINE_PER_CPU(struct taken_ids, taken_ids);

/*
 * Remembers that this CPU will send frames with the 'n' values from 'first' on of
 * number 'counter'.
 */
void stt_sent_ids_take(u32 counter, u32 first, u32 n)
{
	struct taken_ids *ids = this_cpu_ptr(&taken_ids);
	struct taken *taken = &ids->taken[ids->last % N_TAKEN];
	u32 now = jiffies;

	if (taken->counter == counter && taken->first + taken->n == first &&
	    now - taken->since < REFRESH) {
		WRITE_ONCE(taken->n, taken->n + n);
		return;
	}
	taken = &ids->taken[(ids->last + 1) % N_TAKEN];
	WRITE_ONCE(taken->counter, counter);
	WRITE_ONCE(taken->first, first);
	WRITE_ONCE(taken->n, n);
	WRITE_ONCE(taken->since, now);
	smp_store_release(&ids->last, ids->last + 1);
}

/*
 * Returns true if it is long ago that the CPU of 'ids' used the values that it
 * took 'i' times before 'last'.
 */
static bool stt_has_ended(const struct taken_ids *ids, unsigned int last,
			  unsigned int i, u32 now)
{
	u32 counter = READ_ONCE(ids->taken[(last - i) % N_TAKEN].counter);

	/* A CPU used its values until it took the next ones of that counter. */
	while (i--) {
		const struct taken *later = &ids->taken[(last - i) % N_TAKEN];

		if (READ_ONCE(later->counter) == counter)
			return now - READ_ONCE(later->since) >= RECENT;
	}
	return false;
}

/*
 * Returns true if a frame whose id was made of 'value' of number 'counter' may have
 * been sent lately, as far as the bits of 'mask', which is one less than a power
 * of 2, tell.
 */
bool stt_sent_ids_have(u32 counter, u32 value, u32 mask)
{
	u32 now = jiffies;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct taken_ids *ids = per_cpu_ptr(&taken_ids, cpu);
		unsigned int last = smp_load_acquire(&ids->last), i;

		for (i = 0; i < N_TAKEN; i++) {
			const struct taken *taken =
				&ids->taken[(last - i) % N_TAKEN];

			if (READ_ONCE(taken->counter) == counter &&
			    ((value - READ_ONCE(taken->first)) & mask) <
			    READ_ONCE(taken->n) &&
			    !stt_has_ended(ids, last, i, now))
				return true;
		}
	}
	return false;
}
