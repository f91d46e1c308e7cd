// SPDX-License-Identifier: Apache-2.0
// file: lib/dpif-netlink.c
// expect: case OVS_VPORT_TYPE_STT:

// The Linux datapath's vports are named by type.
@ vport_name @
@@
 get_vport_type(...)
 {
   <...
   switch (vport->type) {
+  case OVS_VPORT_TYPE_STT:
+    return "stt";
   case OVS_VPORT_TYPE_SRV6: ...
   }
   ...>
 }
