#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# bench.sh REPEATS SECONDS SETTING...
#
# Measures tunnels between two hosts with Debian's own Open vSwitch on the
# kernel's datapath, for the program 'bench', which gets a file with a line for
# each run.  All tunnels are ports of the same bridges and take turns.

# shellcheck source=tests/vm/guest/stt.sh
. "$(dirname "$0")/stt.sh"

repeats=$1 seconds=$2
shift 2
settings=$*
results=$test_dir/bench
tunnels="none stt vxlan geneve gre"

# The device by which a tunnel's packets reach Open vSwitch.  That of 'none' is
# a link of its own, which is a port of the bridge.
declare -A devices=(
    [none]=plain [stt]=stt_sys_7471 [vxlan]=vxlan_sys_4789
    [geneve]=genev_sys_6081 [gre]=gre_sys
)

# What the links between the hosts can do, for ethtool -K.  All else is as veth
# has it: checksums are offloaded and there is no GRO.
tunnels_off="tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off
    tx-gre-segmentation off tx-gre-csum-segmentation off"
declare -A features=(
    [tcp-tso]="tso on gso on $tunnels_off"
    [all-tso]="tso on gso on ${tunnels_off//off/on}"
    # Linux cuts super-packets before the link gets them.
    [no-tso]="tso off gso off $tunnels_off"
    [udp]="tso on gso on ${tunnels_off//off/on}"
)

# Makes the hosts with all tunnels.
set_up()
{
    local i type

    # A veth pair does not hold its sender back, as a NIC does: it loses what
    # its queue has no room for.  One TCP window has.
    sysctl -q -w net.core.netdev_max_backlog=10000
    two_hosts_with_tunnel stt
    # The same kind of link as 'uplink'.
    join h1 plain h2 plain
    for i in 1 2; do
        # With several ways between the bridges, each as a switch would be a
        # loop.
        on h$i ovs-ofctl del-flows br0
        add_port h$i br0 plain
        for type in vxlan geneve gre; do
            add_port h$i br0 $type type=$type \
                options:remote_ip=192.0.2.$((3 - i)) options:key=1
        done
    done
}

set_features()
{
    local host link

    for host in h1 h2; do
        for link in uplink plain; do
            # shellcheck disable=SC2086 # words
            on $host ethtool -K $link ${features[$1]} >/dev/null
        done
    done
}

# Sends all packets between the guests through tunnel $1.
use_tunnel()
{
    local host port=$1

    case $1 in
    none) port=plain ;;
    stt) port=tunnel ;;
    esac
    for host in h1 h2; do
        on $host ovs-ofctl replace-flows br0 - <<END
in_port=guest,actions=$port
in_port=$port,actions=guest
END
        on $host ovs-appctl dpctl/del-flows
    done
    # Has both datapaths get their flows.
    wait_until ping_from g1 198.51.100.2 -c 1 >/dev/null
}

# Prints the time in microseconds.
now()
{
    local time=$EPOCHREALTIME

    echo "${time/./}"
}

# Prints the time that all CPUs were busy, in ticks of 1/100 s.
busy()
{
    local name user nice system idle iowait irq softirq steal rest

    # shellcheck disable=SC2034 # some fields are only skipped
    read -r name user nice system idle iowait irq softirq steal rest \
        </proc/stat
    echo $((user + nice + system + irq + softirq + steal))
}

# Prints the bytes that the device $2 of host $1 has received.
device_bytes()
{
    on "$1" cat /proc/net/dev \
        | awk -v device="$2:" '$1 == device { print $2 }'
}

# Prints the value $2 of what process $1 has read and written, of which sockets
# are a part.
io()
{
    local name value

    while read -r name value; do
        if [ "$name" = "$2:" ]; then
            echo "$value"
        fi
    done <"/proc/$1/io"
}

# Prints the segments that guest g1's TCP has sent once more.
retransmitted()
{
    on g1 cat /proc/net/snmp | awk '
        $1 == "Tcp:" && column { print $column }
        $1 == "Tcp:" && !column {
            for (i = 2; i <= NF; i++) {
                if ($i == "RetransSegs") {
                    column = i
                }
            }
        }'
}

# Prints the frames that STT has received on host h2.
frames()
{
    on h2 ethtool -S stt_sys_7471 | awk '
        /rx_whole:|rx_reassembled:/ { frames += $2 }
        END { print frames }'
}

# Runs traffic $1 through tunnel $2, lets it get going, and sets 'result' to
# what happened in the next $3 seconds: microseconds, busy ticks, bytes that the
# programs received and sent, segments retransmitted, bytes that the tunnel's
# device received, and STT's frames.
measure()
{
    local traffic=$1 device=${devices[$2]} options=() server client
    local time cpu in out again bytes frames

    [ "$traffic" = tcp ] || options=(-u -b 0 -l 18)
    ip netns exec g2 iperf3 -s -1 >/dev/null &
    server=$!
    wait_until listens g2 5201
    ip netns exec g1 iperf3 -c 198.51.100.2 -t 600 -i 0 "${options[@]}" \
        >/dev/null 2>&1 &
    client=$!
    sleep 1.5
    frames=$(frames)
    bytes=$(device_bytes h2 "$device")
    again=$(retransmitted)
    out=$(io $client wchar)
    in=$(io $server rchar)
    time=$(now)
    cpu=$(busy)
    sleep "$3"
    out=$(($(io $client wchar) - out))
    in=$(($(io $server rchar) - in))
    time=$(($(now) - time))
    cpu=$(($(busy) - cpu))
    again=$(($(retransmitted) - again))
    bytes=$(($(device_bytes h2 "$device") - bytes))
    frames=$(($(frames) - frames))
    kill -KILL $client $server
    wait $client $server 2>/dev/null || true
    result="$time $cpu $in $out $again $bytes $frames"
}

# Measures everything.
test_bench()
{
    local setting tunnel traffic turn

    set_up
    : >"$results"
    for setting in $settings; do
        traffic=tcp
        [ "$setting" != udp ] || traffic=udp
        set_features "$setting"
        for ((turn = 1; turn <= repeats; turn++)); do
            for tunnel in $tunnels; do
                use_tunnel "$tunnel"
                measure $traffic "$tunnel" "$seconds"
                echo "$setting $tunnel $result" | tee -a "$results"
            done
        done
        # But for what the link's queue had no room for.
        equal "drops on h1" "$(drops h1 stt_sys_7471 | grep -v tx_output)" ""
        equal "drops on h2" "$(drops h2 stt_sys_7471 | grep -v tx_output)" ""
        on h2 ethtool -S stt_sys_7471 | grep -v ': 0$'
    done
    hand_over "$results"
}

run_test bench test_bench
