/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-show.h"

#include <inttypes.h>
#include <stdlib.h>

#include "netdev.h"
#include "netdev-provider.h"
#include "openvswitch/dynamic-string.h"
#include "packet-drops.h"
#include "packet-socket.h"
#include "smap.h"
#include "sset.h"
#include "stt-counters.h"
#include "stt-held.h"
#include "stt-no-port.h"
#include "stt-reassembly.h"
#include "stt-type.h"
#include "stt-underlay.h"
#include "unixctl.h"
#include "util.h"

/* Appends the STT ports with their options to 's'. */
static void
show_ports(struct ds *s)
{
    struct netdev **vports;
    size_t n_vports;
    struct sset ports;
    const char *port;

    /* A line for each port, sorted. */
    sset_init(&ports);
    vports = netdev_get_vports(&n_vports);
    for (size_t i = 0; i < n_vports; i++) {
        struct smap options = SMAP_INITIALIZER(&options);

        if (stt_is_port(vports[i])
            && !netdev_get_config(vports[i], &options)
            && smap_get(&options, "remote_ip")) {
            const struct smap_node **nodes = smap_sort(&options);
            struct ds line = DS_EMPTY_INITIALIZER;

            ds_put_format(&line, "%s:", netdev_get_name(vports[i]));
            for (size_t j = 0; j < smap_count(&options); j++) {
                ds_put_format(&line, " %s=%s",
                              nodes[j]->key, nodes[j]->value);
            }
            sset_add(&ports, ds_cstr(&line));
            ds_destroy(&line);
            free(nodes);
        }
        smap_destroy(&options);
        netdev_close(vports[i]);
    }
    free(vports);

    ds_put_cstr(s, "ports:\n");
    const char **sorted = sset_sort(&ports);
    for (size_t i = 0; i < sset_count(&ports); i++) {
        port = sorted[i];
        ds_put_format(s, "  %s\n", port);
    }
    free(sorted);
    sset_destroy(&ports);
}

static void
show_reassembly(struct ds *s)
{
    struct stt_occupancy occupancy;
    struct stt_limits limits;

    stt_held_get_occupancy(&occupancy);
    stt_held_get_limits(&limits);
    ds_put_cstr(s, "reassembly:\n");
    ds_put_format(s, "  bytes held: %"PRIu64", limit %"PRIu64
                  ", limit per source %"PRIu64"\n",
                  occupancy.bytes, limits.bytes, limits.bytes_per_source);
    ds_put_format(s, "  frames held: %"PRIu32", limit %"PRIu32
                  ", from sources: %"PRIu32"\n",
                  occupancy.frames, limits.frames, occupancy.sources);
    ds_put_format(s, "  age limit: %"PRIu32" ms\n", limits.age);
}

static void
show_counters(struct ds *s)
{
    ds_put_cstr(s, "counters:\n");
    for (enum stt_event event = 0; event < STT_N_EVENTS; event++) {
        ds_put_format(s, "  %-18s %10"PRIu64"  %s\n", stt_event_name(event),
                      stt_get_event_count(event), stt_event_text(event));
    }
    ds_put_cstr(s, "dropped:\n");
    for (enum stt_drop drop = STT_DROP_NONE + 1; drop < STT_N_DROPS; drop++) {
        ds_put_format(s, "  %-18s %10"PRIu64"  %s\n", stt_drop_name(drop),
                      stt_get_drop_count(drop), stt_drop_text(drop));
    }
    stt_no_port_show(s);
    ds_put_cstr(s, "dropped, of any port:\n");
    for (enum packet_drop drop = 0; drop < N_PACKET_DROPS; drop++) {
        ds_put_format(s, "  %-18s %10"PRIu64"  %s\n", packet_drop_name(drop),
                      packet_drop_get_count(drop), packet_drop_text(drop));
    }
}

static void
stt_show(struct unixctl_conn *conn, int argc OVS_UNUSED,
         const char *argv[] OVS_UNUSED, void *aux OVS_UNUSED)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    show_ports(&s);
    show_reassembly(&s);
    show_counters(&s);
    stt_underlay_show(&s);
    packet_socket_show(&s);
    unixctl_command_reply(conn, ds_cstr(&s));
    ds_destroy(&s);
}

/* Registers the command. */
void
stt_show_register(void)
{
    unixctl_command_register("stt/show", "", 0, 0, stt_show, NULL);
}
