// SPDX-License-Identifier: Apache-2.0
// file: lib/dpif-netlink-rtnl.c
// expect: case OVS_VPORT_TYPE_STT:

// There is no kernel device for STT here: it is like the types that need none.
@ no_device @
expression e;
@@
 switch (e) {
+ case OVS_VPORT_TYPE_STT:
  case __OVS_VPORT_TYPE_MAX: ...
 }
