/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-options.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>

#include "netdev.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "smap.h"
#include "stt-integer.h"
#include "stt-joined.h"
#include "stt-segment.h"
#include "stt-type.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(stt_options);

/* If 'type' is STT's, sets '*dst_port' to 'port', or to the default if that is
 * 0. */
void
stt_init_port(const char *type, uint16_t port, ovs_be16 *dst_port)
{
    if (stt_is_type(type)) {
        *dst_port = htons(port ? port : STT_DEFAULT_PORT);
    }
}

/* Bases follow OVS, which reads keys and TOS with prefix and other options in
 * decimal only. */
static bool
is_integer(const char *s, int base, unsigned long long int max)
{
    unsigned long long int value;

    return stt_parse_integer(s, base, max, &value);
}

static bool
is_bool(const char *s)
{
    return !strcmp(s, "true") || !strcmp(s, "false");
}

static const char *
check_key(const char *s)
{
    return !strcmp(s, "flow") || is_integer(s, 0, UINT64_MAX)
           ? NULL : "must be \"flow\" or an integer of up to 64 bits";
}

static const char *
check_address(const char *s, bool accept_multicast)
{
    struct in6_addr ipv6;
    ovs_be32 ipv4;

    if (!strcmp(s, "flow")) {
        return NULL;
    }
    if (ip_parse(s, &ipv4)
        ? !accept_multicast && ip_is_multicast(ipv4)
        : ipv6_parse(s, &ipv6)
        && !accept_multicast && ipv6_addr_is_multicast(&ipv6)) {
        return "must not be a multicast address";
    }
    return ip_parse(s, &ipv4) || ipv6_parse(s, &ipv6)
           ? NULL : "must be \"flow\" or an IPv4 or IPv6 address";
}

static const char *
check_remote_ip(const char *s)
{
    return check_address(s, false);
}

static const char *
check_local_ip(const char *s)
{
    return check_address(s, true);
}

static const char *
check_dst_port(const char *s)
{
    unsigned long long int port;

    return stt_parse_integer(s, 10, UINT16_MAX, &port) && port
           ? NULL : "must be an integer from 1 to 65535";
}

static const char *
check_tos(const char *s)
{
    unsigned long long int tos;

    return !strcmp(s, "inherit")
           || (stt_parse_integer(s, 0, UINT8_MAX, &tos)
               && !(tos & IP_ECN_MASK))
           ? NULL : "must be \"inherit\" or a multiple of 4 from 0 to 252, "
                    "as the two lowest bits are ECN's";
}

static const char *
check_ttl(const char *s)
{
    return !strcmp(s, "inherit") || is_integer(s, 10, UINT8_MAX)
           ? NULL : "must be \"inherit\" or an integer from 0, the default, "
                    "to 255";
}

static const char *
check_bool(const char *s)
{
    return is_bool(s) ? NULL : "must be \"true\" or \"false\"";
}

static const char *
check_mark(const char *s)
{
    return is_integer(s, 10, UINT32_MAX)
           ? NULL : "must be an integer of up to 32 bits";
}

/* To a port with "ptap" OVS would hand packets without Ethernet header as they
 * are.  That STT cannot carry "legacy_l3" is said by OVS. */
static const char *
check_packet_type(const char *s)
{
    return !strcmp(s, "legacy_l2") || !strcmp(s, "legacy_l3")
           ? NULL : "must be \"legacy_l2\", as STT carries Ethernet frames "
                    "only";
}

/* Checks the values of 'options', which are about to be set on 'netdev'.
 * Returns 0 if they are all right, or if 'netdev' is of another type, and
 * otherwise a positive errno value with a message in '*errp', which the caller
 * must free.  Options that STT does not know are left to OVS. */
int
stt_check_options(const struct netdev *netdev, const struct smap *options,
                  char **errp)
{
    static const struct {
        const char *name;
        const char *(*check)(const char *);
    } checks[] = {
        { "remote_ip", check_remote_ip },
        { "local_ip", check_local_ip },
        { "key", check_key },
        { "in_key", check_key },
        { "out_key", check_key },
        { "dst_port", check_dst_port },
        { "tos", check_tos },
        { "ttl", check_ttl },
        { "df_default", check_bool },
        { "csum", check_bool },
        { "egress_pkt_mark", check_mark },
        { "packet_type", check_packet_type },
    };

    if (!stt_is_port(netdev)) {
        return 0;
    }
    stt_joined_configured();
    for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
        const char *value = smap_get(options, checks[i].name);
        const char *problem = value ? checks[i].check(value) : NULL;

        if (problem) {
            *errp = xasprintf("%s: bad value \"%s\" for option %s of type "
                              "stt: %s", netdev_get_name(netdev), value,
                              checks[i].name, problem);
            VLOG_WARN("%s", *errp);
            return EINVAL;
        }
    }
    return 0;
}

/* If 'type' is STT's, adds to 'options' what the port was configured with, as
 * far as not every release of OVS does that by itself. */
void
stt_get_options(const char *type, ovs_be16 dst_port, struct smap *options)
{
    if (stt_is_type(type) && ntohs(dst_port) != STT_DEFAULT_PORT) {
        smap_remove(options, "dst_port");
        smap_add_format(options, "dst_port", "%"PRIu16, ntohs(dst_port));
    }
}
