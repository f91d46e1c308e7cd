// SPDX-License-Identifier: GPL-2.0-only
#include "counters.h"

#include <linux/build_bug.h>
#include "namespace.h"

/*
 * For each reason to drop, what a packet dropped for it is in the device's own
 * statistics, and the kernel's reason.  Of a reason that is about the position of
 * a segment, TCP_INVALID_SEQUENCE says where that stands.
 */
#define DROPS								\
	DROP(OUTER, RX_ERROR, IP_INHDR)					\
	DROP(TRUNCATED, RX_LENGTH_ERROR, PKT_TOO_SMALL)			\
	DROP(DATA_OFFSET, RX_ERROR, DEV_HDR)				\
	DROP(CHECKSUM, RX_CRC_ERROR, TCP_CSUM)				\
	DROP(EMPTY, NO_LOSS, NOT_SPECIFIED)				\
	DROP(FRAME_LENGTH, RX_LENGTH_ERROR, TCP_INVALID_SEQUENCE)	\
	DROP(BOUNDS, RX_LENGTH_ERROR, TCP_INVALID_SEQUENCE)		\
	DROP(DUPLICATE, NO_LOSS, NOT_SPECIFIED)				\
	DROP(OVERLAP, RX_ERROR, TCP_INVALID_SEQUENCE)			\
	DROP(CONFLICT, RX_ERROR, TCP_INVALID_SEQUENCE)			\
	DROP(SEGMENT_LIMIT, RX_DROPPED, PROTO_MEM)				\
	DROP(EXPIRED, RX_DROPPED, FRAG_REASM_TIMEOUT)			\
	DROP(SOURCE_LIMIT, RX_DROPPED, PROTO_MEM)			\
	DROP(BYTE_LIMIT, RX_DROPPED, PROTO_MEM)				\
	DROP(TOTAL_LIMIT, RX_DROPPED, PROTO_MEM)			\
	DROP(FRAME_LIMIT, RX_DROPPED, PROTO_MEM)			\
	DROP(NO_MEMORY, RX_DROPPED, NOMEM)				\
	DROP(VERSION, RX_ERROR, UNHANDLED_PROTO)			\
	DROP(OFFLOAD, RX_ERROR, DEV_HDR)				\
	DROP(MSS, RX_ERROR, DEV_HDR)					\
	DROP(INNER_CHECKSUM, RX_ERROR, IP_CSUM)				\
	DROP(POLICY, RX_DROPPED, XFRM_POLICY)			\
	DROP(ECN, RX_FRAME_ERROR, IP_TUNNEL_ECN)			\
	DROP(TX_LENGTH, TX_ERROR, PKT_TOO_BIG)				\
	DROP(TX_MTU, TX_ERROR, PKT_TOO_BIG)				\
	DROP(TX_TRUNCATED, TX_ERROR, PKT_TOO_SMALL)			\
	DROP(TX_METADATA, TX_ERROR, TUNNEL_TXINFO)			\
	DROP(TX_ROUTE, TX_CARRIER_ERROR, IP_OUTNOROUTES)		\
	DROP(TX_RECURSION, TX_ERROR, RECURSION_LIMIT)			\
	DROP(TX_NO_MEMORY, TX_DROPPED, NOMEM)				\
	DROP(TX_OUTPUT, TX_DROPPED, NOT_SPECIFIED) /* Linux frees it. */

enum loss {
	NO_LOSS,		/* Nothing is lost with it. */
	RX_ERROR,
	RX_LENGTH_ERROR,
	RX_CRC_ERROR,
	RX_FRAME_ERROR,
	RX_DROPPED,
	TX_ERROR,
	TX_CARRIER_ERROR,
	TX_DROPPED,
};

static const struct {
	enum loss loss;
	enum skb_drop_reason reason;
} drops[STT_N_DROPS] = {
#define DROP(ID, LOSS, REASON)						\
	[STT_DROP_##ID] = { LOSS, SKB_DROP_REASON_##REASON },
	DROPS
#undef DROP
};

#define DROP(ID, LOSS, REASON) + 1
static_assert(STT_N_DROPS - 1 == 0 DROPS, "a reason is missing in DROPS");
#undef DROP

/* Returns the name of counter 'index', which is below STT_N_COUNTERS. */
const char *stt_counter_name(unsigned int index)
{
	return index < STT_N_EVENTS ? stt_event_name(index)
				    : stt_drop_name(index - STT_N_EVENTS + 1);
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
 * Counts a packet that the STT device 'dev' dropped for the reason 'drop',
 * which is not STT_DROP_NONE.
 */
void stt_count_drop(struct net_device *dev, enum stt_drop drop)
{
	struct stt_device *stt = netdev_priv(dev);

	this_cpu_inc(stt->counters->value[STT_N_EVENTS + drop - 1]);

	switch (drops[drop].loss) {
	case NO_LOSS:
		break;
	case RX_LENGTH_ERROR:
		DEV_STATS_INC(dev, rx_length_errors);
		DEV_STATS_INC(dev, rx_errors);
		break;
	case RX_CRC_ERROR:
		DEV_STATS_INC(dev, rx_crc_errors);
		DEV_STATS_INC(dev, rx_errors);
		break;
	case RX_FRAME_ERROR:
		DEV_STATS_INC(dev, rx_frame_errors);
		DEV_STATS_INC(dev, rx_errors);
		break;
	case RX_ERROR:
		DEV_STATS_INC(dev, rx_errors);
		break;
	case RX_DROPPED:
		stt_dev_rx_dropped(dev);
		break;
	case TX_CARRIER_ERROR:
		DEV_STATS_INC(dev, tx_carrier_errors);
		DEV_STATS_INC(dev, tx_errors);
		break;
	case TX_ERROR:
		DEV_STATS_INC(dev, tx_errors);
		break;
	case TX_DROPPED:
		stt_dev_tx_dropped(dev);
		break;
	}
}

/*
 * Returns true if something is lost with a packet that was dropped for the reason
 * 'drop', and sets '*reason' to what the kernel is to show for it.
 */
bool stt_drop_is_loss(enum stt_drop drop, enum skb_drop_reason *reason)
{
	*reason = drops[drop].reason;
	return drops[drop].loss != NO_LOSS;
}
