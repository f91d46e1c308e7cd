// SPDX-License-Identifier: Apache-2.0
// file: lib/route-table.c
// expect: if \(source_address_changed\(\)\) \{
// expect: source_address_wait\(\);
// expect: include "stt/source-address.h"

@ includes @
@@
 #include "route-table.h"
+#include "stt/source-address.h"

// Routes whose source address is another one now.
@ run @
identifier nln;
@@
 route_table_run(void)
 {
   <...
   nln_run(nln);
+  if (source_address_changed()) {
+    route_table_valid = false;
+  }
   ...>
 }

@ wait @
identifier nln;
@@
 route_table_wait(void)
 {
   <...
   nln_wait(nln);
+  source_address_wait();
   ...>
 }
