// SPDX-License-Identifier: Apache-2.0
// releases: >= 3.6
// file: include/linux/openvswitch.h
// expect: ^\s*OVS_VPORT_TYPE_STT = 106

// The number that the Linux datapath used for STT, as older releases have it.
@ vport_type @
@@
 enum ovs_vport_type {
   ...,
+  OVS_VPORT_TYPE_STT = 106,
   OVS_VPORT_TYPE_ERSPAN = 107,
   ...
 };
