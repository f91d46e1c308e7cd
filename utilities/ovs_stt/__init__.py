# SPDX-License-Identifier: Apache-2.0
"""The parts of ovs-stt-lab(8), ovs-stt-bench(8) and ovs-stt-learn(8)."""


class Failure(Exception):
    """What went wrong and what to do, in one line for the user."""
