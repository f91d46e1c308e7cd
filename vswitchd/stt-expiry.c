/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-expiry.h"

#include <stdbool.h>
#include <stdint.h>

#include "openvswitch/poll-loop.h"
#include "ovs-atomic.h"
#include "seq.h"
#include "stt-pop.h"
#include "stt-reassembly.h"
#include "timeval.h"
#include "util.h"

/* How often frames that were not completed are looked for, in milliseconds. */
#define INTERVAL 250

/* Shards with frames that are looked through in one turn of the main loop, which
 * has other things to do, too. */
#define SHARDS_PER_TURN 4

/* Changes when the first segment came after 'asleep' had become true. */
static struct seq *first_segment;

/* True while the main thread relies on being told of the first segment. */
static atomic_bool asleep = false;

/* Of the main thread alone: whether it set 'asleep', the value of
 * 'first_segment' before it did, and otherwise when to look into the table, and
 * how far it has got with it. */
static bool was_asleep;
static uint64_t sequence;
static long long int next_time;
static struct stt_sweep sweep;

/* Lets the main thread sleep until the first segment comes, if the table is
 * empty. */
static void
fall_asleep(void)
{
    sequence = seq_read(first_segment);
    was_asleep = true;
    atomic_store(&asleep, true);
    if (!stt_has_no_frames()) {
        /* Whoever put a segment into the table meanwhile may not have seen
         * that it should tell. */
        was_asleep = false;
        atomic_store(&asleep, false);
    }
}

/* To be called once, before there is an STT port. */
void
stt_expiry_init(void)
{
    first_segment = seq_create();
    fall_asleep();
}

/* Periodic work of the main thread: drops frames that are too old. */
void
stt_expiry_run(void)
{
    long long int now = time_msec();

    if (was_asleep) {
        atomic_read(&asleep, &was_asleep);
        if (was_asleep) {
            return;
        }
        next_time = now + INTERVAL;
    }
    if (now < next_time) {
        return;
    }
    stt_expire_some_frames(SHARDS_PER_TURN, &sweep);
    if (!sweep.next_shard && !sweep.again) {
        next_time = now + INTERVAL;
        fall_asleep();
    }
}

/* Wakes the main thread up for stt_expiry_run(). */
void
stt_expiry_wait(void)
{
    if (was_asleep) {
        seq_wait(first_segment, sequence);
    } else {
        poll_timer_wait_until(next_time);
    }
}

/* To be called by the thread that put a segment into the reassembly table,
 * afterwards. */
void
stt_expiry_frame_held(void)
{
    bool tell;

    /* Reads it first, so that threads need not take the variable from each
     * other for each segment. */
    atomic_read(&asleep, &tell);
    if (OVS_UNLIKELY(tell)
        && atomic_compare_exchange_strong(&asleep, &tell, false)) {
        seq_change(first_segment);
    }
}
