/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef STT_FRAGMENT_H
#define STT_FRAGMENT_H 1

/* Packets in chains
 * =================
 *
 * A chain is that of the packets of a frame, or of dead ones, of which each says
 * why it has to be dropped.  Whoever is given a chain owns the packets. */

#include "stt-drop.h"
#include "stt-platform.h"

/* One packet's place in a reassembly table and in chains.  The host embeds it in
 * its own packet (24 bytes, which fits an skb's control block). */
struct stt_fragment {
    struct stt_fragment *next;  /* In the chain, NULL at its end. */
    uint32_t charge;            /* Bytes of memory, set by the host. */
    uint16_t offset;            /* Within the frame, set by the table. */
    uint16_t length;            /* Of the payload, set by the table. */
    uint8_t ecn;                /* Outer ECN field, set by the host. */
    uint8_t drop;               /* In a dead chain: an enum stt_drop. */
};

struct stt_fragment *stt_fragment_reverse(struct stt_fragment *);
struct stt_fragment *stt_fragment_sort(struct stt_fragment *);

/* Puts 'fragment' in front of the chain '*dead', for the reason 'drop'. */
static inline void
stt_fragment_bury(struct stt_fragment *fragment, enum stt_drop drop,
                  struct stt_fragment **dead)
{
    fragment->drop = drop;
    fragment->next = *dead;
    *dead = fragment;
}

#endif /* stt-fragment.h */
