#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# storm.sh SECONDS [SEED]
#
# Packets made at random, segments of a stranger and what guests leave to their
# devices, for so many seconds each.  The kernel must not complain, and each packet
# must be in one counter.  With the same SEED they are the same packets.

# shellcheck source=tests/vm/guest/stt.sh
. "$(dirname "$0")/stt.sh"

here=$(dirname "$0")
duration=$1 wanted=
seed=${2-$((RANDOM * 32768 + RANDOM))}
echo "seed $seed"
# The frames that are put together in so many seconds, at least.  A kernel that
# finds errors in itself gets to fewer than one in a second.
least_frames=$duration
[ ! -e /proc/lockdep ] || least_frames=$((duration / 4))

# Sends a storm of kind $2 from device $3 of host $1 to the Ethernet address $4.
storm()
{
    on "$1" python3 "$here/storm.py" "$2" "$duration" "$seed" \
        "$3" "$4" | tee "$test_dir/sent"
    at_least "packets sent" "$(cat "$test_dir/sent")" $((duration * 20))
}

# Prints the sum of the counters of device stt0 on host $1 that follow.
sum()
{
    local host=$1 name total=0
    shift

    for name in "$@"; do
        total=$((total + $(counter "$host" stt0 "$name")))
    done
    echo $total
}

# Prints how many packets device stt0 of host $1 has received, as rtnetlink has
# it.
received_packets()
{
    ip -n "$1" -s -j link show dev stt0 \
        | python3 -c 'import json, sys
print(json.load(sys.stdin)[0]["stats64"]["rx"]["packets"])'
}

# Each frame that host b received whole was delivered or counted.
frames_are_accounted_for()
{
    local ended whole

    # One that comes between two readings is in the second only; one that is lost
    # is missing from all of them.
    for _ in 1 2 3; do
        ended=$(($(received_packets b) \
            + $(sum b rx_version rx_offload rx_mss rx_inner_checksum rx_ecn)))
        whole=$(sum b rx_whole rx_reassembled)
        [ "$ended" != "$whole" ] || break
    done
    equal "frames delivered or dropped" "$ended" "$whole"
}

test_segments()
{
    two_devices
    ip -n a link set uplink mtu 9000
    ip -n b link set uplink mtu 9000
    on b sysctl -q -w net.stt.reassembly_age=300
    # What STT gets, behind all other rules.
    on b nft -f - <<'END'
table inet storm {
    chain input {
        type filter hook input priority 2147483646;
        tcp dport 7471 counter
    }
}
END
    storm a segments uplink "$(on b cat /sys/class/net/uplink/address)"
    wait_until holds_nothing b stt0
    on b ethtool -S stt0 | grep -v ' 0$'
    at_least "frames reassembled" "$(counter b stt0 rx_reassembled)" \
        $least_frames
    equal "segments counted" \
        "$(sum b rx_whole rx_segments_held rx_truncated rx_data_offset \
               rx_checksum rx_empty rx_frame_length rx_bounds)" \
        "$(on b nft list ruleset \
           | awk '/counter packets/ { print $(NF - 2) }')"
    equal "memory short" "$(counter b stt0 rx_no_memory)" 0
    frames_are_accounted_for
    ping_from a 198.51.100.2 -s 5000
    ping_from b 2001:db8:100::1 -s 5000
}

# Puts a guest behind the device stt0 of both hosts.
add_guests()
{
    need_module act_tunnel_key
    need_module act_mirred
    add_hosts g1 g2
    join g1 eth0 a guest
    join g2 eth0 b guest
    set_addresses g1 eth0 198.51.100.1/24 2001:db8:100::1/64
    set_addresses g2 eth0 198.51.100.2/24 2001:db8:100::2/64
    on a tc qdisc add dev guest ingress
    on a tc filter add dev guest parent ffff: protocol all matchall \
        action tunnel_key set id 42 src_ip 192.0.2.1 dst_ip 192.0.2.2 \
        action mirred egress redirect dev stt0
    on b tc qdisc add dev stt0 ingress
    on b tc filter add dev stt0 parent ffff: protocol all matchall \
        action tunnel_key unset action mirred egress redirect dev guest
}

# Prints how many packets host g2 has received with wrong checksums.
wrong_checksums()
{
    on g2 nstat -asz | awk '/InCsumErrors/ { n += $2 } END { print n }'
}

# Whatever a guest sends, no receiver finds fault with the frames but for what is
# the guest's own affair: a super-packet with a wrong IPv4 checksum.
test_guests()
{
    local kind=$1

    two_devices
    on a ethtool -K uplink tso off
    add_guests
    storm g1 "$kind" eth0 "$(on g2 cat /sys/class/net/eth0/address)"
    wait_until holds_nothing b stt0
    on a ethtool -S stt0 | grep -v ' 0$'
    on b ethtool -S stt0 | grep -v ' 0$'
    equal "drops of stt0 on b" \
        "$(drops b stt0 | grep -v rx_inner_checksum || true)" ""
    # What one packet becomes may be more than the link has room for.
    equal "frames received" "$(sum b rx_whole rx_reassembled)" \
        "$(($(counter a stt0 tx_frames) - $(counter a stt0 tx_output)))"
    frames_are_accounted_for
    at_least "frames in segments" "$(counter b stt0 rx_reassembled)" \
        $least_frames
    if [ "$kind" = honest ]; then
        no_drops a stt0
        equal "wrong checksums" "$(wrong_checksums)" 0
    fi
}

run_test storm-segments test_segments
run_test storm-honest test_guests honest
run_test storm-guests test_guests guests
