/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PATH_SWITCH_H
#define PATH_SWITCH_H 1

/* The userspace datapath
 * ======================
 *
 * Open vSwitch's own, dpif-netdev, in this process, with devices of device.h
 * and a tunnel port of each type.  Whatever a packet's actions are, they come
 * from here, where in ovs-vswitchd they come from OpenFlow's translation. */

#include "path/case.h"
#include "path/wire.h"

/* A packet that left, and what is left to do to it. */
struct departure {
    enum path_out out;
    struct frame frame;
    struct offload offload;
};

/* What was done with a packet. */
struct passage {
    enum path_action actions[MAX_ACTIONS + 1];
    size_t n_actions;
    enum path_tunnel tunnels[MAX_TUNNELS];  /* The inner one first. */
    size_t n_tunnels;
    size_t n_upcalls;
    bool differs;               /* Not the same was done to all of them. */

    struct departure *departures;
    size_t n_departures;
    size_t capacity;
    uint64_t drops;             /* By how much all counters of them rose. */
    const char *refused;        /* What a card could not make sense of. */
    const char *refused_by;
};

void switch_init(bool tso);
void switch_pass(const struct path_case *, const struct frame *,
                 const struct offload *, struct passage *);
enum path_out passage_copy_out(const struct path_case *);
void passage_clear(struct passage *);

#endif /* path/switch.h */
