# SPDX-License-Identifier: Apache-2.0

# With the version in them, so that rpmbuild needs no configure.
EXTRA_DIST += \
	rhel/kmod-ovs-stt.spec \
	rhel/ovs-stt-dkms.spec \
	rhel/ovs-stt-utils.spec
