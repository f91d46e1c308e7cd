#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Two implementations of ours with each other: host h1 has Debian's Open vSwitch
# on the kernel's datapath, and host h2 the project's own, whose programs are in
# /usr/local/stt, with the userspace datapath.

# shellcheck source=tests/vm/guest/stt.sh
. "$(dirname "$0")/stt.sh"

here=$(dirname "$0")
device=stt_sys_7471
ours=/usr/local/stt

# Runs a command on host h2 with the project's own Open vSwitch.
on_h2()
{
    on h2 env PATH="$ours:$PATH" "$@"
}

# Starts the project's own Open vSwitch on host h2, with userspace TSO if $1 is
# 'true', and a tunnel to the address $2 from $3.
start_userspace()
{
    local dir=$test_dir/h2

    modprobe tun
    mkdir -p "$dir"
    on_h2 ovsdb-tool create "$dir/conf.db" $ours/vswitch.ovsschema
    on_h2 ovsdb-server "$dir/conf.db" --remote="punix:$dir/db.sock" \
        --pidfile --log-file --detach --no-chdir -vconsole:off
    # How it treats offloads counts when it starts.
    on_h2 ovs-vsctl --no-wait init -- set open_vswitch . \
        other_config:userspace-tso-enable="$1" \
        other_config:packet-socket-rcvbuf=8388608
    on_h2 ovs-vswitchd "unix:$dir/db.sock" \
        --pidfile --log-file --detach --no-chdir -vconsole:off
    on_h2 ovs-appctl version | tee "$test_dir/version"
    grep -q 'Open vSwitch) 4\.' "$test_dir/version" \
        || fail "host h2 does not run the project's Open vSwitch"
    on_h2 ovs-vsctl --timeout=30 \
        add-br br-phy -- set bridge br-phy datapath_type=netdev \
        other_config:hwaddr=02:00:00:00:01:02 -- add-port br-phy uplink -- \
        add-br br0 -- set bridge br0 datapath_type=netdev -- \
        add-port br0 guest -- add-port br0 tunnel -- \
        set interface tunnel type=stt options:key=1 \
        options:remote_ip="$2" options:local_ip="$3"
    equal "errors of ports" \
        "$(on_h2 ovs-vsctl --columns=error list interface | tr -d '\n')" \
        "$(printf 'error               : []%.0s' 1 2 3 4 5)"
    set_addresses h2 br-phy 192.0.2.2/24 2001:db8:2::2/64
}

# Prints the counter $1 of host h2.
userspace_counter()
{
    on_h2 ovs-appctl stt/show \
        | awk -v name="$1" '$1 == name { print $2; found = 1 }
                            END { exit !found }'
}

# Prints what host h2 has dropped, except for frames that it waited for in vain.
userspace_drops()
{
    on_h2 ovs-appctl stt/show | awk '
        /^[^ ]/ { dropped = /^dropped:/ }
        dropped && / / && $1 != "rx_expired" && $2 > 0 { print $1, $2 }'
}

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
