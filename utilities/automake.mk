# SPDX-License-Identifier: Apache-2.0

bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = \
	utilities/completion/ovs-stt-bench \
	utilities/completion/ovs-stt-lab \
	utilities/completion/ovs-stt-learn
dist_sbin_SCRIPTS += \
	utilities/ovs-stt-bench \
	utilities/ovs-stt-lab \
	utilities/ovs-stt-learn

# The programs that are scripts look for their package, and for the version, here,
# from where they are: nothing is configured in them.
sharedir = $(sbindir)/../share/ovs-stt
dist_share_DATA = VERSION
packagedir = $(sharedir)/ovs_stt
dist_package_DATA = \
	utilities/ovs_stt/__init__.py \
	utilities/ovs_stt/command_line.py \
	utilities/ovs_stt/locations.py \
	utilities/ovs_stt/namespaces.py \
	utilities/ovs_stt/packages.py \
	utilities/ovs_stt/run.py \
	utilities/ovs_stt/signals.py \
	utilities/ovs_stt/tunnels.py
benchdir = $(packagedir)/bench
dist_bench_DATA = \
	utilities/ovs_stt/bench/__init__.py \
	utilities/ovs_stt/bench/charts.py \
	utilities/ovs_stt/bench/command.py \
	utilities/ovs_stt/bench/datagrams.py \
	utilities/ovs_stt/bench/kernel.py \
	utilities/ovs_stt/bench/labs.py \
	utilities/ovs_stt/bench/load.py \
	utilities/ovs_stt/bench/machine.py \
	utilities/ovs_stt/bench/matrix.py \
	utilities/ovs_stt/bench/measure.py \
	utilities/ovs_stt/bench/page.html.j2 \
	utilities/ovs_stt/bench/report.py \
	utilities/ovs_stt/bench/results.py \
	utilities/ovs_stt/bench/results.schema.json \
	utilities/ovs_stt/bench/text.py \
	utilities/ovs_stt/bench/this_host.py \
	utilities/ovs_stt/bench/two_hosts.py
labdir = $(packagedir)/lab
dist_lab_DATA = \
	utilities/ovs_stt/lab/__init__.py \
	utilities/ovs_stt/lab/command.py \
	utilities/ovs_stt/lab/lab.py \
	utilities/ovs_stt/lab/links.py \
	utilities/ovs_stt/lab/node.py \
	utilities/ovs_stt/lab/ovn.py \
	utilities/ovs_stt/lab/processes.py \
	utilities/ovs_stt/lab/status.py \
	utilities/ovs_stt/lab/switches.py \
	utilities/ovs_stt/lab/tree.py
learndir = $(packagedir)/learn
dist_learn_DATA = \
	utilities/ovs_stt/learn/__init__.py \
	utilities/ovs_stt/learn/command.py \
	utilities/ovs_stt/learn/flows.py \
	utilities/ovs_stt/learn/members.py

# Built only where libpcap is (see configure).
utilities_stt_dump_SOURCES = \
	$(dump_sources) \
	utilities/dump-message.c \
	utilities/dump-message.h \
	utilities/dump-resync.c \
	utilities/dump-resync.h \
	utilities/dump-settings.c \
	utilities/dump-settings.h \
	utilities/dump-tcpdump.c \
	utilities/dump-tcpdump.h \
	utilities/stt-dump.c
utilities_stt_dump_LDADD = lib/libstt.la $(PCAP_LIBS)
if HAVE_PCAP
bin_PROGRAMS += utilities/stt-dump
dist_bashcompletion_DATA += utilities/completion/stt-dump
endif

# What decodes and prints packets, which a fuzzer can call, too.
dump_sources = \
	utilities/dump-frames.c \
	utilities/dump-frames.h \
	utilities/dump-outer.c \
	utilities/dump-outer.h \
	utilities/dump-packet.c \
	utilities/dump-packet.h \
	utilities/dump-summary.c \
	utilities/dump-summary.h

# For a checkout only.
EXTRA_DIST += \
	utilities/completion/ovs-stt-ovn \
	utilities/completion/ovs-stt-source \
	utilities/ovs-stt-ovn \
	utilities/ovs-stt-source
