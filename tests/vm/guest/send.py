#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends the packets on standard input, in hex and one in a line, as
stt-packet.py writes them.
"""

import argparse
import random
import socket
import sys
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, metavar="N",
                        help="send N packets a second (as many as possible)")
    parser.add_argument("--seconds", type=float, metavar="S",
                        help="send the packets over and over for S seconds")
    parser.add_argument("--vary", type=int, action="append", default=[],
                        metavar="OFFSET", help="give the two bytes at OFFSET "
                        "another value each time, and the two behind them one "
                        "that keeps TCP's and IP's checksums right")
    parser.add_argument("--ip", action="store_true",
                        help="send through a raw IPv4 socket, without the "
                        "Ethernet header, to the address that DEVICE is")
    parser.add_argument("device")
    args = parser.parse_args()
    packets = [bytearray.fromhex(line) for line in sys.stdin]

    if args.ip:
        out = socket.socket(socket.AF_INET, socket.SOCK_RAW,
                            socket.IPPROTO_RAW)
        out.connect((args.device, 0))
        skip = 14
    else:
        out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        out.bind((args.device, 0))
        skip = 0

    start = time.monotonic()
    end = start + (args.seconds or 0)
    number = 0
    while True:
        for packet in packets:
            for offset in args.vary:
                pair = random.randrange(1, 0xffff)
                packet[offset:offset + 4] = (pair << 16
                                             | 0xffff - pair).to_bytes(4, "big")
            out.send(packet[skip:])
            number += 1
            if args.rate:
                ahead = start + number / args.rate - time.monotonic()
                if ahead > 0:
                    time.sleep(ahead)
        if time.monotonic() >= end:
            break
    print(number, "packets sent")


if __name__ == "__main__":
    main()
