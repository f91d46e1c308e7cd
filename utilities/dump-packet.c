/* SPDX-License-Identifier: Apache-2.0 */
#include "dump-packet.h"

#include <stdlib.h>
#include <string.h>

#include "dump-frames.h"
#include "dump-inner.h"
#include "dump-outer.h"
#include "dump-summary.h"
#include "stt-frame.h"
#include "stt-segment.h"

struct dump {
    struct dump_options options;
    struct text *text;
    struct frames *frames;
    struct summary *summary;
    dump_inner_func *inner;     /* NULL if nobody wants inner packets. */
    dump_warn_func *warn;
    void *aux;
    bool finishing;             /* All packets were read. */

    /* The clock for the age of frames, in milliseconds: capture time, but it
     * does not go back. */
    uint64_t clock;
    int64_t clock_offset;       /* To be added to capture time. */
    bool clock_runs;

    /* For printed times. */
    struct timespec when;       /* Of the current packet. */
    struct timespec reference;  /* Of the previous or first packet. */
    bool has_reference;
    time_t shown_second;        /* What 'shown' is the text of. */
    char shown[32];
    uint64_t number;            /* Of the current packet. */

    uint8_t packet[STT_MAX_FRAME_LEN + 4];  /* Inner packet with a tag. */
};

/* What is known of a segment. */
struct found {
    struct outer outer;
    struct stt_key key;
    struct stt_segment segment;
    bool has_segment;           /* 'segment' was read. */
    enum outer_checksum checksum;
    uint16_t expected_checksum;
    struct frames_result result;
    enum stt_drop drop;         /* Why a receiver would drop it. */
    bool has_frame;             /* The frame header was read. */
    struct stt_frame frame;
    uint8_t header[STT_FRAME_HEADER_LEN];   /* As it came. */
    const uint8_t *inner;       /* Inner packet, or NULL. */
    uint32_t inner_captured;
    uint32_t inner_length;
};

static void lost_frame(void *dump, const struct frames_lost *);

/* Returns a new decoder, whose lines go to 'text', whose inner packets to
 * 'inner', which may be NULL, and whose warnings to 'warn', both with 'aux'.
 * 'seed' must be random and secret.  Returns NULL if there is no memory.  The
 * caller destroys it with dump_destroy(). */
struct dump *
dump_create(const struct dump_options *options, const uint64_t seed[2],
            struct text *text, dump_inner_func *inner, dump_warn_func *warn,
            void *aux)
{
    struct dump *dump = calloc(1, sizeof *dump);

    if (!dump) {
        return NULL;
    }
    dump->options = *options;
    dump->text = text;
    dump->inner = inner;
    dump->warn = warn;
    dump->aux = aux;
    dump->frames = frames_create(seed, options->age, lost_frame, dump);
    dump->summary = summary_create();
    if (!dump->frames || !dump->summary) {
        dump_destroy(dump);
        return NULL;
    }
    return dump;
}

void
dump_destroy(struct dump *dump)
{
    if (dump) {
        dump->options.print = false;
        frames_destroy(dump->frames);
        summary_destroy(dump->summary);
        free(dump);
    }
}

/*
 * Time.
 */

/* Sets the clock of frames to the capture time 'when'.  Packets of several
 * CPUs or files may be captured a little out of order; a clock that was set
 * back is another thing, and goes on from where it was. */
static void
set_clock(struct dump *dump, const struct timespec *when, uint64_t number)
{
    int64_t now = ((int64_t) when->tv_sec * 1000 + when->tv_nsec / 1000000
                   + dump->clock_offset);

    if (!dump->clock_runs) {
        dump->clock_offset = -now;
        dump->clock_runs = true;
        return;
    }
    if (now >= (int64_t) dump->clock) {
        dump->clock = now;
    } else if (dump->clock - now > dump->options.age) {
        dump->clock_offset += dump->clock - now;
        if (number) {
            dump->warn(dump->aux, number, "its time is before that of the "
                       "packets in front of it");
        }
    }
}

/* Stores in '*difference' the time from 'b' to 'a'.  Returns true if it is
 * negative; then it is the time from 'a' to 'b'. */
static bool
subtract_times(const struct timespec *a, const struct timespec *b,
               struct timespec *difference)
{
    if (a->tv_sec < b->tv_sec
        || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec)) {
        subtract_times(b, a, difference);
        return true;
    }
    difference->tv_sec = a->tv_sec - b->tv_sec;
    difference->tv_nsec = a->tv_nsec - b->tv_nsec;
    if (difference->tv_nsec < 0) {
        difference->tv_sec--;
        difference->tv_nsec += 1000000000;
    }
    return false;
}

static void
print_fraction(struct dump *dump, long int nanoseconds)
{
    text_char(dump->text, '.');
    if (dump->options.nanoseconds) {
        text_padded(dump->text, nanoseconds, 9);
    } else {
        text_padded(dump->text, nanoseconds / 1000, 6);
    }
    text_char(dump->text, ' ');
}

static void
print_hms(struct dump *dump, uint64_t seconds)
{
    struct text *text = dump->text;

    if (seconds / 3600 > 99) {
        text_decimal(text, seconds / 3600);
    } else {
        text_padded(text, seconds / 3600, 2);
    }
    text_char(text, ':');
    text_padded(text, seconds / 60 % 60, 2);
    text_char(text, ':');
    text_padded(text, seconds % 60, 2);
}

/* Appends the current packet's time as the options have it. */
static void
print_time(struct dump *dump)
{
    const struct timespec *when = &dump->when;
    struct text *text = dump->text;
    struct timespec difference;
    struct tm tm;

    switch (dump->options.time) {
    case TIME_NONE:
        break;

    case TIME_EPOCH:
        text_decimal(text, when->tv_sec);
        print_fraction(dump, when->tv_nsec);
        break;

    case TIME_DELTA:
    case TIME_SINCE_FIRST:
        if (!dump->has_reference) {
            dump->reference = *when;
            dump->has_reference = true;
        }
        text_char(text, (subtract_times(when, &dump->reference, &difference)
                         ? '-' : ' '));
        print_hms(dump, difference.tv_sec);
        print_fraction(dump, difference.tv_nsec);
        if (dump->options.time == TIME_DELTA) {
            dump->reference = *when;
        }
        break;

    case TIME_OF_DAY:
    case TIME_DATE:
    default:
        if (when->tv_sec != dump->shown_second || !dump->shown[0]) {
            dump->shown_second = when->tv_sec;
            if (!localtime_r(&when->tv_sec, &tm)
                || !strftime(dump->shown, sizeof dump->shown,
                             (dump->options.time == TIME_DATE
                              ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S"), &tm)) {
                strcpy(dump->shown, "[Error converting time]");
            }
        }
        text_string(text, dump->shown);
        print_fraction(dump, when->tv_nsec);
        break;
    }
}

/* Begins a line about the current packet. */
static void
begin_line(struct dump *dump)
{
    text_begin(dump->text);
    if (dump->options.number) {
        text_char(dump->text, ' ');
        text_char(dump->text, ' ');
        text_decimal(dump->text, dump->number);
        text_char(dump->text, ' ');
        text_char(dump->text, ' ');
    }
    print_time(dump);
}

/*
 * Lines.
 */

/* Appends an address, IPv4 mapped into IPv6 or IPv6. */
static void
print_address(struct text *text, const uint8_t address[16], bool ipv4)
{
    if (ipv4) {
        text_ipv4(text, address + 12);
    } else {
        text_ipv6(text, address);
    }
}

static void
print_endpoints(struct text *text, bool ipv4, const uint8_t source[16],
                const uint8_t destination[16], const uint16_t ports[2])
{
    print_address(text, source, ipv4);
    if (ports) {
        text_char(text, '.');
        text_decimal(text, ports[0]);
    }
    text_string(text, " > ");
    print_address(text, destination, ipv4);
    if (ports) {
        text_char(text, '.');
        text_decimal(text, ports[1]);
    }
    text_string(text, ": ");
}

/* Appends the outer headers up to the IP addresses. */
static void
print_outer(struct dump *dump, const struct outer *outer, uint32_t length,
            const uint16_t ports[2])
{
    struct text *text = dump->text;
    int i;

    if (outer->ethernet && dump->options.link_header) {
        inner_print_ethernet(text, outer->ethernet,
                             stt_get_be16(outer->ethernet + 12), length);
    }
    for (i = 0; i < outer->n_tags && dump->options.link_header; i++) {
        text_string(text, "vlan ");
        text_decimal(text, outer->tags[i].tci & 0xfff);
        text_string(text, ", p ");
        text_decimal(text, outer->tags[i].tci >> 13);
        text_string(text, ", ");
    }
    text_string(text, outer->version == 6 ? "IP6 " : "IP ");
    if (outer->kind == OUTER_SHORT) {
        text_string(text, outer->version == 6 ? "[|ip6]" : "[|ip]");
        return;
    }
    if (dump->options.verbose) {
        if (outer->version == 4) {
            inner_print_ipv4_details(text, outer->ip);
            text_string(text, "\n    ");
        } else {
            inner_print_ipv6_details(text, outer->ip);
            text_char(text, ' ');
        }
    }
    print_endpoints(text, outer->version == 4, outer->addresses[0],
                    outer->addresses[1], ports);
}

/* Appends "[TEXT]". */
static void
print_note(struct text *text, const char *note)
{
    text_string(text, " [");
    text_string(text, note);
    text_char(text, ']');
}

static void
print_stt_flags(struct text *text, uint8_t flags)
{
    static const char *const names[] = { "verified", "partial", "ipv4",
                                         "tcp" };
    const char *separator = "";
    int i;

    text_string(text, ", flags [");
    if (!flags) {
        text_string(text, "none");
    }
    for (i = 0; i < 4; i++) {
        if (flags & 1 << i) {
            text_string(text, separator);
            text_string(text, names[i]);
            separator = ",";
        }
    }
    if (flags & 0xf0) {
        text_string(text, separator);
        text_hex(text, flags & 0xf0, 2);
    }
    text_char(text, ']');
}

/* Appends the STT frame header.  What a good sender leaves at 0 is shown only
 * if it is something else, or if 'verbose'. */
static void
print_frame_header(struct text *text, const struct found *found, bool verbose)
{
    const uint8_t *header = found->header;
    uint16_t vlan = stt_get_be16(header + 6);

    if (header[0] != STT_VERSION) {
        text_string(text, ", version ");
        text_decimal(text, header[0]);
    }
    print_stt_flags(text, header[1]);
    if (verbose) {
        text_string(text, ", l4 ");
        text_decimal(text, header[2]);
        if (header[3]) {
            text_string(text, ", reserved ");
            text_hex(text, header[3], 2);
        }
    }
    if (verbose || stt_get_be16(header + 4)) {
        text_string(text, ", mss ");
        text_decimal(text, stt_get_be16(header + 4));
    }
    if (vlan) {
        text_string(text, ", vlan ");
        text_decimal(text, vlan & 0xfff);
        text_string(text, ", p ");
        text_decimal(text, vlan >> 13);
        if (verbose && !(vlan & 0x1000)) {
            text_string(text, " (not marked valid)");
        }
    }
    text_string(text, ", context ");
    text_hex(text, stt_get_be64(header + 8), 1);
    if (verbose && stt_get_be16(header + 16)) {
        text_string(text, ", padding ");
        text_hex(text, stt_get_be16(header + 16), 4);
    }
}

/* Appends the TCP-like header's fields that only "-v" shows. */
static void
print_tcp_details(struct text *text, const struct found *found)
{
    const uint8_t *l4 = found->outer.l4;

    text_string(text, ", ");
    inner_print_tcp_flags(text, l4[13]);
    text_string(text, ", cksum ");
    text_hex(text, stt_get_be16(l4 + 16), 4);
    switch (found->checksum) {
    case CHECKSUM_GOOD:
        text_string(text, " (correct)");
        break;
    case CHECKSUM_PARTIAL:
        text_string(text, " (partial)");
        break;
    case CHECKSUM_BAD:
        text_string(text, " (incorrect -> ");
        text_hex(text, found->expected_checksum, 4);
        text_char(text, ')');
        break;
    case CHECKSUM_UNKNOWN:
    default:
        text_string(text, " (unverified)");
        break;
    }
    text_string(text, ", win ");
    text_decimal(text, stt_get_be16(l4 + 14));
    if (stt_get_be16(l4 + 18)) {
        text_string(text, ", urg ");
        text_decimal(text, stt_get_be16(l4 + 18));
    }
}

/* Prints the line of a packet with a segment. */
static void
print_segment(struct dump *dump, const struct found *found, uint32_t length)
{
    static const char *const late[] = {
        [LATE_WHOLE] = "late: its frame was whole already",
        [LATE_LOST] = "late: its frame was given up already",
        [LATE_DISCARDED] = "late: its frame was discarded already",
    };
    const struct stt_segment *segment = &found->segment;
    const struct frames_result *result = &found->result;
    const struct outer *outer = &found->outer;
    struct text *text = dump->text;
    uint16_t ports[2];

    ports[0] = stt_get_be16(outer->l4);
    ports[1] = stt_get_be16(outer->l4 + 2);
    begin_line(dump);
    print_outer(dump, outer, length, ports);
    text_string(text, "STT");
    if (found->has_segment) {
        text_string(text, ", id ");
        text_hex(text, segment->frame_id, 8);
        text_string(text, ", segment ");
        text_decimal(text, segment->offset);
        text_char(text, ':');
        text_decimal(text, segment->offset + segment->length);
        text_char(text, '/');
        text_decimal(text, segment->frame_length);
        if (dump->options.verbose) {
            print_tcp_details(text, found);
        }
    }
    if (result->frame && result->n_segments > 1) {
        text_string(text, ", frame of ");
        text_decimal(text, result->n_segments);
        text_string(text, " segments");
    }
    if (found->has_frame) {
        print_frame_header(text, found, dump->options.verbose);
    }
    if (outer->first_fragment) {
        print_note(text, "IP fragment, not put together");
    } else if (!found->has_segment && !found->drop) {
        text_string(text, " [|stt]");
    }
    if (found->drop) {
        print_note(text, stt_drop_text(found->drop));
        if (result->n_segments > 1 && !result->frame) {
            text_string(text, " (");
            text_decimal(text, result->n_segments);
            text_string(text, " segments dropped)");
        }
    }
    if (result->late != LATE_NOT) {
        print_note(text, late[result->late]);
    }
    if (outer->l4_captured < outer->l4_length && found->has_segment
        && !(found->inner && found->inner_captured < found->inner_length)) {
        text_string(text, " [|stt]");
    }
    if (found->inner) {
        text_string(text, dump->options.verbose ? "\n\t" : ": ");
        inner_print(text, found->inner, found->inner_captured,
                    found->inner_length, dump->options.link_header,
                    dump->options.verbose);
        if (found->inner_captured < found->inner_length) {
            text_string(text, " [|stt]");
        }
    }
    text_end(text);
}

/* Prints the line of a packet in which there is no TCP-like header to see. */
static void
print_other(struct dump *dump, const struct outer *outer, uint32_t length,
            const char *note)
{
    struct text *text = dump->text;

    begin_line(dump);
    if (!outer->ip) {
        text_string(text, "[|link]");
    } else {
        print_outer(dump, outer, length, NULL);
        if (outer->kind == OUTER_FRAGMENT) {
            text_string(text, "TCP fragment, offset ");
            text_decimal(text, outer->fragment_offset);
            text_string(text, ", length ");
            text_decimal(text, outer->l4_length);
        }
    }
    if (note && outer->kind == OUTER_BAD) {
        text_char(text, '[');
        text_string(text, note);
        text_char(text, ']');
    } else if (note) {
        print_note(text, note);
    }
    text_end(text);
}

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

/* Counts and prints a lost frame. */
static void
lost_frame(void *dump_, const struct frames_lost *lost)
{
    struct dump *dump = dump_;
    struct summary_counters *counters
        = summary_counters(summary_tunnel(dump->summary, &lost->key));
    struct text *text = dump->text;
    uint16_t ports[2];
    bool ipv4;
    uint32_t i;

    counters->drops[lost->drop] += lost->n_segments;
    if (lost->late) {
        /* It was counted when it ended for the first time. */
        return;
    }
    counters->lost++;
    if (dump->finishing) {
        summary_totals(dump->summary)->left++;
    }
    if (!dump->options.print) {
        return;
    }

    begin_line(dump);
    ports[0] = lost->key.source_port;
    ports[1] = lost->key.destination_port;
    ipv4 = !memcmp(lost->key.source, mapped_prefix, sizeof mapped_prefix);
    text_string(text, ipv4 ? "IP " : "IP6 ");
    print_endpoints(text, ipv4, lost->key.source, lost->key.destination,
                    ports);
    text_string(text, "STT, id ");
    text_hex(text, lost->key.frame_id, 8);
    text_string(text, ", lost frame: ");
    text_decimal(text, lost->n_segments);
    text_string(text, lost->n_segments == 1 ? " segment, " : " segments, ");
    text_decimal(text, lost->n_bytes);
    text_char(text, '/');
    text_decimal(text, lost->length);
    text_string(text, ", missing ");
    for (i = 0; i < lost->n_missing && i < FRAMES_GAPS; i++) {
        text_string(text, i ? " " : "");
        text_decimal(text, lost->missing[i][0]);
        text_char(text, ':');
        text_decimal(text, lost->missing[i][1]);
    }
    if (lost->n_missing > FRAMES_GAPS) {
        text_string(text, " ...");
    }
    print_note(text, (dump->finishing ? "incomplete at the end"
                      : stt_drop_text(lost->drop)));
    text_end(text);
}

/*
 * Packets.
 */

static bool
is_stt_port(const struct dump *dump, uint16_t port)
{
    int i;

    for (i = 0; i < dump->options.n_ports; i++) {
        if (dump->options.ports[i] == port) {
            return true;
        }
    }
    return false;
}

/* Reads the frame header from the 'captured' bytes at 'data', if they suffice,
 * for the line of a segment. */
static void
read_header(struct found *found, const uint8_t *data, uint32_t captured)
{
    if (captured >= STT_FRAME_HEADER_LEN) {
        memcpy(found->header, data, STT_FRAME_HEADER_LEN);
        found->has_frame = true;
    }
}

/* Takes the frame that is complete now: checks it, and hands on its inner
 * packet. */
static void
take_frame(struct dump *dump, struct found *found,
           struct summary_tunnel *tunnel)
{
    const struct frames_result *result = &found->result;
    uint32_t length = found->segment.frame_length - STT_FRAME_HEADER_LEN;
    struct summary_counters *counters = summary_counters(tunnel);
    const uint8_t *packet;
    uint32_t captured;

    if (result->n_segments > 1) {
        counters->reassembled++;
    } else {
        counters->whole++;
    }
    read_header(found, result->frame, result->captured);
    if (!found->has_frame) {
        return;
    }
    found->drop = stt_frame_read(result->frame, found->segment.frame_length,
                                 &found->frame);
    if (found->drop) {
        counters->drops[found->drop]++;
        return;
    }
    packet = result->frame + STT_FRAME_HEADER_LEN;
    captured = result->captured - STT_FRAME_HEADER_LEN;
    if (captured >= length || captured >= STT_INNER_HEADERS_LEN) {
        struct stt_frame checked = found->frame;
        struct stt_inner inner;

        found->drop = stt_frame_check_offload(packet,
                                              captured, length,
                                              &checked, &inner);
        counters->drops[found->drop] += found->drop != STT_DROP_NONE;
    }
    found->inner = packet;
    found->inner_captured = captured;
    found->inner_length = length;
    summary_count_frame(dump->summary, tunnel, found->frame.context_id,
                        length);

    if (dump->inner && found->frame.has_vlan && captured >= 12) {
        memcpy(dump->packet, packet, 12);
        stt_put_be16(dump->packet + 12, 0x8100);
        stt_put_be16(dump->packet + 14, found->frame.vlan);
        memcpy(dump->packet + 16, packet + 12, captured - 12);
        dump->inner(dump->aux, &dump->when, dump->packet, captured + 4,
                    length + 4);
    } else if (dump->inner) {
        dump->inner(dump->aux, &dump->when, packet, captured, length);
    }
}

/* Takes a packet to an STT port. */
static void
take_segment(struct dump *dump, struct found *found)
{
    struct outer *outer = &found->outer;
    struct frames_result *result = &found->result;
    struct summary_totals *totals = summary_totals(dump->summary);
    struct summary_counters *counters;
    struct summary_tunnel *tunnel;
    const uint8_t *payload = outer->l4 + STT_SEGMENT_HEADER_LEN;
    uint32_t captured;

    memset(&found->key, 0, sizeof found->key);
    memcpy(found->key.source, outer->addresses[0], 16);
    memcpy(found->key.destination, outer->addresses[1], 16);
    found->key.source_port = stt_get_be16(outer->l4);
    found->key.destination_port = stt_get_be16(outer->l4 + 2);
    tunnel = summary_tunnel(dump->summary, &found->key);
    counters = summary_counters(tunnel);
    counters->packets++;
    totals->truncated += outer->l4_captured < outer->l4_length;

    if (outer->l4_captured < STT_SEGMENT_HEADER_LEN
        && outer->l4_captured < outer->l4_length) {
        return;
    }
    found->drop = stt_segment_read(outer->l4, outer->l4_length,
                                   &found->segment);
    if (found->drop) {
        counters->drops[found->drop]++;
        return;
    }
    found->has_segment = true;
    found->key.frame_id = found->segment.frame_id;
    captured = outer->l4_captured - STT_SEGMENT_HEADER_LEN;
    if (outer->first_fragment) {
        /* Its length is not the segment's, and its checksum is over all. */
        totals->fragments++;
        return;
    }
    found->checksum = CHECKSUM_UNKNOWN;
    if (dump->options.check_checksums) {
        found->checksum = outer_check(outer, &found->expected_checksum);
    }
    found->drop = (found->checksum == CHECKSUM_BAD ? STT_DROP_CHECKSUM
                   : stt_segment_check(&found->segment));
    if (found->segment.offset == 0) {
        read_header(found, payload, captured);
    }
    if (found->drop) {
        counters->drops[found->drop]++;
        return;
    }

    frames_insert(dump->frames, &found->key, &found->segment, payload, captured,
                  dump->clock, result);
    counters->late += result->late != LATE_NOT;
    found->drop = result->drop;
    if (result->drop) {
        counters->drops[result->drop] += result->n_segments;
    } else if (result->frame) {
        take_frame(dump, found, tunnel);
    }
}

/* Takes the packet 'record'.  Returns true if it was an STT packet, or one that
 * may be. */
bool
dump_packet(struct dump *dump, const struct dump_record *record)
{
    struct summary_totals *totals = summary_totals(dump->summary);
    struct found found;
    struct outer *outer = &found.outer;

    totals->read++;
    dump->when = record->when;
    dump->number = record->number;
    set_clock(dump, &record->when, record->number);
    outer_read(dump->options.link_type, record->data, record->captured,
               record->length, outer);
    switch (outer->kind) {
    case OUTER_TCP:
        if (!is_stt_port(dump, stt_get_be16(outer->l4 + 2))) {
            break;
        }
        memset((char *) &found + sizeof *outer, 0,
               sizeof found - sizeof *outer);
        frames_expire(dump->frames, dump->clock);
        take_segment(dump, &found);
        if (dump->options.print) {
            print_segment(dump, &found, record->length);
        }
        return true;

    case OUTER_FRAGMENT:
        totals->fragments++;
        if (dump->options.print) {
            print_other(dump, outer, record->length, "not put together");
        }
        return true;

    case OUTER_SHORT:
        totals->too_short++;
        if (dump->options.print) {
            print_other(dump, outer, record->length, NULL);
        }
        return true;

    case OUTER_BAD:
        /* Nobody can tell whether it was to an STT port. */
        totals->bad_outer++;
        if (dump->options.print) {
            print_other(dump, outer, record->length,
                        stt_drop_text(STT_DROP_OUTER));
        }
        return true;

    case OUTER_OTHER:
    default:
        break;
    }
    totals->other++;
    return false;
}

/* Reports the frames that are too old at 'when', the time now. */
void
dump_expire(struct dump *dump, const struct timespec *when)
{
    if (dump->clock_runs) {
        dump->when = *when;
        set_clock(dump, when, 0);
        frames_expire(dump->frames, dump->clock);
    }
}

/* Reports all frames that are still incomplete: no packet will follow.  Returns
 * the counters, which are there until dump_destroy(). */
struct summary *
dump_finish(struct dump *dump)
{
    dump->finishing = true;
    frames_destroy(dump->frames);
    dump->frames = NULL;
    return dump->summary;
}
