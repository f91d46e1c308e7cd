// SPDX-License-Identifier: Apache-2.0
// file: controller/pinctrl.c
// expect: compose_nd_ns\(&packet, true, eth, eth_addr_zero, local, target\)
// expect: compose_nd_ns\(&packet, true, ip_flow->dl_src, eth_addr_zero,

// Open vSwitch 4.0 can send neighbour solicitations to one host, too.
@ solicit @
expression packet, eth_src, src, dst;
@@
-compose_nd_ns(packet, eth_src, src, dst)
+compose_nd_ns(packet, true, eth_src, eth_addr_zero, src, dst)
