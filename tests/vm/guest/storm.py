#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends packets made at random, for a number of seconds, through a packet socket
with virtio headers.

usage: storm.py segments SECONDS SEED DEVICE MAC
       storm.py guests SECONDS SEED DEVICE MAC
       storm.py honest SECONDS SEED DEVICE MAC

segments  STT segments for 192.0.2.2 and 2001:db8:2::2, at the Ethernet address
          MAC: most are what a good sender may send, with frames in pieces of any
          size and order, and in the others something is wrong.
guests    what a guest may leave to its device, right or wrong: any protocol and
          tags, checksum offsets and segmentation that may have nothing to do
          with it.
honest    the same where all is right, to 198.51.100.2 and 2001:db8:100::2.

Prints how many packets it sent.
"""

import random
import socket
import struct
import sys
import time

from traffic import fold

SOL_PACKET, PACKET_VNET_HDR = 263, 15
NEEDS_CSUM = 1
GSO_NONE, GSO_TCPV4, GSO_UDP, GSO_TCPV6, GSO_UDP_L4, GSO_ECN = \
    0, 1, 3, 4, 5, 0x80
TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
STT_PORT, VXLAN_PORT = 7471, 4789
CHECKSUM = {TCP: 16, UDP: 6, ICMP: 2, ICMPV6: 2}
FRAME_PARTIAL, FRAME_IPV4, FRAME_TCP = 0x02, 0x04, 0x08
MAX_PACKET = 60000
# A sender of this kind must leave the receiver time to count.
PAUSE = 0.0005

NO_OFFLOAD = struct.pack("=BBHHHH", 0, 0, 0, 0, 0, 0)


class Ip:
    """Makes IP headers between two addresses."""

    def __init__(self, source, destination):
        family = socket.AF_INET6 if ":" in source else socket.AF_INET
        self.ipv4 = family == socket.AF_INET
        self.addresses = (socket.inet_pton(family, source)
                          + socket.inet_pton(family, destination))
        self.ethertype = b"\x08\x00" if self.ipv4 else b"\x86\xdd"
        self.length = 20 if self.ipv4 else 40

    def header(self, protocol, payload_length):
        if not self.ipv4:
            return (struct.pack("!IHBB", 6 << 28, payload_length, protocol, 64)
                    + self.addresses)
        header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + payload_length, 1,
                             0x4000, 64, protocol, 0) + self.addresses
        return (header[:10] + struct.pack("!H", ~fold(header) & 0xffff)
                + header[12:])

    def pseudo(self, protocol, length):
        """The sum of the pseudo header."""
        return fold(self.addresses, protocol + length)


def layer4(ip, protocol, payload, unfinished):
    """A header of 'protocol' and 'payload', whose checksum is right, or the sum
    of the pseudo header if it is 'unfinished'."""
    if protocol == TCP:
        packet = struct.pack("!HHIIBBHHH", 7100, 7100, 1, 0, 5 << 4, 0x10,
                             0xffff, 0, 0) + payload
    elif protocol == UDP:
        packet = struct.pack("!HHHH", 7100, 7100, 8 + len(payload), 0) + payload
    else:
        packet = struct.pack("!BBHHH", 8 if protocol == ICMP else 128, 0, 0, 1,
                             1) + payload
    pseudo = 0 if protocol == ICMP else ip.pseudo(protocol, len(packet))
    at = CHECKSUM[protocol]
    value = pseudo if unfinished else ~fold(packet, pseudo) & 0xffff or 0xffff
    return packet[:at] + struct.pack("!H", value) + packet[at + 2:]


class Storm:
    """What all kinds have in common: the random numbers, and the socket."""

    def __init__(self, seed, device, mac):
        self.random = random.Random(seed)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        self.socket.bind((device, 0))
        with open(f"/sys/class/net/{device}/address") as own:
            self.ethernet = (bytes.fromhex(mac.replace(":", ""))
                             + bytes.fromhex(own.read().strip()
                                             .replace(":", "")))
        self.data = self.random.randbytes(MAX_PACKET)
        self.sent = 0

    def send(self, offload, packet):
        """Linux refuses a virtio header that it sees to be wrong."""
        try:
            self.socket.send(offload + packet)
            self.sent += 1
        except OSError:
            pass
        time.sleep(PAUSE)

    def payload(self, most=MAX_PACKET):
        choose = self.random
        size = choose.choice((choose.randrange(64), choose.randrange(1400),
                              choose.randrange(most)))
        start = choose.randrange(MAX_PACKET - min(size, MAX_PACKET - 1))
        return self.data[start:start + size]

    def tags(self, most=3):
        return b"".join(
            struct.pack("!HH", self.random.choice((0x8100, 0x8100, 0x88a8)),
                        self.random.randrange(0x10000))
            for _ in range(self.random.choice((0, 0, 0, 1, 1, 2, most))))


class Segments(Storm):
    """STT segments."""

    IPS = (Ip("192.0.2.1", "192.0.2.2"), Ip("2001:db8:2::1", "2001:db8:2::2"))
    INNER = (Ip("198.51.100.1", "198.51.100.2"),
             Ip("2001:db8:100::1", "2001:db8:100::2"))

    def frame(self):
        """A frame, whose header may tell lies."""
        choose = self.random
        ip = choose.choice(self.INNER)
        protocol = choose.choice((TCP, TCP, UDP, ICMP))
        l4 = layer4(ip, protocol, self.payload(choose.choice((9000, 50000))),
                    True)
        tags = self.tags() if choose.random() < 0.2 else b""
        packet = (b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01" + tags + ip.ethertype
                  + ip.header(protocol, len(l4)) + l4)
        flags, offset, mss = 0, 0, 0
        if protocol in (TCP, UDP) and not tags:
            flags = (FRAME_PARTIAL | FRAME_IPV4 * ip.ipv4
                     | FRAME_TCP * (protocol == TCP))
            offset = 14 + ip.length
            if protocol == TCP:
                mss = choose.choice((0, 64, 536, 1400, 8000))
        version = 0
        if choose.random() < 0.1:
            version = choose.choice((0, 0, 1, 255))
            flags = choose.choice((flags, choose.randrange(256)))
            offset = choose.choice((offset, choose.randrange(256)))
            mss = choose.choice((mss, choose.randrange(0x10000)))
        if choose.random() < 0.05:
            packet = packet[:choose.randrange(len(packet))]
        tag = choose.choice((0, 0x1000 | choose.randrange(4096),
                             choose.randrange(0x10000)))
        return struct.pack("!BBBBHHQH", version, flags, offset, 0, mss, tag,
                           choose.getrandbits(64), 0) + packet

    def pieces(self, frame):
        """Where segments of 'frame' begin and end."""
        choose = self.random
        size = choose.choice((len(frame), 8900, 1400, 1400, 536, 100, 1,
                              choose.randrange(1, len(frame) + 1)))
        # What has more than so many is dropped; a few more are enough.
        size = max(size, len(frame) // 270, 1)
        found = [(at, min(at + size, len(frame)))
                 for at in range(0, len(frame), size)]
        kind = choose.random()
        if kind < 0.2:
            choose.shuffle(found)
        elif kind < 0.3:
            found.reverse()
        if choose.random() < 0.1:
            found.insert(choose.randrange(len(found) + 1), choose.choice(found))
        if choose.random() < 0.1:
            at = choose.randrange(len(frame))
            found.insert(choose.randrange(len(found) + 1),
                         (at, choose.randrange(at, len(frame)) + 1))
        if choose.random() < 0.2:
            found.pop(choose.randrange(len(found)))
        return found

    def segment(self, ip, ports, frame_id, total, offset, data):
        choose = self.random
        doff, flags, port = 5, 0x18, STT_PORT
        wrong = choose.random()
        if wrong < 0.01:
            doff = choose.randrange(16)
        elif wrong < 0.02:
            flags = choose.randrange(256)
        elif wrong < 0.03:
            total = choose.choice((0, 17, 31, 0xffff, choose.randrange(65536)))
        elif wrong < 0.04:
            offset = choose.randrange(0x10000)
        elif wrong < 0.045:
            data = b""
        tcp = struct.pack("!HHHHIBBHHH", ports, port, total, offset, frame_id,
                          doff << 4, flags, 0xffff, 0, 0) + data
        pseudo = ip.pseudo(TCP, len(tcp))
        offload = NO_OFFLOAD
        start = 14 + ip.length
        if choose.random() < 0.1:
            # As one host's stack hands it to another's.
            value = pseudo
            gso, mss = GSO_NONE, 0
            if len(data) > 1000 and choose.random() < 0.5:
                gso = GSO_TCPV4 if ip.ipv4 else GSO_TCPV6
                mss = 1000
            offload = struct.pack("=BBHHHH", NEEDS_CSUM, gso, start + 20, mss,
                                  start, 16)
        else:
            value = ~fold(tcp, pseudo) & 0xffff
        if choose.random() < 0.01:
            value ^= choose.randrange(1, 0x10000)
        tcp = tcp[:16] + struct.pack("!H", value) + tcp[18:]
        packet = bytearray(self.ethernet + ip.ethertype
                           + ip.header(TCP, len(tcp)) + tcp)
        if choose.random() < 0.02:
            for _ in range(choose.randrange(1, 4)):
                packet[choose.randrange(12, len(packet))] = \
                    choose.randrange(256)
        self.send(offload, bytes(packet))

    def run(self, end):
        choose = self.random
        while time.monotonic() < end:
            frame = self.frame()
            ip = choose.choice(self.IPS)
            ports, frame_id = choose.randrange(5000, 5004), choose.randrange(64)
            for begin, stop in self.pieces(frame):
                self.segment(ip, ports, frame_id, len(frame), begin,
                             frame[begin:stop])


class Honest(Storm):
    """What a good guest leaves to its device."""

    IPS = (Ip("198.51.100.1", "198.51.100.2"),
           Ip("2001:db8:100::1", "2001:db8:100::2"))

    def plain(self, ip, most=MAX_PACKET):
        """A packet and its offload state: protocol, where layer 4 begins behind
        the IP header, whether its checksum is unfinished, the GSO type and the
        segment size."""
        choose = self.random
        protocol = choose.choice((TCP, TCP, UDP, ICMP if ip.ipv4 else ICMPV6))
        unfinished = protocol in (TCP, UDP) and choose.random() < 0.7
        gso, mss = GSO_NONE, 0
        room = 1400
        if unfinished and choose.random() < 0.5:
            room = most
            mss = choose.choice((536, 1000, 1300))
        payload = self.payload(room)[:room]
        if len(payload) <= mss:
            mss = 0
        if mss:
            # UDP_SEGMENT has a limit (UDP_MAX_SEGMENTS of Linux 5.10).
            payload = payload[:mss * 60]
            gso = (GSO_UDP_L4 if protocol == UDP
                   else GSO_TCPV4 if ip.ipv4 else GSO_TCPV6)
        else:
            payload = payload[:1300]
        return (protocol, layer4(ip, protocol, payload, unfinished),
                unfinished, gso, mss)

    def packet(self):
        choose = self.random
        ip = choose.choice(self.IPS)
        protocol, l4, unfinished, gso, mss = self.plain(ip)
        head = self.ethernet + self.tags(1) + ip.ethertype
        packet = head + ip.header(protocol, len(l4)) + l4
        if not unfinished:
            return NO_OFFLOAD, packet
        start = len(head) + ip.length
        if not mss and len(packet) < 1400 and choose.random() < 0.2:
            # In a VXLAN of the guest's own, without an outer checksum.
            outer = self.IPS[0]
            wrap = struct.pack("!HHHHII", 7100, VXLAN_PORT, 16 + len(packet), 0,
                               1 << 27, 7 << 8)
            head = (self.ethernet + outer.ethertype
                    + outer.header(UDP, len(wrap) + len(packet)) + wrap)
            start += len(head)
            packet = head + packet
        return struct.pack("=BBHHHH", NEEDS_CSUM, gso,
                           start + (20 if protocol == TCP else 8), mss, start,
                           CHECKSUM[protocol]), packet

    def run(self, end):
        while time.monotonic() < end:
            self.send(*self.packet())


class Guests(Honest):
    """What any guest may send."""

    def run(self, end):
        choose = self.random
        while time.monotonic() < end:
            offload, packet = self.packet()
            flags, gso, length, mss, start, offset = struct.unpack("=BBHHHH",
                                                                   offload)
            for _ in range(choose.randrange(4)):
                what = choose.randrange(9)
                if what == 0:
                    flags = choose.choice((0, NEEDS_CSUM, 2,
                                           choose.randrange(256)))
                elif what == 1:
                    gso = choose.choice((GSO_NONE, GSO_TCPV4, GSO_UDP,
                                         GSO_TCPV6, GSO_UDP_L4,
                                         GSO_TCPV4 | GSO_ECN,
                                         choose.randrange(256)))
                elif what == 2:
                    length = choose.choice((0, 14, choose.randrange(200),
                                            choose.randrange(0x10000)))
                elif what == 3:
                    mss = choose.choice((0, 1, 8, 63, 64,
                                         choose.randrange(0x10000)))
                elif what == 4:
                    start = choose.choice((0, 14, start + 8,
                                           choose.randrange(200),
                                           choose.randrange(0x10000)))
                elif what == 5:
                    offset = choose.choice((6, 16, 8, 2,
                                            choose.randrange(0x10000)))
                elif what == 6:
                    packet = packet[:choose.randrange(14, len(packet) + 1)]
                elif what == 7:
                    # Some other protocol, or none, around the same.
                    at = choose.randrange(12, min(len(packet), 80))
                    packet = (packet[:at] + self.random.randbytes(2)
                              + packet[at + 2:])
                else:
                    packet = (packet[:12] + self.tags(6) + packet[12:])
            self.send(struct.pack("=BBHHHH", flags, gso, length, mss, start,
                                  offset), packet[:65535])


def main():
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    kind, seconds, seed, device, mac = sys.argv[1:]
    storm = {"segments": Segments, "guests": Guests,
             "honest": Honest}[kind](int(seed), device, mac)
    storm.run(time.monotonic() + float(seconds))
    print(storm.sent)


if __name__ == "__main__":
    main()
