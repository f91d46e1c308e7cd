#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs what a test's shell asks for, so that no process starts for it.

usage: stt-commands.py FOLDER CACHE < REQUESTS > REPLIES

A request is a number, and then as many words: the folder to be in, the folder
of the daemons' sockets, the command and its arguments.  Behind each of all these
stands a NUL.  The commands are stt_packet, which is stt-packet.py, and
ovs_appctl, as far as that needs no other option than -t.

An empty line goes out when a request may come in.  The reply to it is a line with
the exit status, or with "-" if the real program has to do it, and, if the command
wrote something, the name of a script for the shell that writes the same.  It is
in FOLDER, and there until the next request.  In CACHE is what Python makes of
modules.
"""

import io
import os
import sys


def words_of(descriptor):
    """Yields the words that come in, each of which has a NUL behind it."""
    rest = b""
    while True:
        part = os.read(descriptor, 65536)
        if not part:
            return
        *words, rest = (rest + part).split(b"\0")
        for word in words:
            yield os.fsdecode(word)


def call(function, *args):
    """Calls 'function' as if it were a program.  Returns its exit status and
    what it wrote to standard output and to standard error."""
    sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
    try:
        status = function(*args) or 0
    except SystemExit as end:
        status = end.code or 0
    except Exception:
        import traceback
        traceback.print_exc()
        status = 1
    if isinstance(status, str) and status != "-":
        print(status, file=sys.stderr)
        status = 1
    written = sys.stdout.getvalue(), sys.stderr.getvalue()
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    return status, *written


def ovs_appctl(stt_packet, words):
    """What ovs-appctl does with the arguments 'words'."""
    target = "ovs-vswitchd"
    if words[:1] == ["-t"]:
        _, target, *words = words
    if not words or words[0].startswith("-"):
        return "-"
    try:
        connection = stt_packet.connect(target)
    except OSError:
        return "-"
    with connection:
        try:
            result, error = stt_packet.ask(connection, *words)
        except OSError as failure:
            return f"ovs-appctl: {target}: transaction error ({failure})"
    text, file = ((result, sys.stdout) if error is None else
                  (error, sys.stderr))
    file.write(text if not text or text.endswith("\n") else text + "\n")
    if error is not None:
        print(f"ovs-appctl: {target}: server returned an error",
              file=sys.stderr)
        return 2
    return 0


def script(out, err):
    """A shell's script that writes 'out' and 'err'."""
    lines = ["printf %s '" + text.replace("'", "'\\''") + "'" + where
             for text, where in ((out, "\n"), (err, " >&2\n")) if text]
    return "".join(lines).encode(errors="surrogateescape")


def main(folder, cache):
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    sys.pycache_prefix = cache
    stt_packet = __import__("stt-packet")
    functions = {"stt_packet": stt_packet.main,
                 "ovs_appctl": lambda words: ovs_appctl(stt_packet, words)}
    replies = os.path.join(folder, "stt-reply")
    words = words_of(0)
    sys.stdin = None
    os.write(1, b"\n")
    for count in words:
        cwd, rundir, name, *args = [next(words) for _ in range(int(count))]
        os.chdir(cwd)
        os.environ["OVS_RUNDIR"] = rundir
        status, out, err = call(functions[name], args)
        reply = str(status)
        if out or err:
            with open(replies, "wb") as f:
                f.write(script(out, err))
            reply += " " + replies
        os.write(1, reply.encode() + b"\n\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
