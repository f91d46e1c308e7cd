// SPDX-License-Identifier: GPL-2.0-only
#include "namespace.h"

#include <linux/netdevice.h>
#include <linux/random.h>
#include <net/netns/generic.h>
#include "compat.h"
#include "device.h"
#include "input-route.h"
#include "limits.h"
#include "receive.h"
#include "recently-sent.h"

enum {
	/* Shards of the reassembly table: twice the CPUs, within bounds. */
	STT_MIN_SHARDS = 4,
	STT_MAX_SHARDS = 64,

	/* Time between looks for frames that are too old, and shards that are
	 * looked through before others may run.
	 */
	STT_EXPIRE_INTERVAL = HZ / 4,
	STT_SHARDS_PER_GO = 4,
};

static unsigned int stt_net_id __read_mostly;

struct stt_net *stt_net(const struct net *net)
{
	return net_generic(net, stt_net_id);
}

/* Returns the time in milliseconds on the clock that reassembly goes by. */
u64 stt_net_now(void)
{
	return jiffies64_to_msecs(get_jiffies_64());
}

/*
 * Returns the device for 'port', in network byte order, or NULL.  The caller
 * holds RTNL or is in an RCU read-side critical section, in which alone the
 * device may be used.
 */
struct stt_device *stt_net_find_device(const struct stt_net *sn, __be16 port)
{
	struct stt_device *stt;

	hlist_for_each_entry_rcu(stt, &sn->devices, in_net,
				 lockdep_rtnl_is_held()) {
		if (stt->port == port)
			return stt;
	}
	return NULL;
}

/*
 * Drops frames that are too old, of each shard of the table a bounded number.
 * Comes again at once if there are more, later if something is held still, and
 * else when stt_net_frame_held() says so.
 */
static void expire(struct work_struct *work)
{
	struct stt_net *sn = container_of(to_delayed_work(work),
					  struct stt_net, expire);
	struct stt_sweep sweep = { };

	do {
		stt_receive_drop_chain(sn, stt_reassembly_expire_some(
			sn->reassembly, stt_net_now(), STT_SHARDS_PER_GO,
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
void stt_net_frame_held(struct stt_net *sn)
{
	if (!delayed_work_pending(&sn->expire))
		schedule_delayed_work(&sn->expire, STT_EXPIRE_INTERVAL);
}

static void destroy_reassembly(struct stt_net *sn)
{
	stt_receive_drop_chain(sn,
			       stt_reassembly_destroy(stt_limits_detach(sn)));
}

/* Makes 'sn' ready to receive. */
static int start(struct stt_net *sn)
{
	struct stt_reassembly *reassembly;
	u64 seed[2];
	int err;

	sn->input_routes = stt_input_routes_create();
	if (!sn->input_routes)
		return -ENOMEM;
	sn->recently_sent = stt_recently_sent_create();
	if (!sn->recently_sent) {
		err = -ENOMEM;
		goto destroy_routes;
	}
	get_random_bytes(seed, sizeof(seed));
	reassembly = stt_reassembly_create(
		clamp_t(u32, roundup_pow_of_two(2 * num_possible_cpus()),
			STT_MIN_SHARDS, STT_MAX_SHARDS),
		seed, &STT_DEFAULT_LIMITS);
	if (!reassembly) {
		err = -ENOMEM;
		goto destroy_sent;
	}
	stt_limits_attach(sn, reassembly);

	err = stt_receive_register(sn);
	if (err)
		goto destroy_table;
	return 0;

destroy_table:
	destroy_reassembly(sn);
destroy_sent:
	stt_recently_sent_destroy(sn->recently_sent);
destroy_routes:
	stt_input_routes_destroy(sn->input_routes);
	return err;
}

static void stop(struct stt_net *sn)
{
	stt_receive_unregister(sn);
	cancel_delayed_work_sync(&sn->expire);
	destroy_reassembly(sn);
	stt_recently_sent_destroy(sn->recently_sent);
	stt_input_routes_destroy(sn->input_routes);
}

/*
 * Adds 'stt' to the devices of its namespace, from which on it receives.  The
 * caller holds RTNL.  Returns 0 or a negative errno.
 */
int stt_net_add_device(struct stt_device *stt)
{
	struct stt_net *sn = stt_net(stt->net);

	ASSERT_RTNL();
	if (hlist_empty(&sn->devices)) {
		int err = start(sn);

		if (err)
			return err;
	}
	hlist_add_head_rcu(&stt->in_net, &sn->devices);
	return 0;
}

/*
 * Removes 'stt' from the devices of its namespace, and waits until nobody
 * receives with it any more.  The caller holds RTNL.
 */
void stt_net_remove_device(struct stt_device *stt)
{
	struct stt_net *sn = stt_net(stt->net);

	ASSERT_RTNL();
	hlist_del_init_rcu(&stt->in_net);
	if (hlist_empty(&sn->devices))
		stop(sn);
	else
		synchronize_net();
}

static int __net_init init_net_namespace(struct net *net)
{
	struct stt_net *sn = stt_net(net);

	sn->net = net;
	INIT_HLIST_HEAD(&sn->devices);
	INIT_DELAYED_WORK(&sn->expire, expire);
	return stt_limits_init(sn);
}

/*
 * The devices that live in these namespaces are gone by now, but not those that
 * were moved out of them.
 */
static void __net_exit exit_net_namespaces(struct list_head *nets)
{
	struct net *net;

	stt_device_kill_all(nets);
	list_for_each_entry(net, nets, exit_list) {
		WARN_ON_ONCE(!hlist_empty(&stt_net(net)->devices));
		stt_limits_exit(stt_net(net));
	}
}

static struct pernet_operations namespace_ops = {
	.init = init_net_namespace,
	.exit_batch = exit_net_namespaces,
	.id = &stt_net_id,
	.size = sizeof(struct stt_net),
};

int __init stt_namespace_init(void)
{
	int err;

	stt_limits_start();
	err = register_pernet_subsys(&namespace_ops);
	if (err)
		stt_limits_stop();
	return err;
}

void stt_namespace_exit(void)
{
	unregister_pernet_subsys(&namespace_ops);
	stt_limits_stop();
}
