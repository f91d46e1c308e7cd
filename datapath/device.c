// SPDX-License-Identifier: GPL-2.0-only
#include "device.h"

#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/if_vlan.h>
#include <linux/module.h>
#include <net/ip_tunnels.h>
#include <net/ipv6.h>
#include <net/rtnetlink.h>
#include "compat.h"
#include "counters.h"
#include "held.h"
#include "input.h"
#include "metadata.h"
#include "namespace.h"
#include "stt-link.h"
#include "stt-segment.h"
#include "transmit.h"

enum {
	/* Outer headers, of IPv6, as the longer ones. */
	OUTER_LEN = 40 + 20 + 18,

	/* An inner IP packet behind an Ethernet header and one tag. */
	MAX_MTU = STT_MAX_INNER_LEN - VLAN_ETH_HLEN,

	/*
	 * Super-packets of the inner protocol.  With outer headers they must
	 * stay below the limit of 65,536 bytes of older drivers.
	 */
	MAX_GSO_SIZE = 65535 - ETH_HLEN - OUTER_LEN,
};

#define STT_FEATURES (NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HIGHDMA |	\
		      NETIF_F_HW_CSUM | NETIF_F_RXCSUM | NETIF_F_ALL_TSO)

/* What ethtool -S shows behind the counters. */
static const char *const occupancy_names[] = {
	"reassembly_bytes",
	"reassembly_frames",
	"reassembly_sources",
};

static void stt_release_sockets(struct stt_device *stt)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(stt->sockets); i++) {
		if (stt->sockets[i])
			sock_release(stt->sockets[i]);
		stt->sockets[i] = NULL;
	}
}

static int stt_bind_socket(struct stt_device *stt, int family,
			   struct socket **socket)
{
	struct sockaddr_in address4 = {
		.sin_family = AF_INET,
		.sin_port = stt->port,
	};
	struct sockaddr_in6 address6 = {
		.sin6_family = AF_INET6,
		.sin6_port = stt->port,
	};
	int err;

	err = sock_create_kern(stt->net, family, SOCK_STREAM, IPPROTO_TCP,
			       socket);
	if (err) {
		*socket = NULL;
		return err;
	}
	if (family == AF_INET)
		return kernel_bind(*socket, (void *)&address4,
				   sizeof(address4));
	err = ip6_sock_set_v6only((*socket)->sk);
	return err ? err : kernel_bind(*socket, (void *)&address6,
				       sizeof(address6));
}

/*
 * Keeps the device's port from the host's TCP with sockets that are bound and
 * never listen, and fails if it is in use.
 */
static int stt_bind_sockets(struct stt_device *stt)
{
	int err;

	err = stt_bind_socket(stt, AF_INET, &stt->sockets[0]);
	if (!err && ipv6_mod_enabled())
		err = stt_bind_socket(stt, AF_INET6, &stt->sockets[1]);
	if (err)
		stt_release_sockets(stt);
	return err;
}

static int stt_init_device(struct net_device *dev)
{
	struct stt_device *stt = netdev_priv(dev);
	int err;

	stt->counters = alloc_percpu(struct stt_counters);
	if (!stt->counters)
		return -ENOMEM;
	stt->metadata = stt_metadata_create();
	if (!stt->metadata) {
		err = -ENOMEM;
		goto free_counters;
	}
	err = stt_tstats_init(dev);
	if (err)
		goto destroy_metadata;
	err = gro_cells_init(&stt->gro_cells, dev);
	if (err)
		goto free_tstats;
	return 0;

free_tstats:
	stt_tstats_uninit(dev);
destroy_metadata:
	stt_metadata_destroy(stt->metadata);
free_counters:
	free_percpu(stt->counters);
	return err;
}

/*
 * Adds 'stt' to the devices of its namespace, from which on it receives.  The
 * caller holds RTNL.  Returns 0 or a negative errno.
 */
static int stt_start_receiving(struct stt_device *stt)
{
	struct stt_net *sn = stt_net(stt->net);

	ASSERT_RTNL();
	if (hlist_empty(&sn->devices)) {
		int err = stt_input_start(sn);

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
static void stt_stop_receiving(struct stt_device *stt)
{
	struct stt_net *sn = stt_net(stt->net);

	ASSERT_RTNL();
	hlist_del_init_rcu(&stt->in_net);
	if (hlist_empty(&sn->devices))
		stt_input_stop(sn);
	else
		synchronize_net();
}

static void stt_uninit_device(struct net_device *dev)
{
	struct stt_device *stt = netdev_priv(dev);

	if (!hlist_unhashed(&stt->in_net))
		stt_stop_receiving(stt);
	stt_release_sockets(stt);
	gro_cells_destroy(&stt->gro_cells);
	stt_tstats_uninit(dev);
	stt_metadata_destroy(stt->metadata);
	free_percpu(stt->counters);
}

static int stt_open_device(struct net_device *dev)
{
	return 0;
}

static int stt_stop_device(struct net_device *dev)
{
	return 0;
}

static const struct net_device_ops device_ops = {
	.ndo_init = stt_init_device,
	.ndo_uninit = stt_uninit_device,
	.ndo_open = stt_open_device,
	.ndo_stop = stt_stop_device,
	.ndo_start_xmit = stt_transmit,
	.ndo_get_stats64 = stt_get_stats64,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_fill_metadata_dst = stt_fill_metadata_dst,
};

static void stt_get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, STT_LINK_KIND, sizeof(info->driver));
	strscpy(info->version, THIS_MODULE->version, sizeof(info->version));
}

static int stt_get_sset_count(struct net_device *dev, int set)
{
	return set == ETH_SS_STATS ? STT_N_COUNTERS +
				     ARRAY_SIZE(occupancy_names)
				   : -EOPNOTSUPP;
}

static void stt_get_strings(struct net_device *dev, u32 set, u8 *data)
{
	unsigned int i;

	if (set != ETH_SS_STATS)
		return;
	for (i = 0; i < STT_N_COUNTERS; i++, data += ETH_GSTRING_LEN)
		strscpy(data, stt_counter_name(i), ETH_GSTRING_LEN);
	for (i = 0; i < ARRAY_SIZE(occupancy_names);
	     i++, data += ETH_GSTRING_LEN)
		strscpy(data, occupancy_names[i], ETH_GSTRING_LEN);
}

static void stt_get_statistics(struct net_device *dev,
			       struct ethtool_stats *stats, u64 *data)
{
	struct stt_device *stt = netdev_priv(dev);
	struct stt_occupancy occupancy;
	unsigned int i;

	for (i = 0; i < STT_N_COUNTERS; i++)
		*data++ = stt_counter_sum(stt->counters, i);
	stt_held_get_occupancy(stt_net(stt->net), &occupancy);
	*data++ = occupancy.bytes;
	*data++ = occupancy.frames;
	*data++ = occupancy.sources;
}

static const struct ethtool_ops device_ethtool_ops = {
	.get_drvinfo = stt_get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_sset_count = stt_get_sset_count,
	.get_strings = stt_get_strings,
	.get_ethtool_stats = stt_get_statistics,
};

static const struct device_type device_type = {
	.name = STT_LINK_KIND,
};

static void stt_setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->netdev_ops = &device_ops;
	dev->ethtool_ops = &device_ethtool_ops;
	SET_NETDEV_DEVTYPE(dev, &device_type);
	dev->needs_free_netdev = true;

	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = MAX_MTU;
	dev->needed_headroom = ETH_HLEN + OUTER_LEN;
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE | IFF_NO_QUEUE;
	netif_keep_dst(dev);
	stt_set_lockless_tx(dev);
	stt_tstats_setup(dev);

	dev->features |= STT_FEATURES | NETIF_F_HW_VLAN_CTAG_TX;
	dev->hw_features |= STT_FEATURES | NETIF_F_HW_VLAN_CTAG_TX;
	dev->vlan_features |= STT_FEATURES;
	stt_set_gso_max_size(dev, MAX_GSO_SIZE);
	eth_hw_addr_random(dev);
}

static const struct nla_policy policy[IFLA_STT_MAX + 1] = {
	[IFLA_STT_PORT] = { .type = NLA_U16 },
};

static int stt_validate(struct nlattr *tb[], struct nlattr *data[],
			struct netlink_ext_ack *extack)
{
	if (tb[IFLA_ADDRESS]) {
		if (nla_len(tb[IFLA_ADDRESS]) != ETH_ALEN ||
		    !is_valid_ether_addr(nla_data(tb[IFLA_ADDRESS]))) {
			NL_SET_ERR_MSG_ATTR(extack, tb[IFLA_ADDRESS],
					    "Not a unicast Ethernet address");
			return -EINVAL;
		}
	}
	if (data && data[IFLA_STT_PORT] && !nla_get_be16(data[IFLA_STT_PORT])) {
		NL_SET_ERR_MSG_ATTR(extack, data[IFLA_STT_PORT],
				    "Destination port must not be 0");
		return -EINVAL;
	}
	return 0;
}

/* Makes 'dev' the STT device for 'port' in 'net' and registers it. */
static int stt_configure(struct net *net, struct net_device *dev, __be16 port,
			 struct netlink_ext_ack *extack)
{
	struct stt_device *stt = netdev_priv(dev);
	int err;

	stt->dev = dev;
	stt->net = net;
	stt->port = port;
	INIT_HLIST_NODE(&stt->in_net);

	if (stt_net_find_device(stt_net(net), port)) {
		NL_SET_ERR_MSG(extack,
			       "An STT device for this destination port exists");
		return -EBUSY;
	}
	err = stt_bind_sockets(stt);
	if (err) {
		if (err == -EADDRINUSE)
			NL_SET_ERR_MSG(extack, "Destination port is in use by a TCP socket");
		else
			NL_SET_ERR_MSG(extack, "Cannot bind the destination port");
		return err;
	}
	err = register_netdevice(dev);
	if (err) {
		stt_release_sockets(stt);
		return err;
	}
	err = stt_start_receiving(stt);
	if (err) {
		NL_SET_ERR_MSG(extack, "Cannot start to receive");
		unregister_netdevice(dev);
		return err;
	}
	return 0;
}

static __be16 stt_get_port(struct nlattr *data[])
{
	return data && data[IFLA_STT_PORT] ? nla_get_be16(data[IFLA_STT_PORT])
					   : htons(STT_DEFAULT_PORT);
}

static int stt_create_link(struct net *net, struct net_device *dev,
			   struct nlattr *data[],
			   struct netlink_ext_ack *extack)
{
	return stt_configure(net, dev, stt_get_port(data), extack);
}
STT_DEFINE_NEWLINK(stt_newlink, stt_create_link)

static int stt_changelink(struct net_device *dev, struct nlattr *tb[],
			  struct nlattr *data[], struct netlink_ext_ack *extack)
{
	struct stt_device *stt = netdev_priv(dev);

	if (data && data[IFLA_STT_PORT] &&
	    nla_get_be16(data[IFLA_STT_PORT]) != stt->port) {
		NL_SET_ERR_MSG_ATTR(extack, data[IFLA_STT_PORT],
				    "Destination port cannot be changed");
		return -EOPNOTSUPP;
	}
	return 0;
}

static void stt_dellink(struct net_device *dev, struct list_head *list)
{
	unregister_netdevice_queue(dev, list);
}

static size_t stt_get_size(const struct net_device *dev)
{
	return nla_total_size(sizeof(__be16));
}

static int stt_fill_info(struct sk_buff *skb, const struct net_device *dev)
{
	const struct stt_device *stt = netdev_priv(dev);

	return nla_put_be16(skb, IFLA_STT_PORT, stt->port) ? -EMSGSIZE : 0;
}

static struct net *stt_get_link_net(const struct net_device *dev)
{
	const struct stt_device *stt = netdev_priv(dev);

	return stt->net;
}

static struct rtnl_link_ops link_ops __read_mostly = {
	.kind = STT_LINK_KIND,
	.maxtype = IFLA_STT_MAX,
	.policy = policy,
	.priv_size = sizeof(struct stt_device),
	.setup = stt_setup,
	.validate = stt_validate,
	.newlink = stt_newlink,
	.changelink = stt_changelink,
	.dellink = stt_dellink,
	.get_size = stt_get_size,
	.fill_info = stt_fill_info,
	.get_link_net = stt_get_link_net,
};

/**
 * stt_device_create - create an STT device
 * @net: network namespace of the device and of its outer packets
 * @name: the device's name
 * @name_assign_type: NET_NAME_*
 * @port: destination port, in network byte order, not 0
 *
 * The device has the largest MTU that there is, and is down.  The caller holds
 * RTNL.
 *
 * Return: the device, or an ERR_PTR, which is -EBUSY if there is a device for
 * the port, -EADDRINUSE if a TCP socket has the port, and -EEXIST if the name is
 * taken.
 */
struct net_device *stt_device_create(struct net *net, const char *name,
				     u8 name_assign_type, __be16 port)
{
	struct nlattr *tb[IFLA_MAX + 1] = { };
	struct net_device *dev;
	LIST_HEAD(kill);
	int err;

	dev = rtnl_create_link(net, name, name_assign_type, &link_ops, tb,
			       NULL);
	if (IS_ERR(dev))
		return dev;
	err = stt_configure(net, dev, port, NULL);
	if (err) {
		/* However far it came: if it is being unregistered, this has it
		 * freed after that.
		 */
		free_netdev(dev);
		return ERR_PTR(err);
	}

	err = dev_set_mtu(dev, dev->max_mtu);
	if (!err)
		err = stt_rtnl_configure_link(dev);
	if (err) {
		stt_dellink(dev, &kill);
		unregister_netdevice_many(&kill);
		return ERR_PTR(err);
	}
	return dev;
}
EXPORT_SYMBOL_GPL(stt_device_create);

/* Returns the destination port of the STT device 'dev', in network byte order. */
__be16 stt_device_port(const struct net_device *dev)
{
	const struct stt_device *stt = netdev_priv(dev);

	return stt->port;
}
EXPORT_SYMBOL_GPL(stt_device_port);

/*
 * Deletes the devices whose outer packets are in the namespaces 'nets', which
 * are linked by exit_list, wherever the devices are now.
 */
static void __net_exit stt_exit_nets(struct list_head *nets)
{
	struct stt_device *stt;
	struct hlist_node *next;
	struct net *net;
	LIST_HEAD(kill);

	rtnl_lock();
	list_for_each_entry(net, nets, exit_list) {
		hlist_for_each_entry_safe(stt, next, &stt_net(net)->devices,
					  in_net)
			stt_dellink(stt->dev, &kill);
	}
	unregister_netdevice_many(&kill);
	rtnl_unlock();
}

static struct pernet_operations device_net_ops = {
	.exit_batch = stt_exit_nets,
};

/* To be called after the other files' own.  Returns 0 or a negative errno. */
int __init stt_device_init(void)
{
	int err;

	err = register_pernet_subsys(&device_net_ops);
	if (err)
		return err;
	err = rtnl_link_register(&link_ops);
	if (err)
		unregister_pernet_subsys(&device_net_ops);
	return err;
}

void stt_device_exit(void)
{
	rtnl_link_unregister(&link_ops);
	unregister_pernet_subsys(&device_net_ops);
}
