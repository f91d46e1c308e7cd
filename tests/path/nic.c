/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "path/device.h"

#include <errno.h>

#include "dp-packet.h"
#include "dpif-netdev.h"
#include "netdev.h"
#include "netdev-provider.h"
#include "path/finish.h"
#include "stt/stt-compat.h"
#include "util.h"

struct nic {
    struct netdev up;
};

struct nic_rxq {
    struct netdev_rxq up;
};

static device_sent *sent;
static device_refused *refused;
/* What the card NIC_NAME is to receive, and how much of it it has. */
static struct frames waiting;
static size_t n_received;

/* What a card does, by its name, which begins with those before it. */
static uint64_t
abilities(const char *name)
{
    static const struct {
        const char *name;
        uint64_t flags;
    } cards[] = {
        { NIC_CHECKSUM_NAME,
          NETDEV_TX_OFFLOAD_IPV4_CKSUM | NETDEV_TX_OFFLOAD_TCP_CKSUM
          | NETDEV_TX_OFFLOAD_UDP_CKSUM | NETDEV_TX_OFFLOAD_SCTP_CKSUM },
        { NIC_TSO_NAME,
          NETDEV_TX_OFFLOAD_IPV4_CKSUM | NETDEV_TX_OFFLOAD_TCP_CKSUM
          | NETDEV_TX_OFFLOAD_UDP_CKSUM | NETDEV_TX_OFFLOAD_TCP_TSO },
        { NIC_TUNNEL_NAME,
          NETDEV_TX_OFFLOAD_IPV4_CKSUM | NETDEV_TX_OFFLOAD_TCP_CKSUM
          | NETDEV_TX_OFFLOAD_UDP_CKSUM | NETDEV_TX_OFFLOAD_TCP_TSO
          | NETDEV_TX_VXLAN_TNL_TSO | NETDEV_TX_GENEVE_TNL_TSO
          | NETDEV_TX_GRE_TNL_TSO | NETDEV_TX_OFFLOAD_OUTER_IP_CKSUM },
        { NIC_OUTER_NAME,
          NETDEV_TX_OFFLOAD_IPV4_CKSUM | NETDEV_TX_OFFLOAD_TCP_CKSUM
          | NETDEV_TX_OFFLOAD_UDP_CKSUM | NETDEV_TX_OFFLOAD_TCP_TSO
          | NETDEV_TX_VXLAN_TNL_TSO | NETDEV_TX_GENEVE_TNL_TSO
          | NETDEV_TX_GRE_TNL_TSO | NETDEV_TX_OFFLOAD_OUTER_IP_CKSUM
          | NETDEV_TX_OFFLOAD_OUTER_UDP_CKSUM },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cards); i++) {
        if (!strcmp(cards[i].name, name)) {
            return cards[i].flags;
        }
    }
    return 0;
}

static struct netdev *
nic_alloc(void)
{
    struct nic *nic = xzalloc(sizeof *nic);

    return &nic->up;
}

static int
nic_construct(struct netdev *netdev)
{
    netdev->ol_flags = abilities(netdev_get_name(netdev));
    return 0;
}

static void
nic_destruct(struct netdev *netdev OVS_UNUSED)
{
}

static void
nic_dealloc(struct netdev *netdev)
{
    free(CONTAINER_OF(netdev, struct nic, up));
}

static int
nic_get_etheraddr(const struct netdev *netdev OVS_UNUSED, struct eth_addr *mac)
{
    *mac = (struct eth_addr) ETH_ADDR_C(02, 00, 00, 00, 00, 09);
    return 0;
}

static int
nic_update_flags(struct netdev *netdev OVS_UNUSED,
                 enum netdev_flags off OVS_UNUSED,
                 enum netdev_flags on OVS_UNUSED, enum netdev_flags *old)
{
    *old = NETDEV_UP | NETDEV_PROMISC;
    return 0;
}

static struct netdev_rxq *
nic_rxq_alloc(void)
{
    struct nic_rxq *rxq = xzalloc(sizeof *rxq);

    return &rxq->up;
}

static int
nic_rxq_construct(struct netdev_rxq *rxq OVS_UNUSED)
{
    return 0;
}

static void
nic_rxq_destruct(struct netdev_rxq *rxq OVS_UNUSED)
{
}

static void
nic_rxq_dealloc(struct netdev_rxq *rxq)
{
    free(CONTAINER_OF(rxq, struct nic_rxq, up));
}

static int
nic_rxq_recv(struct netdev_rxq *rxq, struct dp_packet_batch *batch, int *qfill)
{
    if (!nic_is_waiting() || strcmp(netdev_rxq_get_name(rxq), NIC_NAME)) {
        return EAGAIN;
    }
    for (int i = 0; i < NETDEV_MAX_BURST && n_received < waiting.count; i++) {
        const struct frame *frame = &waiting.list[n_received++];
        size_t headroom = MIN(DP_NETDEV_HEADROOM,
                              (DEVICE_MAX_LEN - frame->size) & ~1);

        dp_packet_batch_add(batch, dp_packet_clone_data_with_headroom(
                                       frame->data, frame->size, headroom));
    }
    if (qfill) {
        *qfill = -ENOTSUP;
    }
    return 0;
}

/* Makes 'frame' one more packet that the card NIC_NAME brings. */
void
nic_put(const struct frame *frame)
{
    if (!nic_is_waiting()) {
        frames_clear(&waiting);
        n_received = 0;
    }
    frames_add(&waiting, frame->data, frame->size);
}

/* Returns true if the card NIC_NAME has more packets than it has brought. */
bool
nic_is_waiting(void)
{
    return n_received < waiting.count;
}

/* Returns the index of the header at 'offset', or -1. */
static int
layer_at(const struct layers *layers, uint16_t offset)
{
    for (size_t i = 0; i < layers->count; i++) {
        if (layers->list[i].offset == offset) {
            return i;
        }
    }
    return -1;
}

/* Makes the card complete the checksum of the header at 'offset' in the 'size'
 * bytes at 'data', of layer 3 if 'ip' is true, else of layer 4. */
static void
complete(const char *name, uint8_t *data, size_t size, uint16_t offset,
         bool ip)
{
    struct layers layers;
    int i;

    layers_read(data, size, LAYER_ETHERNET, &layers);
    i = layer_at(&layers, offset);
    if (i < 0) {
        refused(name, "a checksum to complete where no header is");
    } else if (ip && layers.list[i].type == LAYER_IPV4) {
        ipv4_complete(data + offset, layers.list[i].length);
    } else if (!ip && is_l4(layers.list[i].type)) {
        l4_complete(data, &layers, i);
    } else if (!ip || layers.list[i].type != LAYER_IPV6) {
        refused(name, "a checksum to complete in another kind of header");
    }
}

static void
cut(const char *name, uint8_t *data, size_t size, struct dp_packet *packet)
{
    bool tunnel = dp_packet_tunnel(packet);
    uint16_t l4 = tunnel ? packet->inner_l4_ofs : packet->l4_ofs;
    struct offload offload = {
        .flags = OFFLOAD_NEEDS_CHECKSUM,
        .gso_size = stt_get_tso_segsz(packet),
        .checksum_start = l4,
        .checksum_offset = l4_checksum_offset(LAYER_TCP),
    };
    struct offload nothing = { false, 0, 0, 0, 0, 0, 0 };
    struct frames pieces = { NULL, 0, 0 };
    struct layers layers;
    int i;

    if (tunnel && stt_l4_unfinished(packet)
        && packet->l4_ofs + 8 <= size) {
        /* That there is one shows by not being 0. */
        put_u16(data + packet->l4_ofs + 6, 0xffff);
    }
    layers_read(data, size, LAYER_ETHERNET, &layers);
    i = layer_at(&layers, l4);
    if (i > 0) {
        offload.gso_type = (layers.list[i - 1].type == LAYER_IPV4
                            ? GSO_TCP4 : GSO_TCP6);
    }
    if (i <= 0
        || !finish(data, size, LAYER_ETHERNET, &offload, &pieces)) {
        refused(name, "segments asked for of what has no TCP header there");
        return;
    }
    for (size_t j = 0; j < pieces.count; j++) {
        sent(name, pieces.list[j].data, pieces.list[j].size, &nothing);
    }
    frames_clear(&pieces);
}

static void
nic_send_packet(const char *name, struct dp_packet *packet)
{
    size_t size = dp_packet_size(packet);
    uint8_t *data = xmemdup(dp_packet_data(packet), size);
    struct offload nothing = { false, 0, 0, 0, 0, 0, 0 };

    if (!abilities(name)) {
        sent(name, data, size, &nothing);
    } else if (stt_get_tso_segsz(packet)) {
        cut(name, data, size, packet);
    } else {
        /* From the innermost on, as the outer ones are about them. */
        if (stt_inner_l4_unfinished(packet)) {
            complete(name, data, size, packet->inner_l4_ofs, false);
        }
        if (stt_inner_ip_unfinished(packet)) {
            complete(name, data, size, packet->inner_l3_ofs, true);
        }
        if (stt_ip_unfinished(packet)) {
            complete(name, data, size, packet->l3_ofs, true);
        }
        if (stt_l4_unfinished(packet)) {
            complete(name, data, size, packet->l4_ofs, false);
        }
        sent(name, data, size, &nothing);
    }
    free(data);
}

static int
nic_send(struct netdev *netdev, int qid OVS_UNUSED,
         struct dp_packet_batch *batch, bool concurrent OVS_UNUSED)
{
    struct dp_packet *packet;

    DP_PACKET_BATCH_FOR_EACH (i, packet, batch) {
        nic_send_packet(netdev_get_name(netdev), packet);
    }
    dp_packet_delete_batch(batch, true);
    return 0;
}

static const struct netdev_class nic_class = {
    .type = NIC_TYPE,
    .alloc = nic_alloc,
    .construct = nic_construct,
    .destruct = nic_destruct,
    .dealloc = nic_dealloc,
    .get_etheraddr = nic_get_etheraddr,
    .update_flags = nic_update_flags,
    .send = nic_send,
    .rxq_alloc = nic_rxq_alloc,
    .rxq_construct = nic_rxq_construct,
    .rxq_destruct = nic_rxq_destruct,
    .rxq_dealloc = nic_rxq_dealloc,
    .rxq_recv = nic_rxq_recv,
};

/* Makes the type NIC_TYPE known. */
void
nic_register(device_sent *sent_, device_refused *refused_)
{
    sent = sent_;
    refused = refused_;
    netdev_register_provider(&nic_class);
}
