#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: replay.sh LOG-DIR
#
# Compares what came out of guest/replay.sh's tunnel with what tshark finds in
# the captures: prints the result of the test, "ok" or "FAILED (why)".

set -uo pipefail

tests=$(cd "$(dirname "$0")/../.." && pwd -P)
dir=$1

failed()
{
    echo "FAILED ($*)"
    exit
}

# Compares all captures, in the files that begin with $1; further arguments are
# packets.py's for what is expected.
compare()
{
    local mode=$1 capture name
    shift

    for capture in "$tests"/captures/*.pcap; do
        name=$mode-$(basename "$capture" .pcap)
        [ -s "$dir/files-1/$name.pcap" ] || failed "there is no $name.pcap"
        python3 "$tests/packets.py" --stt "$@" "$capture" | sort \
            >"$dir/expected-$name" || failed "cannot decode $capture"
        python3 "$tests/packets.py" "$dir/files-1/$name.pcap" | sort \
            >"$dir/found-$name" || failed "cannot read $name.pcap"
        [ "$(wc -l <"$dir/expected-$name")" -ge 15 ] \
            || failed "tshark finds hardly anything in $capture"
        cmp -s "$dir/expected-$name" "$dir/found-$name" \
            || failed "compare $dir/expected-$name and $dir/found-$name"
    done
}

command -v tshark >/dev/null || { echo "skipped (no tshark)"; exit; }
compare tso
compare tso-no-gro
compare no-tso --cut
echo ok
