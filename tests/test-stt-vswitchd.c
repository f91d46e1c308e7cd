/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of those parts of vswitchd/ that a running ovs-vswitchd cannot be
 * brought to show at will.  Linked with the patched tree's libopenvswitch. */

#include <config.h>

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "csum.h"
#include "dummy.h"
#include "netdev.h"
#include "netlink.h"
#include "odp-netlink.h"
#include "odp-util.h"
#include "openvswitch/ofpbuf.h"
#include "packets.h"
#include "stt/packet-memory.h"
#include "stt/packet-socket.h"
#include "stt/source-address.h"
#include "stt/stt-header.h"
#include "stt/stt-offload.h"
#include "stt/stt-path-mtu.h"
#include "util.h"

/* Open vSwitch has a function of this name. */
#define random_uint64 test_random_uint64
#include "stt-test.h"

/*
 * Internet checksums.
 */

/* Returns the checksum of the 'size' bytes at 'data', behind what has the sum
 * 'partial', as RFC 1071 defines it. */
static uint16_t
reference_checksum(uint32_t partial, const uint8_t *data, size_t size)
{
    uint64_t sum = partial;
    size_t i;

    for (i = 0; i < size; i++) {
        uint8_t word[2] = { 0, 0 };
        uint16_t value;

        word[i & 1] = data[i];
        memcpy(&value, word, sizeof value);
        sum += value;
    }
    while (sum >> 16) {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    return ~sum;
}

/* Of data of all lengths up to a few words, of any length, at any alignment,
 * random and such as sum up to 0, with and without something before. */
static void
test_checksum(void)
{
    static const uint8_t fills[] = { 0, 0xff, 0x80 };
    struct test_random random = { test_seed };
    static uint8_t data[UINT16_MAX + 8];
    unsigned int i;

    for (i = 0; i < 20000; i++) {
        size_t offset = random_below(&random, 8);
        size_t size = (i < 300 ? i
                       : random_below(&random, i % 100 ? 2000 : UINT16_MAX));
        uint32_t partial = i % 2 ? random_below(&random, 1 << 20) : 0;

        if (i % 4) {
            size_t j;

            for (j = 0; j < size; j++) {
                data[offset + j] = random_below(&random, 256);
            }
        } else {
            memset(data + offset, fills[i / 4 % ARRAY_SIZE(fills)], size);
        }
        CHECK_EQ(csum_finish(csum_continue(partial, data + offset, size)),
                 reference_checksum(partial, data + offset, size));
    }
}

/*
 * The path MTU of templates.
 */

static void
set_mtu(struct netdev *netdev, int mtu)
{
    CHECK_EQ(netdev_set_mtu(netdev, mtu), 0);
}

/* Checks that a template which is made now has the path MTU 'mtu'. */
static void
check_template(const struct netdev *netdev, uint16_t mtu)
{
    struct ovs_action_push_tnl data;
    struct stt_template template;

    memset(&data, 0, sizeof data);
    data.tnl_type = OVS_VPORT_TYPE_STT;
    data.header_len = ETH_HEADER_LEN + IP_HEADER_LEN + STT_HEADERS_LEN;
    stt_set_path_mtu(&data, netdev);
    stt_template_read((uint8_t *) data.header + data.header_len
                      - STT_HEADERS_LEN, &template);
    CHECK_EQ(template.path_mtu, mtu);
}

static void
test_path_mtu(void)
{
    struct netdev *netdev;

    dummy_enable("");
    CHECK_EQ(netdev_open("p0", "dummy", &netdev), 0);

    /* Nothing is known of a device without templates. */
    set_mtu(netdev, 1500);
    CHECK(!stt_path_mtu_changed(netdev));
    check_template(netdev, 1500);
    CHECK(!stt_path_mtu_changed(netdev));
    set_mtu(netdev, 1400);
    CHECK(stt_path_mtu_changed(netdev));
    CHECK(!stt_path_mtu_changed(netdev));

    /* It changed and changed back, and nobody made a template meanwhile. */
    set_mtu(netdev, 1500);
    set_mtu(netdev, 1400);
    CHECK(!stt_path_mtu_changed(netdev));

    /* Somebody did. */
    set_mtu(netdev, 1500);
    check_template(netdev, 1500);
    set_mtu(netdev, 1400);
    CHECK(stt_path_mtu_changed(netdev));
    check_template(netdev, 1400);
    CHECK(!stt_path_mtu_changed(netdev));

    /* One with the MTU that it has now and had not when last looked at. */
    set_mtu(netdev, 9000);
    check_template(netdev, 9000);
    CHECK(stt_path_mtu_changed(netdev));
    CHECK(!stt_path_mtu_changed(netdev));
    netdev_close(netdev);
}

/*
 * The losses of packet sockets.  What the kernel would say is made up here.
 */

static int bound_ifindex;
static unsigned int lost_packets;

int __wrap_getsockname(int, struct sockaddr *, socklen_t *);
int __wrap_getsockopt(int, int, int, void *, socklen_t *);

int
__wrap_getsockname(int fd OVS_UNUSED, struct sockaddr *address,
                   socklen_t *length)
{
    struct sockaddr_ll ll = {
        .sll_family = AF_PACKET,
        .sll_ifindex = bound_ifindex,
    };

    CHECK(*length >= sizeof ll);
    memcpy(address, &ll, sizeof ll);
    *length = sizeof ll;
    return 0;
}

int
__wrap_getsockopt(int fd OVS_UNUSED, int level, int name, void *value,
                  socklen_t *length OVS_UNUSED)
{
    struct tpacket_stats stats = { .tp_drops = lost_packets };

    if (level == SOL_SOCKET) {
        const int buffer = 212992;

        CHECK(name == SO_RCVBUF || name == SO_SNDBUF);
        memcpy(value, &buffer, sizeof buffer);
        return 0;
    }
    CHECK_EQ(level, SOL_PACKET);
    CHECK_EQ(name, PACKET_STATISTICS);
    memcpy(value, &stats, sizeof stats);
    lost_packets = 0;           /* As the kernel does it. */
    return 0;
}

static void
check_losses(const char *name, uint64_t expected)
{
    struct netdev_stats stats;

    memset(&stats, 0, sizeof stats);
    packet_socket_add_stats(name, &stats);
    CHECK_EQ(stats.rx_dropped, expected);
    CHECK_EQ(stats.rx_missed_errors, expected);
}

/* 'fd' is opened for the device with 'ifindex', loses 'n' packets and is
 * closed. */
static void
lose(int fd, const char *name, int ifindex, unsigned int n)
{
    bound_ifindex = ifindex;
    packet_socket_opened(fd, name);
    lost_packets = n;
    packet_socket_closing(fd);
}

static void
test_packet_socket(void)
{
    struct netdev_stats stats;

    check_losses("eth0", 0);
    lose(100, "eth0", 7, 5);
    check_losses("eth0", 5);

    /* The same device, with another number of queues. */
    lose(101, "eth0", 7, 2);
    check_losses("eth0", 7);

    /* Another one of that name, and nothing but that name. */
    lose(102, "eth1", 8, 3);
    lose(103, "eth0", 9, 0);
    check_losses("eth0", 0);
    check_losses("eth1", 3);
    lose(104, "eth0", 9, 1);
    check_losses("eth0", 1);

    /* The one that sends to all receives nothing. */
    packet_socket_opened(105, NULL);
    packet_socket_closing(105);
    check_losses("eth0", 1);

    /* What is too long was not missed for want of room. */
    packet_socket_too_long("eth2");
    memset(&stats, 0, sizeof stats);
    packet_socket_add_stats("eth2", &stats);
    CHECK_EQ(stats.rx_dropped, 1);
    CHECK_EQ(stats.rx_missed_errors, 0);
}

/*
 * The source address of routes over IPv6.
 */

static struct in6_addr
parse_address(const char *s)
{
    struct in6_addr address;

    if (!inet_pton(AF_INET6, s, &address)) {
        FAIL("%s: no address", s);
    }
    return address;
}

/* Checks that of 'addresses', each "ADDRESS/LENGTH[+FLAG...]", with spaces in
 * between, the best one for 'destination' is 'expected', in whichever order
 * they come, where OVS has chosen 'otherwise'. */
static void
check_source(const char *addresses, const char *destination,
             const char *otherwise, const char *expected)
{
    static const struct {
        const char *name;
        uint32_t flag;
    } flags[] = {
        { "deprecated", IFA_F_DEPRECATED },
        { "tentative", IFA_F_TENTATIVE },
        { "optimistic", IFA_F_OPTIMISTIC },
        { "failed", IFA_F_DADFAILED },
        { "temporary", IFA_F_TEMPORARY },
        { "permanent", IFA_F_PERMANENT },
    };
    struct in6_addr to = parse_address(destination);
    struct in6_addr other = parse_address(otherwise);
    struct in6_addr good = parse_address(expected);
    struct source_candidate candidates[8];
    char *copy = xstrdup(addresses), *save = NULL;
    size_t n = 0;

    for (char *s = strtok_r(copy, " ", &save); s;
         s = strtok_r(NULL, " ", &save)) {
        struct source_candidate *candidate = &candidates[n++];
        char *flag = strchr(s, '+');
        char *length = strchr(s, '/');

        CHECK(n <= ARRAY_SIZE(candidates) && length);
        *length = '\0';
        memset(candidate, 0, sizeof *candidate);
        candidate->address = parse_address(s);
        candidate->prefix_length = atoi(length + 1);
        for (size_t i = 0; flag && i < ARRAY_SIZE(flags); i++) {
            if (strstr(flag, flags[i].name)) {
                candidate->flags |= flags[i].flag;
            }
        }
    }
    free(copy);

    snprintf(test_context, sizeof test_context, "%s for %s",
             addresses, destination);
    for (size_t turn = 0; turn <= n; turn++) {
        const struct in6_addr *best
            = source_address_best(candidates, n, &to, &other);

        CHECK(ipv6_addr_equals(best, &good));
        if (n) {
            struct source_candidate first = candidates[0];

            memmove(candidates, candidates + 1,
                    (n - 1) * sizeof candidates[0]);
            candidates[n - 1] = first;
        }
    }
}

static void
test_source_address(void)
{
    const char *to = "2001:db8:2::";

    /* No address, or none that can be used: as OVS has it. */
    check_source("", to, "2001:db8::1", "2001:db8::1");
    check_source("2001:db8::1/64+tentative 2001:db8::2/64+failed", to,
                 "2001:db8::1", "2001:db8::1");

    /* Equally good ones, too. */
    check_source("2001:db8::1/64 2001:db8::2/64", to, "2001:db8::1",
                 "2001:db8::1");
    check_source("2001:db8::1/64 2001:db8::2/64", to, "2001:db8::2",
                 "2001:db8::2");

    /* The destination itself (rule 1). */
    check_source("2001:db8::1/64 2001:db8::2/64+deprecated", "2001:db8::2",
                 "2001:db8::1", "2001:db8::2");

    /* Scope (rule 2): even one that is deprecated. */
    check_source("fe80::1/64 2001:db8::1/64+deprecated", to, "fe80::1",
                 "2001:db8::1");
    check_source("fe80::1/64 2001:db8::1/64", "::", "fe80::1", "2001:db8::1");
    check_source("fe80::1/64 2001:db8::1/64", "fe80::2", "2001:db8::1",
                 "fe80::1");
    check_source("fe80::1/64", to, "fe80::1", "fe80::1");
    check_source("::1/128 fe80::1/64", to, "::1", "fe80::1");

    /* Deprecated (rule 3), tentative, or not checked yet, whatever else. */
    check_source("2001:db8:2::1/64+deprecated+permanent 2001:db8::1/64", to,
                 "2001:db8:2::1", "2001:db8::1");
    check_source("2001:db8:2::1/64+tentative 2001:db8::1/64", to,
                 "2001:db8:2::1", "2001:db8::1");
    check_source("2001:db8:2::1/64+tentative+optimistic 2001:db8::1/64", to,
                 "2001:db8:2::1", "2001:db8::1");
    check_source("2001:db8:2::1/64+tentative+optimistic 2001:db8::1/64+failed",
                 to, "2001:db8::1", "2001:db8:2::1");
    check_source("2001:db8:2::1/64+deprecated", to, "2001:db8:2::1",
                 "2001:db8:2::1");

    /* The label (rule 6). */
    check_source("fd00::1/64 2001:db8::1/64", to, "fd00::1", "2001:db8::1");
    check_source("fd00::1/64 2001:db8::1/64", "::", "fd00::1", "2001:db8::1");
    check_source("fd00::1/64 2001:db8::1/64", "fd00:2::", "2001:db8::1",
                 "fd00::1");

    /* Temporary ones (rule 7). */
    check_source("2001:db8:2::5/64+temporary 2001:db8::1/64", to,
                 "2001:db8:2::5", "2001:db8::1");

    /* The longest prefix (rule 8), as far as the subnet goes. */
    check_source("2001:db8::1/64 2001:db8:2::1/64", to, "2001:db8::1",
                 "2001:db8:2::1");
    check_source("2001:db8:2::1/64 2001:db8:2::9/64", "2001:db8:2::8",
                 "2001:db8:2::1", "2001:db8:2::1");
}

/*
 * Actions that no hardware can do.
 */

/* Appends to 'actions' a push of the headers of a tunnel of 'type'. */
static void
put_push(struct ofpbuf *actions, uint32_t type)
{
    struct ovs_action_push_tnl data;

    memset(&data, 0, sizeof data);
    data.tnl_type = type;
    data.header_len = ETH_HEADER_LEN + IP_HEADER_LEN + STT_HEADERS_LEN;
    odp_put_tnl_push_action(actions, &data);
}

static void
test_offload(void)
{
    struct ofpbuf actions;
    size_t offset, inner;

    ofpbuf_init(&actions, 0);
    CHECK(!stt_has_push(actions.data, actions.size));

    /* Other actions, and other tunnels. */
    nl_msg_put_odp_port(&actions, OVS_ACTION_ATTR_OUTPUT, ODP_PORT_C(1));
    put_push(&actions, OVS_VPORT_TYPE_VXLAN);
    put_push(&actions, OVS_VPORT_TYPE_GRE);
    CHECK(!stt_has_push(actions.data, actions.size));

    /* In a clone, as flows that push and then output have it, or not. */
    offset = nl_msg_start_nested(&actions, OVS_ACTION_ATTR_CLONE);
    put_push(&actions, OVS_VPORT_TYPE_GENEVE);
    nl_msg_end_nested(&actions, offset);
    CHECK(!stt_has_push(actions.data, actions.size));
    offset = nl_msg_start_nested(&actions, OVS_ACTION_ATTR_CLONE);
    inner = nl_msg_start_nested(&actions, OVS_ACTION_ATTR_CLONE);
    put_push(&actions, OVS_VPORT_TYPE_STT);
    nl_msg_end_nested(&actions, inner);
    nl_msg_put_odp_port(&actions, OVS_ACTION_ATTR_OUTPUT, ODP_PORT_C(1));
    nl_msg_end_nested(&actions, offset);
    CHECK(stt_has_push(actions.data, actions.size));

    ofpbuf_clear(&actions);
    nl_msg_put_odp_port(&actions, OVS_ACTION_ATTR_OUTPUT, ODP_PORT_C(1));
    CHECK(!stt_has_push(actions.data, actions.size));
    put_push(&actions, OVS_VPORT_TYPE_STT);
    CHECK(stt_has_push(actions.data, actions.size));
    ofpbuf_uninit(&actions);
}

/*
 * Memory of packets.
 */

/* Takes memory for a batch of packets of 'size' bytes each, and frees it.
 * Returns how far the heap's end was moved back by that, in bytes. */
static size_t
shrink_by_batch(size_t size)
{
    void *packets[32];
    char *end;

    for (size_t i = 0; i < ARRAY_SIZE(packets); i++) {
        packets[i] = xmalloc(size);
    }
    end = sbrk(0);
    for (size_t i = 0; i < ARRAY_SIZE(packets); i++) {
        free(packets[i]);
    }
    return end - (char *) sbrk(0);
}

static void
test_packet_memory(void)
{
    if (!shrink_by_batch(65535)) {
        fprintf(stderr, "this malloc() gives nothing back\n");
        exit(77);
    }
    packet_memory_init();
    CHECK(shrink_by_batch(65535) == 0);
}

int
main(int argc, char *argv[])
{
    static const struct test_command commands[] = {
        { "checksum", test_checksum },
        { "offload", test_offload },
        { "packet-memory", test_packet_memory },
        { "packet-socket", test_packet_socket },
        { "path-mtu", test_path_mtu },
        { "source-address", test_source_address },
    };

    return test_main(argc, argv, commands, ARRAY_SIZE(commands));
}
