/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_EXPIRY_H
#define STT_EXPIRY_H 1

/* When the main thread drops frames that nobody completes
 * ========================================================
 *
 * Any thread may put a segment into the reassembly table, and the main thread
 * takes out what became too old.  While the table is empty it has no reason to
 * wake up, so the thread that brings the first segment wakes it.  From then on
 * it looks into the table a few times a second, a few shards at a time and a
 * bounded number of segments in each, until the table is found empty.  So frames that come in pieces all the time wake it
 * no more often than that. */

void stt_expiry_init(void);
void stt_expiry_run(void);
void stt_expiry_wait(void);
void stt_expiry_frame_held(void);

#endif /* stt-expiry.h */
