#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The kernel module's test of itself: stt.ko must have been built with
# STT_SELFTEST=y.

# shellcheck source=tests/vm/guest/lib.sh
. "$(dirname "$0")/lib.sh"

# Prints what the module said about its test.
result()
{
    dmesg | sed -n 's/.*stt: \(self-test \)/\1/p'
}

test_selftest()
{
    modprobe stt || fail "$(result | grep . || echo 'stt cannot be loaded')"
    result | grep '^self-test passed' \
        || fail "stt.ko was not built with STT_SELFTEST=y"
    modprobe -r stt
}

run_test selftest test_selftest
