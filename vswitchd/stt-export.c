/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-export.h"

#include <netinet/in.h>

#include "byte-order.h"
#include "flow.h"
#include "netdev.h"
#include "odp-netlink.h"
#include "packets.h"
#include "stt-header.h"
#include "util.h"

/* If 'push' is an STT template, sets the port and the key in 'tunnel', whose
 * addresses were read from an IPv4 header before, and returns true.  If the
 * template is of IPv6, for which sFlow's records have no room, those addresses
 * are none: sets '*error' then.  Otherwise returns false and changes nothing.
 *
 * The source port is chosen for each packet and so is not known here. */
bool
stt_read_push_action(const struct ovs_action_push_tnl *push,
                     struct flow_tnl *tunnel, bool *error)
{
    const struct eth_header *eth = (const struct eth_header *) push->header;
    struct stt_template template;

    if (push->tnl_type != OVS_VPORT_TYPE_STT) {
        return false;
    }
    if (push->header_len < sizeof *eth + STT_HEADERS_LEN
        || eth->eth_type != htons(ETH_TYPE_IP)) {
        *error = true;
        return true;
    }
    stt_template_read((const uint8_t *) push->header + push->header_len
                      - STT_HEADERS_LEN, &template);
    tunnel->tp_src = 0;
    tunnel->tp_dst = htons(template.destination_port);
    tunnel->tun_id = htonll(template.context_id);
    return true;
}

/* If 'ip_protocol', a tunnel's, is STT's, stores the ports of 'tunnel' to
 * '*source' and '*destination', in host byte order. */
void
stt_sflow_get_ports(uint8_t ip_protocol, const struct flow_tnl *tunnel,
                    uint32_t *source, uint32_t *destination)
{
    if (ip_protocol == IPPROTO_TCP) {
        *source = ntohs(tunnel->tp_src);
        *destination = ntohs(tunnel->tp_dst);
    }
}

/* If 'ip_protocol', a tunnel's, is STT's, which no other tunnel of Open vSwitch
 * has, makes sFlow's record for the key 'tun_id': stores its number to '*tag'
 * and its contents, STT_SFLOW_KEY_WORDS words of 32 bits in host byte order, to
 * 'words', and returns true.  Otherwise returns false. */
bool
stt_sflow_put_key(uint8_t ip_protocol, enum stt_sflow_direction direction,
                  ovs_be64 tun_id, uint32_t *tag, void *words_)
{
    uint32_t *words = words_;

    if (ip_protocol != IPPROTO_TCP) {
        return false;
    }
    *tag = STT_SFLOW_KEY_TAG;
    words[0] = STT_TUNNEL_TYPE;
    words[1] = direction;
    words[2] = ntohll(tun_id) >> 32;
    words[3] = ntohll(tun_id);
    return true;
}
