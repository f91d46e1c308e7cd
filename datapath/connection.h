/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_CONNECTION_H
#define STT_CONNECTION_H

/*
 * Connections that connection tracking knows
 * ==========================================
 *
 * Their packets may look like segments: those of a translated connection whose
 * new port is STT's, for instance.  The kernel's module nf_conntrack need not be
 * loaded, and can be at any time, but stays as long as this one then.
 */

#include <linux/types.h>

struct net;
struct sk_buff;

bool stt_connection_has(struct net *net, const struct sk_buff *skb,
			unsigned int offset, bool ipv6);

int stt_connection_init(void);
void stt_connection_exit(void);

#endif /* connection.h */
