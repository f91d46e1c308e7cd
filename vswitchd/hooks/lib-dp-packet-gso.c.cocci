// SPDX-License-Identifier: Apache-2.0
// releases: >= 4.0
// file: lib/dp-packet-gso.c
// expect: packet_offload_first_segment\(p, batch\);
// expect: include "stt/packet-offload.h"

@ includes @
@@
 #include "dp-packet-gso.h"
+#include "stt/packet-offload.h"

// Where the device makes all segments but the last, what it gets is not the end.
@ first @
identifier p, batch;
@@
 dp_packet_gso__(struct dp_packet *p, struct dp_packet_batch *batch, ...)
 {
   <...
   dp_packet_gso_update_segment(p, 0, ...);
+  packet_offload_first_segment(p, batch);
   ...>
 }
