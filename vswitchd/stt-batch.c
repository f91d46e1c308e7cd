/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-batch.h"

#include <stdlib.h>

#include "netlink.h"
#include "ovs-thread.h"
#include "stt-compat.h"
#include "util.h"

/* What the current thread's last batch had no room for, until the hook behind
 * push or pop takes it. */
DEFINE_STATIC_PER_THREAD_DATA(struct stt_rest, waiting, { NULL, 0, 0 });

/* Makes 'batch' an empty batch. */
void
stt_batch_init(struct stt_batch *batch)
{
    batch->packets = batch->embedded;
    batch->count = 0;
    batch->capacity = ARRAY_SIZE(batch->embedded);
}

/* Frees the memory of 'batch', not the packets in it. */
void
stt_batch_uninit(struct stt_batch *batch)
{
    if (batch->packets != batch->embedded) {
        free(batch->packets);
    }
}

/* Adds 'packet' to 'batch', which takes ownership of it. */
void
stt_batch_add(struct stt_batch *batch, struct dp_packet *packet)
{
    if (batch->count == batch->capacity) {
        batch->capacity *= 2;
        if (batch->packets == batch->embedded) {
            batch->packets = xmalloc(batch->capacity * sizeof packet);
            memcpy(batch->packets, batch->embedded, sizeof batch->embedded);
        } else {
            batch->packets = xrealloc(batch->packets,
                                      batch->capacity * sizeof packet);
        }
    }
    batch->packets[batch->count++] = packet;
}

/* Puts the packets of 'batch' into 'to', whose own packets the caller has taken
 * before, and frees the memory of 'batch'.  What 'to' has no room for waits for
 * stt_take_rest(), which the same thread must call next. */
void
stt_batch_hand_over(struct stt_batch *batch, struct dp_packet_batch *to)
{
    size_t n = MIN(batch->count, STT_MAX_BATCH);

    dp_packet_batch_refill_init(to);
    for (size_t i = 0; i < n; i++) {
        dp_packet_batch_add(to, batch->packets[i]);
    }
    if (n < batch->count) {
        struct stt_rest *rest = waiting_get();

        ovs_assert(!rest->packets);
        rest->count = batch->count - n;
        rest->packets = xmemdup(&batch->packets[n],
                                rest->count * sizeof batch->packets[n]);
    }
    stt_batch_uninit(batch);
}

/* Returns the packets that the thread's last batch had no room for.  The caller
 * must call stt_rest_next() until that returns false. */
struct stt_rest
stt_take_rest(void)
{
    struct stt_rest rest = *waiting_get();

    *waiting_get() = (struct stt_rest) { NULL, 0, 0 };
    return rest;
}

/* Moves as many packets from 'rest' to 'batch', whose own ones the caller has
 * handled, as that can hold.  Returns false if there are none left. */
bool
stt_rest_next(struct stt_rest *rest, struct dp_packet_batch *batch)
{
    size_t n = MIN(rest->count - rest->next, STT_MAX_BATCH);

    if (!n) {
        free(rest->packets);
        rest->packets = NULL;
        return false;
    }
    dp_packet_batch_refill_init(batch);
    for (size_t i = 0; i < n; i++) {
        dp_packet_batch_add(batch, rest->packets[rest->next++]);
    }
    return true;
}

/* The same, for packets that came in on the port 'in_port'. */
bool
stt_rest_next_from(struct stt_rest *rest, struct dp_packet_batch *batch,
                   odp_port_t in_port)
{
    struct dp_packet *packet;

    if (!stt_rest_next(rest, batch)) {
        return false;
    }
    DP_PACKET_BATCH_FOR_EACH (i, packet, batch) {
        packet->md.in_port.odp_port = in_port;
    }
    return true;
}

/* Called when 'action', which has 'left' bytes from its start to the end of the
 * list that it is in, was executed on 'batch'.  As long as 'batch' had no room
 * for everything that came of that, executes the actions behind 'action' on
 * what is in it, in order, and fills it with more.  The caller must go on with
 * the last packets, which are in 'batch' then. */
void
stt_execute_rest(void *dp, struct dp_packet_batch *batch,
                 const struct nlattr *action, size_t left,
                 odp_execute_cb execute_action)
{
    struct stt_rest rest = stt_take_rest();
    size_t length = NLA_ALIGN(action->nla_len);

    while (rest.next < rest.count) {
        odp_execute_actions(dp, batch, true, nl_attr_next(action),
                            left > length ? left - length : 0,
                            execute_action);
        stt_rest_next(&rest, batch);
    }
    free(rest.packets);
}
