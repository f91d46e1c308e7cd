#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# link.sh [TEST...]
#
# The device of kind "stt" by itself: how it is made, changed, moved and
# removed, and traffic between two of them by routes with tunnel metadata.  With
# arguments, only the TESTs of those names are run.

# shellcheck source=tests/vm/guest/stt.sh
. "$(dirname "$0")/stt.sh"

# Attributes, and errors that say what is wrong.
test_attributes()
{
    modprobe stt
    add_hosts a b
    on a ip link add stt0 type stt
    equal port "$(stt_link a port stt0)" 7471
    stt_link a add stt1 --port 7472
    equal port "$(stt_link a port stt1)" 7472

    must_say "An STT device for this destination port exists" \
        on a ip link add stt2 type stt
    must_say "Destination port must not be 0" stt_link a add stt2 --port 0
    must_say "Attribute failed policy validation" \
        stt_link a add stt2 --data 1d
    must_say "Not a unicast Ethernet address" \
        stt_link a add stt2 --port 7473 --address 010000000001
    must_say "Destination port cannot be changed" \
        stt_link a set stt0 --port 7473
    stt_link a set stt0 --port 7471
    must_fail on a ip link show stt2

    # Another namespace has ports of its own.
    on b ip link add stt0 type stt

    # A port that was given up can be taken again.
    on a ip link delete stt0
    on a ip link add stt2 type stt
}

# A port that TCP uses is not taken, and the other way round.
test_port_in_use()
{
    modprobe stt
    add_hosts a
    on a iperf3 -s -D -p 7471 -4
    wait_until listens a 7471
    must_say "Destination port is in use by a TCP socket" \
        on a ip link add stt0 type stt
    must_fail on a ip link show stt0
    stt_link a add stt0 --port 7472
    must_fail on a iperf3 -s -1 -p 7472
}

test_mtu()
{
    modprobe stt
    add_hosts a
    on a ip link add stt0 type stt
    ip -n a link set stt0 mtu 65459
    must_fail ip -n a link set stt0 mtu 65460
    ip -n a link set stt0 mtu 68
    must_fail ip -n a link set stt0 mtu 67
}

# Limits: one set for each namespace, refused if they make no sense.
test_sysctls()
{
    local name value

    modprobe stt
    add_hosts a b
    for name in reassembly_bytes=1048576 reassembly_bytes_per_source=524288 \
            reassembly_frames=77 reassembly_age=1234; do
        value=${name#*=}
        name=net.stt.${name%=*}
        on a sysctl -w "$name=$value"
        equal "$name" "$(on a sysctl -n "$name")" "$value"
        [ "$(on b sysctl -n "$name")" != "$value" ] \
            || fail "$name is the same in another namespace"
        must_say "Invalid argument" on a sysctl -w "$name=0"
        must_say "Invalid argument" on a sysctl -w "$name=x"
        equal "$name" "$(on a sysctl -n "$name")" "$value"
    done
    for value in reassembly_age=9 reassembly_age=60001 reassembly_frames=1048577 \
            reassembly_bytes=262143 reassembly_bytes_per_source=262143; do
        must_say "Invalid argument" on a sysctl -w "net.stt.$value"
    done
    on a sysctl -w net.stt.reassembly_age=10 net.stt.reassembly_frames=1048576 \
        net.stt.reassembly_bytes=262144 net.stt.reassembly_bytes_per_source=262144

    # The budget of all namespaces is nobody's but the first one's.
    name=net.stt.reassembly_bytes_total
    must_fail on a sysctl -n $name
    value=$(sysctl -n $name)
    at_least "$name" "$value" 33554432
    must_say "Invalid argument" sysctl -w $name=262143
    sysctl -w $name=262144
    equal "$name" "$(sysctl -n $name)" 262144
    sysctl -w $name="$value"
}

# Source ports are those that this host gives to its own connections.
test_source_ports()
{
    local ports="src portrange 40000-40009"

    two_devices
    on a sysctl -q -w net.ipv4.ip_local_port_range="40000 40009"
    capture a uplink "$test_dir/sent" -Q out "tcp dst port 7471"
    ping_from a 198.51.100.2
    ping_from a 2001:db8:100::2
    stop_captures
    at_least "segments" "$(captured "$test_dir/sent" "tcp $ports")" 6
    equal "segments from other ports" \
        "$(captured "$test_dir/sent" "tcp and not $ports")" 0
}

# Prints the frame ids of the segments in capture $1 that match the filter $2.
frame_ids()
{
    tcpdump -Z root -n -S -r "$1" "$2" 2>/dev/null \
        | sed -n 's/.* ack \([0-9]*\).*/\1/p'
}

# Nobody can tell from his frame ids which ones others get, and his own grow.
test_frame_ids()
{
    local ids

    two_devices
    ip -n a -batch - <<END
route add 198.51.100.3/32 encap ip6 id 42 dst 2001:db8:2::2 dev stt0 src 198.51.100.1
neighbour add 198.51.100.3 lladdr 02:00:00:00:00:02 dev stt0
END
    capture a uplink "$test_dir/sent" -Q out "tcp dst port 7471"
    on a taskset 1 ping -n -q -c 1 -W 2 198.51.100.2
    on a taskset 1 ping -n -q -c 1 -W 1 198.51.100.3 || true
    on a taskset 1 ping -n -q -c 3 -i 0.1 -W 2 198.51.100.2
    stop_captures
    ids=$(frame_ids "$test_dir/sent" "ip and less 200" | tr '\n' ' ')
    equal "ids of one destination" "$ids" \
        "$(set -- $ids; echo "$1 $((($1 + 1) % 2**32)) $((($1 + 2) % 2**32))" \
           "$((($1 + 3) % 2**32)) ")"
    equal "another destination's" \
        $((($(frame_ids "$test_dir/sent" "ip6 and less 200") - ${ids%% *} \
            & 0xffffffff) < 1000)) 0
}

# Every size, over IPv$1.
test_sizes()
{
    local size

    two_devices "$1"
    for size in 0 1 17 18 1368 1400 1472 1473 8000 30000 65000; do
        ping_from a 198.51.100.2 -s $size
        ping_from b 2001:db8:100::1 -s $size
    done
    # Beyond the MTU of the underlay in one frame.
    ip -n a link set stt0 mtu 65459
    ip -n b link set stt0 mtu 65459
    for size in 1473 8000 30000 65000; do
        ping_from a 198.51.100.2 -s $size -M do
        ping_from b 2001:db8:100::1 -s $size -M do
    done
    at_least "frames in segments" "$(counter a stt0 tx_segmented)" 12
    no_drops a stt0
    no_drops b stt0
    equal "rx_packets" "$(cat_stat b rx_packets)" "$(cat_stat a tx_packets)"
    equal "rx_bytes" "$(cat_stat b rx_bytes)" "$(cat_stat a tx_bytes)"
}

# Prints the statistics $2 of stt0 on host $1.
cat_stat()
{
    on "$1" cat "/sys/class/net/stt0/statistics/$2"
}

# One stream over IPv$1, with the link's features $2 of ethtool -K.
test_stream()
{
    local mbits

    two_devices "$1"
    # shellcheck disable=SC2086 # words
    on a ethtool -K uplink $2
    # shellcheck disable=SC2086
    on b ethtool -K uplink $2
    mbits=$(iperf3_mbits a 198.51.100.2 b)
    at_least "Mbit/s, IPv4" "$mbits" 1
    mbits=$(iperf3_mbits b 2001:db8:100::1 a)
    at_least "Mbit/s, IPv6" "$mbits" 1
    at_least "frames in segments" "$(counter a stt0 tx_segmented)" 100
    no_drops a stt0
    no_drops b stt0
}

# With accurate ECN (RFC 9768) each packet of a super-packet has the same CWR
# bit.  STT cannot say that of a super-packet, and whoever cuts one clears the
# bit but in the first packet, so these leave as packets.
test_accurate_ecn()
{
    local host segmented

    [ -e /proc/sys/net/ipv4/tcp_ecn_option ] \
        || skip "the kernel's TCP has no accurate ECN"
    two_devices
    for host in a b; do
        # So no packet needs a second segment.
        ip -n $host link set stt0 mtu 1400
        on $host sysctl -qw net.ipv4.tcp_ecn=1
    done
    iperf3_mbits a 198.51.100.2 b
    segmented=$(counter a stt0 tx_segmented)
    at_least "frames in segments with classic ECN" "$segmented" 100

    for host in a b; do
        on $host sysctl -qw net.ipv4.tcp_ecn=3
    done
    capture b stt0 "$test_dir/syn.pcap" 'tcp[tcpflags] & tcp-syn != 0'
    iperf3_mbits a 198.51.100.2 b
    stop_captures
    at_least "connections that asked for accurate ECN" \
        "$(captured "$test_dir/syn.pcap" \
            'tcp[12] & 1 != 0 and tcp[13] & 0xd2 = 0xc2')" 1
    counter_is a stt0 tx_segmented "$segmented"
    no_drops a stt0
    no_drops b stt0
}

# A kept route of received segments does not outlive what Linux goes by, of which
# nothing tells that it has changed, for longer than a second.
test_route_age()
{
    local received

    two_devices
    ping_from a 198.51.100.2
    ip -n b link add elsewhere type dummy
    ip -n b link set elsewhere up
    ip -n b route add 192.0.2.1/32 dev elsewhere
    on b sysctl -q -w net.ipv4.conf.all.rp_filter=0 \
        net.ipv4.conf.uplink.rp_filter=0
    received=$(counter b stt0 rx_whole)
    on a ping -q -i 0.05 -w 60 198.51.100.2 >/dev/null &
    wait_until has_counted_at_least b rx_whole $((received + 20))
    on b sysctl -q -w net.ipv4.conf.uplink.rp_filter=1
    sleep 2
    received=$(counter b stt0 rx_whole)
    sleep 2
    counter_is b stt0 rx_whole "$received"
    on b sysctl -q -w net.ipv4.conf.uplink.rp_filter=0
    wait_until has_counted_at_least b rx_whole $((received + 20))
}

# Super-packets, which do not wait for GRO, do not overtake small packets of
# their flow, which do.
test_order()
{
    need_module sch_netem
    two_devices
    # It lets several packets go at a time, and one CPU takes them all: two would
    # be free to overtake each other.
    on a tc qdisc add dev uplink root netem delay 3ms limit 10000
    echo 1 | on b tee /sys/class/net/uplink/queues/rx-0/rps_cpus
    on b python3 -c '
import socket
with socket.create_server(("198.51.100.2", 5000)) as server:
    connection, _ = server.accept()
    while connection.recv(1000000):
        pass
' &
    wait_until listens b 5000
    on a python3 -c '
import socket
with socket.create_connection(("198.51.100.2", 5000)) as connection:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for _ in range(2000):
        connection.sendall(bytes(1000))
        connection.sendall(bytes(20000))
'
    wait
    equal "segments out of order" "$(on b awk '
        $1 == "TcpExt:" && !names { names = split($0, name); next }
        $1 == "TcpExt:" {
            for (i in name) if (name[i] == "TCPOFOQueue") print $i
        }' /proc/net/netstat)" 0
    at_least "frames in segments" "$(counter a stt0 tx_segmented)" 500
    no_drops b stt0
}

# A device that is down takes nothing, and its port answers as any closed one.
test_down()
{
    two_devices
    local before

    ping_from a 198.51.100.2
    ip -n b link set stt0 down
    before=$(counter b stt0 rx_whole)
    must_fail ping_from a 198.51.100.2 -w 2
    counter_is b stt0 rx_whole "$before"
    ip -n b link set stt0 up
    ip -n b route add 198.51.100.1/32 encap ip id 42 dst 192.0.2.1 dev stt0 \
        src 198.51.100.2
    ping_from a 198.51.100.2
    at_least rx_whole "$(counter b stt0 rx_whole)" $((before + 3))
}

# Packets without tunnel metadata, and without a route, are counted.
test_errors()
{
    two_devices
    ip -n a route add 203.0.113.1 dev stt0
    ip -n a neighbour add 203.0.113.1 lladdr 02:00:00:00:00:02 dev stt0
    ip -n a route add 203.0.113.2 encap ip id 1 dst 10.99.99.99 dev stt0
    ip -n a neighbour add 203.0.113.2 lladdr 02:00:00:00:00:02 dev stt0
    # The device's own neighbour discovery would count as well.
    on a sysctl -q -w net.ipv6.conf.stt0.disable_ipv6=1
    before=$(counter a stt0 tx_metadata)
    must_fail ping_from a 203.0.113.1 -c 2 -w 2
    at_least tx_metadata "$(counter a stt0 tx_metadata)" $((before + 2))
    must_fail ping_from a 203.0.113.2 -c 2 -w 2
    at_least tx_route "$(counter a stt0 tx_route)" 2
    at_least "carrier errors" "$(cat_stat a tx_carrier_errors)" 2
}

# A tunnel to itself and a tunnel in itself end with an error, not a crash.
test_loops()
{
    two_devices
    ip -n a route add 192.0.2.99 encap ip id 1 dst 192.0.2.99 dev stt0
    must_fail ping_from a 192.0.2.99 -c 1 -w 1
    at_least tx_route "$(counter a stt0 tx_route)" 1

    # Two devices whose packets go through each other.
    stt_link a add stt1 --port 7472
    ip -n a link set stt1 up
    ip -n a route add 203.0.113.1 encap ip id 1 dst 203.0.113.2 dev stt0
    ip -n a route add 203.0.113.2 encap ip id 1 dst 203.0.113.1 dev stt1
    for device in stt0 stt1; do
        for i in 1 2; do
            ip -n a neighbour replace 203.0.113.$i lladdr 02:00:00:00:00:02 \
                dev $device
        done
    done
    must_fail ping_from a 203.0.113.1 -c 2 -w 2
    at_least tx_recursion $(($(counter a stt0 tx_recursion) \
                             + $(counter a stt1 tx_recursion))) 2
    ping_from a 198.51.100.2
}

# Tunnels within each other, up to three; more would use up the stack.
test_nested()
{
    local depth i host n device to

    two_devices
    for depth in 1 2 3 4 5 6 7; do
        i=1
        for host in a b; do
            stt_link $host add stt$depth --port $((7471 + depth)) \
                --address 0200000001$depth$i
            set_addresses $host stt$depth 203.0.$depth.$i/32
            n=$((3 - i))
            to=203.0.$((depth - 1)).$n
            [ $depth != 1 ] || to=198.51.100.$n
            ip -n $host -batch - <<END
route add 203.0.$depth.$n encap ip id 7 dst $to dev stt$depth src 203.0.$depth.$i
neighbour add 203.0.$depth.$n lladdr 02:00:00:00:01:$depth$n dev stt$depth
END
            i=2
        done
    done
    ping_from a 203.0.2.2
    ping_from a 203.0.2.2 -s 5000
    for device in stt0 stt1 stt2; do
        no_drops a $device
        no_drops b $device
    done
    must_fail ping_from a 203.0.3.2 -c 2 -w 2
    at_least tx_recursion "$(counter a stt0 tx_recursion)" 2
    must_fail ping_from a 203.0.7.2 -c 2 -w 2
    at_least tx_recursion "$(counter a stt4 tx_recursion)" 2
}

# Packets with two VLAN tags, the first of which is beside them if $1 is "on", and
# in them if it is "off".
test_tagged()
{
    local i peer host

    need_module 8021q
    two_devices
    for i in 1 2; do
        peer=$((3 - i))
        host=$([ $i = 1 ] && echo a || echo b)
        on $host ethtool -K stt0 txvlan "$1"
        ip -n $host link add link stt0 name outer type vlan id 5
        ip -n $host link set outer up
        ip -n $host link add link outer name inner type vlan id 6
        set_addresses $host inner 203.0.113.$i/32
        ip -n $host route add 203.0.113.$peer encap ip id 42 \
            dst 192.0.2.$peer dev inner src 203.0.113.$i
        ip -n $host neighbour add 203.0.113.$peer \
            lladdr 02:00:00:00:00:0$peer dev inner
    done
    ping_from a 203.0.113.2
    ping_from a 203.0.113.2 -s 8000
    at_least "Mbit/s" "$(iperf3_mbits a 203.0.113.2 b)" 1

    # The IP packet behind them takes part in ECN (RFC 6040).
    on b nft -f - <<END
table netdev congestion {
    chain ingress {
        type filter hook ingress device uplink priority 0;
        ip ecn ect0 tcp dport 7471 ip ecn set ce
    }
}
END
    capture b inner "$test_dir/received" -Q in
    ping_from a 203.0.113.2 -Q 2
    ping_from a 203.0.113.2 -Q 2 -s 8000
    stop_captures
    at_least "packets marked" \
        "$(captured "$test_dir/received" "icmp[0] = 8 and ip[1] & 3 = 3")" 6
    no_drops a stt0
    no_drops b stt0
}

# A tunnel in a tunnel works.
test_stacked()
{
    local i peer host

    two_devices
    for i in 1 2; do
        peer=$((3 - i))
        host=$([ $i = 1 ] && echo a || echo b)
        stt_link $host add stt1 --port 7472 --address 02000000010$i
        set_addresses $host stt1 203.0.113.$i/32
        ip -n $host route add 203.0.113.$peer encap ip id 7 \
            dst 198.51.100.$peer dev stt1 src 203.0.113.$i
        ip -n $host neighbour add 203.0.113.$peer \
            lladdr 02:00:00:00:01:0$peer dev stt1
    done
    ping_from a 203.0.113.2 -s 20000
    at_least "Mbit/s" "$(iperf3_mbits a 203.0.113.2 b)" 1
    no_drops b stt0
    no_drops b stt1
}

# "Packet too big" from a router on the way makes segments smaller.  (Routes
# cannot ask for the DF bit of IPv4.)
test_path_mtu()
{
    two_devices 6
    # The link becomes one through a router, whose other link is narrow.
    add_hosts r
    ip -n b link delete uplink
    join a uplink r left
    join r right b uplink
    ip -n r link set right mtu 1400
    set_addresses a uplink 2001:db8:2::1/96
    set_addresses r left 2001:db8:2::3/96
    set_addresses r right 2001:db8:2:0:1::3/96
    set_addresses b uplink 2001:db8:2:0:1::2/96
    on r sysctl -q -w net.ipv6.conf.all.forwarding=1
    ip -n a -6 route add default via 2001:db8:2::3
    ip -n b -6 route add default via 2001:db8:2:0:1::3
    ip -n a route replace 198.51.100.2/32 encap ip6 id 42 \
        dst 2001:db8:2:0:1::2 dev stt0 src 198.51.100.1
    ip -n b route replace 198.51.100.1/32 encap ip6 id 42 dst 2001:db8:2::1 \
        dev stt0 src 198.51.100.2

    ping_from a 198.51.100.2 -s 100
    # The first ones are too big.
    ping_from a 198.51.100.2 -s 8000 -c 6 -w 20 || true
    ip -n a route get 2001:db8:2:0:1::2 | tee "$test_dir/route"
    grep -q 'mtu 1400' "$test_dir/route" || fail "no path MTU of 1400"
    at_least rx_path_mtu "$(counter a stt0 rx_path_mtu)" 1
    ping_from a 198.51.100.2 -s 8000
}

# The host's owner says whether ICMP may change the path MTU over IPv4.
test_no_path_mtu()
{
    local forge

    two_devices
    on a ethtool -K uplink tso off
    set_df
    on a ping -q -i 0.05 -s 3000 198.51.100.2 >/dev/null &
    forge=(on b python3 "$(dirname "$0")/forge-icmp.py" uplink)

    # Never, and only if what proves that it is true is there.
    on a sysctl -q -w net.ipv4.ip_no_pmtu_disc=2
    "${forge[@]}" 1400
    wait_until has_counted a rx_icmp_ignored 1
    on a sysctl -q -w net.ipv4.ip_no_pmtu_disc=3
    "${forge[@]}" 1400 --quote 8
    wait_until has_counted a rx_icmp_ignored 2
    equal "path MTU" "$(path_mtu 4)" ""
    "${forge[@]}" 1400
    wait_until has_counted a rx_path_mtu 1
    equal "path MTU" "$(path_mtu 4)" 1400
    counter_is a stt0 rx_icmp_ignored 2

    # Once, and then the least.
    on a sysctl -q -w net.ipv4.ip_no_pmtu_disc=1
    "${forge[@]}" 1300
    wait_until has_counted a rx_path_mtu 2
    equal "path MTU" "$(path_mtu 4)" "lock 552"
}

# What is sent with a mark, and so goes another way, has the path MTU of that way,
# over IPv$1.
test_path_mtu_marked()
{
    local host

    two_devices "$1"
    [ "$1" = 6 ] || set_df
    add_hosts r
    join a way r left
    join r right b way
    ip -n r link set right mtu 1400
    set_addresses a way 203.0.113.1/25 2001:db8:3::1/96
    set_addresses r left 203.0.113.2/25 2001:db8:3::2/96
    set_addresses r right 203.0.113.129/25 2001:db8:3:0:1::1/96
    set_addresses b way 203.0.113.130/25 2001:db8:3:0:1::2/96
    on r sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
    ip -n r route add 192.0.2.1 via 203.0.113.1
    ip -n r route add 192.0.2.2 via 203.0.113.130
    ip -n r route add 2001:db8:2::1 via 2001:db8:3::1
    ip -n r route add 2001:db8:2::2 via 2001:db8:3:0:1::2
    ip -n a rule add fwmark 5 table 100
    ip -n a -6 rule add fwmark 5 table 100
    ip -n a route add 192.0.2.2 via 203.0.113.2 src 192.0.2.1 table 100
    ip -n a route add 2001:db8:2::2 via 2001:db8:3::2 src 2001:db8:2::1 \
        table 100

    ping_from a 198.51.100.2 -m 5 -s 100
    ping_from a 198.51.100.2 -s 100
    # The first ones are too big.
    ping_from a 198.51.100.2 -m 5 -s 8000 -c 6 -w 20 || true
    at_least rx_path_mtu "$(counter a stt0 rx_path_mtu)" 1
    equal "path MTU of marked packets" "$(path_mtu "$1" mark 5)" 1400
    equal "path MTU of others" "$(path_mtu "$1")" ""
    ping_from a 198.51.100.2 -m 5 -s 8000
    # Segments of any size go the other way.
    ping_from a 198.51.100.2 -s 8000
    counter_is a stt0 rx_icmp_ignored 0
    for host in a b; do
        no_drops $host stt0
    done
}

# Segments to an address that the host has no more are not received, whichever
# route those just before them came by.
test_address_removed()
{
    local pings

    two_devices
    ip -n a neighbour replace 192.0.2.2 dev uplink nud permanent \
        lladdr "$(on b cat /sys/class/net/uplink/address)"
    on a ping -q -i 0.01 -w 60 198.51.100.2 >/dev/null &
    pings=$!
    # More than once, as a route may just have become too old.
    for _ in 1 2 3 4 5 6; do
        wait_until ping_from a 198.51.100.2 -c 1
        # Without a program in between, which would take its time to start.
        # shellcheck disable=SC2016 # for the inner shell
        on b bash -c '
            received=/sys/class/net/stt0/statistics/rx_packets
            ip address delete 192.0.2.2/24 dev uplink
            before=$(<$received)
            read -rt 0.5 <> <(:)
            after=$(<$received)
            ip address add 192.0.2.2/24 dev uplink
            echo "$before $after"
            [ "$before" = "$after" ]' || fail "received without the address"
    done
    kill $pings
    wait $pings || true
}

# A device that was moved to another namespace keeps its underlay, and goes
# with it.
test_move()
{
    two_devices
    add_hosts c
    ip -n a link set stt0 netns c
    set_addresses c stt0 198.51.100.1/32
    ip -n c route add 198.51.100.2 encap ip id 42 dst 192.0.2.2 dev stt0 \
        src 198.51.100.1
    ip -n c neighbour add 198.51.100.2 lladdr 02:00:00:00:00:02 dev stt0
    ping_from c 198.51.100.2 -s 10000
    at_least "Mbit/s" "$(iperf3_mbits c 198.51.100.2 b)" 1
    must_say "An STT device for this destination port exists" \
        on a ip link add stt1 type stt

    on c ping -q -f -s 4000 198.51.100.2 >/dev/null &
    sleep 0.5
    ip netns delete a
    wait_until no_device c stt0
}

no_device()
{
    ! on "$1" ip link show "$2" >/dev/null 2>&1
}

# A namespace that goes away under load takes its device along.
test_namespace_deleted()
{
    local i

    for i in 1 2 3; do
        two_devices
        on a ethtool -K uplink tso off
        on b iperf3 -s -D >/dev/null
        wait_until listens b 5201
        on a iperf3 -c 198.51.100.2 -u -b 0 -l 30000 -t 20 >/dev/null 2>&1 &
        on b ping -q -f -s 20000 198.51.100.1 >/dev/null 2>&1 &
        sleep 1
        ip netns delete b
        sleep 0.2
        ip netns delete a
        wait_until no_namespaces
    done
}

# Processes keep a namespace alive: this ends them.
no_namespaces()
{
    local pids
    pids=$(jobs -p)
    # shellcheck disable=SC2086 # a list
    kill -KILL $pids 2>/dev/null || true
    [ -z "$(hosts)" ]
}

# The device goes away and comes back while packets go through.
test_device_deleted()
{
    local i

    two_devices
    on a ethtool -K uplink tso off
    on a ping -q -f -s 20000 198.51.100.2 >/dev/null 2>&1 &
    for i in 1 2 3 4 5; do
        sleep 0.3
        on b ip link delete stt0
        on b ip link add stt0 address 02:00:00:00:00:02 type stt
        set_addresses b stt0 198.51.100.2/32
        ip -n b route add 198.51.100.1 encap ip id 42 dst 192.0.2.1 dev stt0 \
            src 198.51.100.2
        ip -n b neighbour replace 198.51.100.1 lladdr 02:00:00:00:00:01 \
            dev stt0
    done
    ping_from b 198.51.100.1
}

# The module can be removed with its devices, and under load.
test_unload()
{
    two_devices
    on a ethtool -K uplink tso off
    on a ping -q -f -s 20000 198.51.100.2 >/dev/null 2>&1 &
    sleep 1
    modprobe -r stt
    must_fail on a ip link show stt0
    [ ! -e /proc/sys/net/stt ] || fail "sysctls are still there"
    modprobe stt
    on a ip link add stt0 type stt
}

# Prints the address on the uplink of two_devices' host $2, 1 or 2, over IPv$1.
uplink_address()
{
    if [ "$1" = 4 ]; then
        echo "192.0.2.$2"
    else
        echo "2001:db8:2::$2"
    fi
}

# Gives host $1 the security association of IPsec's protocol $3, esp or ah, for
# what host number $4 sends over IPv$2, with the key $5.
add_association()
{
    local how=(aead 'rfc4106(gcm(aes))' "0x$(printf %040d "$5")" 128)

    [ "$3" = esp ] || how=(auth 'hmac(sha256)' "0x$(printf %064d "$5")")
    on "$1" ip xfrm state add src "$(uplink_address "$2" "$4")" \
        dst "$(uplink_address "$2" $((3 - $4)))" proto "$3" spi "$4" \
        mode transport "${how[@]}"
}

# With IPsec's protocol $2 between the devices, over IPv$1, all leaves protected,
# and what is not, or does not verify, is not taken.
test_ipsec()
{
    local host from to dir whole file protocol=$2

    need_module xfrm_user
    two_devices "$1"
    for host in a b; do
        for from in 1 2; do
            to=$((3 - from))
            [ $host$from = a1 ] || [ $host$from = b2 ] && dir=out || dir=in
            set -- "$1" src "$(uplink_address "$1" $from)" \
                dst "$(uplink_address "$1" $to)"
            add_association $host "$1" "$protocol" $from $from
            on $host ip xfrm policy add dir $dir "${@:2}" \
                proto tcp dport 7471 tmpl proto "$protocol" mode transport
        done
    done
    for host in a b; do
        capture $host uplink "$test_dir/sent-$host" -Q out
    done
    ping_from a 198.51.100.2 -s 8000
    # How fast it is depends on how fast the machine encrypts.
    iperf3_mbits b 198.51.100.1 a
    stop_captures
    for host in a b; do
        file=$test_dir/sent-$host
        at_least "packets of $protocol" "$(captured "$file" "$protocol")" 20
        equal "segments in the clear" \
            "$(captured "$file" tcp)" 0
        no_drops $host stt0
    done

    on b ip xfrm state delete src "$(uplink_address "$1" 1)" \
        dst "$(uplink_address "$1" 2)" proto "$protocol" spi 1
    add_association b "$1" "$protocol" 1 9
    whole=$(counter b stt0 rx_whole)
    must_fail on a ping -n -q -c 2 -i 0.2 -W 1 198.51.100.2
    counter_is b stt0 rx_whole "$whole"

    on a ip xfrm policy flush
    whole=$(counter b stt0 rx_whole)
    must_fail on a ping -n -q -c 2 -i 0.2 -W 1 198.51.100.2
    counter_is b stt0 rx_whole "$whole"
    # shellcheck disable=SC2016 # awk's own
    at_least "packets that b's policy refused" \
        "$(on b awk '/XfrmInTmplMismatch|XfrmInNoPols/ { n += $2 }
                     END { print n }' /proc/net/xfrm_stat)" 2
}

# Host $1's connection tracking knows of others' connections, which have $2 in
# their lines, and of no segments.
tracks_nothing_of_stt()
{
    local ip

    need_module nf_conntrack_netlink
    for ip in ipv4 ipv6; do
        on "$1" conntrack -L -f $ip -p tcp
    done | tee "$test_dir/connections"
    grep -q -e "$2" "$test_dir/connections" \
        || fail "connection tracking does not know of $2"
    if grep -v -e "$2" "$test_dir/connections" | grep 7471; then
        fail "connection tracking knows of STT"
    fi
}

# Only the connection tracking of others sees packets; a stateful firewall that
# drops by default needs one rule for STT.
test_firewall()
{
    two_devices "$1"
    for host in a b; do
        on $host nft -f - <<END
table inet filter {
    chain input {
        type filter hook input priority 0; policy drop;
        iifname lo accept
        ct state invalid counter drop
        ct state established,related accept
        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
        iifname stt0 accept
        tcp dport 7471 counter accept comment "stt"
    }
    chain output {
        type filter hook output priority 0; policy drop;
        oifname lo accept
        ct state invalid counter drop
        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
        oifname stt0 accept
        tcp dport 7471 accept
    }
}
END
    done
    ping_from a 198.51.100.2 -s 8000
    at_least "Mbit/s" "$(iperf3_mbits b 198.51.100.1 a)" 1
    on b nft list ruleset | tee "$test_dir/rules"
    grep -q 'ct state invalid counter packets 0 ' "$test_dir/rules" \
        || fail "connection tracking called something invalid"
    tracks_nothing_of_stt b port=5201

    # The filter's word counts.
    on b nft flush ruleset
    on b nft -f - <<END
table inet filter {
    chain input {
        type filter hook input priority 0; policy accept;
        tcp dport 7471 drop
    }
}
END
    must_fail ping_from a 198.51.100.2 -w 2
}

# What is only forwarded to the port stays with connection tracking.
test_forwarded()
{
    local i

    two_devices
    add_hosts c d
    join c eth0 a toc
    join d eth0 a tod
    set_addresses c eth0 203.0.113.2/25
    set_addresses a toc 203.0.113.1/25
    set_addresses d eth0 203.0.113.130/25
    set_addresses a tod 203.0.113.129/25
    ip -n c route add default via 203.0.113.1
    on a sysctl -q -w net.ipv4.ip_forward=1
    on a nft -f - <<END
table ip nat {
    chain postrouting {
        type nat hook postrouting priority 100;
        oifname tod masquerade
    }
}
END
    # d has no route back to c: without translation there is no answer.
    on d iperf3 -s -D -p 7471 >/dev/null
    wait_until listens d 7471
    on c iperf3 -c 203.0.113.130 -p 7471 -n 100K
}

# A connection over IPv$1 through host a, which gives it an address of its own and
# the STT device's port.
test_translated()
{
    local ip=$1 family=ip

    [ "$ip" = 4 ] || family=ip6
    two_devices "$ip"
    add_hosts c d
    join c eth0 a toc
    join d eth0 a tod
    if [ "$ip" = 4 ]; then
        set -- 203.0.113.2 203.0.113.1 203.0.113.130 203.0.113.129 25
    else
        set -- 2001:db8:3::2 2001:db8:3::1 2001:db8:4::2 2001:db8:4::1 64
    fi
    set_addresses c eth0 "$1/$5"
    set_addresses a toc "$2/$5"
    set_addresses d eth0 "$3/$5"
    set_addresses a tod "$4/$5"
    ip -n c route add default via "$2"
    on a sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
    on a nft -f - <<END
table $family nat {
    chain postrouting {
        type nat hook postrouting priority 100;
        oifname tod meta l4proto tcp masquerade to :7471
    }
}
END
    # Without options a TCP header is as long as STT's.
    on c sysctl -q -w net.ipv4.tcp_timestamps=0
    on d python3 -c '
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
servers = [socket.create_server((sys.argv[1], 5000 + i), family=family)
           for i in range(8)]
for server in servers:
    connection, peer = server.accept()
    assert peer[1] == 7471, peer
    connection.sendall(bytes(300000))
    connection.close()
' "$3" &
    wait_until listens d 5007
    # Sequence numbers start anywhere, and half of them could be those of segments.
    on c timeout 60 python3 -c '
import socket, sys
for i in range(8):
    with socket.create_connection((sys.argv[1], 5000 + i)) as connection:
        got = 0
        while data := connection.recv(100000):
            got += len(data)
        assert got == 300000, got
' "$3"
    no_drops a stt0

    # Segments are still nobody else's.
    ping_from a 198.51.100.2 -s 5000
    tracks_nothing_of_stt a port=500
}

run_test attributes test_attributes
run_test port-in-use test_port_in_use
run_test mtu test_mtu
run_test sysctls test_sysctls
run_test source-ports test_source_ports
run_test frame-ids test_frame_ids
run_test sizes-ipv4 test_sizes 4
run_test sizes-ipv6 test_sizes 6
run_test stream-ipv4 test_stream 4 "tso on"
run_test stream-ipv6 test_stream 6 "tso on"
run_test stream-ipv4-no-tso test_stream 4 "tso off"
run_test stream-ipv6-no-tso test_stream 6 "tso off gro on"
run_test stream-ipv4-gro test_stream 4 "tso off gro on rx-gro-list on"
run_test stream-ipv4-no-offloads test_stream 4 "tso off gso off sg off tx off"
run_test accurate-ecn test_accurate_ecn
run_test route-age test_route_age
run_test order test_order
run_test down test_down
run_test errors test_errors
run_test loops test_loops
run_test stacked test_stacked
run_test tagged test_tagged on
run_test tagged-in-packet test_tagged off
run_test nested test_nested
run_test path-mtu-ipv6 test_path_mtu
run_test no-path-mtu test_no_path_mtu
run_test path-mtu-marked-ipv4 test_path_mtu_marked 4
run_test path-mtu-marked-ipv6 test_path_mtu_marked 6
run_test firewall-ipv4 test_firewall 4
run_test firewall-ipv6 test_firewall 6
run_test ipsec-ipv4 test_ipsec 4 esp
run_test ipsec-ipv6 test_ipsec 6 esp
run_test ipsec-ah-ipv4 test_ipsec 4 ah
run_test ipsec-ah-ipv6 test_ipsec 6 ah
run_test forwarded test_forwarded
run_test translated-ipv4 test_translated 4
run_test translated-ipv6 test_translated 6
run_test address-removed test_address_removed
run_test move test_move
run_test device-deleted test_device_deleted
run_test namespace-deleted test_namespace_deleted
run_test unload test_unload
