#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# STT ports that are protected by IPsec: the kernel's datapath, the project's own
# Open vSwitch with its ovs-monitor-ipsec, and strongSwan.
#
# The root folder must hold these.

# shellcheck source=tests/vm/guest/stt.sh
. "$(dirname "$0")/stt.sh"

# Starts ovs-monitor-ipsec on host $1, which starts strongSwan there.  Both get
# their files in /etc from /etc/netns, by ip netns, and a /run of their own.
start_ipsec()
{
    local host=$1 dir=$test_dir/$1 etc=/etc/netns/$1

    rm -rf "$etc"
    mkdir -p "$etc" "$dir/run/test"
    cp -r /etc/strongswan.d "$etc"
    : >"$etc/ipsec.conf"
    : >"$etc/ipsec.secrets"
    echo "charon { filelog { $host { path = $dir/charon.log
                                     flush_line = yes } } }" \
        >"$etc/strongswan.d/charon-logging.conf"
    # shellcheck disable=SC2016 # the other shell expands it
    OVS_PKGDATADIR=/usr/share/openvswitch on "$host" sh -c '
        mount --bind /run/test "$1/run/test"
        mount --rbind "$1/run" /run
        exec python3 /usr/share/openvswitch/scripts/ovs-monitor-ipsec \
            "unix:$1/db.sock" --ike-daemon=strongswan \
            --pidfile --log-file --detach --no-chdir -vconsole:off' \
        sh "$dir" 2>/dev/null
}

# As wait_until, but for what strongSwan does, for which an emulated machine takes
# its time.
wait_for_ike()
{
    local end=$((SECONDS + 300))

    until "$@"; do
        [ $SECONDS -lt $end ] || fail "waited in vain for: $*"
        sleep 0.1
    done
}

# Tells whether host $1 has an IPsec policy that matches the regular expression
# $2.
has_policy()
{
    on "$1" ip -o xfrm policy | grep -q "$2"
}

no_policy()
{
    ! has_policy "$@"
}

# Tells whether host $1 has no IPsec states any more, so that nothing can be
# encrypted which was sent before its policies went.
no_state()
{
    [ -z "$(on "$1" ip xfrm state)" ]
}

# Waits until host $1 has all policies for traffic with the address $2, in which
# the TCP port $3 is STT's.
wait_for_policies()
{
    local selector

    for selector in "src .* dst $2/.* proto tcp dport $3 .*dir out" \
                    "src .* dst $2/.* proto tcp sport $3 .*dir out" \
                    "src $2/.* proto tcp sport $3 .*dir in" \
                    "src $2/.* proto tcp dport $3 .*dir in"; do
        wait_for_ike has_policy "$1" "^$selector .*esp .*mode transport"
    done
}

# Makes two hosts with a tunnel over IPv$1, each with the pre-shared key that
# follows, if any, and perhaps more options.
two_hosts_with_ipsec()
{
    local ip=$1 key1=$2 key2=$3
    shift 3

    two_hosts_with_tunnel stt "$ip" "$@"
    [ -z "$key1" ] || on h1 ovs-vsctl set interface tunnel options:psk="$key1"
    [ -z "$key2" ] || on h2 ovs-vsctl set interface tunnel options:psk="$key2"
    start_ipsec h1
    start_ipsec h2
}

# Starts to capture what both hosts send.
capture_sent()
{
    rm -f "$test_dir"/sent-*
    capture h1 uplink "$test_dir/sent-1" -Q out
    capture h2 uplink "$test_dir/sent-2" -Q out
}

# Prints how many packets the hosts sent that match the filter $1.
sent()
{
    local one two

    one=$(captured "$test_dir/sent-1" "$1") || return
    two=$(captured "$test_dir/sent-2" "$1") || return
    echo $((one + two))
}

# Fails if either host sent anything but ESP, IKE, and what keeps the link going.
nothing_in_the_clear()
{
    equal "packets in the clear" \
        "$(sent 'not esp and not udp port 500 and not udp port 4500 and
                 not arp and not icmp6 and not ip6[6] = 0')" 0
}

answers()
{
    on "$1" ping -n -q -c 1 -W 1 "$2"
}

# Traffic over IPv4; and what IPsec no longer protects at one end.
test_traffic()
{
    two_hosts_with_ipsec 4 swordfish swordfish
    wait_for_policies h1 192.0.2.2 7471
    wait_for_policies h2 192.0.2.1 7471
    capture_sent
    # Keys are exchanged when there is something to send.
    wait_for_ike answers g1 198.51.100.2
    ping_from g2 2001:db8:100::1 -s 20000
    # How fast it is depends on how fast the machine encrypts.
    iperf3_mbits g1 198.51.100.2 g2
    stop_captures
    on h1 ip -s xfrm state
    nothing_in_the_clear
    at_least "packets of ESP" "$(sent esp)" 100
    no_drops h1 stt_sys_7471
    no_drops h2 stt_sys_7471

    on h2 ovs-vsctl remove interface tunnel options psk
    wait_for_ike no_policy h2 7471
    wait_for_ike no_state h2
    refuses_what_is_clear

    on h1 ovs-vsctl del-port br0 tunnel
    wait_for_ike no_policy h1 7471
}

# Host h2 has no IPsec any more, and h1 takes nothing of what it sends.
refuses_what_is_clear()
{
    local whole held refused=/proc/net/xfrm_stat

    whole=$(counter h1 stt_sys_7471 rx_whole)
    held=$(counter h1 stt_sys_7471 rx_segments_held)
    capture_sent
    must_fail answers g2 198.51.100.1
    stop_captures
    at_least "segments in the clear" "$(sent 'tcp port 7471')" 1
    counter_is h1 stt_sys_7471 rx_whole "$whole"
    counter_is h1 stt_sys_7471 rx_segments_held "$held"
    on h1 grep XfrmIn "$refused"
    # shellcheck disable=SC2016 # awk's own
    at_least "packets that h1's policies refused" \
        "$(on h1 awk '/XfrmInTmplMismatch|XfrmInNoPols/ { n += $2 }
                      END { print n }' "$refused")" 1
}

# IPv6, and a port other than 7471.
test_ipv6()
{
    two_hosts_with_ipsec 6 swordfish swordfish options:dst_port=8000
    wait_for_policies h1 2001:db8:2::2 8000
    wait_for_policies h2 2001:db8:2::1 8000
    capture_sent
    wait_for_ike answers g1 198.51.100.2
    ping_from g2 198.51.100.1 -s 5000
    stop_captures
    nothing_in_the_clear
    at_least "packets of ESP" "$(sent esp)" 10
    no_policy h1 7471 || fail "there are policies for port 7471"
}

# Keys that differ, and then do not.
test_wrong_key()
{
    two_hosts_with_ipsec 4 swordfish sailfish
    wait_for_policies h1 192.0.2.2 7471
    wait_for_policies h2 192.0.2.1 7471
    capture_sent
    must_fail answers g1 198.51.100.2
    wait_for_ike grep -q AUTHENTICATION_FAILED "$test_dir/h1/charon.log"
    must_fail answers g2 198.51.100.1
    stop_captures
    nothing_in_the_clear
    equal "packets of ESP" "$(sent esp)" 0

    on h2 ovs-vsctl set interface tunnel options:psk=swordfish
    wait_for_ike answers g1 198.51.100.2
}

# Tunnels without IPsec, when nothing is to leave without a mark.
test_mark()
{
    two_hosts_with_ipsec 4 '' ''
    wait_for_ike answers g1 198.51.100.2
    on h1 ovs-vsctl set open_vswitch . other_config:ipsec_skb_mark=0/1
    wait_for_ike has_policy h1 "dport 7471 .*dir out action block"
    capture_sent
    must_fail answers g1 198.51.100.2
    stop_captures
    # Host h2 may send, and is not to be marked.
    equal "segments in the clear" \
        "$(captured "$test_dir/sent-1" "tcp dst port 7471")" 0

    on h1 ovs-ofctl add-flow br0 \
        'in_port=guest,actions=set_field:1->pkt_mark,output:tunnel'
    wait_for_ike answers g1 198.51.100.2
}

# Makes the kernel find ESP's cipher, and test it, before keys are exchanged: it
# may take longer than the other side waits.
test_cipher()
{
    wait_for_ike ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp \
        spi 1 mode transport \
        aead 'rfc4106(gcm(aes))' "0x$(printf %072d 1)" 128
    ip xfrm state flush
}

run_test cipher test_cipher
run_test traffic test_traffic
run_test ipv6 test_ipv6
run_test wrong-key test_wrong_key
run_test mark test_mark
