# SPDX-License-Identifier: Apache-2.0

dist_man_MANS += \
	Documentation/ovs-stt-bench.8 \
	Documentation/ovs-stt-lab.8 \
	Documentation/ovs-stt-learn.8 \
	Documentation/ovs-stt.7 \
	Documentation/stt-dump.8

EXTRA_DIST += \
	Documentation/benchmark.md \
	Documentation/controller.md \
	Documentation/design.md \
	Documentation/gateways.md \
	Documentation/kernel.md \
	Documentation/kubernetes.md \
	Documentation/learning.md \
	Documentation/ovn.md \
	Documentation/packages.md \
	Documentation/protocol.md \
	Documentation/results \
	Documentation/results.md \
	Documentation/stt.md \
	Documentation/testing.md
