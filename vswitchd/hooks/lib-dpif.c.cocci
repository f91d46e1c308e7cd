// SPDX-License-Identifier: Apache-2.0
// file: lib/dpif.c
// expect: packet_offload_truncated\(packet\);
// expect: if \(!should_steal && nl_attr_type\(action\) != OVS_ACTION_ATTR_TUNNEL_PUSH\)
// expect: stt_slow_path_begins\(execute->packet\);
// expect: stt_stop_unpushed\(
// expect: include "stt/packet-offload.h"

@ includes @
@@
 #include "dpif-provider.h"
+#include "stt/packet-offload.h"
+#include "stt/stt-batch.h"

// The slow path.  What follows a push is for the pushed packet, cut off or not.
@ cut @
identifier packets_, action, should_steal, packet, clone, cutlen;
@@
 dpif_execute_helper_cb(void *aux_, struct dp_packet_batch *packets_,
                        const struct nlattr *action, bool should_steal)
 {
   <...
-  if (!should_steal) {
+  if (!should_steal && nl_attr_type(action) != OVS_ACTION_ATTR_TUNNEL_PUSH) {
     packet = clone = dp_packet_clone(packet);
   }
   dp_packet_set_size(packet, dp_packet_size(packet) - cutlen);
+  packet_offload_truncated(packet);
   ...>
 }

@ begins @
identifier dpif, execute;
@@
 dpif_execute_with_help(struct dpif *dpif, struct dpif_execute *execute)
 {
+  stt_slow_path_begins(execute->packet);
   ...
 }

// Without that there is none.
@ failed @
identifier packets_, action, should_steal, aux, execute;
@@
 dpif_execute_helper_cb(void *aux_, struct dp_packet_batch *packets_,
                        const struct nlattr *action, bool should_steal)
 {
   <...
   aux->error = dpif_execute(aux->dpif, &execute);
+  stt_stop_unpushed(action, aux->error, packets_);
   ...>
 }
