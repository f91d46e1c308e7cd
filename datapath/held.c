// SPDX-License-Identifier: GPL-2.0-only
#include "held.h"

#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/skbuff.h>
#include "counters.h"
#include "namespace.h"
#include "stt-budget.h"

enum {
	/* Shards of a table: twice the CPUs, within bounds. */
	STT_MIN_SHARDS = 4,
	STT_MAX_SHARDS = 64,

	/* Time between looks for frames that are too old, and shards that are
	 * looked through before others may run.
	 */
	STT_EXPIRE_INTERVAL = HZ / 4,
	STT_SHARDS_PER_GO = 4,
};

static struct stt_budget stt_budget;

/* What the control block of a packet that is held has in it. */
struct stt_held {
	struct stt_fragment fragment;
	__be16 port;			/* Of the device that counts it. */
};

static struct stt_held *stt_held_of(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct stt_held) > sizeof(skb->cb));
	return (struct stt_held *)skb->cb;
}

/* Returns the packet that was put into a table with 'fragment'. */
struct sk_buff *stt_packet_of(struct stt_fragment *fragment)
{
	struct stt_held *held = container_of(fragment, struct stt_held,
					     fragment);

	return container_of((void *)held, struct sk_buff, cb);
}

/* Returns the time in milliseconds on the clock that reassembly goes by. */
static u64 stt_held_now(void)
{
	return jiffies64_to_msecs(get_jiffies_64());
}

/*
 * Drops the packets of the dead chain 'fragment', each for its own reason.  They
 * count on the device that received them, if that still exists.
 */
static void stt_drop_chain(struct stt_net *sn, struct stt_fragment *fragment)
{
	struct stt_device *stt;

	rcu_read_lock();
	while (fragment) {
		struct stt_fragment *next = fragment->next;
		struct sk_buff *skb = stt_packet_of(fragment);

		stt = stt_net_find_device(sn, stt_held_of(skb)->port);
		if (stt)
			stt_count_drop(stt->dev, fragment->drop);
		stt_free_dropped(skb, fragment->drop);
		fragment = next;
	}
	rcu_read_unlock();
}

/*
 * Drops frames that are too old, of each shard of the table a bounded number.
 * Comes again at once if there are more, later if something is held still, and
 * else when stt_wake_expiry() says so.
 */
static void stt_expire(struct work_struct *work)
{
	struct stt_net *sn = container_of(to_delayed_work(work),
					  struct stt_net, expire);
	struct stt_sweep sweep = { };

	do {
		stt_drop_chain(sn, stt_reassembly_expire_some(
			sn->reassembly, stt_held_now(), STT_SHARDS_PER_GO,
			&sweep));
		cond_resched();
	} while (sweep.next_shard);

	if (sweep.again)
		schedule_delayed_work(&sn->expire, 0);
	else if (!stt_reassembly_is_empty(sn->reassembly))
		schedule_delayed_work(&sn->expire, STT_EXPIRE_INTERVAL);
}

/*
 * To be called when a segment was put into the table of 'sn', afterwards: wakes
 * the worker that drops what is too old, if it sleeps.
 *
 * Whoever put in the first segment of a frame has changed the number of frames,
 * which is a full barrier, before looking here whether the worker is about to
 * run.  That stops to be so, with a full barrier, before the worker runs and reads
 * that number.  So either this sees that it must be woken, or the worker sees
 * the frame.
 */
static void stt_wake_expiry(struct stt_net *sn)
{
	if (!delayed_work_pending(&sn->expire))
		schedule_delayed_work(&sn->expire, STT_EXPIRE_INTERVAL);
}

/*
 * Puts 'skb', at the payload of 'segment', which 'stt' received and whose outer
 * headers had the ECN field 'ecn', into the table under 'key'.  If that completes
 * its frame, returns the fragments of the frame, in order.  Otherwise returns
 * NULL; then 'skb' is held or was dropped.  The caller has bottom halves off.
 */
struct stt_fragment *stt_held_insert(struct stt_device *stt,
				     struct sk_buff *skb,
				     const struct stt_key *key,
				     const struct stt_segment *segment, u8 ecn)
{
	struct stt_net *sn = stt_net(stt->net);
	struct stt_held *held = stt_held_of(skb);
	struct stt_fragment *chain, *dead = NULL;

	/* While it is held, it must keep nothing else from going away. */
	skb->dev = NULL;
	held->port = stt->port;
	held->fragment.charge = skb->truesize;
	held->fragment.ecn = ecn;

	chain = stt_reassembly_insert(sn->reassembly, key, segment,
				      &held->fragment, stt_held_now(), &dead);
	if (dead)
		stt_drop_chain(sn, dead);
	if (!chain)
		stt_wake_expiry(sn);
	return chain;
}

/*
 * Makes the table of 'sn', which has none.  Returns 0 or -ENOMEM.  The caller
 * holds RTNL.
 */
int stt_held_create(struct stt_net *sn)
{
	struct stt_reassembly *reassembly;
	u64 seed[2];

	get_random_bytes(seed, sizeof(seed));
	reassembly = stt_reassembly_create(
		clamp_t(u32, roundup_pow_of_two(2 * num_possible_cpus()),
			STT_MIN_SHARDS, STT_MAX_SHARDS),
		seed, &STT_DEFAULT_LIMITS);
	if (!reassembly)
		return -ENOMEM;
	stt_reassembly_share_budget(reassembly, &stt_budget,
				    stt_net_is_trusted(sn->net));

	mutex_lock(&sn->limits_lock);
	stt_reassembly_set_limits(reassembly, &sn->limits);
	sn->reassembly = reassembly;
	mutex_unlock(&sn->limits_lock);
	return 0;
}

/*
 * Drops all that is held in 'sn', into whose table nobody puts anything any more.
 */
void stt_held_destroy(struct stt_net *sn)
{
	struct stt_reassembly *reassembly;

	cancel_delayed_work_sync(&sn->expire);
	mutex_lock(&sn->limits_lock);
	reassembly = sn->reassembly;
	sn->reassembly = NULL;
	mutex_unlock(&sn->limits_lock);
	stt_drop_chain(sn, stt_reassembly_destroy(reassembly));
}

/* Sets the limits of the table of 'sn', the one there is and those to come. */
void stt_held_set_limits(struct stt_net *sn, const struct stt_limits *limits)
{
	mutex_lock(&sn->limits_lock);
	sn->limits = *limits;
	if (sn->reassembly)
		stt_reassembly_set_limits(sn->reassembly, limits);
	mutex_unlock(&sn->limits_lock);
}

/* Returns the bytes that all tables together may hold. */
u64 stt_held_get_total(void)
{
	return stt_budget_get_limit(&stt_budget, true);
}

/* Sets the bytes that all tables together may hold. */
void stt_held_set_total(u64 bytes)
{
	stt_budget_set_limit(&stt_budget, bytes);
}

/* Sets '*occupancy' to what is held in 'sn', which has a device. */
void stt_held_get_occupancy(const struct stt_net *sn,
			    struct stt_occupancy *occupancy)
{
	stt_reassembly_get_occupancy(sn->reassembly, occupancy);
}

static int __net_init stt_held_init_net(struct net *net)
{
	struct stt_net *sn = stt_net(net);

	mutex_init(&sn->limits_lock);
	sn->limits = STT_DEFAULT_LIMITS;
	INIT_DELAYED_WORK(&sn->expire, stt_expire);
	return 0;
}

static struct pernet_operations stt_held_net_ops = {
	.init = stt_held_init_net,
};

/*
 * Makes the budget.  By default four namespaces may reach their limits at once, as
 * far as that leaves the host most of its memory.  Returns 0 or a negative errno.
 */
int __init stt_held_init(void)
{
	struct sysinfo info;
	int err;

	si_meminfo(&info);
	stt_budget_init(&stt_budget,
			clamp_t(u64, (u64)info.totalram * info.mem_unit / 8,
				STT_MIN_BYTES,
				4 * STT_DEFAULT_BYTES_FOR(STT_PAGE_SIZE)));
	err = register_pernet_subsys(&stt_held_net_ops);
	if (err)
		stt_budget_destroy(&stt_budget);
	return err;
}

void stt_held_exit(void)
{
	unregister_pernet_subsys(&stt_held_net_ops);
	stt_budget_destroy(&stt_budget);
}
