/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_DROPS_H
#define PACKET_DROPS_H 1

/* Packets of any port that cannot go on
 * =====================================
 *
 * Offload state, virtio headers and lengths are checked for all packets of the
 * userspace datapath, not only for those that belong to STT.  What fails such a
 * check is counted here, as a coverage counter "datapath_drop_NAME" and as an
 * exact total for stt/show.  The functions may be called from any thread.
 *
 * Not every place can drop the packet that it has.  There it is refused: it is
 * counted and marked, and whatever is done with it afterwards, it is dropped
 * where it would leave. */

#include <stdbool.h>
#include <stdint.h>

struct dp_packet;

/* Each line has the identifier, the name that users see, and an explanation. */
#define PACKET_DROPS                                                        \
    PACKET_DROP(VNET_HEADER, vnet_header,                                   \
                "virtio header that does not fit its packet")               \
    PACKET_DROP(OFFLOAD, offload,                                           \
                "offload state that does not fit the packet's headers")     \
    PACKET_DROP(LENGTH, length,                                             \
                "packet too long for one more header")

enum packet_drop {
#define PACKET_DROP(ID, NAME, TEXT) PACKET_DROP_##ID,
    PACKET_DROPS
#undef PACKET_DROP
    N_PACKET_DROPS
};

const char *packet_drop_name(enum packet_drop);
const char *packet_drop_text(enum packet_drop);

void packet_drop_count(enum packet_drop);
void packet_drop(struct dp_packet *, enum packet_drop);
uint64_t packet_drop_get_count(enum packet_drop);

void packet_drops_note(void);
uint32_t packet_drops_by_thread(void);

void packet_refuse(struct dp_packet *, enum packet_drop);
bool packet_is_refused(const struct dp_packet *);

#endif /* packet-drops.h */
