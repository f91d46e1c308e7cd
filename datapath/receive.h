/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_RECEIVE_H
#define STT_RECEIVE_H

/*
 * From the host's input hooks to the device
 * =========================================
 *
 * Segments are taken at LOCAL_IN, behind the host's filter rules, so that these
 * hold for STT as for anything else.  Connection tracking never sees them: to
 * it they would be a TCP connection without a handshake.  It does see all that
 * only has STT's port, such as the replies of a connection that it translated.
 */

#include <linux/types.h>

struct stt_fragment;
struct stt_net;

int stt_receive_register(struct stt_net *sn);
void stt_receive_unregister(struct stt_net *sn);
void stt_receive_drop_chain(struct stt_net *sn, struct stt_fragment *fragment);

#endif /* receive.h */
