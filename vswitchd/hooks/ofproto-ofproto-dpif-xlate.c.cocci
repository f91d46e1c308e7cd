// SPDX-License-Identifier: Apache-2.0
// file: ofproto/ofproto-dpif-xlate.c
// expect: nw_proto = IPPROTO_TCP;
// expect: stt_set_path_mtu\(&tnl_push_data, out_dev->netdev\)
// expect: include "stt/stt-path-mtu.h"

@ includes @
@@
 #include "ofproto/ofproto-dpif-xlate.h"
+#include "stt/stt-path-mtu.h"

// To flows that the encapsulated packet passes, it is TCP.
@ protocol @
identifier type, nw_proto;
@@
 propagate_tunnel_data_to_flow(...)
 {
   <...
   uint8_t nw_proto = 0;
   ...
+  if (type == OVS_VPORT_TYPE_STT) {
+    nw_proto = IPPROTO_TCP;
+  } else
   switch (type) { case OVS_VPORT_TYPE_VXLAN: ... }
   ...>
 }

// The template is complete here, and the way out is known.
@ path_mtu @
identifier data, out_dev;
@@
 native_tunnel_output(...)
 {
   <...
   data.out_port = out_dev->odp_port;
+  stt_set_path_mtu(&data, out_dev->netdev);
   ...>
 }
