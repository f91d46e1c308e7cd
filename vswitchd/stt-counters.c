/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-counters.h"

#include "coverage.h"
#include "dp-packet.h"
#include "ovs-atomic.h"
#include "ovs-thread.h"
#include "packet-drops.h"
#include "util.h"

#define STT_EVENT(ID, NAME, TEXT) COVERAGE_DEFINE(stt_##NAME);
STT_EVENTS
#undef STT_EVENT
#define STT_DROP_REASON(ID, NAME, TEXT) COVERAGE_DEFINE(stt_drop_##NAME);
STT_DROP_REASONS
#undef STT_DROP_REASON

/* Totals.  A thread counts in the bucket that its id selects, so threads
 * rarely share one, and where they do the atomic addition keeps it exact. */
enum { N_BUCKETS = 16 };

struct bucket {
    PADDED_MEMBERS(CACHE_LINE_SIZE,
        atomic_uint64_t n[STT_N_EVENTS + STT_N_DROPS];
    );
};

static struct bucket buckets[N_BUCKETS];

static void
add_one(size_t counter)
{
    uint64_t orig;

    atomic_add_relaxed(&buckets[ovsthread_id_self() % N_BUCKETS].n[counter],
                       UINT64_C(1), &orig);
}

static uint64_t
sum(size_t counter)
{
    uint64_t total = 0;

    for (size_t i = 0; i < N_BUCKETS; i++) {
        uint64_t n;

        atomic_read_relaxed(&buckets[i].n[counter], &n);
        total += n;
    }
    return total;
}

/* Counts one 'event'. */
void
stt_count(enum stt_event event)
{
    add_one(event);
    switch (event) {
#define STT_EVENT(ID, NAME, TEXT) \
    case STT_EVENT_##ID: COVERAGE_INC(stt_##NAME); break;
    STT_EVENTS
#undef STT_EVENT
    case STT_N_EVENTS:
    default:
        OVS_NOT_REACHED();
    }
}

/* Returns how often 'event' was counted. */
uint64_t
stt_get_event_count(enum stt_event event)
{
    return sum(event);
}

/* Counts one packet dropped for the reason 'drop'. */
void
stt_count_drop(enum stt_drop drop)
{
    packet_drops_note();
    add_one(STT_N_EVENTS + drop);
    switch (drop) {
#define STT_DROP_REASON(ID, NAME, TEXT) \
    case STT_DROP_##ID: COVERAGE_INC(stt_drop_##NAME); break;
    STT_DROP_REASONS
#undef STT_DROP_REASON
    case STT_DROP_NONE:
    case STT_N_DROPS:
    default:
        OVS_NOT_REACHED();
    }
}

/* Counts and frees 'packet', dropped for the reason 'drop'. */
void
stt_drop_packet(struct dp_packet *packet, enum stt_drop drop)
{
    stt_count_drop(drop);
    dp_packet_delete(packet);
}

/* Returns how many packets were dropped for the reason 'drop'. */
uint64_t
stt_get_drop_count(enum stt_drop drop)
{
    return sum(STT_N_EVENTS + drop);
}
