# SPDX-License-Identifier: Apache-2.0
"""The parts of ovs-stt-learn(8)."""
