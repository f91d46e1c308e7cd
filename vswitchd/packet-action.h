/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_ACTION_H
#define PACKET_ACTION_H 1

/* Actions that hide a packet's layers
 * ===================================
 *
 * Under an MPLS label or an NSH header nobody can tell where a packet's IP header
 * is.  So what is unfinished about a packet is finished before it gets one: see
 * packet-offload.h. */

#include <stddef.h>

#include "odp-execute.h"

struct dp_packet_batch;
struct nlattr;

void packet_action_begins(void *dp, struct dp_packet_batch *,
                          const struct nlattr *action, size_t left,
                          odp_execute_cb);

#endif /* packet-action.h */
