#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# hostile.sh [TEST...]
#
# Segments that no good sender sends: each is dropped, for the right reason, and
# nobody else notices.  With arguments, only the TESTs of those names are run.

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
    wait_until has_counted b rx_expired 1
    still_works
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
    wait_until has_counted b rx_expired 1
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
        wait_until has_counted b rx_whole $((100 * level))
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
        # What has gone from one to another between two readings is in both: a
        # limit that is exceeded is so in the next ones, too.
        for _ in 1 2 3; do
            of_u=$(held_by u)
            held=$((of_u + $(held_by b c)))
            [ $held -gt $total ] || break
        done
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

# Sends a good frame over IPv6 from host a to b, in a packet with an extension
# header of type $1, whose bytes behind the next header's type are $2.
send_extended()
{
    python3 "$here/stt-packet.py" arp : frame \
        : segment v=6 eth_dst="$(on b cat /sys/class/net/uplink/address)" \
          ip_src=2001:db8:2::1 ip_dst=2001:db8:2::2 \
        | python3 -c '
import sys
for line in sys.stdin:
    packet = bytearray.fromhex(line)
    packet[54:54] = bytes([packet[20]]) + bytes.fromhex(sys.argv[2])
    packet[20] = int(sys.argv[1])
    packet[19] += 8
    print(packet.hex())' "$1" "$2" \
        | on a python3 "$here/send.py" uplink
}

# What is not for this host alone, or not yet for it, or not whole, is not STT's.
test_not_ours()
{
    prepare
    python3 "$here/stt-packet.py" arp : frame \
        : segment eth_dst=ff:ff:ff:ff:ff:ff ip_src=192.0.2.1 ip_dst=192.0.2.2 \
        | on a python3 "$here/send.py" uplink
    # A routing header with a segment left, and fragments: one with more behind
    # it, and one that is not the first.
    send_extended 43 00020100000000
    send_extended 44 00000100000001
    send_extended 44 00000800000002
    send arp : frame : segment
    wait_until has_counted b rx_whole 1
    # Nothing is left of the route, and nothing of the packet (RFC 6946).
    send_extended 43 00020000000000
    wait_until has_counted b rx_whole 2
    send_extended 44 00000000000003
    wait_until has_counted b rx_whole 3
    sleep 0.5
    counter_is b stt0 rx_whole 3
    no_drops b stt0
    still_works
}

# A routing rule on source ports holds for each segment, whatever came just before
# from the same address.
test_rules()
{
    local i port

    prepare
    ip -n b rule add pref 10 lookup local
    ip -n b rule add pref 5 ipproto tcp sport 40001 blackhole
    ip -n b rule delete pref 0
    for i in 1 2 3 4 5; do
        for port in 40000 40001; do
            python3 "$here/stt-packet.py" arp : frame \
                : segment sport=$port ip_src=192.0.2.1 ip_dst=192.0.2.2 \
                  eth_dst="$(on b cat /sys/class/net/uplink/address)"
        done
    done >"$test_dir/segments"
    # By one CPU, which keeps its own routes.
    on a taskset 1 python3 "$here/send.py" uplink <"$test_dir/segments"
    wait_until has_counted b rx_whole 5
    sleep 0.5
    counter_is b stt0 rx_whole 5
}

# Sends a good frame in a segment from the workload w, behind host a, to the
# address $1.
from_workload()
{
    python3 "$here/stt-packet.py" arp : frame \
        : segment eth_dst="$(on a cat /sys/class/net/workload/address)" \
          ip_src=203.0.113.2 ip_dst="$1" \
        | on w python3 "$here/send.py" eth0
}

has_reached_a()
{
    [ "$(counter a stt0 rx_whole)" = 1 ]
}

has_stopped()
{
    on a nft list ruleset \
        | grep -q "counter packets $1 .*STT segments of a workload"
}

# A workload whose packets leave with its host's address is an end of a tunnel,
# whether connection tracking picks up what it has not seen begin ($1 is 1) or
# not, until the firewall that comes with STT stops it.
test_isolation()
{
    local loose=$1 host

    prepare
    add_hosts w
    join a workload w eth0
    set_addresses a workload 203.0.113.1/24
    set_addresses w eth0 203.0.113.2/24
    ip -n w route add default via 203.0.113.1
    on a nft -f - <<'END'
table ip nat {
    chain postrouting {
        type nat hook postrouting priority srcnat;
        oifname uplink counter masquerade
    }
}
END
    on a sysctl -q -w net.ipv4.ip_forward=1 \
        net.netfilter.nf_conntrack_tcp_loose="$loose"
    on b sysctl -q -w net.ipv4.conf.all.rp_filter=0 \
        net.ipv4.conf.uplink.rp_filter=0
    from_workload 192.0.2.2
    wait_until has_counted b rx_whole 1
    on a nft list ruleset | grep -q "counter packets $loose .* masquerade" \
        || fail "masqueraded other than $loose connections"
    from_workload 192.0.2.1
    wait_until has_reached_a

    for host in a b; do
        sed 's/^\(define stt_uplink = \).*/\1uplink/' "$here/ovs-stt.nft" \
            | on $host nft -f -
    done
    from_workload 192.0.2.1
    from_workload 192.0.2.2
    wait_until has_stopped 2
    counter_is a stt0 rx_whole 1
    counter_is b stt0 rx_whole 1
    still_works
}

# A capture shows what came, not what became of it: the inner ECN field is changed
# by CE and by ECT(1) of the outer one (RFC 6040).
test_ecn_captured()
{
    local outer expected

    prepare
    for outer in 3 1; do
        python3 "$here/stt-packet.py" udp4 len=10 tos=2 : frame \
            : segment eth_dst="$(on b cat /sys/class/net/uplink/address)" \
              ip_src=192.0.2.1 ip_dst=192.0.2.2 tos=$outer >"$test_dir/packet"
        # It reads the packets, which the socket shares with all others, when STT
        # is done with them.
        rm -f "$test_dir/ready"
        on b python3 -c '
import os, socket, sys, time
name, expected = sys.argv[1:]
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as tap:
    tap.bind(("uplink", 3))
    open(name, "w").close()
    while os.path.exists(name):
        time.sleep(0.05)
    tap.settimeout(5)
    while True:
        packet = tap.recv(2000).hex()
        if packet[46:48] == "06":
            sys.exit(packet != expected and packet)' \
            "$test_dir/ready" "$(cat "$test_dir/packet")" &
        wait_until [ -e "$test_dir/ready" ]
        expected=$(($(counter b stt0 rx_whole) + 1))
        on a python3 "$here/send.py" uplink <"$test_dir/packet"
        wait_until has_counted b rx_whole $expected
        rm "$test_dir/ready"
        wait $! || fail "captured another packet than was sent"
    done
    counter_is b stt0 rx_ecn_marked 1
}

# Answers a segment that came to host b, over IPv$1, with an ICMP message by the
# options of forge-icmp.py that follow, and waits until host a has counted it as
# $2.
forge()
{
    local ip=$1 name=$2 before
    shift 2

    before=$(counter a stt0 "$name")
    on b python3 "$here/forge-icmp.py" uplink "$@"
    wait_until has_counted_at_least a "$name" $((before + 1))
    echo "$name over IPv$ip: $*, path MTU $(path_mtu "$ip")"
}

# Who has not seen what host a sends over IPv$1 does not change its path MTU.
test_icmp()
{
    local ip=$1 pings forger change
    local changes=(source"$1" destination"$1" frame-id frame-length offset
                   data-offset)

    two_devices "$ip"
    # Single segments arrive, and what arrives is quoted.
    on a ethtool -K uplink tso off
    [ "$ip" = 6 ] || changes+=(df fragment)
    [ "$ip" = 6 ] || set_df
    # Not by 'on', so that $! is ping itself.
    ip netns exec a ping -q -i 0.05 -s 3000 198.51.100.2 >/dev/null &
    pings=$!
    for change in "${changes[@]}"; do
        forge "$ip" rx_icmp_ignored 1400 --change "$change"
    done
    # As large as the link is, and as nobody has sent.
    forge "$ip" rx_icmp_ignored 1500
    if [ "$ip" = 4 ]; then
        forge 4 rx_icmp_ignored 1400 --bad-checksum
        forge 4 rx_icmp_ignored 0
        # An old router's.
        forge 4 rx_icmp_ignored 1400 --quote 7
        forge 4 rx_icmp_ignored 1400 --quote 8 --change identification
    else
        forge 6 rx_icmp_ignored 1400 --quote 8
    fi
    equal "path MTU" "$(path_mtu "$ip")" ""
    counter_is a stt0 rx_path_mtu 0

    # Connection tracking sees what is not believed.
    # Without a set: Linux 6.1 looks these up in a way that lockdep complains of.
    on a nft -f - <<END
table inet filter {
    chain input {
        type filter hook input priority 0; policy accept;
        ct state invalid meta l4proto icmp counter drop
        ct state invalid meta l4proto ipv6-icmp counter drop
    }
}
END
    on b python3 "$here/forge-icmp.py" uplink 1400 --change frame-id
    wait_until sees_invalid
    on a nft flush ruleset

    # One in a hundred says something true.
    forge "$ip" rx_path_mtu 1400
    equal "path MTU" "$(path_mtu "$ip")" 1400
    if [ "$ip" = 4 ]; then
        forge 4 rx_path_mtu 1350 --quote 8
        equal "path MTU" "$(path_mtu 4)" 1350
    fi
    # A flood.
    forge "$ip" rx_icmp_ignored 1300 --count 30
    equal "path MTU" "$(path_mtu "$ip")" 1300
    wait_until has_counted_at_least a rx_icmp_ignored $((${#changes[@]} + 13))

    # What was true long ago.
    rm -f "$test_dir/caught"
    on b python3 "$here/forge-icmp.py" uplink 1290 --delay 6 \
        >"$test_dir/caught" &
    forger=$!
    wait_until test -s "$test_dir/caught"
    kill $pings
    wait $forger
    equal "path MTU" "$(path_mtu "$ip")" 1300
    ping_from a 198.51.100.2 -s 3000
    no_drops a stt0
}

sees_invalid()
{
    on a nft list ruleset | tee "$test_dir/rules" | grep -q 'packets [1-9]'
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
run_test rules test_rules
run_test ecn-captured test_ecn_captured
run_test icmp-ipv4 test_icmp 4
run_test icmp-ipv6 test_icmp 6
run_test isolation test_isolation 0
run_test isolation-loose test_isolation 1
run_test limits-of-others test_limits_of_others
run_test flood-one-source test_flood one
run_test flood-many-sources test_flood many
run_test flood-namespaces test_flood_namespaces
