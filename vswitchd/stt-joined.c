/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-joined.h"

#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "dp-packet.h"
#include "flow.h"
#include "netdev.h"
#include "odp-util.h"
#include "ovs-atomic.h"
#include "packet-socket.h"
#include "packets.h"
#include "stt-compat.h"
#include "tnl-ports.h"
#include "userspace-tso.h"
#include "util.h"

/* Has there been an STT port? */
static atomic_bool configured = false;

/* Called when an STT port is configured. */
void
stt_joined_configured(void)
{
    atomic_store_relaxed(&configured, true);
}

/* Called when a packet that a packet socket received from 'netdev' was dropped
 * because there was no room for all of it.  Returns true if the socket is to
 * get room for packets of any length. */
bool
stt_joined_truncated(const struct netdev *netdev)
{
    bool get_room;

    packet_socket_too_long(netdev_get_name(netdev));
    atomic_read_relaxed(&configured, &get_room);
    return get_room;
}

/* Returns true if the kernel says in 'message' that the packet in it has a
 * checksum still to be finished. */
static bool
checksum_unfinished(const struct msghdr *message)
{
    struct msghdr *msg = CONST_CAST(struct msghdr *, message);

    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg;
         cmsg = CMSG_NXTHDR(msg, cmsg)) {
        if (cmsg->cmsg_level == SOL_PACKET
            && cmsg->cmsg_type == PACKET_AUXDATA
            && cmsg->cmsg_len >= CMSG_LEN(sizeof(struct tpacket_auxdata))) {
            const struct tpacket_auxdata *auxdata
                = ALIGNED_CAST(struct tpacket_auxdata *, CMSG_DATA(cmsg));

            return (auxdata->tp_status & TP_STATUS_CSUMNOTREADY) != 0;
        }
    }
    return false;
}

/* Returns true if 'packet' is for an STT port of this host, once a tag that it
 * may have is taken off.  Sets its layer offsets. */
static bool
is_for_stt_port(struct dp_packet *packet)
{
    struct flow flow;

    pkt_metadata_init(&packet->md, ODPP_NONE);
    flow_extract(packet, &flow);
    memset(flow.vlans, 0, sizeof flow.vlans);
    /* No other tunnel is TCP. */
    return (is_ip_any(&flow)
            && flow.nw_proto == IPPROTO_TCP
            && tnl_port_map_lookup(&flow, NULL) != ODPP_NONE);
}

/* Returns true if 'packet', received by a packet socket from 'netdev' with what
 * is in 'message', can be handled.  'too_long' says whether it is longer than
 * the MTU of 'netdev' allows.  Otherwise counts and frees it. */
bool
stt_joined_accept(const struct netdev *netdev, struct dp_packet *packet,
                  bool too_long, const struct msghdr *message)
{
    bool unfinished;

    if (userspace_tso_enabled()) {
        return true;
    }
    unfinished = checksum_unfinished(message);
    if (OVS_LIKELY(!too_long && !unfinished)) {
        return true;
    }
    if (is_for_stt_port(packet)) {
        if (unfinished) {
            dp_packet_l4_proto_set_tcp(packet);
            dp_packet_l4_checksum_set_partial(packet);
        }
        return true;
    }
    if (!too_long) {
        return true;
    }
    packet_socket_too_long(netdev_get_name(netdev));
    dp_packet_delete(packet);
    return false;
}
