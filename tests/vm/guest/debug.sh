#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# debug.sh [TEST...]
#
# Traffic, teardown under load and failing allocations, for the kernel of
# make-debug-kernel: it finds what is wrong with them.  On another kernel the
# tests of failing allocations and of leaks are skipped.  With arguments, only
# the TESTs of those names are run.

# shellcheck source=tests/vm/guest/stt.sh
. "$(dirname "$0")/stt.sh"

debug=/sys/kernel/debug
[ -e $debug/kmemleak ] || mount -t debugfs debugfs $debug

# Pings in both directions, with small and large packets.
ping_both_ways()
{
    local size

    for size in 56 1400 30000; do
        ping_from a 198.51.100.2 -s $size
        ping_from b 198.51.100.1 -s $size
        ping_from a 2001:db8:100::2 -s $size
        ping_from b 2001:db8:100::1 -s $size
    done
}

# Sends TCP and UDP streams of two seconds in both directions.  TCP's must come to
# $1 Mbit/s at least, or to 1.
stream_both_ways()
{
    local least=${1-1}

    at_least "Mbit/s" "$(iperf3_mbits a 198.51.100.2 b -t 2)" "$least"
    at_least "Mbit/s" "$(iperf3_mbits a 2001:db8:100::2 b -t 2 -R)" "$least"
    iperf3_mbits a 198.51.100.2 b -t 2 -u -b 20M -l 30000
    iperf3_mbits a 2001:db8:100::2 b -t 2 -u -b 20M -l 1200 -R
}

# Traffic over IPv$1 with the link's features $2 of ethtool -K.
test_traffic()
{
    local host

    two_devices "$1"
    for host in a b; do
        # shellcheck disable=SC2086 # words
        on $host ethtool -K uplink $2
    done
    ping_both_ways
    stream_both_ways
    no_drops a stt0
    no_drops b stt0
}

# A link that loses, duplicates and reorders segments; then one whose segments
# come so late that frames expire; then too little room for all frames.  A
# tcpdump looks at clones of all packets.
test_bad_link()
{
    two_devices "$1"
    netem_between a b delay 2ms 1ms loss 0.2% duplicate 3%
    capture b uplink "$test_dir/uplink.pcap" -s 100
    capture b stt0 "$test_dir/stt0.pcap" -s 100
    ping_from a 198.51.100.2 -s 30000 -c 20 -w 30 || true
    stream_both_ways
    # In two seconds, next to nothing may come through what follows.
    on b sysctl -q -w net.stt.reassembly_age=10
    stream_both_ways 0
    on b sysctl -q -w net.stt.reassembly_age=1000 \
        net.stt.reassembly_bytes=262144 net.stt.reassembly_frames=2
    stream_both_ways 0
    on b ethtool -S stt0
    at_least "duplicates" "$(counter b stt0 rx_duplicate)" 1
    at_least "frames expired" "$(counter b stt0 rx_expired)" 1
    at_least "frames without room" "$(($(counter b stt0 rx_frame_limit) \
        + $(counter b stt0 rx_source_limit)))" 1
    stop_captures
    wait_until holds_nothing b stt0
}

# Super-packets for which STT has no words.
test_cut()
{
    local host i

    need_module vxlan
    two_devices
    i=1
    for host in a b; do
        # VXLAN in STT: super-packets that must be cut.
        ip -n $host link set stt0 mtu 9000
        ip -n $host link add vxlan0 type vxlan id 5 dstport 4789 \
            remote 198.51.100.$((3 - i)) dev stt0
        ip -n $host link set vxlan0 mtu 8900
        set_addresses $host vxlan0 203.0.113.$i/24
        ip -n $host link add link vxlan0 name vlan7 type vlan id 7
        set_addresses $host vlan7 203.0.114.$i/24
        i=2
    done
    ping_from a 203.0.113.2 -s 8000
    at_least "Mbit/s" "$(iperf3_mbits a 203.0.113.2 b)" 1
    ping_from a 203.0.114.2 -s 8000
    at_least "Mbit/s" "$(iperf3_mbits b 203.0.114.1 a)" 1
}

# Ends what this test runs in the background.
kill_jobs()
{
    local pids

    pids=$(jobs -p)
    # shellcheck disable=SC2086 # a list of numbers
    [ -z "$pids" ] || kill -KILL $pids 2>/dev/null || true
}

# Namespaces, device and module go away while streams run, and while segments
# are held.
test_removal()
{
    local what host i

    for what in receiver sender both device module; do
        two_devices
        on a ethtool -K uplink tso off
        on a tc qdisc add dev uplink root netem loss 5% limit 10000
        on b iperf3 -s -D >/dev/null
        wait_until listens b 5201
        on a iperf3 -c 198.51.100.2 -t 60 -P 2 >/dev/null 2>&1 &
        on b ping -q -f -s 20000 198.51.100.1 >/dev/null 2>&1 &
        sleep 2
        case $what in
        receiver) ip netns delete b; sleep 1 ;;
        sender) ip netns delete a; sleep 1 ;;
        both) ip netns delete b & ip netns delete a ;;
        device) ip -n b link delete stt0; ip -n a link delete stt0 ;;
        module) modprobe -r stt ;;
        esac
        kill_jobs
        for host in $(hosts); do
            for i in $(ip netns pids "$host"); do
                kill -KILL "$i" || true
            done
            ip netns delete "$host"
        done
        wait
    done
}

# The port of Open vSwitch: traffic, its deletion under load, and its error
# paths.
test_ovs()
{
    local i

    two_hosts_with_tunnel stt "$1"
    ping_from g1 198.51.100.2
    ping_from g2 198.51.100.1 -s 30000
    at_least "Mbit/s" "$(iperf3_mbits g1 198.51.100.2 g2 -t 2)" 1
    at_least "Mbit/s" "$(iperf3_mbits g2 198.51.100.1 g1 -t 2)" 1
    iperf3_mbits g1 198.51.100.2 g2 -t 2 -u -b 20M -l 30000

    on g1 ping -q -f -s 20000 198.51.100.2 >/dev/null 2>&1 &
    for i in 1 2 3; do
        sleep 0.5
        on h2 ovs-vsctl del-port tunnel
        add_port h2 br0 tunnel type=stt options:key=1 options:remote_ip="$(
            [ "$1" = 4 ] && echo 192.0.2.1 || echo 2001:db8:2::1)"
    done
    sleep 1
    ping_from g2 198.51.100.1

    # The device goes away by itself.
    on h2 ip link delete "$(on h2 ip -o link show type stt \
                                | awk -F '[:@ ]+' '{ print $2; exit }')"
    sleep 1
    stop_ovs h1
    ip netns delete h1
    kill_jobs
}

# Sets up $debug/$1 to fail $2 % of the allocations that functions of module $3
# make, whether or not they could wait.
fail_allocations()
{
    local where=$debug/$1 start size

    size=$(awk -v module="$3" '$1 == module { print $2 }' /proc/modules)
    start=$(awk -v module="$3" '$1 == module { print $6 }' /proc/modules)
    [ -n "$start" ] || fail "module $3 is not loaded"
    echo 32 >"$where/stacktrace-depth"
    echo "$start" >"$where/require-start"
    printf '0x%x' $((start + size)) >"$where/require-end"
    echo N >"$where/ignore-gfp-wait"
    [ ! -e "$where/ignore-gfp-highmem" ] || echo N >"$where/ignore-gfp-highmem"
    [ ! -e "$where/min-order" ] || echo 0 >"$where/min-order"
    echo N >"$where/task-filter"
    echo 0 >"$where/verbose"
    echo 1 >"$where/interval"
    echo -1 >"$where/times"
    echo "$2" >"$where/probability"
}

all_allocations_succeed()
{
    local where

    for where in failslab fail_page_alloc; do
        echo 0 >$debug/$where/probability
    done
}

# Allocations fail: packets are lost, and nothing else.
test_failing_traffic()
{
    local ip=$1 features=$2 host probability where pings

    [ -e $debug/failslab/require-start ] \
        || skip "the kernel cannot make allocations fail"
    two_devices "$ip"
    capture b stt0 "$test_dir/stt0.pcap" -s 100
    for host in a b; do
        # shellcheck disable=SC2086 # words
        on $host ethtool -K uplink $features
    done
    on a tc qdisc add dev uplink root netem delay 1ms 1ms \
        reorder 25% 50% duplicate 2% limit 10000
    for probability in 1 10 40; do
        for where in failslab fail_page_alloc; do
            fail_allocations $where $probability stt
        done
        on a ping -q -f -s 20000 -w 4 198.51.100.2 >/dev/null 2>&1 &
        pings=$!
        on b ping -q -f -s 20000 -w 4 198.51.100.1 >/dev/null 2>&1 &
        pings="$pings $!"
        on b timeout 8 iperf3 -s -1 >/dev/null 2>&1 &
        sleep 0.5
        on a timeout 5 iperf3 -c 198.51.100.2 -t 3 >/dev/null 2>&1 || true
        # shellcheck disable=SC2086 # a list of numbers
        wait $pings || true
        all_allocations_succeed
    done
    on a ethtool -S stt0
    on b ethtool -S stt0
    at_least "times that segments found no memory" \
        $(($(counter a stt0 rx_no_memory) + $(counter b stt0 rx_no_memory))) 1
    stop_captures
    ping_from a 198.51.100.2 -s 20000
    wait_until holds_nothing b stt0
}

# Allocations fail while namespaces, devices, ports and their limits are made.
test_failing_setup()
{
    local i made=0 level from

    [ -e $debug/failslab/require-start ] \
        || skip "the kernel cannot make allocations fail"
    modprobe stt
    add_hosts a
    # sysctl shows its callers when it lacks memory: that is no error of theirs.
    level=$(cut -f 1 /proc/sys/kernel/printk)
    echo 4 >/proc/sys/kernel/printk
    from=$(dmesg | wc -l)
    for i in $(seq 40); do
        fail_allocations failslab $((i % 6 * 4 + 1)) stt
        # Per-CPU memory and tables are of whole pages.
        fail_allocations fail_page_alloc $((i % 6 * 4 + 1)) stt
        if on a ip link add stt0 type stt 2>/dev/null; then
            made=$((made + 1))
            ip -n a link set stt0 up || true
            ip -n a link delete stt0 || true
        fi
        if ip netns add b 2>/dev/null; then
            ip -n b link add stt0 type stt 2>/dev/null || true
            ip netns delete b
        fi
        all_allocations_succeed
        ip -n a link delete stt0 2>/dev/null || true
        ip netns delete b 2>/dev/null || true
    done
    echo "$level" >/proc/sys/kernel/printk
    echo "$made of 40 devices made"
    ! dmesg | tail -n +"$from" | grep -E 'WARNING:|BUG:|possible .* lock' \
        || fail "the kernel complains"
    on a ip link add stt0 type stt
}

# The same for ports of Open vSwitch.
test_failing_ports()
{
    local i module

    [ -e $debug/failslab/require-start ] \
        || skip "the kernel cannot make allocations fail"
    add_hosts h1
    start_ovs h1
    add_bridge h1 br0
    add_port h1 br0 tunnel type=stt options:remote_ip=192.0.2.1
    on h1 ovs-vsctl del-port tunnel
    for module in vport_stt stt; do
        for i in $(seq 15); do
            fail_allocations failslab $((i % 5 * 4 + 1)) $module
            on h1 ovs-vsctl --timeout=5 add-port br0 tunnel -- set interface \
                tunnel type=stt options:remote_ip=192.0.2.1 || true
            on h1 ovs-vsctl --timeout=5 del-port tunnel || true
            all_allocations_succeed
        done
    done
    sleep 1
    add_port h1 br0 tunnel type=stt options:remote_ip=192.0.2.1
}

test_unload()
{
    modprobe -r vport_stt
    modprobe -r stt
    [ ! -e /proc/sys/net/stt ] || fail "sysctls are still there"
    modprobe stt
    modprobe -r stt
}

# Memory that nobody points to.  Its first scans find things that are only
# being passed on.
test_leaks()
{
    local i

    [ -e $debug/kmemleak ] || skip "the kernel does not look for leaks"
    for i in 1 2 3; do
        sleep 6
        echo scan >$debug/kmemleak
    done
    cat $debug/kmemleak >"$test_dir/leaks"
    cat "$test_dir/leaks"
    [ ! -s "$test_dir/leaks" ] \
        || fail "$(grep -c '^unreferenced' "$test_dir/leaks") leaks"
}

# What the kernel itself lost while it booted.
if [ -e $debug/kmemleak ]; then
    sleep 6
    echo scan >$debug/kmemleak
    echo clear >$debug/kmemleak
fi

run_test traffic-ipv4 test_traffic 4 "tso on"
run_test traffic-ipv6 test_traffic 6 "tso on"
run_test traffic-ipv4-no-tso test_traffic 4 "tso off gro on"
run_test traffic-ipv6-no-tso test_traffic 6 "tso off"
run_test traffic-ipv4-no-offloads test_traffic 4 "tso off gso off sg off tx off"
run_test bad-link-ipv4 test_bad_link 4
run_test bad-link-ipv6 test_bad_link 6
run_test cut test_cut
run_test removal test_removal
run_test ovs-ipv4 test_ovs 4
run_test ovs-ipv6 test_ovs 6
run_test failing-traffic-ipv4 test_failing_traffic 4 "tso off"
run_test failing-traffic-ipv6 test_failing_traffic 6 "tso on"
run_test failing-setup test_failing_setup
run_test failing-ports test_failing_ports
# First while the kernel can still name the modules' functions.
run_test leaks test_leaks
run_test unload test_unload
run_test leaks-unloaded test_leaks
