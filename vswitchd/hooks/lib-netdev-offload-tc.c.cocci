// SPDX-License-Identifier: Apache-2.0
// releases: < 4.0
// file: lib/netdev-offload-tc.c
// expect: if \(stt_is_port\(netdev\)\)
// expect: include "stt/stt-type.h"

@ includes @
@@
 #include "netdev-offload-provider.h"
+#include "stt/stt-type.h"

// tc has only the low 32 bits of a tunnel's key: in what it sends, and in what
// it compares.  Flows to and from a port that is not offloaded stay out of it.
@ can_offload @
identifier netdev;
@@
 netdev_tc_init_flow_api(struct netdev *netdev)
 {
+  if (stt_is_port(netdev)) {
+    return EOPNOTSUPP;
+  }
   ...
 }
