/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PATH_CASE_H
#define PATH_CASE_H 1

/* A packet's way through the userspace datapath, described
 * =======================================================
 *
 * Every member is a number, and most have names for their values, so that a
 * case can be enumerated, made from a fuzzer's bytes, printed and read. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum path_in {
    IN_TAP,                     /* A guest, by a tap device. */
    IN_SOCKET,                  /* A guest, by a packet socket. */
    IN_NIC,                     /* A network card without offloads. */
    IN_STT,                     /* In STT segments, in order, ... */
    IN_STT_REVERSED,            /* ... the last one first, ... */
    IN_STT_WHOLE,               /* ... joined to one, as GRO does. */
    N_INS,
};

enum path_ip {
    IP_4, IP_4_OPTIONS, IP_6, IP_6_EXTENSION, IP_ARP, N_IPS,
};

enum path_l4 {
    L4_TCP, L4_TCP_OPTIONS, L4_UDP, L4_SCTP, L4_ICMP, N_L4S,
};

/* A tunnel of the guest's own. */
enum path_inner {
    INNER_NONE, INNER_VXLAN, INNER_GRE, INNER_IPIP, N_INNERS,
};

enum path_checksum {
    CHECKSUM_COMPLETE, CHECKSUM_PARTIAL, CHECKSUM_WRONG, CHECKSUM_VALID,
    N_CHECKSUMS,
};

enum path_gso {
    SEGMENT_NONE, SEGMENT_TCP, SEGMENT_TCP_ECN, SEGMENT_UDP,
    SEGMENT_UDP_FRAGMENTS, N_SEGMENTS,
};

enum path_action {
    ACTION_NONE,
    ACTION_PUSH_VLAN,
    ACTION_PUSH_SERVICE_VLAN,
    ACTION_POP_VLAN,
    ACTION_PUSH_MPLS,
    ACTION_POP_MPLS,
    ACTION_ADD_MPLS,            /* In front of the Ethernet header. */
    ACTION_PUSH_NSH,
    ACTION_POP_NSH,
    ACTION_SET_ETHERNET,
    ACTION_SET_IP,
    ACTION_SET_TTL,
    ACTION_SET_L4,              /* A port. */
    ACTION_TRUNC,
    ACTION_RECIRC,
    ACTION_COPY,                /* Also sends what there is to the card. */
    N_ACTIONS,
};
enum { MAX_ACTIONS = 4 };

enum path_tunnel {
    TUNNEL_NONE,
    TUNNEL_STT4, TUNNEL_STT6,
    TUNNEL_VXLAN4, TUNNEL_VXLAN6,
    TUNNEL_VXLAN4_CHECKSUM, TUNNEL_VXLAN6_CHECKSUM,
    TUNNEL_GENEVE4, TUNNEL_GENEVE6,
    TUNNEL_GENEVE4_CHECKSUM, TUNNEL_GENEVE6_CHECKSUM,
    TUNNEL_GRE4, TUNNEL_GRE6,
    TUNNEL_GRE4_CHECKSUM, TUNNEL_GRE6_CHECKSUM,
    TUNNEL_ERSPAN4, TUNNEL_ERSPAN6,
    TUNNEL_GTPU4, TUNNEL_GTPU6,
    TUNNEL_SRV6,
    N_TUNNELS,
};
enum { MAX_TUNNELS = 2 };

/* Where a packet leaves. */
enum path_out {
    OUT_NIC,                    /* A network card without offloads, ... */
    OUT_NIC_CHECKSUM,           /* ... with checksums, ... */
    OUT_NIC_TSO,                /* ... TSO too, ... */
    OUT_NIC_TUNNEL,             /* ... and that of tunnels, ... */
    OUT_NIC_OUTER,              /* ... with checksums of outer UDP. */
    OUT_TAP,
    OUT_SOCKET,
    N_OUTS,
};

struct path_case {
    uint32_t in;
    uint32_t tags;              /* VLAN tags in the packet. */
    uint32_t service_tag;       /* Is the outermost an 802.1ad one? */
    uint32_t put_back;          /* By the packet socket: one more tag. */
    uint32_t ip;
    uint32_t l4;
    uint32_t inner;
    uint32_t inner_ip;          /* IP_4 or IP_6. */
    uint32_t size;              /* Bytes of the packet, without padding. */
    uint32_t padding;
    uint32_t checksum;
    uint32_t gso;
    uint32_t segment;           /* Bytes of payload in each piece. */
    uint32_t cwr;
    uint32_t cut;               /* Bytes that are missing at its end. */
    uint32_t shift;             /* Added to csum_start, which is wrong then. */
    uint32_t action[MAX_ACTIONS];
    uint32_t max_len;           /* Of ACTION_TRUNC. */
    uint32_t tunnel[MAX_TUNNELS];
    uint32_t out;
    uint32_t vlan_limit;        /* flow_vlan_limit. */
};

void path_case_init(struct path_case *);
bool path_case_parse(struct path_case *, const char *, char *error,
                     size_t error_size);
void path_case_format(const struct path_case *, char *, size_t);
void path_case_from_bytes(struct path_case *, const uint8_t *, size_t);

#endif /* path/case.h */
