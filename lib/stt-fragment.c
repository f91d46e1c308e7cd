/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#include "stt-fragment.h"

/* Joins two chains that are in order by offset to one that is so, too. */
static struct stt_fragment *
merge_chains(struct stt_fragment *a, struct stt_fragment *b)
{
    struct stt_fragment *chain;
    struct stt_fragment **end = &chain;

    while (a && b) {
        struct stt_fragment **first = a->offset < b->offset ? &a : &b;

        *end = *first;
        end = &(*first)->next;
        *first = *end;
    }
    *end = a ? a : b;
    return chain;
}

/* Returns 'chain', whose fragments do not overlap, in order by offset. */
struct stt_fragment *
stt_fragment_sort(struct stt_fragment *chain)
{
    /* Merge sort: number i is empty or has 2**i fragments, the last one may have
     * more. */
    struct stt_fragment *sorted[8] = { NULL };
    struct stt_fragment *next = chain;
    size_t i;

    /* Which it is if the fragments came from the back. */
    while (next->next && next->offset < next->next->offset) {
        next = next->next;
    }
    if (!next->next) {
        return chain;
    }

    for (; chain; chain = next) {
        next = chain->next;
        chain->next = NULL;
        for (i = 0; sorted[i] && i < 7; i++) {
            chain = merge_chains(sorted[i], chain);
            sorted[i] = NULL;
        }
        sorted[i] = merge_chains(sorted[i], chain);
    }
    for (i = 0; i < 8; i++) {
        chain = merge_chains(sorted[i], chain);
    }
    return chain;
}

/* Returns 'chain' with its fragments in the opposite order. */
struct stt_fragment *
stt_fragment_reverse(struct stt_fragment *chain)
{
    struct stt_fragment *reversed = NULL;

    while (chain) {
        struct stt_fragment *next = chain->next;

        chain->next = reversed;
        reversed = chain;
        chain = next;
    }
    return reversed;
}
