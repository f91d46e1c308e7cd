/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_OFFLOAD_H
#define STT_OFFLOAD_H 1

/* Actions that no hardware can do
 * ===============================
 *
 * Hardware that OVS lets do a flow's actions puts the headers of a tunnel in
 * front of each packet as they are in the action.  Those of STT are only a
 * template: every frame has an id, lengths and checksums of its own.  So a flow
 * that pushes them stays with OVS. */

#include <stdbool.h>
#include <stddef.h>

struct nlattr;

bool stt_has_push(const struct nlattr *actions, size_t length);

#endif /* stt-offload.h */
