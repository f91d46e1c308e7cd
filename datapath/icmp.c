// SPDX-License-Identifier: GPL-2.0-only
#include "icmp.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/route.h>
#include "device.h"
#include "namespace.h"

/*
 * "Packet too big" for a segment that this host sent is passed on to the route,
 * so that the next frames are cut to the new path MTU.  The kernel's TCP does
 * that only for its own connections, of which STT is none.
 */

/*
 * Returns the device that sent the packet of which 'skb' quotes the TCP header
 * at 'offset' from skb->data, or NULL.
 */
static struct stt_device *find_sender(struct net *net,
				      const struct sk_buff *skb,
				      unsigned int offset)
{
	__be16 buffer[2];
	const __be16 *ports = skb_header_pointer(skb, offset, sizeof(buffer),
						 buffer);

	return ports ? stt_net_find_device(stt_net(net), ports[1]) : NULL;
}

/* Looks at 'skb', an ICMP packet for this host, and leaves it as it is. */
void stt_icmp4(struct net *net, struct sk_buff *skb)
{
	struct icmphdr buffer;
	const struct icmphdr *icmp = skb_header_pointer(skb, ip_hdrlen(skb),
							sizeof(buffer),
							&buffer);
	struct stt_device *stt;
	struct sk_buff *quote;
	u16 mtu;

	if (!icmp || icmp->type != ICMP_DEST_UNREACH ||
	    icmp->code != ICMP_FRAG_NEEDED || !icmp->un.frag.mtu)
		return;
	mtu = ntohs(icmp->un.frag.mtu);

	quote = skb_clone(skb, GFP_ATOMIC);
	if (!quote)
		return;
	if (!pskb_pull(quote, ip_hdrlen(skb)) ||
	    skb_checksum_simple_validate(quote) ||
	    !pskb_pull(quote, sizeof(*icmp)) ||
	    !pskb_may_pull(quote, sizeof(struct iphdr)))
		goto out;

	if (((struct iphdr *)quote->data)->protocol == IPPROTO_TCP) {
		stt = find_sender(net, quote,
				  ((struct iphdr *)quote->data)->ihl * 4);
		if (stt) {
			ipv4_update_pmtu(quote, net, mtu, 0, IPPROTO_TCP);
			stt_count_event(stt->dev, STT_EVENT_RX_PATH_MTU);
		}
	}
out:
	kfree_skb(quote);
}

/* The same for an IPv6 packet, which need not be ICMPv6. */
void stt_icmp6(struct net *net, struct sk_buff *skb)
{
	struct icmp6hdr buffer;
	const struct icmp6hdr *icmp;
	struct stt_device *stt;
	struct sk_buff *quote;
	__be32 mtu;

	if (ipv6_hdr(skb)->nexthdr != IPPROTO_ICMPV6)
		return;
	icmp = skb_header_pointer(skb, sizeof(struct ipv6hdr), sizeof(buffer),
				  &buffer);
	if (!icmp || icmp->icmp6_type != ICMPV6_PKT_TOOBIG)
		return;
	mtu = icmp->icmp6_mtu;

	quote = skb_clone(skb, GFP_ATOMIC);
	if (!quote)
		return;
	if (!pskb_may_pull(quote, sizeof(struct ipv6hdr)) ||
	    !skb_pull_rcsum(quote, sizeof(struct ipv6hdr)) ||
	    skb_checksum_validate(quote, IPPROTO_ICMPV6, ip6_compute_pseudo) ||
	    !pskb_pull(quote, sizeof(*icmp)) ||
	    !pskb_may_pull(quote, sizeof(struct ipv6hdr)))
		goto out;

	if (((struct ipv6hdr *)quote->data)->nexthdr == IPPROTO_TCP) {
		stt = find_sender(net, quote, sizeof(struct ipv6hdr));
		if (stt) {
			ip6_update_pmtu(quote, net, mtu, 0, 0,
					sock_net_uid(net, NULL));
			stt_count_event(stt->dev, STT_EVENT_RX_PATH_MTU);
		}
	}
out:
	kfree_skb(quote);
}
