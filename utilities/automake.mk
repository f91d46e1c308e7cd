# SPDX-License-Identifier: Apache-2.0

dist_sbin_SCRIPTS += \
	utilities/ovs-stt-bench \
	utilities/ovs-stt-lab \
	utilities/ovs-stt-learn

# ovs-stt-lab looks for its modules here, from where it is.
sttlabdir = $(sbindir)/../share/ovs-stt/sttlab
dist_sttlab_DATA = \
	utilities/sttlab/__init__.py \
	utilities/sttlab/ovn.py \
	utilities/sttlab/run.py \
	utilities/sttlab/version.py

# Nothing is configured in the programs that are scripts: they read the version.
versiondir = $(sbindir)/../share/ovs-stt
dist_version_DATA = VERSION

# ovs-stt-bench does the same.
sttbenchdir = $(sbindir)/../share/ovs-stt/sttbench
dist_sttbench_DATA = \
	utilities/sttbench/__init__.py \
	utilities/sttbench/charts.py \
	utilities/sttbench/datagrams.py \
	utilities/sttbench/host.py \
	utilities/sttbench/hosts.py \
	utilities/sttbench/kernel.py \
	utilities/sttbench/lab.py \
	utilities/sttbench/load.py \
	utilities/sttbench/machine.py \
	utilities/sttbench/matrix.py \
	utilities/sttbench/report.py \
	utilities/sttbench/results.py \
	utilities/sttbench/results.schema.json \
	utilities/sttbench/run.py \
	utilities/sttbench/text.py

# Built only where libpcap is (see configure).
utilities_stt_dump_SOURCES = \
	$(dump_sources) \
	utilities/dump-resync.c \
	utilities/dump-resync.h \
	utilities/dump-tcpdump.c \
	utilities/dump-tcpdump.h \
	utilities/stt-dump.c
utilities_stt_dump_LDADD = lib/libstt.la $(PCAP_LIBS)
if HAVE_PCAP
bin_PROGRAMS += utilities/stt-dump
endif

# What decodes and prints packets, which a fuzzer can call, too.
dump_sources = \
	utilities/dump-frames.c \
	utilities/dump-frames.h \
	utilities/dump-message.c \
	utilities/dump-message.h \
	utilities/dump-outer.c \
	utilities/dump-outer.h \
	utilities/dump-packet.c \
	utilities/dump-packet.h \
	utilities/dump-settings.c \
	utilities/dump-settings.h \
	utilities/dump-summary.c \
	utilities/dump-summary.h

bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = \
	utilities/completion/ovs-stt-bench \
	utilities/completion/ovs-stt-lab \
	utilities/completion/ovs-stt-learn \
	utilities/completion/ovs-stt-ovn \
	utilities/completion/ovs-stt-source \
	utilities/completion/stt-dump

# For a checkout only.
EXTRA_DIST += \
	utilities/ovs-stt-ovn \
	utilities/ovs-stt-source
