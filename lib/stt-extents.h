/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef STT_EXTENTS_H
#define STT_EXTENTS_H 1

/* Which parts of a frame are held
 * ===============================
 *
 * To find the place of a segment among those that are held, in whatever order
 * they come, takes a binary search.  It looks at extents only, which lie side by
 * side, and not at the fragments, each of which is in a packet of its own and in
 * no cache any more (CVE-2018-5390).
 *
 * All numbers are bytes from the frame's start.  The caller keeps threads apart. */

#include "stt-drop.h"
#include "stt-platform.h"

/* So many have room in the structure: the longest frame on an Ethernet has 45
 * segments. */
#define STT_USUAL_EXTENTS 48

struct stt_extent {
    uint16_t start;
    uint16_t end;               /* One behind its last byte. */
};

struct stt_extents {
    uint16_t n;
    uint16_t room;              /* For so many. */
    bool reordered;             /* Some came after one behind it. */
    struct stt_extent *all;     /* In order.  At first 'usual'. */
    struct stt_extent usual[STT_USUAL_EXTENTS];
};

void stt_extents_init(struct stt_extents *);
void stt_extents_uninit(struct stt_extents *);

enum stt_drop stt_extents_find_place(const struct stt_extents *,
                                     uint32_t start, uint32_t end,
                                     uint32_t *place);
enum stt_drop stt_extents_make_room(struct stt_extents *);
void stt_extents_put(struct stt_extents *, uint32_t start, uint32_t end,
                     uint32_t place);

#endif /* stt-extents.h */
