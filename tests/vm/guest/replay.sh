#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the STT implementation of Open vSwitch 2.17 sent (captures/) arrives at a
# host with Debian's Open vSwitch on the kernel's datapath.  The machine outside
# compares what its guest got.

# shellcheck source=tests/vm/guest/stt.sh
. "$(dirname "$0")/stt.sh"

here=$(dirname "$0")
device=stt_sys_7471
captures="a_icmp_small b_tcp_tso_1500 c_udp_small_1400 d_ipv6_tcp f_keys
    g_mtu9000_outer1500"

# Makes host h, which is both ends of what was captured, with guest g behind
# it, and host s, which sends it.
set_up()
{
    local i

    add_hosts s h g
    join s uplink h uplink
    # Nobody but the replay is to send anything.
    for i in s h g; do
        on $i sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
    done
    on h sysctl -q -w net.ipv4.conf.all.accept_local=1 \
        net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.uplink.rp_filter=0
    set_addresses h uplink 10.0.0.1/24 10.0.0.2/24
    join h guest g eth0
    ip -n h link set guest mtu 9000
    ip -n g link set eth0 mtu 9000
    # However slow the machine is, no frame expires.
    modprobe stt
    on h sysctl -q -w net.stt.reassembly_age=60000
    start_ovs h
    on h ovs-vsctl set open_vswitch . other_config:max-idle=600000
    add_bridge h br0
    add_port h br0 guest
    add_port h br0 tunnel type=stt options:remote_ip=flow options:key=flow
    on h ovs-ofctl replace-flows br0 - <<END
in_port=tunnel,actions=output:guest
END
}

# Sends the capture $1.
replay()
{
    on s python3 "$here/replay.py" uplink \
        "$(on h cat /sys/class/net/uplink/address)" "$here/$1.pcap"
    wait_until holds_nothing h $device
}

# Prints how many packets the captures of the old implementation brought.
frames()
{
    echo $(($(counter h $device rx_whole) + $(counter h $device rx_reassembled)))
}

# Sends all captures, with features $2 of the receiving link and $3 of the one
# to the guest, and hands over what the guest got in files that begin with $1.
test_replay()
{
    local mode=$1 file before

    set_up
    # shellcheck disable=SC2086 # words
    on h ethtool -K uplink $2
    # shellcheck disable=SC2086
    on h ethtool -K guest $3
    # Packets are to be seen as they came out of the tunnel.
    on h ethtool -K $device gro off
    for file in $captures; do
        # What the datapath has no flow for yet goes through ovs-vswitchd,
        # which gets super-packets in pieces.
        replay "$file"
        sleep 0.5
        before=$(frames)
        capture g eth0 "$test_dir/$mode-$file.pcap" --immediate-mode -B 8192 \
            ether src 00:00:0a:00:00:0a or ether src 00:00:0b:00:00:0b
        replay "$file"
        stop_captures
        at_least "frames of $file" $(($(frames) - before)) 15
        grep '^0 packets dropped' "$test_dir/$mode-$file.pcap.log" \
            || fail "tcpdump was too slow"
        hand_over "$test_dir/$mode-$file.pcap"
    done
    on h ethtool -S $device
    no_drops h $device
    counter_is h $device rx_expired 0
}

run_test replay-tso test_replay tso "gro on" "tso on"
run_test replay-tso-no-gro test_replay tso-no-gro "gro off" "tso on"
run_test replay-no-tso test_replay no-tso "gro off" \
    "tx off sg off tso off gso off"
