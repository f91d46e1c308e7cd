// SPDX-License-Identifier: Apache-2.0
// file: lib/odp-util.c
// expect: stt_format_header\(ds, data, l4\)
// expect: stt_parse_header\(s, &n, l4\)
// expect: include "stt/stt-header.h"

@ includes @
@@
 #include "odp-util.h"
+#include "stt/stt-header.h"

@ format_header @
identifier f = format_odp_tnl_push_header;
identifier ds, data;
statement S1, S2;
@@
 f(struct ds *ds, struct ovs_action_push_tnl *data)
 {
   <...
+  if (stt_format_header(ds, data, l4)) {
+  } else
   if (data->tnl_type == OVS_VPORT_TYPE_VXLAN) S1 else S2
   ...>
 }

@ parse_header @
identifier f = ovs_parse_tnl_push;
identifier s, data, n;
expression e;
statement S1, S2;
@@
 f(const char *s, struct ovs_action_push_tnl *data)
 {
   <...
+  if (stt_parse_header(s, &n, l4)) {
+    tnl_type = OVS_VPORT_TYPE_STT;
+    header_len = sizeof *eth + ip_len + STT_HEADERS_LEN;
+  } else
   if (ovs_scan_len(s, &n, e, &udp_src, &udp_dst, &udp_csum)) S1 else S2
   ...>
 }
