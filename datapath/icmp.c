// SPDX-License-Identifier: GPL-2.0-only
#include "icmp.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/route.h>
#include "compat.h"
#include "counters.h"
#include "namespace.h"
#include "recently-sent.h"
#include "stt-segment.h"
#include "transmit.h"

enum {
	/* All that an ICMP message quotes of TCP's header, if its sender goes by
	 * RFC 792, and what it has to quote for the frame id to be in it.
	 */
	SHORT_QUOTE = 8,
	FRAME_ID_QUOTE = 12,
};

/* A message that a packet for the port of an STT device was too big. */
struct too_big {
	struct stt_device *stt;
	struct stt_sent_pair pair;
	__be16 source_port;
	u32 mtu;		/* Of the link that it did not fit. */
	unsigned int length;	/* The packet's, with its IP header. */
	bool well_formed;	/* It has the form of what STT sends. */
	bool has_frame_id;	/* If the quote is long enough. */
	struct stt_segment segment;
	u16 identification;	/* IPv4 only. */
};

/*
 * Reads into '*message' what 'skb' quotes, of the packet of message->length
 * bytes, of the TCP header at 'offset' from skb->data.  That header comes behind
 * 'header_length' bytes of the packet.  Returns true if the packet was for the
 * port of an STT device in the namespace of 'sn'.
 */
static bool stt_read_quote(const struct stt_net *sn, const struct sk_buff *skb,
			   unsigned int offset, unsigned int header_length,
			   struct too_big *message)
{
	/* What is not quoted is as it should be. */
	struct tcphdr tcp = { .doff = STT_SEGMENT_HEADER_LEN / 4 };
	unsigned int quoted;

	if (offset > skb->len)
		return false;
	quoted = min_t(unsigned int, skb->len - offset, sizeof(tcp));
	if (quoted < offsetofend(struct tcphdr, dest) ||
	    skb_copy_bits(skb, offset, &tcp,
			  quoted < sizeof(tcp) ? min_t(unsigned int, quoted,
						       FRAME_ID_QUOTE)
					       : quoted))
		return false;
	message->stt = stt_net_find_device(sn, tcp.dest);
	if (!message->stt)
		return false;

	message->source_port = tcp.source;
	message->has_frame_id = quoted >= FRAME_ID_QUOTE;
	message->well_formed = quoted >= SHORT_QUOTE &&
			       message->length > header_length &&
			       !stt_segment_read(&tcp, message->length -
						       header_length,
						 &message->segment) &&
			       !stt_segment_check(&message->segment);
	return true;
}

/*
 * Returns true if 'skb', an ICMP packet at its IP header, says that a packet for
 * an STT device's port was too big, and sets '*message' to what it says.
 */
static bool stt_read_icmp4(const struct stt_net *sn, const struct sk_buff *skb,
			   struct too_big *message)
{
	unsigned int offset = ip_hdrlen(skb);
	struct icmphdr icmp_buffer;
	const struct icmphdr *icmp;
	struct iphdr ip_buffer;
	const struct iphdr *ip;

	icmp = skb_header_pointer(skb, offset, sizeof(icmp_buffer),
				  &icmp_buffer);
	if (!icmp || icmp->type != ICMP_DEST_UNREACH ||
	    icmp->code != ICMP_FRAG_NEEDED)
		return false;
	message->mtu = ntohs(icmp->un.frag.mtu);

	offset += sizeof(*icmp);
	ip = skb_header_pointer(skb, offset, sizeof(ip_buffer), &ip_buffer);
	if (!ip || ip->protocol != IPPROTO_TCP)
		return false;
	ipv6_addr_set_v4mapped(ip->saddr, &message->pair.source);
	ipv6_addr_set_v4mapped(ip->daddr, &message->pair.destination);
	message->length = ntohs(ip->tot_len);
	message->identification = ntohs(ip->id);
	if (!stt_read_quote(sn, skb, offset + ip->ihl * 4, ip->ihl * 4, message))
		return false;
	/* A router that may fragment a packet does not complain of its size;
	 * nor does one without RFC 1191, which does not say what would fit, help.
	 */
	if (ip->version != 4 || ip->ihl != sizeof(*ip) / 4 ||
	    ip->frag_off != htons(IP_DF) || !message->mtu)
		message->well_formed = false;
	return true;
}

/* The same for an IPv6 packet, which need not be ICMPv6. */
static bool stt_read_icmp6(const struct stt_net *sn, const struct sk_buff *skb,
			   struct too_big *message)
{
	unsigned int offset = sizeof(struct ipv6hdr);
	struct icmp6hdr icmp_buffer;
	const struct icmp6hdr *icmp;
	struct ipv6hdr ip_buffer;
	const struct ipv6hdr *ip;

	if (ipv6_hdr(skb)->nexthdr != IPPROTO_ICMPV6)
		return false;
	icmp = skb_header_pointer(skb, offset, sizeof(icmp_buffer),
				  &icmp_buffer);
	if (!icmp || icmp->icmp6_type != ICMPV6_PKT_TOOBIG)
		return false;
	message->mtu = ntohl(icmp->icmp6_mtu);

	offset += sizeof(*icmp);
	ip = skb_header_pointer(skb, offset, sizeof(ip_buffer), &ip_buffer);
	if (!ip || ip->nexthdr != IPPROTO_TCP)
		return false;
	message->pair.source = ip->saddr;
	message->pair.destination = ip->daddr;
	message->length = sizeof(*ip) + ntohs(ip->payload_len);
	if (!stt_read_quote(sn, skb, offset + sizeof(*ip), sizeof(*ip), message))
		return false;
	/* A router quotes as much as fits into 1280 bytes (RFC 4443, section
	 * 3.2).
	 */
	if (ip->version != 6 || !message->has_frame_id)
		message->well_formed = false;
	return true;
}

/*
 * Returns true if the host's owner lets ICMP say what the path MTU is, by the
 * sysctl net.ipv4.ip_no_pmtu_disc, of which Linux's Documentation/networking/
 * ip-sysctl.rst says what the values mean.
 */
static bool stt_may_discover4(const struct net *net, const struct too_big *message)
{
	switch (READ_ONCE(net->ipv4.sysctl_ip_no_pmtu_disc)) {
	case 2:
		return false;
	case 3:
		/* Only from who proves that he has seen the packet.  STT does
		 * not depend on the 16 bits of the identification then.
		 */
		return message->has_frame_id;
	default:
		return true;
	}
}

/*
 * Returns the number of marks with which this host can lately have sent the
 * packet that 'message' is about, and sets 'marks' to them.  It is 0 if the
 * message cannot be true.
 */
static unsigned int stt_find_marks(const struct stt_net *sn,
				   const struct too_big *message,
				   u32 marks[STT_SENT_MAX_MARKS])
{
	/* The length says that of several segments if a router's GRO joined
	 * them, so it is compared with that of segments sent as well.
	 */
	if (!message->well_formed || message->mtu >= message->length)
		return 0;
	/* Of the frame's first segment, the identification is the end of its
	 * frame id; others have got another from the NIC.  A first one that is
	 * too big there is as well.
	 */
	if (message->has_frame_id
	    ? !stt_transmit_has_used_id(&message->pair,
					message->segment.frame_id, U32_MAX)
	    : (message->segment.offset != 0 ||
	       !stt_transmit_has_used_id(&message->pair,
					 message->identification, U16_MAX)))
		return 0;
	return stt_recently_sent_find(sn->recently_sent, &message->pair,
				      message->mtu, marks);
}

/*
 * Returns true if 'skb', an ICMP packet at its IP header, is about a segment that
 * this host has sent.  Connection tracking, which never saw that, must not see
 * this either: it would call it invalid, and many a firewall drops what is.
 */
bool stt_icmp4_is_ours(const struct stt_net *sn, const struct sk_buff *skb)
{
	u32 marks[STT_SENT_MAX_MARKS];
	struct too_big message;

	return stt_read_icmp4(sn, skb, &message) &&
	       stt_find_marks(sn, &message, marks);
}

/* The same for an IPv6 packet, which need not be ICMPv6. */
bool stt_icmp6_is_ours(const struct stt_net *sn, const struct sk_buff *skb)
{
	u32 marks[STT_SENT_MAX_MARKS];
	struct too_big message;

	return stt_read_icmp6(sn, skb, &message) &&
	       stt_find_marks(sn, &message, marks);
}

/*
 * Tells 'dst', a route for 'quote', which is a quoted packet at its IP header,
 * that its path MTU is 'mtu', and releases it.
 */
static void stt_update_route(struct sk_buff *quote, struct dst_entry *dst, u32 mtu)
{
	skb_reset_network_header(quote);
	quote->dev = dst->dev;
	skb_dst_drop(quote);
	skb_dst_set(quote, dst);
	skb_dst_update_pmtu_no_confirm(quote, mtu);
}

/*
 * Tells the route that 'quote' took, a quoted packet at its IP header that this
 * host sent with 'mark', that its path MTU is as 'message' says.
 *
 * ipv4_update_pmtu() and ip6_update_pmtu() do not look at ports, by which the next
 * hop is chosen where there are several.  It also depends on whether the source
 * address was known when it was chosen, which is so with local_ip only.
 */
static void stt_update_route4(struct net *net, const struct too_big *message,
			      struct sk_buff *quote, u32 mark)
{
	const struct iphdr *ip = (const struct iphdr *)quote->data;
	const __be32 sources[] = { ip->saddr, htonl(INADDR_ANY) };
	unsigned int i;

	/* Linux looks the route up again, with this mark. */
	quote->mark = mark;
	for (i = 0; i < ARRAY_SIZE(sources); i++) {
		struct flowi4 flow = {
			.flowi4_mark = mark,
			.flowi4_proto = IPPROTO_TCP,
			.daddr = ip->daddr,
			.saddr = sources[i],
			.fl4_sport = message->source_port,
			.fl4_dport = message->stt->port,
		};
		struct rtable *rt;

		stt_flow_set_tos(&flow, ip->tos & ~INET_ECN_MASK);
		rt = __ip_route_output_key(net, &flow);
		if (!IS_ERR(rt))
			stt_update_route(quote, &rt->dst, message->mtu);
	}
}

/* The same for IPv6. */
static void stt_update_route6(struct net *net, const struct too_big *message,
			      struct sk_buff *quote, u32 mark)
{
	const struct ipv6hdr *ip = (const struct ipv6hdr *)quote->data;
	const struct in6_addr sources[] = { ip->saddr, in6addr_any };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sources); i++) {
		struct flowi6 flow = {
			.flowi6_mark = mark,
			.flowi6_proto = IPPROTO_TCP,
			.daddr = ip->daddr,
			.saddr = sources[i],
			/* Linux chose the flow label when it had the route. */
			.flowlabel = ip6_make_flowinfo(ipv6_get_dsfield(ip), 0),
			.fl6_sport = message->source_port,
			.fl6_dport = message->stt->port,
		};
		struct dst_entry *dst = ip6_route_output(net, NULL, &flow);

		if (dst->error)
			dst_release(dst);
		else
			stt_update_route(quote, dst, message->mtu);
	}
}

/* Looks at 'skb', an ICMP packet for this host, and leaves it as it is. */
void stt_icmp4(const struct stt_net *sn, struct sk_buff *skb)
{
	u32 marks[STT_SENT_MAX_MARKS];
	enum stt_event event = STT_EVENT_RX_ICMP_IGNORED;
	struct sk_buff *quote = NULL;
	struct too_big message;
	unsigned int n;

	if (!stt_read_icmp4(sn, skb, &message))
		return;
	n = stt_find_marks(sn, &message, marks);
	if (n && stt_may_discover4(sn->net, &message))
		quote = skb_clone(skb, GFP_ATOMIC);
	if (quote && pskb_pull(quote, ip_hdrlen(skb)) &&
	    !skb_checksum_simple_validate(quote) &&
	    pskb_pull(quote, sizeof(struct icmphdr)) &&
	    pskb_may_pull(quote, sizeof(struct iphdr)) &&
	    stt_recently_sent_believe(sn->recently_sent, &message.pair)) {
		/* Linux then takes the least that it lets a path MTU be. */
		if (READ_ONCE(sn->net->ipv4.sysctl_ip_no_pmtu_disc) == 1)
			message.mtu = 0;
		while (n--)
			stt_update_route4(sn->net, &message, quote, marks[n]);
		event = STT_EVENT_RX_PATH_MTU;
	}
	consume_skb(quote);
	stt_count_event(message.stt->dev, event);
}

/* The same for an IPv6 packet, which need not be ICMPv6. */
void stt_icmp6(const struct stt_net *sn, struct sk_buff *skb)
{
	u32 marks[STT_SENT_MAX_MARKS];
	enum stt_event event = STT_EVENT_RX_ICMP_IGNORED;
	struct sk_buff *quote = NULL;
	struct too_big message;
	unsigned int n;

	if (!stt_read_icmp6(sn, skb, &message))
		return;
	n = stt_find_marks(sn, &message, marks);
	if (n)
		quote = skb_clone(skb, GFP_ATOMIC);
	if (quote && pskb_may_pull(quote, sizeof(struct ipv6hdr)) &&
	    skb_pull_rcsum(quote, sizeof(struct ipv6hdr)) &&
	    !skb_checksum_validate(quote, IPPROTO_ICMPV6,
				   ip6_compute_pseudo) &&
	    pskb_pull(quote, sizeof(struct icmp6hdr)) &&
	    pskb_may_pull(quote, sizeof(struct ipv6hdr)) &&
	    stt_recently_sent_believe(sn->recently_sent, &message.pair)) {
		while (n--)
			stt_update_route6(sn->net, &message, quote, marks[n]);
		event = STT_EVENT_RX_PATH_MTU;
	}
	consume_skb(quote);
	stt_count_event(message.stt->dev, event);
}
