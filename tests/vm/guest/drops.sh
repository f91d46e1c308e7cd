#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Each packet that is dropped counts once in ethtool -S, and once in the device's
# own statistics if it is lost, and the kernel's tracing has a reason for it.

# shellcheck source=tests/vm/guest/stt.sh
. "$(dirname "$0")/stt.sh"

here=$(dirname "$0")

test_drops()
{
    local host

    need_module act_tunnel_key
    need_module act_mirred
    need_module act_gact
    need_module xfrm_user
    [ -e /sys/kernel/tracing/trace ] \
        || mount -t tracefs tracefs /sys/kernel/tracing \
        || skip "the kernel has no tracefs"
    two_devices
    ip -n a link set uplink mtu 9000
    ip -n b link set uplink mtu 9000
    # What a device sends by itself, for which there is no tunnel, counts too.
    for host in a b; do
        on $host sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 \
            net.ipv6.conf.default.disable_ipv6=1
    done
    on b sysctl -q -w net.ipv4.conf.all.rp_filter=0 \
        net.ipv4.conf.uplink.rp_filter=0
    # What comes from 'guest' goes into the tunnel, whatever it is.
    ip -n a link add guest mtu 65535 type veth peer name behind mtu 65535
    ip -n a link set guest up
    ip -n a link set behind up
    on a tc qdisc add dev behind ingress
    on a tc filter add dev behind parent ffff: protocol all matchall \
        action tunnel_key set id 42 src_ip 192.0.2.1 dst_ip 192.0.2.2 \
        action mirred egress redirect dev stt0
    # Not by 'on', which would hide the kernel's tracing.
    TO_MAC=$(on b cat /sys/class/net/uplink/address) \
        nsenter --net=/run/netns/a python3 "$here/drops.py"
    ping_from a 198.51.100.2 -s 5000
}

run_test drops test_drops
