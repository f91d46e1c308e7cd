/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DUMP_INNER_H
#define DUMP_INNER_H 1

/* The inner packet in one line
 * ============================
 *
 * In tcpdump's words, as far as they go without looking into what TCP and UDP
 * carry: "stt-dump -w - | tcpdump -r -" has the rest. */

#include <stdbool.h>
#include <stdint.h>

struct text;

void inner_print(struct text *, const uint8_t *packet, uint32_t captured,
                 uint32_t length, bool link_header, bool verbose);
void inner_print_ethernet(struct text *, const uint8_t *packet,
                          uint16_t ethertype, uint32_t length);
void inner_print_ipv4_details(struct text *, const uint8_t *ip);
void inner_print_ipv6_details(struct text *, const uint8_t *ip);
void inner_print_tcp_flags(struct text *, uint8_t flags);

#endif /* dump-inner.h */
