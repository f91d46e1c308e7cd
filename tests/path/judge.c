/* SPDX-License-Identifier: Apache-2.0 */
#include "path/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "path/build.h"
#include "path/change.h"
#include "path/finish.h"
#include "path/switch.h"
#include "path/tunnel.h"

/* What is expected of one way out. */
struct expectation {
    struct frames whole;        /* The packets that are to arrive. */
    struct frames also;         /* What may be in place of each, if any. */
    struct frames prefixes;     /* If truncated, what the packets begin with. */
    bool truncated;
};

static void
expectation_clear(struct expectation *expectation)
{
    frames_clear(&expectation->whole);
    frames_clear(&expectation->also);
    frames_clear(&expectation->prefixes);
}

/* Longest packet that Open vSwitch reads whole from a tap device.  Of a longer one
 * it gets the beginning and cannot know, unless the vnet header says more. */
enum { TAP_MAX_LEN = 65500 };

/* Can the way in of 'path' bring a packet with 'offload'? */
static bool
can_bring(const struct path_case *path, bool tso, const struct frame *frame,
          const struct offload *offload)
{
    switch (path->in) {
    case IN_TAP:
        /* Linux was told whether it may leave segmentation undone. */
        return (tso ? offload->gso_type || frame->size <= TAP_MAX_LEN
                : !offload->gso_type && frame->size <= 1518);
    case IN_SOCKET:
        return tso || (!(offload->flags & OFFLOAD_NEEDS_CHECKSUM)
                       && frame->size <= 1518);
    case IN_NIC:
        return !(offload->flags & OFFLOAD_NEEDS_CHECKSUM)
               && frame->size <= DEVICE_MAX_LEN;
    default: {
        struct frames segments = { NULL, 0, 0 };
        bool ok = stt_segments(frame, offload, false, false, &segments);

        frames_clear(&segments);
        return ok;
    }
    }
}

/* Is something else than zeros behind what the 'layers' of 'frame' say?  Whether
 * it counts for a checksum nobody can say then. */
static bool
has_odd_padding(const struct frame *frame, const struct layers *layers)
{
    for (size_t i = layers->end; i < frame->size; i++) {
        if (frame->data[i]) {
            return true;
        }
    }
    return false;
}

/* Is there something else than the sum of the pseudo header where 'offload' has
 * one?  Then a card makes a wrong checksum of it, and Open vSwitch, which writes
 * that sum itself, a right one. */
static bool
has_odd_sum(const struct frame *frame, const struct layers *layers,
            const struct offload *offload)
{
    const struct layer *ip = NULL;

    for (size_t i = 0; i < layers->count; i++) {
        const struct layer *layer = &layers->list[i];

        if (is_ip(layer->type)) {
            ip = layer;
        } else if (ip && layer->offset == offload->checksum_start
                   && (layer->type == LAYER_TCP || layer->type == LAYER_UDP)) {
            uint32_t sum = sum_pseudo_header(frame->data + ip->offset,
                                             l4_protocol(layer->type),
                                             layer->end - layer->offset);

            return get_u16(frame->data + layer->offset
                           + l4_checksum_offset(layer->type)) != sum_fold(sum);
        }
    }
    return false;
}

/* Does 'offload' ask for a checksum that can be SCTP's, by its place, of what the
 * reference does not know to be SCTP?  The vnet header does not tell a CRC from
 * another checksum. */
static bool
can_be_sctp(const struct layers *layers, const struct offload *offload)
{
    for (size_t i = 0; i < layers->count; i++) {
        if (layers->list[i].type == LAYER_SCTP
            && layers->list[i].offset == offload->checksum_start) {
            return false;
        }
    }
    return offload->checksum_offset == l4_checksum_offset(LAYER_SCTP);
}

/* Is the checksum of an IPv4 header in 'frame' wrong?  Whoever cuts the packet
 * writes right ones, and whoever finds that there is nothing to cut does not. */
static bool
has_wrong_ipv4(const struct frame *frame, const struct layers *layers)
{
    for (size_t i = 0; i < layers->count; i++) {
        const struct layer *layer = &layers->list[i];

        if (layer->type == LAYER_IPV4
            && sum_fold(sum_bytes(0, frame->data + layer->offset,
                                  layer->length)) != 0xffff) {
            return true;
        }
    }
    return false;
}

/* Is it wrong to drop this packet, even if that is counted? */
static bool
must_arrive(const struct path_case *path, const struct passage *passage,
            const struct frame *frame)
{
    if (path->cut || path->shift || path->checksum == CHECKSUM_WRONG
        || frame->size > 65000
        || path->gso == SEGMENT_UDP || path->gso == SEGMENT_UDP_FRAGMENTS
        || (path->gso && path->inner)) {
        return false;
    }
    if (path->gso || frame->size > 1518) {
        for (size_t i = 0; i < passage->n_tunnels; i++) {
            if (passage->tunnels[i] >= TUNNEL_ERSPAN4) {
                return false;   /* Open vSwitch does not cut for these. */
            }
        }
        /* So many pieces a super-packet may have, from a guest and out of
         * STT. */
        return path->segment >= 64 && path->segment <= 1400
               && frame->size <= 60100
               && frame->size <= 256u * path->segment;
    }
    return true;
}

/* Are the 'n' bytes at 'got' and 'expected' the same, except for two ways to
 * write the same TCP checksum? */
static bool
same_bytes(const uint8_t *got, const uint8_t *expected, size_t n,
           const struct layers *layers)
{
    size_t start = 0;

    for (size_t i = 0; i < layers->count; i++) {
        const struct layer *layer = &layers->list[i];
        size_t field = layer->offset + l4_checksum_offset(layer->type);

        if ((layer->type == LAYER_TCP || layer->type == LAYER_ICMP)
            && field + 2 <= n) {
            uint16_t a = get_u16(got + field), b = get_u16(expected + field);

            if (!bytes_equal(got + start, expected + start, field - start)
                || (a != b && (uint16_t) (a + 1) > 1)
                || (a != b && (uint16_t) (b + 1) > 1)) {
                return false;
            }
            start = field + 2;
        }
    }
    return bytes_equal(got + start, expected + start, n - start);
}

/* Is 'got' what 'expected' is, with the same padding or none? */
static bool
same_frame(const struct frame *got, const struct frame *expected,
           enum layer_type first)
{
    struct layers layers;
    size_t end;

    layers_read(expected->data, expected->size, first, &layers);
    end = layers.count > 1 && layers.end < expected->size
          ? layers.end : expected->size;
    if (got->size != expected->size && got->size != end) {
        return false;
    }
    return same_bytes(got->data, expected->data, got->size, &layers);
}

/* Is 'got' the beginning of 'expected', but for a checksum of layer 4 that may
 * never have been computed?  The headers of tunnels of the guest's own are
 * nobody's business. */
static bool
is_prefix(const struct frame *got, const struct frame *expected,
          size_t max_len, bool unfinished)
{
    size_t n = max_len < expected->size ? max_len : expected->size;
    struct layers layers;
    uint8_t *copy;
    bool same;

    if (got->size != n) {
        return false;
    }
    copy = malloc(n + 1);
    memcpy(copy, got->data, n);
    layers_read(expected->data, expected->size, LAYER_ETHERNET, &layers);
    for (size_t i = 0; unfinished && i < layers.count; i++) {
        const struct layer *layer = &layers.list[i];

        if (is_l4(layer->type)) {
            size_t field = layer->offset + l4_checksum_offset(layer->type);
            size_t length = layer->type == LAYER_SCTP ? 4 : 2;

            for (size_t j = field; j < field + length && j < n; j++) {
                copy[j] = expected->data[j];
            }
        }
    }
    same = bytes_equal(copy, expected->data, n);
    free(copy);
    return same;
}

/* Writes how 'got' differs from what comes next to it. */
static void
explain(const struct frame *got, const struct frames *expected, char *why,
        size_t why_size)
{
    const struct frame *best = NULL;
    size_t best_at = 0;

    for (size_t i = 0; i < expected->count; i++) {
        const struct frame *frame = &expected->list[i];
        size_t at = 0;

        while (at < frame->size && at < got->size
               && frame->data[at] == got->data[at]) {
            at++;
        }
        if (!best || at > best_at
            || (at == best_at && frame->size == got->size)) {
            best = frame;
            best_at = at;
        }
    }
    if (!best) {
        snprintf(why, why_size, "a packet of %zu bytes arrived that should"
                 " not", got->size);
    } else if (best_at < best->size && best_at < got->size) {
        snprintf(why, why_size, "a packet of %zu bytes arrived that is not"
                 " intact: byte %zu is 0x%02x, where one of %zu bytes has"
                 " 0x%02x", got->size, best_at, got->data[best_at],
                 best->size, best->data[best_at]);
    } else {
        snprintf(why, why_size, "a packet of %zu bytes arrived that should"
                 " have %zu", got->size, best->size);
    }
}

/* Does what arrived agree with 'expectation'?  Adds to '*missing' how many
 * packets did not. */
static bool
compare(const struct frames *got, const struct expectation *expectation,
        const struct path_case *path, enum layer_type first,
        bool unfinished, size_t *missing, char *why, size_t why_size)
{
    const struct frames *whole = &expectation->whole;
    bool *used = calloc(whole->count + 1, sizeof *used);
    size_t max_len = path->max_len < 14 ? 14 : path->max_len;
    bool ok = true;
    size_t n_used = 0, n_prefixes = 0;

    for (size_t i = 0; ok && i < got->count; i++) {
        bool found = false;

        for (size_t j = 0; !found && j < whole->count; j++) {
            const struct frames *also = &expectation->also;

            if (!used[j]
                && (same_frame(&got->list[i], &whole->list[j], first)
                    || (j < also->count
                        && same_frame(&got->list[i], &also->list[j],
                                      first)))) {
                used[j] = found = true;
                n_used++;
            }
        }
        for (size_t j = 0; !found && j < expectation->prefixes.count; j++) {
            if (is_prefix(&got->list[i], &expectation->prefixes.list[j],
                          max_len, unfinished)) {
                found = true;
                n_prefixes++;
            }
        }
        if (!found) {
            explain(&got->list[i], whole, why, why_size);
            ok = false;
        }
    }
    free(used);
    if (ok && !expectation->truncated) {
        *missing += whole->count - n_used;
    } else if (ok && !n_used && !n_prefixes) {
        *missing += 1;
    } else if (ok && n_prefixes > expectation->whole.count) {
        snprintf(why, why_size, "more truncated packets than there are");
        return false;
    }
    return ok;
}

/* Does what 'departure' says of its checksum hold? */
static bool
check_claims(const struct departure *departure, bool truncated,
             char *why, size_t why_size)
{
    struct layers layers;

    if (truncated && departure->offload.flags) {
        snprintf(why, why_size, "a truncated packet left with flags 0x%x",
                 departure->offload.flags);
        return false;
    }
    if (departure->offload.flags & OFFLOAD_DATA_VALID) {
        layers_read(departure->frame.data, departure->frame.size,
                    LAYER_ETHERNET, &layers);
        for (size_t i = 0; i < layers.count; i++) {
            if (!is_l4(layers.list[i].type)) {
                continue;
            }
            if (!l4_is_right(departure->frame.data, &layers, i)) {
                snprintf(why, why_size, "a wrong checksum left as valid");
                return false;
            }
            /* Linux takes it to be about the outermost one only. */
            break;
        }
    }
    return true;
}

/* Takes the Ethernet headers off 'frames', and stores what is behind them in
 * '*first'. */
static void
take_ethernet(struct frames *frames, enum layer_type *first)
{
    struct layers layers;

    for (size_t i = 0; i < frames->count; i++) {
        struct frame *frame = &frames->list[i];

        layers_read(frame->data, frame->size, LAYER_ETHERNET, &layers);
        frame_remove(frame, 0, 14);
        *first = layers.count > 1 ? layers.list[1].type : LAYER_PAYLOAD;
    }
}

/* Clears the DEI bit of the outermost 802.1Q tag in 'frames', of whose packets the
 * first 'max_len' bytes are sent: STT's frame header takes such a tag, if it is
 * whole, and has no place for that bit. */
static void
clear_dei(struct frames *frames, size_t max_len)
{
    for (size_t i = 0; i < frames->count; i++) {
        struct frame *frame = &frames->list[i];

        if (frame->size >= 18 && max_len >= 18
            && get_u16(frame->data + 12) == 0x8100) {
            frame->data[14] &= 0xef;
        }
    }
}

/* Is 'departure', which left through no tunnel, what is left of a longer packet?
 * A whole one, or a copy of it, may be beside it, and as long as it. */
static bool
is_truncated(const struct departure *departure,
             const struct expectation *expectation, size_t max_len)
{
    for (size_t i = 0; i < expectation->prefixes.count; i++) {
        if (expectation->prefixes.list[i].size == max_len) {
            return false;
        }
    }
    return expectation->truncated && departure->frame.size == max_len;
}

/* Judges all that left by 'out' through the 'n_tunnels' 'tunnels', the inner one
 * first. */
static bool
judge_out(const struct path_case *path, const struct passage *passage,
          enum path_out out, const enum path_tunnel *tunnels,
          size_t n_tunnels, struct expectation *expectation,
          bool unfinished, size_t *missing, char *why, size_t why_size)
{
    size_t max_len = path->max_len < 14 ? 14 : path->max_len;
    struct frames arrived = { NULL, 0, 0 };
    enum layer_type first = LAYER_ETHERNET;
    char error[128];
    bool ok = true;

    for (size_t i = 0; ok && i < passage->n_departures; i++) {
        const struct departure *departure = &passage->departures[i];

        if (departure->out != out) {
            continue;
        }
        ok = check_claims(departure, !n_tunnels
                          && is_truncated(departure, expectation, max_len),
                          why, why_size);
        if (ok && !finish(departure->frame.data, departure->frame.size,
                          LAYER_ETHERNET, &departure->offload, &arrived)) {
            snprintf(why, why_size, "a packet of %zu bytes left with offloads"
                     " that do not fit it (flags=0x%x gso_type=0x%x"
                     " gso_size=%u csum_start=%u csum_offset=%u)",
                     departure->frame.size, departure->offload.flags,
                     departure->offload.gso_type,
                     departure->offload.gso_size,
                     departure->offload.checksum_start,
                     departure->offload.checksum_offset);
            ok = false;
        }
    }
    for (size_t i = n_tunnels; ok && i-- > 0; ) {
        struct frames inner = { NULL, 0, 0 };

        if (!tunnel_receive(tunnels[i], &arrived, &inner, error,
                            sizeof error)) {
            snprintf(why, why_size, "%s tunnel: %s is wrong",
                     i ? "outer" : "inner", error);
            ok = false;
        }
        frames_clear(&arrived);
        arrived = inner;
    }
    if (n_tunnels && tunnel_is_stt(tunnels[0])) {
        clear_dei(&expectation->whole, SIZE_MAX);
        clear_dei(&expectation->also, SIZE_MAX);
        clear_dei(&expectation->prefixes, max_len);
    }
    if (n_tunnels && tunnel_is_l3(tunnels[0])) {
        take_ethernet(&expectation->whole, &first);
        take_ethernet(&expectation->also, &first);
    }
    if (ok) {
        ok = compare(&arrived, expectation, path, first, unfinished, missing,
                     why, why_size);
    }
    frames_clear(&arrived);
    return ok;
}

static bool
change_all(struct frames *frames, enum path_action action)
{
    for (size_t i = 0; i < frames->count; i++) {
        if (!change(&frames->list[i], action)) {
            return false;
        }
    }
    return true;
}

/* Inserts the tag that the packet socket puts back. */
static void
put_tag_back(struct frames *frames)
{
    for (size_t i = 0; i < frames->count; i++) {
        frame_insert(&frames->list[i], 12,
                     (const uint8_t *) "\x81\0\x40\x09", 4);
    }
}

static enum verdict
judge(const struct path_case *path, const struct frame *frame,
      const struct offload *offload, const struct passage *passage,
      bool may_drop, char *why, size_t why_size)
{
    bool unfinished = (offload->flags & OFFLOAD_NEEDS_CHECKSUM) != 0;
    struct frames pieces = { NULL, 0, 0 }, raw = { NULL, 0, 0 };
    struct frames also = { NULL, 0, 0 };
    struct expectation final, copy;
    enum verdict verdict = VERDICT_INTACT;
    bool truncate = false, copied = false, ok = true;
    struct layers layers;
    size_t missing = 0;

    if (passage->refused) {
        snprintf(why, why_size, "%s: %s", passage->refused_by,
                 passage->refused);
        return VERDICT_WRONG;
    }
    if (frame->size < 14) {
        if (passage->n_departures) {
            snprintf(why, why_size, "a packet without Ethernet header left");
            return VERDICT_WRONG;
        } else if (!passage->drops) {
            snprintf(why, why_size, "a packet without Ethernet header was lost"
                     " and not counted");
            return VERDICT_WRONG;
        }
        return VERDICT_DROPPED;
    }
    layers_read(frame->data, frame->size, LAYER_ETHERNET, &layers);
    if (offload->flags & OFFLOAD_NEEDS_CHECKSUM
        && (offload->checksum_start < 14 || has_odd_padding(frame, &layers)
            || has_odd_sum(frame, &layers, offload)
            || can_be_sctp(&layers, offload))) {
        /* A checksum of Ethernet addresses, which a tag may have come behind. */
        return VERDICT_UNJUDGED;
    }
    if (!finish(frame->data, frame->size, LAYER_ETHERNET, offload, &pieces)
        || path->shift || path->gso == SEGMENT_UDP_FRAGMENTS
        || (offload->gso_type && has_wrong_ipv4(frame, &layers)) || passage->differs) {
        frames_clear(&pieces);
        return VERDICT_UNJUDGED;
    }
    if (!passage->n_upcalls) {
        frames_clear(&pieces);
        if (passage->n_departures) {
            snprintf(why, why_size, "packets left without an upcall");
            return VERDICT_WRONG;
        }
        missing = 1;
    }

    memset(&final, 0, sizeof final);
    memset(&copy, 0, sizeof copy);
    frames_add(&raw, frame->data, frame->size);
    if (offload->gso_type == GSO_TCP4 || offload->gso_type == GSO_TCP6) {
        /* Without the ECN bit nobody can say what CWR means there. */
        struct offload accurate = *offload;

        accurate.keep_cwr = true;
        finish(frame->data, frame->size, LAYER_ETHERNET, &accurate, &also);
    }
    if (path->in == IN_SOCKET && path->put_back) {
        put_tag_back(&pieces);
        put_tag_back(&also);
        put_tag_back(&raw);
    }
    for (size_t i = 0; ok && passage->n_upcalls && i < passage->n_actions;
         i++) {
        enum path_action action = passage->actions[i];

        if (action == ACTION_TRUNC) {
            truncate = true;
        } else if (action == ACTION_COPY) {
            frames_copy(&copy.whole, &pieces);
            frames_copy(&copy.also, &also);
            if (truncate) {
                frames_copy(&copy.prefixes, &pieces);
                frames_copy(&copy.prefixes, &also);
                frames_copy(&copy.prefixes, &raw);
                copy.truncated = true;
                truncate = false;
            }
            copied = true;
        } else {
            ok = (change_all(&pieces, action) && change_all(&also, action)
                  && change_all(&raw, action));
        }
    }
    if (!ok) {
        /* Open vSwitch saw headers where the reference does not. */
        verdict = VERDICT_UNJUDGED;
    } else if (passage->n_upcalls) {
        frames_copy(&final.whole, &pieces);
        frames_copy(&final.also, &also);
        final.truncated = truncate;
        if (truncate) {
            frames_copy(&final.prefixes, &pieces);
            frames_copy(&final.prefixes, &also);
            frames_copy(&final.prefixes, &raw);
        }
        ok = judge_out(path, passage, path->out, passage->tunnels,
                       passage->n_tunnels, &final, unfinished, &missing, why,
                       why_size);
        if (ok && copied) {
            ok = judge_out(path, passage, passage_copy_out(path), NULL, 0,
                           &copy, unfinished, &missing, why, why_size);
        }
        if (!ok) {
            verdict = VERDICT_WRONG;
        }
    }
    if (verdict == VERDICT_INTACT && missing) {
        verdict = VERDICT_DROPPED;
        if (!passage->drops) {
            snprintf(why, why_size, "%zu packets were lost and none was"
                     " counted", missing);
            verdict = VERDICT_WRONG;
        } else if (!may_drop && must_arrive(path, passage, frame)) {
            snprintf(why, why_size, "%zu packets were dropped, and %llu"
                     " counted, of what has to arrive", missing,
                     (unsigned long long int) passage->drops);
            verdict = VERDICT_WRONG;
        }
    }
    expectation_clear(&final);
    expectation_clear(&copy);
    frames_clear(&pieces);
    frames_clear(&also);
    frames_clear(&raw);
    return verdict;
}

/* Lets the packet of 'path' go its way, with the userspace TSO that this process
 * has, and returns what came of it.  If that is wrong, writes why into the
 * 'why_size' bytes at 'why'. */
enum verdict
judge_case(const struct path_case *path, bool tso, char *why, size_t why_size)
{
    struct passage passage;
    struct offload offload;
    enum verdict verdict;
    struct frame frame;

    why[0] = '\0';
    if (!build(path, &frame, &offload)) {
        return VERDICT_IMPOSSIBLE;
    }
    if (!can_bring(path, tso, &frame, &offload)) {
        frame_free(&frame);
        return VERDICT_IMPOSSIBLE;
    }
    switch_pass(path, &frame, &offload, &passage);
    verdict = judge(path, &frame, &offload, &passage, false, why, why_size);
    passage_clear(&passage);
    frame_free(&frame);
    return verdict;
}

/* The same for the 'size' bytes at 'data', a vnet header and a packet that may
 * say anything, instead of the packet that 'path' describes. */
enum verdict
judge_raw(const struct path_case *path, const uint8_t *data, size_t size,
          char *why, size_t why_size)
{
    struct offload offload = { false, 0, 0, 0, 0, 0, 0 };
    struct passage passage;
    enum verdict verdict;
    struct frame frame;

    why[0] = '\0';
    if (size < OFFLOAD_SIZE) {
        return VERDICT_IMPOSSIBLE;
    }
    offload_read(&offload, data);
    frame_set(&frame, data + OFFLOAD_SIZE, size - OFFLOAD_SIZE);
    switch_pass(path, &frame, &offload, &passage);
    verdict = judge(path, &frame, &offload, &passage, true, why, why_size);
    passage_clear(&passage);
    frame_free(&frame);
    return verdict;
}
