# SPDX-License-Identifier: Apache-2.0
"""The signals that end a program."""

import contextlib
import signal

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def handle(handler):
    """Has 'handler' called when the program is to end."""
    for signum in ENDING:
        # Who started us with nohup wants SIGHUP ignored.
        if (signum != signal.SIGHUP
                or signal.getsignal(signum) != signal.SIG_IGN):
            signal.signal(signum, handler)


def ignore():
    """Has the program go on, whoever wants it to end: cleaning up itself is
    not interrupted."""
    handle(signal.SIG_IGN)


@contextlib.contextmanager
def undisturbed():
    """Puts off the signals that end the program: what puts things back must
    not end half-way.  As a decorator: for the length of each call.  Programs
    that are started meanwhile do not get them either."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
