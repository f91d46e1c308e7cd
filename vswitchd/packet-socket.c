/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "packet-socket.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "coverage.h"
#include "netdev.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/list.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/shash.h"
#include "openvswitch/vlog.h"
#include "ovs-thread.h"
#include "smap.h"
#include "timeval.h"
#include "userspace-tso.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(packet_socket);

COVERAGE_DEFINE(packet_socket_drops);
COVERAGE_DEFINE(packet_socket_too_long);

/* How often losses are looked for, in milliseconds. */
#define POLL_INTERVAL 1000

/* Smallest buffer that may be configured, in bytes. */
#define MIN_BUFFER 4096

struct packet_socket {
    struct ovs_list list_node;
    int fd;
    char *netdev_name;          /* NULL for the one that sends to all. */
    int system_size;            /* Of its buffer when it was opened. */
};

/* Packets lost so far on the way from a device. */
struct losses {
    int ifindex;                /* Linux's number of the device, or 0. */
    uint64_t no_room;           /* In the receive buffer. */
    uint64_t too_long;          /* For what there was room to read. */
};

static struct ovs_mutex mutex = OVS_MUTEX_INITIALIZER;

/* All open packet sockets. */
static struct ovs_list sockets OVS_GUARDED_BY(mutex)
    = OVS_LIST_INITIALIZER(&sockets);

/* What a device has lost so far, by the device's name, as "struct losses *".
 * It outlives the sockets, which OVS opens anew whenever it changes the number of
 * queues. */
static struct shash losses_by_device OVS_GUARDED_BY(mutex)
    = SHASH_INITIALIZER(&losses_by_device);

/* Sizes that were configured, in bytes, or 0. */
static int configured_rcvbuf OVS_GUARDED_BY(mutex);
static int configured_sndbuf OVS_GUARDED_BY(mutex);

static long long int next_poll;

/* Returns the size of the buffer of 'socket', or 0 if the kernel does not
 * say. */
static int
get_size(const struct packet_socket *socket)
{
    socklen_t length = sizeof(int);
    int size = 0;

    getsockopt(socket->fd, SOL_SOCKET,
               socket->netdev_name ? SO_RCVBUF : SO_SNDBUF, &size, &length);
    return size;
}

/* Gives 'socket' the buffer that it should have. */
static void
set_size(const struct packet_socket *socket)
    OVS_REQUIRES(mutex)
{
    bool receives = socket->netdev_name != NULL;
    int configured = receives ? configured_rcvbuf : configured_sndbuf;
    /* The kernel doubles what it is told, for its own overhead. */
    int wanted = (configured ? configured
                  : MAX(socket->system_size,
                        userspace_tso_enabled() ? PACKET_SOCKET_TSO_BUFFER
                        : PACKET_SOCKET_BUFFER));
    int half = wanted / 2;

    if (setsockopt(socket->fd, SOL_SOCKET,
                      receives ? SO_RCVBUFFORCE : SO_SNDBUFFORCE,
                      &half, sizeof half)
        && setsockopt(socket->fd, SOL_SOCKET,
                      receives ? SO_RCVBUF : SO_SNDBUF, &half, sizeof half)) {
        VLOG_WARN("%s: could not set %s buffer to %d bytes (%s)",
                  receives ? socket->netdev_name : "all devices",
                  receives ? "receive" : "send", half * 2,
                  ovs_strerror(errno));
    }
}

static struct losses *
get_losses(const char *netdev_name)
    OVS_REQUIRES(mutex)
{
    struct losses *losses = shash_find_data(&losses_by_device, netdev_name);

    if (!losses) {
        losses = xzalloc(sizeof *losses);
        shash_add(&losses_by_device, netdev_name, losses);
    }
    return losses;
}

/* A device that was removed and made anew under its name has lost nothing yet:
 * if 'socket' is bound to another one than before, begins at 0. */
static void
begin_losses(const struct packet_socket *socket)
    OVS_REQUIRES(mutex)
{
    struct losses *losses = get_losses(socket->netdev_name);
    struct sockaddr_ll address;
    socklen_t length = sizeof address;

    memset(&address, 0, sizeof address);
    getsockname(socket->fd, (struct sockaddr *) &address, &length);
    if (losses->ifindex != address.sll_ifindex) {
        memset(losses, 0, sizeof *losses);
        losses->ifindex = address.sll_ifindex;
    }
}

/* Asks the kernel what 'socket' has lost since it was last asked. */
static void
poll_drops(const struct packet_socket *socket)
    OVS_REQUIRES(mutex)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 5);
    struct tpacket_stats stats;
    socklen_t length = sizeof stats;

    if (!socket->netdev_name
        || getsockopt(socket->fd, SOL_PACKET, PACKET_STATISTICS,
                      &stats, &length)
        || !stats.tp_drops) {
        return;
    }
    get_losses(socket->netdev_name)->no_room += stats.tp_drops;
    COVERAGE_ADD(packet_socket_drops, stats.tp_drops);
    VLOG_WARN_RL(&rl, "%s: %u received packets lost, because they came faster "
                 "than they were handled; a larger "
                 "other_config:packet-socket-rcvbuf may help",
                 socket->netdev_name, stats.tp_drops);
}

/* Called when the packet socket 'fd' was opened to receive from the device
 * 'netdev_name', or, if that is NULL, to send to any. */
void
packet_socket_opened(int fd, const char *netdev_name)
{
    struct packet_socket *socket = xmalloc(sizeof *socket);

    socket->fd = fd;
    socket->netdev_name = nullable_xstrdup(netdev_name);
    ovs_mutex_lock(&mutex);
    socket->system_size = get_size(socket);
    ovs_list_push_back(&sockets, &socket->list_node);
    if (netdev_name) {
        begin_losses(socket);
    }
    set_size(socket);
    ovs_mutex_unlock(&mutex);
}

/* Called when 'fd' is about to be closed.  It need not be a packet socket. */
void
packet_socket_closing(int fd)
{
    struct packet_socket *socket;

    ovs_mutex_lock(&mutex);
    LIST_FOR_EACH_SAFE (socket, list_node, &sockets) {
        if (socket->fd == fd) {
            poll_drops(socket);
            ovs_list_remove(&socket->list_node);
            free(socket->netdev_name);
            free(socket);
        }
    }
    ovs_mutex_unlock(&mutex);
}

/* Called by any thread that had to drop a packet which came from the device
 * 'netdev_name', as it was longer than the device's MTU allows and nobody could
 * have cut it. */
void
packet_socket_too_long(const char *netdev_name)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 5);
    uint64_t n;

    COVERAGE_INC(packet_socket_too_long);
    ovs_mutex_lock(&mutex);
    n = ++get_losses(netdev_name)->too_long;
    ovs_mutex_unlock(&mutex);
    VLOG_WARN_RL(&rl, "%s: received packet dropped, as it is longer than the "
                 "device's MTU (%"PRIu64" such packets so far); Linux or the "
                 "sender joined it: run \"ethtool -K %s gro off lro off\", or "
                 "switch other_config:userspace-tso-enable on", netdev_name, n,
                 netdev_name);
}

/* Returns the size of a buffer that 'other_config' has under 'name', in bytes,
 * or 0 if there is none. */
static int
parse_size(const struct smap *other_config, const char *name)
{
    const char *s = smap_get(other_config, name);
    int size = 0;

    if (s && (!str_to_int(s, 10, &size) || size < MIN_BUFFER)) {
        static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);

        VLOG_WARN_RL(&rl, "bad value \"%s\" for other_config:%s: must be an "
                     "integer from %d to %d; using the default",
                     s, name, MIN_BUFFER, INT_MAX);
        return 0;
    }
    return size;
}

/* Takes the buffers' sizes from the 'other_config' column of the Open_vSwitch
 * table and applies them to open sockets too. */
void
packet_socket_set_config(const struct smap *other_config)
{
    int rcvbuf = parse_size(other_config, "packet-socket-rcvbuf");
    int sndbuf = parse_size(other_config, "packet-socket-sndbuf");
    struct packet_socket *socket;

    ovs_mutex_lock(&mutex);
    if (rcvbuf != configured_rcvbuf || sndbuf != configured_sndbuf) {
        configured_rcvbuf = rcvbuf;
        configured_sndbuf = sndbuf;
        LIST_FOR_EACH (socket, list_node, &sockets) {
            set_size(socket);
        }
    }
    ovs_mutex_unlock(&mutex);
}

/* Periodic work of the main thread: looks for losses. */
void
packet_socket_run(void)
{
    struct packet_socket *socket;

    if (time_msec() < next_poll) {
        return;
    }
    next_poll = time_msec() + POLL_INTERVAL;

    ovs_mutex_lock(&mutex);
    LIST_FOR_EACH (socket, list_node, &sockets) {
        poll_drops(socket);
    }
    ovs_mutex_unlock(&mutex);
}

/* Wakes the main thread up for packet_socket_run(). */
void
packet_socket_wait(void)
{
    ovs_mutex_lock(&mutex);
    if (!ovs_list_is_empty(&sockets)) {
        poll_timer_wait_until(next_poll);
    }
    ovs_mutex_unlock(&mutex);
}

/* Adds what was lost on the way from the device 'netdev_name' to its packet
 * sockets to 'stats'. */
void
packet_socket_add_stats(const char *netdev_name, struct netdev_stats *stats)
{
    const struct losses *losses;

    ovs_mutex_lock(&mutex);
    losses = shash_find_data(&losses_by_device, netdev_name);
    if (losses) {
        stats->rx_dropped += losses->no_room + losses->too_long;
        stats->rx_missed_errors += losses->no_room;
    }
    ovs_mutex_unlock(&mutex);
}

/* Adds to 'stats', which the kernel has told, the packets received and to be
 * sent that Open vSwitch itself has dropped between a device and the datapath:
 * 'rx' and 'tx'. */
void
packet_socket_add_own_drops(struct netdev_stats *stats, uint64_t rx,
                            uint64_t tx)
{
    stats->rx_dropped += rx;
    stats->tx_dropped += tx;
}

/* Appends the sockets, their buffers and their losses to 's'. */
void
packet_socket_show(struct ds *s)
{
    struct packet_socket *socket;

    ds_put_cstr(s, "packet sockets:\n");
    ovs_mutex_lock(&mutex);
    LIST_FOR_EACH (socket, list_node, &sockets) {
        int size = get_size(socket);

        poll_drops(socket);
        if (socket->netdev_name) {
            const struct losses *losses = get_losses(socket->netdev_name);

            ds_put_format(s, "  %s: receive buffer %d bytes, packets lost on "
                          "the device %"PRIu64", too long %"PRIu64"\n",
                          socket->netdev_name, size,
                          losses->no_room, losses->too_long);
        } else {
            ds_put_format(s, "  all devices: send buffer %d bytes\n", size);
        }
    }
    ovs_mutex_unlock(&mutex);
}
