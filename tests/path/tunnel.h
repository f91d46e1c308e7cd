/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PATH_TUNNEL_H
#define PATH_TUNNEL_H 1

/* Tunnels, seen from their other end
 * ==================================
 *
 * The headers that a tunnel is to put in front of packets, and a receiver that
 * checks every one of them before it takes it off. */

#include "path/case.h"
#include "path/wire.h"

enum { TUNNEL_HEADER_MAX = 256 };

bool tunnel_is_stt(enum path_tunnel);
bool tunnel_is_l3(enum path_tunnel);
bool tunnel_is_ipv6(enum path_tunnel);
size_t tunnel_header(enum path_tunnel, bool inner_ipv6, uint8_t *header);

bool tunnel_receive(enum path_tunnel, const struct frames *wire,
                    struct frames *inner, char *error, size_t error_size);

enum { STT_SEGMENT_PAYLOAD = 1440 };
bool stt_segments(const struct frame *, const struct offload *,
                  bool ipv6, bool whole, struct frames *segments);

#endif /* path/tunnel.h */
