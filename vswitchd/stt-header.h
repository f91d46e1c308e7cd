/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_HEADER_H
#define STT_HEADER_H 1

/* The header template in a tnl_push action
 * ========================================
 *
 * Open vSwitch translates a flow once and then pushes the same bytes, a 'struct
 * ovs_action_push_tnl', in front of every packet: Ethernet, IP, the TCP-like
 * header and the STT frame header.  In an STT template only the destination
 * port and the Context ID are final.  The frame header's MSS field holds what
 * push needs to know about the way out and could not find out by itself: the
 * path MTU (see stt-path-mtu.h).  It never reaches the wire, as push writes both headers anew. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stt-frame.h"
#include "stt-segment.h"

struct ds;
struct netdev;
struct netdev_tnl_build_header_params;
struct ovs_action_push_tnl;

#define STT_HEADERS_LEN (STT_SEGMENT_HEADER_LEN + STT_FRAME_HEADER_LEN)

/* The part of a template that belongs to STT, in host byte order. */
struct stt_template {
    uint16_t destination_port;
    uint16_t path_mtu;
    uint64_t context_id;
};

void stt_template_read(const void *headers, struct stt_template *);
void stt_template_write(void *headers, const struct stt_template *);
void stt_template_set_path_mtu(struct ovs_action_push_tnl *, uint16_t mtu);

int stt_build_header(const struct netdev *, struct ovs_action_push_tnl *,
                     const struct netdev_tnl_build_header_params *);

bool stt_format_header(struct ds *, const struct ovs_action_push_tnl *,
                       const void *headers);
bool stt_parse_header(const char *s, int *n, void *headers);

#endif /* stt-header.h */
