// SPDX-License-Identifier: GPL-2.0-only
#include "counters.h"

#include "compat.h"
#include "device.h"

static const char *const event_names[] = {
#define STT_EVENT(ID, NAME) #NAME,
	STT_EVENTS
#undef STT_EVENT
};

static const char *const kernel_drop_names[] = {
#define STT_DROP_REASON(ID, NAME) #NAME,
	STT_KERNEL_DROP_REASONS
#undef STT_DROP_REASON
};

/* Returns the name of counter 'index', which is below STT_N_COUNTERS. */
const char *stt_counter_name(unsigned int index)
{
	unsigned int drop = index - STT_N_EVENTS + 1;

	if (index < STT_N_EVENTS)
		return event_names[index];
	return drop < STT_N_DROPS ? stt_drop_name(drop)
				  : kernel_drop_names[drop - STT_N_DROPS];
}

/* Returns the value of counter 'index' over all CPUs. */
u64 stt_counter_sum(const struct stt_counters __percpu *counters,
		    unsigned int index)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(counters, cpu)->value[index]);
	return sum;
}

/* Counts 'event' on the STT device 'dev'. */
void stt_count_event(struct net_device *dev, enum stt_event event)
{
	struct stt_device *stt = netdev_priv(dev);

	this_cpu_inc(stt->counters->value[event]);
}

/*
 * Counts a packet that the STT device 'dev' dropped for the reason 'drop', an
 * enum stt_drop other than STT_DROP_NONE or an enum stt_kernel_drop.
 */
void stt_count_drop(struct net_device *dev, unsigned int drop)
{
	struct stt_device *stt = netdev_priv(dev);

	this_cpu_inc(stt->counters->value[STT_N_EVENTS + drop - 1]);

	switch (drop) {
	case STT_DROP_DUPLICATE:
	case STT_DROP_EMPTY:
		/* Nothing is lost with it. */
		break;
	case STT_DROP_SEGMENTS:
	case STT_DROP_EXPIRED:
	case STT_DROP_SOURCE_LIMIT:
	case STT_DROP_BYTE_LIMIT:
	case STT_DROP_TOTAL_LIMIT:
	case STT_DROP_FRAME_LIMIT:
	case STT_DROP_NO_MEMORY:
		stt_dev_rx_dropped(dev);
		break;
	case STT_DROP_CHECKSUM:
		DEV_STATS_INC(dev, rx_crc_errors);
		DEV_STATS_INC(dev, rx_errors);
		break;
	case STT_DROP_RX_ECN:
		DEV_STATS_INC(dev, rx_frame_errors);
		DEV_STATS_INC(dev, rx_errors);
		break;
	case STT_DROP_TX_ROUTE:
		DEV_STATS_INC(dev, tx_carrier_errors);
		DEV_STATS_INC(dev, tx_errors);
		break;
	case STT_DROP_TX_LENGTH:
	case STT_DROP_TX_MTU:
	case STT_DROP_TX_METADATA:
	case STT_DROP_TX_RECURSION:
		DEV_STATS_INC(dev, tx_errors);
		break;
	case STT_DROP_TX_NO_MEMORY:
	case STT_DROP_TX_OUTPUT:
		stt_dev_tx_dropped(dev);
		break;
	case STT_DROP_TRUNCATED:
	case STT_DROP_FRAME_LENGTH:
	case STT_DROP_BOUNDS:
		DEV_STATS_INC(dev, rx_length_errors);
		fallthrough;
	default:
		DEV_STATS_INC(dev, rx_errors);
	}
}
