/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_UNDERLAY_H
#define STT_UNDERLAY_H 1

/* Devices that cannot carry a tunnel, and remote addresses without a way
 * =======================================================================
 *
 * The userspace datapath sends and receives Ethernet frames.  A device of
 * Linux whose packets have no Ethernet header, such as WireGuard's or any other
 * of tun's kind, would take them, and what is in them would be lost, without a
 * word from anybody.  So such a device is refused as a port of the userspace
 * datapath.
 *
 * Where the route to a tunnel's other end leaves through such a device, or
 * through one that is no port, OVS makes a flow that drops what is to go there.
 * That is told in the log, and the last case of it in stt/show. */

struct ds;
struct flow;
struct netdev;

int stt_underlay_check(const char *datapath_type, const struct netdev *,
                       char **errp);
void stt_underlay_unrouted(const struct netdev *, const struct flow *);
void stt_underlay_show(struct ds *);

#endif /* stt-underlay.h */
