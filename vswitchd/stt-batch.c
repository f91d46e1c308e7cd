/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-batch.h"

#include <errno.h>
#include <stdlib.h>

#include "netlink.h"
#include "odp-netlink.h"
#include "ovs-thread.h"
#include "stt-compat.h"
#include "util.h"

/* What the current thread's last batch had no room for, until the hook behind
 * push or pop takes it. */
DEFINE_STATIC_PER_THREAD_DATA(struct stt_rest, waiting,
                              { NULL, 0, 0, false });

/* The packet of the slow path that the current thread does not own. */
DEFINE_STATIC_PER_THREAD_DATA(const struct dp_packet *, borrowed, NULL);

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

/* Cuts the super-packet 'packet', as Open vSwitch does, and adds its segments
 * to 'batch'. */
void
stt_batch_add_cut(struct stt_batch *batch, struct dp_packet *packet)
{
    struct dp_packet **segments;
    size_t n;

    segments = stt_cut(packet, &n);
    for (size_t i = 0; i < n; i++) {
        stt_batch_add(batch, segments[i]);
    }
    free(segments);
}

/* Puts up to 'max' of the packets of 'batch' into 'to', and keeps the others for
 * stt_take_rest(). */
static void
hand_over(struct stt_batch *batch, struct dp_packet_batch *to, size_t max)
{
    size_t n = MIN(batch->count, max);

    if (n == batch->count && batch->packets != batch->embedded
        && stt_give_array(to, batch->packets, n, batch->capacity)) {
        return;
    }
    dp_packet_batch_refill_init(to);
    for (size_t i = 0; i < n; i++) {
        dp_packet_batch_add(to, batch->packets[i]);
    }
    if (n < batch->count) {
        struct stt_rest *rest = waiting_get();

        ovs_assert(!rest->packets);
        rest->first = false;
        rest->count = batch->count - n;
        rest->packets = xmemdup(&batch->packets[n],
                                rest->count * sizeof batch->packets[n]);
    }
    stt_batch_uninit(batch);
}

/* Puts the packets of 'batch' into 'to', whose own packets the caller has taken
 * before, and frees the memory of 'batch'.  What 'to' has no room for waits for
 * stt_take_rest(), which the same thread must call next. */
void
stt_batch_hand_over(struct stt_batch *batch, struct dp_packet_batch *to)
{
    hand_over(batch, to, STT_MAX_BATCH);
}

/* The same for packets that a device has received.  Whoever takes them from it
 * has room for NETDEV_MAX_BURST of them, whatever a batch can hold. */
void
stt_batch_hand_over_received(struct stt_batch *batch,
                             struct dp_packet_batch *to)
{
    hand_over(batch, to, NETDEV_MAX_BURST);
}

/* Makes 'array', from malloc(), one of 'size' bytes, which is what goes with all
 * that a batch can hold.  Returns its new place. */
void *
stt_batch_fit(void *array, size_t size)
{
    return xrealloc(array, size);
}

/* Returns the packets that the thread's last batch had no room for.  The caller
 * must call stt_rest_next() until that returns false. */
struct stt_rest
stt_take_rest(void)
{
    struct stt_rest rest = *waiting_get();

    *waiting_get() = (struct stt_rest) { NULL, 0, 0, false };
    return rest;
}

/* Moves as many packets from 'rest' to 'batch', whose own ones the caller has
 * handled, as that can hold.  Returns false if there are none left. */
bool
stt_rest_next(struct stt_rest *rest, struct dp_packet_batch *batch)
{
    size_t n = MIN(rest->count - rest->next, NETDEV_MAX_BURST);

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

/* Called when 'actions', 'actions_len' bytes of them, were executed on the single
 * packet of 'batch' for the slow path, which executes what follows on one packet
 * as well.  If the last of them pushed a tunnel's header, and several packets
 * came of that, leaves the last in 'batch', and the others to
 * stt_execute_rest().
 *
 * Returns 0, or a positive errno value if no packet is left of a push: then
 * nothing that follows may be executed, as it would be with the packet as it was
 * before. */
int
stt_keep_pushed(struct dp_packet_batch *batch, const struct nlattr *actions,
                size_t actions_len)
{
    struct stt_rest rest = stt_take_rest();
    size_t n = dp_packet_batch_size(batch);
    const struct nlattr *action;
    struct stt_rest *kept;
    bool pushed = false;
    unsigned int left;
    size_t count;

    NL_ATTR_FOR_EACH_UNSAFE (action, left, actions, actions_len) {
        pushed = nl_attr_type(action) == OVS_ACTION_ATTR_TUNNEL_PUSH;
    }
    if (!pushed || n + rest.count <= 1) {
        return pushed && !n ? ENOBUFS : 0;
    }

    count = n + rest.count - 1;
    kept = waiting_get();
    kept->first = true;
    kept->next = 0;
    kept->count = count;
    kept->packets = xmalloc((count + 1) * sizeof *kept->packets);
    memcpy(kept->packets, batch->packets, n * sizeof *kept->packets);
    if (rest.count) {
        memcpy(kept->packets + n, rest.packets,
               rest.count * sizeof *kept->packets);
    }
    free(rest.packets);
    dp_packet_batch_refill_init(batch);
    dp_packet_batch_add(batch, kept->packets[count]);
    return 0;
}

/* Called when the slow path begins to execute actions on 'packet', which belongs
 * to its caller. */
void
stt_slow_path_begins(const struct dp_packet *packet)
{
    *borrowed_get() = packet;
}

/* Called when 'action' was executed on the packet of 'batch' for the slow path,
 * with the result 'error', 0 or a positive errno value.  If that was to push a
 * tunnel's header and failed, empties 'batch', so that the packet does not leave
 * without one. */
void
stt_stop_unpushed(const struct nlattr *action, int error,
                  struct dp_packet_batch *batch)
{
    if (error && nl_attr_type(action) == OVS_ACTION_ATTR_TUNNEL_PUSH) {
        dp_packet_delete_batch(batch,
                               batch->packets[0] != *borrowed_get());
        dp_packet_batch_refill_init(batch);
    }
}

/* Executes the actions at 'action', 'left' bytes of them, on each packet of
 * 'rest', by itself. */
static void
execute_singly(void *dp, struct stt_rest *rest, const struct nlattr *action,
               size_t left, odp_execute_cb execute_action)
{
    while (rest->next < rest->count) {
        struct dp_packet_batch single;

        dp_packet_batch_init_packet(&single, rest->packets[rest->next++]);
        odp_execute_actions(dp, &single, true, action, left, execute_action);
        stt_batch_destroy(&single);
    }
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
    size_t length = NLA_ALIGN(action->nla_len);
    struct stt_rest rest;

    if (left <= length) {
        /* If there is a rest, stt_keep_pushed() wants it. */
        return;
    }
    rest = stt_take_rest();
    if (rest.first) {
        execute_singly(dp, &rest, nl_attr_next(action), left - length,
                       execute_action);
    }
    while (rest.next < rest.count) {
        odp_execute_actions(dp, batch, true, nl_attr_next(action),
                            left - length, execute_action);
        stt_rest_next(&rest, batch);
    }
    free(rest.packets);
}
