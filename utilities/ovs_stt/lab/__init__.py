# SPDX-License-Identifier: Apache-2.0
"""The parts of ovs-stt-lab(8)."""

PROGRAM = "ovs-stt-lab"
