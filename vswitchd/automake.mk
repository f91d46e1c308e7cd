# SPDX-License-Identifier: Apache-2.0

# Open vSwitch with STT: its source tree is copied to ovs/ in the build folder,
# patched there, configured as this project is, and built.

EXTRA_DIST += \
	vswitchd/hooks/include-linux-openvswitch.h.cocci \
	vswitchd/hooks/ipsec-ovs-monitor-ipsec.in.sed \
	vswitchd/hooks/lib-dpif-netdev.c.cocci \
	vswitchd/hooks/lib-dpif-netlink-rtnl.c.cocci \
	vswitchd/hooks/lib-dpif-netlink.c.cocci \
	vswitchd/hooks/lib-dpif-offload-tc.c.cocci \
	vswitchd/hooks/lib-meta-flow.c.cocci \
	vswitchd/hooks/lib-meta-flow.xml.sed \
	vswitchd/hooks/lib-netdev-dummy.c.cocci \
	vswitchd/hooks/lib-netdev-linux-private.h.cocci \
	vswitchd/hooks/lib-netdev-linux.c.cocci \
	vswitchd/hooks/lib-netdev-offload-tc.c.cocci \
	vswitchd/hooks/lib-netdev-vport.c.cocci \
	vswitchd/hooks/lib-netdev.c.cocci \
	vswitchd/hooks/lib-odp-execute.c.cocci \
	vswitchd/hooks/lib-odp-util.c.cocci \
	vswitchd/hooks/lib-sflow_receiver.c.cocci \
	vswitchd/hooks/lib-tnl-ports.c.cocci \
	vswitchd/hooks/ofproto-ofproto-dpif-ipfix.c.cocci \
	vswitchd/hooks/ofproto-ofproto-dpif-sflow.c.cocci \
	vswitchd/hooks/ofproto-ofproto-dpif-xlate.c.cocci \
	vswitchd/hooks/ofproto-ofproto-dpif.c.cocci \
	vswitchd/hooks/vswitchd-bridge.c.cocci \
	vswitchd/hooks/vswitchd-vswitch.xml.sed \
	vswitchd/openvswitch.mk \
	vswitchd/packet-socket.c \
	vswitchd/packet-socket.h \
	vswitchd/stt-batch.c \
	vswitchd/stt-batch.h \
	vswitchd/stt-compat.h \
	vswitchd/stt-context.xml \
	vswitchd/stt-counters.c \
	vswitchd/stt-counters.h \
	vswitchd/stt-dummy.c \
	vswitchd/stt-dummy.h \
	vswitchd/stt-expiry.c \
	vswitchd/stt-expiry.h \
	vswitchd/stt-export.c \
	vswitchd/stt-export.h \
	vswitchd/stt-field.c \
	vswitchd/stt-field.h \
	vswitchd/stt-header.c \
	vswitchd/stt-header.h \
	vswitchd/stt-joined.c \
	vswitchd/stt-joined.h \
	vswitchd/stt-link-device.c \
	vswitchd/stt-link-device.h \
	vswitchd/stt-options.xml \
	vswitchd/stt-path-mtu.c \
	vswitchd/stt-path-mtu.h \
	vswitchd/stt-pop.c \
	vswitchd/stt-pop.h \
	vswitchd/stt-push.c \
	vswitchd/stt-push.h \
	vswitchd/stt-settings.xml \
	vswitchd/stt-show.c \
	vswitchd/stt-show.h \
	vswitchd/stt-type.xml \
	vswitchd/stt-vport.c \
	vswitchd/stt-vport.h

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
	$(AM_V_at)SPATCH='$(SPATCH)' \
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

if HAVE_OVS
CLEAN_LOCAL += ovs-clean
endif
ovs-clean:
	if test -e ovs/Makefile; then $(MAKE) -C ovs clean; fi
