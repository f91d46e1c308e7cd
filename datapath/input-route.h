/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_INPUT_ROUTE_H
#define STT_INPUT_ROUTE_H

/*
 * Routes of the segments that are received
 * ========================================
 *
 * Every packet that a host receives has its destination looked up, to find out
 * whether it is one of the host's addresses, and its source, to find out
 * whether it may come from there.  TCP and UDP spare that for packets of
 * sockets that they know (early demultiplexing), but STT has no connections.
 * So each CPU remembers the routes of the segments that it received last.  As
 * for sockets, a route is taken again as long as it is valid; to be sure that
 * changed settings which do not invalidate it take effect, not for longer than
 * a second after it was looked up.  Where there are routing rules, nothing is
 * kept, as these can go by all that is in a packet.
 *
 * Only IPv4 routes to the host itself are kept.  All functions but those that
 * create and destroy are to be called with bottom halves disabled and in an RCU
 * read-side critical section.
 */

#include <linux/percpu.h>
#include <linux/skbuff.h>

struct stt_input_routes;

struct stt_input_routes __percpu *stt_input_routes_create(void);
void stt_input_routes_destroy(struct stt_input_routes __percpu *routes);

struct dst_entry *
stt_input_routes_find(struct stt_input_routes __percpu *routes,
		      const struct sk_buff *skb);
void stt_input_routes_expect(struct stt_input_routes __percpu *routes,
			     const struct sk_buff *skb);
void stt_input_routes_keep(struct stt_input_routes __percpu *routes,
			   const struct sk_buff *skb);

#endif /* input-route.h */
