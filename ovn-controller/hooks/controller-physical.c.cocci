// SPDX-License-Identifier: Apache-2.0
// file: controller/physical.c
// expect: ovn_stt_put_context\(datapath->tunnel_key, outport, ofpacts\)
// expect: ovn_stt_get_context\(tun->ofport, ofpacts\)
// expect: ovn_stt_put_flood_context\(ofpacts\)
// expect: ovn_stt_match_flood\(match\)
// expect: ovn_stt_put_return_context\(.*port_key, ofpacts_p\)
// expect: tunnel_type_str = ovn_stt_type_name\(tunnel_type\)
// expect: return OVN_STT_OVERHEAD;
// expect: include "stt/ovn-stt.h"

@ includes @
@@
 #include "physical.h"
+#include "stt/ovn-stt.h"

@ encapsulate @
identifier geneve, tun, datapath, outport, ramp, ofpacts;
@@
 put_encapsulation(enum mf_field_id geneve, const struct chassis_tunnel *tun,
                   const struct sbrec_datapath_binding *datapath,
                   uint16_t outport, bool ramp, struct ofpbuf *ofpacts)
 {
+  if (tun->type == STT) {
+    ovn_stt_put_context(datapath->tunnel_key, outport, ofpacts);
+    return;
+  }
   ...
 }

@ decapsulate @
identifier geneve, tun, ofpacts;
@@
 put_decapsulation(enum mf_field_id geneve, const struct chassis_tunnel *tun,
                   struct ofpbuf *ofpacts)
 {
+  if (tun->type == STT) {
+    ovn_stt_get_context(tun->ofport, ofpacts);
+    return;
+  }
   ...
 }

// Transit switches flood to the chassis of other zones.
@ flood @
identifier ofpacts, type, geneve;
@@
 put_remote_chassis_flood_encap(struct ofpbuf *ofpacts,
                                enum chassis_tunnel_type type,
                                enum mf_field_id geneve)
 {
+  if (type == STT) {
+    ovn_stt_put_flood_context(ofpacts);
+    return;
+  }
   ...
 }

@ flooded @
identifier match, type, geneve;
@@
 match_set_chassis_flood_outport(struct match *match,
                                 enum chassis_tunnel_type type,
                                 enum mf_field_id geneve)
 {
+  if (type == STT) {
+    ovn_stt_match_flood(match);
+    return;
+  }
   ...
 }

// What a network function lets pass goes back through the tunnel that it came
// through.
@ back @
identifier tun;
expression datapath, inport, geneve, ofpacts;
@@
(
 send_traffic_by_tunnel
|
 put_redirect_overlay_to_source
)
 (...)
 {
   <...
+  if (tun->type == STT) {
+    ovn_stt_put_return_context(datapath, inport, ofpacts);
+  } else {
   put_load(datapath, MFF_TUN_ID, 0, 24, ofpacts);
   put_move(MFF_LOG_OUTPORT, 0, geneve, 0, 32, ofpacts);
   put_load(inport, geneve, 16, 15, ofpacts);
+  }
   ofpact_put_OUTPUT(ofpacts)->port = tun->ofport;
   ...>
 }

// How much smaller packets have to be for ports that are on several chassis.
@ overhead @
identifier tun;
@@
 get_tunnel_overhead(struct chassis_tunnel const *tun)
 {
+  if (tun->type == STT) {
+    return OVN_STT_OVERHEAD;
+  }
   ...
 }

@ type_name @
expression type;
@@
-type == GENEVE ? "geneve" : "vxlan"
+ovn_stt_type_name(type)
