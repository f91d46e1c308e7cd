// SPDX-License-Identifier: Apache-2.0
// file: vswitchd/bridge.c
// expect: stt_link_explain\(br->type, netdev, error, errp\)
// expect: stt_underlay_check\(br->type, netdev, errp\)
// expect: include "stt/stt-link-device.h"

@ includes @
@@
 #include "bridge.h"
+#include "stt/stt-link-device.h"
+#include "stt/stt-underlay.h"

// Of the kernel's answer only the error's number gets here.
@ explain @
identifier br, netdev, error, errp;
@@
 iface_do_create(const struct bridge *br, ..., char **errp)
 {
   <...
   error = ofproto_port_add(br->ofproto, netdev, ...);
   if (error) {
     ...
     *errp = xasprintf(...);
+    stt_link_explain(br->type, netdev, error, errp);
     ...
   }
   ...>
 }

// A device that the datapath cannot use.
@ check @
identifier br, netdev, iface_cfg, errp, error;
@@
 iface_do_create(const struct bridge *br, ..., char **errp)
 {
   <...
   error = iface_set_netdev_config(iface_cfg, netdev, errp);
   if (error) {
     goto error;
   }
+  error = stt_underlay_check(br->type, netdev, errp);
+  if (error) {
+    goto error;
+  }
   ...>
 }
