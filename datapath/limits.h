/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_KERNEL_LIMITS_H
#define STT_KERNEL_LIMITS_H

/*
 * Limits of reassembly, as the sysctls net.stt.reassembly_* of a namespace, and,
 * in the initial one, the budget that all namespaces share.
 */

#include "namespace.h"

void stt_limits_attach(struct stt_net *sn, struct stt_reassembly *reassembly);
struct stt_reassembly *stt_limits_detach(struct stt_net *sn);

int stt_limits_init(struct stt_net *sn);
void stt_limits_exit(struct stt_net *sn);

void stt_limits_start(void);
void stt_limits_stop(void);

#endif /* limits.h */
