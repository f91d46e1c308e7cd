# SPDX-License-Identifier: Apache-2.0
"""Sends UDP datagrams many at a time by UDP_SEGMENT, as QUIC and WireGuard do,
and counts what arrives: iperf3, before 3.19, cannot.

usage: datagrams.py serve ADDRESS PORT
       datagrams.py send ADDRESS PORT SECONDS BYTES

As these do, the client waits for acknowledgements, which come over TCP on the
same port, so that it sends as many as arrive.  The server stays until it is
ended.  The client prints JSON: "seconds", and how many datagrams were "sent"
and have "arrived"."""

import json
import select
import socket
import sys
import time

UDP_SEGMENT = 103
# Linux takes so many datagrams at a time (UDP_MAX_SEGMENTS), and no more bytes.
MAX_DATAGRAMS = 64
MAX_BYTES = 65507
# Datagrams for each byte of acknowledgement, and those that may be on the way.
ACKNOWLEDGED = 16
WINDOW = 512
# As much of both sides' buffers as Linux lets have anybody who asks.
BUFFER = 1 << 20
# Seconds after which what is on the way counts as lost.
LOST = 0.05


def serve(address, port):
    """Answers each client that comes, one after the other."""
    with socket.create_server((address, port)) as listener:
        while True:
            client, _ = listener.accept()
            with client, socket.socket(socket.AF_INET,
                                       socket.SOCK_DGRAM) as datagrams:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                     BUFFER)
                datagrams.settimeout(LOST)
                datagrams.bind((address, port))
                try:
                    _acknowledge(client, datagrams)
                except OSError:
                    # The client is gone.
                    continue


def _acknowledge(client, datagrams):
    buffer = bytearray(1 << 16)
    arrived = 0
    client.sendall(b"!")
    while True:
        try:
            datagrams.recv_into(buffer)
        except socket.timeout:
            if select.select([client], [], [], 0)[0]:
                # It sends nothing but its end.
                return
            continue
        arrived += 1
        if not arrived % ACKNOWLEDGED:
            client.sendall(b"!")


def send(address, port, seconds, size):
    """Sends for 'seconds' datagrams with 'size' bytes each, and prints what
    came of it."""
    number = min(MAX_DATAGRAMS, MAX_BYTES // size)
    payload = bytes(number * size)
    sent = arrived = on_the_way = 0
    with socket.create_connection((address, port)) as server, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        server.recv(1)
        datagrams.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, size)
        datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        datagrams.connect((address, port))
        begin = now = time.monotonic()
        while now < begin + seconds:
            if on_the_way + number <= WINDOW:
                datagrams.send(payload)
                sent += number
                on_the_way += number
            elif select.select([server], [], [], LOST)[0]:
                more = len(server.recv(1 << 16)) * ACKNOWLEDGED
                if not more:
                    raise OSError("the server is gone")
                arrived += more
                on_the_way = max(0, on_the_way - more)
            else:
                on_the_way = 0
            now = time.monotonic()
    print(json.dumps({"seconds": now - begin, "sent": sent,
                      "arrived": arrived}))


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "serve":
        serve(sys.argv[2], int(sys.argv[3]))
    elif len(sys.argv) == 6 and sys.argv[1] == "send":
        send(sys.argv[2], *map(int, sys.argv[3:]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
