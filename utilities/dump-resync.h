/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DUMP_RESYNC_H
#define DUMP_RESYNC_H 1

/* The way on behind damage in a capture file
 * ==========================================
 *
 * libpcap stops at a packet whose header makes no sense.  This looks for the
 * next one that does, and for some behind it that confirm it.
 *
 * Where the one that makes no sense starts libpcap does not tell, and to ask for
 * the stream's position at each packet takes a system call.  So that is found,
 * when it is needed, by going over the file once more. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

bool resync_skip(FILE *, uint64_t n, off_t *offset);
bool resync_find(FILE *, off_t start, const struct timespec *last,
                 off_t *found);

#endif /* dump-resync.h */
