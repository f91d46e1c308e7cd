#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes down what a controller says to a switch, for tests.

usage: openflow-tap.py SWITCH-SOCKET COMMAND [ARGUMENT]...

Runs COMMAND with one more Unix domain socket, ./tap, between it and the switch
that listens on SWITCH-SOCKET.  Writes every OpenFlow message of COMMAND to
standard output, in hex, one in a line.  Exits as COMMAND does; whatever it
prints goes to standard error.
"""

import contextlib
import os
import socket
import struct
import subprocess
import sys
import threading

HEADER_LEN = 8


def copy(source, target, record):
    """Copies bytes until the end, adding them to 'record'."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            record += data
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def serve(controller):
    """Joins the connection 'controller' to the switch until it ends."""
    switch = socket.socket(socket.AF_UNIX)
    switch.connect(sys.argv[1])
    answers = threading.Thread(target=copy, args=(switch, controller,
                                                  bytearray()))
    answers.start()
    said = bytearray()
    copy(controller, switch, said)
    answers.join()
    while said:
        length, = struct.unpack_from(">H", said, 2)
        assert HEADER_LEN <= length <= len(said)
        print(said[:length].hex())
        del said[:length]


def main():
    listener = socket.socket(socket.AF_UNIX)
    if os.path.exists("tap"):
        os.unlink("tap")
    listener.bind("tap")
    listener.listen()
    done = []

    def run():
        done.append(subprocess.run(sys.argv[2:], stdout=sys.stderr,
                                   check=False).returncode)
        listener.shutdown(socket.SHUT_RDWR)

    command = threading.Thread(target=run)
    command.start()
    while True:
        # It may connect more than once, to learn the names of ports first.
        try:
            controller, _ = listener.accept()
        except OSError:
            break
        serve(controller)
    command.join()
    sys.exit(done[0])


if __name__ == "__main__":
    main()
