# SPDX-License-Identifier: Apache-2.0
"""The parts of ovs-stt-bench(8)."""

# The programs of one version have it from one file.
# pylint: disable=unused-import
from ovs_stt.locations import VERSION

PROGRAM = "ovs-stt-bench"


class BenchError(Exception):
    """What went wrong and what to do, in one line for the user."""


class NotMeasured(Exception):
    """Why something cannot be measured here, in one line.  The rest can."""
