/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_SELFTEST_H
#define STT_SELFTEST_H

/*
 * Tests of lib/, the same as in userspace, and of what joins and cuts packets and
 * remembers what was sent, run when a module built with STT_SELFTEST=y is loaded.
 * If one fails, so does loading.
 */

int stt_selftest(void);

/* What only the kernel has. */
void stt_test_frag_list(void);
void stt_test_sent_pairs(void);
void stt_test_sent_ids(void);

#endif /* selftest.h */
