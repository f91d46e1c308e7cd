// SPDX-License-Identifier: Apache-2.0
// file: lib/ovn-util.c
// expect: if \(!strcmp\(name, OVN_STT_TYPE\)\) \{
// expect: return STT;
// expect: include "stt/ovn-stt.h"

@ includes @
@@
 #include "ovn-util.h"
+#include "stt/ovn-stt.h"

@ by_name @
identifier name;
@@
 get_tunnel_type(const char *name)
 {
+  if (!strcmp(name, OVN_STT_TYPE)) {
+    return STT;
+  }
   ...
 }
