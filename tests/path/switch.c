/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "path/switch.h"

#include <errno.h>
#include <string.h>

#include "coverage.h"
#include "dpif.h"
#include "dummy.h"
#include "flow.h"
#include "netdev-vport.h"
#include "netdev.h"
#include "odp-netlink.h"
#include "odp-util.h"
#include "openvswitch/ofpbuf.h"
#include "openvswitch/vlog.h"

#include "ovs-numa.h"
#include "packets.h"
#include "path/change.h"
#include "path/device.h"
#include "path/tunnel.h"
#include "simap.h"
#include "smap.h"
#include "timeval.h"
#include "tnl-ports.h"
#include "userspace-tso.h"
#include "util.h"

static struct dpif *dpif;

/* Ports, by path_out, and those of tunnels by path_tunnel. */
static const struct {
    const char *name;
    const char *type;
} devices[N_OUTS] = {
    [OUT_NIC] = { NIC_NAME, NIC_TYPE },
    [OUT_NIC_CHECKSUM] = { NIC_CHECKSUM_NAME, NIC_TYPE },
    [OUT_NIC_TSO] = { NIC_TSO_NAME, NIC_TYPE },
    [OUT_NIC_TUNNEL] = { NIC_TUNNEL_NAME, NIC_TYPE },
    [OUT_NIC_OUTER] = { NIC_OUTER_NAME, NIC_TYPE },
    [OUT_TAP] = { TAP_NAME, "tap" },
    [OUT_SOCKET] = { SOCKET_NAME, "system" },
};
static struct netdev *device_netdevs[N_OUTS];
static odp_port_t device_ports[N_OUTS];
static odp_port_t tunnel_ports[N_TUNNELS];

/* The case that is under way. */
static const struct path_case *current;
static struct passage *passage;

/* All coverage counters that count packets dropped. */
enum { MAX_COUNTERS = 256 };
static struct coverage_counter *counters[MAX_COUNTERS];
static size_t n_counters;

void __real_coverage_counter_register(struct coverage_counter *);
void __wrap_coverage_counter_register(struct coverage_counter *);

/* Takes the place of coverage_counter_register(), because that keeps its list
 * for itself. */
void
__wrap_coverage_counter_register(struct coverage_counter *counter)
{
    if (strstr(counter->name, "drop")) {
        ovs_assert(n_counters < MAX_COUNTERS);
        counters[n_counters++] = counter;
    }
    __real_coverage_counter_register(counter);
}

static uint64_t
count_drops(void)
{
    uint64_t total = 0;

    for (size_t i = 0; i < n_counters; i++) {
        /* count() takes what this thread has counted with it. */
        counters[i]->total += counters[i]->count();
        total += counters[i]->total;
    }
    total += linux_device_drops(device_netdevs[OUT_TAP]);
    total += linux_device_drops(device_netdevs[OUT_SOCKET]);
    return total;
}

static void
sent(const char *name, const uint8_t *data, size_t size,
     const struct offload *offload)
{
    struct departure *departure;
    size_t out = 0;

    if (!passage) {
        return;
    }
    while (strcmp(devices[out].name, name)) {
        out++;
    }
    if (passage->n_departures == passage->capacity) {
        passage->departures = x2nrealloc(passage->departures,
                                         &passage->capacity,
                                         sizeof *passage->departures);
    }
    departure = &passage->departures[passage->n_departures++];
    departure->out = out;
    departure->offload = *offload;
    frame_set(&departure->frame, data, size);
}

static void
refused(const char *name, const char *what)
{
    if (passage) {
        passage->refused = what;
        passage->refused_by = name;
    }
}

/* Puts in the action that 'text', a static string, says.  Each one is parsed
 * only once. */
static void
put_text(struct ofpbuf *actions, const char *text)
{
    enum { MAX_TEXTS = 32 };
    static struct {
        const char *text;
        struct ofpbuf parsed;
    } texts[MAX_TEXTS];
    struct simap ports = SIMAP_INITIALIZER(&ports);
    size_t i = 0;

    while (i < MAX_TEXTS && texts[i].text && texts[i].text != text) {
        i++;
    }
    ovs_assert(i < MAX_TEXTS);
    if (!texts[i].text) {
        texts[i].text = text;
        ofpbuf_init(&texts[i].parsed, 64);
        if (odp_actions_from_string(text, &ports, &texts[i].parsed)) {
            ovs_fatal(0, "%s: Open vSwitch does not understand that", text);
        }
    }
    simap_destroy(&ports);
    ofpbuf_put(actions, texts[i].parsed.data, texts[i].parsed.size);
}

static ovs_be32
mpls_entry(uint32_t label, uint8_t class, bool bottom)
{
    return htonl(label << MPLS_LABEL_SHIFT | class << MPLS_TC_SHIFT
                 | (uint32_t) bottom << MPLS_BOS_SHIFT
                 | MPLS_TTL << MPLS_TTL_SHIFT);
}

static void
put_push_mpls(struct ofpbuf *actions, bool bottom)
{
    struct ovs_action_push_mpls *mpls;

    mpls = nl_msg_put_unspec_zero(actions, OVS_ACTION_ATTR_PUSH_MPLS,
                                  sizeof *mpls);
    mpls->mpls_ethertype = htons(ETH_TYPE_MPLS);
    mpls->mpls_lse = mpls_entry(PUSHED_LABEL, 0, bottom);
}

static void
put_add_mpls(struct ofpbuf *actions)
{
    struct ovs_action_add_mpls *mpls;

    mpls = nl_msg_put_unspec_zero(actions, OVS_ACTION_ATTR_ADD_MPLS,
                                  sizeof *mpls);
    mpls->mpls_ethertype = htons(ETH_TYPE_MPLS);
    mpls->mpls_lse = mpls_entry(ADDED_LABEL, ADDED_CLASS, true);
}

static void
put_push_ethernet(struct ofpbuf *actions)
{
    struct eth_addr destination, source;

    memcpy(&destination, pushed_ethernet, sizeof destination);
    memcpy(&source, pushed_ethernet + sizeof destination, sizeof source);
    odp_put_push_eth_action(actions, &source, &destination);
}

/* What translation knows of a packet while it puts actions together. */
struct knowledge {
    size_t n_tags;
    uint16_t ethertype;
    enum layer_type ip;         /* LAYER_PAYLOAD if there is none that it may */
    enum layer_type l4;         /* change; the same. */
    bool own_label;             /* Is the outermost label PUSHED_LABEL? */
    bool bottom;                /* Is it the last one? */
    bool nsh_ethernet;
};

static void
know(struct knowledge *knowledge, const struct flow *flow)
{
    memset(knowledge, 0, sizeof *knowledge);
    for (size_t i = 0; i < FLOW_MAX_VLAN_HEADERS; i++) {
        if (flow->vlans[i].tci & htons(VLAN_CFI)) {
            knowledge->n_tags++;
        }
    }
    knowledge->ethertype = ntohs(flow->dl_type);
    knowledge->ip = (knowledge->ethertype == ETH_TYPE_IP ? LAYER_IPV4
                     : knowledge->ethertype == ETH_TYPE_IPV6 ? LAYER_IPV6
                     : LAYER_PAYLOAD);
    if (knowledge->ip == LAYER_IPV4 && !flow->nw_src) {
        /* Its header was not whole. */
        knowledge->ip = LAYER_PAYLOAD;
    } else if (knowledge->ip == LAYER_IPV6
               && !ipv6_addr_is_set(&flow->ipv6_src)) {
        knowledge->ip = LAYER_PAYLOAD;
    }
    knowledge->l4 = LAYER_PAYLOAD;
    if (knowledge->ip != LAYER_PAYLOAD && flow->tp_src
        && !(flow->nw_frag & FLOW_NW_FRAG_LATER)) {
        knowledge->l4 = (flow->nw_proto == IPPROTO_TCP ? LAYER_TCP
                         : flow->nw_proto == IPPROTO_UDP ? LAYER_UDP
                         : flow->nw_proto == IPPROTO_SCTP ? LAYER_SCTP
                         : LAYER_PAYLOAD);
    }
    knowledge->own_label = (knowledge->ethertype == ETH_TYPE_MPLS
                            && mpls_lse_to_label(flow->mpls_lse[0])
                               == PUSHED_LABEL);
    knowledge->bottom = mpls_lse_to_bos(flow->mpls_lse[0]);
    knowledge->nsh_ethernet = (knowledge->ethertype == ETH_TYPE_NSH
                               && flow->nsh.np == NSH_P_ETHERNET);
}

/* Would translation emit 'action' for a packet with 'knowledge'?  Brings that up
 * to date if so. */
static bool
allows(struct knowledge *knowledge, enum path_action action)
{
    switch (action) {
    case ACTION_PUSH_VLAN:
    case ACTION_PUSH_SERVICE_VLAN:
        if (knowledge->n_tags >= FLOW_MAX_VLAN_HEADERS) {
            return false;
        }
        knowledge->n_tags++;
        return true;
    case ACTION_POP_VLAN:
        if (!knowledge->n_tags) {
            return false;
        }
        knowledge->n_tags--;
        return true;
    case ACTION_PUSH_MPLS:
        if (knowledge->ip == LAYER_PAYLOAD
            && knowledge->ethertype != ETH_TYPE_MPLS) {
            return false;
        }
        knowledge->ethertype = ETH_TYPE_MPLS;
        knowledge->ip = knowledge->l4 = LAYER_PAYLOAD;
        /* What is pushed and popped at once leaves no trace. */
        knowledge->own_label = false;
        return true;
    case ACTION_POP_MPLS:
        if (!knowledge->own_label) {
            return false;
        }
        knowledge->own_label = false;
        knowledge->ethertype = 0;
        return true;
    case ACTION_ADD_MPLS:
    case ACTION_PUSH_NSH:
        /* All that was known is inside now. */
        memset(knowledge, 0, sizeof *knowledge);
        knowledge->ip = knowledge->l4 = LAYER_PAYLOAD;
        return true;
    case ACTION_POP_NSH:
        return knowledge->nsh_ethernet && !knowledge->n_tags;
    case ACTION_SET_IP:
    case ACTION_SET_TTL:
        return knowledge->ip != LAYER_PAYLOAD;
    case ACTION_SET_L4:
        return knowledge->l4 != LAYER_PAYLOAD;
    case ACTION_SET_ETHERNET:
    case ACTION_TRUNC:
    case ACTION_RECIRC:
    case ACTION_COPY:
        return true;
    case ACTION_NONE:
    case N_ACTIONS:
    default:
        return false;
    }
}

static uint32_t
vport_type(enum path_tunnel tunnel)
{
    switch (tunnel) {
    case TUNNEL_STT4: case TUNNEL_STT6:
        return OVS_VPORT_TYPE_STT;
    case TUNNEL_VXLAN4: case TUNNEL_VXLAN6:
    case TUNNEL_VXLAN4_CHECKSUM: case TUNNEL_VXLAN6_CHECKSUM:
        return OVS_VPORT_TYPE_VXLAN;
    case TUNNEL_GENEVE4: case TUNNEL_GENEVE6:
    case TUNNEL_GENEVE4_CHECKSUM: case TUNNEL_GENEVE6_CHECKSUM:
        return OVS_VPORT_TYPE_GENEVE;
    case TUNNEL_GRE4: case TUNNEL_GRE4_CHECKSUM:
        return OVS_VPORT_TYPE_GRE;
    case TUNNEL_GRE6: case TUNNEL_GRE6_CHECKSUM:
        return OVS_VPORT_TYPE_IP6GRE;
    case TUNNEL_ERSPAN4:
        return OVS_VPORT_TYPE_ERSPAN;
    case TUNNEL_ERSPAN6:
        return OVS_VPORT_TYPE_IP6ERSPAN;
    case TUNNEL_GTPU4: case TUNNEL_GTPU6:
        return OVS_VPORT_TYPE_GTPU;
    case TUNNEL_SRV6:
        return OVS_VPORT_TYPE_SRV6;
    case TUNNEL_NONE: case N_TUNNELS:
    default:
        OVS_NOT_REACHED();
    }
}

static const char *
port_type(enum path_tunnel tunnel)
{
    switch (vport_type(tunnel)) {
    case OVS_VPORT_TYPE_STT: return "stt";
    case OVS_VPORT_TYPE_VXLAN: return "vxlan";
    case OVS_VPORT_TYPE_GENEVE: return "geneve";
    case OVS_VPORT_TYPE_GRE:
    case OVS_VPORT_TYPE_IP6GRE: return "gre";
    case OVS_VPORT_TYPE_ERSPAN:
    case OVS_VPORT_TYPE_IP6ERSPAN: return "erspan";
    case OVS_VPORT_TYPE_GTPU: return "gtpu";
    default: return "srv6";
    }
}

static void
put_tunnel(struct ofpbuf *actions, enum path_tunnel tunnel, bool inner_ipv6)
{
    struct ovs_action_push_tnl data;

    memset(&data, 0, sizeof data);
    data.tnl_port = tunnel_ports[tunnel];
    data.out_port = device_ports[current->out];
    data.tnl_type = vport_type(tunnel);
    data.header_len = tunnel_header(tunnel, inner_ipv6,
                                    (uint8_t *) data.header);
    odp_put_tnl_push_action(actions, &data);
}

static void
put_output(struct ofpbuf *actions, enum path_out out)
{
    nl_msg_put_odp_port(actions, OVS_ACTION_ATTR_OUTPUT, device_ports[out]);
}

static void
put_truncation(struct ofpbuf *actions)
{
    struct ovs_action_trunc *trunc;

    trunc = nl_msg_put_unspec_uninit(actions, OVS_ACTION_ATTR_TRUNC,
                                     sizeof *trunc);
    trunc->max_len = MAX(current->max_len, ETH_HEADER_LEN);
}

/* Puts in how the packet leaves: through the tunnels of the case, as far as they
 * can carry it. */
static void
put_way_out(struct ofpbuf *actions, const struct knowledge *knowledge,
            struct passage *done)
{
    for (size_t i = 0; i < MAX_TUNNELS; i++) {
        enum path_tunnel tunnel = current->tunnel[i];

        if (tunnel == TUNNEL_NONE) {
            continue;
        }
        if (tunnel_is_l3(tunnel)) {
            bool truncated = (done->n_actions
                              && done->actions[done->n_actions - 1]
                                 == ACTION_TRUNC);

            if (done->n_tunnels || knowledge->n_tags || truncated
                || knowledge->ip == LAYER_PAYLOAD) {
                continue;
            }
            odp_put_pop_eth_action(actions);
        }
        put_tunnel(actions, tunnel, knowledge->ip == LAYER_IPV6);
        done->tunnels[done->n_tunnels++] = tunnel;
    }
    put_output(actions, current->out);
}

/* Returns the action of the case that follows the one with index 'i'. */
static enum path_action
action_behind(size_t i)
{
    while (++i < MAX_ACTIONS) {
        if (current->action[i] != ACTION_NONE) {
            return current->action[i];
        }
    }
    return ACTION_NONE;
}

/* Puts in the actions of the case from the one with index 'i' on, for a packet
 * with 'flow', and adds them to '*done'.  Returns the index of the action to go
 * on with after recirculation, or 0 if the packet leaves. */
static size_t
put_actions(struct ofpbuf *actions, const struct flow *flow, size_t i,
            struct passage *done)
{
    struct knowledge knowledge;

    know(&knowledge, flow);
    for (; i < MAX_ACTIONS; i++) {
        enum path_action action = current->action[i];
        enum path_action next = action_behind(i);
        struct knowledge before = knowledge;
        bool recirc = action == ACTION_RECIRC || action == ACTION_POP_NSH;

        if (action == ACTION_TRUNC && next != ACTION_NONE
            && next != ACTION_COPY) {
            /* Only an output can be truncated. */
            continue;
        }
        if (!allows(&knowledge, action)) {
            continue;
        }
        done->actions[done->n_actions++] = action;
        if (action == ACTION_TRUNC) {
            put_truncation(actions);
        } else if (action == ACTION_COPY) {
            put_output(actions, passage_copy_out(current));
        } else if (action == ACTION_PUSH_MPLS) {
            put_push_mpls(actions, before.ethertype != ETH_TYPE_MPLS);
        } else if (action == ACTION_POP_MPLS) {
            bool ipv6 = current->ip >= IP_6;

            nl_msg_put_be16(actions, OVS_ACTION_ATTR_POP_MPLS,
                            htons(!before.bottom ? ETH_TYPE_MPLS
                                  : ipv6 ? ETH_TYPE_IPV6 : ETH_TYPE_IP));
        } else if (action == ACTION_ADD_MPLS) {
            put_add_mpls(actions);
            put_push_ethernet(actions);
        } else if (action == ACTION_PUSH_NSH) {
            put_text(actions, action_text(action, before.ip, before.l4));
            put_push_ethernet(actions);
        } else if (action == ACTION_POP_NSH) {
            odp_put_pop_eth_action(actions);
            put_text(actions, action_text(action, before.ip, before.l4));
        } else if (action != ACTION_RECIRC) {
            put_text(actions, action_text(action, before.ip, before.l4));
        }
        if (recirc) {
            nl_msg_put_u32(actions, OVS_ACTION_ATTR_RECIRC, i + 1);
            return i + 1;
        }
    }
    put_way_out(actions, &knowledge, done);
    return 0;
}

static bool
same_passage(const struct passage *a, const struct passage *b)
{
    return a->n_actions == b->n_actions
           && !memcmp(a->actions, b->actions,
                      a->n_actions * sizeof a->actions[0])
           && a->n_tunnels == b->n_tunnels
           && !memcmp(a->tunnels, b->tunnels,
                      a->n_tunnels * sizeof a->tunnels[0]);
}

static int
upcall(const struct dp_packet *packet OVS_UNUSED, const struct flow *flow,
       ovs_u128 *ufid OVS_UNUSED, unsigned int pmd_id OVS_UNUSED,
       enum dpif_upcall_type type OVS_UNUSED,
       const struct nlattr *userdata OVS_UNUSED, struct ofpbuf *actions,
       struct flow_wildcards *wildcards OVS_UNUSED,
       struct ofpbuf *put_actions_ OVS_UNUSED, void *aux OVS_UNUSED)
{
    /* What was done before each recirculation, as the first packet had it. */
    static struct passage stages[MAX_ACTIONS + 1];
    size_t i = flow->recirc_id, next;
    struct passage done;

    if (!i && current->in >= IN_STT
        && flow->in_port.odp_port != tunnel_ports[TUNNEL_STT4]) {
        nl_msg_put_odp_port(actions, OVS_ACTION_ATTR_TUNNEL_POP,
                            tunnel_ports[TUNNEL_STT4]);
        return ENOSPC;
    }

    memset(&done, 0, sizeof done);
    if (i) {
        done = stages[i];
    }
    next = put_actions(actions, flow, i, &done);
    if (next) {
        stages[next] = done;
        return ENOSPC;
    }
    if (!passage->n_upcalls++) {
        passage->n_actions = done.n_actions;
        memcpy(passage->actions, done.actions, sizeof done.actions);
        passage->n_tunnels = done.n_tunnels;
        memcpy(passage->tunnels, done.tunnels, sizeof done.tunnels);
    } else if (!same_passage(passage, &done)) {
        passage->differs = true;
    }
    /* So it makes no flow. */
    return ENOSPC;
}

/* Returns where ACTION_COPY sends packets of 'path': never where they leave in
 * the end. */
enum path_out
passage_copy_out(const struct path_case *path)
{
    return path->out == OUT_NIC ? OUT_SOCKET : OUT_NIC;
}

static odp_port_t
add_port(const char *name, const char *type, struct netdev **netdevp)
{
    odp_port_t port = ODPP_NONE;
    struct netdev *netdev;
    int error;

    error = netdev_open(name, type, &netdev);
    if (!error) {
        error = dpif_port_add(dpif, netdev, &port);
    }
    if (error) {
        ovs_fatal(error, "could not add port %s", name);
    }
    *netdevp = netdev;
    return port;
}

/* Makes the datapath, with or without userspace TSO. */
void
switch_init(bool tso)
{
    static const char *const types[] = {
        "stt", "vxlan", "geneve", "gre", "erspan", "gtpu", "srv6",
    };
    struct smap config = SMAP_INITIALIZER(&config);

    vlog_set_levels(NULL, VLF_ANY_DESTINATION,
                    getenv("PATH_LOG") ? VLL_WARN : VLL_OFF);
    if (tso) {
        smap_add(&config, "userspace-tso-enable", "true");
        userspace_tso_init(&config);
        ovs_assert(userspace_tso_enabled());
    }
    smap_destroy(&config);
    ovs_numa_init();
    dummy_enable("");
    device_set_callbacks(sent, refused);
    nic_register(sent, refused);

    if (dpif_create_and_open("path", "dummy", &dpif)) {
        ovs_fatal(0, "could not make a datapath");
    }
    for (size_t i = 0; i < N_OUTS; i++) {
        device_ports[i] = add_port(devices[i].name, devices[i].type,
                                   &device_netdevs[i]);
    }
    linux_device_prepare(device_netdevs[OUT_SOCKET]);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        struct netdev *netdev;
        char name[32];
        odp_port_t port;

        snprintf(name, sizeof name, "path-%s", types[i]);
        port = add_port(name, types[i], &netdev);
        for (size_t j = TUNNEL_NONE + 1; j < N_TUNNELS; j++) {
            if (!strcmp(port_type(j), types[i])) {
                tunnel_ports[j] = port;
            }
        }
    }
    dpif_register_upcall_cb(dpif, upcall, NULL);
    dpif_enable_upcall(dpif);
}

static void
begin(const struct path_case *path, struct passage *passage_)
{
    memset(passage_, 0, sizeof *passage_);
    current = path;
    passage = passage_;
    flow_limit_vlans(path->vlan_limit);
    passage->drops = -count_drops();
}

static void
run(void)
{
    do {
        dpif_run(dpif);
    } while (nic_is_waiting());
    passage->drops += count_drops();
    passage = NULL;
}

/* Lets 'frame' with 'offload' go the way of 'path', and stores what became of it
 * in '*passage_', which the caller passes to passage_clear(). */
void
switch_pass(const struct path_case *path, const struct frame *frame,
            const struct offload *offload, struct passage *passage_)
{
    struct frames segments = { NULL, 0, 0 };

    begin(path, passage_);
    switch (path->in) {
    case IN_TAP:
        tap_put(frame, offload);
        break;
    case IN_SOCKET:
        socket_put(frame, offload, path->put_back, 0x4000 | 9);
        break;
    case IN_NIC:
        nic_put(frame);
        break;
    case IN_STT:
    case IN_STT_REVERSED:
    case IN_STT_WHOLE:
        stt_segments(frame, offload, path->ip >= IP_6,
                     path->in == IN_STT_WHOLE, &segments);
        for (size_t i = 0; i < segments.count; i++) {
            nic_put(&segments.list[path->in == IN_STT_REVERSED
                                   ? segments.count - 1 - i : i]);
        }
        frames_clear(&segments);
        break;
    }
    run();
}

/* Frees what is in 'passage_'. */
void
passage_clear(struct passage *passage_)
{
    for (size_t i = 0; i < passage_->n_departures; i++) {
        frame_free(&passage_->departures[i].frame);
    }
    free(passage_->departures);
    passage_->departures = NULL;
    passage_->n_departures = passage_->capacity = 0;
}
