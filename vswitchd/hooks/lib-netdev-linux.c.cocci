// SPDX-License-Identifier: Apache-2.0
// file: lib/netdev-linux.c
// expect: packet_socket_opened\(rx->fd
// expect: packet_socket_opened\(sock, NULL
// expect: packet_socket_closing\(rx->fd
// expect: packet_socket_closing\(sock
// expect: packet_socket_add_stats\(
// expect: userspace_tso_enabled\(\) \|\| rx->takes_joined
// expect: iovlen = rx->takes_joined \?
// expect: rx->takes_joined = stt_joined_truncated\(
// expect: if \(!stt_joined_accept\(
// expect: packet_get_headroom\(std_len\)
// expect: dp_packet_resize\(pkt, packet_get_headroom\(
// expect: return vnet_header_take\(b\);
// expect: vnet_header_apply\(batch\);
// expect: vnet_header_failed\(
// expect: packet_socket_add_own_drops\(stats, netdev->rx_dropped
// expect: if \(!packet_has_room\(b, sizeof\(struct virtio_net_hdr\)\)\)
// expect: include "stt/packet-socket.h"

@ includes @
@@
 #include "netdev-linux.h"
+#include "stt/packet-room.h"
+#include "stt/packet-socket.h"
+#include "stt/stt-joined.h"
+#include "stt/vnet-header.h"

@ opened @
identifier rxq, rx, netdev, sll;
@@
 netdev_linux_rxq_construct(struct netdev_rxq *rxq)
 {
   <...
   if (bind(rx->fd, (struct sockaddr *) &sll, sizeof sll) < 0) {
     ...
   }
+  packet_socket_opened(rx->fd, netdev_rxq_get_name(rxq));
   ...>
 }

@ opened_to_send @
@@
 af_packet_sock(...)
 {
   <...
+  packet_socket_opened(sock, NULL);
   int error = set_nonblocking(sock);
   ...>
 }

@ closing @
identifier f = {netdev_linux_rxq_construct,netdev_linux_rxq_destruct,af_packet_sock};
expression fd;
@@
 f(...)
 {
   <...
+  packet_socket_closing(fd);
   close(fd);
   ...>
 }

@ stats @
identifier dev, s;
@@
 netdev_linux_get_stats(const struct netdev *dev, struct netdev_stats *s)
 {
   <...
   ovs_mutex_unlock(...);
+  packet_socket_add_stats(netdev_get_name(dev), s);
   ...>
 }

// Open vSwitch 3.5.0 computes the pseudo header of UDP over IPv6 from the wrong
// header, so that partial checksums, as STT delivers them, are never completed
// rightly.
@ udp_over_ipv6 @
identifier ip6;
@@
 netdev_linux_prepend_vnet_hdr(...)
 {
   <...
-  const struct ovs_16aligned_ip6_hdr *ip6 = l4_off;
+  const struct ovs_16aligned_ip6_hdr *ip6 = l3_off;
   ...>
 }

// Room for packets that Linux joined, once there was one, without userspace TSO.
@ room_for_joined @
identifier rx;
@@
 netdev_linux_rxq_recv(...)
 {
   <...
   struct netdev_rxq_linux *rx = ...;
   ...
-  if (userspace_tso_enabled())
+  if (userspace_tso_enabled() || rx->takes_joined)
   { ... }
   ...>
 }

@ receive_joined @
identifier rx, iovlen;
@@
 netdev_linux_batch_rxq_recv_sock(struct netdev_rxq_linux *rx, ...)
 {
   <...
-  iovlen = IOV_STD_SIZE;
+  iovlen = rx->takes_joined ? IOV_TSO_SIZE : IOV_STD_SIZE;
   ...>
 }

@ joined_truncated @
identifier rx, netdev_;
@@
 netdev_linux_batch_rxq_recv_sock(struct netdev_rxq_linux *rx, ...)
 {
   <...
-  VLOG_WARN_RL(&rl, "%s: Dropped packet: Too big. GRO/TSO enabled?", netdev_get_name(netdev_));
+  rx->takes_joined = stt_joined_truncated(netdev_);
   ...>
 }

@ joined_received @
identifier rx, batch, pkt, mmsgs, i, std_len;
@@
 netdev_linux_batch_rxq_recv_sock(struct netdev_rxq_linux *rx, ...)
 {
   <...
   if (mmsgs[i].msg_len > std_len) { ... } else { ... }
   ...
+  if (!stt_joined_accept(rx->up.netdev, pkt, mmsgs[i].msg_len > std_len,
+                         &mmsgs[i].msg_hdr)) {
+    continue;
+  }
   dp_packet_batch_add(batch, pkt);
   ...>
 }

// Room for tunnel headers, so that they can be pushed without copying.
@ headroom @
identifier f = {netdev_linux_batch_rxq_recv_sock,netdev_linux_batch_rxq_recv_tap};
expression e;
@@
 f(...)
 {
   <...
-  dp_packet_new_with_headroom(e, DP_NETDEV_HEADROOM)
+  dp_packet_new_with_headroom(e, packet_get_headroom(e))
   ...>
 }

@ super_packet_headroom @
identifier f = {netdev_linux_batch_rxq_recv_sock,netdev_linux_batch_rxq_recv_tap};
identifier pkt;
@@
 f(...)
 {
   <...
-  dp_packet_resize(pkt, DP_NETDEV_HEADROOM, 0)
+  dp_packet_resize(pkt, packet_get_headroom(dp_packet_size(pkt)), 0)
   ...>
 }

// What a guest's kernel asks for.
@ take_header @
identifier b;
@@
 netdev_linux_parse_vnet_hdr(struct dp_packet *b)
 {
+  return vnet_header_take(b);
   ...
 }

@ apply_headers @
identifier rxq_, batch, rx, retval;
@@
 netdev_linux_rxq_recv(struct netdev_rxq *rxq_, struct dp_packet_batch *batch,
                       ...)
 {
   ...
   retval = (rx->is_tap ? ... : ...);
+  if (retval) {
+    netdev_linux_cast(rx->up.netdev)->rx_dropped
+      += vnet_header_failed(netdev_get_name(rx->up.netdev), retval);
+  } else {
+    netdev_linux_cast(rx->up.netdev)->rx_dropped += vnet_header_apply(batch);
+  }
   ...
 }

// What is counted here is in the statistics of other classes only.
@ drops @
identifier netdev_, s, netdev;
@@
 netdev_linux_get_stats(const struct netdev *netdev_,
                        struct netdev_stats *s)
 {
   ...
+  packet_socket_add_own_drops(s, netdev->rx_dropped, netdev->tx_dropped);
   ovs_mutex_unlock(&netdev->mutex);
   ...
 }

// A header in front of a packet that fills its buffer.
@ room @
identifier b, mtu;
@@
 netdev_linux_prepend_vnet_hdr(struct dp_packet *b, int mtu)
 {
+  if (!packet_has_room(b, sizeof(struct virtio_net_hdr))) {
+    return EMSGSIZE;
+  }
   ...
 }
