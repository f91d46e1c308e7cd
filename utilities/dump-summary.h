/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DUMP_SUMMARY_H
#define DUMP_SUMMARY_H 1

/* Counters, in all and for each tunnel
 * ====================================
 *
 * A tunnel is what one address sends to a port of another one.  Memory is
 * bounded: what comes after SUMMARY_TUNNELS tunnels is counted under "other",
 * and the same goes for Context IDs. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "stt-drop.h"

struct stt_key;

/* Most tunnels, and most Context IDs of all tunnels together, that are counted
 * by themselves. */
#define SUMMARY_TUNNELS 1024
#define SUMMARY_CONTEXTS 8192

/* What is counted for each tunnel and in all. */
struct summary_counters {
    uint64_t packets;
    uint64_t whole;             /* Frames in one packet. */
    uint64_t reassembled;       /* Frames in several. */
    uint64_t inner_bytes;       /* Of both. */
    uint64_t lost;              /* Frames never completed. */
    uint64_t late;              /* Packets. */
    uint64_t drops[STT_N_DROPS];    /* Packets; frames from VERSION on. */
};

/* What is counted in all only. */
struct summary_totals {
    uint64_t read;              /* Packets. */
    uint64_t other;             /* Packets that are not STT. */
    uint64_t fragments;         /* Fragments of IP packets. */
    uint64_t bad_outer;         /* Packets whose IP header is bad. */
    uint64_t too_short;         /* Packets cut short by the capture before
                                 * their ports. */
    uint64_t truncated;         /* STT packets cut short behind them. */
    uint64_t left;              /* Frames incomplete when all was read; these
                                 * are among those lost, too. */
};

struct summary;
struct summary_tunnel;

struct summary *summary_create(void);
void summary_destroy(struct summary *);
struct summary_totals *summary_totals(struct summary *);
struct summary_tunnel *summary_tunnel(struct summary *,
                                      const struct stt_key *);
struct summary_counters *summary_counters(struct summary_tunnel *);
void summary_count_frame(struct summary *, struct summary_tunnel *,
                         uint64_t context_id, uint32_t inner_bytes);
void summary_print(const struct summary *, FILE *);

#endif /* dump-summary.h */
