/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_BATCH_H
#define STT_BATCH_H 1

/* Batches that grow
 * =================
 *
 * Push and pop collect what comes of a batch of packets in one that grows, and
 * then hand it to Open vSwitch.  Where its own batches cannot grow, that takes
 * as many packets as it can hold, and the rest waits with the thread for the
 * hook behind push or pop, which has the datapath handle it in further
 * batches. */

#include <stdbool.h>
#include <stddef.h>

#include "dp-packet.h"
#include "odp-execute.h"

struct nlattr;

struct stt_batch {
    struct dp_packet **packets;
    size_t count;
    size_t capacity;
    struct dp_packet *embedded[NETDEV_MAX_BURST];
};

void stt_batch_init(struct stt_batch *);
void stt_batch_uninit(struct stt_batch *);
void stt_batch_add(struct stt_batch *, struct dp_packet *);
void stt_batch_add_cut(struct stt_batch *, struct dp_packet *);
void stt_batch_hand_over(struct stt_batch *, struct dp_packet_batch *);
void stt_batch_hand_over_received(struct stt_batch *,
                                  struct dp_packet_batch *);

void *stt_batch_fit(void *array, size_t size);

/* Packets for which a batch had no room. */
struct stt_rest {
    struct dp_packet **packets; /* From malloc(), or NULL. */
    size_t count;
    size_t next;                /* The first one that is still here. */
    bool first;                 /* They go before those in the batch. */
};

struct stt_rest stt_take_rest(void);
bool stt_rest_next(struct stt_rest *, struct dp_packet_batch *);
bool stt_rest_next_from(struct stt_rest *, struct dp_packet_batch *,
                        odp_port_t in_port);
int stt_keep_pushed(struct dp_packet_batch *, const struct nlattr *actions,
                    size_t actions_len);
void stt_slow_path_begins(const struct dp_packet *);
void stt_stop_unpushed(const struct nlattr *action, int error,
                       struct dp_packet_batch *);
void stt_execute_rest(void *dp, struct dp_packet_batch *,
                      const struct nlattr *action, size_t left,
                      odp_execute_cb);

#endif /* stt-batch.h */
