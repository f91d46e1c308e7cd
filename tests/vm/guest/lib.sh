# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Functions for the scripts that run in virtual machines.
#
# A script sources this file, defines a function for each test, and calls
# 'run_test NAME FUNCTION' for each.  A test runs in a process of its own, with
# 'set -e': any command that fails ends it, and so do 'fail WHY' and 'skip
# WHY'.  What it leaves behind (processes, network namespaces) is removed when
# it ends.  A host is a network namespace.
#
# run-vm sets VM_HOST (1, or 2 in the second machine) and VM_MACHINES.

test_dir=/run/test
mkdir -p "$test_dir"

#
# Tests and their results.
#

# Reports line $*, on the console between the kernel's messages.  What runs on a
# real machine leaves its console alone.
report()
{
    [ -z "${VM_HOST-}" ] || echo "<3>TEST $*" >/dev/kmsg
    echo "TEST $*"
}

# Ends the test, failed, for the reason $*.
fail()
{
    echo "$*" >"$test_dir/why"
    exit 1
}

# Ends the test: it cannot be made, for the reason $*.
skip()
{
    echo "$*" >"$test_dir/why"
    exit 77
}

# The names of the tests to run, or nothing for all of them: the script's arguments,
# unless it has others and sets this to nothing.
wanted=$*

# Runs a command with its arguments as the test named $1, if that is wanted.
run_test()
{
    local name=$1 status=0
    shift

    case " ${wanted:-$name} " in
    *" $name "*) ;;
    *) return ;;
    esac
    rm -f "$test_dir/why"
    report "$name: running"
    # Job control gives the test a process group, by which all is found that
    # it started, except for daemons.
    set -m
    (
        set -eEuo pipefail
        trap '[ -e "$test_dir/why" ] \
                  || echo "${FUNCNAME[0]-}: ${failed_command:-$BASH_COMMAND}" \
                         >"$test_dir/why"' ERR
        "$@"
    ) &
    test_pid=$!
    set +m
    wait "$test_pid" || status=$?
    if [ "$status" != 0 ] && [ "$status" != 77 ]; then
        show_state
    fi
    clean_up_test
    case $status in
    0) report "$name: ok" ;;
    77) report "$name: skipped ($(cat "$test_dir/why"))" ;;
    *) report "$name: FAILED ($(cat "$test_dir/why" 2>/dev/null \
                                    || echo "exit status $status"))" ;;
    esac
}

# Prints what helps to find out why a test failed.
show_state()
{
    local log

    echo "--- state when the test failed"
    for log in "$test_dir"/*/{ovs-vswitchd,ovs-monitor-ipsec,charon}.log; do
        if [ -e "$log" ]; then
            echo "--- $log"
            tail -n 40 "$log"
        fi
    done
    for host in $(hosts); do
        echo "--- $host"
        ip -n "$host" -s -d link
        ip -n "$host" address
    done
    echo "--- the kernel's last messages"
    dmesg | tail -n 30
    echo "---"
}

# Ends what the last test left running, and removes its hosts.
clean_up_test()
{
    local host pids tries=50

    kill -KILL -- "-$test_pid" 2>/dev/null
    # Open vSwitch's datapath lives as long as its namespace.
    for host in $(hosts); do
        pids=$(ip netns pids "$host")
        # shellcheck disable=SC2086 # a list of numbers
        [ -z "$pids" ] || kill -KILL $pids 2>/dev/null
    done
    for host in $(hosts); do
        while [ -n "$(ip netns pids "$host")" ] && [ $tries -gt 0 ]; do
            tries=$((tries - 1))
            sleep 0.1
        done
        ip netns delete "$host"
    done
    rm -rf "${test_dir:?}"/*/
}

# Runs the command given, and again until it succeeds; fails after 30 seconds,
# which are long because the host may be busy.
wait_until()
{
    local end=$((SECONDS + 30))

    until "$@"; do
        [ $SECONDS -lt $end ] || fail "waited in vain for: $*"
        sleep 0.1
    done
}

# Fails unless the values $2 and $3 of what $1 says are equal.
equal()
{
    [ "$2" = "$3" ] || fail "$1: is $2, should be $3"
}

# Fails unless number $2 of what $1 says is at least $3.
at_least()
{
    [ "$2" -ge "$3" ] || fail "$1: is $2, should be at least $3"
}

# Fails unless the command given fails.
must_fail()
{
    if "$@"; then
        fail "succeeded, and should not: $*"
    fi
}

# Skips the test unless the kernel has module $1.
need_module()
{
    modprobe "$1" || skip "the kernel has no module $1"
}

#
# The second machine, and the one outside.
#

# Opens the port to the host named $1 as file descriptor 'port'.
open_port()
{
    local name

    for name in /sys/class/virtio-ports/*/name; do
        if [ "$(cat "$name")" = "$1" ]; then
            name=${name%/name}
            exec {port}<>"/dev/${name##*/}"
            return
        fi
    done
    echo "there is no port $1" >&2
    return 1
}

if [ "${VM_MACHINES-1}" = 2 ]; then
    open_port peer
    peer=$port
fi

# Sends line $* to the other machine.
tell()
{
    echo "$*" >&"$peer"
}

# Waits at most $2 (120) seconds for a line from the other machine that begins
# with the word $1, and prints the rest of it.  Other lines are lost.
hear()
{
    local word rest end=$((SECONDS + ${2-120}))

    while read -r -t $((end - SECONDS + 1)) -u "$peer" word rest; do
        if [ "$word" = "$1" ]; then
            echo "$rest"
            return
        fi
    done
    fail "the other machine did not say '$1'"
}

# Waits until the other machine gets to the meeting point $1 as well.
meet()
{
    tell "at-$1"
    hear "at-$1" >/dev/null
}

# Hands files over to the host, which finds them in files-$VM_HOST/.
hand_over()
{
    local file

    open_port files
    for file in "$@"; do
        tar -c -C "$(dirname "$file")" "$(basename "$file")" >&"$port"
    done
    exec {port}>&-
}

#
# Hosts: network namespaces.
#

# Prints the names of all hosts.
hosts()
{
    ip netns list | awk '{ print $1 }'
}

# Makes hosts with the names given.
add_hosts()
{
    local host

    for host in "$@"; do
        ip netns add "$host"
        ip -n "$host" link set lo up
    done
}

# Runs a command on host $1, and Open vSwitch's programs with its daemons.  The
# host 'machine' is the machine itself: its first network namespace.
on()
{
    local host=$1 status=0
    shift

    if [ "$host" = machine ]; then
        "$@" || status=$?
    else
        OVS_RUNDIR=$test_dir/$host OVS_DBDIR=$test_dir/$host \
            OVS_LOGDIR=$test_dir/$host ip netns exec "$host" "$@" || status=$?
    fi
    failed_command=
    [ "$status" = 0 ] || failed_command="on $host $*"
    return "$status"
}

# Joins host $1 and host $3 by a link with the devices $2 and $4.
join()
{
    ip link add "$2" netns "$1" up type veth peer name "$4" netns "$3"
    ip -n "$3" link set "$4" up
}

# Gives device $2 of host $1 the addresses that follow.  Those of IPv6 can be
# used at once.
set_addresses()
{
    local host=$1 device=$2 address
    shift 2

    # In one process: an emulated machine takes longer to start one than for all
    # that this does.
    for address in "$@"; do
        case $address in
        *:*) echo "address add $address dev $device nodad" ;;
        *) echo "address add $address dev $device" ;;
        esac
    done | ip -n "$host" -batch -
    ip -n "$host" link set "$device" up
}

#
# Traffic.
#

# Pings address $2 from host $1, with further options of ping.
ping_from()
{
    local host=$1 address=$2
    shift 2

    on "$host" ping -n -q -c 3 -i 0.05 -w 10 "$@" "$address"
}

# Prints the Mbit/s that host $3 got with one TCP stream from host $1 to the
# address $2, of 16 MB or as further options of iperf3's client say.
iperf3_mbits()
{
    local from=$1 address=$2 to=$3
    shift 3

    # Between machines, the other one has to start it.
    if [ "$to" != machine ]; then
        on "$to" iperf3 -s -1 -D >/dev/null
        wait_until listens "$to" 5201
    fi
    [ $# -gt 0 ] || set -- -n 16M
    on "$from" iperf3 -c "$address" -J "$@" >"$test_dir/iperf3" \
        || { cat "$test_dir/iperf3" >&2; return 1; }
    mbits_of "$test_dir/iperf3"
}

# Prints the Mbit/s that the receiver got, from the file $1 with the output of
# iperf3's client with option -J.
mbits_of()
{
    python3 -c '
import json, sys
end = json.load(sys.stdin)["end"]
print(int(end.get("sum_received", end.get("sum"))["bits_per_second"] / 1e6))
' <"$1"
}

# Tells whether something listens on TCP port $2 of host $1.
listens()
{
    on "$1" ss -Hltn "sport = $2" | grep -q .
}

# Starts to capture what goes through device $2 of host $1 to the file $3, with
# further arguments of tcpdump.  'stop_captures' ends all captures.
capture()
{
    local host=$1 device=$2 file=$3 on_host=()
    shift 3

    # Not by 'on', so that $! is tcpdump itself.
    [ "$host" = machine ] || on_host=(ip netns exec "$host")
    "${on_host[@]}" tcpdump -Z root -U -n -i "$device" -w "$file" "$@" \
        2>"$file.log" &
    captures="${captures-} $!"
    wait_until grep -q 'listening on' "$file.log"
}

stop_captures()
{
    # The kernel gives tcpdump what it has captured once in a second.
    sleep 1.2
    # shellcheck disable=SC2086 # a list of numbers
    kill -TERM $captures
    # shellcheck disable=SC2086
    wait $captures || true
    captures=
}

# Prints how many packets of the capture $1 match tcpdump's filter $2.
captured()
{
    tcpdump -Z root -n -r "$1" "$2" >"$test_dir/captured" \
        || fail "tcpdump cannot read $1"
    wc -l <"$test_dir/captured"
}

#
# Open vSwitch.
#

# A database with nothing in it.
empty_database=/run/empty.db

# Tells whether the machine booted more than ten seconds ago.
up_for_long()
{
    awk '{ exit !($1 > 10.1) }' /proc/uptime
}

# Does once what all starts of Open vSwitch need: waits until it can run, and
# makes $empty_database.
prepare_ovs()
{
    [ ! -e $empty_database ] || return 0
    # Open vSwitch 3.1 counts the CPUs every ten seconds, starting from a clock
    # that is 0 at boot: earlier it finds none, and then drops all packets that
    # it has no flow for yet.
    case $(ovs-vswitchd --version) in
    *' 3.1.'*) wait_until up_for_long ;;
    esac
    ovsdb-tool create $empty_database.new \
        /usr/share/openvswitch/vswitch.ovsschema
    ovsdb-tool transact $empty_database.new \
        '["Open_vSwitch", {"op": "insert", "table": "Open_vSwitch", "row": {}}]'
    mv $empty_database.new $empty_database
}

# Starts Open vSwitch on host $1.
start_ovs()
{
    local dir=$test_dir/$1

    prepare_ovs
    mkdir -p "$dir"
    cp $empty_database "$dir/conf.db"
    on "$1" ovsdb-server "$dir/conf.db" --remote="punix:$dir/db.sock" \
        --pidfile --log-file --detach --no-chdir -vconsole:off
    on "$1" ovs-vswitchd "unix:$dir/db.sock" \
        --pidfile --log-file --detach --no-chdir -vconsole:off
}

# Stops Open vSwitch on host $1, with its datapath.
stop_ovs()
{
    on "$1" ovs-appctl -t ovs-vswitchd exit --cleanup
    on "$1" ovs-appctl -t ovsdb-server exit
}

# Makes bridge $2 of the kernel's datapath on host $1.
add_bridge()
{
    on "$1" ovs-vsctl add-br "$2" -- set bridge "$2" datapath_type=system
}

# Adds port $3 to bridge $2 of host $1, with options of its interface that
# follow, and fails if Open vSwitch could not make it.
add_port()
{
    local host=$1 bridge=$2 port=$3 error
    shift 3

    if [ $# -gt 0 ]; then
        set -- -- set interface "$port" "$@"
    fi
    on "$host" ovs-vsctl add-port "$bridge" "$port" "$@"
    error=$(on "$host" ovs-vsctl get interface "$port" error)
    [ "$error" = '[]' ] || fail "port $port: $error"
}

# Makes hosts h1 and h2 with Open vSwitch, joined by a link 'uplink' whose
# addresses are 192.0.2.1 and .2 and 2001:db8:2::1 and ::2; behind them guests
# g1 and g2, with the device eth0 and the addresses 198.51.100.1 and .2 and
# 2001:db8:100::1 and ::2; and between both bridges br0 a tunnel port 'tunnel'
# of type $1, over IPv4, or IPv6 if $2 is 6.  Options of the tunnel's interface
# may follow.
two_hosts_with_tunnel()
{
    local type=$1 ip=${2-4} i second
    shift $(($# < 2 ? $# : 2))

    add_hosts h1 h2 g1 g2
    join h1 uplink h2 uplink
    for i in 1 2; do
        set_addresses h$i uplink 192.0.2.$i/24 2001:db8:2::$i/64
        join h$i guest g$i eth0
        # A tunnel's headers need up to 94 bytes of the link's 1500.
        ip -n g$i link set eth0 mtu 1400
        set_addresses g$i eth0 198.51.100.$i/24 2001:db8:100::$i/64
    done
    # Most of the time goes into these, and the machine has two CPUs.
    prepare_ovs
    start_tunnel_host 2 "$type" "$ip" "$@" &
    second=$!
    start_tunnel_host 1 "$type" "$ip" "$@"
    wait $second
}

# Starts Open vSwitch on host h$1 with the guest's port and the port of type $2,
# over IPv$3, to the other host.  Options of its interface may follow.
start_tunnel_host()
{
    local i=$1 type=$2 ip=$3 remote
    shift 3

    remote=192.0.2.$((3 - i))
    [ "$ip" = 4 ] || remote=2001:db8:2::$((3 - i))
    start_ovs h$i
    on h$i ovs-vsctl add-br br0 -- set bridge br0 datapath_type=system \
        -- add-port br0 guest -- add-port br0 tunnel \
        -- set interface tunnel type="$type" options:key=1 \
        options:remote_ip="$remote" "$@"
    equal "errors of ports on h$i" "$(on h$i ovs-vsctl --bare \
        --columns=name,error find interface 'error!=[]')" ""
}
