// SPDX-License-Identifier: Apache-2.0
// file: lib/odp-execute.c
// expect: stt_execute_rest\(dp, batch, a, left, dp_execute_action\);
// expect: packet_action_begins\(dp, batch, a, left, dp_execute_action\);
// expect: include "stt/stt-batch.h"

@ includes @
@@
 #include "odp-execute.h"
+#include "stt/packet-action.h"
+#include "stt/stt-batch.h"

// A push that yields more packets than fit into a batch, or than the slow path
// can go on with.
@ execute_rest @
identifier dp, batch, dp_execute_action;
expression should_steal;
@@
 odp_execute_actions(void *dp, struct dp_packet_batch *batch, ...,
                     odp_execute_cb dp_execute_action)
 {
   <...
   dp_execute_action(dp, batch, a, should_steal);
+  stt_execute_rest(dp, batch, a, left, dp_execute_action);
   ...>
 }

// Headers under which nobody finds what is unfinished.
@ acting @
identifier dp, batch, dp_execute_action, a;
@@
 odp_execute_actions(void *dp, struct dp_packet_batch *batch, ...,
                     odp_execute_cb dp_execute_action)
 {
   <...
   if (requires_datapath_assistance(a)) { ... }
+  packet_action_begins(dp, batch, a, left, dp_execute_action);
   ...>
 }
