/* SPDX-License-Identifier: Apache-2.0 */

/* Prints STT frames of a capture or a network interface: where packets come
 * from, and where inner packets go. */

#include <config.h>

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dump-message.h"
#include "dump-outer.h"
#include "dump-packet.h"
#include "dump-resync.h"
#include "dump-settings.h"
#include "dump-summary.h"
#include "dump-tcpdump.h"
#include "stt-reassembly.h"
#include "stt-segment.h"

enum {
    TIMEOUT = 100,              /* Milliseconds that live packets may wait. */
    LINES_SIZE = 65536,         /* Bytes held back. */
};

/* Latest time of a packet, in seconds since 1970: in some ten thousand
 * years. */
#define MAX_SECONDS (INT64_C(1) << 40)

static struct dump_settings *settings;

/* Where packets come from. */
static struct {
    pcap_t *pcap;
    const char *name;
    bool live;
    bool nanoseconds;           /* In its timestamps. */
    struct bpf_program filter;
    uint64_t number;            /* Of the last packet. */
    struct timespec last;       /* Its time. */

    /* A place in the file, and the number of the packet in front of it. */
    off_t start;                /* -1 if there are no places in it. */
    uint64_t start_number;
} source;

/* Where inner packets go. */
static struct {
    pcap_t *pcap;
    pcap_dumper_t *dumper;
    bool failed;
} sink;

/* Where lines go. */
static FILE *lines;
static struct tcpdump *tcpdump; /* Prints the inner packets, or NULL. */
static bool tcpdump_failed;

static bool damaged;            /* Not all packets could be read. */
static volatile sig_atomic_t interrupted;

/*
 * Sources.
 */

/* Has the kernel leave out what is no STT: lets pass what goes to the ports of
 * STT, and what may be: fragments of IP packets, and IPv6 packets with
 * extension headers. */
static void
set_kernel_filter(void)
{
    char ports[DUMP_MAX_PORTS * sizeof "tcp dst port 65535 or "] = "";
    char untagged[sizeof ports + 256], filter[3 * sizeof untagged];
    struct bpf_program program;
    size_t n = 0;
    int i;

    for (i = 0; i < settings->dump.n_ports; i++) {
        n += snprintf(ports + n, sizeof ports - n, "tcp dst port %u or ",
                      settings->dump.ports[i]);
    }
    snprintf(untagged, sizeof untagged,
             "(%s(ip proto 6 and ip[6:2] & 0x1fff != 0) or "
             "(ip6 and (ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44 or "
             "ip6[6] = 51 or ip6[6] = 60)))", ports);
    /* "vlan" moves all that follows it behind a tag. */
    snprintf(filter, sizeof filter, (settings->dump.link_type == DLT_EN10MB
                                     ? "%s or (vlan and (%s or (vlan and %s)))"
                                     : "%s"), untagged, untagged, untagged);
    if (pcap_compile(source.pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN)
        || pcap_setfilter(source.pcap, &program)) {
        FAIL("%s: cannot set the filter '%s': %s", source.name, filter,
             pcap_geterr(source.pcap));
    }
    pcap_freecode(&program);
}

/* Compiles the user's expression for packets as libpcap delivers them. */
static void
compile_expression(void)
{
    pcap_t *dead = pcap_open_dead(settings->dump.link_type, DUMP_MAX_SNAPLEN);

    if (!dead) {
        FAIL("out of memory");
    }
    if (pcap_compile(dead, &source.filter, settings->expression, 1,
                     PCAP_NETMASK_UNKNOWN)) {
        FAIL("filter '%s': %s", settings->expression, pcap_geterr(dead));
    }
    pcap_close(dead);
}

/* Complains with libpcap's 'error' about 'name', which may be in it already,
 * and ends the program. */
__attribute__((noreturn))
static void
fail_with(const char *name, const char *error)
{
    if (strncmp(error, name, strlen(name))) {
        FAIL("%s: %s", name, error);
    }
    FAIL("%s", error);
}

static void
open_live(void)
{
    char error[PCAP_ERRBUF_SIZE] = "";
    const char *reason;
    pcap_t *pcap;
    int status;

    source.name = dump_find_interface(settings->interface);
    source.pcap = pcap = pcap_create(source.name, error);
    if (!pcap) {
        fail_with(source.name, error);
    }
    pcap_set_snaplen(pcap, settings->snaplen);
    pcap_set_promisc(pcap, settings->promiscuous);
    pcap_set_timeout(pcap, TIMEOUT);
    pcap_set_buffer_size(pcap, settings->buffer * 1024);
    pcap_set_immediate_mode(pcap, settings->immediate);
    source.nanoseconds = (settings->dump.nanoseconds
                          && !pcap_set_tstamp_precision(
                              pcap, PCAP_TSTAMP_PRECISION_NANO));
    status = pcap_activate(pcap);
    reason = pcap_geterr(pcap);
    if (status < 0) {
        FAIL("%s: %s%s%s%s", source.name, pcap_statustostr(status),
             *reason ? " (" : "", reason, *reason ? ")" : "");
    }
    if (status > 0) {
        complain("warning: %s: %s", source.name,
                 *reason ? reason : pcap_statustostr(status));
    }
}

static void
open_file(void)
{
    char error[PCAP_ERRBUF_SIZE];

    source.name = settings->read_name;
    source.nanoseconds = settings->dump.nanoseconds;
    source.pcap = pcap_open_offline_with_tstamp_precision(
        source.name, (source.nanoseconds ? PCAP_TSTAMP_PRECISION_NANO
                      : PCAP_TSTAMP_PRECISION_MICRO), error);
    if (!source.pcap) {
        fail_with(source.name, error);
    }
}

/* Opens where packets come from, sets the link type in 'settings', and tells
 * the user. */
static void
open_source(void)
{
    const char *link_name;
    int link_type;

    source.live = !settings->read_name;
    if (source.live) {
        open_live();
    } else {
        open_file();
    }
    link_type = pcap_datalink(source.pcap);
    link_name = pcap_datalink_val_to_name(link_type);
    if (!outer_link_is_supported(link_type)) {
        FAIL("%s: packets of link type %d (%s) cannot be decoded, only those of "
             "EN10MB, LINUX_SLL, LINUX_SLL2, RAW, IPV4, IPV6, NULL and LOOP",
             source.name, link_type, link_name ? link_name : "unknown");
    }
    settings->dump.link_type = link_type;
    if (settings->expression) {
        compile_expression();
    }
    if (source.live) {
        set_kernel_filter();
    }
    source.start = source.live ? -1 : ftello(pcap_file(source.pcap));
    fprintf(stderr, "%s%s, link-type %s (%s), snapshot length %d bytes\n",
            source.live ? "listening on " : "reading from file ",
            source.name, link_name ? link_name : "?",
            pcap_datalink_val_to_description(link_type),
            pcap_snapshot(source.pcap));
    fflush(stderr);
}

/* Complains about what libpcap could not read behind the last packet.  Finds
 * the next one in a damaged file and returns true if there is one. */
static bool
skip_damage(void)
{
    FILE *file = pcap_file(source.pcap);
    off_t record = source.start;
    off_t found;

    damaged = true;
    complain("%s: packet %"PRIu64": %s", source.name, source.number + 1,
             pcap_geterr(source.pcap));
    if (record < 0
        || !resync_skip(file, source.number - source.start_number, &record)
        || !resync_find(file, record + 1, source.number ? &source.last : NULL,
                        &found)
        || fseeko(file, found, SEEK_SET)) {
        return false;
    }
    complain("%s: packet %"PRIu64": left out %jd bytes in front of it",
             source.name, source.number + 1, (intmax_t) (found - record));
    source.start = found;
    source.start_number = source.number;
    return true;
}

/* Goes on with the rights of 'user', or, if that is NULL, as before.  Who is
 * not root has no others, and keeps them. */
static void
become_user(const char *user)
{
    const struct passwd *entry;

    if (!user || (getuid() && geteuid())) {
        return;
    }
    entry = getpwnam(user);
    if (!entry) {
        FAIL("-Z %s: there is no such user", user);
    }
    if (initgroups(entry->pw_name, entry->pw_gid) || setgid(entry->pw_gid)
        || setuid(entry->pw_uid)) {
        FAIL("-Z %s: %s", user, strerror(errno));
    }
}

/*
 * Inner packets.
 */

/* Refuses to write to the file that is being read. */
static void
check_sink_name(void)
{
    struct stat in, out;

    if (settings->read_name && strcmp(settings->read_name, "-")
        && strcmp(settings->write_name, "-")
        && !stat(settings->read_name, &in) && !stat(settings->write_name, &out)
        && S_ISREG(in.st_mode) && in.st_dev == out.st_dev
        && in.st_ino == out.st_ino) {
        FAIL("-w %s: this is the file that is read", settings->write_name);
    }
}

static void
open_sink(void)
{
    sink.pcap = pcap_open_dead_with_tstamp_precision(
        DLT_EN10MB, DUMP_MAX_SNAPLEN,
        (settings->dump.nanoseconds ? PCAP_TSTAMP_PRECISION_NANO
         : PCAP_TSTAMP_PRECISION_MICRO));
    if (!sink.pcap) {
        FAIL("out of memory");
    }
    sink.dumper = pcap_dump_open(sink.pcap, settings->write_name);
    if (!sink.dumper) {
        fail_with(settings->write_name, pcap_geterr(sink.pcap));
    }
}

/* Complains, once, if inner packets could not be written, and ends the loop.
 * With 'flush' writes all that there are first. */
static void
check_sink(bool flush)
{
    if (sink.dumper && !sink.failed
        && ((flush && pcap_dump_flush(sink.dumper))
            || ferror(pcap_dump_file(sink.dumper)))) {
        sink.failed = true;
        interrupted = 1;
        complain("-w %s: %s", settings->write_name, strerror(errno));
    }
}

/* Writes an inner packet. */
static void
write_inner(void *aux, const struct timespec *when, const uint8_t *packet,
            uint32_t captured, uint32_t length)
{
    struct pcap_pkthdr header = {
        .ts.tv_sec = when->tv_sec,
        .ts.tv_usec = (settings->dump.nanoseconds ? when->tv_nsec
                       : when->tv_nsec / 1000),
        .caplen = captured,
        .len = length,
    };

    (void) aux;
    if (!sink.failed) {
        pcap_dump((u_char *) sink.dumper, &header, packet);
        check_sink(settings->flush_packets);
    }
}

static void
close_sink(void)
{
    if (sink.dumper) {
        check_sink(true);
        pcap_dump_close(sink.dumper);
        pcap_close(sink.pcap);
    }
}

/*
 * Lines.
 */

/* Has tcpdump print inner packets in 'lines'.  It has no need of root's
 * rights, and hostile packets to decode. */
static void
start_tcpdump(void)
{
    const char *user = (settings->user ? settings->user
                        : getpwnam("tcpdump") ? "tcpdump" : "nobody");

    tcpdump = tcpdump_start(stdout, settings->dump.link_header,
                            settings->verbose, user);
    if (!tcpdump && errno == ENOENT) {
        FAIL("there is no tcpdump, which prints the inner packets: install "
             "it, or leave them out with --no-inner");
    } else if (!tcpdump) {
        FAIL("tcpdump: %s", strerror(errno));
    }
    lines = tcpdump_lines(tcpdump);
}

static void
print_inner(void *aux, const uint8_t *packet, uint32_t captured,
            uint32_t length)
{
    (void) aux;
    tcpdump_print(tcpdump, packet, captured, length);
}

/* Returns 0, or the error number if lines cannot be written any more. */
static int
lines_error(void)
{
    static int error;

    if (!error && ferror(stdout)) {
        error = errno ? errno : EIO;
    }
    return error;
}

/* Writes all lines to standard output.  Complains, once, if there is no
 * tcpdump any more. */
static void
flush_lines(void)
{
    if (tcpdump) {
        tcpdump_flush(tcpdump);
        if (tcpdump_error(tcpdump) && !tcpdump_failed) {
            tcpdump_failed = true;
            complain("%s: inner packets are left out from here on",
                     tcpdump_error(tcpdump));
        }
    }
    fflush(stdout);
    lines_error();
}

/*
 * The loop.
 */

static void
warn_packet(void *aux, uint64_t number, const char *message)
{
    (void) aux;
    complain("%s: packet %"PRIu64": %s", source.name, number, message);
}

static void
interrupt(int signum)
{
    (void) signum;
    interrupted = 1;
    pcap_breakloop(source.pcap);
}

static void
catch_signals(void)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action, old;
    size_t i;

    memset(&action, 0, sizeof action);
    action.sa_handler = interrupt;
    sigemptyset(&action.sa_mask);
    for (i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        /* Who started us with nohup wants SIGHUP ignored, but a shell that
         * runs us in the background has SIGINT ignored without asking. */
        if (signals[i] != SIGHUP || sigaction(SIGHUP, NULL, &old)
            || old.sa_handler != SIG_IGN) {
            sigaction(signals[i], &action, NULL);
        }
    }
}

/* Complains about the last packet, part of whose record makes no sense. */
__attribute__((format(printf, 1, 2)))
static void
complain_of_packet(const char *format, ...)
{
    char message[128];
    va_list args;

    damaged = true;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    warn_packet(NULL, source.number, message);
}

/* Hands a packet to the decoder.  Returns true if it was an STT packet that
 * the user's filter lets pass. */
static bool
take_packet(struct dump *dump, const struct pcap_pkthdr *header,
            const u_char *data)
{
    struct dump_record record = {
        .number = ++source.number,
        .when.tv_sec = header->ts.tv_sec,
        .when.tv_nsec = (source.nanoseconds ? header->ts.tv_usec
                         : header->ts.tv_usec * 1000),
        .data = data,
        .captured = header->caplen,
        .length = header->len,
    };

    if (record.when.tv_sec < 0 && record.when.tv_sec >= INT32_MIN) {
        /* From 2038 on, libpcap takes pcap's unsigned seconds for negative. */
        record.when.tv_sec = (uint32_t) record.when.tv_sec;
    }
    if (record.when.tv_sec < 0 || record.when.tv_sec > MAX_SECONDS) {
        complain_of_packet("its time is out of all bounds");
        record.when.tv_sec = 0;
    }
    if (record.when.tv_nsec < 0 || record.when.tv_nsec > 999999999) {
        complain_of_packet("its time has a fraction of more than a second");
        record.when.tv_nsec = 0;
    }
    if (record.captured > record.length) {
        complain_of_packet("more bytes were captured (%u) than it had (%u)",
                           record.captured, record.length);
        record.captured = record.length;
    }
    source.last = record.when;
    return ((!settings->expression
             || pcap_offline_filter(&source.filter, header, data))
            && dump_packet(dump, &record));
}

/* Takes all packets.  Returns when there are no more, or the user or an error
 * ends it. */
static void
run(struct dump *dump)
{
    uint64_t n = 0;

    while (!interrupted && !lines_error()) {
        struct pcap_pkthdr *header;
        const u_char *data;
        int status = pcap_next_ex(source.pcap, &header, &data);

        if (status == 1) {
            n += take_packet(dump, header, data);
            if (settings->flush_lines
                || (tcpdump && ftello(lines) > LINES_SIZE)) {
                flush_lines();
            }
            if (settings->count && n >= settings->count) {
                break;
            }
        } else if (!status) {
            struct timespec now;

            /* Nothing came for a while. */
            clock_gettime(CLOCK_REALTIME, &now);
            dump_expire(dump, &now);
            flush_lines();
            check_sink(true);
        } else if (status == PCAP_ERROR_BREAK || interrupted) {
            break;
        } else if (source.live) {
            damaged = true;
            complain("%s: %s", source.name, pcap_geterr(source.pcap));
            break;
        } else if (!skip_damage()) {
            break;
        }
    }
}

/* Prints what libpcap counted of live packets. */
static void
print_live_counters(void)
{
    struct pcap_stat stat;

    if (!source.live) {
        return;
    }
    if (pcap_stats(source.pcap, &stat)) {
        complain("%s: %s", source.name, pcap_geterr(source.pcap));
        return;
    }
    fprintf(stderr, "%u packet%s received by filter\n%u packet%s dropped by "
            "kernel\n", stat.ps_recv, stat.ps_recv == 1 ? "" : "s",
            stat.ps_drop, stat.ps_drop == 1 ? "" : "s");
    if (stat.ps_ifdrop) {
        fprintf(stderr, "%u packet%s dropped by interface\n", stat.ps_ifdrop,
                stat.ps_ifdrop == 1 ? "" : "s");
    }
}

int
main(int argc, char *argv[])
{
    struct dump_calls calls = { .warn = warn_packet };
    struct summary *summary;
    uint64_t seed[2];
    struct dump *dump;
    FILE *stream;

    settings = dump_settings_parse(argc, argv);
    if (settings->write_name) {
        check_sink_name();
    }
    if (isatty(STDOUT_FILENO)) {
        settings->flush_lines = true;
    }
    settings->immediate |= settings->flush_lines;
    setvbuf(stdout, NULL, _IOFBF, LINES_SIZE);
    lines = stdout;
    if (settings->dump.print && !settings->no_inner) {
        start_tcpdump();
        calls.print = print_inner;
    }
    open_source();
    become_user(settings->user);
    if (settings->write_name) {
        open_sink();
        calls.inner = write_inner;
    }

    if (getrandom(seed, sizeof seed, 0) != sizeof seed) {
        FAIL("no random numbers: %s", strerror(errno));
    }
    dump = dump_create(&settings->dump, seed, lines, &calls, NULL);
    if (!dump) {
        FAIL("out of memory");
    }
    catch_signals();
    run(dump);

    summary = dump_finish(dump);
    flush_lines();
    close_sink();
    tcpdump_stop(tcpdump);
    stream = (settings->summary_only
              && !(settings->write_name && !strcmp(settings->write_name, "-"))
              ? stdout : stderr);
    summary_print(summary, stream);
    fflush(stream);
    if (lines_error()) {
        complain("standard output: %s", strerror(lines_error()));
    }
    print_live_counters();

    dump_destroy(dump);
    if (settings->expression) {
        pcap_freecode(&source.filter);
        free(settings->expression);
    }
    pcap_close(source.pcap);
    return (lines_error() || sink.failed || damaged || tcpdump_failed
            ? EXIT_FAILURE : EXIT_SUCCESS);
}
