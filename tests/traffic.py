#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends traffic between two devices in network namespaces, both ways, and
compares every byte that arrives.

A device is given as NAMESPACE,DEVICE.  Datagrams and frames that get lost are
sent again a few times, as nobody promised to deliver them; one that arrives
changed, or that nobody sent, is an error.
"""

import argparse
import contextlib
import ctypes
import hashlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

CLONE_NEWNET = 0x40000000
ETH_P_ALL = 3
EXPERIMENT = b"\x88\xb5"                # IEEE 802's local experiments.
SO_ATTACH_FILTER = 26
SOL_PACKET, PACKET_AUXDATA, TP_STATUS_VLAN_VALID = 263, 8, 0x10
# One tag, the tag that says nothing but priority 0, a service tag, and two.
TAGS = ("8100a00a", "81000000", "88a80ffe", "88a8201e8100000a",
        "8100e00181000002")
IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, PMTUDISC_DONT, PMTUDISC_DO = 10, 23, 0, 2
IP_RECVTOS, IPV6_RECVTCLASS, IPV6_TCLASS = 13, 66, 67

PORT = 7000
# Seconds until all is given up, a hundred times what it should take, until a
# connection that does not move is given up, and until a datagram counts as
# lost.  One in three may get lost beside a load on a busy machine.
DEADLINE = 300
PATIENCE = 120
LOST = 1.0
TRIES = 20
# Bytes that are written at a time, and those of a load, which has to be there
# without filling all queues.
CHUNK = 1 << 18
LOAD_CHUNK = 1 << 16
LOAD_PAUSE = 0.005


class Trouble(Exception):
    """What went wrong, in one line."""


@contextlib.contextmanager
def inside(netns):
    """Moves this thread to the namespace 'netns'.  A socket made meanwhile
    stays there."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net") as home, \
            open("/run/netns/" + netns) as there:
        if libc.setns(there.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns " + netns)
        try:
            yield
        finally:
            libc.setns(home.fileno(), CLONE_NEWNET)


class Device:
    """A network device, with its addresses."""

    def __init__(self, text):
        self.netns, self.name = text.split(",")
        show = subprocess.run(
            ["ip", "-json", "-n", self.netns, "address", "show", self.name],
            check=True, stdout=subprocess.PIPE)
        link = json.loads(show.stdout)[0]
        self.mtu = link["mtu"]
        self.mac = bytes.fromhex(link["address"].replace(":", ""))
        self.address = {}
        for info in link["addr_info"]:
            if info["scope"] == "global":
                family = (socket.AF_INET6 if info["family"] == "inet6"
                          else socket.AF_INET)
                self.address.setdefault(family, info["local"])

    def socket(self, *args):
        with inside(self.netns):
            return socket.socket(*args)


def version(family):
    return {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}[family]


class Exchange:
    """Sends random payloads, each of them until it arrives."""

    def __init__(self):
        self.sent = set()

    def __call__(self, what, size, send, receive, ready, header=b""):
        """Sends a payload of 'size' bytes behind 'header' with 'send' until
        'receive', which is called when the socket 'ready' has something,
        returns it."""
        payload = header + os.urandom(size)
        self.sent.add(payload)
        for _ in range(TRIES):
            send(payload)
            deadline = time.monotonic() + LOST
            while True:
                left = deadline - time.monotonic()
                if left <= 0 or not select.select([ready], [], [], left)[0]:
                    break
                got = receive()
                if got == payload:
                    return
                # An earlier one that was sent again may turn up twice.
                if got is not None and got not in self.sent:
                    raise Trouble("%s: %d bytes arrive that nobody sent"
                                  % (what, len(got)))
        raise Trouble("%s does not arrive" % what)


def around_segments(underlay_mtu, overhead, largest):
    """Returns the sizes of inner packets, up to 'largest', 'overhead' bytes
    less, that are about to need one more segment."""
    sizes = set()
    for headers in (40, 60):
        segment = underlay_mtu - headers
        for n in range(1, (largest + 18) // segment + 1):
            sizes.update(n * segment - 18 - overhead + d for d in (-1, 0, 1))
    return {size for size in sizes if 0 <= size <= largest - overhead}


def leave_out_ip(end):
    """Has 'end', a packet socket, get no IP, as other traffic between the
    guests may be more than this program can read."""
    load, jump_if_equal, end_with = 0x28, 0x15, 0x06
    program = [(load, 0, 0, 12),
               (jump_if_equal, 2, 0, 0x0800), (jump_if_equal, 1, 0, 0x86dd),
               (end_with, 0, 0, 0xffffffff), (end_with, 0, 0, 0)]
    code = ctypes.create_string_buffer(b"".join(
        struct.pack("=HBBI", *instruction) for instruction in program))
    end.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack(
        "@HP", len(program), ctypes.addressof(code)))


def receive_frame(end):
    """Returns the next frame that 'end', a packet socket, has, if it is one of
    our own that came in, with the tag that the kernel took out of it."""
    packet, control, _, where = end.recvmsg(1 << 17, 256)
    if where[2] == socket.PACKET_OUTGOING:
        return None
    for level, kind, data in control:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, tci, tpid = struct.unpack("=I12xHH", data)
            if status & TP_STATUS_VLAN_VALID:
                packet = (packet[:12] + struct.pack("!HH", tpid, tci)
                          + packet[12:])
    offset = 12
    while packet[offset:offset + 2] in (b"\x81\x00", b"\x88\xa8"):
        offset += 4
    return packet if packet[offset:offset + 2] == EXPERIMENT else None


def frames(a, b, args):
    """Raw Ethernet frames: every small size, the sizes around the limits of
    segments, and some with VLAN tags."""
    largest = a.mtu + 14
    sizes = around_segments(args.underlay_mtu, 0, largest)
    sizes |= set(range(14, 90)) | {largest, largest - 1}
    if not args.brief:
        sizes |= set(range(90, min(largest, 1514) + 1, 7))
    kinds = [(b"", size) for size in sorted(sizes) if size >= 14]
    kinds += [(bytes.fromhex(tags), size) for tags in TAGS
              for size in (60, 1438, 1442, largest) if size <= largest]
    kinds += [(bytes.fromhex(TAGS[0]), largest + 4)]

    exchange = Exchange()
    with contextlib.ExitStack() as stack:
        ends = []
        for device in (a, b):
            end = stack.enter_context(device.socket(
                socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)))
            with inside(device.netns):
                end.bind((device.name, ETH_P_ALL))
            end.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
            leave_out_ip(end)
            ends.append((device, end))
        for tags, size in kinds:
            for (source, out), (target, into) in (ends, ends[::-1]):
                exchange("frame of %d bytes with tags '%s'" % (size,
                                                               tags.hex()),
                         size - 14 - len(tags), out.send,
                         lambda: receive_frame(into), into,
                         target.mac + source.mac + tags + EXPERIMENT)
    return "%d frames of 14 to %d bytes" % (2 * len(kinds), largest)


def udp(a, b, family, args):
    """UDP datagrams, with and without fragments."""
    ip_len = 40 if family == socket.AF_INET6 else 20
    sizes = {0, 1, 2, 17, 18, 100, 511, 1000, a.mtu - ip_len - 8,
             a.mtu - ip_len - 7, 4000, 9000, 30000, 60000}
    if not args.brief:
        sizes |= around_segments(args.underlay_mtu, 14 + ip_len + 8,
                                 min(a.mtu + 14, 3 * args.underlay_mtu))
    exchange = Exchange()
    with a.socket(family, socket.SOCK_DGRAM) as here, \
            b.socket(family, socket.SOCK_DGRAM) as there:
        here.bind((a.address[family], 0))
        there.bind((b.address[family], PORT))
        here.connect(there.getsockname())
        there.connect(here.getsockname())
        for size in sorted(sizes):
            for out, into in ((here, there), (there, here)):
                exchange("%s UDP datagram of %d bytes" % (version(family),
                                                          size),
                         size, out.send,
                         lambda: into.recv(1 << 17), into)
    return "%s UDP datagrams of %d to %d bytes" % (version(family), min(sizes),
                                                   max(sizes))


def fold(data, start=0):
    """The Internet checksum's sum of 'data', folded to 16 bits."""
    if len(data) % 2:
        # Not in place: it is the caller's.
        data = data + b"\0"
    total = start + sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def checksum(data):
    """The Internet checksum of 'data'."""
    return 0xffff ^ fold(data)


def icmp(a, b, family, args):
    """Echo requests, with DF as long as they fit the MTU."""
    exchange = Exchange()
    ip_len, protocol, request, reply, option = (
        (40, socket.IPPROTO_ICMPV6, 128, 129, IPV6_MTU_DISCOVER)
        if family == socket.AF_INET6 else
        (20, socket.IPPROTO_ICMP, 8, 0, IP_MTU_DISCOVER))
    level = socket.IPPROTO_IPV6 if ip_len == 40 else socket.IPPROTO_IP
    fitting = a.mtu - ip_len - 8
    identifier = os.getpid() & 0xffff
    sizes = {0, 1, 2, 56, 64, 1000, fitting - 1, fitting, fitting + 1, 20000,
             60000}
    with a.socket(family, socket.SOCK_RAW, protocol) as end:
        end.bind((a.address[family], 0))
        end.connect((b.address[family], 0))
        for number, size in enumerate(sorted(sizes)):
            end.setsockopt(level, option, PMTUDISC_DO if size <= fitting
                           else PMTUDISC_DONT)

            def send(payload):
                header = struct.pack("!HH", identifier, number)
                value = checksum(struct.pack("!BxH", request, 0) + header
                                 + payload)
                end.send(struct.pack("!BxH", request, value) + header
                         + payload)

            def receive():
                packet = end.recv(1 << 17)
                if ip_len == 20:
                    packet = packet[(packet[0] & 15) * 4:]
                if (packet[0] != reply or packet[4:8]
                        != struct.pack("!HH", identifier, number)):
                    return None
                if ip_len == 20 and checksum(packet):
                    raise Trouble("IPv4 echo: bad checksum")
                return packet[8:]

            exchange("%s echo with %d bytes" % (version(family), size),
                     size, send, receive, end)
    return "%s echoes with %d to %d bytes" % (version(family), min(sizes),
                                              max(sizes))


def tcp_one_way(sender, receiver, args):
    """Sends a stream between two sockets.  Returns its length."""
    result = {}

    def receive():
        received = hashlib.sha256()
        try:
            while True:
                data = receiver.recv(CHUNK)
                if not data:
                    break
                received.update(data)
            result["hash"] = received.hexdigest()
        except OSError as error:
            result["error"] = error

    thread = threading.Thread(target=receive)
    thread.start()
    sent, length = hashlib.sha256(), 0
    try:
        while True:
            chunk = os.urandom(LOAD_CHUNK if args.until
                               else min(CHUNK, args.bytes - length))
            sender.sendall(chunk)
            sent.update(chunk)
            length += len(chunk)
            # The first large write is followed by a few small ones.
            for size in (1, 537, 1449) if length == len(chunk) else ():
                chunk = os.urandom(size)
                sender.sendall(chunk)
                sent.update(chunk)
                length += size
            if (os.path.exists(args.until) if args.until
                    else length >= args.bytes):
                break
            if args.until:
                time.sleep(LOAD_PAUSE)
        sender.shutdown(socket.SHUT_WR)
    finally:
        thread.join()
    if "error" in result:
        raise Trouble("TCP: %s" % result["error"])
    if result["hash"] != sent.hexdigest():
        raise Trouble("TCP: %d bytes arrived, changed" % length)
    return length


def tcp(a, b, family, args):
    """A TCP stream each way."""
    with b.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((b.address[family], PORT))
        listener.listen(1)
        with a.socket(family, socket.SOCK_STREAM) as here:
            here.settimeout(PATIENCE)
            here.connect(listener.getsockname())
            there, _ = listener.accept()
            with there:
                there.settimeout(PATIENCE)
                length = tcp_one_way(here, there, args)
                if not args.until:
                    tcp_one_way(there, here, args)
    return "%s TCP streams of %s bytes" % (version(family),
                                           "many" if args.until else length)


def ecn(a, b, family, args):
    """UDP datagrams with all values of the ECN field, those in --sizes.  Tells
    what becomes of the field on the way from a to b."""
    names = ("Not-ECT", "ECT(1)", "ECT(0)", "CE")
    tos = ((socket.IPPROTO_IPV6, IPV6_TCLASS, IPV6_RECVTCLASS)
           if family == socket.AF_INET6 else
           (socket.IPPROTO_IP, socket.IP_TOS, IP_RECVTOS))
    lines = []
    with a.socket(family, socket.SOCK_DGRAM) as out, \
            b.socket(family, socket.SOCK_DGRAM) as into:
        into.setsockopt(tos[0], tos[2], 1)
        into.bind((b.address[family], PORT))
        into.settimeout(LOST)
        out.connect(into.getsockname())

        def send(field, payload):
            out.setsockopt(tos[0], tos[1], field)
            out.send(payload)

        def send_and_wait(payload):
            for _ in range(TRIES):
                send(2, payload)
                try:
                    while True:
                        got, control, _, _ = into.recvmsg(1 << 17, 256)
                        arrived[got] = control[0][2][0] & 3
                        if got == payload:
                            return
                except socket.timeout:
                    pass
            raise Trouble("UDP with ECT(0) does not arrive")

        for size in args.sizes:
            payloads = {os.urandom(size): field for field in range(4)}
            arrived = {}
            for payload, field in payloads.items():
                send(field, payload)
            # What is not here before two more, one after the other, is lost.
            # One would not do: a switch takes a few packets at a time, in the
            # order of its flows.
            send_and_wait(os.urandom(size))
            send_and_wait(os.urandom(size))
            lines += ["%s, %d bytes: %s -> %s" % (
                version(family), size, names[field],
                names[arrived[payload]] if payload in arrived else "lost")
                for payload, field in payloads.items()]
    return "\n".join(lines)


def give_up(_signum, _frame):
    # The thread that receives would wait on.
    print("traffic.py: not done after %d seconds" % DEADLINE, file=sys.stderr,
          flush=True)
    os._exit(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="frames,icmp,udp,tcp",
                        metavar="LIST", help="of frames, icmp, udp, tcp, ecn")
    parser.add_argument("--ip", type=int, choices=(4, 6),
                        help="only this version")
    parser.add_argument("--underlay-mtu", type=int, default=1500, metavar="N")
    parser.add_argument("--bytes", type=int, default=2000000, metavar="N",
                        help="length of a TCP stream")
    parser.add_argument("--until", metavar="FILE",
                        help="a TCP stream that ends when FILE is there")
    parser.add_argument("--sizes", default=[], metavar="LIST",
                        type=lambda text: list(map(int, text.split(","))))
    parser.add_argument("--brief", action="store_true",
                        help="a choice of sizes")
    parser.add_argument("a", type=Device)
    parser.add_argument("b", type=Device)
    args = parser.parse_args()
    if not args.until:
        signal.signal(signal.SIGALRM, give_up)
        signal.alarm(DEADLINE)
    families = [family for family in (socket.AF_INET, socket.AF_INET6)
                if args.ip in (None, int(version(family)[3]))]
    for kind in args.only.split(","):
        if kind == "frames":
            print(frames(args.a, args.b, args), flush=True)
            continue
        test = {"icmp": icmp, "udp": udp, "tcp": tcp, "ecn": ecn}[kind]
        for family in families:
            print(test(args.a, args.b, family, args), flush=True)


if __name__ == "__main__":
    try:
        main()
    except Trouble as trouble:
        sys.exit("traffic.py: %s" % trouble)
    except (OSError, subprocess.CalledProcessError) as problem:
        sys.exit("traffic.py: %s" % problem)
