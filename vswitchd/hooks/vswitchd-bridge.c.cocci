// SPDX-License-Identifier: Apache-2.0
// file: vswitchd/bridge.c
// expect: stt_link_explain\(br->type, netdev, error, errp\)
// expect: include "stt/stt-link-device.h"

@ includes @
@@
 #include "bridge.h"
+#include "stt/stt-link-device.h"

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
