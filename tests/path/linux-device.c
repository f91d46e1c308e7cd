/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

/* What lib/netdev-linux.c includes is included before, so that the names below
 * are changed in its own text only. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "socket-util.h"
#include "util.h"

static int emulated_open(const char *name, int flags);
static int emulated_socket(int domain, int type, int protocol);
static int emulated_ioctl(int fd, unsigned long int request, ...);
static int emulated_setsockopt(int fd, int level, int option,
                               const void *value, socklen_t size);
static int emulated_bind(int fd, const struct sockaddr *, socklen_t size);
static ssize_t emulated_readv(int fd, const struct iovec *, int n);
static ssize_t emulated_write(int fd, const void *data, size_t size);
static int emulated_recvmmsg(int fd, struct mmsghdr *, unsigned int n,
                             int flags, struct timespec *timeout);
static int emulated_sendmmsg(int fd, struct mmsghdr *, unsigned int n,
                             int flags);
static int emulated_ifreq_ioctl(const char *name, struct ifreq *,
                                unsigned long int request,
                                const char *request_name);
static int emulated_inet_ioctl(unsigned long int request, const void *arg);

#undef recvmmsg
#undef sendmmsg
#define open(...) emulated_open(__VA_ARGS__)
#define socket(...) emulated_socket(__VA_ARGS__)
#define ioctl(...) emulated_ioctl(__VA_ARGS__)
#define setsockopt(...) emulated_setsockopt(__VA_ARGS__)
#define bind(...) emulated_bind(__VA_ARGS__)
#define readv(...) emulated_readv(__VA_ARGS__)
#define write(...) emulated_write(__VA_ARGS__)
#define recvmmsg(...) emulated_recvmmsg(__VA_ARGS__)
#define sendmmsg(...) emulated_sendmmsg(__VA_ARGS__)
#define af_inet_ifreq_ioctl(...) emulated_ifreq_ioctl(__VA_ARGS__)
#define af_inet_ioctl(...) emulated_inet_ioctl(__VA_ARGS__)
#include "lib/netdev-linux.c"
#undef open
#undef socket
#undef ioctl
#undef setsockopt
#undef bind
#undef readv
#undef write
#undef recvmmsg
#undef sendmmsg
#undef af_inet_ifreq_ioctl
#undef af_inet_ioctl

#include "path/device.h"

/* MTU of both devices. */
enum { DEVICE_MTU = 1500 };

/* The record that waits to be received from a device. */
struct record {
    uint8_t *data;              /* NULL if there is none. */
    size_t size;
    bool tagged;
    uint16_t tci;
};

static device_sent *sent;
static device_refused *refused;
static struct record tap_record, socket_record;

void
device_set_callbacks(device_sent *sent_, device_refused *refused_)
{
    sent = sent_;
    refused = refused_;
}

static void
put(struct record *record, const struct frame *frame,
    const struct offload *offload)
{
    size_t n = offload ? OFFLOAD_SIZE : 0;

    free(record->data);
    record->size = frame->size + n;
    record->data = xmalloc(MAX(record->size, 1));
    if (offload) {
        offload_write(offload, record->data);
    }
    memcpy(record->data + n, frame->data, frame->size);
}

/* Makes 'frame' with 'offload' the next packet that the tap device brings. */
void
tap_put(const struct frame *frame, const struct offload *offload)
{
    put(&tap_record, frame, offload);
}

/* The same for the packet socket.  If 'tagged' is true, the kernel has taken an
 * 802.1Q tag with 'tci' off the packet. */
void
socket_put(const struct frame *frame, const struct offload *offload,
           bool tagged, uint16_t tci)
{
    put(&socket_record, frame, userspace_tso_enabled() ? offload : NULL);
    socket_record.tagged = tagged;
    socket_record.tci = tci;
}

/* Gives 'netdev', of a packet socket, the abilities that ethtool would say it
 * has, because that is not asked here. */
void
linux_device_prepare(struct netdev *netdev)
{
    if (userspace_tso_enabled()) {
        netdev->ol_flags = (NETDEV_TX_OFFLOAD_TCP_CKSUM
                            | NETDEV_TX_OFFLOAD_UDP_CKSUM
                            | NETDEV_TX_OFFLOAD_TCP_TSO);
    }
}

/* Returns how many packets 'netdev' says it has dropped. */
uint64_t
linux_device_drops(const struct netdev *netdev)
{
    const struct netdev_linux *device = netdev_linux_cast(netdev);

    return device->rx_dropped + device->tx_dropped;
}

/* Moves the record to 'iov', and returns its size, or what there was room for,
 * or -1 with 'errno' set if there is none. */
static ssize_t
take(struct record *record, const struct iovec *iov, int n)
{
    size_t copied = 0;

    if (!record->data) {
        errno = EAGAIN;
        return -1;
    }
    for (int i = 0; i < n; i++) {
        size_t length = MIN(iov[i].iov_len, record->size - copied);

        memcpy(iov[i].iov_base, record->data + copied, length);
        copied += length;
    }
    free(record->data);
    record->data = NULL;
    return copied;
}

static void
hand_over(const char *name, const uint8_t *data, size_t size, bool with_header)
{
    struct offload offload = { false, 0, 0, 0, 0, 0, 0 };

    if (!with_header) {
        sent(name, data, size, &offload);
    } else if (size < OFFLOAD_SIZE) {
        refused(name, "shorter than its vnet header");
    } else {
        offload_read(&offload, data);
        sent(name, data + OFFLOAD_SIZE, size - OFFLOAD_SIZE, &offload);
    }
}

static int
emulated_open(const char *name OVS_UNUSED, int flags)
{
    return (open)("/dev/null", flags);
}

static int
emulated_socket(int domain OVS_UNUSED, int type OVS_UNUSED,
                int protocol OVS_UNUSED)
{
    return (open)("/dev/null", O_RDWR);
}

static int
emulated_ioctl(int fd OVS_UNUSED, unsigned long int request, ...)
{
    if (request == TUNGETFEATURES) {
        va_list args;

        va_start(args, request);
        *va_arg(args, unsigned int *) = IFF_VNET_HDR;
        va_end(args);
    }
    return 0;
}

static int
emulated_setsockopt(int fd OVS_UNUSED, int level OVS_UNUSED,
                    int option OVS_UNUSED, const void *value OVS_UNUSED,
                    socklen_t size OVS_UNUSED)
{
    return 0;
}

static int
emulated_bind(int fd OVS_UNUSED, const struct sockaddr *address OVS_UNUSED,
              socklen_t size OVS_UNUSED)
{
    return 0;
}

static ssize_t
emulated_readv(int fd OVS_UNUSED, const struct iovec *iov, int n)
{
    return take(&tap_record, iov, n);
}

static ssize_t
emulated_write(int fd OVS_UNUSED, const void *data, size_t size)
{
    hand_over(TAP_NAME, data, size, true);
    return size;
}

static int
emulated_recvmmsg(int fd OVS_UNUSED, struct mmsghdr *messages,
                  unsigned int n OVS_UNUSED, int flags OVS_UNUSED,
                  struct timespec *timeout OVS_UNUSED)
{
    struct msghdr *header = &messages[0].msg_hdr;
    size_t size = socket_record.size;
    struct tpacket_auxdata auxdata;
    struct cmsghdr *control;
    ssize_t copied;

    copied = take(&socket_record, header->msg_iov, header->msg_iovlen);
    if (copied < 0) {
        return -1;
    }
    messages[0].msg_len = size;
    header->msg_flags = copied < size ? MSG_TRUNC : 0;

    memset(&auxdata, 0, sizeof auxdata);
    if (socket_record.tagged) {
        auxdata.tp_status = TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID;
        auxdata.tp_vlan_tci = socket_record.tci;
        auxdata.tp_vlan_tpid = ETH_TYPE_VLAN_8021Q;
    }
    control = CMSG_FIRSTHDR(header);
    control->cmsg_level = SOL_PACKET;
    control->cmsg_type = PACKET_AUXDATA;
    control->cmsg_len = CMSG_LEN(sizeof auxdata);
    memcpy(CMSG_DATA(control), &auxdata, sizeof auxdata);
    header->msg_controllen = CMSG_SPACE(sizeof auxdata);
    return 1;
}

static int
emulated_sendmmsg(int fd OVS_UNUSED, struct mmsghdr *messages,
                  unsigned int n, int flags OVS_UNUSED)
{
    for (unsigned int i = 0; i < n; i++) {
        const struct msghdr *header = &messages[i].msg_hdr;

        ovs_assert(header->msg_iovlen == 1);
        hand_over(SOCKET_NAME, header->msg_iov[0].iov_base,
                  header->msg_iov[0].iov_len, userspace_tso_enabled());
        messages[i].msg_len = header->msg_iov[0].iov_len;
    }
    return n;
}

static int
emulated_ifreq_ioctl(const char *name OVS_UNUSED, struct ifreq *request,
                     unsigned long int number,
                     const char *number_name OVS_UNUSED)
{
    switch (number) {
    case SIOCGIFFLAGS:
        request->ifr_flags = IFF_UP | IFF_RUNNING;
        return 0;
    case SIOCSIFFLAGS:
    case SIOCSIFMTU:
        return 0;
    case SIOCGIFMTU:
        request->ifr_mtu = DEVICE_MTU;
        return 0;
    default:
        return EOPNOTSUPP;
    }
}

static int
emulated_inet_ioctl(unsigned long int number, const void *request_)
{
    struct ifreq *request = CONST_CAST(void *, request_);

    switch (number) {
    case SIOCGIFINDEX:
        request->ifr_ifindex = 7;
        return 0;
    case SIOCGIFHWADDR:
        memset(&request->ifr_hwaddr, 0, sizeof request->ifr_hwaddr);
        request->ifr_hwaddr.sa_data[0] = 2;
        return 0;
    default:
        return EOPNOTSUPP;
    }
}
