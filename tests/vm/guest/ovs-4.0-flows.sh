#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Open vSwitch 4.0 with our hooks, on the kernel's datapath: STT ports in the
# datapath's flows, with connection tracking, patch ports, queues, mirrors and
# statistics.
#
# The root folder must hold the project's own Open vSwitch.

# shellcheck source=tests/vm/guest/stt.sh
. "$(dirname "$0")/stt.sh"

# A key that needs all of its 64 bits.
key=0xfedcba9876543210

# Lets nothing through br0 of the hosts given but what later flows let, and has
# guests know each other and no IPv6, so that they send only what a test makes
# them send.
only_pings()
{
    local host guest

    for host; do
        on "$host" ovs-ofctl del-flows br0
    done
    for guest in 1 2; do
        on g$guest sysctl -q -w net.ipv6.conf.eth0.disable_ipv6=1
        ip -n g$guest neighbour replace 198.51.100.$((3 - guest)) dev eth0 \
            lladdr "$(on g$((3 - guest)) cat /sys/class/net/eth0/address)"
    done
}

# Sends $1 pings with $2 bytes of payload from g1 to g2, which must all be
# answered.
pings()
{
    # Not by ping_from, with whose deadline ping sends more when it is late.
    on g1 ping -n -q -i 0.02 -W 10 -c "$1" -s "$2" 198.51.100.2 \
        | tee "$test_dir/ping"
    grep -q " $1 received" "$test_dir/ping" || fail "pings were lost"
}

# Prints the number that port $2 has in the datapath of host $1.
datapath_port()
{
    on "$1" ovs-dpctl show \
        | sed -n "s/^ *port \([0-9]*\): $2\( .*\)\?\$/\1/p"
}

# Runs command $2 of ovs-dpctl on host $1, in ovs-vswitchd as long as that runs.
dpctl()
{
    local host=$1 command=$2
    shift 2

    if [ -e "$test_dir/$host/ovs-vswitchd.pid" ]; then
        on "$host" ovs-appctl "dpctl/$command" "$@"
    else
        on "$host" ovs-dpctl "$command" "$@"
    fi
}

# Prints the flow identifier with the number $1.
ufid()
{
    echo "ufid:00000000-0000-0000-0000-00000000000$1"
}

# Adds to the datapath of host $1 the flow with the number $2, the key $3 and
# the actions $4, or changes its actions if $5 is 'mod-flow', and fails unless
# the kernel then has that flow as it was given.
set_flow()
{
    local flow

    dpctl "$1" "${5-add-flow}" "$(ufid "$2"),$3" "$4"
    flow=$(dpctl "$1" get-flow "$(ufid "$2")")
    equal "flow $2 of $1" "${flow/ packets:*, actions:/ actions:}" \
        "$3, actions:$4"
}

# Prints how many packets the flow with the number $2 in the datapath of host $1
# has had.
flow_packets()
{
    dpctl "$1" dump-flows -m \
        | sed -n "s/^$(ufid "$2"), .* packets:\([0-9]*\),.*/\1/p"
}

# Flows of the datapath that have the tunnel's metadata over IPv$1, in their
# keys and in their actions.
one_family()
{
    local ip=$1 i source from to there back df=-df
    local ip_packet="eth(),eth_type(0x0800),ipv4(frag=no)"
    local -A guest tunnel

    for i in 1 2; do
        guest[$i]=$(datapath_port h$i guest)
        tunnel[$i]=$(datapath_port h$i stt_sys_7471)
        dpctl h$i del-flows
    done
    from="src=192.0.2.1,dst=192.0.2.2" to="src=192.0.2.2,dst=192.0.2.1"
    if [ "$ip" = 6 ]; then
        from="ipv6_src=2001:db8:2::1,ipv6_dst=2001:db8:2::2"
        to="ipv6_src=2001:db8:2::2,ipv6_dst=2001:db8:2::1"
    elif [ "$(uname -r | cut -d. -f1)" -ge 7 ]; then
        # From Linux 7 on a receiver says that it saw the DF bit.
        df=+df
    fi
    there="tos=0x28,ttl=33,tp_src=9,tp_dst=7471,flags(df|csum|key)"
    back="tos=0x48,ttl=44,tp_src=9,tp_dst=7471,flags(csum|key)"
    set_flow h1 1 "in_port(${guest[1]}),$ip_packet" \
        "set(tunnel(tun_id=$key,$from,$there)),${tunnel[1]}"
    set_flow h2 3 "in_port(${guest[2]}),$ip_packet" \
        "set(tunnel(tun_id=$key,$to,$back)),${tunnel[2]}"

    # What the other host sends must be what there is a flow for, to the bit.
    back="tos=0x48,ttl=44,tp_dst=7471,flags(-df+csum+key)"
    set_flow h1 2 "tunnel(tun_id=$key,$to,$back),in_port(${tunnel[1]}),$ip_packet" \
        "${guest[1]}"
    there="tos=0x28,ttl=33,tp_dst=7471,flags($df+csum+key)"
    set_flow h2 1 "tunnel(tun_id=$key,$from,$there),in_port(${tunnel[2]}),$ip_packet" \
        "${guest[2]}"
    on h2 tcpdump -Z root -n -v -c 1 -i uplink tcp dst port 7471 \
        >"$test_dir/segment" 2>"$test_dir/tcpdump" &
    wait_until grep -q 'listening on' "$test_dir/tcpdump"
    pings 1 1000
    wait $!
    cat "$test_dir/segment"

    # The source port comes from a hash.
    source=$(sed -n 's/.*[.:]\([0-9]*\) > .*\.7471: .*/\1/p' \
        "$test_dir/segment" | head -n 1)
    dpctl h2 del-flow "$(ufid 1)"
    there="tos=0x28,ttl=33,tp_src=$source,tp_dst=7471,flags($df+csum+key)"
    set_flow h2 1 "tunnel(tun_id=$key,$from,$there),in_port(${tunnel[2]}),$ip_packet" \
        "${guest[2]}"
    set_flow h2 2 "tunnel(tun_id=0x1,$from,$there),in_port(${tunnel[2]}),$ip_packet" \
        "${guest[2]}"
    pings 5 1000

    # The same flow with another key.
    there="tos=0x28,ttl=33,tp_src=9,tp_dst=7471,flags(df|csum|key)"
    set_flow h1 1 "in_port(${guest[1]}),$ip_packet" \
        "set(tunnel(tun_id=0x1,$from,$there)),${tunnel[1]}" mod-flow
    pings 3 1000
    equal "packets of the flows" "$(flow_packets h1 1) $(flow_packets h1 2) \
$(flow_packets h2 1) $(flow_packets h2 2) $(flow_packets h2 3)" "9 9 5 3 9"
    for i in 1 2; do
        dpctl h$i dump-flows
    done
}

# Flows that are put into the datapath past ovs-vswitchd.
test_datapath_flows()
{
    local i

    two_hosts_with_tunnel stt
    only_pings h1 h2
    for i in 1 2; do
        on h$i ovs-appctl revalidator/pause
    done
    one_family 4
    grep -q 'tos 0x28, ttl 33,.*\[DF\]' "$test_dir/segment" \
        || fail "the segment is not as the flow says"

    # The same by ovs-dpctl itself.
    for i in 1 2; do
        # Paused, it could not end.
        on h$i ovs-appctl revalidator/resume
        on h$i ovs-appctl -t ovs-vswitchd exit
        wait_until no_file "$test_dir/h$i/ovs-vswitchd.pid"
    done
    one_family 6
    grep -q 'class 0x28,.*hlim 33,' "$test_dir/segment" \
        || fail "the segment is not as the flow says"
    no_drops h1 stt_sys_7471
    no_drops h2 stt_sys_7471
}

no_file()
{
    [ ! -e "$1" ]
}

# Bridges on both sides of the one with the tunnel: the guest's behind a patch
# port, and the underlay's.  Connections are tracked, so that packets go through
# the datapath twice, and keep their tunnel's metadata from one round to the
# next.
test_bridges()
{
    local i sent state=("" -inv +est)

    need_module sch_htb
    two_hosts_with_tunnel stt
    only_pings h1 h2
    for i in 1 2; do
        on h$i ovs-vsctl set interface tunnel options:key=flow \
            -- del-port guest \
            -- add-br br1 -- set bridge br1 datapath_type=system \
            -- add-port br1 guest \
            -- add-port br1 to0 -- set interface to0 type=patch \
               options:peer=to1 \
            -- add-port br0 to1 -- set interface to1 type=patch \
               options:peer=to0
        on h$i ovs-ofctl add-flows br0 - <<END
in_port=to1,icmp,actions=ct(commit,zone=1,table=1)
in_port=tunnel,icmp,actions=ct(commit,zone=1,table=1)
table=1,in_port=to1,ct_state=+trk${state[i]},actions=set_tunnel64:$key,set_queue:3,tunnel
table=1,in_port=tunnel,ct_state=+trk${state[3 - i]},tun_id=$key,actions=to1
END
    done
    pings 5 1000
    # Tracking joins the pieces of a packet for as long as it lasts.
    pings 5 5000
    on h2 ovs-appctl dpctl/dump-flows | tee "$test_dir/flows"
    grep -q "^recirc_id(0x[^)]*),tunnel(tun_id=$key,src=192.0.2.1.*ct_state(" \
        "$test_dir/flows" || fail "no flow for the second round"
    grep -q "^recirc_id(0x.*in_port.*ct_state(.*set(tunnel(tun_id=$key,dst=192.0.2.1" \
        "$test_dir/flows" || fail "no flow into the tunnel"
    no_drops h1 stt_sys_7471
    no_drops h2 stt_sys_7471

    # The mark that a port gives its segments chooses their route, and a
    # packet's queue is that of its segments.
    add_bridge h1 br-phy
    add_port h1 br-phy uplink
    ip -n h1 address flush dev uplink
    ip -n h1 address add 192.0.2.1/32 dev br-phy
    ip -n h1 link set br-phy up
    ip -n h1 route add 192.0.2.2 dev br-phy table 77
    ip -n h1 rule add fwmark 77 table 77
    on h1 ovs-vsctl -- set interface tunnel options:egress_pkt_mark=77 \
        -- set port uplink qos=@qos \
        -- --id=@qos create qos type=linux-htb \
           other-config:max-rate=1000000000 queues:0=@rest queues:3=@tunnel \
        -- --id=@rest create queue other-config:max-rate=1000000000 \
        -- --id=@tunnel create queue other-config:max-rate=1000000000
    pings 20 1000
    on h1 ovs-appctl qos/show uplink | tee "$test_dir/qos"
    sent=$(awk '/^Queue 3:/ { queue = 1 }
                /^Default:/ { queue = 0 }
                queue && /tx_packets:/ { print $2 }' "$test_dir/qos")
    equal "packets in the queue" "$sent" 20
}

# Prints the packets in the capture $1 in hexadecimal, one in a line, in an order
# that does not depend on their times.
packets()
{
    python3 -c '
import sys
data = sys.stdin.buffer.read()
at, found = 24, []
while at < len(data):
    end = at + 16 + int.from_bytes(data[at + 8:at + 12], "little")
    found.append(data[at + 16:end].hex())
    at = end
print(*sorted(found), sep="\n")
' <"$test_dir/$1"
}

# Fails unless the device $2 of host $1 has counted in the direction
# $3, rx or tx, as many packets and bytes as $4 says.
device_counted()
{
    equal "$3 of $2 on $1" \
        "$(on "$1" cat /sys/class/net/"$2"/statistics/"$3"_{packets,bytes} \
           | xargs)" "$4"
}

# Tells whether the interface $2 of host $1 has counted so in the database.
interface_counted()
{
    on "$1" ovs-vsctl get interface "$2" "statistics:$3_packets" \
        "statistics:$3_bytes" | xargs | grep -qx "$4"
}

# What a tunnel, the mirror of a guest that leaves through another tunnel, and
# the mirror of a tunnel carry and count is what the guest sent and got, however
# many segments a packet takes.
test_mirrors()
{
    local i all once="120 $((100 * 1042 + 20 * 8042))"

    all="240 $((2 * ${once#* }))"
    two_hosts_with_tunnel stt
    only_pings h1 h2
    add_hosts m1 m2
    for i in 1 2; do
        join h$i monitor m$i eth0
        ip -n h$i link set monitor mtu 9000
        ip -n m$i link set eth0 mtu 9000
        ip -n h$i link set guest mtu 9000
        ip -n g$i link set eth0 mtu 9000
        on h$i ovs-vsctl set open_vswitch . \
            other_config:stats-update-interval=1000
        add_port h$i br0 monitor
        # New ports, whose counts begin at 0.
        add_port h$i br0 counted type=stt \
            options:remote_ip=192.0.2.$((3 - i)) options:dst_port=7472
        add_port h$i br0 remote type=stt \
            options:remote_ip=192.0.2.$((3 - i)) options:dst_port=7473
        on h$i ovs-ofctl add-flows br0 - <<END
in_port=guest,icmp,actions=counted
in_port=counted,icmp,actions=guest
in_port=remote,icmp,actions=monitor
END
    done
    on h1 ovs-vsctl \
        -- --id=@guest get port guest -- --id=@counted get port counted \
        -- --id=@remote get port remote -- --id=@monitor get port monitor \
        -- --id=@far create mirror name=far select-src-port=@guest \
           select-dst-port=@guest output-port=@remote \
        -- --id=@near create mirror name=near select-src-port=@counted \
           select-dst-port=@counted output-port=@monitor \
        -- set bridge br0 mirrors=@far,@near
    for i in g1 m1 m2; do
        capture $i eth0 "$test_dir/$i.pcap" icmp
    done
    pings 100 1000
    pings 20 8000
    stop_captures
    for i in g1 m1 m2; do
        packets $i.pcap >"$test_dir/$i"
    done
    equal "packets of the guest" "$(wc -l <"$test_dir/g1")" 240
    for i in m1 m2; do
        cmp "$test_dir/g1" "$test_dir/$i" \
            || fail "the mirror at $i differs from what the guest sent and got"
    done

    for i in rx tx; do
        device_counted h1 stt_sys_7472 $i "$once"
        wait_until interface_counted h1 counted $i "$once"
    done
    device_counted h1 stt_sys_7473 tx "$all"
    device_counted h2 stt_sys_7473 rx "$all"
    wait_until interface_counted h1 remote tx "$all"
    wait_until interface_counted h2 remote rx "$all"
    for i in near far; do
        equal "packets and bytes of the mirror $i" \
            "$(on h1 ovs-vsctl get mirror $i statistics:tx_packets \
               statistics:tx_bytes | xargs)" "$all"
    done
    for i in 7472 7473; do
        no_drops h1 stt_sys_$i
        no_drops h2 stt_sys_$i
    done
}

case $(ovs-vswitchd --version | head -n 1) in
*' 4.'*) ;;
*) echo "this is not Open vSwitch 4: $(ovs-vswitchd --version)" ;;
esac
run_test datapath-flows test_datapath_flows
run_test bridges test_bridges
run_test mirrors test_mirrors
