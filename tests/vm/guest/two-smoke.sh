#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A TCP stream between two machines whose network cards can segment TCP and
# nothing else, with a capture of it handed to the host.

# shellcheck source=tests/vm/guest/lib.sh
. "$(dirname "$0")/lib.sh"

# Gives this machine's network card its address.
set_up_link()
{
    ip address add "192.0.2.$VM_HOST/24" dev eth0
    ip link set eth0 up
}

test_tso()
{
    local mbits large

    meet ready
    wait_until ping -n -q -c 1 -W 1 192.0.2.2
    ethtool -k eth0 | grep -q '^tcp-segmentation-offload: on' \
        || fail "the network card does not segment TCP"
    capture machine eth0 "$test_dir/tso.pcap" -s 100 tcp
    mbits=$(iperf3_mbits machine 192.0.2.2 machine)
    stop_captures
    echo "$mbits Mbit/s"
    at_least "Mbit/s" "$mbits" 1
    # Longer packets than the link can carry: the card cuts them.
    large=$(tcpdump -Z root -n -r "$test_dir/tso.pcap" 'greater 1515' | wc -l)
    at_least "TSO packets" "$large" 10
    hand_over "$test_dir/tso.pcap"
}

set_up_link
if [ "$VM_HOST" = 2 ]; then
    iperf3 -s -1 &
    meet ready
    meet end
else
    run_test two-tso test_tso
    meet end
fi
