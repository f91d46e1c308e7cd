// SPDX-License-Identifier: Apache-2.0
// file: ofproto/ofproto-dpif-xlate.c
// expect: nw_proto = IPPROTO_TCP;
// expect: stt_set_path_mtu\(&tnl_push_data, out_dev->netdev\)
// expect: stt_underlay_unrouted\(xport->netdev, flow\)
// expect: dev.tx = stt_ref_counted\(in_dev->netdev\)
// expect: entry->tunnel_hdr.operation = REMOVE;
// expect: is_last_action = is_last_action && !\(stt_is_port\(xport->netdev
// expect: include "stt/stt-path-mtu.h"

@ includes @
@@
 #include "ofproto/ofproto-dpif-xlate.h"
+#include "stt/stt-path-mtu.h"
+#include "stt/stt-type.h"
+#include "stt/stt-underlay.h"
+#include "stt/stt-vport.h"

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

// No route, or one through a device that no bridge has.
@ unrouted @
identifier ctx, xport, flow, err;
@@
 native_tunnel_output(struct xlate_ctx *ctx, const struct xport *xport,
                      const struct flow *flow, ...)
 {
   <...
   err = tnl_route_lookup_flow(ctx, flow, ...);
   if (err) {
+    stt_underlay_unrouted(xport->netdev, flow);
     ...
   }
   ...>
 }

// What leaves through a tunnel passes here a second time, with the tunnel's
// headers, as if from a patch port.
@ counted_once @
identifier entry, in_dev;
@@
 patch_port_output(...)
 {
   <...
-  entry->dev.tx = netdev_ref(in_dev->netdev);
+  entry->dev.tx = stt_ref_counted(in_dev->netdev);
   ...>
 }

// The header's bytes are the underlay's alone, not those of ports after it.
@ header_bytes @
identifier ctx, xport, out_dev;
expression last;
@@
 native_tunnel_output(...)
 {
   <...
   patch_port_output(ctx, xport, out_dev, last);
+  if (stt_is_port(xport->netdev)) {
+    entry = xlate_cache_add_entry(ctx->xin->xcache, XC_TUNNEL_HEADER);
+    entry->tunnel_hdr.hdr_size = tnl_push_data.header_len;
+    entry->tunnel_hdr.operation = REMOVE;
+  }
   ...>
 }

// A mirror of the tunnel's port comes after the output to it, and is to have
// the packet as it was before.
@ mirrored @
identifier is_last_action;
@@
 native_tunnel_output(..., bool is_last_action)
 {
+  is_last_action = is_last_action
+    && !(stt_is_port(xport->netdev)
+         && mbridge_has_mirrors(ctx->xbridge->mbridge));
   ...
 }
