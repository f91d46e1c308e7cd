# SPDX-License-Identifier: Apache-2.0
"""The signals that end a program."""

import contextlib
import signal

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """A signal, whose number it has, asks the program to end."""


def _handle(handler):
    for signum in ENDING:
        # Who started us with nohup wants SIGHUP ignored.
        if (signum != signal.SIGHUP
                or signal.getsignal(signum) != signal.SIG_IGN):
            signal.signal(signum, handler)


def _interrupt(signum, _frame):
    # Only once: what follows is cleaning up.
    ignore()
    raise Interrupted(signum)


def watch():
    """Has the first of these signals raise Interrupted."""
    _handle(_interrupt)


def ignore():
    """Has the program go on, whoever wants it to end."""
    _handle(signal.SIG_IGN)


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


def end_with_reader():
    """Has the program end silently, as others do, when it prints into 'head'
    or a pager that was left."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
