#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# bench.sh REPEATS SECONDS GROUP...
#
# Measures tunnels between two hosts with Debian's own Open vSwitch on the
# kernel's datapath, for the program 'bench'.  A GROUP says, in the words of
# ovs-stt-bench(8), what the link can do and what is sent, as in
# tcp-tso/off/1500/4/tcp-1: NIC, GRO, MTU, IP version, traffic.  After each run
# there is a line
#   RUN GROUP TUNNEL NAME=NUMBER...
# All tunnels are ports of the same bridges and take turns.

# shellcheck source=tests/vm/guest/stt.sh
. "$(dirname "$0")/stt.sh"

repeats=$1 seconds=$2
shift 2
groups=$* wanted=
tunnels="none stt vxlan geneve gre"

# The device by which a tunnel's packets reach Open vSwitch.  That of 'none' is
# a link of its own, which is a port of the bridge.
declare -A devices=(
    [none]=plain [stt]=stt_sys_7471 [vxlan]=vxlan_sys_4789
    [geneve]=genev_sys_6081 [gre]=gre_sys
)

# What the links between the hosts can do, for ethtool -K.  Checksums are always
# offloaded, as veth does.
tunnels_off="tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off
    tx-gre-segmentation off tx-gre-csum-segmentation off"
declare -A features=(
    [all]="tso on gso on ${tunnels_off//off/on}"
    [tcp-tso]="tso on gso on $tunnels_off"
    # Linux cuts super-packets before the link gets them.
    [no-tso]="tso off gso off $tunnels_off"
)

# Makes the hosts with all tunnels, over both IP versions.
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
        for type in stt vxlan geneve; do
            add_port h$i br0 ${type}6 type=$type \
                options:remote_ip=2001:db8:2::$((3 - i)) options:key=1
        done
    done
}

# Gives the links the abilities $1 and the guests and links their part of the
# MTU $3; $2 says whether the links join what they receive.
set_links()
{
    local i link

    for i in 1 2; do
        for link in uplink plain; do
            # shellcheck disable=SC2086 # words
            on h$i ethtool -K $link ${features[$1]} gro "$2" >/dev/null
            ip -n h$i link set $link mtu "$3"
        done
        # A tunnel's headers need up to 94 bytes.
        ip -n h$i link set guest mtu $(($3 - 100))
        ip -n g$i link set eth0 mtu $(($3 - 100))
    done
}

# Sends all packets between the guests through tunnel $1 over IPv$2.
use_tunnel()
{
    local host port=$1

    case $1 in
    none) port=plain ;;
    stt) port=tunnel ;;
    esac
    [ "$1" = none ] || [ "$2" = 4 ] || port=${1}6
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

# Prints the segments that the TCP of guest $1 has sent once more.
retransmitted()
{
    on "$1" cat /proc/net/snmp | awk '
        $1 == "Tcp:" && column { print $column }
        $1 == "Tcp:" && !column {
            for (i = 2; i <= NF; i++) {
                if ($i == "RetransSegs") {
                    column = i
                }
            }
        }'
}

# Prints the frames that STT has received on host $1.
frames()
{
    on "$1" ethtool -S stt_sys_7471 | awk '
        /rx_whole:|rx_reassembled:/ { frames += $2 }
        END { print frames }'
}

# Sets 'counted' to what process $1 has written and process $2 has read, in bytes,
# the time in microseconds, and the ticks that the CPUs were busy.
count()
{
    counted=("$(io "$1" wchar)" "$(io "$2" rchar)" "$(now)" "$(busy)")
}

# Sets 'passed' to the segments that guest $1 has sent again, the bytes that
# device $3 of host $2 has received, and STT's frames there.
count_passed()
{
    passed=("$(retransmitted "$1")" "$(device_bytes "$2" "$3")"
            "$(frames "$2")")
}

# Sets 'by' to what came to each of the numbers in $1 until they were those in
# $2.
difference()
{
    local before after i

    read -ra before <<<"$1"
    read -ra after <<<"$2"
    by=()
    for i in "${!after[@]}"; do
        by[i]=$((after[i] - before[i]))
    done
}

# Runs iperf3 for traffic $1 through tunnel $2, lets it get going, and sets
# 'result' to what happened in the next $3 seconds.
measure_iperf3()
{
    local traffic=$1 device=${devices[$2]} options=() server client from to
    local counted passed by before before_passed host=h2 guest=g1

    case $traffic in
    udp-*) options=(-u -b 0 -l $((${traffic#udp-} - 46))) ;;
    tcp-*) options=(-P "$(cut -d - -f 2 <<<"$traffic")") ;;
    esac
    case $traffic in
    *-back) options+=(-R) host=h1 guest=g2 ;;
    esac
    ip netns exec g2 iperf3 -s -1 >/dev/null &
    server=$!
    wait_until listens g2 5201
    ip netns exec g1 iperf3 -c 198.51.100.2 -t 600 -i 0 "${options[@]}" \
        >/dev/null 2>&1 &
    client=$!
    from=$client to=$server
    case $traffic in
    *-back) from=$server to=$client ;;
    esac
    sleep 1.5
    # What has passed is counted in a longer time, so that it is at least what
    # has arrived.
    count_passed $guest $host "$device"
    before_passed=${passed[*]}
    count $from $to
    before=${counted[*]}
    sleep "$3"
    count $from $to
    count_passed $guest $host "$device"
    kill -KILL $client $server
    wait $client $server 2>/dev/null || true
    difference "$before" "${counted[*]}"
    result="us=${by[2]} ticks=${by[3]} sent=${by[0]} received=${by[1]}"
    difference "$before_passed" "${passed[*]}"
    result+=" retransmits=${by[0]} device=${by[1]} frames=${by[2]}"
}

# Sends requests through tunnel $1 for $2 seconds, and sets 'result' to what
# happened.
measure_requests()
{
    local device=${devices[$1]} server bytes frames cpu

    ip netns exec g2 sockperf server --tcp -i 198.51.100.2 -p 5202 \
        >/dev/null 2>&1 &
    server=$!
    wait_until listens g2 5202
    frames=$(frames h2)
    bytes=$(device_bytes h2 "$device")
    cpu=$(busy)
    ip netns exec g1 sockperf ping-pong --tcp -i 198.51.100.2 -p 5202 -t "$2" \
        --full-rtt --msg-size 64 >"$test_dir/sockperf" 2>&1
    cpu=$(($(busy) - cpu))
    kill -KILL $server
    wait $server 2>/dev/null || true
    result=$(awk '
        /\[Valid Duration\]/ {
            for (i = 1; i <= NF; i++) {
                if (sub(/^RunTime=/, "", $i)) { us = $i * 1e6 }
                if (sub(/^ReceivedMessages=/, "", $i)) { transactions = $i }
            }
        }
        / percentile (50|99)\.000 = / {
            latency[$(NF - 2)] = $NF
        }
        END {
            printf "us=%d transactions=%d median=%s p99=%s", us, transactions,
                latency["50.000"], latency["99.000"]
        }' "$test_dir/sockperf")
    result+=" ticks=$cpu device=$(($(device_bytes h2 "$device") - bytes))"
    result+=" frames=$(($(frames h2) - frames))"
}

# Measures everything.
test_bench()
{
    local group nic gro mtu ip traffic tunnel turn

    set_up
    for group in $groups; do
        IFS=/ read -r nic gro mtu ip traffic <<<"$group"
        set_links "$nic" "$gro" "$mtu"
        for ((turn = 1; turn <= repeats; turn++)); do
            for tunnel in $tunnels; do
                # The kernel's gre device has IPv4 only.
                [ "$tunnel-$ip" != gre-6 ] || continue
                use_tunnel "$tunnel" "$ip"
                case $traffic in
                rr) measure_requests "$tunnel" "$seconds" ;;
                *) measure_iperf3 "$traffic" "$tunnel" "$seconds" ;;
                esac
                echo "RUN $group $tunnel $result"
            done
        done
        # But for what the link's queue had no room for.
        equal "drops on h1" "$(drops h1 stt_sys_7471 | grep -v tx_output)" ""
        equal "drops on h2" "$(drops h2 stt_sys_7471 | grep -v tx_output)" ""
        on h2 ethtool -S stt_sys_7471 | grep -v ': 0$'
    done
}

run_test bench test_bench
