#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Open vSwitch 4.0 with our hooks, on the kernel's datapath: the device behind
# STT ports, which ovs-vswitchd makes, reuses, replaces and removes over
# rtnetlink, and traffic through it.
#
# The root folder must hold the project's own Open vSwitch.

# shellcheck source=tests/vm/guest/stt.sh
. "$(dirname "$0")/stt.sh"

# Prints the ifindex of device $2 on host $1.
ifindex()
{
    on "$1" cat "/sys/class/net/$2/ifindex"
}

has_device()
{
    on "$1" test -e "/sys/class/net/$2"
}

no_device()
{
    ! has_device "$1" "$2"
}

# Fails unless device $2 on host $1 is an STT device for port $3 as
# ovs-vswitchd makes it: up, with a big MTU.
is_stt_device()
{
    on "$1" ip -d link show "$2" | tee "$test_dir/link"
    grep -q '^ *stt ' "$test_dir/link" || fail "$2 is not of kind stt"
    grep -q '<[^>]*\<UP\>[^>]*> mtu 65000 ' "$test_dir/link" \
        || fail "$2 is not up with an MTU of 65000"
    equal "port of $2" "$(stt_link "$1" port "$2")" "$3"
}

# Prints what column $3 of the interface $2 on host $1 is.
interface()
{
    on "$1" ovs-vsctl get interface "$2" "$3"
}

# Adds port tunnel2 with the options given to br0 of host h1, and fails unless
# its column 'error' then has the text $1.
port_error_is()
{
    local message=$1 error
    shift

    on h1 ovs-vsctl add-port br0 tunnel2 -- set interface tunnel2 type=stt \
        options:remote_ip=192.0.2.2 options:key=2 "$@" || true
    error=$(interface h1 tunnel2 error)
    echo "$error"
    case $error in
    *"$message"*) ;;
    *) fail "error of tunnel2 is $error" ;;
    esac
    equal "ofport of tunnel2" "$(interface h1 tunnel2 ofport)" -1
    on h1 ovs-vsctl del-port br0 tunnel2
}

start_vswitchd()
{
    on "$1" ovs-vswitchd "unix:$test_dir/$1/db.sock" \
        --pidfile --log-file --detach --no-chdir -vconsole:off
}

# Tells whether process $1 has ended.
ended()
{
    [ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"
}

# Ends ovs-vswitchd on host $1, with kill -9 if $2 is 'kill', and else with
# "ovs-appctl exit".  The datapath stays.
end_vswitchd()
{
    local pid
    pid=$(cat "$test_dir/$1/ovs-vswitchd.pid")

    if [ "$2" = kill ]; then
        kill -KILL "$pid"
    else
        on "$1" ovs-appctl -t ovs-vswitchd exit
    fi
    wait_until ended "$pid"
    rm -f "$test_dir/$1/ovs-vswitchd.pid"
}

# Traffic over IPv$1, and what Open vSwitch says about its port and flows.
test_traffic()
{
    local ip=$1 remote=192.0.2.2 mbits

    [ "$ip" = 4 ] || remote=2001:db8:2::2
    two_hosts_with_tunnel stt "$ip"
    is_stt_device h1 stt_sys_7471 7471
    equal error "$(interface h1 tunnel error)" "[]"
    interface h1 tunnel status | tee "$test_dir/status"
    grep -q 'tunnel_egress_iface=uplink' "$test_dir/status" \
        || fail "the port's status does not say its egress interface"
    equal link_state "$(interface h1 tunnel link_state)" up

    ping_from g1 198.51.100.2
    on h1 ovs-appctl dpctl/dump-flows | tee "$test_dir/flows"
    grep -q "tunnel(tun_id=0x1,.*dst=$remote" "$test_dir/flows" \
        || grep -q "set(tunnel(tun_id=0x1,.*dst=$remote" "$test_dir/flows" \
        || grep -q "set(tunnel(tun_id=0x1,ipv6_dst=$remote" "$test_dir/flows" \
        || fail "no flow into the tunnel"
    grep '^[^ ]*tunnel(tun_id=0x1' "$test_dir/flows" \
        | grep -q "src=$remote" || fail "no flow from the tunnel"
    on h1 ovs-dpctl show | tee "$test_dir/show"
    grep -q 'stt_sys_7471 (stt' "$test_dir/show" \
        || fail "ovs-dpctl does not know the port's type"

    ping_from g2 2001:db8:100::1 -s 20000
    mbits=$(iperf3_mbits g1 198.51.100.2 g2 -t 2)
    echo "$mbits Mbit/s"
    at_least "Mbit/s" "$mbits" 1
    mbits=$(iperf3_mbits g2 2001:db8:100::1 g1)
    echo "$mbits Mbit/s"
    at_least "Mbit/s" "$mbits" 1
    no_drops h1 stt_sys_7471
    no_drops h2 stt_sys_7471
}

# All 64 bits of the key, from OpenFlow, and the tunnel's addresses.
test_flow_based()
{
    local i peer send key=0xfedcba9876543210

    two_hosts_with_tunnel stt
    for i in 1 2; do
        peer=$((3 - i))
        on h$i ovs-vsctl set interface tunnel options:remote_ip=flow \
            options:key=flow
        on h$i ovs-ofctl del-flows br0
        send="set_field:$key->tun_id,set_field:192.0.2.$peer->tun_dst"
        on h$i ovs-ofctl add-flows br0 - <<END
in_port=guest,actions=$send,output:tunnel
in_port=tunnel,tun_id=$key,tun_src=192.0.2.$peer,actions=output:guest
END
    done
    ping_from g1 198.51.100.2 -s 10000
    on h1 ovs-appctl dpctl/dump-flows | tee "$test_dir/flows"
    grep -q "^[^ ]*tunnel(tun_id=$key,src=192.0.2.2" "$test_dir/flows" \
        || fail "no flow from the tunnel with 64 bits of key"
}

# A second ovs-vswitchd takes over the device of the first, whose end is $1,
# and packets go on.
test_restart()
{
    local before

    two_hosts_with_tunnel stt
    ping_from g1 198.51.100.2
    before=$(ifindex h1 stt_sys_7471)
    on g1 ping -n -q -i 0.1 -c 60 198.51.100.2 >"$test_dir/ping" &
    sleep 1
    end_vswitchd h1 "$1"
    has_device h1 stt_sys_7471 || fail "the device did not stay"
    on h1 ovs-dpctl show | tee "$test_dir/show"
    grep -q 'stt_sys_7471 (stt' "$test_dir/show" \
        || fail "the port did not stay"
    sleep 0.5
    start_vswitchd h1
    wait $! || true
    cat "$test_dir/ping"
    at_least "answers to 60 pings" \
        "$(sed -n 's/.* \([0-9]*\) received.*/\1/p' "$test_dir/ping")" 48
    equal "ifindex of the device" "$(ifindex h1 stt_sys_7471)" "$before"
    equal error "$(interface h1 tunnel error)" "[]"
    ping_from g2 198.51.100.1
    restart_database h1
    no_warnings h1
}

# Restarts ovsdb-server on host $1, without which packets go on, new ones as
# well, and ovs-vswitchd does not touch its ports.
restart_database()
{
    local pid before

    before=$(ifindex "$1" stt_sys_7471)
    pid=$(cat "$test_dir/$1/ovsdb-server.pid")
    on "$1" ovs-appctl -t ovsdb-server exit
    wait_until ended "$pid"
    on "$1" ovs-appctl revalidator/purge
    ping_from g1 198.51.100.2
    on "$1" ovsdb-server "$test_dir/$1/conf.db" \
        --remote="punix:$test_dir/$1/db.sock" \
        --pidfile --log-file --detach --no-chdir -vconsole:off
    # This waits until ovs-vswitchd has done it.
    on "$1" ovs-vsctl set interface tunnel options:ttl=17
    equal "ttl" "$(on "$1" ovs-appctl dpif/show \
        | sed -n 's/.* tunnel .*ttl=\([0-9]*\).*/\1/p')" 17
    ping_from g1 198.51.100.2
    equal "ifindex of the device" "$(ifindex "$1" stt_sys_7471)" "$before"
}

# Fails if ovs-vswitchd on host $1 complained about STT.
no_warnings()
{
    if grep -E '\|(WARN|ERR|EMER)\|' "$test_dir/$1/ovs-vswitchd.log" \
            | grep stt; then
        fail "ovs-vswitchd complained"
    fi
}

# The device was removed, or replaced by another, while ovs-vswitchd did not
# run.
test_restart_without_device()
{
    two_hosts_with_tunnel stt
    end_vswitchd h1 exit
    on h1 ip link delete stt_sys_7471
    start_vswitchd h1
    is_stt_device h1 stt_sys_7471 7471
    ping_from g1 198.51.100.2

    end_vswitchd h1 exit
    on h1 ip link delete stt_sys_7471
    stt_link h1 add stt_sys_7471 --port 7999
    start_vswitchd h1
    is_stt_device h1 stt_sys_7471 7471
    ping_from g1 198.51.100.2
}

# Makes hosts with a tunnel of which h1's end is still missing.
two_hosts_without_port()
{
    two_hosts_with_tunnel stt
    on h1 ovs-vsctl del-port br0 tunnel
    wait_until no_device h1 stt_sys_7471
}

add_tunnel()
{
    add_port h1 br0 tunnel type=stt options:remote_ip=192.0.2.2 options:key=1
}

# A device with the right name is replaced if it is any other than the right.
test_foreign_device()
{
    local before

    two_hosts_without_port
    on h1 ip link add stt_sys_7471 type veth peer name foreign
    add_tunnel
    is_stt_device h1 stt_sys_7471 7471
    has_device h1 foreign && fail "the foreign device is still there"
    ping_from g1 198.51.100.2
    on h1 ovs-vsctl del-port br0 tunnel
    wait_until no_device h1 stt_sys_7471

    on h1 ip link add stt_sys_7471 type geneve external dstport 7471
    add_tunnel
    is_stt_device h1 stt_sys_7471 7471
    ping_from g1 198.51.100.2
    on h1 ovs-vsctl del-port br0 tunnel
    wait_until no_device h1 stt_sys_7471

    stt_link h1 add stt_sys_7471 --port 7999
    add_tunnel
    is_stt_device h1 stt_sys_7471 7471
    ping_from g1 198.51.100.2
    on h1 ovs-vsctl del-port br0 tunnel
    wait_until no_device h1 stt_sys_7471

    # The right one is kept as it is.
    stt_link h1 add stt_sys_7471 --port 7471
    on h1 ip link set stt_sys_7471 mtu 65000 up
    before=$(ifindex h1 stt_sys_7471)
    add_tunnel
    is_stt_device h1 stt_sys_7471 7471
    equal "ifindex of the device" "$(ifindex h1 stt_sys_7471)" "$before"
    ping_from g1 198.51.100.2
    no_warnings h1
}

# Ports with another destination port have a device of their own; ports with
# the same share one.
test_devices()
{
    local i

    two_hosts_with_tunnel stt
    for i in 1 2; do
        add_port h$i br0 other type=stt options:remote_ip=192.0.2.$((3 - i)) \
            options:key=2 options:dst_port=7472
        add_port h$i br0 same type=stt options:remote_ip=192.0.2.$((3 - i)) \
            options:key=3
        on h$i ovs-ofctl del-flows br0
        on h$i ovs-ofctl add-flow br0 in_port=guest,actions=output:other
        on h$i ovs-ofctl add-flow br0 in_port=other,actions=output:guest
    done
    is_stt_device h1 stt_sys_7471 7471
    is_stt_device h1 stt_sys_7472 7472
    on h1 ovs-dpctl show
    equal "number of STT devices" \
        "$(on h1 ip -br link show type stt | wc -l)" 2
    ping_from g1 198.51.100.2 -s 5000
    at_least "frames of the second device" \
        "$(counter h1 stt_sys_7472 tx_frames)" 3
    no_drops h1 stt_sys_7472

    for i in 1 2; do
        on h$i ovs-ofctl del-flows br0
        on h$i ovs-ofctl add-flow br0 in_port=guest,actions=output:same
        on h$i ovs-ofctl add-flow br0 in_port=same,actions=output:guest
    done
    ping_from g1 198.51.100.2 -s 5000
    on h1 ovs-vsctl del-port br0 tunnel
    has_device h1 stt_sys_7471 || fail "the shared device has gone too early"
    ping_from g1 198.51.100.2
    on h1 ovs-vsctl del-port br0 same
    wait_until no_device h1 stt_sys_7471
    is_stt_device h1 stt_sys_7472 7472

    # Another destination port for a port that there is.
    on h1 ovs-vsctl set interface other options:dst_port=7473
    wait_until no_device h1 stt_sys_7472
    is_stt_device h1 stt_sys_7473 7473
    on h1 ovs-vsctl set interface other options:dst_port=7472
    wait_until no_device h1 stt_sys_7473
    for i in 1 2; do
        on h$i ovs-ofctl del-flows br0
        on h$i ovs-ofctl add-flow br0 in_port=guest,actions=output:other
        on h$i ovs-ofctl add-flow br0 in_port=other,actions=output:guest
    done
    ping_from g1 198.51.100.2

    # Nothing of it stays behind.
    stop_ovs h1
    equal "devices of kind stt" "$(on h1 ip -br link show type stt)" ""
}

# What cannot be had says why.
test_errors()
{
    two_hosts_with_tunnel stt
    on h1 iperf3 -s -D -p 7480 >/dev/null
    wait_until listens h1 7480
    port_error_is "a TCP socket uses port 7480" options:dst_port=7480
    no_device h1 stt_sys_7480 || fail "a device stayed behind"

    stt_link h1 add mine --port 7481
    port_error_is "Device or resource busy" options:dst_port=7481
    no_device h1 stt_sys_7481 || fail "a device stayed behind"
    has_device h1 mine || fail "a device with another name was removed"
    on h1 ip link delete mine
    ping_from g1 198.51.100.2
}

# The kernel has no such devices.
test_no_module()
{
    two_hosts_without_port
    on h2 ovs-vsctl del-port br0 tunnel
    wait_until no_device h2 stt_sys_7471
    modprobe -r vport_stt || true
    modprobe -r stt
    mkdir -p /etc/modprobe.d
    echo "install stt /bin/false" >/etc/modprobe.d/no-stt.conf
    port_error_is "module stt is not installed or cannot be loaded"
    grep -q 'WARN.*module stt is not installed or cannot be loaded' \
        "$test_dir/h1/ovs-vswitchd.log" || fail "the log does not say it"
    rm /etc/modprobe.d/no-stt.conf
    add_tunnel
    add_port h2 br0 tunnel type=stt options:remote_ip=192.0.2.1 options:key=1
    ping_from g1 198.51.100.2
}

# tc knows only 32 bits of a key, so STT's flows stay out of it.
test_tc()
{
    local i peer key=0xfedcba9876543210

    modprobe -a cls_flower act_tunnel_key act_mirred sch_ingress \
        || skip "the kernel has not all modules"
    two_hosts_with_tunnel stt
    for i in 1 2; do
        peer=$((3 - i))
        add_port h$i br0 other type=geneve \
            options:remote_ip=192.0.2.$peer options:key=2
        on h$i ovs-vsctl set interface tunnel options:key=$key
        on h$i ovs-vsctl set open_vswitch . other_config:hw-offload=true \
            other_config:tc-policy=skip_hw
        end_vswitchd h$i exit
        start_vswitchd h$i
        on h$i ovs-ofctl del-flows br0
        on h$i ovs-ofctl add-flow br0 in_port=guest,actions=output:tunnel
        on h$i ovs-ofctl add-flow br0 in_port=tunnel,actions=output:guest
    done
    ping_from g1 198.51.100.2 -i 0.5 -c 8
    on h1 ovs-appctl dpctl/dump-flows >"$test_dir/flows"
    cat "$test_dir/flows"
    grep -q "^[^ ]*tunnel(tun_id=$key,src=192.0.2.2" "$test_dir/flows" \
        || fail "no flow from the tunnel with 64 bits of key"
    on h1 ovs-appctl dpctl/dump-flows type=tc >"$test_dir/flows"
    # The other port may have sent or got something before its flows changed.
    if grep -v tp_dst=6081 "$test_dir/flows"; then
        fail "tc has flows of STT"
    fi

    # Others' flows get there.
    for i in 1 2; do
        on h$i ovs-ofctl del-flows br0
        on h$i ovs-ofctl add-flow br0 in_port=guest,actions=output:other
        on h$i ovs-ofctl add-flow br0 in_port=other,actions=output:guest
    done
    ping_from g1 198.51.100.2 -i 0.5 -c 8
    on h1 ovs-appctl dpctl/dump-flows type=tc >"$test_dir/flows"
    grep . "$test_dir/flows" || fail "tc has no flows of the other tunnel"
}

case $(ovs-vswitchd --version | head -n 1) in
*' 4.'*) ;;
*) echo "this is not Open vSwitch 4: $(ovs-vswitchd --version)" ;;
esac
run_test traffic-ipv4 test_traffic 4
run_test traffic-ipv6 test_traffic 6
run_test flow-based test_flow_based
run_test restart test_restart exit
run_test restart-after-kill test_restart kill
run_test restart-without-device test_restart_without_device
run_test foreign-device test_foreign_device
run_test devices test_devices
run_test errors test_errors
run_test no-module test_no_module
run_test tc test_tc
