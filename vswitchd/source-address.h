/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOURCE_ADDRESS_H
#define SOURCE_ADDRESS_H 1

/* The source address of tunnels over IPv6
 * =======================================
 *
 * An IPv6 interface has several addresses, of which Linux takes the one that
 * suits a destination (RFC 6724).  OVS keeps the source address of each route,
 * and takes the first one that shares the destination's or the gateway's
 * prefix: that may be an address that is deprecated, not checked for duplicates
 * yet, or only valid on the link, as a router's own address mostly is, and so
 * the one that was found by it.
 *
 * What matters of the RFC's rules is applied here when OVS adds a route, and
 * OVS is told to take the routes anew when the state of an address changes. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>

/* An address that a packet could leave with. */
struct source_candidate {
    struct in6_addr address;
    unsigned int prefix_length; /* Of its subnet, in bits. */
    uint32_t flags;             /* Linux's, IFA_F_*. */
};

const struct in6_addr *
source_address_best(const struct source_candidate *, size_t n,
                    const struct in6_addr *destination,
                    const struct in6_addr *otherwise);

void source_address_choose(int error, const struct in6_addr *destination,
                           const struct in6_addr *configured,
                           const char *netdev_name, struct in6_addr *source);
bool source_address_changed(void);
void source_address_wait(void);

#endif /* source-address.h */
