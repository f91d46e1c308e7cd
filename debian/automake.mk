# SPDX-License-Identifier: Apache-2.0

EXTRA_DIST += \
	debian/changelog \
	debian/control \
	debian/copyright \
	debian/openvswitch-switch-stt.README.Debian \
	debian/openvswitch-switch-stt.docs \
	debian/openvswitch-switch-stt.install \
	debian/openvswitch-switch-stt.postinst \
	debian/openvswitch-switch-stt.prerm \
	debian/ovs-stt-dkms.dkms \
	debian/ovs-stt-dkms.docs \
	debian/ovs-stt-dkms.examples \
	debian/ovs-stt-dkms.install \
	debian/ovs-stt-dkms.prerm \
	debian/ovs-stt-utils.docs \
	debian/ovs-stt-utils.install \
	debian/rules \
	debian/source/format \
	debian/source/lintian-overrides \
	debian/source/options \
	debian/tests/control \
	debian/tests/tunnel
