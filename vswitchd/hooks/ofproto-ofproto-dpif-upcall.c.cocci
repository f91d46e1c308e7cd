// SPDX-License-Identifier: Apache-2.0
// file: ofproto/ofproto-dpif-upcall.c
// expect: stt_no_port_count\(flow\)
// expect: include "stt/stt-no-port.h"

@ includes @
@@
 #include "ofproto-dpif-upcall.h"
+#include "stt/stt-no-port.h"

// A packet that came up since no flow fits it, and that no port takes either.
@ no_port @
identifier flow, error;
@@
 upcall_receive(..., const struct flow *flow, ...)
 {
   <...
   error = xlate_lookup(...);
   if (error) {
+    stt_no_port_count(flow);
     return error;
   }
   ...>
 }
