#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes, takes apart and shows STT packets, for tests.

usage: stt-packet.py STAGES [= [STAGES]]
where STAGES are STAGE [NAME=VALUE]... [: STAGE [NAME=VALUE]...]...

Packets go through the stages from left to right.  The first stage brings them
in, the last one writes them to standard output, in hex, one in a line.  This
makes a TCP packet, puts an STT frame header in front of it and cuts the frame
into segments of 500 bytes:

  stt-packet.py tcp4 len=1200 : frame context_id=7 : segment size=500

With "=" nothing is written unless the packets on its left differ from those on
its right, of which there are none without any stages: then both are shown, and
the exit status is 1.

Values are integers in any of Python's notations, MAC and IP addresses, or
words.  Every field of a header is set with its name in HEADERS below, even to
nonsense; what is not set is what a good sender writes.

Stages that bring packets in:
  hex X...      the packets X
  in            the packets on standard input, in hex
  pcap F        the packets in the file F
  new F         those that were not there when "new F" was last run
  tcp4 udp4 icmp4 tcp6 udp6 arp
                an inner packet with "len" bytes of payload (default 0), the
                byte in position N being N mod 251, or those of "data" (hex);
                "options" bytes of IP options, "tcp_options" bytes of TCP
                options; "csum" is right unless it is "partial" (the sum of the
                pseudo header), "bad" or a number

Stages that change packets:
  vlan          pushes a VLAN tag
  pad           appends "n" bytes of 0xee
  cut           leaves the first "n" bytes, drops "skip" ones in front; with
                "n=A-B" makes as many copies as there are numbers from A to B
  poke          overwrites bytes: "at" (offset) with "with" (hex)
  damage        makes "n" copies of each packet, in which up to three bytes
                between offsets "from" and "to" have another value, as the
                "seed" has it
  tso           cuts TCP packets into ones with "mss" bytes of payload, as
                hardware does, with all checksums right
  finish        completes the TCP or UDP checksum
  frame         prepends an STT frame header
  segment       makes STT segments of frames, with IP and Ethernet headers over
                "v" (4 or 6): one, or several of up to "size" bytes of payload,
                or one with "length" bytes from "offset" on, zeros where the
                frame has none; "csum" as above; "ip_options" (hex)
  pick          leaves the packets with the given numbers, "n=2,0,1"
  reverse       turns their order around
  receive P     has ovs-vswitchd's dummy port P receive the packets, one by one,
                and waits until it has processed them; leaves none
  join          puts segments together to frames, in the order in which these
                begin, and leaves what is behind the frame headers; fails if
                one is not well-formed or a frame is not whole

Stages that come last:
  show          writes packets field by field, in hex.  Instead of a right
                checksum stands "ok", instead of frame ids and source ports
                their ordinal numbers, "#1" and "@1", and instead of more than
                64 bytes of payload their number
  headers       writes a line "VERSION FLAGS L4-OFFSET RESERVED MSS VLAN
                CONTEXT-ID PADDING LENGTH" for each frame, in hex but the
                length, otherwise like "join"
  ports         writes the source ports, in decimal
  ids           writes the frame ids, in hex
  write F       writes the pcap file F, or appends to it: the first packet
                "gap" milliseconds behind the last one there (default 1), the
                others "step" (default 1) behind each other; a new file has
                link type "link" (default 1, Ethernet), times in nanoseconds
                with "nano=1", and its numbers in big endian with "big=1".
                "snap" is how many bytes are captured at most
"""

import ipaddress
import os
import struct
import sys

# For each header, its fields in order: (name, bits, default).  Defaults of
# None are worked out.
HEADERS = {
    "eth": [("dst", 48, "50:54:00:00:00:02"), ("src", 48, "50:54:00:00:00:01"),
            ("type", 16, None)],
    "outer_eth": [("eth_dst", 48, "aa:55:aa:55:00:00"),
                  ("eth_src", 48, "f8:bc:12:44:34:b6"),
                  ("eth_type", 16, None)],
    "ipv4": [("version", 4, 4), ("ihl", 4, None), ("tos", 8, 0),
             ("total_length", 16, None), ("ip_id", 16, 0),
             ("frag", 16, 0x4000), ("ttl", 8, 64), ("proto", 8, None),
             ("ip_csum", 16, None), ("ip_src", 32, "1.1.2.92"),
             ("ip_dst", 32, "1.1.2.88")],
    "ipv6": [("version", 4, 6), ("tos", 8, 0), ("label", 20, 0),
             ("payload_length", 16, None), ("proto", 8, None), ("ttl", 8, 64),
             ("ip_src", 128, "2001:cafe::92"),
             ("ip_dst", 128, "2001:cafe::88")],
    "tcp": [("sport", 16, 1000), ("dport", 16, 80), ("seq", 32, 1),
            ("ack", 32, 2), ("data_offset", 4, None), ("tcp_flags", 12, 0x010),
            ("window", 16, 0x1000), ("csum", 16, None), ("urgent", 16, 0)],
    "udp": [("sport", 16, 1000), ("dport", 16, 80), ("udp_length", 16, None),
            ("csum", 16, None)],
    "icmp": [("icmp_type", 8, 8), ("code", 8, 0), ("csum", 16, None),
             ("ident", 16, 1), ("number", 16, 1)],
    "arp": [("htype", 16, 1), ("ptype", 16, 0x0800), ("hlen", 8, 6),
            ("plen", 8, 4), ("op", 16, 1), ("sha", 48, "50:54:00:00:00:01"),
            ("sip", 32, "192.168.0.1"), ("tha", 48, 0),
            ("tip", 32, "192.168.0.2")],
    "vlan": [("tpid", 16, 0x8100), ("tci", 16, 0)],
    "stt_tcp": [("sport", 16, 40000), ("dport", 16, 7471),
                ("frame_length", 16, None), ("offset", 16, 0), ("id", 32, 1),
                ("data_offset", 4, 5), ("tcp_flags", 12, None),
                ("window", 16, 0xffff), ("csum", 16, None), ("urgent", 16, 0)],
    "stt": [("stt_version", 8, 0), ("flags", 8, 0), ("l4_offset", 8, 0),
            ("reserved", 8, 0), ("mss", 16, 0), ("vlan", 16, 0),
            ("context_id", 64, 0), ("padding", 16, 0)],
}

TCP, UDP, ICMP = 6, 17, 1


def die(message):
    sys.exit(f"stt-packet.py: {message}")


def number(value):
    """The number that 'value', an argument or a default, stands for."""
    if isinstance(value, int):
        return value
    try:
        return int(value, 0)
    except ValueError:
        pass
    if len(value.split(":")) == 6:
        return int(value.replace(":", ""), 16)
    return int(ipaddress.ip_address(value))


class Args(dict):
    """The arguments of a stage.  Those never asked for are mistakes."""

    def __init__(self, words):
        super().__init__()
        self.words = []
        self.used = set()
        for word in words:
            name, equals, value = word.partition("=")
            if equals:
                self[name] = value
            else:
                self.words.append(word)

    def take(self, name, default=None):
        self.used.add(name)
        return self.get(name, default)

    def take_int(self, name, default=None):
        value = self.take(name, default)
        return None if value is None else number(value)

    def take_hex(self, name):
        return bytes.fromhex(self.take(name, ""))

    def check(self, stage):
        unknown = set(self) - self.used
        if unknown or (self.words and stage not in ("hex", "pcap", "new",
                                                         "receive", "write")):
            die(f"{stage}: unknown {sorted(unknown) + self.words}")


def header(name, args, **computed):
    """The bytes of header 'name'; 'args' go before 'computed' values, and
    these before the defaults."""
    value = bits = 0
    for field, size, default in HEADERS[name]:
        arg = args.take(field)
        if arg is None or arg in ("partial", "bad"):
            arg = computed.get(field, default)
        value = value << size | number(arg) & ((1 << size) - 1)
        bits += size
    return value.to_bytes(bits // 8, "big")


def ones_sum(data, total=0):
    if len(data) % 2:
        data += b"\0"
    total += sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def checksum(data, total=0):
    return ones_sum(data, total) ^ 0xffff


def pseudo_sum(addresses, proto, length):
    return ones_sum(addresses + struct.pack(">IHH", length, 0, proto))


def put(data, offset, replacement):
    return data[:offset] + replacement + data[offset + len(replacement):]


def be16(data, offset):
    return int.from_bytes(data[offset:offset + 2], "big")


class Packet:
    """Where an Ethernet packet's headers are."""

    def __init__(self, data):
        self.data = data
        self.l3 = 14
        while be16(data, self.l3 - 2) in (0x8100, 0x88a8):
            self.l3 += 4
        ethertype = be16(data, self.l3 - 2)
        self.v = {0x0800: 4, 0x86dd: 6}.get(ethertype)
        if self.v == 4:
            self.l4 = self.l3 + (data[self.l3] & 15) * 4
            self.end = self.l3 + be16(data, self.l3 + 2)
            self.proto = data[self.l3 + 9]
            self.addresses = data[self.l3 + 12:self.l3 + 20]
        elif self.v == 6:
            self.l4 = self.l3 + 40
            self.end = self.l4 + be16(data, self.l3 + 4)
            self.proto = data[self.l3 + 6]
            self.addresses = data[self.l3 + 8:self.l4]
        else:
            return
        self.csum = self.l4 + (16 if self.proto == TCP else 6)

    def sum(self):
        """The checksum over layer 4, the field in it included."""
        body = self.data[self.l4:self.end]
        return checksum(body, pseudo_sum(self.addresses, self.proto,
                                         len(body)))

    def finish(self):
        self.data = put(self.data, self.csum, b"\0\0")
        self.data = put(self.data, self.csum,
                        (self.sum() or (0xffff if self.proto == UDP else 0))
                        .to_bytes(2, "big"))
        return self.data


def ipv4_header(args, proto, options, length, **defaults):
    ihl = 5 + len(options) // 4
    computed = dict(ihl=ihl, total_length=ihl * 4 + length, proto=proto,
                    ip_csum=0, **defaults)
    data = header("ipv4", args, **computed) + options
    if args.get("ip_csum") == "bad":
        computed["ip_csum"] = checksum(data) ^ 0x5555
    elif "ip_csum" not in args:
        computed["ip_csum"] = checksum(put(data, 10, b"\0\0"))
    return header("ipv4", args, **computed) + options


def set_csum(args, name, l4, offset, pseudo, **computed):
    """'l4' with its checksum at 'offset' as 'args' have it."""
    if args.get("csum") in (None, "bad"):
        value = checksum(put(l4, offset, b"\0\0"), pseudo)
        if name == "udp" and not value:
            value = 0xffff
        if args.get("csum") == "bad":
            value ^= 0x5555
    elif args["csum"] == "partial":
        value = ones_sum(b"", pseudo)
    else:
        value = number(args["csum"])
    return put(l4, offset, value.to_bytes(2, "big"))


def pattern(length):
    return bytes(i % 251 for i in range(length))


def inner(kind, args):
    if kind == "arp":
        return [header("eth", args, type=0x0806) + header("arp", args)]
    v = int(kind[-1])
    payload = args.take_hex("data") or pattern(args.take_int("len", 0))
    protos = {"tcp": TCP, "udp": UDP, "icmp": ICMP}
    l4_name = kind[:-1]
    proto = protos[l4_name]
    tcp_options = b"\1" * args.take_int("tcp_options", 0)
    l4 = header(l4_name, args, csum=0, udp_length=8 + len(payload),
                data_offset=5 + len(tcp_options) // 4)
    l4 += tcp_options + payload
    ip_defaults = {4: dict(ip_src="192.168.0.1", ip_dst="192.168.0.2"),
                   6: dict(ip_src="fd00::1", ip_dst="fd00::2")}[v]
    if v == 4:
        options = b"\1" * args.take_int("options", 0)
        ip = ipv4_header(args, proto, options, len(l4), **ip_defaults)
        addresses = ip[12:20]
    else:
        ip = header("ipv6", args, payload_length=len(l4), proto=proto,
                    **ip_defaults)
        addresses = ip[8:40]
    pseudo = 0 if proto == ICMP else pseudo_sum(addresses, proto, len(l4))
    l4 = set_csum(args, l4_name, l4, {TCP: 16, UDP: 6, ICMP: 2}[proto], pseudo)
    return [header("eth", args, type=0x0800 if v == 4 else 0x86dd) + ip + l4]


def damage(packets, args):
    # This and other modules take longer to load than most stages to run.
    import random
    rand = random.Random(args.take_int("seed", 0))
    n, start, end = (args.take_int(name) for name in ("n", "from", "to"))
    damaged = []
    for packet in packets * n:
        for _ in range(rand.randint(1, 3)):
            at = rand.randrange(start, min(end, len(packet)))
            value = rand.choice([0x00, 0xff,
                                 packet[at] ^ 1 << rand.randrange(8)])
            packet = put(packet, at, bytes([value]))
        damaged.append(packet)
    return damaged


def tso(packet, mss):
    p = Packet(packet)
    start = p.l4 + (packet[p.l4 + 12] >> 4) * 4
    seq = int.from_bytes(packet[p.l4 + 4:p.l4 + 8], "big")
    offsets = range(0, p.end - start, mss)
    for i, offset in enumerate(offsets):
        piece = packet[:start] + packet[start + offset:
                                        min(start + offset + mss, p.end)]
        if p.v == 4:
            ip_id = be16(packet, p.l3 + 4) + i
            piece = put(piece, p.l3 + 2, struct.pack(
                ">HH", len(piece) - p.l3, ip_id & 0xffff))
            piece = put(piece, p.l3 + 10, b"\0\0")
            piece = put(piece, p.l3 + 10,
                        checksum(piece[p.l3:p.l4]).to_bytes(2, "big"))
        else:
            piece = put(piece, p.l3 + 4, struct.pack(">H", len(piece) - p.l4))
        piece = put(piece, p.l4 + 4,
                    struct.pack(">I", (seq + offset) & 0xffffffff))
        if i < len(offsets) - 1:
            # PSH and FIN belong to the last one.
            piece = put(piece, p.l4 + 13, bytes([piece[p.l4 + 13] & ~0x09]))
        yield Packet(piece).finish()


def segments(frame, args):
    v = args.take_int("v", 4)
    size = args.take_int("size")
    options = args.take_hex("ip_options")
    lone = args.take_int("length")
    first = args.take_int("offset", 0) if size is None else 0
    args.used.add("offset")
    end = len(frame) if lone is None else first + lone
    starts = range(first, end, size) if size else [first]
    for n, start in enumerate(starts):
        stop = min(start + size, end) if size else end
        last = stop >= len(frame)
        payload = frame[start:stop].ljust(stop - start, b"\0")
        own = Args([])
        own.update(args)
        own.pop("offset", None) if size else None
        tcp = header("stt_tcp", own, frame_length=len(frame), offset=start,
                     csum=0, tcp_flags=0x018 if last else 0x010) + payload
        if v == 4:
            ip = ipv4_header(own, TCP, options, len(tcp), ip_id=n)
            addresses = ip[12:20]
        else:
            ip = header("ipv6", own, payload_length=len(tcp), proto=TCP)
            addresses = ip[8:40]
        tcp = set_csum(own, "tcp", tcp, 16,
                       pseudo_sum(addresses, TCP, len(tcp)))
        eth = header("outer_eth", own,
                     eth_type=0x0800 if v == 4 else 0x86dd)
        args.used |= own.used
        yield eth + ip + tcp


def read_pcap(name):
    try:
        with open(name, "rb") as f:
            data = f.read()
    except FileNotFoundError:
        return []
    order = "<" if data[:4] == b"\xd4\xc3\xb2\xa1" else ">"
    packets, at = [], 24
    while at + 16 <= len(data):
        length = struct.unpack(order + "I", data[at + 8:at + 12])[0]
        packets.append(data[at + 16:at + 16 + length])
        at += 16 + length
    return packets


def new_packets(name):
    packets = read_pcap(name)
    try:
        with open(name + ".seen") as f:
            seen = int(f.read())
    except FileNotFoundError:
        seen = 0
    with open(name + ".seen", "w") as f:
        f.write(str(len(packets)))
    return packets[seen:]


def connect(daemon):
    """A connection to the socket on which 'daemon' takes commands."""
    import socket
    # The folder's name may be too long for a socket's address.
    folder = os.open(os.environ["OVS_RUNDIR"], os.O_RDONLY)
    try:
        path = f"/proc/self/fd/{folder}/{daemon}"
        with open(path + ".pid") as f:
            path += f".{f.read().strip()}.ctl"
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(int(os.environ.get("OVS_CTL_TIMEOUT", "30")))
        try:
            connection.connect(path)
        except OSError:
            connection.close()
            raise
        return connection
    finally:
        os.close(folder)


def ask(connection, method, *words):
    """Has the daemon at the other end of 'connection' run 'method' with the
    arguments 'words'.  Returns its result and its error, one of which is None."""
    import json
    connection.sendall(json.dumps({"id": 0, "method": method,
                                   "params": words}).encode())
    data = b""
    while True:
        part = connection.recv(65536)
        if not part:
            raise OSError("End of file")
        data += part
        if data.endswith(b"}"):
            try:
                answer = json.loads(data)
            except ValueError:
                # The brace was not the last one.
                continue
            return answer["result"], answer["error"]


def receive(port, packets):
    commands = [["netdev-dummy/receive", port, packet.hex()]
                for packet in packets]
    # It does what is in its queues before it takes a connection.
    for method, *words in [*commands, ["version"]]:
        with connect("ovs-vswitchd") as connection:
            _, error = ask(connection, method, *words)
        if error is not None:
            die(f"{method}: {error}")


def frames_of(packets):
    """The frames that the segments 'packets' make, which must be good."""
    frames = {}
    for n, packet in enumerate(packets):
        p = Packet(packet)
        if p.v is None or p.proto != TCP:
            die(f"packet {n} is no STT segment: {packet.hex()}")
        if p.sum():
            die(f"packet {n} has a bad checksum")
        length, offset = be16(packet, p.l4 + 4), be16(packet, p.l4 + 6)
        key = p.addresses + packet[p.l4:p.l4 + 4] + packet[p.l4 + 8:p.l4 + 12]
        parts = frames.setdefault((key, length), {})
        if offset in parts:
            die(f"packet {n} is a duplicate")
        parts[offset] = packet[p.l4 + 20:p.end]
    for (_, length), parts in frames.items():
        frame = b""
        for offset in sorted(parts):
            if offset != len(frame):
                die(f"gap or overlap at {offset}")
            frame += parts[offset]
        if len(frame) != length:
            die(f"frame of {length} bytes has {len(frame)}")
        yield frame


def write_pcap(name, packets, args):
    """Writes or appends to a pcap file, see above."""
    link, nano, big, snap = (args.take_int(arg, default) for arg, default in
                             (("link", 1), ("nano", 0), ("big", 0),
                              ("snap", 262144)))
    gap, step = args.take_int("gap", 1), args.take_int("step", 1)
    try:
        with open(name, "rb") as f:
            data = f.read()
        big = data[:1] == b"\xa1"
        nano = b"\x3c" in data[:4]
    except FileNotFoundError:
        data = b""
    order = ">" if big else "<"
    unit = 1000000 if nano else 1000
    if not data:
        data = struct.pack(order + "IHHiIII",
                           0xa1b23c4d if nano else 0xa1b2c3d4, 2, 4, 0, 0,
                           262144, link)
    # The time of the last packet there, in milliseconds.
    now, at = 1700000000000 - gap, 24
    while at + 16 <= len(data):
        seconds, fraction, length = struct.unpack_from(order + "III", data, at)
        now = seconds * 1000 + fraction // unit
        at += 16 + length
    now += gap
    for packet in packets:
        captured = packet[:snap]
        data += struct.pack(order + "IIII", now // 1000, now % 1000 * unit,
                            len(captured), len(packet)) + captured
        now += step
    with open(name, "wb") as f:
        f.write(data)


def fields(name, data):
    """The fields of header 'name' in 'data', in hex, as a list."""
    value = int.from_bytes(data, "big")
    bits = len(data) * 8
    out = []
    for _, size, _ in HEADERS[name]:
        bits -= size
        out.append(f"{value >> bits & ((1 << size) - 1):0{(size + 3) // 4}x}")
    return out


def ordinal(table, key):
    return table.setdefault(key, len(table) + 1)


def show(packets):
    ports, ids = {}, {}
    for packet in packets:
        p = Packet(packet)
        tags = packet[12:p.l3 - 2]
        print("eth ", packet[:6].hex(), packet[6:12].hex(),
              *([tags.hex()] if tags else []), packet[p.l3 - 2:p.l3].hex())
        if p.v is None:
            print("data", packet[p.l3:].hex())
            continue
        out = fields("ipv4" if p.v == 4 else "ipv6",
                     packet[p.l3:p.l3 + 20 if p.v == 4 else p.l4])
        if p.v == 4 and not checksum(packet[p.l3:p.l4]):
            out[8] = "ok"
        print(f"ip{p.v} ", *out)
        if p.proto != TCP:
            print("data", packet[p.l4:p.end].hex())
            continue
        out = fields("stt_tcp", packet[p.l4:p.l4 + 20])
        out[0] = f"@{ordinal(ports, out[0])}"
        out[4] = f"#{ordinal(ids, out[4])}"
        if not p.sum():
            out[8] = "ok"
        print("tcp ", *out)
        payload = packet[p.l4 + 20:p.end]
        if be16(packet, p.l4 + 6) == 0:
            print("stt ", *fields("stt", payload[:18]))
            payload = payload[18:]
        print("data", f"{len(payload)} bytes" if len(payload) > 64
              else payload.hex("\n", -36).replace("\n", "\n     "))
        if len(packet) > p.end:
            print("pad ", packet[p.end:].hex())


def run(stage, words, packets):
    """Runs a stage.  Returns its packets, or None if it was a last one."""
    args = Args(words)
    if stage == "hex":
        packets = [bytes.fromhex(word) for word in args.words]
    elif stage == "in":
        packets = [bytes.fromhex(line) for line in sys.stdin]
    elif stage in ("pcap", "new"):
        f = read_pcap if stage == "pcap" else new_packets
        packets = f(args.words[0])
    elif stage in ("tcp4", "udp4", "icmp4", "tcp6", "udp6", "arp"):
        packets = inner(stage, args)
    elif stage == "vlan":
        tag = header("vlan", args)
        packets = [p[:12] + tag + p[12:] for p in packets]
    elif stage == "pad":
        n = args.take_int("n")
        packets = [p + b"\xee" * n for p in packets]
    elif stage == "cut":
        n, skip = args.take("n"), args.take_int("skip", 0)
        lengths = [None]
        if n is not None:
            first, _, last = n.partition("-")
            lengths = range(number(first), number(last or first) + 1)
        packets = [p[skip:][:length] for p in packets for length in lengths]
    elif stage == "poke":
        at, data = args.take_int("at"), args.take_hex("with")
        packets = [put(p, at, data) for p in packets]
    elif stage == "damage":
        packets = damage(packets, args)
    elif stage == "tso":
        mss = args.take_int("mss")
        packets = [piece for p in packets for piece in tso(p, mss)]
    elif stage == "finish":
        packets = [Packet(p).finish() for p in packets]
    elif stage == "frame":
        packets = [header("stt", args) + p for p in packets]
    elif stage == "segment":
        packets = [s for p in packets for s in segments(p, args)]
    elif stage == "pick":
        packets = [packets[int(n)] for n in args.take("n").split(",")]
    elif stage == "reverse":
        packets = packets[::-1]
    elif stage == "receive":
        receive(args.words[0], packets)
        packets = []
    elif stage == "join":
        packets = [f[18:] for f in frames_of(packets)]
    elif stage == "show":
        show(packets)
        packets = None
    elif stage == "headers":
        for f in frames_of(packets):
            print(*fields("stt", f[:18]), len(f) - 18)
        packets = None
    elif stage == "write":
        write_pcap(args.words[0], packets, args)
        packets = None
    elif stage in ("ports", "ids"):
        for p in packets:
            l4 = Packet(p).l4
            print(be16(p, l4) if stage == "ports" else p[l4 + 8:l4 + 12].hex())
        packets = None
    else:
        die(f"unknown stage \"{stage}\"")
    args.check(stage)
    return packets


def run_all(argv):
    """Runs the stages in 'argv'.  Returns the last one's packets, or None."""
    stages = [[]]
    for word in argv:
        if word == ":":
            stages.append([])
        else:
            stages[-1].append(word)
    packets = []
    for stage, *words in stages:
        packets = run(stage, words, packets)
    return packets


def show_difference(packets, expected):
    import difflib
    for line in difflib.unified_diff([p.hex() for p in expected],
                                     [p.hex() for p in packets],
                                     "expected", "packets", lineterm=""):
        print(line)


def main(argv):
    if not argv or argv[0] in ("-h", "--help"):
        print(__doc__)
        return
    if "=" in argv:
        equals = argv.index("=")
        packets = run_all(argv[:equals])
        expected = argv[equals + 1:]
        expected = run_all(expected) if expected else []
        if packets != expected:
            show_difference(packets, expected)
            sys.exit(1)
        return
    for packet in run_all(argv) or []:
        print(packet.hex())


if __name__ == "__main__":
    main(sys.argv[1:])
