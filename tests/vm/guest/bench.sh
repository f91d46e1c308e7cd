#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# bench.sh REPEATS SECONDS
#
# Measures tunnels of Debian's Open vSwitch on the kernel's datapath between two
# hosts of this machine, which take turns.  Prints a line for each run:
#
#   BENCH SETTING TUNNEL VALUE CPU-SECONDS
#
# where VALUE is the Mbit/s of one TCP stream, or for the setting "udp" the
# packets per second of 64-byte UDP that arrive.

# shellcheck source=tests/vm/guest/stt.sh
. "$(dirname "$0")/stt.sh"

repeats=$1
seconds=$2
tunnels="none stt vxlan geneve gre"

# Sets the features of both links between the hosts, as ethtool -K does.
link_features()
{
    local host link

    for host in h1 h2; do
        for link in uplink none; do
            on $host ethtool -K $link "$@"
        done
    done
}

# Prints the seconds that all CPUs together have been busy.
busy()
{
    awk '$1 == "cpu" { print ($2 + $3 + $4 + $7 + $8) / 100 }' /proc/stat
}

# Leads the guests' packets through the tunnel $1.
use_tunnel()
{
    local i

    for i in 1 2; do
        on h$i ovs-ofctl replace-flows br0 - <<END
in_port=guest,actions=$1
in_port=$1,actions=guest
END
    done
    wait_until ping_from g1 198.51.100.2 -c 1
}

# Measures setting $1 of tunnel $2 with further options of iperf3.
measure()
{
    local setting=$1 tunnel=$2 before after
    shift 2

    use_tunnel "$tunnel"
    on g2 iperf3 -s -1 -D >/dev/null
    wait_until listens g2 5201
    before=$(busy)
    on g1 iperf3 -c 198.51.100.2 -t "$seconds" -J "$@" >"$test_dir/iperf3" \
        || fail "iperf3: $(cat "$test_dir/iperf3")"
    after=$(busy)
    python3 - "$setting" "$tunnel" "$before" "$after" "$test_dir/iperf3" <<'END'
import json, sys
setting, tunnel, before, after, result = sys.argv[1:]
end = json.load(open(result))["end"]
if setting == "udp":
    end = end["sum"]
    value = (end["packets"] - end["lost_packets"]) / end["seconds"]
else:
    value = end["sum_received"]["bits_per_second"] / 1e6
print("BENCH %s %s %.1f %.3f" % (setting, tunnel, value,
                                 float(after) - float(before)))
END
}

# Measures setting $1, with the links' features $2 and options of iperf3 that
# follow.
bench()
{
    local setting=$1 i tunnel
    shift

    # shellcheck disable=SC2086 # words
    link_features $1
    shift
    for i in $(seq "$repeats"); do
        for tunnel in $tunnels; do
            measure "$setting" "$tunnel" "$@"
        done
    done
}

test_bench()
{
    local i tunnel udp gre

    two_hosts_with_tunnel stt
    join h1 none h2 none
    for i in 1 2; do
        on h$i ovs-vsctl set interface tunnel type=stt -- \
            del-port tunnel
        for tunnel in stt vxlan geneve gre; do
            add_port h$i br0 $tunnel type=$tunnel \
                options:remote_ip=192.0.2.$((3 - i)) options:key=1
        done
        ip -n h$i link set none mtu 1500
        add_port h$i br0 none
    done

    udp="tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off"
    gre="tx-gre-segmentation off tx-gre-csum-segmentation off"
    bench all "tso on gso on"
    bench udp "tso on gso on" -u -b 0 -l 22
    bench tcp-tso "$udp $gre"
    bench none "tso off gso off"
    no_drops h1 stt_sys_7471
    no_drops h2 stt_sys_7471
    at_least "frames sent in segments" \
        "$(counter h1 stt_sys_7471 tx_segmented)" 1000
}

run_test bench test_bench
