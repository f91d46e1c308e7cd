/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DUMP_TCPDUMP_H
#define DUMP_TCPDUMP_H 1

/* Lines with inner packets in them, which tcpdump prints
 * =====================================================
 *
 * One tcpdump runs all the time and reads a capture from a pipe.  Our own
 * lines are held back until it has printed the packets that are to stand in
 * them: lines and packets are collected, and then the packets are written to
 * tcpdump, with one more behind them, whose text shows that all have been
 * printed.
 *
 * tcpdump puts a time in front of the text of each packet.  These times are
 * not those of the packets, but a secret, random second, and the packet's
 * number.  So no packet, whatever it makes tcpdump print, can feign the
 * beginning of another one's text. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct tcpdump;

struct tcpdump *tcpdump_start(FILE *stream, bool link_header, int verbose,
                              const char *user);
void tcpdump_stop(struct tcpdump *);
FILE *tcpdump_lines(struct tcpdump *);
void tcpdump_print(struct tcpdump *, const uint8_t *packet, uint32_t captured,
                   uint32_t length);
void tcpdump_flush(struct tcpdump *);
const char *tcpdump_error(const struct tcpdump *);

#endif /* dump-tcpdump.h */
