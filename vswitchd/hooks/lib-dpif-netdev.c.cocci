// SPDX-License-Identifier: Apache-2.0
// file: lib/dpif-netdev.c
// expect: stt_get_pop_drops\(
// expect: stt_set_config\(other_config\)
// expect: include "stt/stt-pop.h"

@ includes @
@@
 #include "dpif-netdev.h"
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

@ set_config @
identifier dpif, other_config;
@@
 dpif_netdev_set_config(struct dpif *dpif, const struct smap *other_config)
 {
+  stt_set_config(other_config);
   ...
 }
