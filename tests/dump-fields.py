#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the lines of "stt-dump -t -#" on standard input into those of tshark
-T fields: of each segment number, ports, frame id, offset and length of the
frame; and of each whole frame flags, MSS, VLAN id and priority, Context ID, and
the inner addresses, IPv4 and IPv6.
"""

import re
import sys

LINE = re.compile(
    r" *(?P<n>\d+)  IP6? \S+\.(?P<sport>\d+) > \S+\.(?P<dport>\d+): STT,"
    r" id (?P<id>0x\w+), segment (?P<offset>\d+):\d+/(?P<length>\d+)"
    r"(?P<rest>.*)\n")
HEADER = re.compile(
    r".*, flags \[(?P<flags>[^]]*)\](, mss (?P<mss>\d+))?"
    r"(, vlan (?P<vid>\d+), p (?P<pcp>\d+))?, context (?P<context>\w+): "
    r"(?P<inner>.*)")
INNER = re.compile(r"(?P<v>IP6?) (?P<src>\S+) > (?P<dst>\S+): .*")
FLAGS = {"none": 0, "verified": 1, "partial": 2, "ipv4": 4, "tcp": 8}


def main():
    for line in sys.stdin:
        match = LINE.fullmatch(line)
        if not match:
            sys.exit("not understood: " + line)
        fields = [match[name] for name in ("n", "sport", "dport", "id",
                                           "offset", "length")]
        header = HEADER.fullmatch(match["rest"])
        if header:
            flags = sum(FLAGS[word] for word in header["flags"].split(","))
            fields += ["0x%02x" % flags, header["mss"] or "0",
                       header["vid"] or "0", header["pcp"] or "0",
                       "0x%016x" % int(header["context"], 16)]
            inner = INNER.fullmatch(header["inner"])
            if inner:
                # A port is behind another dot than those of the address.
                dots = 3 if inner["v"] == "IP" else 0
                fields += [inner["v"]] + [
                    a.rpartition(".")[0] if a.count(".") > dots else a
                    for a in (inner["src"], inner["dst"])]
        print(*fields)


if __name__ == "__main__":
    main()
