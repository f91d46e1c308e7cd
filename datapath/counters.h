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
#include "stt-event.h"

/* Drop reasons count from 1, as 0 is STT_DROP_NONE. */
enum { STT_N_COUNTERS = STT_N_EVENTS + STT_N_DROPS - 1 };

struct stt_counters {
	unsigned long value[STT_N_COUNTERS];
};

const char *stt_counter_name(unsigned int index);
u64 stt_counter_sum(const struct stt_counters __percpu *counters,
		    unsigned int index);
void stt_count_event(struct net_device *dev, enum stt_event event);
void stt_count_drop(struct net_device *dev, enum stt_drop drop);
bool stt_drop_is_loss(enum stt_drop drop, enum skb_drop_reason *reason);

/*
 * Frees 'skb', dropped for the reason 'drop'.  Tracing
 * names the function from which it is freed: inline, so that this is the caller.
 */
static __always_inline void stt_free_dropped(struct sk_buff *skb, enum stt_drop drop)
{
	enum skb_drop_reason reason;

	if (stt_drop_is_loss(drop, &reason))
		stt_kfree_skb_reason(skb, reason);
	else
		consume_skb(skb);
}

/* Counts 'skb' on the STT device 'dev' as dropped for 'drop', and frees it. */
static __always_inline void stt_drop(struct net_device *dev, struct sk_buff *skb,
				     enum stt_drop drop)
{
	stt_count_drop(dev, drop);
	stt_free_dropped(skb, drop);
}

#endif /* counters.h */
