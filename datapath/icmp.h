/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_ICMP_H
#define STT_ICMP_H

/*
 * ICMP about segments
 * ===================
 *
 * "Packet too big" for a segment that this host sent is passed on to the route,
 * so that the next frames are cut to the new path MTU.  The kernel's TCP does
 * that only for its own connections, of which STT is none.
 *
 * Anybody can write such a message, so it is believed only if it quotes what
 * this host can just have sent (RFC 5927 has the same for TCP).  All others that
 * quote an STT device's port are counted as ignored.
 */

#include <linux/types.h>

struct sk_buff;
struct stt_net;

bool stt_icmp4_is_ours(const struct stt_net *sn, const struct sk_buff *skb);
bool stt_icmp6_is_ours(const struct stt_net *sn, const struct sk_buff *skb);
void stt_icmp4(const struct stt_net *sn, struct sk_buff *skb);
void stt_icmp6(const struct stt_net *sn, struct sk_buff *skb);

#endif /* icmp.h */
