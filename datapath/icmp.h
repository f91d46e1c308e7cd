/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_ICMP_H
#define STT_ICMP_H

#include <linux/types.h>

struct net;
struct sk_buff;

bool stt_icmp4_is_ours(struct net *net, const struct sk_buff *skb);
bool stt_icmp6_is_ours(struct net *net, const struct sk_buff *skb);
void stt_icmp4(struct net *net, struct sk_buff *skb);
void stt_icmp6(struct net *net, struct sk_buff *skb);

#endif /* icmp.h */
