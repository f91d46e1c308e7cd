// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open vSwitch's vport type for STT
 * =================================
 *
 * The kernel's openvswitch module asks for it by alias when ovs-vswitchd wants
 * a port of type 106.  The port is an STT device; this module only makes it and
 * hands it over.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/netlink.h>
#include "compat.h"
#include "device.h"
#include "openvswitch.h"

/* The type's number in Open vSwitch's own netlink interface. */
#define OVS_VPORT_TYPE_STT 106

static struct vport_ops stt_vport_ops;

static int stt_get_vport_options(const struct vport *vport, struct sk_buff *skb)
{
	return nla_put_u16(skb, OVS_TUNNEL_ATTR_DST_PORT,
			   ntohs(stt_device_port(vport->dev))) ? -EMSGSIZE : 0;
}

/* Makes the STT device called 'name' for 'port', and brings it up. */
static struct net_device *stt_create_device(struct net *net, const char *name,
					    __be16 port)
{
	struct net_device *dev;
	int err;

	dev = stt_device_create(net, name, NET_NAME_USER, port);
	if (IS_ERR(dev))
		return dev;
	err = dev_change_flags(dev, dev->flags | IFF_UP, NULL);
	if (err < 0) {
		stt_rtnl_delete_link(dev);
		return ERR_PTR(err);
	}
	return dev;
}

static struct vport *stt_create(const struct vport_parms *parms)
{
	struct net_device *dev;
	struct nlattr *port = NULL;
	struct vport *vport;

	vport = ovs_vport_alloc(0, &stt_vport_ops, parms);
	if (IS_ERR(vport))
		return vport;
	/* Before anything that is thought to be a pointer is followed. */
	if (vport->ops != &stt_vport_ops || vport->dp != parms->dp ||
	    vport->port_no != parms->port_no) {
		pr_err_once("this kernel's openvswitch is not the one that this module was built for: build it again\n");
		ovs_vport_free(vport);
		return ERR_PTR(-EINVAL);
	}

	if (parms->options)
		port = nla_find_nested(parms->options,
				       OVS_TUNNEL_ATTR_DST_PORT);
	if (!port || nla_len(port) != sizeof(u16) || !nla_get_u16(port)) {
		ovs_vport_free(vport);
		return ERR_PTR(-EINVAL);
	}

	rtnl_lock();
	dev = stt_create_device(read_pnet(&parms->dp->net), parms->name,
				htons(nla_get_u16(port)));
	if (!IS_ERR(dev))
		dev_hold(dev);
	rtnl_unlock();
	if (IS_ERR(dev)) {
		ovs_vport_free(vport);
		return ERR_CAST(dev);
	}
	return stt_ovs_link_device(vport, dev);
}

static struct vport_ops stt_vport_ops = {
	.type = (enum ovs_vport_type)OVS_VPORT_TYPE_STT,
	.create = stt_create,
	.destroy = ovs_netdev_tunnel_destroy,
	.get_options = stt_get_vport_options,
	.send = dev_queue_xmit,
	.owner = THIS_MODULE,
};

static int __init vport_stt_init(void)
{
	return __ovs_vport_ops_register(&stt_vport_ops);
}

static void __exit vport_stt_exit(void)
{
	ovs_vport_ops_unregister(&stt_vport_ops);
}

module_init(vport_stt_init);
module_exit(vport_stt_exit);

MODULE_DESCRIPTION("Open vSwitch's vport type for STT tunnels");
MODULE_LICENSE("GPL");
MODULE_VERSION(STT_PACKAGE_VERSION);
MODULE_ALIAS("vport-type-106");
