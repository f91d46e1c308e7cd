/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_SHOW_H
#define STT_SHOW_H 1

/* "ovs-appctl stt/show": what STT is doing, for people. */

void stt_show_register(void);

#endif /* stt-show.h */
