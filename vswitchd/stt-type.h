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

bool stt_is_type(const char *type);
bool stt_is_port(const struct netdev *);
uint8_t stt_get_ip_protocol(const char *type, uint8_t other);

#endif /* stt-type.h */
