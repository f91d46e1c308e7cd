// SPDX-License-Identifier: Apache-2.0
// file: controller/local_data.c
// expect: if \(!strcmp\(iface_rec->type, OVN_STT_TYPE\)\)
// expect: tunnel_type = STT;
// expect: && strcmp\(iface_rec->type, OVN_STT_TYPE\)
// expect: ovn_stt_is_common\(local_chassis, remote_chassis\)
// expect: return STT;
// expect: tunnel_type_str = ovn_stt_type_name\(tunnel_type\)
// expect: include "stt/ovn-stt.h"

@ includes @
@@
 #include "local_data.h"
+#include "stt/ovn-stt.h"

// A port that ovn-controller made is a tunnel that flows can use.
@ port @
expression type, found;
statement S;
@@
 local_nonvif_data_run(...)
 {
   <...
-  if (!strcmp(type, "geneve")) {
+  if (!strcmp(type, OVN_STT_TYPE)) {
+    found = STT;
+  } else if (!strcmp(type, "geneve")) {
     found = GENEVE;
   } else S
   ...>
 }

// The flows follow when its OpenFlow port changes.
@ changed_port @
expression type;
@@
 local_nonvif_data_handle_ovs_iface_changes(...)
 {
   <...
-  strcmp(type, "geneve")
+  strcmp(type, "geneve") && strcmp(type, OVN_STT_TYPE)
   ...>
 }

// Flow-based tunnels, one port for all chassis.
@ preferred @
identifier local_chassis, remote_chassis;
expression geneve;
statement S;
@@
 select_preferred_tunnel_type(const struct sbrec_chassis *local_chassis,
                              const struct sbrec_chassis *remote_chassis)
 {
   <...
   if (geneve) {
     return GENEVE;
-  } else S
+  } else if (ovn_stt_is_common(local_chassis, remote_chassis)) {
+    return STT;
+  } else S
   ...>
 }

@ type_name @
expression type;
@@
-type == GENEVE ? "geneve" : "vxlan"
+ovn_stt_type_name(type)
