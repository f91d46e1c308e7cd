// SPDX-License-Identifier: GPL-2.0-only
#include "namespace.h"

#include <linux/rtnetlink.h>
#include <net/netns/generic.h>

static unsigned int stt_net_id __read_mostly;

struct stt_net *stt_net(const struct net *net)
{
	return net_generic(net, stt_net_id);
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

static int __net_init stt_init_net(struct net *net)
{
	struct stt_net *sn = stt_net(net);

	sn->net = net;
	INIT_HLIST_HEAD(&sn->devices);
	return 0;
}

/* The devices are gone by now: device.c registers later, so it is told first. */
static void __net_exit stt_exit_net(struct net *net)
{
	WARN_ON_ONCE(!hlist_empty(&stt_net(net)->devices));
}

static struct pernet_operations stt_net_ops = {
	.init = stt_init_net,
	.exit = stt_exit_net,
	.id = &stt_net_id,
	.size = sizeof(struct stt_net),
};

/* To be called before the other files' own.  Returns 0 or a negative errno. */
int __init stt_namespace_init(void)
{
	return register_pernet_subsys(&stt_net_ops);
}

void stt_namespace_exit(void)
{
	unregister_pernet_subsys(&stt_net_ops);
}
