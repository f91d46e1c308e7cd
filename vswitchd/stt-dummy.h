/* SPDX-License-Identifier: Apache-2.0 */
/* releases: < 4.0 */
#ifndef STT_DUMMY_H
#define STT_DUMMY_H 1

/* Offloads of dummy devices, for the tests
 * ========================================
 *
 * Open vSwitch 4.0's dummy devices can be told what they say of the packets that
 * they receive and what they can do with those that they send, and they log
 * what they are handed.  The tests rely on it.  This gives older releases'
 * dummy devices what of that the tests use:
 *
 *   ol_l4_rx_csum_set_good=true, ol_l4_rx_csum_set_bad=true,
 *   ol_l4_rx_csum_set_partial=true, ol_ip_rx_csum_set_partial=true,
 *   ol_l4_tx_csum=true */

struct dp_packet;
struct netdev;
struct smap;

void stt_dummy_configure(struct netdev *, const struct smap *options);
void stt_dummy_received(const struct netdev *, struct dp_packet *);
void stt_dummy_sending(const struct netdev *, struct dp_packet *);

#endif /* stt-dummy.h */
