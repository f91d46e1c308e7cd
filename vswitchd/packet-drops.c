/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "packet-drops.h"

#include "coverage.h"
#include "dp-packet.h"
#include "openvswitch/vlog.h"
#include "ovs-atomic.h"
#include "ovs-thread.h"
#include "stt-compat.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(packet_drops);

#define PACKET_DROP(ID, NAME, TEXT) COVERAGE_DEFINE(datapath_drop_##NAME);
PACKET_DROPS
#undef PACKET_DROP

/* These are rare, so threads can share them. */
static atomic_uint64_t totals[N_PACKET_DROPS];

/* Packets that the current thread has dropped or refused, for whatever reason. */
DEFINE_STATIC_PER_THREAD_DATA(uint32_t, dropped, 0);

/* Returns the name of 'drop', a static string. */
const char *
packet_drop_name(enum packet_drop drop)
{
    switch (drop) {
#define PACKET_DROP(ID, NAME, TEXT) case PACKET_DROP_##ID: return #NAME;
    PACKET_DROPS
#undef PACKET_DROP
    case N_PACKET_DROPS:
    default:
        return "unknown";
    }
}

/* Returns what 'drop' means, for people, a static string. */
const char *
packet_drop_text(enum packet_drop drop)
{
    switch (drop) {
#define PACKET_DROP(ID, NAME, TEXT) case PACKET_DROP_##ID: return TEXT;
    PACKET_DROPS
#undef PACKET_DROP
    case N_PACKET_DROPS:
    default:
        return "unknown";
    }
}

/* Counts one packet dropped for the reason 'drop', and says so in the log. */
void
packet_drop_count(enum packet_drop drop)
{
    static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 5);
    uint64_t orig;

    packet_drops_note();
    atomic_add_relaxed(&totals[drop], UINT64_C(1), &orig);
    switch (drop) {
#define PACKET_DROP(ID, NAME, TEXT) \
    case PACKET_DROP_##ID: COVERAGE_INC(datapath_drop_##NAME); break;
    PACKET_DROPS
#undef PACKET_DROP
    case N_PACKET_DROPS:
    default:
        OVS_NOT_REACHED();
    }
    VLOG_WARN_RL(&rl, "dropped a packet: %s", packet_drop_text(drop));
}

/* Counts and frees 'packet', dropped for the reason 'drop'. */
void
packet_drop(struct dp_packet *packet, enum packet_drop drop)
{
    packet_drop_count(drop);
    dp_packet_delete(packet);
}

/* Returns how many packets were dropped for the reason 'drop'. */
uint64_t
packet_drop_get_count(enum packet_drop drop)
{
    uint64_t n;

    atomic_read_relaxed(&totals[drop], &n);
    return n;
}

/* The segment size that marks a packet as refused.  No packet can have it, and
 * of all that a dp_packet says it is what nothing but finishing the packet
 * changes. */
#define REFUSED UINT16_MAX

/* Called whenever the current thread drops or refuses a packet. */
void
packet_drops_note(void)
{
    ++*dropped_get();
}

/* Returns how many packets the current thread has dropped or refused, for
 * whatever reason.  The number may wrap, so only differences mean something. */
uint32_t
packet_drops_by_thread(void)
{
    return *dropped_get();
}

/* Counts 'packet' under 'drop', takes its offload state, and marks it, so that
 * it is dropped where it would leave. */
void
packet_refuse(struct dp_packet *packet, enum packet_drop drop)
{
    if (!packet_is_refused(packet)) {
        packet_drop_count(drop);
        stt_forget_offload(packet);
        dp_packet_set_tso_segsz(packet, REFUSED);
    }
}

/* Returns true if 'packet' was refused. */
bool
packet_is_refused(const struct dp_packet *packet)
{
    return dp_packet_get_tso_segsz(packet) == REFUSED;
}
