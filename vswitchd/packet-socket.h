/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_SOCKET_H
#define PACKET_SOCKET_H 1

/* Buffers of packet sockets, and what is lost for want of them
 * =============================================================
 *
 * Open vSwitch's userspace datapath receives from each queue of a Linux device
 * through a packet socket of its own, and sends to all of them through one.
 * The system's default buffers hold three packets of 64 kB.  What does not fit
 * into a receive buffer is lost without a trace in OVS.
 *
 * With userspace TSO such packets are the rule, so then the sockets get larger
 * buffers here, "other_config:packet-socket-rcvbuf" and "...-sndbuf" bytes.
 * What receive buffers have no room for is counted in any case: in the coverage
 * counter packet_socket_drops, as rx_dropped and rx_missed_errors of the
 * interface, in stt/show, and in the log. */

#include <stdint.h>

struct ds;
struct netdev_stats;
struct smap;

/* Default size with userspace TSO on, in bytes as the system counts them. */
#define PACKET_SOCKET_BUFFER (8 * 1024 * 1024)

void packet_socket_opened(int fd, const char *netdev_name);
void packet_socket_closing(int fd);

void packet_socket_set_config(const struct smap *other_config);
void packet_socket_run(void);
void packet_socket_wait(void);

void packet_socket_add_stats(const char *netdev_name, struct netdev_stats *);
void packet_socket_add_own_drops(struct netdev_stats *, uint64_t rx,
                                 uint64_t tx);
void packet_socket_show(struct ds *);

#endif /* packet-socket.h */
