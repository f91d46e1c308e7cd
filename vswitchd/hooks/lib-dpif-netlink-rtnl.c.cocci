// SPDX-License-Identifier: Apache-2.0
// file: lib/dpif-netlink-rtnl.c
// expect: return STT_LINK_KIND;
// expect: err = stt_link_verify\(reply, tnl_cfg->dst_port\);
// expect: stt_link_put_config\(&request, tnl_cfg->dst_port\);
// expect: if \(stt_is_type\(type\)\)
// expect: include "stt/stt-link-device.h"

// STT comes before the switches by type, which have a case for it in older
// releases.

@ includes @
@@
 #include "dpif-netlink-rtnl.h"
+#include "stt/stt-link-device.h"
+#include "stt/stt-type.h"

@ device_kind @
identifier type, tnl_cfg;
@@
 vport_type_to_kind(enum ovs_vport_type type,
                    const struct netdev_tunnel_config *tnl_cfg)
 {
+  if (type == OVS_VPORT_TYPE_STT) {
+    return STT_LINK_KIND;
+  }
   ...
 }

@ verify_device @
identifier type, tnl_cfg, name;
@@
 dpif_netlink_rtnl_verify(const struct netdev_tunnel_config *tnl_cfg,
                          enum ovs_vport_type type, const char *name)
 {
   <...
+  if (type == OVS_VPORT_TYPE_STT) {
+    err = stt_link_verify(reply, tnl_cfg->dst_port);
+  } else
   switch (type) { case OVS_VPORT_TYPE_VXLAN: ... }
   ...>
 }

@ create_device exists @
identifier tnl_cfg, name, type, kind, flags;
@@
 dpif_netlink_rtnl_create(const struct netdev_tunnel_config *tnl_cfg,
                          const char *name, enum ovs_vport_type type,
                          const char *kind, uint32_t flags)
 {
   <...
+  if (type == OVS_VPORT_TYPE_STT) {
+    stt_link_put_config(&request, tnl_cfg->dst_port);
+  } else
   switch (type) { case OVS_VPORT_TYPE_VXLAN: ... }
   ...>
 }

@ destroy_device @
identifier f = {dpif_netlink_rtnl_port_destroy,dpif_netlink_rtnl_tunnel_destroy};
identifier name, type;
@@
 f(const char *name, const char *type)
 {
+  if (stt_is_type(type)) {
+    return dpif_netlink_rtnl_destroy(name);
+  }
   ...
 }
