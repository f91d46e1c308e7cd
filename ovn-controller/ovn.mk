# SPDX-License-Identifier: Apache-2.0
#
# Appended to lib/automake.mk of the OVN tree by build-aux/patch-ovs, which puts
# the names of all our files in place of the @...@.

lib_libovn_la_SOURCES += @STT_SOURCES@
