// SPDX-License-Identifier: Apache-2.0
// file: lib/dp-packet.h
// expect: packet_offload_truncated\(packet\);
// expect: include "stt/packet-offload.h"

@ includes @
@@
 #include "packets.h"
+#include "stt/packet-offload.h"

@ truncated @
identifier batch, packet;
@@
 dp_packet_batch_apply_cutlen(struct dp_packet_batch *batch)
 {
   <...
   dp_packet_set_size(packet, dp_packet_get_send_len(packet));
+  if (dp_packet_get_cutlen(packet)) {
+    packet_offload_truncated(packet);
+  }
   ...>
 }
