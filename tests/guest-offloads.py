#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends what a guest's kernel can leave to its device, from one device in a
network namespace to another, and compares every byte that arrives.

usage: guest-offloads.py WHAT NAMESPACE,DEVICE NAMESPACE,DEVICE

WHAT is one of:
  udp-segment  datagrams of UDP_SEGMENT, over IPv4
  two-tags     TCP behind two VLAN tags, its checksum left to the device
  cwr          a TCP super-packet with CWR, as RFC 3168 has it
  cwr-accecn   the same without saying that CWR is for the first segment alone
  checksums    packets whose one unfinished checksum is TCP's, UDP's, that of
               TCP in a VXLAN of the guest's own, or at a place where none is
"""

import os
import select
import socket
import struct
import sys
import time

from traffic import DEADLINE, LOST, TRIES, Device, Trouble, fold

UDP_SEGMENT = 103
SOL_PACKET, PACKET_VNET_HDR = 263, 15
NEEDS_CSUM, GSO_NONE, GSO_TCPV4, GSO_ECN = 1, 0, 1, 0x80
ETH_P_ALL = 3
PORT, VXLAN_PORT, MSS, CWR, ACK = 7100, 4789, 1000, 0x80, 0x10


def tcp_packet(a, b, tags, flags, payload):
    """An Ethernet frame whose TCP checksum holds the pseudo header's sum, and
    where its TCP header is."""
    source, destination = (socket.inet_aton(d.address[socket.AF_INET])
                           for d in (a, b))
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), 1, 0x4000,
                     64, socket.IPPROTO_TCP, 0, source, destination)
    ip = ip[:10] + struct.pack("!H", ~fold(ip) & 0xffff) + ip[12:]
    pseudo = fold(source + destination, 6 + 20 + len(payload))
    tcp = struct.pack("!HHIIBBHHH", PORT, PORT, 1, 0, 5 << 4, flags, 0xffff,
                      pseudo, 0)
    ethernet = b.mac + a.mac + b"".join(
        struct.pack("!HH", 0x8100, tag) for tag in tags) + b"\x08\x00"
    return ethernet + ip + tcp + payload, len(ethernet) + len(ip)


def tcp_of(frame):
    """The flags and the payload of the TCP packet 'frame', whose checksums must
    be right, or None if it is something else.  A tag in front may be gone."""
    offset = 12
    while frame[offset:offset + 2] == b"\x81\x00":
        offset += 4
    if frame[offset:offset + 2] != b"\x08\x00":
        return None
    ip = frame[offset + 2:]
    if len(ip) < 40 or ip[9] != socket.IPPROTO_TCP \
            or ip[20:24] != struct.pack("!HH", PORT, PORT):
        return None
    length = struct.unpack("!H", ip[2:4])[0]
    tcp = ip[20:length]
    if fold(ip[:20]) != 0xffff:
        raise Trouble("bad IPv4 header checksum")
    if fold(tcp, fold(ip[12:20], 6 + len(tcp))) != 0xffff:
        raise Trouble("bad TCP checksum")
    return tcp[13], tcp[20:]


def packet_socket(device):
    s = device.socket(socket.AF_PACKET, socket.SOCK_RAW,
                      socket.htons(ETH_P_ALL))
    s.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    s.bind((device.name, ETH_P_ALL))
    return s


def finished(packet):
    """The frame that a packet socket gave with its virtio header, with the
    checksum that this asks for."""
    flags, _, _, _, start, offset = struct.unpack("=BBHHHH", packet[:10])
    frame = packet[10:]
    if flags & NEEDS_CSUM:
        at = start + offset
        frame = (frame[:at]
                 + struct.pack("!H", ~fold(frame[start:]) & 0xffff or 0xffff)
                 + frame[at + 2:])
    return frame


def collect(s, n):
    """What comes of TCP to 's' in 'n' packets or until it counts as lost."""
    got = []
    deadline = time.monotonic() + LOST
    while len(got) < n:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([s], [], [], left)[0]:
            break
        packet, address = s.recvfrom(1 << 17)
        if address[2] == socket.PACKET_OUTGOING:
            continue
        tcp = tcp_of(finished(packet))
        if tcp:
            got.append(tcp)
    return got


def send_tcp(a, b, tags, flags, gso, expected_flags):
    """Sends a TCP packet, or a super-packet, until it arrives as it must."""
    size = 4 * MSS if gso else 200
    out, into = packet_socket(a), packet_socket(b)
    got = []
    for _ in range(TRIES):
        payload = os.urandom(size)
        frame, start = tcp_packet(a, b, tags, flags, payload)
        header = struct.pack("=BBHHHH", NEEDS_CSUM, gso, start + 20,
                             MSS if gso else 0, start, 16)
        out.send(header + frame)
        got = [tcp for tcp in collect(into, len(expected_flags))
               if tcp[1] in payload]
        if b"".join(data for _, data in got) == payload:
            if [f for f, _ in got] != expected_flags:
                raise Trouble(f"flags {[hex(f) for f, _ in got]} instead of "
                              f"{[hex(f) for f in expected_flags]}")
            return
    raise Trouble(f"{len(got)} of {len(expected_flags)} packets arrived")


def udp_packet(source, destination, payload, checksum):
    """An IPv4 packet with UDP, whose checksum field holds 'checksum', or the
    sum of the pseudo header if that is None."""
    source, destination = map(socket.inet_aton, (source, destination))
    length = 8 + len(payload)
    if checksum is None:
        checksum = fold(source + destination, 17 + length)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + length, 1, 0x4000, 64,
                     socket.IPPROTO_UDP, 0, source, destination)
    ip = ip[:10] + struct.pack("!H", ~fold(ip) & 0xffff) + ip[12:]
    return ip + struct.pack("!HHHH", PORT, VXLAN_PORT, length,
                            checksum) + payload


def unfinished(a, b):
    """Yields names of frames, the frames, and where their unfinished checksums
    begin and how much farther each goes."""
    addresses = [d.address[socket.AF_INET] for d in (a, b)]
    ethernet = b.mac + a.mac + b"\x08\x00"

    # None is taken for another that comes late.
    def tcp():
        return tcp_packet(a, b, (), ACK, os.urandom(200))

    frame, start = tcp()
    yield "TCP", frame, start, 16
    yield ("UDP", ethernet + udp_packet(*addresses, os.urandom(200), None),
           start, 6)
    vxlan = struct.pack("!II", 0x08000000, 7 << 8)
    yield ("TCP in VXLAN",
           ethernet + udp_packet(*addresses, vxlan + tcp()[0], 0),
           start + 8 + len(vxlan) + start, 16)
    yield "TCP, at UDP's place", tcp()[0], start, 6
    yield "TCP, at the start of its payload", tcp()[0], start, 20
    yield "TCP, over its payload alone", tcp()[0], start + 20, 8


def send_unfinished(a, b):
    """Sends what unfinished() yields, each until it arrives as a network card
    would have sent it."""
    out, into = packet_socket(a), packet_socket(b)
    for name, frame, start, offset in unfinished(a, b):
        packet = struct.pack("=BBHHHH", NEEDS_CSUM, GSO_NONE, 0, 0, start,
                             offset) + frame
        for _ in range(TRIES):
            out.send(packet)
            got = receive_like(into, frame)
            if got:
                break
        else:
            raise Trouble(f"{name}: does not arrive")
        expected = finished(packet)
        if got != expected:
            at = next(i for i, (x, y) in enumerate(zip(got, expected))
                      if x != y)
            raise Trouble(f"{name}: byte {at} is {got[at]:#x} instead of "
                          f"{expected[at]:#x}")


def receive_like(s, frame):
    """The next frame to 's' that has the end of 'frame', or None if it counts
    as lost."""
    deadline = time.monotonic() + LOST
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([s], [], [], left)[0]:
            return None
        packet, address = s.recvfrom(1 << 17)
        if address[2] != socket.PACKET_OUTGOING \
                and packet[-100:] == frame[-100:]:
            return finished(packet)


def udp_segment(a, b):
    """Sends 20 datagrams at a time, those of lost ones again."""
    out = a.socket(socket.AF_INET, socket.SOCK_DGRAM)
    into = b.socket(socket.AF_INET, socket.SOCK_DGRAM)
    into.bind((b.address[socket.AF_INET], PORT))
    out.setsockopt(socket.SOL_UDP, UDP_SEGMENT, MSS)
    missing = {os.urandom(MSS) for _ in range(200)}
    sent = set(missing)
    end = time.monotonic() + DEADLINE
    while missing:
        if time.monotonic() > end:
            raise Trouble(f"{len(missing)} of {len(sent)} datagrams missing")
        some = list(missing)[:20]
        out.sendto(b"".join(some), (b.address[socket.AF_INET], PORT))
        deadline = time.monotonic() + LOST
        while missing.intersection(some):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([into], [], [], left)[0]:
                break
            datagram = into.recv(1 << 16)
            if datagram not in sent:
                raise Trouble(f"a datagram of {len(datagram)} bytes that "
                              "nobody sent")
            missing.discard(datagram)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    what = sys.argv[1]
    a, b = (Device(text) for text in sys.argv[2:])
    try:
        if what == "udp-segment":
            udp_segment(a, b)
        elif what == "two-tags":
            send_tcp(a, b, (5, 6), ACK, GSO_NONE, [ACK])
        elif what == "cwr":
            send_tcp(a, b, (), ACK | CWR, GSO_TCPV4 | GSO_ECN,
                     [ACK | CWR] + [ACK] * 3)
        elif what == "cwr-accecn":
            send_tcp(a, b, (), ACK | CWR, GSO_TCPV4, [ACK | CWR] * 4)
        elif what == "checksums":
            send_unfinished(a, b)
        else:
            sys.exit(__doc__)
    except Trouble as trouble:
        sys.exit(f"guest-offloads.py: {what}: {trouble}")


if __name__ == "__main__":
    main()
