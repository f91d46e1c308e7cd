# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the examples have in common: a lab, guests in it, and tidy output.  A
# script that shows one sources this, has functions usage, bring_up and show,
# and ends with 'example "$@"'.  It may also have hints, which prints more ways
# to look around, and tidy, which removes what the lab knows nothing of.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
here=$(cd "$(dirname "$0")" && pwd)
me=examples/${here##*/}/${0##*/}
lab=ex-${here##*/}

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

# Prints a command, such as lab or guest with arguments, in the user's words.
words()
{
    case $1 in
    lab) echo "utilities/ovs-stt-lab --name $lab ${*:2}" ;;
    guest) echo "ip netns exec $(netns "$2") ${*:3}" ;;
    *) echo "$*" ;;
    esac
}

# Shows a command and runs it.
run()
{
    printf '\n# %s\n' "$(words "$@")"
    "$@" || die "failed: $(words "$@")"
}

# Prints a command for the user to type.
hint()
{
    echo "    $(words "$@")"
}

# Prints the namespace of a host or guest.  The second guests, b1 to b3, have
# names by which the lab counts them as its own.
netns()
{
    case $1 in
    b[1-3]) echo "stt-$lab-g$((${1#b} + 3))" ;;
    *) echo "stt-$lab-$1" ;;
    esac
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

# Runs a command until it succeeds.  Gives up after 15 seconds, in which the
# time that the command itself takes does not count.
wait_until()
{
    local try

    for ((try = 0; try < 150; try++)); do
        "$@" && return
        sleep 0.1
    done
    return 1
}

# Succeeds if somebody listens on TCP port $2 in guest $1.
listens()
{
    [ -n "$(guest "$1" ss -Hltn "sport = $2")" ]
}

# Has guest $1 serve one client of iperf3.
serve()
{
    { guest "$1" iperf3 -s -D -1 && wait_until listens "$1" 5201; } \
        || die "iperf3 does not start"
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

# Makes second guests of h1 to h3, with the same addresses as the first and the
# MTU $1.  A host reaches its own by the device blue, which is in no bridge yet.
second_guests()
{
    local n host guest

    for n in 1 2 3; do
        host=$(netns "h$n") guest=$(netns "b$n")
        { ip netns add "$guest" &&
          ip link add netns "$host" name blue mtu "$1" type veth \
              peer netns "$guest" name eth0 mtu "$1" &&
          ip -n "$host" link set blue up &&
          ip -n "$guest" link set lo up &&
          ip -n "$guest" link set eth0 address "02:00:00:00:02:0$n" up &&
          ip -n "$guest" address add "192.0.2.$n/24" dev eth0
        } || die "cannot make guest b$n"
    done
}

# Brings up the lab with the command given, and has it removed when the program
# ends, unless this command fails: then it has left nothing, and what there is
# may be somebody else's.
create()
{
    trap take_down EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    "$@" || { trap - EXIT; exit 1; }
}

take_down()
{
    # A child that gets a signal before it has forgotten our traps comes here,
    # too.
    [ "$BASHPID" = $$ ] || return
    trap '' HUP INT TERM
    tidy
    lab down >/dev/null 2>&1
}

hints()
{
    :
}

tidy()
{
    :
}

# Prints what there is to do with a lab that is up.
what_now()
{
    echo "To look around:"
    hint lab status
    hints
    echo "To remove it:"
    hint lab down
}

# Prints the options of every example.
options()
{
    cat <<END
  --name NAME  name of the lab (default: $lab)
  --keep       leave it up, and print how to look around
  -h, --help   print this text
END
}

example()
{
    local keep='' name=$lab

    while [ $# -gt 0 ]; do
        case $1 in
        --name)
            [ -n "${2-}" ] || die "--name needs a value"
            name=$2
            shift ;;
        --keep) keep=yes ;;
        -h | --help)
            usage
            exit 0 ;;
        *)
            echo "$me: '$1' is no option (see '$me --help')" >&2
            exit 2 ;;
        esac
        shift
    done
    [ "$(id -u)" = 0 ] || die "not root: run it with sudo"
    lab=$name
    if [ -e "/run/ovs-stt-lab/$lab" ]; then
        die "it is up already.  $(what_now)"
    fi

    bring_up
    show
    [ -n "$keep" ] || exit 0
    trap - EXIT
    tidy
    printf '\nIt is still up.  '
    what_now
}
