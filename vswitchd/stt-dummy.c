/* SPDX-License-Identifier: Apache-2.0 */
/* releases: < 4.0 */
#include <config.h>
#include "stt-dummy.h"

#include "netdev.h"
#include "netdev-provider.h"
#include "openvswitch/shash.h"
#include "openvswitch/vlog.h"
#include "ovs-thread.h"
#include "smap.h"
#include "stt-compat.h"
#include "userspace-tso.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(stt_dummy);

struct abilities {
    bool l4_rx_good;            /* Checksums of received packets. */
    bool l4_rx_bad;
    bool l4_rx_partial;
    bool ip_rx_partial;
    bool l4_tx;                 /* Completes checksums itself. */
};

static struct ovs_mutex mutex = OVS_MUTEX_INITIALIZER;

/* By the device's name, as "struct abilities *". */
static struct shash devices OVS_GUARDED_BY(mutex)
    = SHASH_INITIALIZER(&devices);

static struct abilities
get_abilities(const struct netdev *netdev)
{
    const struct abilities *abilities;
    struct abilities copy = { false, false, false, false, false };

    ovs_mutex_lock(&mutex);
    abilities = shash_find_data(&devices, netdev_get_name(netdev));
    if (abilities) {
        copy = *abilities;
    }
    ovs_mutex_unlock(&mutex);
    return copy;
}

/* Called when the dummy device 'netdev' was given 'options'. */
void
stt_dummy_configure(struct netdev *netdev, const struct smap *options)
{
    struct abilities abilities = {
        .l4_rx_good = smap_get_bool(options, "ol_l4_rx_csum_set_good", false),
        .l4_rx_bad = smap_get_bool(options, "ol_l4_rx_csum_set_bad", false),
        .l4_rx_partial = smap_get_bool(options, "ol_l4_rx_csum_set_partial",
                                       false),
        .ip_rx_partial = smap_get_bool(options, "ol_ip_rx_csum_set_partial",
                                       false),
        .l4_tx = smap_get_bool(options, "ol_l4_tx_csum", false),
    };

    if (abilities.l4_tx) {
        netdev->ol_flags |= (NETDEV_TX_OFFLOAD_TCP_CKSUM
                             | NETDEV_TX_OFFLOAD_UDP_CKSUM);
    }
    ovs_mutex_lock(&mutex);
    free(shash_replace(&devices, netdev_get_name(netdev),
                       xmemdup(&abilities, sizeof abilities)));
    ovs_mutex_unlock(&mutex);
}

/* Called when the dummy device 'netdev' has received 'packet', whose headers
 * nobody has looked at yet. */
void
stt_dummy_received(const struct netdev *netdev, struct dp_packet *packet)
{
    struct abilities abilities = get_abilities(netdev);

    /* Older releases' dummy devices do this to all super-packets. */
    dp_packet_hwol_reset_tx_l4_csum(packet);
    if (abilities.l4_rx_good) {
        dp_packet_ol_set_l4_csum_good(packet);
    } else if (abilities.l4_rx_bad) {
        *dp_packet_ol_flags_ptr(packet) |= DP_PACKET_OL_RX_L4_CKSUM_BAD;
    } else if (abilities.l4_rx_partial) {
        dp_packet_ol_set_l4_csum_partial(packet);
    }
    if (abilities.ip_rx_partial) {
        dp_packet_hwol_set_tx_ip_csum(packet);
    }
}

/* Called before the dummy device 'netdev' sends 'packet'. */
void
stt_dummy_sending(const struct netdev *netdev, struct dp_packet *packet)
{
    VLOG_DBG("Tx: packet with csum IP %s, L4 %s, tunnel %s, segsz %"PRIu16,
             dp_packet_ip_checksum_good(packet) ? "good"
             : dp_packet_ip_checksum_partial(packet) ? "partial"
             : dp_packet_ip_checksum_bad(packet) ? "bad" : "unknown",
             dp_packet_l4_checksum_good(packet) ? "good"
             : dp_packet_l4_checksum_partial(packet) ? "partial"
             : dp_packet_l4_checksum_bad(packet) ? "bad" : "unknown",
             dp_packet_tunnel(packet) ? "some" : "none",
             stt_get_tso_segsz(packet));
    if (get_abilities(netdev).l4_tx) {
        dp_packet_ol_send_prepare(packet, 0);
    }
}
