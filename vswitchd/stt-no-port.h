/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_NO_PORT_H
#define STT_NO_PORT_H 1

/* Inner packets that no port takes
 * ================================
 *
 * Pop takes the frames that come to the host's TCP port, whoever sends them
 * and whatever their Context ID is.  Which port an inner packet belongs to, OVS
 * finds out when it has no flow for it, from addresses and key.  If none fits,
 * because the peer has another address or a NAT is between, or nobody has the
 * key, the packet ends there.  These are counted here, and the last one is
 * kept, so that an operator sees whose it was.
 *
 * The userspace datapath gets no flow for such a packet, so that each of them
 * comes here.  The kernel datapath is given one that drops the next ones. */

#include "openvswitch/types.h"

struct ds;
struct flow;
struct netdev;

void stt_no_port_learn(const struct netdev *, odp_port_t);
void stt_no_port_count(const struct flow *);
void stt_no_port_show(struct ds *);

#endif /* stt-no-port.h */
