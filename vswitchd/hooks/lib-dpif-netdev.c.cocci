// SPDX-License-Identifier: Apache-2.0
// file: lib/dpif-netdev.c
// expect: stt_get_pop_drops\(
// expect < 4.0: stt_take_rest\(\)
// expect < 4.0: while \(stt_rest_next_from\(&stt_rest, packets_, portno\)\)
// expect: stt_set_config\(other_config\)
// expect: packet_drops_by_thread\(\) - 
// expect: stt_keep_pushed\(&
// expect: stt_rest_next_from\(&stt_rx_rest, &batch, port_no\)
// expect >= 4.0: stt_batch_fit\(p->output_pkts_rxqs,
// expect: include "stt/stt-pop.h"

@ includes @
@@
 #include "dpif-netdev.h"
+#include "stt/packet-drops.h"
+#include "stt/stt-batch.h"
+#include "stt/stt-pop.h"
+#include "stt/stt-settings.h"

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

// What push drops by itself.
@ push_drops @
expression pmd, a, packets, n;
@@
+uint32_t stt_dropped = packet_drops_by_thread();
 if (push_tnl_action(pmd, a, packets)) {
   COVERAGE_ADD(datapath_drop_tunnel_push_error, n);
+} else {
+  COVERAGE_ADD(datapath_drop_tunnel_push_error,
+               packet_drops_by_thread() - stt_dropped);
 }

// The slow path goes on with what a push leaves.
@ pushed @
identifier dpif, execute, pp, packet_clone;
@@
 dpif_netdev_execute(struct dpif *dpif, struct dpif_execute *execute)
 {
   ...
+  int stt_error = stt_keep_pushed(&pp, execute->actions,
+                                  execute->actions_len);
   if (dp_packet_batch_size(&pp) == 1) {
     ...
   } else if (...) { ... }
   ...
-  return 0;
+  return stt_error;
 }

// What a device received may have become more packets than are handled at once.
@ rx_rest exists @
identifier pmd, rxq, port_no, batch, error, cycles, timer;
expression qlen;
@@
 dp_netdev_process_rxq_port(struct dp_netdev_pmd_thread *pmd,
                            struct dp_netdev_rxq *rxq, odp_port_t port_no)
 {
   ...
   error = netdev_rxq_recv(rxq->rx, &batch, qlen);
+  struct stt_rest stt_rx_rest = stt_take_rest();
   if (!error) {
     ...
+    while (stt_rest_next_from(&stt_rx_rest, &batch, port_no)) {
+      dp_netdev_input(pmd, &batch, port_no);
+    }
     cycles = cycle_timer_stop(&pmd->perf_stats, &timer);
     ...
   } else { ... }
   ...
 }

// Cutting on the way out may leave a port with another batch to collect packets
// in, which holds more of them than the array beside it.
@ output_rxqs @
identifier p, i;
expression n, size, rxq;
@@
 dp_execute_output_action(...)
 {
   <...
+  p->output_pkts_rxqs
+      = stt_batch_fit(p->output_pkts_rxqs,
+                      dp_packet_batch_capacity(&p->output_pkts)
+                      * sizeof *p->output_pkts_rxqs);
   for (unsigned i = 0; i < n; i++) {
     p->output_pkts_rxqs[size + i] = rxq;
   }
   ...>
 }
