# SPDX-License-Identifier: Apache-2.0

# Programs that the tests run, with the protocol library built once more with
# the sanitizers.
check_LTLIBRARIES += tests/libstt.la
tests_libstt_la_SOURCES = $(lib_libstt_la_SOURCES)
tests_libstt_la_CFLAGS = $(AM_CFLAGS) $(SANITIZE_CFLAGS)
tests_libstt_la_LIBADD = -lpthread

check_PROGRAMS += \
	tests/test-stt-lib \
	tests/test-stt-reassembly

# Tests of lib/ that the kernel module's test of itself has, too: see
# build-aux/link-modules.
unit_sources = \
	tests/unit/test-random.h \
	tests/unit/unit-tests.h \
	tests/unit/unit.h
unit_lib_sources = \
	$(unit_sources) \
	tests/unit/frame-id.c \
	tests/unit/frame.c \
	tests/unit/hash.c \
	tests/unit/inner.c \
	tests/unit/name.c \
	tests/unit/offload.c \
	tests/unit/segment.c \
	tests/unit/shape.c \
	tests/unit/shape.h
unit_reassembly_sources = \
	$(unit_sources) \
	tests/unit/reassembly-age.c \
	tests/unit/reassembly-budget.c \
	tests/unit/reassembly-frame.c \
	tests/unit/reassembly-key.h \
	tests/unit/reassembly-limits.c \
	tests/unit/reassembly-outcome.h \
	tests/unit/reassembly-watch.h \
	tests/unit/reassembly.h

tests_test_stt_lib_SOURCES = \
	$(unit_lib_sources) \
	tests/stt-test.h \
	tests/test-stt-lib.c
tests_test_stt_lib_CFLAGS = $(AM_CFLAGS) $(SANITIZE_CFLAGS)
tests_test_stt_lib_LDADD = tests/libstt.la

# The test decides when memory runs out.
tests_test_stt_reassembly_SOURCES = \
	$(unit_reassembly_sources) \
	tests/reassembly-host.c \
	tests/reassembly-model.h \
	tests/reassembly-random.c \
	tests/reassembly-tests.h \
	tests/reassembly-threads.c \
	tests/stt-test.h \
	tests/test-stt-reassembly.c
tests_test_stt_reassembly_CFLAGS = $(AM_CFLAGS) $(SANITIZE_CFLAGS)
tests_test_stt_reassembly_LDFLAGS = \
	-Wl,--wrap=calloc,--wrap=pthread_mutex_lock
tests_test_stt_reassembly_LDADD = tests/libstt.la

# The same once more for races between threads.
if HAVE_TSAN
check_PROGRAMS += tests/test-stt-reassembly-tsan
tests_test_stt_reassembly_tsan_SOURCES = \
	$(tests_test_stt_reassembly_SOURCES) \
	$(lib_libstt_la_SOURCES)
tests_test_stt_reassembly_tsan_CFLAGS = $(AM_CFLAGS) $(TSAN_CFLAGS)
tests_test_stt_reassembly_tsan_LDFLAGS = \
	-Wl,--wrap=calloc,--wrap=pthread_mutex_lock
tests_test_stt_reassembly_tsan_LDADD = -lpthread
endif

# What is measured must not have the sanitizers.
check_PROGRAMS += tests/bench-stt-lib
tests_bench_stt_lib_SOURCES = \
	$(unit_sources) \
	tests/bench-stt-lib.c \
	tests/stt-test.h
tests_bench_stt_lib_CPPFLAGS = $(AM_CPPFLAGS) \
	-DBENCH_CPU='"$(host_cpu)"' \
	-DBENCH_FLAGS='"$(strip $(CPPFLAGS) $(CFLAGS))"'
tests_bench_stt_lib_LDADD = lib/libstt.la

if HAVE_PCAP
check_PROGRAMS += \
	tests/stt-dump \
	tests/test-stt-replay

# What make check finds in front of the one to be installed.
tests_stt_dump_SOURCES = $(utilities_stt_dump_SOURCES)
tests_stt_dump_CFLAGS = $(AM_CFLAGS) $(SANITIZE_CFLAGS)
tests_stt_dump_LDADD = tests/libstt.la $(PCAP_LIBS)

tests_test_stt_replay_SOURCES = \
	$(unit_sources) \
	tests/stt-test.h \
	tests/test-stt-replay.c
tests_test_stt_replay_CFLAGS = $(AM_CFLAGS) $(SANITIZE_CFLAGS)
tests_test_stt_replay_LDADD = tests/libstt.la $(PCAP_LIBS)
endif

# Parts of vswitchd/ by themselves, linked with Open vSwitch's library as built
# here, and as its own makefile links; and what DPDK's offload makes of STT, if
# it was built with that.
EXTRA_DIST += \
	tests/test-stt-dpdk.c \
	tests/test-stt-vswitchd.c
if HAVE_OVS
check_local_programs += \
	tests/test-stt-dpdk \
	tests/test-stt-vswitchd
endif

CLEANFILES += $(check_local_programs) $(check_local_programs:%=%.o)

# make check-programs: everything that is built for the tests, in one make, so that
# the two trees of Open vSwitch are configured at the same time.
.PHONY: check-programs
check-programs: config.h all-am $(check_LTLIBRARIES) $(check_PROGRAMS) \
	$(check_local_programs) $(fuzz_library)

LINK_WITH_OVS = $(MAKE) -s -C ovs --eval='stt-test: ; \
	    $$(COMPILE) -I$(abs_top_srcdir)/tests $$(STT_CPPFLAGS) -c \
	      -o $(abs_top_builddir)/$@.o $(abs_top_srcdir)/$@.c \
	    && $$(LINK) -o $(abs_top_builddir)/$@ $(abs_top_builddir)/$@.o \
	      $$(STT_LDFLAGS) lib/libopenvswitch.la $$(LIBS)' stt-test

tests/test-stt-vswitchd: $(srcdir)/tests/test-stt-vswitchd.c ovs-all
	$(AM_V_CCLD)$(LINK_WITH_OVS) \
	  STT_LDFLAGS='-Wl,--wrap=getsockname -Wl,--wrap=getsockopt'

# The file with the translation, and what it takes before the network device.
tests/test-stt-dpdk: $(srcdir)/tests/test-stt-dpdk.c ovs-all
	$(AM_V_CCLD)set -- dpif-offload-dpdk-netdev.c NULL,; \
	test -e ovs/lib/$$1 || set -- netdev-offload-dpdk.c; \
	$(LINK_WITH_OVS) STT_CPPFLAGS="-DOFFLOAD_SOURCE='\"$$1\"' \
	  -D'TRANSLATE(...)=parse_flow_actions($$2 __VA_ARGS__)'"

EXTRA_DIST += \
	tests/captures \
	tests/corpus

# make check: what can be tested without root.

TESTSUITE_AT = \
	tests/testsuite.at \
	tests/configure.at \
	tests/version.at \
	tests/sources.at \
	tests/patch-ovs.at \
	tests/README.md \
	tests/release.at \
	tests/run-tests.at \
	tests/lib.at \
	tests/reassembly.at \
	tests/bench-lib.at \
	tests/replay.at \
	tests/stt-macros.at \
	tests/dump.at \
	tests/dump-damage.at \
	tests/dump-outer.at \
	tests/bench-report.at \
	tests/completion.at \
	tests/bench.at \
	tests/learning.at \
	tests/manual.at \
	tests/ipsec.at \
	tests/options.at \
	tests/odp.at \
	tests/push.at \
	tests/held.at \
	tests/pop.at \
	tests/expiry.at \
	tests/tso.at \
	tests/drops.at \
	tests/vswitchd.at \
	tests/flows.at \
	tests/fields.at \
	tests/export.at \
	tests/pipeline.at

# make check-system: tests in network namespaces, by root.  make check-system-short:
# those but the longest, of the benchmark and the controller.

SYSTEM_TESTSUITE_AT = \
	tests/system-testsuite.at \
	tests/system-macros.at \
	tests/system-stt.at \
	tests/system-defaults.at \
	tests/system-ports.at \
	tests/system-monitoring.at \
	tests/system-underlay.at \
	tests/system-guests.at \
	tests/system-wire.at \
	tests/system-dump.at \
	tests/system-bench.at \
	tests/system-controller.at \
	tests/system-gateways.at \
	tests/system-learning.at \
	tests/system-ovn.at

# make check-ovn: those with OVN once more, with a newer OVN to which STT was
# added, and of what only that has.

OVN_TESTSUITE_AT = \
	tests/ovn-testsuite.at \
	tests/system-macros.at \
	tests/system-ovn.at \
	tests/system-ovn-source.at

EXTRA_DIST += \
	$(TESTSUITE_AT) \
	$(SYSTEM_TESTSUITE_AT) \
	tests/ovn-testsuite.at \
	tests/system-ovn-source.at \
	tests/collector.py \
	tests/openflow-tap.py \
	tests/bench-dump \
	tests/bench-first-packet \
	tests/bench-page.py \
	tests/bench-results.json \
	tests/dump-fields.py \
	tests/guest-offloads.py \
	tests/packets.py \
	tests/replay.py \
	tests/run-fuzz \
	tests/stt-commands.py \
	tests/stt-packet.py \
	tests/traffic.py
CLEANFILES += \
	testsuite.lineno \
	tests/testsuite \
	tests/system-testsuite \
	tests/ovn-testsuite
DISTCLEANFILES += \
	tests/atconfig

AUTOTEST = $(AUTOM4TE) --language=autotest
ovs_build = $(abs_top_builddir)/ovs
ovs_path = $(ovs_build)/utilities:$(ovs_build)/vswitchd:$(ovs_build)/ovsdb
AUTOTEST_PATH = \
	$(abs_top_builddir)/tests:$(abs_top_srcdir)/utilities:$(ovs_path):$(ovs_build)/tests

# The suites are made in the build folder because they include macros of Open
# vSwitch's suite, from the patched tree.
if HAVE_OVS
ovs_test_macros = \
	ovs/tests/ovs-macros.at \
	ovs/tests/ofproto-macros.at
$(ovs_test_macros): ovs-tree
	@:
endif
tests/testsuite: $(TESTSUITE_AT) tests/package.m4 $(ovs_test_macros)
	$(AM_V_GEN)$(AUTOTEST) -I tests -I $(srcdir) -I ovs \
	  -o $@.tmp $(srcdir)/tests/testsuite.at && mv $@.tmp $@
tests/system-testsuite: $(SYSTEM_TESTSUITE_AT) tests/package.m4
	$(AM_V_GEN)$(AUTOTEST) -I tests -I $(srcdir) \
	  -o $@.tmp $(srcdir)/tests/system-testsuite.at && mv $@.tmp $@
tests/ovn-testsuite: $(OVN_TESTSUITE_AT) tests/package.m4
	$(AM_V_GEN)$(AUTOTEST) -I tests -I $(srcdir) \
	  -o $@.tmp $(srcdir)/tests/ovn-testsuite.at && mv $@.tmp $@

.PHONY: check-system check-system-short check-ovn check-release check-release-system
.PHONY: check-ovs check-ovs-all check-fuzz fuzz

# The suite would look for another shell than it was started with if it were not
# told to keep it.
RUN_TESTSUITE = CONFIG_SHELL=$(TEST_SHELL) $(TEST_SHELL) tests/testsuite -C tests \
	AUTOTEST_PATH=$(AUTOTEST_PATH)

check-local: tests/testsuite $(check_local_programs)
	$(RUN_TESTSUITE) $(TESTSUITEFLAGS)

# Not with the suites' own --clean: with make -j they may be gone already.
clean-tests:
	for suite in testsuite system-testsuite ovn-testsuite; do \
	  if test -d tests/$$suite.dir; then \
	    chmod -R u+rwX tests/$$suite.dir || exit; \
	  fi; \
	  rm -rf tests/$$suite.dir tests/$$suite.log || exit; \
	done
	rm -rf tests/fuzz.dir tests/pycache
CLEAN_LOCAL += clean-tests

# make check-vm: the kernel modules in virtual machines, with the kernels that Debian
# 12 and 13 have, of each kind of test one or two, each on one of them.  make
# check-kernels: all tests on all kernels.  make check-vm-debug: with a kernel that
# finds errors in itself.  make check-vm-storm: an hour of packets made at random.
# What is downloaded and made for them is kept in vm/.

SHORT_VM_KERNELS = 6.12 6.1
VM_KERNELS = 5.10 6.1 6.12 7.2
DEBUG_VM_KERNELS = 6.1-debug
check_short_vm_targets = $(SHORT_VM_KERNELS:%=check-vm-short-%)
check_vm_targets = check-vm-5.10 check-vm-6.1 check-vm-6.1-debug check-vm-6.12 \
	check-vm-7.2
.PHONY: check-vm check-kernels check-vm-debug check-vm-storm $(check_vm_targets) \
	$(check_short_vm_targets)
check-vm: $(check_short_vm_targets)
check-kernels: $(VM_KERNELS:%=check-vm-%)
check-vm-debug: $(DEBUG_VM_KERNELS:%=check-vm-%)
check-vm-storm:
	@$(MAKE) check-vm-6.12 \
	  VMFLAGS='--scenario storm.sh --storm 1200 --timeout 7200 $(VMFLAGS)'
if HAVE_OVS
vm_ovs_tree = --ovs-tree ovs
endif
CHECK_VM = $(srcdir)/tests/vm/check --work vm $(vm_ovs_tree)
$(check_vm_targets): all
	@$(CHECK_VM) $(VMFLAGS) $(@:check-vm-%=%)
$(check_short_vm_targets): all
	@$(CHECK_VM) --short $(VMFLAGS) $(@:check-vm-short-%=%)
EXTRA_DIST += tests/vm

# make check-packages: the Debian packages, made from what make dist makes, in
# systems of Debian 12 and 13.  make check-packages-short: the least of that, with
# Debian 12 only.  What is downloaded and built is kept in packages/.

PACKAGES_SUITES = bookworm trixie
.PHONY: check-packages check-packages-short
check-packages: dist
	@$(srcdir)/tests/packages/check --work packages $(PACKAGESFLAGS) \
	  $(DIST_ARCHIVES) $(PACKAGES_SUITES)
check-packages-short: dist
	@DEB_BUILD_OPTIONS=nocheck \
	  $(srcdir)/tests/packages/check --work packages --short $(PACKAGESFLAGS) \
	  $(DIST_ARCHIVES) bookworm
EXTRA_DIST += tests/packages

# make bench-scale: what many ports, and many remote addresses of one, cost.

.PHONY: bench-scale
EXTRA_DIST += tests/bench-scale

# make bench-dump: stt-dump's speed beside tshark's.

.PHONY: bench-dump
bench-dump: all
	@$(PYTHON3) $(srcdir)/tests/bench-dump \
	  --stt-dump utilities/stt-dump --dir tests $(BENCHFLAGS)

# make bench-lib: what the protocol library costs for each frame.

.PHONY: bench-lib
EXTRA_DIST += \
	tests/bench-lib \
	tests/bench-lib.baseline
bench-lib: tests/bench-stt-lib
	@$(PYTHON3) $(srcdir)/tests/bench-lib \
	  --program tests/bench-stt-lib $(BENCHFLAGS)

# make check-ovs, make check-ovs-all: Open vSwitch's own tests of what the hooks
# touch, and of all that is near it.
#
# The hooks are in the way of tunnels' packets (lib/netdev.c, lib/netdev-vport.c,
# lib/tnl-ports.c, ofproto/ofproto-dpif-xlate.c, lib/dpif-netdev.c's pop, and
# before 4.0 lib/odp-execute.c's push and lib/netdev-dummy.c), which the tests of
# tunnels, TSO and checksums go; in the text of tunnel actions (lib/odp-util.c:
# "OVS datapath ..."); and in what IPFIX and sFlow say of tunnels.  Elsewhere they
# add a name, a setting or a message that Open vSwitch's tests do not know.  So
# those of PMD threads, megaflows, VLANs, PTAP bridges without tunnels and
# hardware offload are left to check-ovs-all, and so are those of too long
# actions, keys and attributes ("long"), three that take a third of the time, and
# those of the flows and the options of other tunnels.
#
# "tunnel tso fallback" runs in neither: it wants the checksums of GRE that Open
# vSwitch computes before the TCP checksum behind them is complete, which are
# wrong in each packet, and which a hook puts right.  make check-path checks those.
# "tunnel_push_pop_ipv6 - action" is left to check-ovs-all: it looks for what is
# forgotten after a second, ten commands later, which a slow machine cannot do.
# So is sFlow's test of LACP, in which less than a second may pass before the clock
# is stopped.

OVS_TEST_KEYWORDS = \
	csum ipfix OVS,datapath sflow,!lacp tso tunnel_push_pop \
	tunnel_push_pop_ipv6,!action vxlan
OVS_TEST_KEYWORDS_ALL = \
	$(OVS_TEST_KEYWORDS) datapath dpif-netdev geneve megaflow pmd ptap sflow \
	tunnel tunnels tunnel_push_pop_ipv6 vlan

# What runs Open vSwitch as built here.  check-release and check-release-system
# are what of the two suites depends on Open vSwitch's release, which is all that
# needs to run with a second one; of traffic, only some.
if HAVE_OVS
# Tests with OVN use what is in the folder ovn, or what is installed; without a
# network those fail, and no others.
ovn:
	-$(AM_V_GEN)$(srcdir)/utilities/ovs-stt-ovn $@
check-system: all ovn tests/system-testsuite $(check_PROGRAMS)
	$(SHELL) tests/system-testsuite -C tests \
	  AUTOTEST_PATH=$(AUTOTEST_PATH) $(TESTSUITEFLAGS)
check-system-short: all ovn tests/system-testsuite $(check_PROGRAMS)
	$(SHELL) tests/system-testsuite -C tests \
	  AUTOTEST_PATH=$(AUTOTEST_PATH) -k 'system,!long' $(TESTSUITEFLAGS)
# What is built for this is kept in ovn-source, and built anew only as far as it
# changed.
check-ovn: all tests/ovn-testsuite $(check_PROGRAMS)
	CC='$(CC)' CFLAGS='$(CFLAGS)' SPATCH='$(SPATCH)' \
	  $(srcdir)/utilities/ovs-stt-ovn --source --ovs ovs ovn-source
	OVS_STT_OVN=$(abs_top_builddir)/ovn-source \
	  $(SHELL) tests/ovn-testsuite -C tests \
	  AUTOTEST_PATH=$(AUTOTEST_PATH) $(TESTSUITEFLAGS)
check-release: all tests/testsuite $(check_local_programs)
	$(RUN_TESTSUITE) -k stt $(TESTSUITEFLAGS)
check-release-system: all tests/system-testsuite
	$(SHELL) tests/system-testsuite -C tests \
	  AUTOTEST_PATH=$(AUTOTEST_PATH) -k release $(TESTSUITEFLAGS)
check-ovs: all
	$(MAKE) -C ovs check RECHECK=yes TESTSUITEFLAGS=" \
	  $(OVS_TEST_KEYWORDS:%=-k '%,!long,!fallback') $(TESTSUITEFLAGS)"
check-ovs-all: all
	$(MAKE) -C ovs check RECHECK=yes \
	  TESTSUITEFLAGS='$(OVS_TEST_KEYWORDS_ALL:%=-k %,!fallback) $(TESTSUITEFLAGS)'
bench-scale: all
	OVS_STT_TREE=$(ovs_build) $(PYTHON3) $(srcdir)/tests/bench-scale \
	  $(BENCHFLAGS)
else
check-system check-system-short check-ovn check-release check-release-system \
check-ovs check-ovs-all bench-scale:
	@echo "make $@ needs Open vSwitch: configure --with-ovs=DIR" >&2; exit 1
endif

# What of the packets' way through the userspace datapath the programs below
# share.  They are linked with the library of Open vSwitch that make ovs-sanitized
# builds, and made anew when that changed.

path_sources = \
	tests/path/build.c \
	tests/path/case.c \
	tests/path/change.c \
	tests/path/finish.c \
	tests/path/judge.c \
	tests/path/linux-device.c \
	tests/path/nic.c \
	tests/path/switch.c \
	tests/path/tunnel.c \
	tests/path/wire.c
path_headers = \
	tests/path/build.h \
	tests/path/case.h \
	tests/path/change.h \
	tests/path/device.h \
	tests/path/finish.h \
	tests/path/judge.h \
	tests/path/switch.h \
	tests/path/tunnel.h \
	tests/path/wire.h
path_objects = $(path_sources:%.c=%.sanitized.o)
EXTRA_DIST += \
	$(path_headers) \
	$(path_sources) \
	tests/fuzz-path.c \
	tests/fuzz-vnet-header.c \
	tests/test-path.c
CLEANFILES += \
	$(path_objects) \
	tests/fuzz-path.sanitized.o \
	tests/fuzz-vnet-header.sanitized.o \
	tests/test-path \
	tests/test-path.sanitized.o

# Whether the library changed is known only once ovs-sanitized was made, so make
# is called again behind that.
sanitized_library = ovs-sanitized/lib/.libs/libopenvswitch.a
PATH_CC = $(FUZZ_CC) $(SANITIZED_CFLAGS) -Wall
# The reference and the judge, which need not be fuzzed themselves: their branches
# would only keep the fuzzer from those of the code that they judge.
PATH_REFERENCE_CC = $(FUZZ_CC) -g -O2 -Wall
path_reference = build case change finish judge tunnel wire
path_reference_objects = $(path_reference:%=tests/path/%.sanitized.o)
PATH_CPPFLAGS = -DHAVE_CONFIG_H -Iovs-sanitized -Iovs-sanitized/include \
	-Iovs-sanitized/lib -Iovs-sanitized/lib/stt -I$(srcdir)/tests
PATH_LINK = ovs-sanitized/libtool --silent --tag=CC --mode=link \
	$(FUZZ_CC) $(SANITIZED_CFLAGS) \
	-Wl,--wrap=coverage_counter_register
$(filter-out $(path_reference_objects), $(path_objects)) \
tests/test-path.sanitized.o tests/fuzz-path.sanitized.o \
tests/fuzz-vnet-header.sanitized.o: \
%.sanitized.o: $(srcdir)/%.c $(path_headers:%=$(srcdir)/%) \
		$(sanitized_library)
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(PATH_CC) $(PATH_CPPFLAGS) -c -o $@ $<
$(path_reference_objects): \
%.sanitized.o: $(srcdir)/%.c $(path_headers:%=$(srcdir)/%)
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(PATH_REFERENCE_CC) -I$(srcdir)/tests -c -o $@ $<
tests/test-path: $(path_objects) tests/test-path.sanitized.o
	$(AM_V_CCLD)$(PATH_LINK) -o $@ $^ ovs-sanitized/lib/libopenvswitch.la
tests/fuzz-path tests/fuzz-vnet-header: \
%: $(path_objects) %.sanitized.o
	$(AM_V_CCLD)$(PATH_LINK) -fsanitize=fuzzer -o $@ $^ \
	  ovs-sanitized/lib/libopenvswitch.la

# make check-path: a great many packets, by every way in, through actions and
# tunnels, out by every device, with and without userspace TSO.

PATH_MODES = tso no-tso
.PHONY: check-path
if HAVE_OVS
if HAVE_FUZZER
check-path: ovs-sanitized
	@$(MAKE) --no-print-directory tests/test-path
	@pids=; \
	for mode in $(PATH_MODES); do \
	  ASAN_OPTIONS=symbolize=0 tests/test-path $$mode $(PATHFLAGS) \
	    2>tests/path/$$mode.log & \
	  pids="$$pids $$!"; \
	done; \
	status=0; \
	for pid in $$pids; do wait $$pid || status=1; done; \
	exit $$status
else
check-path:
	@echo "path: skipped (no clang with libFuzzer)"
endif
else
check-path:
	@echo "make $@ needs Open vSwitch: configure --with-ovs=DIR" >&2; exit 1
endif

# make check-sanitized: make check and make check-system once more, in a build
# folder of their own, with Open vSwitch and all programs under AddressSanitizer
# and UndefinedBehaviorSanitizer.  What these find they write into files, as
# nobody sees what a daemon says, and any such file fails it.  Clang's do; of
# GCC's the latter knows standard error only.
#
# Memory that a program has not given back when it ends is no error: Open vSwitch
# leaves that to the system.

SANITIZED_CHECKS = check check-system
SANITIZED_CHECK_CFLAGS = -g -O1 -fno-omit-frame-pointer -fno-common \
	-fsanitize=address,undefined
.PHONY: check-sanitized
if HAVE_OVS
if HAVE_FUZZER
check-sanitized:
	@$(MKDIR_P) sanitized/reports
	@cd sanitized && \
	if test ! -e Makefile; then \
	  $(abs_top_srcdir)/configure --with-ovs='$(OVS_SRC)' \
	    --enable-untested-ovs CC='$(FUZZ_CC)' \
	    CFLAGS='$(SANITIZED_CHECK_CFLAGS)' PYTHON3='$(PYTHON3)' \
	    SPATCH='$(SPATCH)'; \
	fi
	@ASAN_OPTIONS=detect_leaks=0 $(MAKE) -C sanitized all
	@rm -f sanitized/reports/*
	@status=0; \
	for target in $(SANITIZED_CHECKS); do \
	  ASAN_OPTIONS=detect_leaks=0:log_path=$(abs_builddir)/sanitized/reports/asan \
	  UBSAN_OPTIONS=print_stacktrace=1 \
	    $(MAKE) -C sanitized $$target || status=1; \
	done; \
	for report in sanitized/reports/*; do \
	  test -e "$$report" || continue; \
	  status=1; \
	  echo "$$report:"; \
	  grep -m 1 -E 'ERROR: |runtime error: ' "$$report"; \
	done; \
	exit $$status
else
check-sanitized:
	@echo "make $@ needs clang with libFuzzer" >&2; exit 1
endif
CLEAN_LOCAL += sanitized-clean
else
check-sanitized:
	@echo "make $@ needs Open vSwitch: configure --with-ovs=DIR" >&2; exit 1
endif
sanitized-clean:
	rm -rf sanitized

# make check-fuzz, make fuzz: every tests/fuzz-TARGET.c, starting from the
# inputs in tests/corpus/TARGET/ if there are any.  make fuzz-long: for each of
# LONG_FUZZ, TARGET=N, N inputs.

LIB_FUZZ_TARGETS = frame reassembly
LONG_FUZZ = frame=1000000000 reassembly=10000000
if HAVE_PCAP
LIB_FUZZ_TARGETS += dump
LONG_FUZZ += dump=100000
endif
if HAVE_OVS
PATH_FUZZ_TARGETS = path vnet-header
LONG_FUZZ += path=10000000 vnet-header=10000000
if HAVE_FUZZER
fuzz_library = ovs-sanitized
endif
endif
FUZZ_TARGETS = $(LIB_FUZZ_TARGETS) $(PATH_FUZZ_TARGETS)
FUZZ_SECONDS = 10

lib_fuzz_programs = $(LIB_FUZZ_TARGETS:%=tests/fuzz-%)
fuzz_programs = $(FUZZ_TARGETS:%=tests/fuzz-%)
EXTRA_DIST += \
	tests/fuzz-dump.c \
	tests/fuzz-frame.c \
	tests/fuzz-reassembly.c
CLEANFILES += $(fuzz_programs)

$(lib_fuzz_programs): %: $(srcdir)/%.c $(lib_libstt_la_SOURCES) \
		$(tests_test_stt_reassembly_SOURCES:%.c=)
	$(AM_V_CC)$(FUZZ_CC) $(FUZZ_CFLAGS) $(AM_CPPFLAGS) \
	  -I$(top_srcdir)/utilities -o $@ $(filter %.c,$^) -lpthread
tests/fuzz-dump: $(dump_sources)

RUN_FUZZ = $(SHELL) $(srcdir)/tests/run-fuzz $(srcdir)/tests/corpus tests
.PHONY: fuzz-programs fuzz-long
if HAVE_FUZZER
fuzz-programs: $(fuzz_library)
	@$(MAKE) --no-print-directory $(fuzz_programs)
check-fuzz: fuzz-programs
	@$(RUN_FUZZ) $(FUZZ_SECONDS) $(FUZZ_TARGETS)
fuzz: fuzz-programs
	@$(RUN_FUZZ) 0 $(FUZZ_TARGETS)
fuzz-long: fuzz-programs
	@status=0; \
	for target in $(LONG_FUZZ); do \
	  $(RUN_FUZZ) runs=$${target#*=} $${target%=*} || status=1; \
	done; \
	exit $$status
else
check-fuzz fuzz fuzz-long:
	@for target in $(FUZZ_TARGETS); do \
	  echo "fuzz-$$target: skipped (no clang with libFuzzer)"; \
	done
endif
