// SPDX-License-Identifier: Apache-2.0
// file: lib/netdev-linux-private.h
// expect: bool takes_joined;

// Whether a packet socket has room for packets that Linux joined.
@ takes_joined @
@@
 struct netdev_rxq_linux {
   ...
+  bool takes_joined;
 };
