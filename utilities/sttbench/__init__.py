# SPDX-License-Identifier: Apache-2.0
"""The parts of ovs-stt-bench(8)."""

VERSION = "0.1.0"
PROGRAM = "ovs-stt-bench"


class BenchError(Exception):
    """What went wrong and what to do, in one line for the user."""


class NotMeasured(Exception):
    """Why something cannot be measured here, in one line.  The rest can."""
