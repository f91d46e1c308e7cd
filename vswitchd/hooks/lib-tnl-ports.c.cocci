// SPDX-License-Identifier: Apache-2.0
// file: lib/tnl-ports.c
// expect: stt_get_ip_protocol\(type, 
// expect: include "stt/stt-type.h"

@ includes @
@@
 #include "tnl-ports.h"
+#include "stt/stt-type.h"

@ ip_protocol @
identifier type, nw_protos;
@@
 tnl_type_to_nw_proto(const char type[], uint8_t nw_protos[2])
 {
   nw_protos[0] = nw_protos[1] = 0;
+  nw_protos[0] = stt_get_ip_protocol(type, nw_protos[0]);
   ...
 }
