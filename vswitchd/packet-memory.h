/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_MEMORY_H
#define PACKET_MEMORY_H 1

/* Memory that packets keep coming back to
 * =======================================
 *
 * Open vSwitch takes the memory for a packet from malloc() when it arrives and
 * frees it when it is sent.  A batch of packets of 64 kB, as TSO and guests with
 * a large MTU make them, is more than the 128 kB that glibc keeps at the end of
 * its heap: it gives the memory of each batch back to the kernel and asks for it
 * again for the next one, page by page. */

void packet_memory_init(void);

#endif /* packet-memory.h */
