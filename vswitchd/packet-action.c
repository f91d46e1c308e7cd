/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "packet-action.h"

#include "dp-packet.h"
#include "netlink.h"
#include "odp-netlink.h"
#include "packet-offload.h"
#include "stt-batch.h"
#include "stt-compat.h"
#include "util.h"

/* Returns true if a packet's layers cannot be found any more after an action of
 * 'type', or if that forgets what is unfinished. */
static bool
hides_layers(int type)
{
    return type == OVS_ACTION_ATTR_PUSH_MPLS
           || type == OVS_ACTION_ATTR_ADD_MPLS
           || type == OVS_ACTION_ATTR_POP_MPLS
           || type == OVS_ACTION_ATTR_PUSH_NSH
           || type == OVS_ACTION_ATTR_POP_NSH;
}

/* Called before 'action', which has 'left' bytes from its start to the end of
 * the list that it is in, is executed on 'batch' with 'execute_action' and 'dp'
 * as for odp_execute_actions().  Finishes the packets first if nobody could do
 * that afterwards.  Of what a super-packet is cut into, all but the last, which
 * stays in 'batch', go the rest of their way here: a batch of an older release
 * holds no more packets, and one in the slow path just one. */
void
packet_action_begins(void *dp, struct dp_packet_batch *batch,
                      const struct nlattr *action, size_t left,
                      odp_execute_cb execute_action)
{
    struct dp_packet *packet;
    struct stt_batch others;

    if (OVS_LIKELY(!hides_layers(nl_attr_type(action)))) {
        return;
    }
    stt_batch_init(&others);
    DP_PACKET_BATCH_FOR_EACH (i, packet, batch) {
        if (packet_offload_confirm(packet)) {
            packet_offload_finish(packet, &others);
        }
    }
    for (size_t i = 0; i < others.count; i++) {
        struct dp_packet_batch single;

        dp_packet_batch_init_packet(&single, others.packets[i]);
        odp_execute_actions(dp, &single, true, action, left, execute_action);
        stt_batch_destroy(&single);
    }
    stt_batch_uninit(&others);
}
