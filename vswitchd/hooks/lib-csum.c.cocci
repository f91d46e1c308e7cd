// SPDX-License-Identifier: Apache-2.0
// file: lib/csum.c
// expect: return internet_checksum_add\(partial, data_, n\)
// expect: include "stt/internet-checksum.h"

@ includes @
@@
 #include "csum.h"
+#include "stt/internet-checksum.h"

@ add @
typedef uint32_t;
identifier partial, data_, n;
@@
 csum_continue(uint32_t partial, const void *data_, size_t n)
 {
+  if (n >= INTERNET_CHECKSUM_MIN) {
+    return internet_checksum_add(partial, data_, n);
+  }
   ...
 }
