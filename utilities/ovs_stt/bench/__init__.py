# SPDX-License-Identifier: Apache-2.0
"""The parts of ovs-stt-bench(8)."""

PROGRAM = "ovs-stt-bench"


class NotMeasured(Exception):
    """Why something cannot be measured here, in one line.  The rest can."""
