// SPDX-License-Identifier: Apache-2.0
// file: lib/dpif-netlink-rtnl.c
// expect: return STT_LINK_KIND;
// expect: err = stt_link_verify\(reply, tnl_cfg->dst_port\);
// expect: stt_link_put_config\(&request, tnl_cfg->dst_port\);
// expect: case OVS_VPORT_TYPE_STT: case OVS_VPORT_TYPE_GENEVE: case OVS_VPORT_TYPE_E
// expect: include "stt/stt-link-device.h"

@ includes @
@@
 #include "dpif-netlink-rtnl.h"
+#include "stt/stt-link-device.h"

@ device_kind @
identifier type, tnl_cfg;
@@
 vport_type_to_kind(enum ovs_vport_type type,
                    const struct netdev_tunnel_config *tnl_cfg)
 {
   <...
   switch (type) {
+  case OVS_VPORT_TYPE_STT:
+    return STT_LINK_KIND;
   case OVS_VPORT_TYPE_GENEVE: ...
   }
   ...>
 }

@ verify_device @
identifier type, tnl_cfg, name;
@@
 dpif_netlink_rtnl_verify(const struct netdev_tunnel_config *tnl_cfg,
                          enum ovs_vport_type type, const char *name)
 {
   <...
   switch (type) {
+  case OVS_VPORT_TYPE_STT:
+    err = stt_link_verify(reply, tnl_cfg->dst_port);
+    break;
   case OVS_VPORT_TYPE_GENEVE: ...
   }
   ...>
 }

@ create_device @
identifier tnl_cfg, name, type, kind, flags;
@@
 dpif_netlink_rtnl_create(const struct netdev_tunnel_config *tnl_cfg,
                          const char *name, enum ovs_vport_type type,
                          const char *kind, uint32_t flags)
 {
   <...
   switch (type) {
+  case OVS_VPORT_TYPE_STT:
+    stt_link_put_config(&request, tnl_cfg->dst_port);
+    break;
   case OVS_VPORT_TYPE_GENEVE: ...
   }
   ...>
 }

// As Geneve, which stands after it.
@ destroy_device @
identifier name, type;
@@
 dpif_netlink_rtnl_tunnel_destroy(const char *name, const char *type)
 {
   <...
   switch (netdev_to_ovs_vport_type(type)) {
+  case OVS_VPORT_TYPE_STT:
   case OVS_VPORT_TYPE_GENEVE: ...
   }
   ...>
 }
