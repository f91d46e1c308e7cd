/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-underlay.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "flow.h"
#include "netdev.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/shash.h"
#include "openvswitch/vlog.h"
#include "ovs-router.h"
#include "ovs-thread.h"
#include "packets.h"
#include "socket-util.h"
#include "stt-type.h"
#include "timeval.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(stt_underlay);

static struct ovs_mutex mutex = OVS_MUTEX_INITIALIZER;

/* The names of the devices that were refused as ports, without data. */
static struct shash refused OVS_GUARDED_BY(mutex) = SHASH_INITIALIZER(&refused);

/* What was said of the last tunnel without a way, from malloc(), or NULL, and
 * when that was. */
static char *last_unrouted OVS_GUARDED_BY(mutex);
static long long int last_time OVS_GUARDED_BY(mutex);

/* Returns true if the Linux device 'name' is there and its packets have no
 * Ethernet header. */
static bool
lacks_ethernet(const char *name)
{
    struct ifreq request;

    memset(&request, 0, sizeof request);
    ovs_strzcpy(request.ifr_name, name, sizeof request.ifr_name);
    if (af_inet_ioctl(SIOCGIFHWADDR, &request)) {
        return false;
    }
    /* Loopback devices have the header, too. */
    return (request.ifr_hwaddr.sa_family != ARPHRD_ETHER
            && request.ifr_hwaddr.sa_family != ARPHRD_LOOPBACK);
}

/* Returns true if packets of 'netdev' are those of a Linux device of its
 * name, which somebody else than OVS has made. */
static bool
is_linux_device(const struct netdev *netdev)
{
    const char *type = netdev_get_type(netdev);

    return (!strcmp(type, "system") || !strcmp(type, "afxdp")
            || !strcmp(type, "afxdp-nonpmd"));
}

/* Called when 'netdev' is about to become a port of a datapath of
 * 'datapath_type'.  Returns 0 if it may, and otherwise a positive errno value
 * with a message in '*errp', which the caller must free. */
int
stt_underlay_check(const char *datapath_type, const struct netdev *netdev,
                   char **errp)
{
    const char *name = netdev_get_name(netdev);
    bool fits = (strcmp(datapath_type, "netdev") || !is_linux_device(netdev)
                 || !lacks_ethernet(name));

    ovs_mutex_lock(&mutex);
    if (fits) {
        shash_find_and_delete(&refused, name);
    } else {
        shash_add_once(&refused, name, NULL);
    }
    ovs_mutex_unlock(&mutex);
    if (fits) {
        return 0;
    }

    *errp = xasprintf("%s: its packets have no Ethernet header, so the "
                      "userspace datapath can neither send to it nor receive "
                      "from it", name);
    VLOG_WARN("%s", *errp);
    return EINVAL;
}

/* Called when the translation of 'flow', whose tunnel metadata is that of the
 * tunnel port 'netdev' of any type, found no way for what leaves through it.
 * Tells the reason if 'netdev' is an STT port. */
void
stt_underlay_unrouted(const struct netdev *netdev, const struct flow *flow)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);
    struct in6_addr source = flow_tnl_src(&flow->tunnel);
    struct in6_addr remote = flow_tnl_dst(&flow->tunnel);
    struct in6_addr gateway = in6addr_any;
    char device[IFNAMSIZ];
    struct ds s;

    if (!stt_is_port(netdev)) {
        return;
    }

    ds_init(&s);
    ds_put_format(&s, "%s to ", netdev_get_name(netdev));
    ipv6_format_mapped(&remote, &s);
    if (!ovs_router_lookup(flow->pkt_mark, &remote, device, &source,
                           &gateway)) {
        ds_put_cstr(&s, ": no route in ovs-appctl ovs/route/show");
        if (flow_tnl_src_is_set(&flow->tunnel)) {
            ds_put_cstr(&s, ", or not from ");
            ipv6_format_mapped(&source, &s);
        }
    } else {
        ds_put_format(&s, ": the route leaves through %s, %s", device,
                      lacks_ethernet(device)
                      ? "whose packets have no Ethernet header"
                      : "which is no port of a bridge");
    }
    VLOG_WARN_RL(&rl, "%s", ds_cstr(&s));

    ovs_mutex_lock(&mutex);
    free(last_unrouted);
    last_unrouted = ds_steal_cstr(&s);
    last_time = time_msec();
    ovs_mutex_unlock(&mutex);
}

/* Appends the devices that were refused and are still there, and the last
 * tunnel without a way, to 's'. */
void
stt_underlay_show(struct ds *s)
{
    struct shash_node *node;

    ds_put_cstr(s, "underlay:\n");
    ovs_mutex_lock(&mutex);
    SHASH_FOR_EACH_SAFE (node, &refused) {
        if (lacks_ethernet(node->name)) {
            ds_put_format(s, "  %s: refused as a port, as its packets have no "
                          "Ethernet header\n", node->name);
        } else {
            shash_delete(&refused, node);
        }
    }
    if (last_unrouted) {
        ds_put_format(s, "  last tunnel without a way: %s, %lld s ago\n",
                      last_unrouted, (time_msec() - last_time) / 1000);
    }
    ovs_mutex_unlock(&mutex);
}
