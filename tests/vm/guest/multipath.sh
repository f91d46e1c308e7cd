#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# multipath.sh [TEST...]
#
# Tunnels of Debian's Open vSwitch whose other end is reached by a route with two
# next hops.  With arguments, only the TESTs of those names are run.

here=$(dirname "$0")
# shellcheck source=tests/vm/guest/stt.sh
. "$here/stt.sh"

# Makes the hosts and guests of two_hosts_with_tunnel with a tunnel over IPv$1, and
# a second link.  The ends of the tunnel are addresses of no link, and the route
# to them is by both links, with next hops of its own if $2 is "route", or a group
# of nexthop objects if it is "group".
two_ways()
{
    local ip=$1 form=$2 i peer device

    need_module openvswitch
    two_hosts_with_tunnel stt "$ip"
    join h1 second h2 second
    for i in 1 2; do
        peer=$((3 - i))
        ip -n h$i address flush dev uplink scope global
        set_addresses h$i uplink 203.0.113.$i/25 2001:db8:3::$i/64
        set_addresses h$i second 203.0.113.$((128 + i))/25 2001:db8:4::$i/64
        set_addresses h$i lo 192.0.2.$i/32 2001:db8:2::$i/128
        on h$i sysctl -q -w net.ipv4.fib_multipath_hash_policy=1 \
            net.ipv6.fib_multipath_hash_policy=1 \
            net.ipv4.fib_multipath_use_neigh=1
        # That a neighbour has failed shows after some seconds.
        for device in uplink second; do
            on h$i sysctl -q -w net.ipv4.conf.$device.rp_filter=0 \
                net.ipv{4,6}.neigh.$device.base_reachable_time_ms=1000 \
                net.ipv{4,6}.neigh.$device.delay_first_probe_time=1 \
                net.ipv{4,6}.neigh.$device.retrans_time_ms=300
        done
        if [ "$form" = route ]; then
            ip -n h$i -batch - <<END
route add 192.0.2.$peer src 192.0.2.$i nexthop via 203.0.113.$peer nexthop via 203.0.113.$((128 + peer))
route add 2001:db8:2::$peer src 2001:db8:2::$i nexthop via 2001:db8:3::$peer nexthop via 2001:db8:4::$peer
END
        else
            ip -n h$i -batch - <<END
nexthop add id 1 via 203.0.113.$peer dev uplink
nexthop add id 2 via 203.0.113.$((128 + peer)) dev second
nexthop add id 3 group 1/2
nexthop add id 4 via 2001:db8:3::$peer dev uplink
nexthop add id 5 via 2001:db8:4::$peer dev second
nexthop add id 6 group 4/5
route add 192.0.2.$peer nhid 3 src 192.0.2.$i
route add 2001:db8:2::$peer nhid 6 src 2001:db8:2::$i
END
        fi
    done
    # Linux does not use a next hop again whose neighbour did not answer while
    # the links came up.
    for peer in 203.0.113.2 203.0.113.130 2001:db8:3::2 2001:db8:4::2; do
        wait_until ping_from h1 $peer -c 1
    done
    wait_until ping_from g1 198.51.100.2 -c 1
}

# Prints the packets that host h1 has sent by the device $1.
sent_by()
{
    on h1 cat "/sys/class/net/$1/statistics/tx_packets"
}

# What one CPU sends in one flow of the datapath, through a tunnel over IPv$1,
# spreads over both links by its own flows.
test_spread()
{
    local uplink second

    two_ways "$1" "$2"
    uplink=$(sent_by uplink) second=$(sent_by second)
    on g1 taskset 1 python3 -c '
import socket
for port in range(10000, 10100):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("198.51.100.1", port))
        sender.sendto(b"x", ("198.51.100.2", 9))
'
    uplink=$(($(sent_by uplink) - uplink))
    second=$(($(sent_by second) - second))
    echo "$uplink packets by one link, $second by the other"
    at_least "packets by the first link" $uplink 20
    at_least "packets by the second link" $second 20
}

# Prints the number of answers in ping's output $1.
answers()
{
    grep -c 'bytes from' "$1" || true
}

# Tells whether there are at least $2 answers in ping's output $1.
has_answers()
{
    [ "$(answers "$1")" -ge "$2" ]
}

# Tells whether the neighbour of host h1 on the device $1 has failed, over IPv$2.
has_failed()
{
    ip -n h1 "-$2" neighbour show dev "$1" | grep FAILED
}

# Packets of one flow, which never stop, go on by the other link when the
# neighbour on theirs has failed, over IPv$1.
test_failed()
{
    local link=uplink pings=$test_dir/pings second before host

    if [ "$1 $2" != "4 route" ] && [ "$(uname -r | cut -d. -f1)" -lt 6 ]; then
        skip "this kernel itself may keep to a next hop that has failed"
    fi
    two_ways "$1" "$2"
    ip netns exec g1 taskset 1 ping -n -i 0.1 -w 120 198.51.100.2 >"$pings" &
    wait_until has_answers "$pings" 3
    second=$(sent_by second)
    wait_until has_answers "$pings" 13
    [ $(($(sent_by second) - second)) -lt 8 ] || link=second
    for host in h1 h2; do
        on $host nft -f - <<END
table netdev cut {
    chain cut {
        type filter hook ingress device $link priority 0; policy drop;
    }
}
END
    done
    wait_until has_failed $link "$1"
    before=$(answers "$pings")
    echo "$link was cut after at most $before answers"
    wait_until has_answers "$pings" $((before + 30))
}

# Tells whether host h1 has believed $1 ICMP messages.
has_believed()
{
    [ "$(counter h1 stt_sys_7471 rx_path_mtu)" = "$1" ]
}

# Prints how many packets host h2's rule with the comment $1 has seen.
seen()
{
    on h2 nft list chain inet watch input |
        sed -n "s/.*packets \([0-9]*\) .*\"$1\".*/\1/p"
}

# Tells whether these are at least $2.
has_seen()
{
    [ "$(seen "$1")" -ge "$2" ]
}

# What a router says of segments that went by one link is the path MTU of that link,
# over IPv$1.
test_path_mtu()
{
    local device n=0 mtu=1300 port sender

    two_ways "$1" "$2"
    # Single segments arrive, and what arrives is quoted.
    on h1 ethtool -K uplink tso off
    on h1 ethtool -K second tso off
    # Each packet is a segment of 1400 bytes or more, by either link.  Not by 'on',
    # so that $! is the sender itself.
    ip netns exec g1 python3 -c '
import itertools
import socket
import time
for port in itertools.cycle(range(10000, 10100)):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("198.51.100.1", port))
        sender.sendto(bytes(1300), ("198.51.100.2", 9))
    time.sleep(0.02)
' &
    sender=$!
    for device in second uplink; do
        port=$(on h2 python3 "$here/forge-icmp.py" $device $mtu)
        echo "$port"
        port=${port##* }
        n=$((n + 1))
        wait_until has_believed $n
        on h2 nft -f - <<END
table inet watch {
    chain input {
        type filter hook input priority 0;
        tcp sport $port counter comment "all"
        tcp sport $port meta length > $mtu counter comment "large"
    }
}
END
        wait_until has_seen all 4
        equal "segments by $device larger than $mtu" "$(seen large)" 0
        on h2 nft delete table inet watch
        mtu=1280
    done
    kill $sender
}

for form in route group; do
    for ip in 4 6; do
        run_test "spread-ipv$ip-$form" test_spread $ip $form
        run_test "failed-ipv$ip-$form" test_failed $ip $form
        run_test "path-mtu-ipv$ip-$form" test_path_mtu $ip $form
    done
done
