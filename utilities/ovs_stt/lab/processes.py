# SPDX-License-Identifier: Apache-2.0
"""Ending processes."""

import contextlib
import os
import signal
import time

# Seconds for a process to end after SIGTERM, before it gets SIGKILL.
TERM_TIMEOUT = 5


def stop_processes(pids):
    """Ends the processes whose IDs the function 'pids' returns, and those
    which they start meanwhile."""
    deadline = time.monotonic() + TERM_TIMEOUT
    told = set()
    while True:
        remaining = pids()
        if not remaining:
            return
        late = time.monotonic() > deadline
        for pid in remaining:
            if late or pid not in told:
                told.add(pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
        time.sleep(0.02)


def reap_children():
    """Waits for the child that an interruption may have left unrecorded, as
    it might still be making a namespace."""
    deadline = time.monotonic() + TERM_TIMEOUT
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < deadline:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.02)
