/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_TYPE_H
#define STT_TYPE_H 1

/* The port type "stt"
 * ===================
 *
 * What everybody may ask about it, whoever else they know: this file knows
 * nothing else of STT's. */

#include <stdbool.h>
#include <stdint.h>

struct netdev;

#define STT_TYPE "stt"
#define STT_DPIF_PORT "stt_sys"

/* Longest inner packet that is sent and that is received, in bytes.  A
 * dp_packet's buffer is limited to 65,535 bytes, of which DPDK keeps some for
 * itself, and STT's headers over IPv4 still have to fit in.  It also keeps the
 * frame's and the outer IP header's lengths within 16 bits. */
#define STT_MAX_INNER_LEN 65303

bool stt_is_type(const char *type);
bool stt_is_port(const struct netdev *);
uint8_t stt_get_ip_protocol(const char *type, uint8_t other);

#endif /* stt-type.h */
