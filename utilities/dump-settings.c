/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "dump-settings.h"

#include <getopt.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump-message.h"
#include "stt-segment.h"

/* Options without a letter. */
enum {
    OPT_AGE = 256,
    OPT_PRINT,
    OPT_NO_INNER,
    OPT_IMMEDIATE,
    OPT_MICRO,
    OPT_NANO,
    OPT_PRECISION,
};

enum {
    DEFAULT_BUFFER = 16 * 1024, /* KiB, for live packets. */
    MAX_BUFFER = 2 * 1024 * 1024 - 1,
    MAX_AGE = 60 * 60 * 1000,
};

static struct dump_settings settings = {
    .dump.age = 1000,
    .dump.check_checksums = true,
    .snaplen = DUMP_MAX_SNAPLEN,
    .buffer = DEFAULT_BUFFER,
    .promiscuous = true,
};

static void
usage(void)
{
    printf("%s: print STT frames of a capture or a network interface\n"
           "usage: %s [OPTIONS] [-r FILE | -i INTERFACE] [EXPRESSION]\n"
           "\n"
           "EXPRESSION selects outer packets, see pcap-filter(7).\n"
           "\n"
           "Where packets come from:\n"
           "  -r FILE                    a capture, pcap or pcapng; - is"
           " standard input\n"
           "  -i, --interface=INTERFACE  a network interface, by name or"
           " number, or any\n"
           "  -D, --list-interfaces      list the interfaces\n"
           "  -P, --port=PORT            destination port of STT (default %d);"
           " up to %d times\n"
           "  -c COUNT                   end after this many STT packets\n"
           "      --age=MS               lifetime of incomplete frames in"
           " milliseconds (1000)\n"
           "  -Z, --relinquish-privileges=USER\n"
           "                             once they can come, go on with the"
           " rights of USER\n"
           "                             instead of root's\n"
           "Only with an interface:\n"
           "  -p, --no-promiscuous-mode  only what the interface receives"
           " anyway\n"
           "  -s, --snapshot-length=N    capture N bytes of each packet\n"
           "  -B, --buffer-size=KIB      the kernel's buffer (default %d)\n"
           "      --immediate-mode       take packets as they come\n"
           "\n"
           "What is printed:\n"
           "      --no-inner      leave out inner packets, which tcpdump"
           " prints\n"
           "  -e                  link-layer headers, outer and inner\n"
           "  -v, -vv, -vvv       all fields of IP, TCP-like and STT header;"
           " of inner\n"
           "                      packets what tcpdump makes of it\n"
           "  -#, --number        packet numbers\n"
           "  -t, -tt, -ttt, -tttt, -ttttt\n"
           "                      no time; seconds since 1970; since the line"
           " before;\n"
           "                      date and time; since the first line\n"
           "      --micro, --nano, --time-stamp-precision=micro|nano\n"
           "                      digits of the time\n"
           "  -K, --dont-verify-checksums\n"
           "                      believe all checksums\n"
           "  -l                  print each line at once\n"
           "  -n                  accepted: names are never looked up\n"
           "  -q, --summary       only the summary\n"
           "  -w FILE             write the inner packets as pcap instead of"
           " printing;\n"
           "                      - is standard output\n"
           "      --print         with -w, print as well\n"
           "  -U, --packet-buffered\n"
           "                      with -w, write each packet at once\n"
           "  -h, --help          print this text\n"
           "  -V, --version       print the version\n",
           PROGRAM, PROGRAM, STT_DEFAULT_PORT, DUMP_MAX_PORTS,
           DEFAULT_BUFFER);
}

static void
version(void)
{
    printf("%s (%s) %s\n%s\n", PROGRAM, PACKAGE_NAME, PACKAGE_VERSION,
           pcap_lib_version());
}

/* Returns the number 's', the value of 'option', which is a 'what' from 'min'
 * to 'max'.  Ends the program if it is not. */
static uint64_t
parse_number(const char *option, const char *s, const char *what, uint64_t min,
             uint64_t max)
{
    uint64_t n = 0;
    const char *p;

    /* A number that is too large stays so, and does not overflow. */
    for (p = s; *p >= '0' && *p <= '9'; p++) {
        n = n > max / 10 ? max + 1 : n * 10 + (*p - '0');
    }
    if (p == s || *p || n < min || n > max) {
        FAIL("%s %s: not a %s from %"PRIu64" to %"PRIu64, option, s, what, min,
             max);
    }
    return n;
}

/* Returns the arguments in 'argv' joined by blanks, or NULL if there are none.
 * The caller frees it. */
static char *
join_arguments(int argc, char *argv[])
{
    size_t length = 1;
    char *joined;
    int i;

    for (i = 0; i < argc; i++) {
        length += strlen(argv[i]) + 1;
    }
    if (length == 1) {
        return NULL;
    }
    joined = calloc(1, length);
    if (!joined) {
        FAIL("out of memory");
    }
    for (i = 0; i < argc; i++) {
        strcat(joined, argv[i]);
        strcat(joined, i + 1 < argc ? " " : "");
    }
    return joined;
}

/* Lists the interfaces as tcpdump does. */
static void
list_interfaces(void)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_if_t *interfaces, *interface;
    int i = 0;

    if (pcap_findalldevs(&interfaces, error)) {
        FAIL("-D: %s", error);
    }
    for (interface = interfaces; interface; interface = interface->next) {
        printf("%d.%s", ++i, interface->name);
        if (interface->description) {
            printf(" (%s)", interface->description);
        }
        if (interface->flags & PCAP_IF_UP) {
            printf(" [Up%s%s]",
                   interface->flags & PCAP_IF_RUNNING ? ", Running" : "",
                   interface->flags & PCAP_IF_LOOPBACK ? ", Loopback" : "");
        }
        putchar('\n');
    }
    pcap_freealldevs(interfaces);
}

/* Returns the name of the interface that the user calls 'name', which may be
 * its number in the list, or NULL for the first one.  Is never freed. */
const char *
dump_find_interface(const char *name)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_if_t *interfaces, *interface;
    uint64_t number = 1;

    if (name && (!*name || strspn(name, "0123456789") != strlen(name))) {
        return name;
    }
    if (pcap_findalldevs(&interfaces, error)) {
        FAIL("-i: %s", error);
    }
    if (name) {
        number = parse_number("-i", name, "interface number", 1, INT32_MAX);
    }
    for (interface = interfaces; interface; interface = interface->next) {
        if (!--number) {
            return interface->name;
        }
    }
    if (!name) {
        FAIL("there is no interface to capture on: use -r FILE or -i "
             "INTERFACE");
    }
    FAIL("-i %s: there is no interface of this number (see -D)", name);
}

/* Options that only set something: a flag to a 'value', a string, or a number,
 * a 'what' from 'min' to 'max'. */
static const struct setting {
    int c;
    const char *name;           /* For messages. */
    bool *flag;
    bool value;
    bool live;                  /* Only with an interface. */
    const char **string;
    uint64_t *number;
    const char *what;
    uint64_t min, max;
} setting_options[] = {
    { 'e', .flag = &settings.dump.link_header, .value = true },
    { 'K', .flag = &settings.dump.check_checksums },
    { 'l', .flag = &settings.flush_lines, .value = true },
    { 'n', .flag = &settings.no_names, .value = true },
    { 'p', "-p", .flag = &settings.promiscuous, .live = true },
    { 'q', .flag = &settings.summary_only, .value = true },
    { 'U', .flag = &settings.flush_packets, .value = true },
    { '#', .flag = &settings.dump.number, .value = true },
    { OPT_PRINT, .flag = &settings.print, .value = true },
    { OPT_NO_INNER, .flag = &settings.no_inner, .value = true },
    { OPT_IMMEDIATE, "--immediate-mode", .flag = &settings.immediate,
      .value = true, .live = true },
    { OPT_MICRO, .flag = &settings.dump.nanoseconds },
    { OPT_NANO, .flag = &settings.dump.nanoseconds, .value = true },
    { 'i', .string = &settings.interface },
    { 'r', .string = &settings.read_name },
    { 'w', .string = &settings.write_name },
    { 'Z', .string = &settings.user },
    { 'B', "-B", .number = &settings.buffer, .what = "buffer size in KiB",
      .min = 1, .max = MAX_BUFFER, .live = true },
    { 'c', "-c", .number = &settings.count, .what = "packet count", .min = 1,
      .max = INT64_MAX },
    { 's', "-s", .number = &settings.snaplen, .what = "snapshot length",
      .max = DUMP_MAX_SNAPLEN, .live = true },
    { OPT_AGE, "--age", .number = &settings.dump.age,
      .what = "number of milliseconds", .min = 1, .max = MAX_AGE },
};

/* Takes the option 'c', whose value is in optarg.  Returns true if it is one
 * of 'setting_options'. */
static bool
parse_setting(int c, const char **live_option)
{
    size_t i;

    for (i = 0; i < sizeof setting_options / sizeof setting_options[0]; i++) {
        const struct setting *setting = &setting_options[i];

        if (setting->c != c) {
            continue;
        }
        if (setting->live) {
            *live_option = setting->name;
        }
        if (setting->flag) {
            *setting->flag = setting->value;
        } else if (setting->string) {
            *setting->string = optarg;
        } else {
            *setting->number = parse_number(setting->name, optarg,
                                            setting->what, setting->min,
                                            setting->max);
        }
        return true;
    }
    return false;
}

/* Returns what the arguments ask for, a static object.  Ends the program if
 * they are wrong, or ask only for information. */
struct dump_settings *
dump_settings_parse(int argc, char *argv[])
{
    static const struct option options[] = {
        { "interface", required_argument, NULL, 'i' },
        { "list-interfaces", no_argument, NULL, 'D' },
        { "port", required_argument, NULL, 'P' },
        { "age", required_argument, NULL, OPT_AGE },
        { "no-promiscuous-mode", no_argument, NULL, 'p' },
        { "snapshot-length", required_argument, NULL, 's' },
        { "buffer-size", required_argument, NULL, 'B' },
        { "immediate-mode", no_argument, NULL, OPT_IMMEDIATE },
        { "no-inner", no_argument, NULL, OPT_NO_INNER },
        { "number", no_argument, NULL, '#' },
        { "micro", no_argument, NULL, OPT_MICRO },
        { "nano", no_argument, NULL, OPT_NANO },
        { "time-stamp-precision", required_argument, NULL, OPT_PRECISION },
        { "dont-verify-checksums", no_argument, NULL, 'K' },
        { "summary", no_argument, NULL, 'q' },
        { "print", no_argument, NULL, OPT_PRINT },
        { "packet-buffered", no_argument, NULL, 'U' },
        { "relinquish-privileges", required_argument, NULL, 'Z' },
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'V' },
        { NULL, 0, NULL, 0 },
    };
    struct dump_options *dump = &settings.dump;
    const char *live_option = NULL;
    int n_times = 0;
    int c;

    while ((c = getopt_long(argc, argv, "B:c:DehKi:lnpP:qr:s:tUvVw:Z:#",
                            options, NULL)) != -1) {
        if (parse_setting(c, &live_option)) {
            continue;
        }
        switch (c) {
        case 'D':
            list_interfaces();
            exit(EXIT_SUCCESS);

        case 'h':
            usage();
            exit(EXIT_SUCCESS);

        case 'P':
            if (dump->n_ports == DUMP_MAX_PORTS) {
                FAIL("-P %s: more than %d ports", optarg, DUMP_MAX_PORTS);
            }
            dump->ports[dump->n_ports++] = parse_number("-P", optarg, "port",
                                                        1, UINT16_MAX);
            break;

        case 't':
            if (++n_times > TIME_SINCE_FIRST) {
                FAIL("-t: given more than %d times", TIME_SINCE_FIRST);
            }
            dump->time = n_times;
            break;

        case 'v':
            settings.verbose++;
            break;

        case 'V':
            version();
            exit(EXIT_SUCCESS);

        case OPT_PRECISION:
            if (strcmp(optarg, "micro") && strcmp(optarg, "nano")) {
                FAIL("--time-stamp-precision %s: neither micro nor nano",
                     optarg);
            }
            dump->nanoseconds = optarg[0] == 'n';
            break;

        default:
            fputs("See " PROGRAM " --help.\n", stderr);
            exit(EXIT_FAILURE);
        }
    }
    settings.expression = join_arguments(argc - optind, argv + optind);

    if (settings.read_name && settings.interface) {
        FAIL("-r and -i: packets come from one of both");
    }
    if (settings.read_name && live_option) {
        FAIL("%s: goes with an interface (-i), not with a file (-r)",
             live_option);
    }
    if (!settings.write_name && settings.flush_packets) {
        FAIL("-U: goes with -w");
    }
    if (!settings.write_name && settings.print) {
        FAIL("--print: goes with -w");
    }
    if (settings.print && settings.summary_only) {
        FAIL("--print and -q: what now?  One says to print packets, the other "
             "not to");
    }
    if (settings.print && !strcmp(settings.write_name, "-")) {
        FAIL("--print: standard output is for -w -");
    }
    if (!settings.snaplen) {
        settings.snaplen = DUMP_MAX_SNAPLEN;
    }
    dump->verbose = settings.verbose > 0;
    if (!dump->n_ports) {
        dump->ports[dump->n_ports++] = STT_DEFAULT_PORT;
    }
    dump->print = (!settings.summary_only
                   && (!settings.write_name || settings.print));
    return &settings;
}
