#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Waits for the first segment of a frame that comes in through a device, and
answers as a router does for whose next link it was too big: with an ICMP message
that quotes it, or almost.  Prints a line once the segment is there.
"""

import argparse
import socket
import struct
import sys
import time

from traffic import checksum

PORT = 7471
# So long it waits for the segment, in seconds.
DEADLINE = 120

# What can be changed in the quoted packet: what it is, and how, from the start
# of the TCP-like header or else of the IP header.
TCP, IP = True, False
CHANGES = {
    # The length of the frame, and the offset in it.
    "frame-length": (TCP, 4, "!H", lambda value: 31),
    "offset": (TCP, 6, "!H", lambda value: 0xffff),
    "frame-id": (TCP, 8, "!I", lambda value: value ^ 0x40000000),
    "data-offset": (TCP, 12, "!B", lambda value: 0x80),
    "identification": (IP, 4, "!H", lambda value: value ^ 0x4000),
    "df": (IP, 6, "!H", lambda value: 0),
    "fragment": (IP, 6, "!H", lambda value: value | 1),
    "source4": (IP, 15, "!B", lambda value: value ^ 0x10),
    "destination4": (IP, 19, "!B", lambda value: value ^ 0x10),
    "source6": (IP, 23, "!B", lambda value: value ^ 0x10),
    "destination6": (IP, 39, "!B", lambda value: value ^ 0x10),
}


def wait_for_segment(device, least):
    """Returns the IP packet of the first segment of a frame, or ends with an
    error if none comes."""
    end = time.monotonic() + DEADLINE
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                       socket.htons(3)) as sniffer:
        sniffer.bind((device, 3))
        while True:
            sniffer.settimeout(max(end - time.monotonic(), 0.001))
            try:
                packet, address = sniffer.recvfrom(65600)
            except TimeoutError:
                sys.exit(f"forge-icmp.py: no segment in {DEADLINE} s")
            if address[2] == socket.PACKET_OUTGOING:
                continue
            headers = 20 if packet[0] >> 4 == 4 else 40
            protocol = packet[9 if headers == 20 else 6]
            if (len(packet) >= least and protocol == socket.IPPROTO_TCP
                    and packet[headers + 2:headers + 4]
                    == struct.pack("!H", PORT)
                    and packet[headers + 6:headers + 8] == b"\0\0"):
                return bytearray(packet)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("device")
    parser.add_argument("mtu", type=int, help="what the message says")
    parser.add_argument("--least", type=int, default=1000, metavar="BYTES",
                        help="what the IP packet has at least")
    parser.add_argument("--quote", type=int, default=500, metavar="BYTES",
                        help="what is quoted of TCP at most")
    parser.add_argument("--change", choices=CHANGES, default=None)
    parser.add_argument("--bad-checksum", action="store_true")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--delay", type=float, default=0, metavar="SECONDS")
    args = parser.parse_args()

    packet = wait_for_segment(args.device, args.least)
    headers = 20 if packet[0] >> 4 == 4 else 40
    port, = struct.unpack_from("!H", packet, headers)
    print(f"a packet of {len(packet)} bytes from port {port}", flush=True)
    if args.change:
        of_tcp, offset, form, change = CHANGES[args.change]
        offset += headers if of_tcp else 0
        value, = struct.unpack_from(form, packet, offset)
        struct.pack_into(form, packet, offset, change(value))
    source = packet[12:16] if headers == 20 else packet[8:24]
    if args.change in ("source4", "source6"):
        # It still goes to whom the segment came from.
        source = source[:-1] + bytes([source[-1] ^ 0x10])
    quote = bytes(packet[:headers + args.quote])

    time.sleep(args.delay)
    if headers == 20:
        message = bytearray(struct.pack("!BBHHH", 3, 4, 0, 0, args.mtu) + quote)
        struct.pack_into("!H", message, 2,
                         checksum(message) ^ args.bad_checksum)
        family, protocol = socket.AF_INET, socket.IPPROTO_ICMP
    else:
        message = struct.pack("!BBHI", 2, 0, 0, args.mtu) + quote
        family, protocol = socket.AF_INET6, socket.IPPROTO_ICMPV6
    with socket.socket(family, socket.SOCK_RAW, protocol) as out:
        for _ in range(args.count):
            out.sendto(message, (socket.inet_ntop(family, bytes(source)), 0))


if __name__ == "__main__":
    main()
