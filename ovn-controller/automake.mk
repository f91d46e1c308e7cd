# SPDX-License-Identifier: Apache-2.0

# STT for OVN, which build-aux/patch-ovs adds to OVN's source tree.
EXTRA_DIST += \
	ovn-controller/hooks/controller-local_data.c.cocci \
	ovn-controller/hooks/controller-ovn-controller.8.xml.sed \
	ovn-controller/hooks/controller-physical.c.cocci \
	ovn-controller/hooks/controller-pinctrl.c.cocci \
	ovn-controller/hooks/controller-route-exchange-netlink.c.cocci \
	ovn-controller/hooks/lib-ovn-util.c.cocci \
	ovn-controller/hooks/lib-ovn-util.h.cocci \
	ovn-controller/hooks/ovn-ic-sb.ovsschema.sed \
	ovn-controller/hooks/ovn-sb.ovsschema.sed \
	ovn-controller/hooks/ovn-sb.xml.sed \
	ovn-controller/ovn-service.h \
	ovn-controller/ovn-stt.c \
	ovn-controller/ovn-stt.h \
	ovn-controller/ovn.mk
