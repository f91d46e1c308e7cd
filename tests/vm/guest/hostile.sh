#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Segments that no good sender sends: each is dropped, for the right reason, and
# nobody else notices.

# shellcheck source=tests/vm/guest/stt.sh
. "$(dirname "$0")/stt.sh"

here=$(dirname "$0")

# Sends segments made by the stages of stt-packet.py that follow, from host a to
# b.  The words "segment" among them get the addresses.
send()
{
    local stages=() word

    for word in "$@"; do
        stages+=("$word")
        [ "$word" != segment ] \
            || stages+=(eth_dst="$(on b cat /sys/class/net/uplink/address)"
                        ip_src=192.0.2.1 ip_dst=192.0.2.2)
    done
    python3 "$here/stt-packet.py" "${stages[@]}" \
        | on a python3 "$here/send.py" uplink
}

# Whatever was sent, memory is given back and good frames still come through.
still_works()
{
    wait_until holds_nothing b stt0
    ping_from a 198.51.100.2 -s 5000
    ping_from b 2001:db8:100::1 -s 5000
}

# Makes hosts with a link for large packets, where b does not give up frames
# while the sender still makes segments.
prepare()
{
    two_devices
    ip -n a link set uplink mtu 9000
    ip -n b link set uplink mtu 9000
    on b sysctl -q -w net.stt.reassembly_age=30000
}

# Sends from host $1, with the options of hostile.py that follow.
test_malformed()
{
    local host=$1 mac
    shift

    prepare
    mac=$(on b cat /sys/class/net/uplink/address)
    TO_MAC=$mac on "$host" python3 "$here/hostile.py" "$@"
    still_works

    # What is never completed is given up.
    on b sysctl -q -w net.stt.reassembly_age=300
    send arp : frame : segment size=40 id=110 : pick n=0
    wait_until has_counted rx_expired 1
    still_works
}

has_counted()
{
    [ "$(counter b stt0 "$1")" = "$2" ]
}

# Prints how often the worker that gives frames up has run since the last time.
expiry_runs()
{
    grep -c 'function expire \[stt\]' "$tracing/trace" || true
    : >"$tracing/trace"
}

# Looking for frames that are too old costs nothing while there are none.
test_expiry()
{
    tracing=/sys/kernel/tracing
    [ -e $tracing/trace ] || mount -t tracefs tracefs $tracing \
        || skip "the kernel has no tracefs"
    two_devices
    ping_from a 198.51.100.2 -s 5000
    wait_until holds_nothing b stt0
    sleep 1
    echo workqueue:workqueue_execute_start >$tracing/set_event
    expiry_runs
    sleep 2
    equal "runs without frames" "$(expiry_runs)" 0

    on b sysctl -q -w net.stt.reassembly_age=1500
    send arp : frame : segment size=40 id=110 : pick n=0
    sleep 1
    counter_is b stt0 reassembly_frames 1
    wait_until has_counted rx_expired 1
    at_least "runs with a frame" "$(expiry_runs)" 4
    sleep 1
    expiry_runs
    sleep 2
    equal "runs after it" "$(expiry_runs)" 0
    : >$tracing/set_event
}

# Good packets of which a few bytes have other values.
test_damaged()
{
    prepare
    on b sysctl -q -w net.stt.reassembly_age=300
    send tcp4 len=3000 csum=partial : frame flags=0x0e l4_offset=34 mss=1000 \
        : damage n=3000 from=0 to=90 seed=1 : segment
    send tcp6 len=3000 csum=partial : frame flags=0x0a l4_offset=54 mss=500 \
        : damage n=3000 from=0 to=110 seed=2 : segment size=1400
    still_works
    send tcp4 len=3000 csum=partial : frame flags=0x0e l4_offset=34 mss=1000 \
        : segment size=1000 : damage n=3000 from=34 to=140 seed=3
    still_works
    on b ethtool -S stt0 | grep -v ' 0$'
}

# A hundred frames in each other, none of which has to wait for GRO, do not use up
# the stack.
test_nested()
{
    local stages=(tcp4 len=1500 csum=partial) level mac=02:00:00:00:00:02

    prepare
    for level in $(seq 100); do
        [ "$level" != 100 ] || mac=$(on b cat /sys/class/net/uplink/address)
        stages+=(: frame flags=0x0e l4_offset=34 mss=1000
                 : segment eth_dst="$mac" ip_src=192.0.2.1 ip_dst=192.0.2.2)
    done
    python3 "$here/stt-packet.py" "${stages[@]}" >"$test_dir/nested"
    for level in 1 2 3; do
        on a python3 "$here/send.py" uplink <"$test_dir/nested"
        wait_until has_counted rx_whole $((100 * level))
    done
    no_drops b stt0
    still_works
}

# A flood of first segments, from one source or from many ($1), leaves alone
# what others send, and does not exceed the limits.
test_flood()
{
    local sources=$1 source vary normal flooded held pid rate=30M

    two_devices
    on a ethtool -K uplink tso off
    # A flooder of its own.
    add_hosts f
    join f eth0 b flood
    set_addresses f eth0 203.0.113.1/24
    set_addresses b flood 203.0.113.2/24
    on b sysctl -q -w net.ipv4.conf.all.rp_filter=0 \
        net.ipv4.conf.flood.rp_filter=0 net.stt.reassembly_frames=300 \
        net.stt.reassembly_bytes=2000000 \
        net.stt.reassembly_bytes_per_source=500000

    normal=$(iperf3_mbits a 198.51.100.2 b -b $rate -t 4)
    # The frame id differs each time, and so does the source address.  What
    # they are at first keeps the sum of their halves.
    vary=(--vary 42)
    source=203.0.113.1
    if [ "$sources" = many ]; then
        vary+=(--vary 26)
        source=10.1.245.254
    fi
    python3 "$here/stt-packet.py" tcp4 len=9000 : frame \
        : segment size=1400 id=0x0001fffe ip_src=$source ip_dst=203.0.113.2 \
          eth_dst="$(on b cat /sys/class/net/flood/address)" : pick n=0 \
        >"$test_dir/flood"
    on f python3 "$here/send.py" --seconds 12 --rate 1500 "${vary[@]}" eth0 \
        <"$test_dir/flood" &
    pid=$!
    sleep 2
    flooded=$(iperf3_mbits a 198.51.100.2 b -b $rate -t 4)
    held=$(counter b stt0 reassembly_bytes)
    on b ethtool -S stt0 | grep -v ' 0$'
    echo "normal $normal, flooded $flooded Mbit/s, $held bytes held"
    at_least "frames held" "$(counter b stt0 reassembly_frames)" 100
    [ "$held" -le 2000000 ] || fail "$held bytes held"
    at_least "segments of the flood dropped" \
        $(($(counter b stt0 rx_frame_limit) \
           + $(counter b stt0 rx_source_limit) \
           + $(counter b stt0 rx_byte_limit))) 1000
    at_least "Mbit/s in the flood" $((10 * flooded)) $((9 * normal))
    kill $pid 2>/dev/null || true
}

# Starts to send first segments, each of another frame, from host f to host $1,
# for $2 seconds.
flood()
{
    local mac

    mac=$(on "$1" cat /sys/class/net/flood/address)
    python3 "$here/stt-packet.py" tcp4 len=9000 : frame \
        : segment size=1400 id=0x0001fffe ip_src=203.0.113.1 \
          ip_dst=203.0.113.2 eth_dst="$mac" : pick n=0 \
        >"$test_dir/flood-$1"
    on f python3 "$here/send.py" --seconds "$2" --rate 400 --vary 42 "to-$1" \
        <"$test_dir/flood-$1" &
}

# Prints the bytes that the hosts given hold together.
held_by()
{
    local host sum=0

    for host in "$@"; do
        sum=$((sum + $(counter "$host" stt0 reassembly_bytes)))
    done
    echo $sum
}

is_elsewhere()
{
    [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

# Several namespaces that are flooded at once do not hold more than the budget of
# all, and that of an unprivileged user, u, no more than half of it.
test_flood_namespaces()
{
    local total=786432 old host held of_u i

    modprobe stt
    old=$(sysctl -n net.stt.reassembly_bytes_total)
    unshare --user --map-root-user --net true || skip "no user namespaces"
    sysctl -q -w net.stt.reassembly_bytes_total=$total
    add_hosts f b c
    unshare --user --map-root-user --net sleep 1000 &
    wait_until is_elsewhere $!
    ip netns attach u $!
    for host in b c u; do
        join f to-$host $host flood
        set_addresses $host flood 203.0.113.2/24
        ip -n $host link add stt0 type stt
        ip -n $host link set stt0 up
    done
    for host in b c; do
        on $host sysctl -q -w net.stt.reassembly_age=30000
    done

    flood u 8
    flood b 8
    sleep 1
    flood c 7
    for i in 1 2 3 4 5; do
        sleep 1
        of_u=$(held_by u)
        held=$((of_u + $(held_by b c)))
        echo "$held bytes held, $of_u by u"
        [ $held -le $total ] || fail "$held bytes held"
        [ "$of_u" -le $((total / 2)) ] || fail "$of_u bytes held by u"
    done
    at_least "bytes held" $held $((total / 4 * 3))
    at_least "segments of the flood dropped" \
        $(($(counter b stt0 rx_total_limit) \
           + $(counter c stt0 rx_total_limit))) 100
    at_least "of them by u" "$(counter u stt0 rx_total_limit)" 100

    # What they hold goes back to all.
    for host in b c; do
        on $host sysctl -q -w net.stt.reassembly_age=100
    done
    for host in b c u; do
        wait_until holds_nothing $host stt0
    done
    on c sysctl -q -w net.stt.reassembly_age=30000
    flood c 4
    sleep 3
    at_least "bytes held by c" "$(held_by c)" $((total / 10 * 9))
    sysctl -q -w net.stt.reassembly_bytes_total="$old"
}

# Sends a good frame over IPv6 from host a to b, in a packet with a routing header
# with $1 segments left.
send_routed()
{
    python3 "$here/stt-packet.py" arp : frame \
        : segment v=6 eth_dst="$(on b cat /sys/class/net/uplink/address)" \
          ip_src=2001:db8:2::1 ip_dst=2001:db8:2::2 \
        | python3 -c '
import sys
for line in sys.stdin:
    packet = bytearray.fromhex(line)
    packet[54:54] = bytes([packet[20], 0, 2, int(sys.argv[1])] + [0] * 4)
    packet[20] = 43
    packet[19] += 8
    print(packet.hex())' "$1" \
        | on a python3 "$here/send.py" uplink
}

# What is not for this host alone, or not yet for it, is not STT's.
test_not_ours()
{
    prepare
    python3 "$here/stt-packet.py" arp : frame \
        : segment eth_dst=ff:ff:ff:ff:ff:ff ip_src=192.0.2.1 ip_dst=192.0.2.2 \
        | on a python3 "$here/send.py" uplink
    send_routed 1
    send arp : frame : segment
    wait_until has_counted rx_whole 1
    send_routed 0
    wait_until has_counted rx_whole 2
    sleep 0.5
    counter_is b stt0 rx_whole 2
    no_drops b stt0
    still_works
}

# Who owns only a namespace reads the limits, and does not change them.
test_limits_of_others()
{
    unshare --user --map-root-user --net true || skip "no user namespaces"
    modprobe stt
    unshare --user --map-root-user --net \
        sysctl net.stt.reassembly_bytes net.stt.reassembly_frames
    # sysctl itself would not say so by its exit status.
    must_fail unshare --user --map-root-user --net \
        sh -c 'echo 1000000 >/proc/sys/net/stt/reassembly_frames'
    unshare --net sh -c 'echo 1000000 >/proc/sys/net/stt/reassembly_frames'
}

run_test malformed-ipv4 test_malformed a
run_test malformed-ipv6 test_malformed a --ip 6
run_test malformed-local test_malformed b --local
run_test expiry test_expiry
run_test damaged test_damaged
run_test nested test_nested
run_test not-ours test_not_ours
run_test limits-of-others test_limits_of_others
run_test flood-one-source test_flood one
run_test flood-many-sources test_flood many
run_test flood-namespaces test_flood_namespaces
