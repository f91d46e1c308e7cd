# SPDX-License-Identifier: Apache-2.0

dist_sbin_SCRIPTS += \
	utilities/ovs-stt-bench \
	utilities/ovs-stt-lab

# For a checkout only.
EXTRA_DIST += utilities/ovs-stt-source
