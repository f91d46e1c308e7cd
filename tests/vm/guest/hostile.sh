#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Segments that no good sender sends: each is dropped, for the right reason, and
# nobody else notices.

# shellcheck source=tests/vm/guest/stt.sh
. "$(dirname "$0")/stt.sh"

here=$(dirname "$0")

# Makes segments by the stages of stt-packet.py that follow, from host a to b.
# The words "segment" among them get the addresses.
make_segments()
{
    local stage=() word addresses

    addresses=(eth_dst="$(on b cat /sys/class/net/uplink/address)"
               eth_src="$(on a cat /sys/class/net/uplink/address)")
    if [ "${ip-4}" = 4 ]; then
        addresses+=(ip_src=192.0.2.1 ip_dst=192.0.2.2)
    else
        addresses+=(v=6 ip_src=2001:db8:2::1 ip_dst=2001:db8:2::2)
    fi
    for word in "$@"; do
        stage+=("$word")
        [ "$word" != segment ] || stage+=("${addresses[@]}")
    done
    python3 "$here/stt-packet.py" "${stage[@]}"
}

# The same, and sends them, from host a's uplink or, if 'local' is set, through
# a raw socket of host b itself.
send()
{
    make_segments "$@" >"$test_dir/packets"
    if [ -n "${local-}" ]; then
        on b python3 "$here/send.py" --ip 192.0.2.2 <"$test_dir/packets"
    else
        on a python3 "$here/send.py" uplink <"$test_dir/packets"
    fi
}

has_counted()
{
    [ "$(counter b stt0 "$1")" = "$2" ]
}

# Sends segments as above, after $1, a counter, and $2, by how much it counts.
dropped()
{
    local name=$1 number=$2 value
    shift 2

    echo "$name: $*"
    value=$(($(counter b stt0 "$name") + number))
    send "$@"
    wait_until has_counted "$name" $value
}

malformed()
{
    local bad super=(tcp4 len=3000 csum=partial)

    if [ -n "${local-}" ]; then
        # The kernel writes the length into the IP header by itself.
        dropped rx_truncated 1 arp : frame : segment : cut n=53
        dropped rx_truncated 1 arp : frame : segment : cut n=38
    elif [ "${ip-4}" = 4 ]; then
        dropped rx_truncated 1 arp : frame : segment total_length=39
        dropped rx_truncated 1 arp : frame : segment total_length=24
    else
        dropped rx_truncated 1 arp : frame : segment payload_length=19
        dropped rx_truncated 1 arp : frame : segment payload_length=4
    fi
    dropped rx_data_offset 1 arp : frame : segment data_offset=4
    dropped rx_data_offset 1 arp : frame : segment data_offset=6
    dropped rx_data_offset 1 arp : frame : segment data_offset=15
    dropped rx_checksum 1 arp : frame : segment csum=bad
    dropped rx_checksum 1 arp : frame : segment csum=0
    dropped rx_checksum 1 "${super[@]}" : frame : segment size=1000 csum=bad \
        : pick n=1
    dropped rx_empty 1 arp : frame : segment offset=0 length=0
    dropped rx_empty 1 arp : frame : segment offset=60 length=0
    dropped rx_frame_length 1 arp : frame : segment frame_length=0
    dropped rx_frame_length 1 arp : frame : segment frame_length=31
    dropped rx_bounds 1 arp : frame : segment frame_length=40
    dropped rx_bounds 1 arp : frame : segment offset=1 length=60
    dropped rx_bounds 1 arp : frame : segment offset=65535 length=1
    dropped rx_version 1 arp : frame stt_version=1 : segment
    dropped rx_version 1 arp : frame stt_version=255 : segment size=40

    # Lies about the inner packet.
    for bad in "flags=0x0e l4_offset=33" "flags=0x0e l4_offset=0" \
            "flags=0x0e l4_offset=255" "flags=0x0a l4_offset=34" \
            "flags=0x06 l4_offset=34" "flags=0x02 l4_offset=34" \
            "flags=0x0e l4_offset=35 mss=1000"; do
        # shellcheck disable=SC2086 # words
        dropped rx_offload 1 "${super[@]}" : frame $bad : segment
        # shellcheck disable=SC2086
        dropped rx_offload 1 "${super[@]}" : frame $bad : segment size=700
    done
    dropped rx_offload 1 udp4 len=3000 csum=partial \
        : frame flags=0x06 l4_offset=34 mss=1000 : segment
    dropped rx_offload 1 arp : frame flags=0x0e l4_offset=34 : segment
    dropped rx_offload 1 tcp4 len=3000 csum=partial ihl=15 \
        : frame flags=0x0e l4_offset=34 : segment
    dropped rx_offload 1 tcp4 len=3000 csum=partial data_offset=2 \
        : frame flags=0x0e l4_offset=34 : segment
    dropped rx_offload 1 tcp4 len=3000 csum=partial total_length=3041 \
        : frame flags=0x0e l4_offset=34 : segment
    dropped rx_offload 1 tcp4 len=3000 csum=partial total_length=2000 \
        : frame flags=0x0e l4_offset=34 mss=1000 : segment
    for bad in 1 63 65535; do
        dropped rx_mss 1 "${super[@]}" \
            : frame flags=0x0e l4_offset=34 mss=$bad : segment
    done

    # Segments that do not fit each other.
    dropped rx_duplicate 1 arp : frame : segment size=40 id=100 : pick n=0,0,1
    for bad in "offset=399 length=100" "offset=750 length=51" \
            "offset=399 length=402" "offset=400 length=401" \
            "offset=399 length=401"; do
        send udp4 len=1000 : frame : segment offset=400 length=400 id=101
        # shellcheck disable=SC2086
        dropped rx_overlap 2 udp4 len=1000 : frame : segment $bad id=101
    done
    for bad in 1061 1059; do
        send udp4 len=1000 : frame : segment length=400 id=102
        dropped rx_conflict 2 udp4 len=1000 : frame \
            : segment offset=400 length=400 frame_length=$bad id=102
    done
    dropped rx_expired 1 arp : frame : segment size=40 id=110 : pick n=0
}

# Whatever was sent, memory is given back and good frames still come through.
still_works()
{
    wait_until holds_nothing b stt0
    ping_from a 198.51.100.2 -s 5000
    ping_from b 2001:db8:100::1 -s 5000
}

test_malformed()
{
    ip=$1
    local=${2-}
    prepare
    malformed
    still_works
}

# Makes hosts with a link for large packets, of which b gives up frames that
# are not completed soon.
prepare()
{
    two_devices
    ip -n a link set uplink mtu 9000
    ip -n b link set uplink mtu 9000
    on b sysctl -q -w net.stt.reassembly_age=300
}

# More segments than a frame may have.
test_many_segments()
{
    prepare
    dropped rx_segments 257 tcp4 len=60000 : frame : segment size=100 \
        : pick n="$(seq -s, 0 256)"
    still_works
}

# Good packets of which a few bytes have other values.
test_damaged()
{
    prepare
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

run_test malformed-ipv4 test_malformed 4
run_test malformed-ipv6 test_malformed 6
run_test malformed-local test_malformed 4 local
run_test many-segments test_many_segments
run_test damaged test_damaged
run_test flood-one-source test_flood one
run_test flood-many-sources test_flood many
