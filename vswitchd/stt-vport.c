/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-vport.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "netdev.h"
#include "netdev-provider.h"
#include "openvswitch/vlog.h"
#include "packet-memory.h"
#include "packet-socket.h"
#include "packets.h"
#include "smap.h"
#include "stt-expiry.h"
#include "stt-header.h"
#include "stt-joined.h"
#include "stt-pop.h"
#include "stt-reassembly.h"
#include "stt-segment.h"
#include "stt-show.h"
#include "stt-type.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(stt_vport);

/* For the sending side of a pair of patch ports, returns a new reference to
 * 'netdev' to count what it sends, which the caller must close.  An STT port
 * stands there when its packets go on to the bridge they leave through, with
 * the tunnel's headers: it has counted them before, and returns NULL. */
struct netdev *
stt_ref_counted(const struct netdev *netdev)
{
    return stt_is_port(netdev) ? NULL : netdev_ref(netdev);
}

/* If 'type' is STT's, sets '*dst_port' to 'port', or to the default if that is
 * 0. */
void
stt_init_port(const char *type, uint16_t port, ovs_be16 *dst_port)
{
    if (stt_is_type(type)) {
        *dst_port = htons(port ? port : STT_DEFAULT_PORT);
    }
}

/* Parses 's' as an unsigned integer up to 'max' in 'base', or, if that is 0, in
 * the base that its prefix says.  Bases follow OVS, which reads keys and TOS
 * with prefix and other options in decimal only. */
static bool
parse_integer(const char *s, int base, unsigned long long int max,
              unsigned long long int *value)
{
    char *end;

    if (!isdigit((unsigned char) s[0])) {
        /* No sign and no space, unlike strtoull(). */
        return false;
    }
    errno = 0;
    *value = strtoull(s, &end, base);
    return !errno && !*end && *value <= max;
}

static bool
is_integer(const char *s, int base, unsigned long long int max)
{
    unsigned long long int value;

    return parse_integer(s, base, max, &value);
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

    return parse_integer(s, 10, UINT16_MAX, &port) && port
           ? NULL : "must be an integer from 1 to 65535";
}

static const char *
check_tos(const char *s)
{
    unsigned long long int tos;

    return !strcmp(s, "inherit")
           || (parse_integer(s, 0, UINT8_MAX, &tos) && !(tos & IP_ECN_MASK))
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

/* Makes 'class', a copy of another tunnel type's, the class of STT ports.  It
 * has no callbacks to push and pop single packets: see stt_push_batch() and
 * stt_pop_batch(). */
void
stt_init_class(struct netdev_class *class)
{
    class->type = STT_TYPE;
    class->build_header = stt_build_header;
    class->push_header = NULL;
    class->pop_header = NULL;
}

/* Called once, when the tunnel port types are registered. */
void
stt_register(void)
{
    packet_memory_init();
    stt_expiry_init();
    stt_show_register();
}

/* Takes the limits of reassembly from the 'other_config' column of the
 * Open_vSwitch table.  A value that is missing or makes no sense is replaced by
 * the default; the latter is logged. */
static void
configure_limits(const struct smap *other_config)
{
    struct stt_limits limits = STT_DEFAULT_LIMITS;
    unsigned long long int bytes = limits.bytes;
    unsigned long long int bytes_per_source = limits.bytes_per_source;
    unsigned long long int frames = limits.frames;
    unsigned long long int age = limits.age;
    const struct {
        const char *name;
        unsigned long long int *value;
        unsigned long long int min, max;
    } settings[] = {
        { "stt-reassembly-bytes", &bytes, STT_MIN_BYTES, STT_MAX_BYTES },
        { "stt-reassembly-bytes-per-source", &bytes_per_source,
          STT_MIN_BYTES, STT_MAX_BYTES },
        { "stt-reassembly-frames", &frames, STT_MIN_FRAMES, STT_MAX_FRAMES },
        { "stt-reassembly-age", &age, STT_MIN_AGE, STT_MAX_AGE },
    };
    struct stt_limits old;

    for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
        const char *s = smap_get(other_config, settings[i].name);
        unsigned long long int value;

        if (!s) {
            continue;
        }
        if (parse_integer(s, 10, settings[i].max, &value)
            && value >= settings[i].min) {
            *settings[i].value = value;
        } else {
            static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);

            VLOG_WARN_RL(&rl, "bad value \"%s\" for other_config:%s: must be "
                         "an integer from %llu to %llu; using the default, "
                         "%llu", s, settings[i].name, settings[i].min,
                         settings[i].max, *settings[i].value);
        }
    }

    limits.bytes = bytes;
    limits.bytes_per_source = bytes_per_source;
    limits.frames = frames;
    limits.age = age;
    stt_get_reassembly_limits(&old);
    if (memcmp(&old, &limits, sizeof old)) {
        stt_set_reassembly_limits(&limits);
        stt_expire_frames();
        VLOG_INFO("reassembly limits: %llu bytes, %llu bytes per source, "
                  "%llu frames, %llu ms", bytes, bytes_per_source, frames, age);
    }
}

/* Applies the 'other_config' column of the Open_vSwitch table, as often as
 * that has changed. */
void
stt_set_config(const struct smap *other_config)
{
    configure_limits(other_config);
    packet_socket_set_config(other_config);
}

/* Periodic work of the main thread, of which Open vSwitch has each class of
 * tunnel ports do its own: does STT's if 'class' is STT's. */
void
stt_run(const struct netdev_class *class)
{
    if (stt_is_type(class->type)) {
        stt_expiry_run();
        packet_socket_run();
    }
}

/* Wakes the main thread up for stt_run(). */
void
stt_wait(const struct netdev_class *class)
{
    if (stt_is_type(class->type)) {
        stt_expiry_wait();
        packet_socket_wait();
    }
}
