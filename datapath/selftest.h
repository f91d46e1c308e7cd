/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_SELFTEST_H
#define STT_SELFTEST_H

/*
 * Tests of the protocol library inside the kernel, run when a module that was
 * built with STT_SELFTEST=y is loaded.  If one fails, so does loading.
 */

int stt_selftest(void);

#endif /* selftest.h */
