# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Functions for scripts in which host h2 has the project's own Open vSwitch with
# the userspace datapath, whose programs are in /usr/local/stt.

# shellcheck source=tests/vm/guest/stt.sh
. "$(dirname "${BASH_SOURCE[0]}")/stt.sh"

ours=/usr/local/stt

# Runs a command on host h2 with the project's own Open vSwitch.
on_h2()
{
    on h2 env PATH="$ours:$PATH" "$@"
}

# Starts the project's own Open vSwitch on host h2, which has the device 'uplink',
# and 'guest' for its guest, with userspace TSO if $1 is 'true', and a tunnel to
# the address $2 from $3.
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
