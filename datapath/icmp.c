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

/*
 * Returns the device that 'skb', an ICMP packet at its IP header, says sent a
 * packet that is larger than '*mtu', or NULL if it says nothing like that.
 */
static struct stt_device *read_icmp4(struct net *net,
				     const struct sk_buff *skb, u16 *mtu)
{
	unsigned int offset = ip_hdrlen(skb);
	struct icmphdr icmp_buffer;
	const struct icmphdr *icmp;
	struct iphdr ip_buffer;
	const struct iphdr *ip;

	icmp = skb_header_pointer(skb, offset, sizeof(icmp_buffer),
				  &icmp_buffer);
	if (!icmp || icmp->type != ICMP_DEST_UNREACH ||
	    icmp->code != ICMP_FRAG_NEEDED || !icmp->un.frag.mtu)
		return NULL;
	*mtu = ntohs(icmp->un.frag.mtu);

	offset += sizeof(*icmp);
	ip = skb_header_pointer(skb, offset, sizeof(ip_buffer), &ip_buffer);
	if (!ip || ip->protocol != IPPROTO_TCP)
		return NULL;
	return find_sender(net, skb, offset + ip->ihl * 4);
}

/* The same for an IPv6 packet, which need not be ICMPv6. */
static struct stt_device *read_icmp6(struct net *net,
				     const struct sk_buff *skb, __be32 *mtu)
{
	unsigned int offset = sizeof(struct ipv6hdr);
	struct icmp6hdr icmp_buffer;
	const struct icmp6hdr *icmp;
	struct ipv6hdr ip_buffer;
	const struct ipv6hdr *ip;

	if (ipv6_hdr(skb)->nexthdr != IPPROTO_ICMPV6)
		return NULL;
	icmp = skb_header_pointer(skb, offset, sizeof(icmp_buffer),
				  &icmp_buffer);
	if (!icmp || icmp->icmp6_type != ICMPV6_PKT_TOOBIG)
		return NULL;
	*mtu = icmp->icmp6_mtu;

	offset += sizeof(*icmp);
	ip = skb_header_pointer(skb, offset, sizeof(ip_buffer), &ip_buffer);
	if (!ip || ip->nexthdr != IPPROTO_TCP)
		return NULL;
	return find_sender(net, skb, offset + sizeof(*ip));
}

/*
 * Returns true if 'skb', an ICMP packet, is about a segment.  Connection
 * tracking, which never saw that, must not see this either: it would call it
 * invalid, and many a firewall drops what is.
 */
bool stt_icmp4_is_ours(struct net *net, const struct sk_buff *skb)
{
	u16 mtu;

	return read_icmp4(net, skb, &mtu);
}

/* The same for an IPv6 packet, which need not be ICMPv6. */
bool stt_icmp6_is_ours(struct net *net, const struct sk_buff *skb)
{
	__be32 mtu;

	return read_icmp6(net, skb, &mtu);
}

/* Looks at 'skb', an ICMP packet for this host, and leaves it as it is. */
void stt_icmp4(struct net *net, struct sk_buff *skb)
{
	struct stt_device *stt;
	struct sk_buff *quote;
	u16 mtu;

	stt = read_icmp4(net, skb, &mtu);
	if (!stt)
		return;
	quote = skb_clone(skb, GFP_ATOMIC);
	if (!quote)
		return;
	if (pskb_pull(quote, ip_hdrlen(skb)) &&
	    !skb_checksum_simple_validate(quote) &&
	    pskb_pull(quote, sizeof(struct icmphdr)) &&
	    pskb_may_pull(quote, sizeof(struct iphdr))) {
		ipv4_update_pmtu(quote, net, mtu, 0, IPPROTO_TCP);
		stt_count_event(stt->dev, STT_EVENT_RX_PATH_MTU);
	}
	kfree_skb(quote);
}

/* The same for an IPv6 packet, which need not be ICMPv6. */
void stt_icmp6(struct net *net, struct sk_buff *skb)
{
	struct stt_device *stt;
	struct sk_buff *quote;
	__be32 mtu;

	stt = read_icmp6(net, skb, &mtu);
	if (!stt)
		return;
	quote = skb_clone(skb, GFP_ATOMIC);
	if (!quote)
		return;
	if (pskb_may_pull(quote, sizeof(struct ipv6hdr)) &&
	    skb_pull_rcsum(quote, sizeof(struct ipv6hdr)) &&
	    !skb_checksum_validate(quote, IPPROTO_ICMPV6,
				   ip6_compute_pseudo) &&
	    pskb_pull(quote, sizeof(struct icmp6hdr)) &&
	    pskb_may_pull(quote, sizeof(struct ipv6hdr))) {
		ip6_update_pmtu(quote, net, mtu, 0, 0,
				sock_net_uid(net, NULL));
		stt_count_event(stt->dev, STT_EVENT_RX_PATH_MTU);
	}
	kfree_skb(quote);
}
