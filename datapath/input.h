/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_INPUT_H
#define STT_INPUT_H

/*
 * The way in
 * ==========
 *
 * Netfilter hooks of each namespace that has a device take the segments for it at
 * LOCAL_IN, behind the host's filter rules, so that these hold for STT as for
 * anything else.  Connection tracking never sees segments: to it they would be a
 * TCP connection without a handshake.  It does see all that only has STT's port,
 * such as the replies of a connection that it translated.  The hooks also see the
 * ICMP messages about what was sent.
 */

struct stt_net;

int stt_input_start(struct stt_net *sn);
void stt_input_stop(struct stt_net *sn);

#endif /* input.h */
