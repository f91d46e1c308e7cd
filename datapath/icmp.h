/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_ICMP_H
#define STT_ICMP_H

struct net;
struct sk_buff;

void stt_icmp4(struct net *net, struct sk_buff *skb);
void stt_icmp6(struct net *net, struct sk_buff *skb);

#endif /* icmp.h */
