// SPDX-License-Identifier: Apache-2.0
// file: ofproto/ofproto-dpif-ipfix.c
// releases: >= 3.6
// expect: DPIF_IPFIX_TUNNEL_STT = STT_TUNNEL_TYPE
// expect: \[DPIF_IPFIX_TUNNEL_STT\] = IPPROTO_TCP
// expect: return DPIF_IPFIX_TUNNEL_STT;
// expect: case DPIF_IPFIX_TUNNEL_STT: return STT_TUNNEL_KEY_LEN;
// expect: define MAX_TUNNEL_KEY_LEN STT_TUNNEL_KEY_LEN
// expect: include "stt/stt-export.h"

@ includes @
@@
 #include "ofproto-dpif-ipfix.h"
+#include "stt/stt-export.h"
+#include "stt/stt-type.h"

@ type_number @
@@
 enum dpif_ipfix_tunnel_type {
   ...,
+  DPIF_IPFIX_TUNNEL_STT = STT_TUNNEL_TYPE,
   DPIF_IPFIX_TUNNEL_GENEVE = 0x07,
   ...
 };

@ protocol @
@@
 uint8_t tunnel_protocol[NUM_DPIF_IPFIX_TUNNEL] = {
   ...,
+  [DPIF_IPFIX_TUNNEL_STT] = IPPROTO_TCP,
   [DPIF_IPFIX_TUNNEL_GENEVE] = IPPROTO_UDP,
   ...
 };

// Buffers for records are as large as the longest key needs.
@ longest_key @
expression e;
@@
-#define MAX_TUNNEL_KEY_LEN e
+#define MAX_TUNNEL_KEY_LEN STT_TUNNEL_KEY_LEN

@ port_type @
identifier f = dpif_ipfix_tunnel_type;
identifier port;
@@
 f(const struct ofport *port)
 {
+  if (stt_is_port(port->netdev)) {
+    return DPIF_IPFIX_TUNNEL_STT;
+  }
   ...
 }

@ key_length @
identifier tunnel_type;
@@
 dpif_ipfix_tunnel_key_length(enum dpif_ipfix_tunnel_type tunnel_type)
 {
   <...
   switch (tunnel_type) {
+  case DPIF_IPFIX_TUNNEL_STT:
+    return STT_TUNNEL_KEY_LEN;
   case DPIF_IPFIX_TUNNEL_GRE: ...
   }
   ...>
 }
