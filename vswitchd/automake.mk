# SPDX-License-Identifier: Apache-2.0

# Open vSwitch with STT: its source tree is copied to ovs/ in the build folder,
# patched there, configured as this project is, and built.

EXTRA_DIST += \
	vswitchd/hooks/include-linux-openvswitch.h.cocci \
	vswitchd/hooks/ipsec-ovs-monitor-ipsec.in.sed \
	vswitchd/hooks/lib-dp-packet-gso.c.cocci \
	vswitchd/hooks/lib-dp-packet.c.cocci \
	vswitchd/hooks/lib-dp-packet.h.cocci \
	vswitchd/hooks/lib-csum.c.cocci \
	vswitchd/hooks/lib-dpif-netdev.c.cocci \
	vswitchd/hooks/lib-dpif-netlink-rtnl.c.cocci \
	vswitchd/hooks/lib-dpif-netlink.c.cocci \
	vswitchd/hooks/lib-dpif-offload-dpdk-netdev.c.cocci \
	vswitchd/hooks/lib-dpif-offload-tc.c.cocci \
	vswitchd/hooks/lib-dpif.c.cocci \
	vswitchd/hooks/lib-meta-flow.c.cocci \
	vswitchd/hooks/lib-meta-flow.xml.sed \
	vswitchd/hooks/lib-netdev-dummy.c.cocci \
	vswitchd/hooks/lib-netdev-linux-private.h.cocci \
	vswitchd/hooks/lib-netdev-linux.c.cocci \
	vswitchd/hooks/lib-netdev-offload-dpdk.c.cocci \
	vswitchd/hooks/lib-netdev-offload-tc.c.cocci \
	vswitchd/hooks/lib-netdev-vport.c.cocci \
	vswitchd/hooks/lib-netdev.c.cocci \
	vswitchd/hooks/lib-odp-execute.c.cocci \
	vswitchd/hooks/lib-odp-util.c.cocci \
	vswitchd/hooks/lib-ovs-router.c.cocci \
	vswitchd/hooks/lib-route-table.c.cocci \
	vswitchd/hooks/lib-sflow_receiver.c.cocci \
	vswitchd/hooks/lib-tnl-ports.c.cocci \
	vswitchd/hooks/ofproto-ofproto-dpif-ipfix.c.cocci \
	vswitchd/hooks/ofproto-ofproto-dpif-sflow.c.cocci \
	vswitchd/hooks/ofproto-ofproto-dpif-upcall.c.cocci \
	vswitchd/hooks/ofproto-ofproto-dpif-xlate.c.cocci \
	vswitchd/hooks/ofproto-ofproto-dpif.c.cocci \
	vswitchd/hooks/ofproto-tunnel.c.cocci \
	vswitchd/hooks/vswitchd-bridge.c.cocci \
	vswitchd/hooks/vswitchd-vswitch.xml.sed \
	vswitchd/internet-checksum.c \
	vswitchd/internet-checksum.h \
	vswitchd/openvswitch.mk \
	vswitchd/packet-action.c \
	vswitchd/packet-action.h \
	vswitchd/packet-cut.c \
	vswitchd/packet-cut.h \
	vswitchd/packet-drops.c \
	vswitchd/packet-drops.h \
	vswitchd/packet-layers.c \
	vswitchd/packet-layers.h \
	vswitchd/packet-memory.c \
	vswitchd/packet-memory.h \
	vswitchd/packet-offload.c \
	vswitchd/packet-offload.h \
	vswitchd/packet-room.c \
	vswitchd/packet-room.h \
	vswitchd/packet-socket.c \
	vswitchd/packet-socket.h \
	vswitchd/source-address.c \
	vswitchd/source-address.h \
	vswitchd/stt-batch.c \
	vswitchd/stt-batch.h \
	vswitchd/stt-compat.h \
	vswitchd/stt-context.xml \
	vswitchd/stt-counters.c \
	vswitchd/stt-counters.h \
	vswitchd/stt-dummy.c \
	vswitchd/stt-dummy.h \
	vswitchd/stt-export.c \
	vswitchd/stt-export.h \
	vswitchd/stt-field.c \
	vswitchd/stt-field.h \
	vswitchd/stt-header.c \
	vswitchd/stt-header.h \
	vswitchd/stt-held.c \
	vswitchd/stt-held.h \
	vswitchd/stt-integer.c \
	vswitchd/stt-integer.h \
	vswitchd/stt-joined.c \
	vswitchd/stt-joined.h \
	vswitchd/stt-link-device.c \
	vswitchd/stt-link-device.h \
	vswitchd/stt-no-port.c \
	vswitchd/stt-no-port.h \
	vswitchd/stt-offload.c \
	vswitchd/stt-offload.h \
	vswitchd/stt-options.c \
	vswitchd/stt-options.h \
	vswitchd/stt-options.xml \
	vswitchd/stt-path-mtu.c \
	vswitchd/stt-path-mtu.h \
	vswitchd/stt-pop.c \
	vswitchd/stt-pop.h \
	vswitchd/stt-push.c \
	vswitchd/stt-push.h \
	vswitchd/stt-settings.c \
	vswitchd/stt-settings.h \
	vswitchd/stt-settings.xml \
	vswitchd/stt-show.c \
	vswitchd/stt-show.h \
	vswitchd/stt-type.c \
	vswitchd/stt-type.h \
	vswitchd/stt-type.xml \
	vswitchd/stt-underlay.c \
	vswitchd/stt-underlay.h \
	vswitchd/stt-vport.c \
	vswitchd/stt-vport.h \
	vswitchd/vnet-header.c \
	vswitchd/vnet-header.h

OVS_CONFIGURE = ./configure \
	--prefix='$(prefix)' \
	--exec-prefix='$(exec_prefix)' \
	--bindir='$(bindir)' \
	--sbindir='$(sbindir)' \
	--libdir='$(libdir)' \
	--libexecdir='$(libexecdir)' \
	--includedir='$(includedir)' \
	--datarootdir='$(datarootdir)' \
	--datadir='$(datadir)' \
	--docdir='$(datarootdir)/doc/openvswitch' \
	--infodir='$(infodir)' \
	--localedir='$(localedir)' \
	--mandir='$(mandir)' \
	--sysconfdir='$(sysconfdir)' \
	--localstatedir='$(localstatedir)' \
	--enable-ssl --enable-silent-rules $(OVS_WERROR) \
	CC='$(CC)' CFLAGS='$(CFLAGS)' CPPFLAGS='$(CPPFLAGS)' \
	LDFLAGS='$(LDFLAGS)' LIBS='$(LIBS)' PYTHON3='$(PYTHON3)' \
	$(OVS_CONFIGURE_ARGS)

.PHONY: ovs-tree ovs-configured ovs-all ovs-clean

# These run in every make, as only patch-ovs and Open vSwitch's own makefile
# know what changed; both are quick when nothing did.
ovs-tree:
	$(AM_V_at)SPATCH='$(SPATCH)' '$(PYTHON3)' \
	  $(srcdir)/build-aux/patch-ovs '$(OVS_SRC)' ovs $(srcdir)

# The stamps lie in the tree, so a tree that is made anew has none.
ovs-configured: ovs-tree
	$(AM_V_at)cd ovs && \
	if test ! -e .ovs-stt/booted; then \
	  ./boot.sh && : > .ovs-stt/booted; \
	fi
	$(AM_V_at)cd ovs && \
	: > .ovs-stt/configured.new && \
	for arg in $(OVS_CONFIGURE); do \
	  echo "$$arg" >> .ovs-stt/configured.new; \
	done && \
	if cmp -s .ovs-stt/configured.new .ovs-stt/configured; then \
	  rm .ovs-stt/configured.new; \
	else \
	  $(OVS_CONFIGURE) && \
	  { grep -qx '#define HAVE_OPENSSL 1' config.h || \
	    { echo "Open vSwitch found no OpenSSL: install libssl-dev" >&2; \
	      exit 1; }; } && \
	  mv .ovs-stt/configured.new .ovs-stt/configured; \
	fi

ovs-all: ovs-configured
	$(AM_V_at)$(MAKE) -C ovs all

# make ovs-sanitized: the library of Open vSwitch with STT once more, in a tree
# of its own, for test programs and fuzzers that AddressSanitizer and
# UndefinedBehaviorSanitizer watch.
#
# OpenSSL is left out: no packet's way leads there.  None of UBSan's checks is
# switched off, as what packets come by of Open vSwitch passes all of them.
SANITIZED_CFLAGS = -g -O1 -fno-omit-frame-pointer -fno-common \
	-fsanitize=address,undefined,fuzzer-no-link \
	-fno-sanitize-recover=all
SANITIZED_CONFIGURE = ./configure \
	--disable-ssl --disable-libcapng --disable-shared \
	--enable-silent-rules \
	CC='$(FUZZ_CC)' CFLAGS='$(SANITIZED_CFLAGS)' PYTHON3='$(PYTHON3)'

.PHONY: ovs-sanitized ovs-sanitized-configured ovs-sanitized-clean
ovs-sanitized-configured:
	$(AM_V_at)SPATCH='$(SPATCH)' '$(PYTHON3)' \
	  $(srcdir)/build-aux/patch-ovs '$(OVS_SRC)' ovs-sanitized $(srcdir)
	$(AM_V_at)cd ovs-sanitized && \
	if test ! -e .ovs-stt/booted; then \
	  ./boot.sh && : > .ovs-stt/booted; \
	fi
	$(AM_V_at)cd ovs-sanitized && \
	for arg in $(SANITIZED_CONFIGURE); do \
	  echo "$$arg"; \
	done > .ovs-stt/configured.new && \
	if cmp -s .ovs-stt/configured.new .ovs-stt/configured; then \
	  rm .ovs-stt/configured.new; \
	else \
	  $(SANITIZED_CONFIGURE) && \
	  mv .ovs-stt/configured.new .ovs-stt/configured; \
	fi

# Open vSwitch's makefile makes the sources that it generates only on the way to
# 'all', so that it is asked for them by name.
ovs-sanitized: ovs-sanitized-configured
	$(AM_V_at)printf '%s\n' 'include Makefile' \
	  'sanitized-sources: $$(BUILT_SOURCES)' | \
	  $(MAKE) -C ovs-sanitized -f - sanitized-sources
	$(AM_V_at)$(MAKE) -C ovs-sanitized lib/libopenvswitch.la

if HAVE_OVS
CLEAN_LOCAL += ovs-clean ovs-sanitized-clean
endif
ovs-clean:
	if test -e ovs/Makefile; then $(MAKE) -C ovs clean; fi
ovs-sanitized-clean:
	if test -e ovs-sanitized/Makefile; then \
	  $(MAKE) -C ovs-sanitized clean; \
	fi
