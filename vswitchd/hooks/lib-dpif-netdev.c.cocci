// SPDX-License-Identifier: Apache-2.0
// file: lib/dpif-netdev.c
// expect: stt_get_pop_drops\(
// expect < 4.0: stt_take_rest\(\)
// expect < 4.0: while \(stt_rest_next_from\(&stt_rest, packets_, portno\)\)
// expect: stt_set_config\(other_config\)
// expect: include "stt/stt-pop.h"

@ includes @
@@
 #include "dpif-netdev.h"
+#include "stt/stt-batch.h"
+#include "stt/stt-pop.h"
+#include "stt/stt-vport.h"

// A segment that is held for reassembly is no drop, and a super-packet that is
// cut makes the batch grow.
@ pop_drops @
expression port, before, after, packets, dropped;
@@
 netdev_pop_header(port, packets);
-dropped = before - after;
+dropped = stt_get_pop_drops(port, before - after);

// Where batches cannot grow, what they have no room for comes in further ones.
@ pop_rest exists @
identifier packets;
expression port, dropped, portno, pmd;
@@
 netdev_pop_header(port, packets);
 dropped = ...;
+struct stt_rest stt_rest = stt_take_rest();
 ...
 packet->md.in_port.odp_port = portno;
 ...
 dp_netdev_recirculate(pmd, packets);
+while (stt_rest_next_from(&stt_rest, packets, portno)) {
+    dp_netdev_recirculate(pmd, packets);
+}
 (*depth)--;
 return;

@ set_config @
identifier dpif, other_config;
@@
 dpif_netdev_set_config(struct dpif *dpif, const struct smap *other_config)
 {
+  stt_set_config(other_config);
   ...
 }
