/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_KERNEL_LIMITS_H
#define STT_KERNEL_LIMITS_H

/*
 * Limits of reassembly, as the sysctls net.stt.reassembly_* of a namespace, and,
 * in the initial one, the budget that all namespaces share.  They are there
 * always, so that they can be set before the first device.
 */

int stt_limits_init(void);
void stt_limits_exit(void);

#endif /* limits.h */
