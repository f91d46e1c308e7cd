// SPDX-License-Identifier: GPL-2.0-only
#include "input-route.h"

#include <linux/hash.h>
#include <linux/ip.h>
#include <linux/jiffies.h>
#include <linux/netdevice.h>
#include <net/dst.h>
#include <net/ip_fib.h>
#include <net/route.h>

enum {
	N_ROUTES_BITS = 6,
	MAX_AGE = HZ,
};

/* All that the choice of a route goes by where there are no routing rules. */
struct input_key {
	__be32 source;
	__be32 destination;
	u32 mark;
	int interface;
	u8 tos;
};

struct input_route {
	struct input_key key;
	unsigned long since;		/* In jiffies: begin of its lookup. */
	struct dst_entry *dst;		/* Referenced, or NULL until it is known. */
};

struct stt_input_routes {
	struct input_route route[1 << N_ROUTES_BITS];
};

/* Returns an empty store of routes, or NULL if there is no memory. */
struct stt_input_routes __percpu *stt_input_routes_create(void)
{
	return alloc_percpu(struct stt_input_routes);
}

/* The caller has waited until nobody uses 'routes' any more. */
void stt_input_routes_destroy(struct stt_input_routes __percpu *routes)
{
	int cpu, i;

	for_each_possible_cpu(cpu)
		for (i = 0; i < 1 << N_ROUTES_BITS; i++)
			dst_release(per_cpu_ptr(routes, cpu)->route[i].dst);
	free_percpu(routes);
}

/* Sets '*key' for 'skb', and returns the place of a route for such packets. */
static struct input_route *
stt_place(struct stt_input_routes __percpu *routes, const struct sk_buff *skb,
	  struct input_key *key)
{
	const struct iphdr *ip = ip_hdr(skb);

	key->source = ip->saddr;
	key->destination = ip->daddr;
	key->mark = skb->mark;
	key->interface = skb->dev->ifindex;
	key->tos = ip->tos;
	return &this_cpu_ptr(routes)->route[
		hash_32((__force u32)key->source, N_ROUTES_BITS)];
}

/* Returns true if what is kept at 'route' is for 'key' and young enough. */
static bool stt_is_for(const struct input_route *route, const struct input_key *key)
{
	return route->key.source == key->source &&
	       route->key.destination == key->destination &&
	       route->key.mark == key->mark &&
	       route->key.interface == key->interface &&
	       route->key.tos == key->tos &&
	       !time_after(jiffies, route->since + MAX_AGE);
}

/*
 * Returns the route to this host by which 'skb', at its IPv4 header, is to be
 * received, or NULL if none is known.  The route is the caller's only for the
 * RCU read-side critical section.
 */
struct dst_entry *
stt_input_routes_find(struct stt_input_routes __percpu *routes,
		      const struct sk_buff *skb)
{
	struct input_key key;
	const struct input_route *route = stt_place(routes, skb, &key);

	return route->dst && stt_is_for(route, &key) ? dst_check(route->dst, 0)
						 : NULL;
}

/*
 * Tells that Linux is now going to look up the route of 'skb', at its IPv4 header.
 * Only what is found after that is kept, so that no route grows old by being taken
 * from here and kept again.
 */
void stt_input_routes_expect(struct stt_input_routes __percpu *routes,
			     const struct sk_buff *skb)
{
	struct input_route *route;
	struct input_key key;

	/* They may go by ports and more. */
	if (fib4_has_custom_rules(dev_net(skb->dev)))
		return;
	route = stt_place(routes, skb, &key);
	dst_release(route->dst);
	route->dst = NULL;
	route->key = key;
	route->since = jiffies;
}

/*
 * Remembers the route by which 'skb', which has arrived at this host and is at
 * its IPv4 header, was received, if that was expected, and if it is one that holds
 * for all packets like it.
 */
void stt_input_routes_keep(struct stt_input_routes __percpu *routes,
			   const struct sk_buff *skb)
{
	struct dst_entry *dst = skb_dst(skb);
	struct input_route *route;
	struct input_key key;

	/* IP options, source routes among them, are seen to with the route. */
	if (!dst || dst->flags & DST_METADATA || dst->error ||
	    skb_rtable(skb)->rt_type != RTN_LOCAL || ip_hdr(skb)->ihl != 5)
		return;
	route = stt_place(routes, skb, &key);
	if (!route->dst && stt_is_for(route, &key) && dst_hold_safe(dst))
		route->dst = dst;
}
