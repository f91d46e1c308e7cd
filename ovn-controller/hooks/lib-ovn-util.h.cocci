// SPDX-License-Identifier: Apache-2.0
// file: lib/ovn-util.h
// expect: ^\s*STT = 1,$
// expect: ^\s*GENEVE = 2,$
// expect: ^\s*TUNNEL_TYPE_MAX = 3
// expect: include "stt/ovn-service.h"

// All programs include this file.
@ includes @
@@
 #include "include/ovn/version.h"
+#include "stt/ovn-service.h"

// Of the types that two chassis have in common, they take the one with the
// highest number.
@ types @
@@
 enum chassis_tunnel_type {
   ...,
+  STT = 1,
-  GENEVE = 1,
+  GENEVE = 2,
-  TUNNEL_TYPE_MAX = 2
+  TUNNEL_TYPE_MAX = 3
   ,...
 };
