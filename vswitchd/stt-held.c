/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-held.h"

#include <stdbool.h>

#include "dp-packet.h"
#include "entropy.h"
#include "openvswitch/poll-loop.h"
#include "ovs-atomic.h"
#include "ovs-thread.h"
#include "seq.h"
#include "stt-counters.h"
#include "stt-reassembly.h"
#include "timeval.h"
#include "util.h"

/* Shards of the reassembly table.  More than threads that are likely to bring
 * segments of different senders at the same time. */
enum { N_SHARDS = 16 };

/* How often frames that were not completed are looked for, in milliseconds. */
#define INTERVAL 250

/* Shards with frames that are looked through in one turn of the main loop, which
 * has other things to do, too. */
#define SHARDS_PER_TURN 4

/* Where a packet's fragment is.  The metadata in front of it, with the input
 * port, stays. */
#define FRAGMENT_OFFSET offsetof(struct dp_packet, md.tunnel)
BUILD_ASSERT_DECL(sizeof(struct stt_fragment) <= sizeof(struct flow_tnl));

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

/* Returns the reassembly table, made by the first call. */
static struct stt_reassembly *
get_reassembly(void)
{
    static struct ovsthread_once once = OVSTHREAD_ONCE_INITIALIZER;
    static struct stt_reassembly *reassembly;

    if (ovsthread_once_start(&once)) {
        uint64_t seed[2];

        get_entropy_or_die(seed, sizeof seed);
        reassembly = stt_reassembly_create(N_SHARDS, seed,
                                           &STT_DEFAULT_LIMITS);
        if (!reassembly) {
            out_of_memory();
        }
        ovsthread_once_done(&once);
    }
    return reassembly;
}

static struct stt_fragment *
fragment_of(struct dp_packet *packet)
{
    return ALIGNED_CAST(struct stt_fragment *,
                        (char *) packet + FRAGMENT_OFFSET);
}

/* Returns the packet that 'fragment' is in. */
struct dp_packet *
stt_packet_of(struct stt_fragment *fragment)
{
    return ALIGNED_CAST(struct dp_packet *,
                        (char *) fragment - FRAGMENT_OFFSET);
}

/* Drops the packets of the dead chain 'fragment', each for its own reason.
 * Returns how many they are. */
static uint32_t
drop_chain(struct stt_fragment *fragment)
{
    uint32_t n = 0;

    for (; fragment; n++) {
        struct stt_fragment *next = fragment->next;

        stt_drop_packet(stt_packet_of(fragment), fragment->drop);
        fragment = next;
    }
    return n;
}

/* Lets the main thread sleep until the first segment comes, if the table is
 * empty. */
static void
fall_asleep(void)
{
    sequence = seq_read(first_segment);
    was_asleep = true;
    atomic_store(&asleep, true);
    if (!stt_reassembly_is_empty(get_reassembly())) {
        /* Whoever put a segment into the table meanwhile may not have seen
         * that it should tell. */
        was_asleep = false;
        atomic_store(&asleep, false);
    }
}

/* To be called when a segment was put into the table, afterwards: wakes the main
 * thread, if it sleeps until the first one comes. */
static void
wake_expiry(void)
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

/* To be called once, before there is an STT port. */
void
stt_held_init(void)
{
    first_segment = seq_create();
    fall_asleep();
}

/* Puts 'packet' into the table, which takes ownership of it.  It has 'segment' of
 * the frame 'key' at its end, and its outer headers had the ECN field 'ecn'.  If
 * that completes the frame, returns the frame's fragments, in order, whose
 * packets are the caller's then.  Otherwise returns NULL.  Adds to '*n_dropped'
 * how many packets were dropped. */
struct stt_fragment *
stt_held_insert(struct dp_packet *packet, const struct stt_key *key,
                const struct stt_segment *segment, uint8_t ecn,
                uint32_t *n_dropped)
{
    struct stt_fragment *chain, *dead = NULL;
    struct stt_fragment *fragment;

    if (packet->source != DPBUF_MALLOC) {
        /* A device's own buffers are few: do not keep them from it. */
        struct dp_packet *copy = dp_packet_clone(packet);

        dp_packet_delete(packet);
        packet = copy;
    }
    fragment = fragment_of(packet);
    fragment->charge = sizeof *packet + dp_packet_get_allocated(packet);
    fragment->ecn = ecn;

    chain = stt_reassembly_insert(get_reassembly(), key, segment, fragment,
                                  time_msec(), &dead);
    *n_dropped += drop_chain(dead);
    if (!chain) {
        wake_expiry();
    }
    return chain;
}

/* Sets the limits of reassembly, for all ports together. */
void
stt_held_set_limits(const struct stt_limits *limits)
{
    stt_reassembly_set_limits(get_reassembly(), limits);
}

void
stt_held_get_limits(struct stt_limits *limits)
{
    stt_reassembly_get_limits(get_reassembly(), limits);
}

/* Stores in '*occupancy' what is held now. */
void
stt_held_get_occupancy(struct stt_occupancy *occupancy)
{
    stt_reassembly_get_occupancy(get_reassembly(), occupancy);
}

/* Drops all frames that were not completed in time. */
void
stt_held_expire(void)
{
    drop_chain(stt_reassembly_expire(get_reassembly(), time_msec()));
}

/* Periodic work of the main thread: drops frames that are too old, some of them
 * at a time. */
void
stt_held_run(void)
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
    drop_chain(stt_reassembly_expire_some(get_reassembly(), now,
                                          SHARDS_PER_TURN, &sweep));
    if (!sweep.next_shard && !sweep.again) {
        next_time = now + INTERVAL;
        fall_asleep();
    }
}

/* Wakes the main thread up for stt_held_run(). */
void
stt_held_wait(void)
{
    if (was_asleep) {
        seq_wait(first_segment, sequence);
    } else {
        poll_timer_wait_until(next_time);
    }
}
