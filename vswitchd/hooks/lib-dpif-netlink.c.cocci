// SPDX-License-Identifier: Apache-2.0
// file: lib/dpif-netlink.c
// expect: return STT_TYPE;
// expect: if \(stt_is_type\(type\)\)
// expect: include "stt/stt-type.h"

@ includes @
@@
 #include "dpif-netlink.h"
+#include "stt/stt-type.h"

// The Linux datapath's vports are named by type.
@ vport_name @
identifier vport;
@@
 get_vport_type(const struct dpif_netlink_vport *vport)
 {
+  if (vport->type == OVS_VPORT_TYPE_STT) {
+    return STT_TYPE;
+  }
   ...
 }

@ vport_type @
identifier type;
@@
 netdev_to_ovs_vport_type(const char *type)
 {
+  if (stt_is_type(type)) {
+    return OVS_VPORT_TYPE_STT;
+  }
   ...
 }
