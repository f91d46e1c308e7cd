// SPDX-License-Identifier: Apache-2.0
// releases: >= 4.0
// file: lib/dpif-offload-tc.c
// expect: if \(stt_is_port\(netdev\)\)
// expect: include "stt/stt-type.h"

@ includes @
@@
 #include "dpif-offload-provider.h"
+#include "stt/stt-type.h"

// tc has only the low 32 bits of a tunnel's key: in what it sends, and in what
// it compares.  Flows to and from a port that is not offloaded stay out of it.
@ can_offload @
identifier netdev;
@@
 tc_can_offload(..., struct netdev *netdev)
 {
+  if (stt_is_port(netdev)) {
+    return false;
+  }
   ...
 }
