#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends the packets of a pcap file on a device, to another Ethernet address
than they were made for.
"""

import argparse
import socket
import struct
import time

# Seconds between two packets: nobody wants to find out here how large the
# receiver's buffers are.
PAUSE = 0.001


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("device")
    parser.add_argument("mac")
    parser.add_argument("capture")
    args = parser.parse_args()
    mac = bytes.fromhex(args.mac.replace(":", ""))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out, \
            open(args.capture, "rb") as capture:
        out.bind((args.device, 0))
        order = {b"\xd4\xc3\xb2\xa1": "<",
                 b"\xa1\xb2\xc3\xd4": ">"}[capture.read(24)[:4]]
        while True:
            record = capture.read(16)
            if not record:
                break
            length, = struct.unpack(order + "8xI4x", record)
            out.send(mac + capture.read(length)[6:])
            time.sleep(PAUSE)


if __name__ == "__main__":
    main()
