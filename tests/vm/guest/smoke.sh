#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# smoke.sh [TUNNEL]
#
# Traffic between guests of two hosts with Debian's own Open vSwitch on the
# kernel's datapath, joined by a tunnel (geneve).

# shellcheck source=tests/vm/guest/lib.sh
. "$(dirname "$0")/lib.sh"

tunnel=${1-geneve} wanted=

# The flow of the ping must say that its packets went through the tunnel.
test_ping()
{
    two_hosts_with_tunnel "$tunnel"
    ping_from g1 198.51.100.2
    on h1 ovs-appctl dpctl/dump-flows >"$test_dir/flows"
    cat "$test_dir/flows"
    grep -q 'tunnel(.*tun_id=0x1' "$test_dir/flows" \
        || fail "no flow from the tunnel"
}

test_iperf3()
{
    local mbits

    two_hosts_with_tunnel "$tunnel"
    mbits=$(iperf3_mbits g1 198.51.100.2 g2)
    echo "$mbits Mbit/s"
    at_least "Mbit/s" "$mbits" 1
}

run_test "$tunnel-ping" test_ping
run_test "$tunnel-iperf3" test_iperf3
