/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_SOCKET_H
#define PACKET_SOCKET_H 1

/* Buffers of packet sockets, and what is lost on the way through them
 * ====================================================================
 *
 * Open vSwitch's userspace datapath receives from each queue of a Linux device
 * through a packet socket of its own, and sends to all of them through one.
 * The system's default buffers hold three packets of 64 kB, or some 90 of 1,500
 * bytes, which are fewer than TCP sends at a time.  What does not fit into a
 * receive buffer is lost without a trace in OVS.
 *
 * So the sockets get larger buffers here, unless
 * "other_config:packet-socket-rcvbuf" and "...-sndbuf" say how many bytes they
 * are to have.  What receive buffers have no room for is counted: in the
 * coverage counter packet_socket_drops, as rx_dropped and rx_missed_errors of
 * the interface, in stt/show, and in the log.  So is what was too long without
 * userspace TSO (see stt-joined.h): in packet_socket_too_long, as rx_dropped,
 * and in the same places. */

#include <stdint.h>

struct ds;
struct netdev_stats;
struct smap;

/* Default sizes, in bytes as the system counts them, unless the system's own are
 * larger.  A buffer takes memory only while packets wait in it, but there is
 * one for each guest, so that without userspace TSO it is no larger than what
 * 1 Gbit/s of packets of 1,500 bytes, which the system counts as 2,304, fills
 * in 10 ms: a thread that shares its CPU may have to wait that long.  The other
 * has room for 100 super-packets of 64 kB. */
#define PACKET_SOCKET_BUFFER (2 * 1024 * 1024)
#define PACKET_SOCKET_TSO_BUFFER (8 * 1024 * 1024)

void packet_socket_opened(int fd, const char *netdev_name);
void packet_socket_closing(int fd);
void packet_socket_too_long(const char *netdev_name);

void packet_socket_set_config(const struct smap *other_config);
void packet_socket_run(void);
void packet_socket_wait(void);

void packet_socket_add_stats(const char *netdev_name, struct netdev_stats *);
void packet_socket_add_own_drops(struct netdev_stats *, uint64_t rx,
                                 uint64_t tx);
void packet_socket_show(struct ds *);

#endif /* packet-socket.h */
