#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lists the packets of captures, one line for each, to be sorted and compared.

With --stt the packets are the inner ones of STT, as tshark, which knows the
protocol from elsewhere, puts them together from their segments.  A VLAN tag
that was in the STT frame header is back in its place.  With --cut, what the
STT frame header leaves to the receiver is done, too: the TCP or UDP checksum
is completed, and a super-packet is cut into TCP segments.
"""

import argparse
import hashlib
import re
import struct
import subprocess
import sys

ETHERNET_LEN = 14
TCP_LEN = 20
STT_LEN = 18
PARTIAL, IPV4, TCP = 0x02, 0x04, 0x08


def read_capture(name):
    """Yields the packets in the pcap file 'name'."""
    with open(name, "rb") as capture:
        header = capture.read(24)
        order = {b"\xd4\xc3\xb2\xa1": "<",
                 b"\xa1\xb2\xc3\xd4": ">"}[header[:4]]
        while True:
            record = capture.read(16)
            if len(record) < 16:
                return
            captured, length = struct.unpack(order + "8x2I", record)
            if captured != length:
                sys.exit("%s: a packet was captured in part" % name)
            yield capture.read(captured)


def read_hex(lines):
    """Yields what tshark -x prints: for each packet a dictionary of its
    buffers' names and contents."""
    buffers, name = {}, None
    for line in lines:
        heading = re.fullmatch(r"(.*) \(\d+ bytes\):\n", line)
        if heading:
            name = heading[1]
        if heading and name != "Frame":
            buffers[name] = bytearray()
        elif line == "\n":
            if buffers:
                yield buffers
            buffers, name = {}, None
        elif not heading:
            text = line.split("   ")[0].split()[1:]
            buffers.setdefault(name or "Frame", bytearray()).extend(
                bytes.fromhex("".join(text)))
    if buffers:
        yield buffers


def read_frames(name):
    """Yields the STT frames in the pcap file 'name'."""
    tshark = subprocess.run(
        ["tshark", "-r", name, "-x", "-Y", "stt",
         "-o", "ip.try_heuristic_first:TRUE",
         "-o", "ipv6.try_heuristic_first:TRUE"],
        check=True, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL)
    begun = {}
    for buffers in read_hex(tshark.stdout.splitlines(keepends=True)):
        packet = bytes(buffers["Frame"])
        offset = 12
        while packet[offset:offset + 2] == b"\x81\x00":
            offset += 4
        offset += 2
        offset += 40 if packet[offset] >> 4 == 6 else (packet[offset] & 15) * 4
        length, position, frame_id = struct.unpack_from("!HHI", packet,
                                                        offset + 4)
        segment = packet[offset + TCP_LEN:][:length]
        if frame_id in begun and position:
            frame = begun.pop(frame_id) + segment
        elif "Reassembled STT" in buffers:
            # The first segment's TCP-like header stands before the frame.
            frame = bytes(buffers["Reassembled STT"][TCP_LEN:])
            if len(frame) < length:
                # tshark 4.0 counts this header, too, and so takes a frame
                # that lacks no more than 20 bytes for complete.
                begun[frame_id] = frame
        else:
            frame = segment
        if len(frame) == length:
            yield frame


def checksum(data):
    """Returns the Internet checksum of 'data'."""
    total = sum(struct.unpack("!%dH" % (len(data) // 2),
                              data[:len(data) & ~1]))
    if len(data) & 1:
        total += data[-1] << 8
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def put16(data, offset, value):
    struct.pack_into("!H", data, offset, value)


def complete(packet, l3, l4, is_tcp):
    """Completes the checksums of the 'packet', a bytearray, with IP header at
    'l3' and TCP or UDP header at 'l4'."""
    field = l4 + (16 if is_tcp else 6)
    put16(packet, field, 0)
    addresses = packet[l3 + 12:l3 + 20]
    if packet[l3] >> 4 == 6:
        addresses = packet[l3 + 8:l3 + 40]
    else:
        put16(packet, l3 + 10, 0)
        put16(packet, l3 + 10, checksum(packet[l3:l4]))
    pseudo = addresses + struct.pack("!2I", 6 if is_tcp else 17,
                                     len(packet) - l4)
    put16(packet, field, checksum(pseudo + packet[l4:]) or
          (0 if is_tcp else 0xffff))


def cut(packet, flags, l4, mss):
    """Returns what a receiver has to make of the inner 'packet', of which the
    STT frame header says 'flags', 'l4' and 'mss'."""
    if not flags & PARTIAL:
        return [packet]
    l3 = ETHERNET_LEN
    if not flags & TCP or not mss:
        packet = bytearray(packet)
        complete(packet, l3, l4, flags & TCP)
        return [bytes(packet)]
    start = l4 + (packet[l4 + 12] >> 4) * 4
    identification, = struct.unpack_from("!H", packet, l3 + 4)
    sequence, = struct.unpack_from("!I", packet, l4 + 4)
    pieces = []
    for offset in range(start, len(packet), mss):
        piece = bytearray(packet[:start] + packet[offset:offset + mss])
        if flags & IPV4:
            put16(piece, l3 + 2, len(piece) - l3)
            put16(piece, l3 + 4, identification + len(pieces) & 0xffff)
        else:
            put16(piece, l3 + 4, len(piece) - l3 - 40)
        struct.pack_into("!I", piece, l4 + 4,
                         sequence + offset - start & 0xffffffff)
        if offset + mss < len(packet):
            piece[l4 + 13] &= ~0x09             # FIN and PSH: in the last one.
        if offset > start:
            piece[l4 + 13] &= ~0x80             # CWR: in the first one.
        complete(piece, l3, l4, True)
        pieces.append(bytes(piece))
    return pieces


def inner_packets(name, do_cut):
    """Yields the inner packets in the pcap file 'name'."""
    for frame in read_frames(name):
        _, flags, l4, mss, vlan = struct.unpack_from("!3BxHH", frame)
        packet = frame[STT_LEN:]
        for piece in cut(packet, flags, l4, mss) if do_cut else [packet]:
            if vlan:
                # Older senders do not set the bit that says that it is valid.
                piece = (piece[:12] + struct.pack("!HH", 0x8100, vlan & 0xefff)
                         + piece[12:])
            yield piece


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stt", action="store_true")
    parser.add_argument("--cut", action="store_true")
    parser.add_argument("--from", dest="source", metavar="MAC", default="",
                        help="only packets of this Ethernet source")
    parser.add_argument("--marked", action="store_true",
                        help="only packets between those with the texts"
                        " begin-of-capture and end-of-capture")
    parser.add_argument("captures", nargs="+", metavar="FILE")
    args = parser.parse_args()
    source = bytes.fromhex(args.source.replace(":", ""))
    for name in args.captures:
        inside = not args.marked
        for packet in (inner_packets(name, args.cut) if args.stt
                       else read_capture(name)):
            if packet[6:12].startswith(source):
                if args.marked and b"begin-of-capture" in packet:
                    inside = True
                elif args.marked and b"end-of-capture" in packet:
                    break
                elif inside:
                    print("%5d %s %s" % (
                        len(packet), hashlib.sha256(packet).hexdigest()[:16],
                        packet[:66].hex()))


if __name__ == "__main__":
    main()
