// SPDX-License-Identifier: GPL-2.0-only
#include "input.h"

#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/addrconf.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/route.h>
#include <net/tcp.h>
#include <net/xfrm.h>
#include "connection.h"
#include "counters.h"
#include "held.h"
#include "icmp.h"
#include "input-route.h"
#include "namespace.h"
#include "receive.h"
#include "recently-sent.h"
#include "stt-segment.h"

/*
 * Returns the device to which 'skb', whose TCP header is at 'offset' from
 * skb->data, is addressed, or NULL.  As with TCP, what was sent to more hosts
 * than this one is not a segment.
 */
static struct stt_device *stt_find_device(const struct stt_net *sn,
					  const struct sk_buff *skb,
					  unsigned int offset)
{
	__be16 buffer[2];
	const __be16 *ports = skb_header_pointer(skb, offset, sizeof(buffer),
						 buffer);
	struct stt_device *stt;

	if (!ports || skb->pkt_type != PACKET_HOST)
		return NULL;
	stt = stt_net_find_device(sn, ports[1]);
	return stt && netif_running(stt->dev) ? stt : NULL;
}

/*
 * Returns the offset of the TCP header of the IPv6 packet 'skb', or 0 if it is
 * no TCP packet, a fragment of one, or one that Linux has to do something about
 * first: to verify an authentication header, after which the packet comes
 * again without, or to send it to the next hop that a routing header names.  A
 * packet with a fragment header that is whole nevertheless is no fragment (RFC
 * 6946).
 */
static unsigned int stt_find_tcp6(const struct sk_buff *skb)
{
	unsigned int offset = sizeof(struct ipv6hdr);
	u8 next = ipv6_hdr(skb)->nexthdr;

	while (next == NEXTHDR_HOP || next == NEXTHDR_DEST ||
	       next == NEXTHDR_ROUTING || next == NEXTHDR_FRAGMENT) {
		union {
			struct ipv6_rt_hdr routing;
			struct frag_hdr fragment;
		} buffer;
		const typeof(buffer) *header;

		/* Each has 8 bytes at least (RFC 8200, section 4). */
		header = skb_header_pointer(skb, offset, sizeof(buffer),
					    &buffer);
		if (!header)
			return 0;
		if (next == NEXTHDR_ROUTING && header->routing.segments_left)
			return 0;
		if (next == NEXTHDR_FRAGMENT) {
			if (header->fragment.frag_off &
			    htons(IP6_OFFSET | IP6_MF))
				return 0;
			offset += sizeof(header->fragment);
		} else {
			offset += ipv6_optlen(&header->routing);
		}
		next = header->routing.nexthdr;
	}
	return next == IPPROTO_TCP ? offset : 0;
}

static unsigned int stt_receive_hook(struct stt_net *sn, struct sk_buff *skb,
				     unsigned int offset, bool ipv6)
{
	struct stt_device *stt = stt_find_device(sn, skb, offset);

	if (!stt)
		return NF_ACCEPT;
	/* What IPsec is to protect must have come through it. */
	if (!xfrm_policy_check(NULL, XFRM_POLICY_IN, skb,
			       ipv6 ? AF_INET6 : AF_INET)) {
		stt_drop(stt->dev, skb, STT_DROP_POLICY);
		return NF_STOLEN;
	}
	if (!ipv6)
		stt_input_routes_keep(sn->input_routes, skb);
	stt_receive(stt, skb, offset, ipv6);
	return NF_STOLEN;
}

static unsigned int stt_input4(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	const struct iphdr *ip = ip_hdr(skb);

	if (ip->protocol == IPPROTO_ICMP)
		stt_icmp4(priv, skb);
	if (ip->protocol != IPPROTO_TCP || ip_is_fragment(ip))
		return NF_ACCEPT;
	return stt_receive_hook(priv, skb, ip_hdrlen(skb), false);
}

static unsigned int stt_input6(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	unsigned int offset = stt_find_tcp6(skb);

	if (!offset) {
		stt_icmp6(priv, skb);
		return NF_ACCEPT;
	}
	return stt_receive_hook(priv, skb, offset, true);
}

/* Returns true if 'skb', at its IPv4 header, is addressed to this host. */
static bool stt_is_for_this_host4(const struct stt_net *sn,
				  const struct sk_buff *skb)
{
	return stt_input_routes_find(sn->input_routes, skb) ||
	       inet_addr_type_dev_table(sn->net, skb->dev,
					ip_hdr(skb)->daddr) == RTN_LOCAL;
}

/*
 * Returns true if 'skb', whose TCP header is at 'offset' from skb->data, has the
 * form of a segment that a good sender sent.
 */
static bool stt_has_form(const struct sk_buff *skb, unsigned int offset)
{
	const __be32 flags = TCP_FLAG_CWR | TCP_FLAG_ECE | TCP_FLAG_URG |
			     TCP_FLAG_ACK | TCP_FLAG_RST | TCP_FLAG_SYN |
			     TCP_FLAG_FIN;
	const struct tcphdr *tcp;
	struct stt_segment segment;
	enum stt_drop reason;
	struct tcphdr buffer;

	tcp = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
	if (!tcp || (tcp_flag_word(tcp) & flags) != TCP_FLAG_ACK ||
	    stt_segment_read(tcp, skb->len - offset, &segment))
		return false;
	/* Some NICs send empty ones. */
	reason = stt_segment_check(&segment);
	return !reason || reason == STT_DROP_EMPTY;
}

/*
 * Returns true if 'skb', which is for this host, and whose TCP header is at
 * 'offset' from skb->data, is a segment as far as connection tracking is
 * concerned, which must not see it then.
 */
static bool stt_is_segment(const struct stt_net *sn, const struct sk_buff *skb,
			   unsigned int offset, bool ipv6)
{
	return stt_has_form(skb, offset) &&
	       !(IS_ENABLED(CONFIG_NF_CONNTRACK) &&
		 stt_connection_has(sn->net, skb, offset, ipv6));
}

/*
 * Segments for this host, and ICMP errors about those that it sent, pass
 * connection tracking untracked.  What is only forwarded is somebody else's, and
 * so is what belongs to a connection.
 */
static unsigned int stt_untrack4(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	const struct iphdr *ip = ip_hdr(skb);
	unsigned int offset = ip_hdrlen(skb);
	bool ours = false;

	if (ip_is_fragment(ip) || skb_nfct(skb))
		return NF_ACCEPT;
	if (ip->protocol == IPPROTO_TCP)
		ours = stt_find_device(priv, skb, offset) &&
		       stt_is_for_this_host4(priv, skb) &&
		       stt_is_segment(priv, skb, offset, false);
	else if (ip->protocol == IPPROTO_ICMP)
		ours = stt_icmp4_is_ours(priv, skb) &&
		       stt_is_for_this_host4(priv, skb);
	if (ours)
		nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
	return NF_ACCEPT;
}

/*
 * At the end of PRE_ROUTING, when nobody will change any more what the route
 * depends on, gives a segment the route of others like it.
 */
static unsigned int stt_route4(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	const struct iphdr *ip = ip_hdr(skb);
	struct stt_net *sn = priv;
	struct dst_entry *dst;

	if (ip->protocol != IPPROTO_TCP || ip->ihl != 5 ||
	    ip_is_fragment(ip) || skb_dst(skb) ||
	    !stt_find_device(sn, skb, sizeof(*ip)))
		return NF_ACCEPT;
	dst = stt_input_routes_find(sn->input_routes, skb);
	if (dst)
		skb_dst_set_noref(skb, dst);
	else
		stt_input_routes_expect(sn->input_routes, skb);
	return NF_ACCEPT;
}

static unsigned int stt_untrack6(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	unsigned int offset = stt_find_tcp6(skb);

	if (skb_nfct(skb) || (offset ? !stt_find_device(priv, skb, offset)
				     : !stt_icmp6_is_ours(priv, skb)))
		return NF_ACCEPT;
	if (ipv6_chk_addr(state->net, &ipv6_hdr(skb)->daddr, NULL, 0) &&
	    (!offset || stt_is_segment(priv, skb, offset, true)))
		nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
	return NF_ACCEPT;
}

/* In each namespace, 'priv' is its struct stt_net. */
static const struct nf_hook_ops hooks[] = {
	{
		.hook = stt_untrack4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_CONNTRACK - 1,
	},
	{
		.hook = stt_route4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_LAST,
	},
	{
		.hook = stt_input4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = NF_IP_PRI_LAST,
	},
	{
		.hook = stt_untrack6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP6_PRI_CONNTRACK - 1,
	},
	{
		.hook = stt_input6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = NF_IP6_PRI_LAST,
	},
};

static int stt_register_hooks(struct stt_net *sn)
{
	unsigned int i;
	int err;

	sn->hooks = kmemdup(hooks, sizeof(hooks), GFP_KERNEL);
	if (!sn->hooks)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		sn->hooks[i].priv = sn;
	err = nf_register_net_hooks(sn->net, sn->hooks, ARRAY_SIZE(hooks));
	if (err)
		kfree(sn->hooks);
	return err;
}

/*
 * Makes the namespace of 'sn' ready for its first device.  The caller holds RTNL.
 * Returns 0 or a negative errno.
 */
int stt_input_start(struct stt_net *sn)
{
	int err;

	sn->input_routes = stt_input_routes_create();
	if (!sn->input_routes)
		return -ENOMEM;
	sn->recently_sent = stt_recently_sent_create();
	if (!sn->recently_sent) {
		err = -ENOMEM;
		goto destroy_routes;
	}
	err = stt_held_create(sn);
	if (err)
		goto destroy_sent;
	err = stt_register_hooks(sn);
	if (err)
		goto destroy_held;
	return 0;

destroy_held:
	stt_held_destroy(sn);
destroy_sent:
	stt_recently_sent_destroy(sn->recently_sent);
destroy_routes:
	stt_input_routes_destroy(sn->input_routes);
	return err;
}

/*
 * The opposite, when the last device has gone: waits until nobody receives any
 * more, and drops what is held.
 */
void stt_input_stop(struct stt_net *sn)
{
	nf_unregister_net_hooks(sn->net, sn->hooks, ARRAY_SIZE(hooks));
	synchronize_net();
	kfree(sn->hooks);
	stt_held_destroy(sn);
	stt_recently_sent_destroy(sn->recently_sent);
	stt_input_routes_destroy(sn->input_routes);
}
