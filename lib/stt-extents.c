/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#include "stt-extents.h"

#include "stt-segment.h"

/* Makes 'extents' empty.  The caller frees what they come to have with
 * stt_extents_uninit(). */
void
stt_extents_init(struct stt_extents *extents)
{
    extents->n = 0;
    extents->room = STT_USUAL_EXTENTS;
    extents->reordered = false;
    extents->all = extents->usual;
}

void
stt_extents_uninit(struct stt_extents *extents)
{
    if (extents->all != extents->usual) {
        stt_free(extents->all);
    }
}

/* Finds where in 'extents' the bytes from 'start' to 'end', which is one behind the
 * last of them, belong.  Returns STT_DROP_NONE and stores in '*place' how many
 * extents come before, or returns STT_DROP_DUPLICATE if the bytes are all held
 * already, by one extent, or STT_DROP_OVERLAP if some are. */
enum stt_drop
stt_extents_find_place(const struct stt_extents *extents, uint32_t start,
                       uint32_t end, uint32_t *place)
{
    const struct stt_extent *all = extents->all;
    uint32_t low = 0, high = extents->n;

    /* Segments mostly come in order, or from the back. */
    if (!high || start >= all[high - 1].end) {
        *place = high;
        return STT_DROP_NONE;
    }
    if (end <= all[0].start) {
        *place = 0;
        return STT_DROP_NONE;
    }

    /* Number 'high' becomes the first one that ends behind 'start': the only one
     * that can contain the new one, and if it does not lie in front of the new
     * one's end, there is no overlap at all. */
    high--;
    while (low < high) {
        uint32_t middle = (low + high) / 2;

        if (all[middle].end > start) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    if (all[high].start >= end) {
        *place = high;
        return STT_DROP_NONE;
    }
    return (all[high].start <= start && all[high].end >= end
            ? STT_DROP_DUPLICATE
            : STT_DROP_OVERLAP);
}

/* Makes sure that 'extents' have room for one more.  Returns STT_DROP_NONE, or
 * STT_DROP_SEGMENT_LIMIT or STT_DROP_NO_MEMORY. */
enum stt_drop
stt_extents_make_room(struct stt_extents *extents)
{
    struct stt_extent *all;

    if (extents->n < extents->room) {
        return STT_DROP_NONE;
    }
    if (extents->n >= STT_MAX_SEGMENTS) {
        return STT_DROP_SEGMENT_LIMIT;
    }
    all = stt_zalloc(STT_MAX_SEGMENTS * sizeof *all);
    if (!all) {
        return STT_DROP_NO_MEMORY;
    }
    memcpy(all, extents->all, extents->n * sizeof *all);
    extents->all = all;
    extents->room = STT_MAX_SEGMENTS;
    return STT_DROP_NONE;
}

/* Adds the bytes from 'start' to 'end' to 'extents', which have room for them,
 * behind as many others as 'place' says. */
void
stt_extents_put(struct stt_extents *extents, uint32_t start, uint32_t end,
                uint32_t place)
{
    struct stt_extent *extent = &extents->all[place];
    uint32_t n_behind = extents->n - place;

    if (n_behind) {
        memmove(extent + 1, extent, n_behind * sizeof *extent);
        extents->reordered = true;
    }
    extent->start = start;
    extent->end = end;
    extents->n++;
}
