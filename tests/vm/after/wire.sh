#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: wire.sh LOG-DIR 4|6
#
# Looks at what guest/wire.sh captured: prints the result of the test, "ok" or
# "FAILED (why)".

set -uo pipefail

tests=$(cd "$(dirname "$0")/../.." && pwd -P)
dir=$1 ip=$2
wire=$dir/files-2/wire-$ip.pcap
sent=$dir/files-1/sent-$ip.pcap
stt=(-o ip.try_heuristic_first:TRUE -o ipv6.try_heuristic_first:TRUE)
headers=$((ip == 4 ? 54 : 74))

failed()
{
    echo "FAILED ($*)"
    exit
}

# Fails with the message $1 if tshark finds packets, by the arguments that
# follow.
none()
{
    local message=$1 found
    shift

    found=$(tshark -r "$wire" "$@" 2>/dev/null) || failed "tshark: $*"
    [ -z "$found" ] || failed "$message: $(head -n 1 <<<"$found")"
}

command -v tshark >/dev/null || { echo "skipped (no tshark)"; exit; }
[ -s "$wire" ] && [ -s "$sent" ] || failed "no captures"

none "longer than the link's MTU" -Y 'frame.len > 1514'
none "bad checksum" -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE \
    -Y 'ip.checksum.status == 0 ||
        !(tcp.checksum.status == 1 || tcp.checksum == 0xffff)'
# Segments without payload, which some cards send, are malformed to tshark, and
# it takes a frame that lacks up to 20 bytes for complete.
none "not clean STT" "${stt[@]}" -Y "
    frame.len > $headers && (!stt || stt.checksum_bad.expert ||
    (_ws.malformed && !(stt.reassembled.length < stt.pkt_len + 20)) ||
    stt.data_offset_bad.expert || stt.version_unknown.expert ||
    (stt.l4offset_bad.expert && stt.flags.tcp == 1) || stt.mss_bad.expert ||
    stt.segment.error || stt.segment.overlap || stt.segment.multipletails ||
    stt.segment.toolongfragment || stt.flags.rsvd != 0 || stt.reserved != 0 ||
    stt.padding != 0 || stt.tcp.window != 65535 || stt.tcp.urg_ptr != 0)"

# Two segments of which the second has up to 20 bytes are complete to tshark
# after the first.
python3 "$tests/packets.py" "$sent" \
    | awk -v segment=$((1514 - headers)) '
        $1 + 18 <= segment || $1 + 18 > segment + 20' | sort >"$dir/expected-$ip" \
    || failed "cannot read $sent"
python3 "$tests/packets.py" --stt --from 02:00:00:00:01:01 "$wire" \
    | sort >"$dir/found-$ip" || failed "cannot decode $wire"
[ "$(wc -l <"$dir/expected-$ip")" -gt 100 ] || failed "hardly anything sent"
missing=$(comm -23 "$dir/expected-$ip" "$dir/found-$ip" | wc -l)
[ "$missing" = 0 ] \
    || failed "$missing packets sent are not on the wire: compare" \
              "$dir/expected-$ip and $dir/found-$ip"
echo ok
