// SPDX-License-Identifier: Apache-2.0
// file: ofproto/ofproto-dpif.c
// expect: stt_path_mtu_changed\(
// expect: include "stt/stt-path-mtu.h"

@ includes @
@@
 #include "ofproto/ofproto-dpif.h"
+#include "stt/stt-path-mtu.h"

// Flows that push STT have the MTU of the device they leave through in them.
@ path_mtu @
identifier port;
@@
 port_modified(struct ofport *port)
 {
+  if (stt_path_mtu_changed(port->netdev)) {
+    ofproto_dpif_cast(port->ofproto)->backer->need_revalidate
+      = REV_RECONFIGURE;
+  }
   ...
 }
