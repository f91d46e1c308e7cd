/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PATH_CHANGE_H
#define PATH_CHANGE_H 1

/* What actions do to a packet
 * ===========================
 *
 * Each action as the text that Open vSwitch takes it in, and beside it what has
 * to become of a packet. */

#include "path/case.h"
#include "path/wire.h"

/* MPLS labels that ACTION_PUSH_MPLS and ACTION_ADD_MPLS push. */
#define PUSHED_LABEL 100
#define ADDED_LABEL 200
#define ADDED_CLASS 7
#define MPLS_TTL 64

extern const uint8_t pushed_ethernet[12];

const char *action_text(enum path_action, enum layer_type ip,
                        enum layer_type l4);
bool change(struct frame *, enum path_action);

#endif /* path/change.h */
