// SPDX-License-Identifier: GPL-2.0-only
#include "connection.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/string.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_zones.h>

/*
 * nf_conntrack's function, or NULL as long as that module has not been loaded.
 * From then on STT has a reference to the module.  Without one there would be no
 * telling when its table goes.
 */
static typeof(nf_conntrack_find_get) *find_get;

static void stt_look_for_it(void)
{
	typeof(nf_conntrack_find_get) *found =
		symbol_get(nf_conntrack_find_get);

	if (found && cmpxchg(&find_get, NULL, found))
		symbol_put(nf_conntrack_find_get);
}

/* Learns that a module has come. */
static int stt_follow(struct notifier_block *block, unsigned long state,
		      void *module)
{
	if (state != MODULE_STATE_LIVE ||
	    strcmp(((struct module *)module)->name, "nf_conntrack"))
		return NOTIFY_DONE;
	stt_look_for_it();
	return NOTIFY_OK;
}

static struct notifier_block modules = {
	.notifier_call = stt_follow,
};

/*
 * Returns true if the TCP packet 'skb', at its IP header and with its TCP header
 * at 'offset' from skb->data, belongs to a connection that connection tracking
 * knows in the namespace 'net', and is a reply, or translated.  What goes to a
 * port of this host and is neither may be segments that came before there was an
 * STT device: connection tracking took these for a connection without a
 * handshake.
 */
bool stt_connection_has(struct net *net, const struct sk_buff *skb,
			unsigned int offset, bool ipv6)
{
	typeof(nf_conntrack_find_get) *find = READ_ONCE(find_get);
	const struct nf_conntrack_tuple_hash *found;
	struct nf_conntrack_tuple tuple = { };
	const __be16 *ports;
	struct nf_conn *connection;
	__be16 buffer[2];
	bool has;

	if (!find)
		return false;
	ports = skb_header_pointer(skb, offset, sizeof(buffer), buffer);
	if (!ports)
		return false;
	if (ipv6) {
		tuple.src.l3num = NFPROTO_IPV6;
		tuple.src.u3.in6 = ipv6_hdr(skb)->saddr;
		tuple.dst.u3.in6 = ipv6_hdr(skb)->daddr;
	} else {
		tuple.src.l3num = NFPROTO_IPV4;
		tuple.src.u3.ip = ip_hdr(skb)->saddr;
		tuple.dst.u3.ip = ip_hdr(skb)->daddr;
	}
	tuple.src.u.tcp.port = ports[0];
	tuple.dst.u.tcp.port = ports[1];
	tuple.dst.protonum = IPPROTO_TCP;

	/* Packets of other zones have a template, and so are not asked about. */
	found = find(net, &nf_ct_zone_dflt, &tuple);
	if (!found)
		return false;
	connection = nf_ct_tuplehash_to_ctrack(found);
	has = NF_CT_DIRECTION(found) == IP_CT_DIR_REPLY ||
	      connection->status & IPS_NAT_MASK;
	nf_conntrack_put(&connection->ct_general);
	return has;
}

/* Returns 0 or a negative errno. */
int __init stt_connection_init(void)
{
	int err = register_module_notifier(&modules);

	if (!err)
		stt_look_for_it();
	return err;
}

/* Nobody may ask for a connection any more. */
void stt_connection_exit(void)
{
	unregister_module_notifier(&modules);
	if (find_get)
		symbol_put(nf_conntrack_find_get);
}
