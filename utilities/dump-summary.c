/* SPDX-License-Identifier: Apache-2.0 */
#include "dump-summary.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "stt-hash.h"
#include "stt-reassembly.h"

/* Frames and bytes with one Context ID. */
struct context {
    struct context *next;       /* In the tunnel's list. */
    struct context *in_bucket;
    struct summary_tunnel *tunnel;
    uint64_t id;
    uint64_t frames;
    uint64_t inner_bytes;
};

struct summary_tunnel {
    struct summary_counters counters;
    uint8_t source[16];
    uint8_t destination[16];
    uint16_t port;
    struct summary_tunnel *in_bucket;
    struct context *contexts;   /* In the order in which they came. */
    struct context *last_context;
    struct context other_contexts;
};

enum { BUCKETS = 4096 };

struct summary {
    struct summary_totals totals;
    uint64_t seed[2];
    uint32_t n_tunnels;
    uint32_t n_contexts;
    struct summary_tunnel *last;    /* The one asked for last. */
    struct summary_tunnel other;
    struct summary_tunnel *buckets[BUCKETS];
    struct context *context_buckets[BUCKETS];
    struct summary_tunnel tunnels[SUMMARY_TUNNELS];
    struct context contexts[SUMMARY_CONTEXTS];
};

/* Returns empty counters, or NULL if there is no memory.  The caller destroys
 * them with summary_destroy(). */
struct summary *
summary_create(void)
{
    struct summary *summary = calloc(1, sizeof *summary);

    if (summary
        && getrandom(summary->seed, sizeof summary->seed, GRND_NONBLOCK) < 0) {
        /* The seed is only against senders who aim at a bucket. */
        summary->seed[0] = (uintptr_t) summary;
    }
    return summary;
}

void
summary_destroy(struct summary *summary)
{
    free(summary);
}

struct summary_totals *
summary_totals(struct summary *summary)
{
    return &summary->totals;
}

static bool
is_tunnel(const struct summary_tunnel *tunnel, const struct stt_key *key)
{
    return (tunnel->port == key->destination_port
            && !memcmp(tunnel->source, key->source, sizeof tunnel->source)
            && !memcmp(tunnel->destination, key->destination,
                       sizeof tunnel->destination));
}

/* Returns the tunnel that the segment with 'key' came through. */
struct summary_tunnel *
summary_tunnel(struct summary *summary, const struct stt_key *key)
{
    struct summary_tunnel **bucket, *tunnel;
    uint64_t words[5];

    if (summary->last && is_tunnel(summary->last, key)) {
        return summary->last;
    }
    memcpy(words, key->source, 16);
    memcpy(words + 2, key->destination, 16);
    words[4] = key->destination_port;
    bucket = &summary->buckets[stt_hash(summary->seed, words, 5) % BUCKETS];
    for (tunnel = *bucket; tunnel; tunnel = tunnel->in_bucket) {
        if (is_tunnel(tunnel, key)) {
            summary->last = tunnel;
            return tunnel;
        }
    }
    if (summary->n_tunnels == SUMMARY_TUNNELS) {
        return &summary->other;
    }
    tunnel = &summary->tunnels[summary->n_tunnels++];
    memcpy(tunnel->source, key->source, sizeof tunnel->source);
    memcpy(tunnel->destination, key->destination, sizeof tunnel->destination);
    tunnel->port = key->destination_port;
    tunnel->in_bucket = *bucket;
    *bucket = tunnel;
    summary->last = tunnel;
    return tunnel;
}

struct summary_counters *
summary_counters(struct summary_tunnel *tunnel)
{
    return &tunnel->counters;
}

/* Returns the counters of Context ID 'id' in 'tunnel'. */
static struct context *
find_context(struct summary *summary, struct summary_tunnel *tunnel,
             uint64_t id)
{
    struct context **bucket, *context;
    uint64_t words[2] = { (uintptr_t) tunnel, id };

    if (tunnel == &summary->other) {
        return &tunnel->other_contexts;
    }
    if (tunnel->last_context && tunnel->last_context->id == id) {
        return tunnel->last_context;
    }
    bucket = &summary->context_buckets[stt_hash(summary->seed, words, 2)
                                       % BUCKETS];
    for (context = *bucket; context; context = context->in_bucket) {
        if (context->tunnel == tunnel && context->id == id) {
            return context;
        }
    }
    if (summary->n_contexts == SUMMARY_CONTEXTS) {
        return &tunnel->other_contexts;
    }
    context = &summary->contexts[summary->n_contexts++];
    context->tunnel = tunnel;
    context->id = id;
    context->in_bucket = *bucket;
    *bucket = context;
    if (tunnel->last_context) {
        tunnel->last_context->next = context;
    } else {
        tunnel->contexts = context;
    }
    tunnel->last_context = context;
    return context;
}

/* Counts a frame with 'context_id' in 'tunnel', whose inner packet has
 * 'inner_bytes'. */
void
summary_count_frame(struct summary *summary, struct summary_tunnel *tunnel,
                    uint64_t context_id, uint32_t inner_bytes)
{
    struct context *context = find_context(summary, tunnel, context_id);

    context->frames++;
    context->inner_bytes += inner_bytes;
    tunnel->counters.inner_bytes += inner_bytes;
}

/* Adds the counters 'from' to 'to'. */
static void
add_counters(struct summary_counters *to, const struct summary_counters *from)
{
    int i;

    to->packets += from->packets;
    to->whole += from->whole;
    to->reassembled += from->reassembled;
    to->inner_bytes += from->inner_bytes;
    to->lost += from->lost;
    to->late += from->late;
    for (i = 0; i < STT_N_DROPS; i++) {
        to->drops[i] += from->drops[i];
    }
}

/* Stores the text of the address, IPv4 mapped into IPv6 or IPv6, in 's'. */
static void
format_address(const uint8_t address[16], char s[INET6_ADDRSTRLEN])
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

    if (!memcmp(address, mapped, sizeof mapped)) {
        inet_ntop(AF_INET, address + 12, s, INET6_ADDRSTRLEN);
    } else {
        inet_ntop(AF_INET6, address, s, INET6_ADDRSTRLEN);
    }
}

static const char *
plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static void
print_context(const char *name, const struct context *context, FILE *stream)
{
    fprintf(stream, "  %s: %"PRIu64" frame%s, %"PRIu64" inner bytes\n", name,
            context->frames, plural(context->frames), context->inner_bytes);
}

static void
print_tunnel(const struct summary_tunnel *tunnel, const char *name,
             FILE *stream)
{
    const struct summary_counters *c = &tunnel->counters;
    uint64_t frames = c->whole + c->reassembled;
    const struct context *context;
    int i;

    fprintf(stream, "%s: %"PRIu64" packet%s, %"PRIu64" frame%s, %"PRIu64
            " inner bytes, %"PRIu64" lost, %"PRIu64" late", name, c->packets,
            plural(c->packets), frames, plural(frames), c->inner_bytes,
            c->lost, c->late);
    for (i = 1; i < STT_N_DROPS; i++) {
        if (c->drops[i]) {
            fprintf(stream, ", %s %"PRIu64, stt_drop_name(i), c->drops[i]);
        }
    }
    putc('\n', stream);
    for (context = tunnel->contexts; context; context = context->next) {
        char id[32];

        snprintf(id, sizeof id, "context 0x%"PRIx64, context->id);
        print_context(id, context, stream);
    }
    if (tunnel->other_contexts.frames) {
        print_context("other contexts", &tunnel->other_contexts, stream);
    }
}

/* Writes all counters to 'stream', for people and for scripts: one thing in a
 * line, its number or its name first. */
void
summary_print(const struct summary *summary, FILE *stream)
{
    const struct summary_totals *totals = &summary->totals;
    struct summary_counters sum = summary->other.counters;
    bool any_drops = false;
    uint32_t i;

    for (i = 0; i < summary->n_tunnels; i++) {
        add_counters(&sum, &summary->tunnels[i].counters);
    }
    sum.drops[STT_DROP_OUTER] += totals->bad_outer;

    fprintf(stream, "%"PRIu64" packet%s read\n", totals->read,
            plural(totals->read));
    fprintf(stream, "%"PRIu64" packet%s with STT segments\n", sum.packets,
            plural(sum.packets));
    fprintf(stream, "%"PRIu64" frame%s: %"PRIu64" in one packet, %"PRIu64
            " reassembled\n", sum.whole + sum.reassembled,
            plural(sum.whole + sum.reassembled), sum.whole, sum.reassembled);
    fprintf(stream, "%"PRIu64" lost frame%s", sum.lost, plural(sum.lost));
    if (totals->left) {
        fprintf(stream, ", %"PRIu64" of them incomplete at the end",
                totals->left);
    }
    putc('\n', stream);
    fprintf(stream, "%"PRIu64" segment%s dropped for overlaps\n",
            sum.drops[STT_DROP_OVERLAP], plural(sum.drops[STT_DROP_OVERLAP]));
    fprintf(stream, "%"PRIu64" duplicate segment%s\n",
            sum.drops[STT_DROP_DUPLICATE],
            plural(sum.drops[STT_DROP_DUPLICATE]));
    fprintf(stream, "%"PRIu64" late segment%s\n", sum.late, plural(sum.late));
    fprintf(stream, "%"PRIu64" bad checksum%s\n", sum.drops[STT_DROP_CHECKSUM],
            plural(sum.drops[STT_DROP_CHECKSUM]));
    if (totals->other) {
        fprintf(stream, "%"PRIu64" packet%s of other protocols\n",
                totals->other, plural(totals->other));
    }
    if (totals->fragments) {
        fprintf(stream, "%"PRIu64" IP fragment%s, which are not put "
                "together\n", totals->fragments, plural(totals->fragments));
    }
    if (totals->too_short) {
        fprintf(stream, "%"PRIu64" packet%s captured too short to see what "
                "they are\n", totals->too_short, plural(totals->too_short));
    }
    if (totals->truncated) {
        fprintf(stream, "%"PRIu64" packet%s with STT segments captured in "
                "part\n", totals->truncated, plural(totals->truncated));
    }
    for (i = 1; i < STT_N_DROPS; i++) {
        if (sum.drops[i]) {
            if (!any_drops) {
                fputs("what a receiver would drop:\n", stream);
                any_drops = true;
            }
            fprintf(stream, "  %-16s %10"PRIu64"  %s\n", stt_drop_name(i),
                    sum.drops[i], stt_drop_text(i));
        }
    }

    for (i = 0; i < summary->n_tunnels; i++) {
        const struct summary_tunnel *tunnel = &summary->tunnels[i];
        char source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN];
        char name[2 * INET6_ADDRSTRLEN + 32];

        format_address(tunnel->source, source);
        format_address(tunnel->destination, destination);
        snprintf(name, sizeof name, "tunnel %s > %s.%u", source, destination,
                 tunnel->port);
        print_tunnel(tunnel, name, stream);
    }
    if (summary->other.counters.packets) {
        print_tunnel(&summary->other, "other tunnels", stream);
    }
}
