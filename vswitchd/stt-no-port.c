/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-no-port.h"

#include <inttypes.h>
#include <stdlib.h>

#include "flow.h"
#include "hash.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/hmap.h"
#include "ovs-thread.h"
#include "packets.h"
#include "stt-counters.h"
#include "stt-type.h"
#include "timeval.h"
#include "util.h"

/* A datapath's port that STT ports receive through. */
struct dpif_port_node {
    struct hmap_node hmap_node;
    odp_port_t odp_port;
};

static struct ovs_mutex mutex = OVS_MUTEX_INITIALIZER;

static struct hmap dpif_ports OVS_GUARDED_BY(mutex)
    = HMAP_INITIALIZER(&dpif_ports);

/* The tunnel's metadata of the last packet that no port took, and when that
 * was, or 0 if there was none. */
static struct flow_tnl last OVS_GUARDED_BY(mutex);
static long long int last_time OVS_GUARDED_BY(mutex);

static struct dpif_port_node *
find_dpif_port(odp_port_t odp_port)
    OVS_REQUIRES(mutex)
{
    struct dpif_port_node *node;

    HMAP_FOR_EACH_WITH_HASH (node, hmap_node, hash_odp_port(odp_port),
                             &dpif_ports) {
        if (node->odp_port == odp_port) {
            return node;
        }
    }
    return NULL;
}

/* Called when the tunnel port 'netdev' of whatever type was added, whose
 * packets come in on the datapath's port 'odp_port'.  That has the same type
 * until another tunnel port is added with its number. */
void
stt_no_port_learn(const struct netdev *netdev, odp_port_t odp_port)
{
    struct dpif_port_node *node;

    ovs_mutex_lock(&mutex);
    node = find_dpif_port(odp_port);
    if (stt_is_port(netdev) && !node) {
        node = xmalloc(sizeof *node);
        node->odp_port = odp_port;
        hmap_insert(&dpif_ports, &node->hmap_node, hash_odp_port(odp_port));
    } else if (!stt_is_port(netdev) && node) {
        hmap_remove(&dpif_ports, &node->hmap_node);
        free(node);
    }
    ovs_mutex_unlock(&mutex);
}

/* Called with the flow of a packet for which OVS found no port, and which ends
 * with this.  Counts it if it came through STT. */
void
stt_no_port_count(const struct flow *flow)
{
    if (flow->recirc_id || !flow_tnl_dst_is_set(&flow->tunnel)) {
        return;
    }

    ovs_mutex_lock(&mutex);
    if (find_dpif_port(flow->in_port.odp_port)) {
        flow_tnl_copy__(&last, &flow->tunnel);
        last_time = time_msec();
        stt_count_drop(STT_DROP_NO_PORT);
    }
    ovs_mutex_unlock(&mutex);
}

/* Appends to 's' whose the last packet was that no port took, if there was
 * one. */
void
stt_no_port_show(struct ds *s)
{
    ovs_mutex_lock(&mutex);
    if (last_time) {
        struct in6_addr source = flow_tnl_src(&last);
        struct in6_addr destination = flow_tnl_dst(&last);

        ds_put_cstr(s, "last packet that no port takes: from ");
        ipv6_format_mapped(&source, s);
        ds_put_cstr(s, " to ");
        ipv6_format_mapped(&destination, s);
        ds_put_format(s, ", key %#"PRIx64", dst_port %"PRIu16
                      ", %lld s ago\n", ntohll(last.tun_id),
                      ntohs(last.tp_dst), (time_msec() - last_time) / 1000);
    }
    ovs_mutex_unlock(&mutex);
}
