/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_COUNTERS_H
#define STT_COUNTERS_H

/*
 * What happened to packets
 * ========================
 *
 * Each device counts events and drops, by reason, per CPU; ethtool -S shows
 * them.  A dropped packet also counts in the device's own statistics, which
 * everybody looks at first: as an error if it was malformed, else as dropped.
 * The kernel's tracing of lost packets shows one of the kernel's own reasons for
 * it, as modules from outside its tree cannot add any.
 */

#include <linux/netdevice.h>
#include "compat.h"
#include "stt-drop.h"

/* What is no drop: identifier and name. */
#define STT_EVENTS							\
	STT_EVENT(RX_WHOLE, rx_whole)					\
	STT_EVENT(RX_SEGMENTS, rx_segments_held)				\
	STT_EVENT(RX_REASSEMBLED, rx_reassembled)			\
	STT_EVENT(RX_ECN_MARKED, rx_ecn_marked)				\
	STT_EVENT(RX_PATH_MTU, rx_path_mtu)				\
	STT_EVENT(RX_ICMP_IGNORED, rx_icmp_ignored)			\
	STT_EVENT(TX_FRAMES, tx_frames)					\
	STT_EVENT(TX_SEGMENTED, tx_segmented)				\
	STT_EVENT(TX_CUT, tx_cut)

/* Reasons to drop that only the kernel has, beside those of the library. */
#define STT_KERNEL_DROP_REASONS						\
	STT_DROP_REASON(RX_POLICY, rx_policy)				\
	STT_DROP_REASON(RX_ECN, rx_ecn)					\
	STT_DROP_REASON(TX_TRUNCATED, tx_truncated)			\
	STT_DROP_REASON(TX_METADATA, tx_metadata)			\
	STT_DROP_REASON(TX_ROUTE, tx_route)				\
	STT_DROP_REASON(TX_RECURSION, tx_recursion)			\
	STT_DROP_REASON(TX_NO_MEMORY, tx_no_memory)			\
	STT_DROP_REASON(TX_OUTPUT, tx_output)

enum stt_kernel_drop {
	STT_KERNEL_DROP_FIRST = STT_N_DROPS - 1,
#define STT_DROP_REASON(ID, NAME) STT_DROP_##ID,
	STT_KERNEL_DROP_REASONS
#undef STT_DROP_REASON
	STT_N_KERNEL_DROPS
};

enum stt_event {
#define STT_EVENT(ID, NAME) STT_EVENT_##ID,
	STT_EVENTS
#undef STT_EVENT
	STT_N_EVENTS
};

/* Drop reasons count from 1, as 0 is STT_DROP_NONE. */
enum { STT_N_COUNTERS = STT_N_EVENTS + STT_N_KERNEL_DROPS - 1 };

struct stt_counters {
	unsigned long value[STT_N_COUNTERS];
};

const char *stt_counter_name(unsigned int index);
u64 stt_counter_sum(const struct stt_counters __percpu *counters,
		    unsigned int index);
void stt_count_event(struct net_device *dev, enum stt_event event);
void stt_count_drop(struct net_device *dev, unsigned int drop);
bool stt_drop_is_loss(unsigned int drop, enum skb_drop_reason *reason);

/*
 * Frees 'skb', dropped for the reason 'drop' as stt_count_drop() takes it.  Tracing
 * names the function from which it is freed: inline, so that this is the caller.
 */
static __always_inline void stt_free_dropped(struct sk_buff *skb, unsigned int drop)
{
	enum skb_drop_reason reason;

	if (stt_drop_is_loss(drop, &reason))
		stt_kfree_skb_reason(skb, reason);
	else
		consume_skb(skb);
}

/* Counts 'skb' on the STT device 'dev' as dropped for 'drop', and frees it. */
static __always_inline void stt_drop(struct net_device *dev, struct sk_buff *skb,
				     unsigned int drop)
{
	stt_count_drop(dev, drop);
	stt_free_dropped(skb, drop);
}

#endif /* counters.h */
