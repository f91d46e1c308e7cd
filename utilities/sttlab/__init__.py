# SPDX-License-Identifier: Apache-2.0
"""What ovs-stt-lab consists of beside the program itself."""
