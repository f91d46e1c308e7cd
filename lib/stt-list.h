/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef STT_LIST_H
#define STT_LIST_H 1

/* Doubly linked list with its head in the circle, for lib/ alone: the hosts'
 * own lists differ, and lib/ must not know them. */

#include "stt-platform.h"

struct stt_list {
    struct stt_list *prev, *next;
};

#define STT_CONTAINER_OF(POINTER, STRUCT, MEMBER) \
    ((STRUCT *) (void *) ((char *) (POINTER) - offsetof(STRUCT, MEMBER)))

static inline void
stt_list_init(struct stt_list *list)
{
    list->prev = list->next = list;
}

static inline bool
stt_list_is_empty(const struct stt_list *list)
{
    return list->next == list;
}

static inline void
stt_list_push_back(struct stt_list *list, struct stt_list *element)
{
    element->prev = list->prev;
    element->next = list;
    list->prev->next = element;
    list->prev = element;
}

static inline void
stt_list_remove(struct stt_list *element)
{
    element->prev->next = element->next;
    element->next->prev = element->prev;
}

static inline void
stt_list_move_back(struct stt_list *list, struct stt_list *element)
{
    stt_list_remove(element);
    stt_list_push_back(list, element);
}

#endif /* stt-list.h */
