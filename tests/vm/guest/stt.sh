# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Functions for scripts that test the STT modules, beside those of lib.sh.

# shellcheck source=tests/vm/guest/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Prints the counter $3 of the STT device $2 on host $1.
counter()
{
    on "$1" ethtool -S "$2" | awk -v name="$3:" '
        $1 == name { print $2; found = 1 }
        END { exit !found }'
}

# Fails unless counter $3 of the STT device $2 on host $1 is $4.
counter_is()
{
    equal "$3 of $2 on $1" "$(counter "$1" "$2" "$3")" "$4"
}

# Succeeds if counter $2 of device stt0 on host $1 is $3.
has_counted()
{
    [ "$(counter "$1" stt0 "$2")" = "$3" ]
}

# Succeeds if counter $2 of device stt0 on host $1 is at least $3.
has_counted_at_least()
{
    [ "$(counter "$1" stt0 "$2")" -ge "$3" ]
}

# Prints those counters of drops of device $2 on host $1 that are not 0.  The
# device's own multicast, for which there is no tunnel, does not count, nor
# what the machine was too slow for.
drops()
{
    on "$1" ethtool -S "$2" | awk '
        /rx_(whole|segments_held|reassembled|ecn_marked|path_mtu):/ { next }
        /rx_icmp_ignored:/ { next }
        /tx_(frames|segmented|cut|metadata):/ { next }
        /rx_expired:|reassembly_|NIC/ { next }
        $2 != 0 { print $1, $2 }'
}

# Fails if device $2 on host $1 has dropped anything.
no_drops()
{
    equal "drops of $2 on $1" "$(drops "$1" "$2")" ""
}

# Tells whether the device $2 on host $1 holds no segments.
holds_nothing()
{
    [ "$(counter "$1" "$2" reassembly_bytes)" = 0 ] \
        && [ "$(counter "$1" "$2" reassembly_frames)" = 0 ] \
        && [ "$(counter "$1" "$2" reassembly_sources)" = 0 ]
}

# Makes hosts a and b, joined by a link 'uplink' with the addresses 192.0.2.1
# and .2 and 2001:db8:2::1 and ::2, with an STT device stt0 each, between which
# there is a tunnel with Context ID 42 over IPv4, or IPv6 if $1 is 6.  Its ends
# are 198.51.100.1 and .2 and 2001:db8:100::1 and ::2.
two_devices()
{
    local i peer host ip=${1-4} encap other

    modprobe stt
    add_hosts a b
    join a uplink b uplink
    for i in 1 2; do
        peer=$((3 - i))
        host=$([ $i = 1 ] && echo a || echo b)
        set_addresses $host uplink 192.0.2.$i/24 2001:db8:2::$i/64
        encap="ip id 42 dst 192.0.2.$peer"
        [ "$ip" = 4 ] || encap="ip6 id 42 dst 2001:db8:2::$peer"
        other="lladdr 02:00:00:00:00:0$peer dev stt0"
        ip -n $host -batch - <<END
link add stt0 address 02:00:00:00:00:0$i type stt
address add 198.51.100.$i/32 dev stt0
address add 2001:db8:100::$i/128 dev stt0 nodad
link set stt0 up
route add 198.51.100.$peer/32 encap $encap dev stt0 src 198.51.100.$i
route add 2001:db8:100::$peer/128 encap $encap dev stt0 src 2001:db8:100::$i
neighbour add 198.51.100.$peer $other
neighbour add 2001:db8:100::$peer $other
END
    done
}

# Puts a bridge that does to packets what the options of netem say which follow
# between the devices 'uplink' of the hosts $1 and $2, which then have the
# addresses of two_devices() and no TSO.  Netem on the uplinks themselves would
# get frames before Linux cuts them: behind them, segments go their own ways.
netem_between()
{
    local i=1 host
    need_module sch_netem
    need_module bridge

    add_hosts middle
    ip -n "$1" link delete uplink
    ip -n middle link add name bridge0 type bridge
    ip -n middle link set bridge0 up
    for host in "$1" "$2"; do
        join "$host" uplink middle to$i
        set_addresses "$host" uplink 192.0.2.$i/24 2001:db8:2::$i/64
        on "$host" ethtool -K uplink tso off
        ip -n middle link set to$i master bridge0
        on middle tc qdisc add dev to$i root netem limit 10000 "${@:3}"
        i=2
    done
}

# Runs stt-link.py on host $1.
stt_link()
{
    local host=$1
    shift

    on "$host" python3 "$(dirname "${BASH_SOURCE[0]}")/stt-link.py" "$@"
}

# Asks for the DF bit of the IPv4 packets of two_devices' tunnel from host a to
# host b.
set_df()
{
    stt_link a route stt0 --to 198.51.100.2 --source 198.51.100.1 \
        --remote 192.0.2.2
}

# Prints what host a takes for the path MTU to two_devices' host b over IPv$1, if
# it has learned one, and "lock" before it if that is to be the least.  More words
# are of ip route get.
path_mtu()
{
    local to=192.0.2.2

    [ "$1" = 4 ] || to=2001:db8:2::2
    ip -n a route get $to "${@:2}" | sed -n 's/.* mtu \(\(lock \)*[0-9]*\).*/\1/p'
}

# Fails unless the command that follows fails with the message $1.
must_say()
{
    local message=$1 said
    shift

    if said=$("$@" 2>&1); then
        fail "succeeded, and should not: $*"
    fi
    echo "$said"
    case $said in
    *"$message"*) ;;
    *) fail "$* said: $said" ;;
    esac
}
