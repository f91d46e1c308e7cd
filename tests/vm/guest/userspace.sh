#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Two implementations of ours with each other: host h1 has Debian's Open vSwitch
# on the kernel's datapath, and host h2 the project's own, whose programs are in
# /usr/local/stt, with the userspace datapath.

# shellcheck source=tests/vm/guest/userspace-lib.sh
. "$(dirname "$0")/userspace-lib.sh"

here=$(dirname "$0")
device=stt_sys_7471

# Traffic over IPv$1, with TSO on both hosts if $2 is 'true'.
test_traffic()
{
    local ip=$1 tso=$2 i

    add_hosts h1 h2 g1 g2
    join h1 uplink h2 uplink
    for i in 1 2; do
        join h$i guest g$i eth0
        set_addresses g$i eth0 198.51.100.$i/24 2001:db8:100::$i/64
    done
    set_addresses h1 uplink 192.0.2.1/24 2001:db8:2::1/64
    on h2 sysctl -q -w net.ipv6.conf.uplink.disable_ipv6=1
    if [ "$tso" = false ]; then
        # Without userspace TSO, h2 reads packets no longer than the MTU and
        # with complete checksums only.
        on h1 ethtool -K uplink tso off tx off
        on h2 ethtool -K uplink gro off
        on g2 ethtool -K eth0 tx off tso off
    fi

    start_ovs h1
    add_bridge h1 br0
    add_port h1 br0 guest
    if [ "$ip" = 4 ]; then
        start_userspace "$tso" 192.0.2.1 192.0.2.2
        add_port h1 br0 tunnel type=stt options:key=1 \
            options:remote_ip=192.0.2.2
    else
        start_userspace "$tso" 2001:db8:2::1 2001:db8:2::2
        add_port h1 br0 tunnel type=stt options:key=1 \
            options:remote_ip=2001:db8:2::2
    fi
    # Left to itself, Open vSwitch takes tags away that have a priority only.
    printf 'in_port=guest,actions=tunnel\nin_port=tunnel,actions=guest\n' \
        >"$test_dir/flows"
    on h1 ovs-ofctl replace-flows br0 "$test_dir/flows"
    on_h2 ovs-ofctl replace-flows br0 "$test_dir/flows"

    # From this, h2 learns its neighbour.
    wait_until on h2 ping -n -q -c 1 -W 1 192.0.2.1
    wait_until on h2 ping -n -q -c 1 -W 1 2001:db8:2::1
    wait_until on g1 ping -n -q -c 1 -W 1 198.51.100.2
    python3 "$here/traffic.py" --brief g1,eth0 g2,eth0

    on_h2 ovs-appctl stt/show
    at_least "frames in segments of h1" "$(counter h1 $device tx_segmented)" 50
    if [ "$tso" = false ]; then
        at_least "frames reassembled by h1" \
            "$(counter h1 $device rx_reassembled)" 50
        at_least "frames reassembled by h2" \
            "$(userspace_counter rx_reassembled)" 50
    fi
    no_drops h1 $device
    equal "drops of h2" "$(userspace_drops)" ""
}

[ -x $ours/ovs-vswitchd ] || { report "userspace: skipped (no $ours)"; exit; }
run_test userspace-ipv4-tso test_traffic 4 true
run_test userspace-ipv4-no-tso test_traffic 4 false
run_test userspace-ipv6-tso test_traffic 6 true
run_test userspace-ipv6-no-tso test_traffic 6 false
