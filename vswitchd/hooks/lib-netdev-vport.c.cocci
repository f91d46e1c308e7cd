// SPDX-License-Identifier: Apache-2.0
// file: lib/netdev-vport.c
// expect: stt_init_class\(&stt_class
// expect: if \(stt_is_type\(vport_classes\[
// expect: return .*\|\| stt_is_type\(type\)
// expect: has_csum = .*\|\| stt_is_type\(type\)
// expect: stt_init_port\(type, port, &tnl_cfg->dst_port\)
// expect: stt_init_port\(type, 0, &tnl_cfg.dst_port\)
// expect: stt_check_options\(
// expect: stt_get_options\(
// expect: stt_run\(netdev_class\)
// expect: stt_wait\(netdev_class\)
// expect: stt_register\(\)
// expect: include "stt/stt-vport.h"

@ includes @
@@
 #include "netdev-vport.h"
+#include "stt/stt-options.h"
+#include "stt/stt-type.h"
+#include "stt/stt-vport.h"

// The functions that all tunnel types share are private to this file, so STT's
// class starts as a copy of another tunnel's.
@ register_class @
@@
 netdev_vport_tunnel_register(void)
 {
   <...
+  static struct vport_class stt_class;
+  stt_class = vport_classes[0];
+  stt_class.dpif_port = STT_DPIF_PORT;
+  stt_init_class(&stt_class.netdev_class);
+  simap_init(&stt_class.global_cfg_tracker);
+  netdev_register_provider(&stt_class.netdev_class);
+  stt_register();
   unixctl_command_register("tnl/egress_port_range", ...);
   ...>
 }

// Older releases have a class of this type that knows no userspace datapath.
@ drop_old_class @
identifier i;
@@
 netdev_vport_tunnel_register(void)
 {
   <...
+  if (stt_is_type(vport_classes[i].netdev_class.type)) {
+    continue;
+  }
   simap_init(&vport_classes[i].global_cfg_tracker);
   ...>
 }

// And they call it deprecated.
@ not_deprecated @
expression name;
@@
 netdev_vport_construct(...)
 {
   <...
-  VLOG_WARN("%s: 'stt' port type is deprecated.", name);
   ...>
 }

@ needs_port @
identifier dev, cls;
expression e1, e2;
@@
 netdev_vport_needs_dst_port(const struct netdev *dev)
 {
   ...
-  return (cls->get_config == e1 && e2);
+  return (cls->get_config == e1 && ((e2) || stt_is_type(type)));
 }

@ construct @
identifier dev, tnl_cfg;
expression e;
@@
 netdev_vport_construct(struct netdev *dev)
 {
   <...
+  stt_init_port(type, port, &tnl_cfg->dst_port);
   tnl_cfg->dont_fragment = e;
   ...>
 }

@ check_options @
identifier dev, args, errp;
@@
 set_tunnel_config(struct netdev *dev, const struct smap *args, char **errp)
 {
+  int stt_error = stt_check_options(dev, args, errp);
+  if (stt_error) {
+    return stt_error;
+  }
   ...
 }

@ csum_option @
expression e;
@@
 set_tunnel_config(...)
 {
   <...
-  has_csum = e;
+  has_csum = (e) || stt_is_type(type);
   ...>
 }

@ default_port @
@@
 set_tunnel_config(...)
 {
   <...
   memset(&tnl_cfg, 0, ...);
+  stt_init_port(type, 0, &tnl_cfg.dst_port);
   ...>
 }

@ get_config @
identifier dev, args, tnl_cfg;
@@
 get_tunnel_config(const struct netdev *dev, struct smap *args)
 {
   <...
   if (tnl_cfg->dst_port) {
     ...
+    stt_get_options(type, tnl_cfg->dst_port, args);
   }
   ...>
 }

@ run @
identifier cls;
@@
 netdev_vport_run(const struct netdev_class *cls)
 {
+  stt_run(cls);
   ...
 }

@ wait @
identifier cls;
@@
 netdev_vport_wait(const struct netdev_class *cls)
 {
+  stt_wait(cls);
   ...
 }
