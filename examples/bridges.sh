# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the examples "learning" and "gateways" have in common: a lab without its
# own tunnels, further guests, and tidy output.  A script that sources this has
# functions usage, bring_up and show, and ends with 'example "$@"'.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
name=$(basename "$(cd "$(dirname "$0")" && pwd)")
me=examples/$name/run
lab=ex-$name
keep=
# Namespaces of further guests, which the lab knows nothing of.
further=()

lab()
{
    "$top/utilities/ovs-stt-lab" --name "$lab" "$@"
}

die()
{
    echo "$me: $*" >&2
    exit 1
}

say()
{
    printf '\n== %s\n' "$*"
}

# Shows a command, lab or guest with arguments, in the user's words and runs it.
run()
{
    case $1 in
    lab) printf '\n# utilities/ovs-stt-lab --name %s %s\n' "$lab" "${*:2}" ;;
    guest) printf '\n# ip netns exec %s %s\n' "$(netns "$2")" "${*:3}" ;;
    esac
    "$@" || die "failed: $*"
}

netns()
{
    echo "stt-$lab-$1"
}

# Runs a command as guest $1.
guest()
{
    local where

    where=$(netns "$1")
    shift
    ip netns exec "$where" "$@"
}

# Prints whether guest $1 reaches the address $2.  The first packets find the
# way, so a few may be lost.
reach()
{
    if guest "$1" ping -n -q -c 1 -w 5 "$2" >/dev/null; then
        echo "$1 reaches $2"
    else
        die "$1 does not reach $2"
    fi
}

# Takes the way that the lab made between guests from br-int of host $1.
unplug()
{
    lab exec "$1" ovs-vsctl del-port br-int underlay \
        -- del-port br-phy overlay || die "cannot prepare $1"
    lab exec "$1" ovs-ofctl del-flows br-int || die "cannot prepare $1"
}

# Adds the tunnel port $2 of type $3 to br-int of host $1, with remote_ip=$4.
tunnel()
{
    lab exec "$1" ovs-vsctl add-port br-int "$2" -- set interface "$2" \
        type="$3" options:remote_ip="$4" options:key=flow \
        || die "cannot add port $2 to $1"
}

# Makes the guest $1 at port $1 of host $2, with the MTU $3, the Ethernet address
# $4 and the IPv4 address $5.
further_guest()
{
    local new host

    new=$(netns "$1") host=$(netns "$2")
    ip netns add "$new" || die "cannot make guest $1"
    further+=("$new")
    { ip link add netns "$host" name "$1" mtu "$3" type veth \
          peer netns "$new" name eth0 mtu "$3" &&
      ip -n "$host" link set "$1" up &&
      ip -n "$new" link set lo up &&
      ip -n "$new" link set eth0 address "$4" up &&
      ip -n "$new" address add "$5/24" dev eth0 &&
      lab exec "$2" ovs-vsctl add-port br-int "$1"
    } || die "cannot make guest $1"
}

take_down()
{
    local netns

    trap - EXIT
    for netns in "${further[@]}"; do
        ip netns del "$netns"
    done
    lab down >/dev/null 2>&1
}

example()
{
    local netns word

    for word; do
        case $word in
        --keep) keep=yes ;;
        -h | --help)
            usage
            exit 0 ;;
        *)
            echo "$me: '$word' is no option (see '$me --help')" >&2
            exit 2 ;;
        esac
    done
    [ "$(id -u)" = 0 ] || die "not root: run it with sudo"

    trap take_down EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    bring_up
    show
    if [ -n "$keep" ]; then
        trap - EXIT
        cat <<END

It is still up.  To look around:
    utilities/ovs-stt-lab --name $lab status
    utilities/ovs-stt-lab --name $lab exec h1 ovs-ofctl dump-flows br-int
To remove it:
    utilities/ovs-stt-lab --name $lab down
END
        for netns in "${further[@]}"; do
            echo "    ip netns del $netns"
        done
    fi
}
