// SPDX-License-Identifier: Apache-2.0
// releases: < 4.0
// file: lib/netdev-dummy.c
// expect: stt_dummy_configure\(netdev_, args\);
// expect: stt_dummy_received\(&netdev->up, packet\);
// expect: stt_dummy_sending\(netdev, packet\);
// expect: include "stt/stt-dummy.h"

// Dummy devices, which are there for tests, learn of offloads what newer
// releases' know.

@ includes @
@@
 #include "netdev-provider.h"
+#include "stt/stt-dummy.h"

@ configure @
identifier netdev_, args;
@@
 netdev_dummy_set_config(struct netdev *netdev_, const struct smap *args, ...)
 {
   <...
   if (userspace_tso_enabled()) { ... }
+  stt_dummy_configure(netdev_, args);
   ...>
 }

@ received @
identifier packet;
@@
 netdev_dummy_rxq_recv(...)
 {
   <...
+  stt_dummy_received(&netdev->up, packet);
   dp_packet_batch_init_packet(batch, packet);
   ...>
 }

@ sending @
identifier netdev;
@@
 netdev_dummy_send(struct netdev *netdev, ...)
 {
   <...
+  stt_dummy_sending(netdev, packet);
   if (dp_packet_hwol_tx_ip_csum(packet) && ...) { ... }
   ...>
 }
