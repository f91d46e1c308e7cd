/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "source-address.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "netlink-notifier.h"
#include "netlink.h"
#include "openvswitch/ofpbuf.h"
#include "ovs-thread.h"
#include "packets.h"
#include "util.h"

/* Where Linux lists the IPv6 addresses of this network namespace. */
#define ADDRESS_FILE "/proc/net/if_inet6"

/* The scopes that matter (RFC 4291, section 2.7). */
enum scope {
    SCOPE_INTERFACE = 1,
    SCOPE_LINK = 2,
    SCOPE_GLOBAL = 14,
};

static enum scope
get_scope(const struct in6_addr *address)
{
    return (IN6_IS_ADDR_LOOPBACK(address) ? SCOPE_INTERFACE
            : IN6_IS_ADDR_LINKLOCAL(address) ? SCOPE_LINK
            : SCOPE_GLOBAL);
}

/* Returns true if 'address' is a unique local one (fc00::/7), for which RFC
 * 6724 has another label than for the rest of the Internet. */
static bool
is_unique_local(const struct in6_addr *address)
{
    return (address->s6_addr[0] & 0xfe) == 0xfc;
}

/* Returns how many bits from the first on are the same in 'a' and 'b', at most
 * 'max'. */
static unsigned int
count_common_bits(const struct in6_addr *a, const struct in6_addr *b,
                  unsigned int max)
{
    unsigned int n = 0;

    while (n < MIN(max, 128)
           && !((a->s6_addr[n / 8] ^ b->s6_addr[n / 8]) & (0x80 >> n % 8))) {
        n++;
    }
    return n;
}

/* Returns a positive number if 'a' is the better source address for
 * 'destination', a negative one if 'b' is, and 0 if they are equally good.  The
 * rules are those of RFC 6724, section 5; but whether temporary addresses are
 * preferred is not asked, as the other end of a tunnel knows one address. */
static int
compare(const struct source_candidate *a, const struct source_candidate *b,
        const struct in6_addr *destination)
{
    enum scope wanted = get_scope(destination);
    enum scope scope_a = get_scope(&a->address);
    enum scope scope_b = get_scope(&b->address);
    const uint32_t avoided = IFA_F_DEPRECATED | IFA_F_OPTIMISTIC;
    bool local = is_unique_local(destination);
    int difference;

    /* Rule 1. */
    difference = (ipv6_addr_equals(&a->address, destination)
                  - ipv6_addr_equals(&b->address, destination));
    if (difference) {
        return difference;
    }
    /* Rule 2. */
    if (scope_a != scope_b) {
        return (scope_a < scope_b) == (MIN(scope_a, scope_b) < wanted)
               ? -1 : 1;
    }
    /* Rule 3. */
    difference = !(a->flags & avoided) - !(b->flags & avoided);
    if (difference) {
        return difference;
    }
    /* Rule 6. */
    difference = ((is_unique_local(&a->address) == local)
                  - (is_unique_local(&b->address) == local));
    if (difference) {
        return difference;
    }
    /* Rule 7. */
    difference = (!(a->flags & IFA_F_TEMPORARY)
                  - !(b->flags & IFA_F_TEMPORARY));
    if (difference) {
        return difference;
    }
    /* Rule 8. */
    return ((int) count_common_bits(&a->address, destination,
                                    a->prefix_length)
            - (int) count_common_bits(&b->address, destination,
                                      b->prefix_length));
}

/* Returns the best source address for packets to 'destination', or to the
 * network that begins with it, among the 'n' 'candidates', or 'otherwise' if
 * none of these can be used or is better than that. */
const struct in6_addr *
source_address_best(const struct source_candidate *candidates, size_t n,
                    const struct in6_addr *destination,
                    const struct in6_addr *otherwise)
{
    const struct source_candidate *best = NULL;

    for (size_t i = 0; i < n; i++) {
        const struct source_candidate *candidate = &candidates[i];
        bool usable = (!(candidate->flags & IFA_F_DADFAILED)
                       && (!(candidate->flags & IFA_F_TENTATIVE)
                           || candidate->flags & IFA_F_OPTIMISTIC));
        int difference;

        if (!usable) {
            continue;
        }
        difference = best ? compare(candidate, best, destination) : 1;
        if (difference > 0
            || (!difference
                && ipv6_addr_equals(&candidate->address, otherwise))) {
            best = candidate;
        }
    }
    return best ? &best->address : otherwise;
}

/* Stores what 'line' of ADDRESS_FILE says in '*candidate' and 'name'.  Returns
 * false if it is not as expected. */
static bool
parse_line(const char *line, struct source_candidate *candidate,
           char name[IFNAMSIZ])
{
    unsigned int index, scope;
    char digits[33];

    BUILD_ASSERT_DECL(IFNAMSIZ == 16);
    if (sscanf(line, "%32s %x %x %x %"SCNx32" %15s", digits, &index,
               &candidate->prefix_length, &scope, &candidate->flags,
               name) != 6) {
        return false;
    }
    for (size_t i = 0; i < sizeof candidate->address; i++) {
        bool ok;

        candidate->address.s6_addr[i] = hexits_value(digits + 2 * i, 2, &ok);
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* Stores the IPv6 addresses of the Linux device 'name' in '*candidates', which
 * the caller must free, and returns their number. */
static size_t
get_candidates(const char *name, struct source_candidate **candidates)
{
    FILE *stream = fopen(ADDRESS_FILE, "r");
    size_t n = 0, allocated = 0;
    char line[128];

    *candidates = NULL;
    while (stream && fgets(line, sizeof line, stream)) {
        struct source_candidate candidate;
        char device[IFNAMSIZ];

        if (parse_line(line, &candidate, device) && !strcmp(device, name)) {
            if (n == allocated) {
                *candidates = x2nrealloc(*candidates, &allocated,
                                         sizeof **candidates);
            }
            (*candidates)[n++] = candidate;
        }
    }
    if (stream) {
        fclose(stream);
    }
    return n;
}

/* Called when OVS adds a route to the network that begins with 'destination',
 * through the device 'netdev_name'.  OVS has stored in '*source' the address
 * that packets will leave with, unless 'error' is not 0.  If it has chosen that
 * by itself, as 'configured' is all zeros, and over IPv6, replaces it by a
 * better one if there is one. */
void
source_address_choose(int error, const struct in6_addr *destination,
                      const struct in6_addr *configured,
                      const char *netdev_name, struct in6_addr *source)
{
    struct source_candidate *candidates;
    size_t n;

    if (error || ipv6_addr_is_set(configured)
        || IN6_IS_ADDR_V4MAPPED(destination)
        || IN6_IS_ADDR_V4MAPPED(source)) {
        return;
    }
    n = get_candidates(netdev_name, &candidates);
    *source = *source_address_best(candidates, n, destination, source);
    free(candidates);
}

/* The functions below are only called with the lock of OVS's route table. */

static bool address_notified;

static int
parse_notification(struct ofpbuf *message, void *change OVS_UNUSED)
{
    const struct nlmsghdr *header = message->data;

    return (header->nlmsg_type == RTM_NEWADDR
            || header->nlmsg_type == RTM_DELADDR
            ? RTNLGRP_IPV6_IFADDR : 0);
}

static void
notify(const void *change OVS_UNUSED, void *aux OVS_UNUSED)
{
    address_notified = true;
}

/* Returns the notifier of IPv6 addresses, made by the first call, or NULL if
 * there can be none. */
static struct nln *
get_notifier(void)
{
    static struct ovsthread_once once = OVSTHREAD_ONCE_INITIALIZER;
    static struct nln *notifier;

    if (ovsthread_once_start(&once)) {
        static int change;

        notifier = nln_create(NETLINK_ROUTE, parse_notification, &change);
        if (notifier) {
            nln_notifier_create(notifier, RTNLGRP_IPV6_IFADDR, notify, NULL);
        }
        ovsthread_once_done(&once);
    }
    return notifier;
}

/* Returns a hash of all IPv6 addresses and their flags. */
static uint32_t
hash_addresses(void)
{
    FILE *stream = fopen(ADDRESS_FILE, "r");
    uint32_t hash = 0;
    char line[128];

    while (stream && fgets(line, sizeof line, stream)) {
        hash = hash_string(line, hash);
    }
    if (stream) {
        fclose(stream);
    }
    return hash;
}

/* Returns true if IPv6 addresses, or their flags, have changed since it was
 * called before, so that routes may need another source address.  Routers
 * renew addresses again and again, which is no change. */
bool
source_address_changed(void)
{
    static uint32_t known;
    struct nln *notifier = get_notifier();
    uint32_t now;

    if (!notifier) {
        return false;
    }
    nln_run(notifier);
    if (!address_notified) {
        return false;
    }
    address_notified = false;
    now = hash_addresses();
    if (now == known) {
        return false;
    }
    known = now;
    return true;
}

/* Wakes the main thread up for source_address_changed(). */
void
source_address_wait(void)
{
    struct nln *notifier = get_notifier();

    if (notifier) {
        nln_wait(notifier);
    }
}
