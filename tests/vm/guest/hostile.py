#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends segments that no good sender sends from host a to the STT device stt0
of host b, and checks that each is dropped and counted under its reason.
"""

import argparse
import contextlib
import importlib.util
import io
import os
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SUPER = "tcp4 len=3000 csum=partial"
PARTIAL = "frame flags=0x0e l4_offset=34"


def load_stt_packet():
    spec = importlib.util.spec_from_file_location(
        "stt_packet", os.path.join(HERE, "stt-packet.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Peer:
    """Sends to host b and reads its counters."""

    def __init__(self, ip, local):
        self.maker = load_stt_packet()
        self.local = local
        if local:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_RAW,
                                        socket.IPPROTO_RAW)
        else:
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            self.socket.bind(("uplink", 0))
        with open("/sys/class/net/uplink/address") as own:
            mine = own.read().strip()
        self.address = "eth_src=%s eth_dst=%s " % (mine, os.environ["TO_MAC"])
        self.address += ("ip_src=192.0.2.1 ip_dst=192.0.2.2" if ip == 4 else
                         "v=6 ip_src=2001:db8:2::1 ip_dst=2001:db8:2::2")

    def send(self, stages):
        """Makes packets by the 'stages' of stt-packet.py and sends them."""
        words = stages.replace("segment", "segment " + self.address).split()
        made = io.StringIO()
        with contextlib.redirect_stdout(made):
            self.maker.main(words)
        for line in made.getvalue().split():
            packet = bytes.fromhex(line)
            if self.local:
                self.socket.sendto(packet[14:], ("192.0.2.2", 0))
            else:
                self.socket.send(packet)

    @staticmethod
    def counters():
        shown = subprocess.run(["ip", "netns", "exec", "b", "ethtool", "-S",
                                "stt0"], check=True, capture_output=True)
        return {line.split(":")[0].strip(): int(line.split(":")[1])
                for line in shown.stdout.decode().splitlines()[1:]}

    def dropped(self, name, number, *stages):
        """Sends packets and checks that counter 'name', and no other of
        drops, grows by 'number'."""
        before = self.counters()
        for stage in stages:
            self.send(stage)
        end = time.monotonic() + 10
        while True:
            after = self.counters()
            grown = {key: after[key] - before[key] for key in after
                     if after[key] != before[key]
                     and not key.startswith(("reassembly_", "tx_"))
                     and key not in ("rx_whole", "rx_segments_held",
                                     "rx_reassembled")}
            if grown == {name: number}:
                print("%s %d: %s" % (name, number, stages), flush=True)
                return
            if time.monotonic() > end:
                sys.exit("hostile.py: %s: counted %s, not %s"
                         % (stages, grown, {name: number}))
            time.sleep(0.02)


def truncated(peer, ip):
    if peer.local:
        # The kernel writes the length into the IP header by itself.
        lengths = ["segment : cut n=53", "segment : cut n=38"]
    elif ip == 4:
        lengths = ["segment total_length=39", "segment total_length=24"]
    else:
        lengths = ["segment payload_length=19", "segment payload_length=4"]
    for length in lengths:
        peer.dropped("rx_truncated", 1, "arp : frame : " + length)


def malformed(peer):
    for name, what in (
            ("data_offset", "data_offset=4"),
            ("data_offset", "data_offset=6"),
            ("data_offset", "data_offset=15"),
            ("checksum", "csum=bad"),
            ("checksum", "csum=0"),
            ("empty", "offset=0 length=0"),
            ("empty", "offset=60 length=0"),
            ("frame_length", "frame_length=0"),
            ("frame_length", "frame_length=31"),
            ("bounds", "frame_length=40"),
            ("bounds", "offset=1 length=60"),
            ("bounds", "offset=65535 length=1")):
        peer.dropped("rx_" + name, 1, "arp : frame : segment " + what)
    peer.dropped("rx_checksum", 1, SUPER + " : frame : segment size=1000 "
                 "csum=bad : pick n=1")
    peer.dropped("rx_version", 1, "arp : frame stt_version=1 : segment")
    peer.dropped("rx_version", 1,
                 "arp : frame stt_version=255 : segment size=40")


def lies(peer):
    """What a frame header claims, and the inner packet does not have."""
    for frame in ("flags=0x0e l4_offset=33", "flags=0x0e l4_offset=0",
                  "flags=0x0e l4_offset=255", "flags=0x0a l4_offset=34",
                  "flags=0x06 l4_offset=34", "flags=0x02 l4_offset=34",
                  "flags=0x0e l4_offset=35 mss=1000"):
        for cut in ("segment", "segment size=700"):
            peer.dropped("rx_offload", 1,
                         "%s : frame %s : %s" % (SUPER, frame, cut))
    peer.dropped("rx_offload", 1, "udp4 len=3000 csum=partial : frame "
                 "flags=0x06 l4_offset=34 mss=1000 : segment")
    peer.dropped("rx_offload", 1, "arp : %s : segment" % PARTIAL)
    for inner in ("ihl=15", "data_offset=2", "total_length=3041"):
        peer.dropped("rx_offload", 1, "%s %s : %s : segment"
                     % (SUPER, inner, PARTIAL))
    peer.dropped("rx_offload", 1, "%s total_length=2000 : %s mss=1000 : "
                 "segment" % (SUPER, PARTIAL))
    for mss in (1, 63, 65535):
        peer.dropped("rx_mss", 1, "%s : %s mss=%d : segment"
                     % (SUPER, PARTIAL, mss))
    # 256 packets may come of a frame, and not one more.
    peer.dropped("rx_mss", 1, "tcp4 csum=partial len=16385 : %s mss=64 : "
                 "segment size=1400" % PARTIAL)


def misfits(peer):
    """Segments that do not fit each other."""
    inner = "udp4 len=1000 : frame : segment "
    peer.dropped("rx_duplicate", 1,
                 "arp : frame : segment size=40 id=100 : pick n=0,0,1")
    for other in ("offset=399 length=100", "offset=750 length=51",
                  "offset=399 length=402", "offset=400 length=401",
                  "offset=399 length=401"):
        peer.dropped("rx_overlap", 2, inner + "offset=400 length=400 id=101",
                     inner + other + " id=101")
    for length in (1061, 1059):
        peer.dropped("rx_conflict", 2, inner + "length=400 id=102",
                     inner + "offset=400 length=400 frame_length=%d id=102"
                     % length)
    peer.dropped("rx_segment_limit", 257, "tcp4 len=60000 : frame : segment "
                 "size=100 id=103 : pick n="
                 + ",".join(str(i) for i in range(257)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ip", type=int, choices=(4, 6), default=4)
    parser.add_argument("--local", action="store_true",
                        help="send through a raw socket of host b")
    args = parser.parse_args()
    peer = Peer(args.ip, args.local)
    truncated(peer, args.ip)
    malformed(peer)
    lies(peer)
    misfits(peer)


if __name__ == "__main__":
    main()
