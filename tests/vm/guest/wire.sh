#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# wire.sh 4|6
#
# One of two machines whose network cards can segment TCP and nothing else, with
# Debian's Open vSwitch on the kernel's datapath and a guest behind it.  The
# first one sends through an STT tunnel over IPv4 or IPv6, and the second one
# captures what comes off the wire.  The host compares both.

# shellcheck source=tests/vm/guest/stt.sh
. "$(dirname "$0")/stt.sh"

ip=$1 wanted=
device=stt_sys_7471

set_up()
{
    local peer=$((3 - VM_HOST)) remote i

    add_hosts h g
    ip link set eth0 netns h
    set_addresses h eth0 "192.0.2.$VM_HOST/24" "2001:db8:2::$VM_HOST/64"
    # What comes off the wire is to be seen as it is.
    on h ethtool -K eth0 gro off
    join h guest g eth0
    for i in h g; do
        on $i sysctl -q -w net.ipv6.conf.all.router_solicitations=0
    done
    ip -n g link set eth0 address "02:00:00:00:01:0$VM_HOST"
    set_addresses g eth0 "198.51.100.$VM_HOST/24" \
        "2001:db8:100::$VM_HOST/64"
    remote=192.0.2.$peer
    [ "$ip" = 4 ] || remote=2001:db8:2::$peer
    start_ovs h
    add_bridge h br0
    add_port h br0 guest
    add_port h br0 tunnel type=stt options:remote_ip=$remote \
        options:key=0xfedcba9876543210
}

# Sends packets of all sorts and of known content to the second machine.
send()
{
    local size address

    for address in 198.51.100.2 2001:db8:100::2; do
        for size in 0 1 56 1380 1430 1472 2000 8000 60000; do
            ping_from g $address -s $size
        done
        # The server takes a moment until it listens again.
        wait_until on g iperf3 -c $address -n 300K -M 1300
        wait_until on g iperf3 -c $address -u -b 2M -l 3000 -n 60K
    done
}

test_send()
{
    set_up
    meet set-up-$ip
    wait_until on g ping -n -q -c 1 -W 1 198.51.100.2
    wait_until on g ping -n -q -c 1 -W 1 2001:db8:100::2
    on h ethtool -k eth0 | grep -q '^tcp-segmentation-offload: on' \
        || fail "the network card does not segment TCP"
    # The buffer has as many places as packets of the largest size fit.
    capture g eth0 "$test_dir/sent-$ip.pcap" --immediate-mode -B 32768 -s 66000 \
        "ether src 02:00:00:00:01:01 and not arp and not (icmp6 and ip6[40] > 129)"
    meet capturing-$ip
    send
    meet sent-$ip
    stop_captures
    hand_over "$test_dir/sent-$ip.pcap"
    at_least "frames in segments" "$(counter h $device tx_segmented)" 50
    no_drops_but_empty
}

test_receive()
{
    local filter="src host 192.0.2.1 and tcp port 7471"

    [ "$ip" = 4 ] || filter="src host 2001:db8:2::1 and ip6 proto 6"
    set_up
    on g iperf3 -s -D
    wait_until listens g 5201
    meet set-up-$ip
    capture h eth0 "$test_dir/wire-$ip.pcap" --immediate-mode -B 32768 -s 2000 \
        "$filter"
    meet capturing-$ip
    meet sent-$ip
    sleep 1
    stop_captures
    hand_over "$test_dir/wire-$ip.pcap"
    at_least "frames reassembled" "$(counter h $device rx_reassembled)" 50
    no_drops_but_empty
}

# Some cards end a frame with a segment without payload if its length is just a
# multiple of the segments'.
no_drops_but_empty()
{
    equal "drops" "$(drops h $device | grep -v '^rx_empty:')" ""
}

if [ "$VM_HOST" = 1 ]; then
    run_test wire-send-ipv$ip test_send
else
    run_test wire-receive-ipv$ip test_receive
fi
