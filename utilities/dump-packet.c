/* SPDX-License-Identifier: Apache-2.0 */
#include "dump-packet.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dump-frames.h"
#include "dump-outer.h"
#include "dump-summary.h"
#include "stt-frame.h"
#include "stt-segment.h"

struct dump {
    struct dump_options options;
    FILE *lines;
    struct frames *frames;
    struct summary *summary;
    const struct dump_calls *calls;
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
    struct stt_frame_view view;     /* As it came. */
    const uint8_t *inner;       /* Inner packet, or NULL. */
    uint32_t inner_captured;
    uint32_t inner_length;
};

static void lost_frame(void *dump, const struct frames_lost *);

/* Returns a new decoder, whose lines go to 'lines', which stays the
 * caller's.  It calls 'calls', which must live as long, with 'aux'.  'seed'
 * must be random and secret.  Returns NULL if there is no memory.  The
 * caller destroys it with dump_destroy(). */
struct dump *
dump_create(const struct dump_options *options, const uint64_t seed[2],
            FILE *lines, const struct dump_calls *calls, void *aux)
{
    struct dump *dump = calloc(1, sizeof *dump);

    if (!dump) {
        return NULL;
    }
    dump->options = *options;
    dump->lines = lines;
    dump->calls = calls;
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
            dump->calls->warn(dump->aux, number, "its time is before that of "
                              "the packets in front of it");
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

/* Prints the current packet's time as the options have it. */
static void
print_time(struct dump *dump)
{
    bool date = dump->options.time == TIME_DATE;
    struct timespec when = dump->when;
    struct tm tm;

    switch (dump->options.time) {
    case TIME_NONE:
        return;

    case TIME_EPOCH:
        fprintf(dump->lines, "%jd", (intmax_t) when.tv_sec);
        break;

    case TIME_DELTA:
    case TIME_SINCE_FIRST:
        if (!dump->has_reference) {
            dump->reference = when;
            dump->has_reference = true;
        }
        putc(subtract_times(&dump->when, &dump->reference, &when) ? '-' : ' ',
             dump->lines);
        fprintf(dump->lines, "%02jd:%02d:%02d",
                (intmax_t) when.tv_sec / 3600, (int) (when.tv_sec / 60 % 60),
                (int) (when.tv_sec % 60));
        if (dump->options.time == TIME_DELTA) {
            dump->reference = dump->when;
        }
        break;

    case TIME_OF_DAY:
    case TIME_DATE:
    default:
        if (when.tv_sec != dump->shown_second || !dump->shown[0]) {
            dump->shown_second = when.tv_sec;
            if (!localtime_r(&when.tv_sec, &tm)
                || !strftime(dump->shown, sizeof dump->shown,
                             date ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S", &tm)) {
                strcpy(dump->shown, "[Error converting time]");
            }
        }
        fputs(dump->shown, dump->lines);
        break;
    }
    if (dump->options.nanoseconds) {
        fprintf(dump->lines, ".%09ld ", when.tv_nsec);
    } else {
        fprintf(dump->lines, ".%06ld ", when.tv_nsec / 1000);
    }
}

/* Begins a line about the current packet. */
static void
begin_line(struct dump *dump)
{
    if (dump->options.number) {
        fprintf(dump->lines, "  %"PRIu64"  ", dump->number);
    }
    print_time(dump);
}

/*
 * Lines.
 */

/* Prints what is in front of addresses, these and, unless 'ports' is NULL,
 * ports. */
static void
print_endpoints(FILE *lines, const char *front, const char *const addresses[2],
                const uint16_t ports[2])
{
    if (ports) {
        fprintf(lines, "%s%s.%u > %s.%u: ", front, addresses[0], ports[0],
                addresses[1], ports[1]);
    } else {
        fprintf(lines, "%s%s > %s: ", front, addresses[0], addresses[1]);
    }
}

/* Prints the Ethernet header at 'p', of a packet with 'length' bytes. */
static void
print_ethernet(FILE *lines, const uint8_t *p, uint32_t length)
{
    uint16_t type = stt_get_be16(p + 12);

    fprintf(lines, "%02x:%02x:%02x:%02x:%02x:%02x > "
            "%02x:%02x:%02x:%02x:%02x:%02x, ethertype %s (0x%04x), "
            "length %"PRIu32": ",
            p[6], p[7], p[8], p[9], p[10], p[11],
            p[0], p[1], p[2], p[3], p[4], p[5],
            (type == 0x0800 ? "IPv4"
             : type == 0x86dd ? "IPv6"
             : type == 0x8100 ? "802.1Q"
             : type == 0x88a8 ? "802.1Q-QinQ"
             : "Unknown"), type, length);
}

/* Prints what "-v" tells about the IPv4 header at 'ip', of a TCP packet. */
static void
print_ipv4_details(FILE *lines, const uint8_t *ip)
{
    static const char *const ecn[] = { "", ",ECT(1)", ",ECT(0)", ",CE" };
    static const char *const flags[] = {
        "none", "+", "DF", "+, DF", "rsvd", "+, rsvd", "DF, rsvd",
        "+, DF, rsvd",
    };
    uint16_t fragment = stt_get_be16(ip + 6);

    fprintf(lines, "(tos 0x%x%s, ttl %u, id %u, offset %u, flags [%s], "
            "proto TCP (6), length %u", ip[1], ecn[ip[1] & 3], ip[8],
            stt_get_be16(ip + 4), (fragment & 0x1fff) * 8,
            flags[fragment >> 13], stt_get_be16(ip + 2));
    if ((ip[0] & 0xf) > 5) {
        fprintf(lines, ", options of %d bytes", ((ip[0] & 0xf) - 5) * 4);
    }
    fputs(")\n    ", lines);
}

/* Prints what "-v" tells about the IPv6 header at 'ip'. */
static void
print_ipv6_details(FILE *lines, const uint8_t *ip)
{
    uint32_t first = stt_get_be32(ip);

    putc('(', lines);
    if (first >> 20 & 0xff) {
        fprintf(lines, "class 0x%02x, ", first >> 20 & 0xff);
    }
    if (first & 0xfffff) {
        fprintf(lines, "flowlabel 0x%05x, ", first & 0xfffff);
    }
    fprintf(lines, "hlim %u, next-header %s (%u) payload length: %u) ", ip[7],
            (ip[6] == 0 ? "Options"
             : ip[6] == 6 ? "TCP"
             : ip[6] == 44 ? "Fragment"
             : "unknown"), ip[6], stt_get_be16(ip + 4));
}

/* Prints the outer headers up to the IP addresses, which go with 'ports'
 * unless that is NULL. */
static void
print_outer(struct dump *dump, const struct outer *outer, uint32_t length,
            const uint16_t ports[2])
{
    const char *front = outer->version == 6 ? "IP6 " : "IP ";
    FILE *lines = dump->lines;
    const char *addresses[2];
    int i;

    if (outer->ethernet && dump->options.link_header) {
        print_ethernet(lines, outer->ethernet, length);
    }
    for (i = 0; i < outer->n_tags && dump->options.link_header; i++) {
        fprintf(lines, "vlan %d, p %d, ", outer->tags[i].tci & 0xfff,
                outer->tags[i].tci >> 13);
    }
    if (outer->kind == OUTER_SHORT) {
        fprintf(lines, "%s[|%s]", front, outer->version == 6 ? "ip6" : "ip");
        return;
    }
    outer_format_addresses(outer->addresses[0], outer->addresses[1],
                           addresses);
    if (dump->options.verbose) {
        fputs(front, lines);
        if (outer->version == 4) {
            print_ipv4_details(lines, outer->ip);
        } else {
            print_ipv6_details(lines, outer->ip);
        }
        front = "";
    }
    print_endpoints(lines, front, addresses, ports);
}

/* Prints the STT frame header.  What a good sender leaves at 0 is shown only
 * if it is something else, or if 'verbose'. */
static void
print_frame_header(FILE *lines, const struct stt_frame_view *frame,
                   bool verbose)
{
    static const char *const names[] = { "verified", "partial", "ipv4",
                                         "tcp" };
    const char *separator = "";
    int i;

    if (frame->version != STT_VERSION) {
        fprintf(lines, ", version %u", frame->version);
    }
    fprintf(lines, ", flags [%s", frame->flags ? "" : "none");
    for (i = 0; i < 4; i++) {
        if (frame->flags & 1 << i) {
            fprintf(lines, "%s%s", separator, names[i]);
            separator = ",";
        }
    }
    if (frame->flags & 0xf0) {
        fprintf(lines, "%s0x%02x", separator, frame->flags & 0xf0);
    }
    putc(']', lines);
    if (verbose) {
        fprintf(lines, ", l4 %u", frame->l4_offset);
        if (frame->reserved) {
            fprintf(lines, ", reserved 0x%02x", frame->reserved);
        }
    }
    if (verbose || frame->mss) {
        fprintf(lines, ", mss %u", frame->mss);
    }
    if (frame->vlan) {
        fprintf(lines, ", vlan %d, p %d%s", frame->vlan & 0xfff,
                frame->vlan >> 13, (verbose && !(frame->vlan & 0x1000)
                                    ? " (not marked valid)" : ""));
    }
    fprintf(lines, ", context 0x%"PRIx64, frame->context_id);
    if (verbose && frame->padding) {
        fprintf(lines, ", padding 0x%04x", frame->padding);
    }
}

/* Prints the TCP-like header's fields that only "-v" shows. */
static void
print_tcp_details(FILE *lines, const struct found *found)
{
    static const char *const checksums[] = {
        [CHECKSUM_UNKNOWN] = "unverified",
        [CHECKSUM_GOOD] = "correct",
        [CHECKSUM_PARTIAL] = "partial",
    };
    const uint8_t *l4 = found->outer.l4;
    uint8_t flags = l4[13];
    int i;

    fprintf(lines, ", Flags [%s", flags ? "" : "none");
    for (i = 0; i < 8; i++) {
        if (flags & 1 << i) {
            putc("FSRP.UEW"[i], lines);
        }
    }
    fprintf(lines, "], cksum 0x%04x ", stt_get_be16(l4 + 16));
    if (found->checksum == CHECKSUM_BAD) {
        fprintf(lines, "(incorrect -> 0x%04x)", found->expected_checksum);
    } else {
        fprintf(lines, "(%s)", checksums[found->checksum]);
    }
    fprintf(lines, ", win %u", stt_get_be16(l4 + 14));
    if (stt_get_be16(l4 + 18)) {
        fprintf(lines, ", urg %u", stt_get_be16(l4 + 18));
    }
}

/* Prints the line of a packet with a segment. */
static void
print_segment(struct dump *dump, const struct found *found, uint32_t length)
{
    static const char *const late[] = {
        [LATE_WHOLE] = " [late: its frame was whole already]",
        [LATE_LOST] = " [late: its frame was given up already]",
        [LATE_DISCARDED] = " [late: its frame was discarded already]",
    };
    const struct stt_segment *segment = &found->segment;
    const struct frames_result *result = &found->result;
    const struct outer *outer = &found->outer;
    FILE *lines = dump->lines;
    const uint16_t ports[2] = {
        stt_get_be16(outer->l4), stt_get_be16(outer->l4 + 2)
    };

    begin_line(dump);
    print_outer(dump, outer, length, ports);
    fputs("STT", lines);
    if (found->has_segment) {
        fprintf(lines, ", id 0x%08"PRIx32", segment %u:%"PRIu32"/%u",
                segment->frame_id, segment->offset,
                segment->offset + segment->length, segment->frame_length);
        if (dump->options.verbose) {
            print_tcp_details(lines, found);
        }
    }
    if (result->frame && result->n_segments > 1) {
        fprintf(lines, ", frame of %"PRIu32" segments", result->n_segments);
    }
    if (found->has_frame) {
        print_frame_header(lines, &found->view, dump->options.verbose);
    }
    if (outer->first_fragment) {
        fputs(" [IP fragment, not put together]", lines);
    }
    if (found->drop) {
        fprintf(lines, " [%s]", stt_drop_text(found->drop));
        if (result->n_segments > 1 && !result->frame) {
            fprintf(lines, " (%"PRIu32" segments dropped)",
                    result->n_segments);
        }
    }
    if (result->late != LATE_NOT) {
        fputs(late[result->late], lines);
    }
    if (found->inner ? found->inner_captured < found->inner_length
        : outer->l4_captured < outer->l4_length) {
        fputs(" [|stt]", lines);
    }
    if (found->inner && dump->calls->print) {
        dump->calls->print(dump->aux, found->inner, found->inner_captured,
                           found->inner_length);
    } else {
        putc('\n', lines);
    }
}

/* Prints the line of a packet in which there is no TCP-like header to see. */
static void
print_other(struct dump *dump, const struct outer *outer, uint32_t length)
{
    begin_line(dump);
    if (outer->ip) {
        print_outer(dump, outer, length, NULL);
    } else {
        fputs("[|link]", dump->lines);
    }
    if (outer->kind == OUTER_FRAGMENT) {
        fprintf(dump->lines, "TCP fragment, offset %"PRIu32", length %"PRIu32
                " [not put together]", outer->fragment_offset,
                outer->l4_length);
    } else if (outer->kind == OUTER_BAD) {
        fprintf(dump->lines, "[%s]", stt_drop_text(STT_DROP_OUTER));
    }
    putc('\n', dump->lines);
}

/* Counts and prints a lost frame. */
static void
lost_frame(void *dump_, const struct frames_lost *lost)
{
    struct dump *dump = dump_;
    const struct stt_key *key = &lost->key;
    struct summary_counters *counters
        = summary_counters(summary_tunnel(dump->summary, key));
    const uint16_t ports[2] = { key->source_port, key->destination_port };
    const char *addresses[2];
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
    print_endpoints(dump->lines,
                    (outer_format_addresses(key->source, key->destination,
                                            addresses) ? "IP " : "IP6 "),
                    addresses, ports);
    fprintf(dump->lines, "STT, id 0x%08"PRIx32", lost frame: %"PRIu32
            " segment%s, %"PRIu32"/%u, missing", key->frame_id,
            lost->n_segments, lost->n_segments == 1 ? "" : "s", lost->n_bytes,
            lost->length);
    for (i = 0; i < lost->n_missing && i < FRAMES_GAPS; i++) {
        fprintf(dump->lines, " %"PRIu32":%"PRIu32, lost->missing[i][0],
                lost->missing[i][1]);
    }
    fprintf(dump->lines, "%s [%s]\n",
            lost->n_missing > FRAMES_GAPS ? " ..." : "",
            (dump->finishing ? "incomplete at the end"
             : stt_drop_text(lost->drop)));
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
        stt_frame_look(data, &found->view);
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

    if (!dump->calls->inner) {
        return;
    }
    if (found->frame.has_vlan && captured >= 12) {
        memcpy(dump->packet, packet, 12);
        stt_put_be16(dump->packet + 12, 0x8100);
        stt_put_be16(dump->packet + 14, found->frame.vlan);
        memcpy(dump->packet + 16, packet + 12, captured - 12);
        dump->calls->inner(dump->aux, &dump->when, dump->packet, captured + 4,
                           length + 4);
    } else {
        dump->calls->inner(dump->aux, &dump->when, packet, captured, length);
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

/* Takes the packet 'record'.  Returns true if it was an STT packet, or one
 * that may be. */
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
            totals->other++;
            return false;
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
        break;

    case OUTER_SHORT:
        totals->too_short++;
        break;

    case OUTER_BAD:
        /* Nobody can tell whether it was to an STT port. */
        totals->bad_outer++;
        break;

    case OUTER_OTHER:
    default:
        totals->other++;
        return false;
    }
    if (dump->options.print) {
        print_other(dump, outer, record->length);
    }
    return true;
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

/* Reports all frames that are still incomplete: no packet will follow.
 * Returns the counters, which are there until dump_destroy(). */
struct summary *
dump_finish(struct dump *dump)
{
    dump->finishing = true;
    frames_destroy(dump->frames);
    dump->frames = NULL;
    return dump->summary;
}
