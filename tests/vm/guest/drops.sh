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

# Prints how many packets the STT device of host h1 has lost in direction $1, by its
# counters for each reason.
lost_by_reason()
{
    on h1 ethtool -S stt_sys_7471 | awk -v direction="$1" '
        /_(whole|segments_held|reassembled|ecn_marked|path_mtu):/ { next }
        /_(icmp_ignored|frames|segmented|cut|empty|duplicate):/ { next }
        index($1, direction "_") == 1 { lost += $2 }
        END { print lost + 0 }'
}

# The same by rtnetlink.
lost_by_device()
{
    ip -n h1 -s -j link show dev stt_sys_7471 | python3 -c '
import json, sys
counts = json.load(sys.stdin)[0]["stats64"][sys.argv[1]]
print(counts["errors"] + counts["dropped"])' "$1"
}

# The machine itself has something to send now and then.
losses_agree()
{
    local direction by_reason by_device

    for direction in rx tx; do
        by_reason=$(lost_by_reason $direction)
        by_device=$(lost_by_device $direction)
        echo "$direction: $by_reason by reason, $by_device by rtnetlink"
        [ "$by_device" = "$by_reason" ] || return
    done
}

# Open vSwitch does not count again, in the statistics of its port's device, what
# that drops.
test_open_vswitch()
{
    local mac what ping=(ping -n -q -c 3 -i 0.2 -W 1)

    two_hosts_with_tunnel stt
    ping_from g1 198.51.100.2
    mac=$(on h1 cat /sys/class/net/uplink/address)
    for what in csum=bad data_offset=6 frame_length=31; do
        python3 "$here/stt-packet.py" arp : frame \
            : segment eth_dst="$mac" ip_src=192.0.2.2 ip_dst=192.0.2.1 "$what"
    done | on h2 python3 "$here/send.py" uplink
    ip -n h1 route add unreachable 192.0.2.2
    must_fail on g1 "${ping[@]}" 198.51.100.2
    ip -n h1 route delete unreachable 192.0.2.2
    on h1 nft "add table ip refuse; add chain ip refuse output {
        type filter hook output priority 0; policy drop; }"
    must_fail on g1 "${ping[@]}" 198.51.100.2
    on h1 nft delete table ip refuse
    wait_until losses_agree
    at_least "losses in rx" "$(lost_by_reason rx)" 3
    at_least tx_route "$(counter h1 stt_sys_7471 tx_route)" 3
    at_least tx_output "$(counter h1 stt_sys_7471 tx_output)" 3
    ping_from g1 198.51.100.2
}

run_test drops test_drops
run_test open-vswitch test_open_vswitch
