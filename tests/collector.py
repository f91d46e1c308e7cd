#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An IPFIX and sFlow collector for tests, which knows no tunnel.

usage: collector.py PORT-FILE

Listens on a UDP port of its own choice of 127.0.0.1, writes the number to
PORT-FILE, and decodes what arrives by the standards: RFC 7011 with the names
of few elements (those of enterprises as ENTERPRISE:ELEMENT), sFlow version 5
with few records.  Writes one line for each IPFIX data record and sFlow flow
sample, NAME=VALUE..., integers in decimal, everything else in hex.  Ends when
told by SIGTERM.
"""

import os
import signal
import socket
import struct
import sys

# IPFIX elements that are numbers or addresses: names by IANA.
ELEMENTS = {7: "sourceTransportPort", 11: "destinationTransportPort",
            8: "sourceIPv4Address", 12: "destinationIPv4Address"}
TEMPLATE_SET, FIRST_DATA_SET, VARIABLE, ENTERPRISE = 2, 256, 65535, 0x8000

# sFlow's records of a flow sample, the fields 32 bits each (sflow_version_5
# and sflow_tunnels at sflow.org).
IPV4 = ["length", "protocol", "src", "dst", "src_port", "dst_port",
        "tcp_flags", "tos"]
RECORDS = {1023: ("egress", IPV4), 1024: ("ingress", IPV4),
           1029: ("egress", ["vni"]), 1030: ("ingress", ["vni"])}


class Reader:
    """Takes bytes from the front of 'data'; fails if there are too few."""

    def __init__(self, data):
        self.data = data

    def take(self, n):
        assert n <= len(self.data), "truncated"
        taken, self.data = self.data[:n], self.data[n:]
        return taken

    def u16(self):
        return struct.unpack(">H", self.take(2))[0]

    def u32(self):
        return struct.unpack(">I", self.take(4))[0]


def ipfix(data, templates):
    """Yields the data records of the message 'data'."""
    message = Reader(data)
    assert message.u16() == 10 and message.u16() == len(data)
    message.take(12)
    while message.data:
        set_id, length = message.u16(), message.u16()
        records = Reader(message.take(length - 4))
        if set_id == TEMPLATE_SET:
            while records.data:
                number, n = records.u16(), records.u16()
                fields = []
                for _ in range(n):
                    element, size, enterprise = records.u16(), records.u16(), 0
                    if element & ENTERPRISE:
                        element -= ENTERPRISE
                        enterprise = records.u32()
                    fields.append((enterprise, element, size))
                templates[number] = fields
        elif set_id >= FIRST_DATA_SET and set_id in templates:
            while records.data:
                yield ipfix_record(records, templates[set_id])


def ipfix_record(records, fields):
    words = []
    for enterprise, element, size in fields:
        if size == VARIABLE:
            size = records.take(1)[0]
            size = records.u16() if size == 255 else size
        value = records.take(size)
        name = ("%d:%d" % (enterprise, element) if enterprise
                else ELEMENTS.get(element, str(element)))
        words.append("%s=%s" % (name, value.hex()))
    return " ".join(words)


def sflow(data):
    """Yields the flow samples of the datagram 'data'."""
    datagram = Reader(data)
    assert datagram.u32() == 5
    datagram.take({1: 4, 2: 16}[datagram.u32()] + 12)
    for _ in range(datagram.u32()):
        tag, sample = datagram.u32(), Reader(datagram.take(datagram.u32()))
        if tag != 1:
            continue
        sample.take(7 * 4)
        words = []
        for _ in range(sample.u32()):
            tag, record = sample.u32(), Reader(sample.take(sample.u32()))
            if tag in RECORDS:
                prefix, names = RECORDS[tag]
                assert len(record.data) == 4 * len(names)
                words += ["%s_%s=%s" % (prefix, name, "%08x" % record.u32()
                                        if name in ("src", "dst")
                                        else record.u32()) for name in names]
            elif tag >> 12:
                words.append("%d:%d=%s" % (tag >> 12, tag & 0xfff,
                                           record.data.hex()))
        assert not sample.data, "bytes behind the last record"
        yield " ".join(words)


def main():
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    collector = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    collector.bind(("127.0.0.1", 0))
    with open(sys.argv[1] + ".new", "w") as port_file:
        print(collector.getsockname()[1], file=port_file)
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    templates = {}
    while True:
        data = collector.recv(65536)
        kind = ipfix(data, templates) if data[:2] == b"\0\n" else sflow(data)
        for line in kind:
            print(line, flush=True)


if __name__ == "__main__":
    main()
