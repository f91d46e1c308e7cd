/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INTERNET_CHECKSUM_H
#define INTERNET_CHECKSUM_H 1

/* Sums for Internet checksums (RFC 1071)
 * =======================================
 *
 * Open vSwitch adds 16 bits at a time.  Each STT segment has a checksum of all
 * that it carries, which without userspace TSO is computed here by the sender
 * and once more by the receiver, while other tunnels do without.  So longer
 * data are added in larger words. */

#include <stddef.h>
#include <stdint.h>

/* What is shorter is left to Open vSwitch. */
#define INTERNET_CHECKSUM_MIN 64

uint32_t internet_checksum_add(uint32_t partial, const void *, size_t);

#endif /* internet-checksum.h */
