/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DUMP_SETTINGS_H
#define DUMP_SETTINGS_H 1

/* What stt-dump's arguments ask for
 * ================================= */

#include <stdbool.h>
#include <stdint.h>

#include "dump-packet.h"

/* libpcap's own limit of a packet's bytes, and the default. */
#define DUMP_MAX_SNAPLEN 262144

struct dump_settings {
    struct dump_options dump;
    const char *read_name;      /* -r */
    const char *interface;      /* -i */
    const char *write_name;     /* -w */
    const char *user;           /* -Z */
    char *expression;           /* Filter, or NULL. */
    uint64_t count;             /* -c, or 0. */
    uint64_t snaplen;
    uint64_t buffer;
    int verbose;
    bool summary_only;
    bool no_inner;
    bool print;                 /* --print */
    bool flush_lines;
    bool flush_packets;
    bool immediate;
    bool promiscuous;
    bool no_names;              /* There are none anyway. */
};

struct dump_settings *dump_settings_parse(int argc, char *argv[]);
const char *dump_find_interface(const char *name);

#endif /* dump-settings.h */
