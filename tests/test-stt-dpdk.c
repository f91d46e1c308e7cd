/* SPDX-License-Identifier: Apache-2.0 */

/* What DPDK's flow offload makes of actions that push STT.  The file that
 * translates them has no function for others to call, so it is part of this
 * program: the makefile says as OFFLOAD_SOURCE which one it is, and as
 * TRANSLATE() how its function is called.  Exits with 77 where Open vSwitch was
 * built without DPDK. */

#include <config.h>

#include <stdio.h>

#ifndef DPDK_NETDEV

int
main(void)
{
    fprintf(stderr, "Open vSwitch was built without DPDK\n");
    return 77;
}

#else

#include OFFLOAD_SOURCE

#include "netlink.h"
#include "openvswitch/ofpbuf.h"
#include "stt/stt-header.h"

/* Open vSwitch has a function of this name. */
#define random_uint64 test_random_uint64
#include "stt-test.h"

static void
put_push(struct ofpbuf *actions, uint32_t type)
{
    struct ovs_action_push_tnl data;

    memset(&data, 0, sizeof data);
    data.tnl_type = type;
    data.header_len = ETH_HEADER_LEN + IP_HEADER_LEN + STT_HEADERS_LEN;
    odp_put_tnl_push_action(actions, &data);
}

/* Returns true if a push of the headers of a tunnel of 'type', in a clone if
 * 'cloned', becomes an action of the hardware's. */
static bool
is_translated(uint32_t type, bool cloned)
{
    struct flow_actions translated;
    struct ofpbuf actions;
    bool encapsulates = false;
    size_t clone = 0;
    int error;

    ofpbuf_init(&actions, 0);
    if (cloned) {
        clone = nl_msg_start_nested(&actions, OVS_ACTION_ATTR_CLONE);
    }
    put_push(&actions, type);
    if (cloned) {
        nl_msg_end_nested(&actions, clone);
    }

    memset(&translated, 0, sizeof translated);
    error = TRANSLATE(NULL, &translated, actions.data, actions.size);
    for (int i = 0; i < translated.cnt; i++) {
        if (translated.actions[i].type == RTE_FLOW_ACTION_TYPE_RAW_ENCAP) {
            encapsulates = true;
        }
    }
    /* All or nothing. */
    CHECK_EQ(encapsulates, !error);
    free_flow_actions(&translated);
    ofpbuf_uninit(&actions);
    return encapsulates;
}

int
main(void)
{
    CHECK(is_translated(OVS_VPORT_TYPE_GRE, false));
    CHECK(is_translated(OVS_VPORT_TYPE_GRE, true));
    CHECK(!is_translated(OVS_VPORT_TYPE_STT, false));
    CHECK(!is_translated(OVS_VPORT_TYPE_STT, true));
    return 0;
}

#endif
