// SPDX-License-Identifier: Apache-2.0
// file: lib/netdev.c
// expect: stt_push_batch\(batch, data\)
// expect: stt_pop_batch\(netdev, batch\)
// expect: \|\| stt_is_port\(netdev\)
// expect: packet_offload_sending\(batch\);
// expect: packet_offload_pushing\(batch, data\);
// expect: packet_offload_popping\(batch\);
// expect: include "stt/stt-pop.h"

@ includes @
@@
 #include "netdev.h"
+#include "stt/packet-offload.h"
+#include "stt/stt-pop.h"
+#include "stt/stt-push.h"
+#include "stt/stt-type.h"

// STT takes and leaves whole batches, as a packet can become several or none,
// so its class has no callback for a single one.
@ push_pop @
identifier netdev;
expression e;
@@
 netdev_has_tunnel_push_pop(const struct netdev *netdev)
 {
-  return e;
+  return (e) || stt_is_port(netdev);
 }

@ push @
identifier netdev, batch, data;
@@
 netdev_push_header(const struct netdev *netdev, ...,
                    struct dp_packet_batch *batch,
                    const struct ovs_action_push_tnl *data)
 {
+  packet_offload_pushing(batch, data);
+  if (stt_push_batch(batch, data)) {
+    return 0;
+  }
   ...
 }

@ pop @
identifier netdev, batch;
@@
 netdev_pop_header(struct netdev *netdev, struct dp_packet_batch *batch)
 {
+  if (stt_pop_batch(netdev, batch)) {
+    return;
+  }
+  packet_offload_popping(batch);
   ...
 }

// Devices and helpers trust what a packet says of itself.
@ sending @
identifier netdev, batch;
@@
 netdev_send(struct netdev *netdev, ..., struct dp_packet_batch *batch, ...)
 {
+  packet_offload_sending(batch);
   ...
 }
