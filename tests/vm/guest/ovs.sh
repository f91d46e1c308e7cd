#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# STT ports of Debian's own Open vSwitch, on the kernel's datapath, between
# hosts in namespaces.

# shellcheck source=tests/vm/guest/stt.sh
. "$(dirname "$0")/stt.sh"

here=$(dirname "$0")
device=stt_sys_7471

# Sends traffic of all kinds between the guests, and compares every byte.
# Further options are traffic.py's.
traffic()
{
    python3 "$here/traffic.py" --brief "$@" g1,eth0 g2,eth0
}

# Sets features of both ends of the link between the hosts, as ethtool -K does.
link_features()
{
    on h1 ethtool -K uplink "$@"
    on h2 ethtool -K uplink "$@"
}

no_drops_on_hosts()
{
    no_drops h1 $device
    no_drops h2 $device
}

# Gives the guests' links the MTU $1, and lets Open vSwitch pass on all that
# they send: left to itself it takes tags away that have a priority only.
guests_mtu()
{
    local i

    for i in 1 2; do
        ip -n h$i link set guest mtu "$1"
        ip -n g$i link set eth0 mtu "$1"
        on h$i ovs-ofctl replace-flows br0 - <<END
in_port=guest,actions=tunnel
in_port=tunnel,actions=guest
END
    done
}

# Traffic over IPv$1, with the link's features $2.
test_traffic()
{
    two_hosts_with_tunnel stt "$1"
    guests_mtu 1500
    # shellcheck disable=SC2086 # words
    link_features $2
    traffic
    no_drops_on_hosts
    wait_until holds_nothing h2 $device
}

# Guests whose packets are larger than the link's.
test_large_mtu()
{
    two_hosts_with_tunnel stt "$1"
    link_features tso off
    guests_mtu 9000
    traffic --only frames,icmp,udp
    no_drops_on_hosts
}

# Guests without offloads, with every checksum complete.
test_no_guest_offloads()
{
    two_hosts_with_tunnel stt
    on g1 ethtool -K eth0 tx off tso off gso off
    on g2 ethtool -K eth0 tx off tso off gso off
    traffic --only udp,tcp
    no_drops_on_hosts
}

# Guests that leave a checksum to the device, be it one that STT has no words
# for.
test_checksums()
{
    two_hosts_with_tunnel stt
    guests_mtu 1500
    python3 "$here/guest-offloads.py" checksums g1,eth0 g2,eth0
    no_drops_on_hosts
}

# Guests' own VLAN devices: the tag goes into the frame header, with TSO.
test_vlan()
{
    local guest

    need_module 8021q
    two_hosts_with_tunnel stt
    for guest in 1 2; do
        ip -n g$guest link add link eth0 name v10 type vlan id 10
        set_addresses g$guest v10 203.0.113.$guest/24 2001:db8:10::$guest/64
        ip -n g$guest link add link v10 name v20 type vlan id 20
        set_addresses g$guest v20 203.0.114.$guest/24
    done
    capture h1 uplink "$test_dir/wire" "tcp dst port 7471"
    python3 "$here/traffic.py" --brief --only icmp,udp,tcp g1,v10 g2,v10
    stop_captures
    ping_from g1 203.0.114.2 -s 8000
    at_least "Mbit/s, two tags" "$(iperf3_mbits g1 203.0.114.2 g2)" 1
    no_drops_on_hosts
}

# A link that loses, delays, reorders and doubles segments.
test_netem()
{
    two_hosts_with_tunnel stt "$1"
    netem_between h1 h2 delay 2ms 1ms loss 0.2% duplicate 3%
    traffic --only icmp,udp,tcp --bytes 1000000
    at_least "duplicates" "$(($(counter h1 $device rx_duplicate) \
                              + $(counter h2 $device rx_duplicate)))" 1
    at_least "frames reassembled" \
        "$(counter h2 $device rx_reassembled)" 20
    # What came late or twice belongs to frames that are never completed.
    wait_until holds_nothing h2 $device
    wait_until holds_nothing h1 $device
    no_drops_but_duplicates h1
    no_drops_but_duplicates h2
}

# Without a route there was the host while its link was replaced.
no_drops_but_duplicates()
{
    equal "drops on $1" \
        "$(drops "$1" $device | grep -v '^\(rx_duplicate\|tx_route\):')" ""
}

# The congestion mark of the underlay reaches the guest, and the guest's the
# underlay.
test_ecn()
{
    two_hosts_with_tunnel stt "$1"
    link_features tso off
    for host in h1 h2; do
        on $host nft -f - <<END
table netdev congestion {
    chain ingress {
        type filter hook ingress device uplink priority 0;
        ip dscp != 63 ip ecn ect0 tcp dport 7471 ip ecn set ce counter
        ip6 ecn ect0 tcp dport 7471 ip6 ecn set ce counter
    }
}
END
    done
    # One ECT(0) datagram in one segment, and one in several.
    python3 "$here/traffic.py" --only ecn --ip 4 --sizes 100,1350 \
        g1,eth0 g2,eth0 | tee "$test_dir/ecn"
    equal "packets marked" "$(grep -c 'ECT(0) -> CE' "$test_dir/ecn")" 2
    equal "packets as sent" "$(grep -c 'Not-ECT -> Not-ECT\|ECT(1) -> ECT(1)\|CE -> CE' \
                                 "$test_dir/ecn")" 6
    at_least rx_ecn_marked "$(counter h2 $device rx_ecn_marked)" 1
}

# Tenants with equal addresses, kept apart by the Context ID, and flows that set
# and match all 64 bits of it.
test_context_id()
{
    local i

    two_hosts_with_tunnel stt
    for i in 1 2; do
        on h$i ovs-vsctl set interface tunnel options:key=flow
        add_hosts t$i
        join h$i tenant t$i eth0
        ip -n t$i link set eth0 mtu 1400 \
            address "$(on g$i cat /sys/class/net/eth0/address)"
        set_addresses t$i eth0 198.51.100.$i/24
        add_port h$i br0 tenant
        on h$i ovs-ofctl add-flows br0 - <<END
priority=10,in_port=guest,actions=set_tunnel64:0xfedcba9876543210,tunnel
priority=10,in_port=tenant,actions=set_tunnel64:0x7edcba9876543210,tunnel
priority=10,in_port=tunnel,tun_id=0xfedcba9876543210,actions=guest
priority=10,in_port=tunnel,tun_id=0x7000000000000000/0xf000000000000000,actions=tenant
priority=1,actions=drop
END
    done
    ping_from g1 198.51.100.2 -s 3000
    ping_from t1 198.51.100.2 -s 3000
    on h2 ovs-ofctl dump-flows br0 | tee "$test_dir/flows"
    equal "packets of the tenant" \
        "$(grep -c 'n_packets=0' "$test_dir/flows")" 1
    on h2 ovs-appctl dpctl/dump-flows -m | tee "$test_dir/dpflows"
    grep -q 'tun_id=0xfedcba9876543210' "$test_dir/dpflows" \
        || fail "no flow with the Context ID"
}

# One port for several remotes.
test_flow_based()
{
    two_hosts_with_tunnel stt
    add_hosts h3 g3
    join h3 uplink h1 uplink3
    set_addresses h1 uplink3 203.0.113.1/24
    set_addresses h3 uplink 203.0.113.3/24
    join h3 guest g3 eth0
    ip -n g3 link set eth0 mtu 1400
    set_addresses g3 eth0 198.51.100.3/24
    start_ovs h3
    add_bridge h3 br0
    add_port h3 br0 guest
    add_port h3 br0 tunnel type=stt options:remote_ip=203.0.113.1 \
        options:key=1
    on h1 ovs-vsctl set interface tunnel options:remote_ip=flow
    on h1 ovs-ofctl add-flows br0 - <<END
in_port=guest,arp,actions=set_tunnel:1,set_field:192.0.2.2->tun_dst,tunnel,set_field:203.0.113.3->tun_dst,tunnel
in_port=guest,ip,nw_dst=198.51.100.2,actions=set_tunnel:1,set_field:192.0.2.2->tun_dst,tunnel
in_port=guest,ip,nw_dst=198.51.100.3,actions=set_tunnel:1,set_field:203.0.113.3->tun_dst,tunnel
in_port=tunnel,actions=guest
END
    ping_from g1 198.51.100.2 -s 3000
    ping_from g1 198.51.100.3 -s 3000
    on h1 ovs-appctl dpctl/dump-flows
}

# Ports that come and go, and what they share.
test_ports()
{
    two_hosts_with_tunnel stt
    # Another remote: the same device.
    add_port h1 br0 second type=stt options:remote_ip=192.0.2.7 options:key=9
    equal "devices" "$(stt_devices h1)" "$device"
    # Another port: another device.
    add_port h1 br0 third type=stt options:remote_ip=192.0.2.7 \
        options:dst_port=7472
    equal "devices" "$(stt_devices h1)" "$device stt_sys_7472"
    equal "port" "$(stt_link h1 port stt_sys_7472)" 7472
    on h1 ovs-dpctl show | tee "$test_dir/show"
    grep -q "stt_sys_7472 (stt: .*dst_port=7472)\|stt_sys_7472 (stt" \
        "$test_dir/show" || fail "ovs-dpctl does not show the port"
    on h1 ovs-vsctl del-port third
    wait_until no_device h1 stt_sys_7472
    on h1 ovs-vsctl del-port second
    ping_from g1 198.51.100.2
    on h1 ovs-vsctl del-port tunnel
    wait_until no_device h1 $device

    # A port that TCP has.
    on h1 iperf3 -s -D -p 7471
    wait_until listens h1 7471
    on h1 ovs-vsctl add-port br0 tunnel -- set interface tunnel type=stt \
        options:remote_ip=192.0.2.2 options:key=1
    on h1 ovs-vsctl get interface tunnel error | tee "$test_dir/error"
    grep -q "could not add network device tunnel" "$test_dir/error" \
        || fail "no error"
    on h1 ovs-vsctl del-port tunnel
    # shellcheck disable=SC2046 # one number
    kill $(on h1 ss -Hltnp "sport = 7471" | sed 's/.*pid=\([0-9]*\).*/\1/;q')
    wait_until not_listening h1 7471
    add_port h1 br0 tunnel type=stt options:remote_ip=192.0.2.2 options:key=1
    ping_from g1 198.51.100.2
}

# Prints the STT devices of host $1 in order.
stt_devices()
{
    on "$1" ip -d -o link show | awk '/ stt / { print $2 }' | tr -d : | sort \
        | xargs
}

no_device()
{
    ! on "$1" ip link show "$2" >/dev/null 2>&1
}

not_listening()
{
    ! listens "$1" "$2"
}

# ovs-vswitchd restarted, however it ended: the tunnel goes on.
test_restart()
{
    local signal pid

    two_hosts_with_tunnel stt
    on g1 ping -q -i 0.05 -s 3000 198.51.100.2 >"$test_dir/ping" &
    for signal in TERM KILL; do
        ping_from g1 198.51.100.2
        pid=$(cat "$test_dir/h1/ovs-vswitchd.pid")
        kill -$signal "$pid"
        wait_until is_dead "$pid"
        rm -f "$test_dir/h1/ovs-vswitchd.pid"
        # Killed, it leaves its flows, with which the kernel goes on.
        [ $signal = TERM ] || ping_from g1 198.51.100.2 -s 3000
        on h1 ovs-vswitchd "unix:$test_dir/h1/db.sock" --pidfile --log-file \
            --detach --no-chdir -vconsole:off
        ping_from g1 198.51.100.2 -s 3000
        equal "devices" "$(stt_devices h1)" $device
    done
}

is_dead()
{
    ! kill -0 "$1" 2>/dev/null
}

# Modules in use are not removed; unused ones are.
test_unload()
{
    two_hosts_with_tunnel stt
    on g1 ping -q -f -s 3000 198.51.100.2 >/dev/null 2>&1 &
    must_say "in use" rmmod vport_stt
    must_say "in use" rmmod stt
    ping_from g1 198.51.100.2
    stop_ovs h1
    stop_ovs h2
    # Ports hold the module until RCU has freed them.
    wait_until rmmod vport_stt
    rmmod stt
}

# Hosts with their datapaths go away under load.
test_hosts_deleted()
{
    local pids

    two_hosts_with_tunnel stt
    link_features tso off
    on g1 ping -q -f -s 30000 198.51.100.2 >/dev/null 2>&1 &
    on g2 iperf3 -s -D >/dev/null
    wait_until listens g2 5201
    on g1 iperf3 -c 198.51.100.2 -t 20 >/dev/null 2>&1 &
    sleep 1
    for host in h2 g2 h1 g1; do
        pids=$(ip netns pids $host)
        # shellcheck disable=SC2086 # a list of numbers
        [ -z "$pids" ] || kill -KILL $pids
        ip netns delete $host
    done
}

# An ICMP error from a router in the underlay makes segments smaller; inner
# packets of any size go on.
test_path_mtu()
{
    two_hosts_with_tunnel stt
    add_hosts r
    ip -n h2 link delete uplink
    join h1 uplink r left
    join r right h2 uplink
    ip -n r link set right mtu 1300
    ip -n h2 link set uplink mtu 1300
    set_addresses h1 uplink 192.0.2.1/32
    set_addresses r left 192.0.2.3/32
    set_addresses r right 192.0.2.4/32
    set_addresses h2 uplink 192.0.2.2/32
    on r sysctl -q -w net.ipv4.ip_forward=1
    ip -n r route add 192.0.2.1 dev left
    ip -n r route add 192.0.2.2 dev right
    ip -n h1 route add 192.0.2.3 dev uplink
    ip -n h1 route add 192.0.2.2 via 192.0.2.3
    ip -n h2 route add 192.0.2.4 dev uplink
    ip -n h2 route add 192.0.2.1 via 192.0.2.4
    # As firewalls do, without which the ICMP error would get through.
    on h1 nft -f - <<END
table ip filter {
    chain input {
        type filter hook input priority 0; policy drop;
        ct state invalid drop
        ct state established,related accept
        tcp dport 7471 accept
        icmp type destination-unreachable accept
    }
}
END
    ping_from g1 198.51.100.2 -s 100
    ping_from g1 198.51.100.2 -s 8000 -c 6 -w 20 || true
    ip -n h1 route get 192.0.2.2 | tee "$test_dir/route"
    grep -q 'mtu 1300' "$test_dir/route" || fail "no path MTU of 1300"
    at_least rx_path_mtu "$(counter h1 $device rx_path_mtu)" 1
    ping_from g1 198.51.100.2 -s 8000
    traffic --only tcp
}

run_test ovs-traffic-ipv4 test_traffic 4 "tso on"
run_test ovs-traffic-ipv6 test_traffic 6 "tso on"
run_test ovs-traffic-ipv4-no-tso test_traffic 4 "tso off gro off"
run_test ovs-traffic-ipv6-no-tso test_traffic 6 "tso off gro on"
run_test ovs-traffic-no-offloads test_traffic 4 "tx off tso off gso off sg off"
run_test ovs-no-guest-offloads test_no_guest_offloads
run_test ovs-checksums test_checksums
run_test ovs-large-mtu-ipv4 test_large_mtu 4
run_test ovs-large-mtu-ipv6 test_large_mtu 6
run_test ovs-vlan test_vlan
run_test ovs-netem-ipv4 test_netem 4
run_test ovs-netem-ipv6 test_netem 6
run_test ovs-ecn-ipv4 test_ecn 4
run_test ovs-ecn-ipv6 test_ecn 6
run_test ovs-context-id test_context_id
run_test ovs-flow-based test_flow_based
run_test ovs-path-mtu test_path_mtu
run_test ovs-ports test_ports
run_test ovs-restart test_restart
run_test ovs-hosts-deleted test_hosts_deleted
run_test ovs-unload test_unload
