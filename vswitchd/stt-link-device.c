/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-link-device.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "netdev.h"
#include "netlink.h"
#include "stt-type.h"
#include "util.h"

/* Appends to 'request', an RTM_NEWLINK message whose IFLA_INFO_DATA is open,
 * the attributes of a device for 'dst_port', in network byte order. */
void
stt_link_put_config(struct ofpbuf *request, ovs_be16 dst_port)
{
    nl_msg_put_be16(request, IFLA_STT_PORT, dst_port);
}

/* Returns 0 if 'reply', the kernel's answer to RTM_GETLINK, is about an STT
 * device for 'dst_port', which is in network byte order, and EINVAL if it is
 * about any other device.  'reply' remains the caller's. */
int
stt_link_verify(const struct ofpbuf *reply, ovs_be16 dst_port)
{
    static const struct nl_policy link_policy[] = {
        [IFLA_LINKINFO] = { .type = NL_A_NESTED },
    };
    static const struct nl_policy info_policy[] = {
        [IFLA_INFO_KIND] = { .type = NL_A_STRING },
        [IFLA_INFO_DATA] = { .type = NL_A_NESTED },
    };
    static const struct nl_policy data_policy[] = {
        [IFLA_STT_PORT] = { .type = NL_A_BE16 },
    };
    struct nlattr *link[ARRAY_SIZE(link_policy)];
    struct nlattr *info[ARRAY_SIZE(info_policy)];
    struct nlattr *data[ARRAY_SIZE(data_policy)];

    return nl_policy_parse(reply, NLMSG_HDRLEN + sizeof(struct ifinfomsg),
                           link_policy, link, ARRAY_SIZE(link_policy))
           && nl_parse_nested(link[IFLA_LINKINFO],
                              info_policy, info, ARRAY_SIZE(info_policy))
           && !strcmp(nl_attr_get_string(info[IFLA_INFO_KIND]), STT_LINK_KIND)
           && nl_parse_nested(info[IFLA_INFO_DATA],
                              data_policy, data, ARRAY_SIZE(data_policy))
           && nl_attr_get_be16(data[IFLA_STT_PORT]) == dst_port
           ? 0 : EINVAL;
}

/* Called when 'netdev' could not be added to a datapath of 'datapath_type',
 * with 'error', a positive errno value, and '*errp', the message to the user.
 * If 'netdev' is an STT port on the kernel's datapath and 'error' is one that
 * its device is known for, frees '*errp' and replaces it by a message that
 * says the reason as well, which the caller must free. */
void
stt_link_explain(const char *datapath_type, const struct netdev *netdev,
                 int error, char **errp)
{
    char *reason;
    char *message;

    if (!stt_is_port(netdev) || strcmp(datapath_type, "system")) {
        return;
    }
    switch (error) {
    case EOPNOTSUPP:
    case EAFNOSUPPORT:          /* OVS 3.5, of a vport type unknown to Linux. */
        reason = xstrdup("the kernel has no devices of kind "
                         STT_LINK_KIND ", as its module stt is not installed "
                         "or cannot be loaded");
        break;
    case EADDRINUSE:
        reason = xasprintf("a TCP socket uses port %"PRIu16,
                           ntohs(netdev_get_tunnel_config(netdev)->dst_port));
        break;
    default:
        return;
    }

    message = xasprintf("%s: %s", *errp, reason);
    free(reason);
    free(*errp);
    *errp = message;
}
