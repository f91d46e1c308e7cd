# SPDX-License-Identifier: Apache-2.0

# The kernel modules.  They are built and installed by targets of their own, as
# whoever builds Open vSwitch need not have a kernel's headers.

datapath_sources = \
	datapath/Kbuild \
	datapath/compat.h \
	datapath/connection.c \
	datapath/connection.h \
	datapath/counters.c \
	datapath/counters.h \
	datapath/device.c \
	datapath/device.h \
	datapath/frag-list.c \
	datapath/frag-list.h \
	datapath/held.c \
	datapath/held.h \
	datapath/icmp.c \
	datapath/icmp.h \
	datapath/input.c \
	datapath/input.h \
	datapath/input-route.c \
	datapath/input-route.h \
	datapath/limits.c \
	datapath/limits.h \
	datapath/main.c \
	datapath/metadata.c \
	datapath/metadata.h \
	datapath/namespace.c \
	datapath/namespace.h \
	datapath/openvswitch-abi \
	datapath/openvswitch.h \
	datapath/receive.c \
	datapath/receive.h \
	datapath/recently-sent.c \
	datapath/recently-sent.h \
	datapath/selftest.h \
	datapath/tags.h \
	datapath/transmit.c \
	datapath/transmit.h \
	datapath/vport-stt.c

# The test of itself that a module can have, which is not for those of packages: it
# also needs tests/unit/.
selftest_sources = \
	datapath/selftest.c \
	datapath/selftest-frag-list.c \
	datapath/selftest-sent.c

EXTRA_DIST += \
	$(datapath_sources) \
	$(selftest_sources) \
	build-aux/link-modules \
	datapath/dkms.conf

# The kernel that the modules are for: its release, and where its headers are.
KERNEL_RELEASE = `uname -r`
KDIR = /lib/modules/$(KERNEL_RELEASE)/build
MODULES_BUILD = $(MAKE) -C $(KDIR) \
	M=`cd datapath/modules && cd $(KERNEL_RELEASE) && pwd` \
	STT_PACKAGE_VERSION=$(VERSION)

.PHONY: modules modules_install modules_clean install-dkms uninstall-dkms

modules:
	@test -e $(KDIR)/Makefile || { \
	  echo "no kernel headers in $(KDIR): install the package" \
	       "linux-headers-$(KERNEL_RELEASE), or give KERNEL_RELEASE or KDIR" \
	       >&2; \
	  exit 1; }
	$(AM_V_at)$(srcdir)/build-aux/link-modules $(srcdir) \
	  datapath/modules/$(KERNEL_RELEASE)
	$(AM_V_at)$(MODULES_BUILD) modules

# Debian does not give its signing key away, nor a System.map with the headers,
# without which Kbuild does not run depmod.
modules_install: modules
	$(MODULES_BUILD) INSTALL_MOD_DIR=updates CONFIG_MODULE_SIG_ALL= \
	  modules_install
	PATH=$$PATH:/usr/sbin:/sbin && \
	depmod -b "$(INSTALL_MOD_PATH)/" $(KERNEL_RELEASE)

modules_clean:
	rm -rf datapath/modules
CLEAN_LOCAL += modules_clean

# Sources for DKMS, which builds them for each kernel that is installed.
dkmsdir = /usr/src/$(PACKAGE)-$(VERSION)
install-dkms:
	$(MKDIR_P) '$(DESTDIR)$(dkmsdir)'
	for file in $(datapath_sources) $(lib_libstt_la_SOURCES); do \
	  $(INSTALL_DATA) $(srcdir)/$$file '$(DESTDIR)$(dkmsdir)' || exit; \
	done
	sed 's/#MODULE_VERSION#/$(VERSION)/' $(srcdir)/datapath/dkms.conf \
	  >'$(DESTDIR)$(dkmsdir)/dkms.conf'

uninstall-dkms:
	rm -rf '$(DESTDIR)$(dkmsdir)'
