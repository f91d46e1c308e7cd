# SPDX-License-Identifier: Apache-2.0

# The protocol library, as the tests and utilities use it.  Open vSwitch gets
# the same files in its own library (see vswitchd/automake.mk).

noinst_LTLIBRARIES += lib/libstt.la
lib_libstt_la_SOURCES = \
	lib/stt-budget.c \
	lib/stt-budget.h \
	lib/stt-drop.c \
	lib/stt-drop.h \
	lib/stt-event.c \
	lib/stt-event.h \
	lib/stt-extents.c \
	lib/stt-extents.h \
	lib/stt-fragment.c \
	lib/stt-fragment.h \
	lib/stt-frame-id.c \
	lib/stt-frame-id.h \
	lib/stt-frame.c \
	lib/stt-frame.h \
	lib/stt-grant.c \
	lib/stt-grant.h \
	lib/stt-hash.c \
	lib/stt-hash.h \
	lib/stt-inner.c \
	lib/stt-inner.h \
	lib/stt-limits.h \
	lib/stt-link.h \
	lib/stt-list.h \
	lib/stt-platform.h \
	lib/stt-reassembly.c \
	lib/stt-reassembly.h \
	lib/stt-segment.c \
	lib/stt-segment.h
lib_libstt_la_LIBADD = -lpthread
