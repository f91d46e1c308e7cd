// SPDX-License-Identifier: Apache-2.0
// file: ofproto/tunnel.c
// expect: stt_no_port_learn\(netdev, odp_port\)
// expect: include "stt/stt-no-port.h"

@ includes @
@@
 #include "tunnel.h"
+#include "stt/stt-no-port.h"

// Whose packets come in on this port of the datapath.
@ learn @
identifier ofport, netdev, odp_port;
@@
 tnl_port_add__(const struct ofport_dpif *ofport, const struct netdev *netdev,
                odp_port_t odp_port, ...)
 {
+  stt_no_port_learn(netdev, odp_port);
   ...
 }
