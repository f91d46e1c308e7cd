// SPDX-License-Identifier: Apache-2.0
// releases: < 4.0
// file: lib/netdev-offload-dpdk.c
// expect: if \(stt_has_push\(nl_actions, nl_actions_len\)\)
// expect: include "stt/stt-offload.h"

@ includes @
@@
 #include "netdev-provider.h"
+#include "stt/stt-offload.h"

// A NIC would put the same headers in front of every packet.  Only what is built
// with DPDK has this file.
@ refuse @
identifier nl_actions, nl_actions_len;
@@
 parse_flow_actions(..., struct nlattr *nl_actions, size_t nl_actions_len)
 {
+  if (stt_has_push(nl_actions, nl_actions_len)) {
+    return -1;
+  }
   ...
 }
