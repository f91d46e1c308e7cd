/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "packet-memory.h"

#include <malloc.h>
#include <stdlib.h>

/* How much free memory a heap keeps at its end, in bytes: several batches of 32
 * packets of 64 kB. */
#define KEPT_AT_END (16 * 1024 * 1024)

/* Size from which a block gets a mapping of its own, in bytes.  A program that
 * sets the one has to set the other, too: glibc no longer adapts it by itself
 * then, and large tables would be mapped anew whenever they grow. */
#define MAPPED_FROM (4 * 1024 * 1024)

/* Makes malloc() keep the memory of packets that were sent for those that come.
 * What the operator has set in the environment stays. */
void
packet_memory_init(void)
{
#ifdef M_TRIM_THRESHOLD
    if (!getenv("MALLOC_TRIM_THRESHOLD_") && !getenv("GLIBC_TUNABLES")) {
        mallopt(M_TRIM_THRESHOLD, KEPT_AT_END);
        mallopt(M_MMAP_THRESHOLD, MAPPED_FROM);
    }
#endif
}
