// SPDX-License-Identifier: Apache-2.0
// file: lib/dp-packet.c
// expect: packet_room_limit\(b, &new_headroom, &new_tailroom\);
// expect: dp_packet_resize\(b, packet_room_for\(b, size, 64\)
// expect: if \(!packet_offload_confirm\(p\)\)
// expect: include "stt/packet-room.h"

@ includes @
@@
 #include "dp-packet.h"
+#include "stt/packet-offload.h"
+#include "stt/packet-room.h"

// A buffer's size has 16 bits.
@ resize @
identifier b, new_headroom, new_tailroom;
@@
 dp_packet_resize(struct dp_packet *b, size_t new_headroom,
                  size_t new_tailroom)
 {
+  packet_room_limit(b, &new_headroom, &new_tailroom);
   ...
 }

// Who asks for more than is needed must do with what there can be.
@ prealloc @
identifier b, size;
constant more;
@@
 dp_packet_prealloc_headroom(struct dp_packet *b, size_t size)
 {
   <...
-  MAX(size, more)
+  packet_room_for(b, size, more)
   ...>
 }

// Helpers that complete checksums trust the packet's offsets.
@ send_prepare @
identifier p;
@@
 dp_packet_ol_send_prepare(struct dp_packet *p, ...)
 {
+  if (!packet_offload_confirm(p)) {
+    return;
+  }
   ...
 }
