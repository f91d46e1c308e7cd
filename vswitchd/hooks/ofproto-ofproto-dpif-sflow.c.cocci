// SPDX-License-Identifier: Apache-2.0
// file: ofproto/ofproto-dpif-sflow.c
// expect: ^\s*DPIF_SFLOW_TUNNEL_STT,
// expect: return DPIF_SFLOW_TUNNEL_STT;
// expect: case DPIF_SFLOW_TUNNEL_STT: return IPPROTO_TCP;
// expect: stt_sflow_get_ports\(tunnel_ipproto, tunnel, 
// expect: if \(stt_read_push_action\(data, 
// expect: stt_sflow_put_key\(tnlInProto, STT_SFLOW_INGRESS
// expect: stt_sflow_put_key\(tnlOutProto, STT_SFLOW_EGRESS
// expect: include "stt/stt-export.h"

@ includes @
@@
 #include "ofproto-dpif-sflow.h"
+#include "stt/stt-export.h"
+#include "stt/stt-type.h"

@ type_number @
@@
 enum dpif_sflow_tunnel_type {
   DPIF_SFLOW_TUNNEL_UNKNOWN = 0,
+  DPIF_SFLOW_TUNNEL_STT,
   ...
 };

@ port_type @
identifier f = dpif_sflow_tunnel_type;
identifier port;
@@
 f(struct ofport *port)
 {
+  if (stt_is_port(port->netdev)) {
+    return DPIF_SFLOW_TUNNEL_STT;
+  }
   ...
 }

@ protocol @
identifier tunnel_type;
@@
 dpif_sflow_tunnel_proto(enum dpif_sflow_tunnel_type tunnel_type)
 {
   <...
   switch (tunnel_type) {
+  case DPIF_SFLOW_TUNNEL_STT:
+    return IPPROTO_TCP;
   case DPIF_SFLOW_TUNNEL_GRE: ...
   }
   ...>
 }

@ push @
identifier attr, sflow_actions, data;
statement S1, S2;
@@
 sflow_read_tnl_push_action(const struct nlattr *attr,
                            struct dpif_sflow_actions *sflow_actions)
 {
   <...
+  if (stt_read_push_action(data, &sflow_actions->tunnel,
+                           &sflow_actions->tunnel_err)) {
+  } else
   if (data->tnl_type == OVS_VPORT_TYPE_VXLAN
       || data->tnl_type == OVS_VPORT_TYPE_GENEVE) S1 else S2
   ...>
 }

// For other tunnels Open vSwitch writes the ports in the wrong byte order.
@ ports @
expression e;
@@
 dpif_sflow_tunnel_v4(...)
 {
   <...
   ipv4->dst_port = e;
+  stt_sflow_get_ports(tunnel_ipproto, tunnel, &ipv4->src_port,
+                      &ipv4->dst_port);
   ...>
 }

// A record must live until the sample is written.
@ records @
identifier fs;
@@
 dpif_sflow_received(...)
 {
   <...
   SFL_FLOW_SAMPLE_TYPE fs;
+  SFLFlow_sample_element keyInElem, keyOutElem;
   ...>
 }

@ received @
statement S;
@@
 SFLADD_ELEMENT(&fs, &tnlInElem);
+if (stt_sflow_put_key(tnlInProto, STT_SFLOW_INGRESS, flow->tunnel.tun_id,
+                      &keyInElem.tag, &keyInElem.flowType)) {
+  SFLADD_ELEMENT(&fs, &keyInElem);
+}
 S

@ sent @
statement S;
@@
 SFLADD_ELEMENT(&fs, &tnlOutElem);
+if (stt_sflow_put_key(tnlOutProto, STT_SFLOW_EGRESS,
+                      sflow_actions->tunnel.tun_id,
+                      &keyOutElem.tag, &keyOutElem.flowType)) {
+  SFLADD_ELEMENT(&fs, &keyOutElem);
+}
 S
