/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_JOINED_H
#define STT_JOINED_H 1

/* Segments that Linux joined, received without userspace TSO
 * ===========================================================
 *
 * The GRO of a Linux device joins STT segments as it does TCP's, and leaves the
 * checksum of what comes of it unfinished.  With userspace TSO a header in
 * front of each packet says so.  Without, a packet socket hands out the packet
 * as it is, and Open vSwitch has no room for more than the device's MTU.
 *
 * So a packet socket gets that room here once a packet came that was too long,
 * if there are STT ports.  What is too long, and not for one of these, is
 * dropped as before: nobody could say into what to cut it for its next hop. */

#include <stdbool.h>

struct dp_packet;
struct msghdr;
struct netdev;

void stt_joined_configured(void);
bool stt_joined_truncated(const struct netdev *);
bool stt_joined_accept(const struct netdev *, struct dp_packet *,
                       bool too_long, const struct msghdr *);

#endif /* stt-joined.h */
