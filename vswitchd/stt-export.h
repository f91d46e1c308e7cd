/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_EXPORT_H
#define STT_EXPORT_H 1

/* STT in IPFIX and sFlow records
 * ==============================
 *
 * IPFIX: Open vSwitch's enterprise elements tunnelType and tunnelKey (VMware,
 * 6876:891 and 6876:892) have room for any tunnel.  STT's type is the one that
 * Open vSwitch's own STT had until release 3.5, and its key is the whole
 * Context ID.
 *
 * sFlow: the standard records (sflow_tunnels.txt of sflow.org) tell a tunnel by
 * its IP protocol and ports, and have 32 bits for its key.  These hold the low
 * half of the Context ID.  The whole of it is in one more record, of the number
 * that the key has as an IPFIX element, 6876:892, of 16 bytes in XDR:
 *
 *     unsigned int tunnel_type;      as IPFIX's tunnelType: 4
 *     unsigned int direction;        0 received from the tunnel, 1 sent to it
 *     unsigned hyper tunnel_key;     the Context ID
 *
 * Collectors pass over records that they do not know. */

#include <stdbool.h>
#include <stdint.h>

#include "openvswitch/types.h"

struct flow_tnl;
struct ovs_action_push_tnl;

/* IPFIX's tunnelType, and the length of its tunnelKey in bytes. */
#define STT_TUNNEL_TYPE 0x04
#define STT_TUNNEL_KEY_LEN 8

/* sFlow's record: number, enterprise in the upper 20 bits, and length in
 * 32-bit words. */
#define STT_SFLOW_KEY_TAG ((6876u << 12) | 892)
#define STT_SFLOW_KEY_WORDS 4

/* Directions in it. */
enum stt_sflow_direction {
    STT_SFLOW_INGRESS = 0,
    STT_SFLOW_EGRESS = 1,
};

bool stt_read_push_action(const struct ovs_action_push_tnl *,
                          struct flow_tnl *, bool *error);
void stt_sflow_get_ports(uint8_t ip_protocol, const struct flow_tnl *,
                         uint32_t *source, uint32_t *destination);
bool stt_sflow_put_key(uint8_t ip_protocol, enum stt_sflow_direction,
                       ovs_be64 tun_id, uint32_t *tag, void *words);

#endif /* stt-export.h */
