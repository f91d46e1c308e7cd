#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Two machines whose network cards segment TCP when they send, and join it when
# they receive.  The first one has Debian's Open vSwitch on the kernel's datapath,
# the second one the project's own with the userspace datapath and no userspace
# TSO: as both are by default.

# shellcheck source=tests/vm/guest/userspace-lib.sh
. "$(dirname "$0")/userspace-lib.sh"

device=stt_sys_7471

# Makes this machine's host, its guest, and the card the host's uplink.
set_up()
{
    add_hosts h$VM_HOST g$VM_HOST
    ip link set eth0 netns h$VM_HOST
    ip -n h$VM_HOST link set eth0 down name uplink
    ip -n h$VM_HOST link set uplink up
    join h$VM_HOST guest g$VM_HOST eth0
    ip -n g$VM_HOST link set eth0 mtu 1428
    set_addresses g$VM_HOST eth0 198.51.100.$VM_HOST/24
}

test_send()
{
    set_up
    set_addresses h1 uplink 192.0.2.1/24
    start_ovs h1
    add_bridge h1 br0
    add_port h1 br0 guest
    add_port h1 br0 tunnel type=stt options:key=1 options:remote_ip=192.0.2.2
    meet set-up
    wait_until on g1 ping -n -q -c 1 -W 1 198.51.100.2
    meet capturing
    on g1 iperf3 -c 198.51.100.2 -n 8M
    at_least "frames in segments" "$(counter h1 $device tx_segmented)" 50
    meet sent
    no_drops h1 $device
}

test_receive()
{
    set_up
    # It must cut super-packets by itself, and finish checksums.
    on g2 ethtool -K eth0 tx off tso off gso off
    on h2 ethtool -k uplink | grep -q '^generic-receive-offload: on' \
        || fail "the network card's driver does not join segments"
    start_userspace false 192.0.2.1 192.0.2.2
    on g2 iperf3 -s -D
    wait_until listens g2 5201
    meet set-up
    # From this, h2 learns its neighbour.
    wait_until on h2 ping -n -q -c 1 -W 1 192.0.2.1
    capture h2 uplink "$test_dir/uplink.pcap" -s 100 \
        "tcp port 7471 and src host 192.0.2.1 and greater 2000"
    meet capturing
    meet sent
    stop_captures
    at_least "packets of joined segments" \
        "$(captured "$test_dir/uplink.pcap" tcp)" 20
    on_h2 ovs-appctl stt/show
    at_least "frames reassembled" "$(userspace_counter rx_reassembled)" 50
    equal "drops" "$(userspace_drops)" ""
    # The first batch tells that there are such packets.
    [ "$(lost_as_too_long)" -le 32 ] || fail "joined segments were lost"
}

# Prints how many packets from the uplink had no room in what reads them.
lost_as_too_long()
{
    on_h2 ovs-appctl stt/show \
        | sed -n 's/^  uplink: .* too long \([0-9]*\)$/\1/p'
}

[ -x $ours/ovs-vswitchd ] || { report "joined: skipped (no $ours)"; exit; }
if [ "$VM_HOST" = 1 ]; then
    run_test joined-send test_send
else
    run_test joined-receive test_receive
fi
