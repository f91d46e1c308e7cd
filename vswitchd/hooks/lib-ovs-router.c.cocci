// SPDX-License-Identifier: Apache-2.0
// file: lib/ovs-router.c
// expect: source_address_choose\(err, ip6_dst, ip6_src, 
// expect: include "stt/source-address.h"

@ includes @
@@
 #include "ovs-router.h"
+#include "stt/source-address.h"

// The source address of the route is chosen.
@ choose @
identifier ip6_dst, ip6_src, gw, get_src_addr, p, err, device;
@@
 ovs_router_insert__(..., const struct in6_addr *ip6_dst, ...,
                     const struct in6_addr *gw,
                     const struct in6_addr *ip6_src)
 {
   <...
   if (err && ipv6_addr_is_set(gw)) {
     err = get_src_addr(gw, device, &p->src_addr);
   }
+  source_address_choose(err, ip6_dst, ip6_src, device, &p->src_addr);
   ...>
 }
