/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-offload.h"

#include "netlink.h"
#include "odp-netlink.h"

/* Returns true if STT headers are pushed by one of the datapath actions in the
 * 'length' bytes at 'actions', or by one that is in a clone there.  Others that
 * have actions in them are not looked into, as no offload does them. */
bool
stt_has_push(const struct nlattr *actions, size_t length)
{
    const struct nlattr *action;
    size_t left;

    NL_ATTR_FOR_EACH_UNSAFE (action, left, actions, length) {
        if (nl_attr_type(action) == OVS_ACTION_ATTR_TUNNEL_PUSH) {
            const struct ovs_action_push_tnl *push = nl_attr_get(action);

            if (push->tnl_type == OVS_VPORT_TYPE_STT) {
                return true;
            }
        } else if (nl_attr_type(action) == OVS_ACTION_ATTR_CLONE) {
            if (stt_has_push(nl_attr_get(action), nl_attr_get_size(action))) {
                return true;
            }
        }
    }
    return false;
}
