/* SPDX-License-Identifier: Apache-2.0 */
#include "dump-summary.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "dump-outer.h"
#include "stt-reassembly.h"

/* Frames and bytes with one Context ID. */
struct context {
    struct summary_tunnel *tunnel;
    uint64_t id;
    struct context *next;       /* In the tunnel's list. */
    uint64_t frames;
    uint64_t inner_bytes;
};

struct summary_tunnel {
    uint8_t source[16];
    uint8_t destination[16];
    uint16_t port;
    struct summary_counters counters;
    struct context *contexts;   /* In the order in which they came. */
    struct context *last_context;
    struct context other_contexts;
};

/* Of both kinds there is one more than is counted by itself: the place for
 * what is being looked for. */
struct summary {
    struct summary_totals totals;
    uint32_t n_tunnels;
    uint32_t n_contexts;
    struct summary_tunnel *last;    /* The one asked for last. */
    void *tunnel_tree;              /* See tsearch(3). */
    void *context_tree;
    struct summary_tunnel other;
    struct summary_tunnel tunnels[SUMMARY_TUNNELS + 1];
    struct context contexts[SUMMARY_CONTEXTS + 1];
};

/* Returns empty counters, or NULL if there is no memory.  The caller destroys
 * them with summary_destroy(). */
struct summary *
summary_create(void)
{
    return calloc(1, sizeof(struct summary));
}

struct summary_totals *
summary_totals(struct summary *summary)
{
    return &summary->totals;
}

static int
compare_tunnels(const void *a_, const void *b_)
{
    const struct summary_tunnel *a = a_, *b = b_;
    int order = memcmp(a->source, b->source, sizeof a->source);

    if (!order) {
        order = memcmp(a->destination, b->destination, sizeof a->destination);
    }
    return order ? order : a->port - b->port;
}

static int
compare_contexts(const void *a_, const void *b_)
{
    const struct context *a = a_, *b = b_;

    return (a->tunnel != b->tunnel ? (a->tunnel < b->tunnel ? -1 : 1)
            : a->id < b->id ? -1 : a->id > b->id);
}

static void
empty(void **tree, int (*compare)(const void *, const void *))
{
    while (*tree) {
        tdelete(**(void ***) tree, tree, compare);
    }
}

void
summary_destroy(struct summary *summary)
{
    if (summary) {
        empty(&summary->tunnel_tree, compare_tunnels);
        empty(&summary->context_tree, compare_contexts);
        free(summary);
    }
}

/* Returns the member of 'tree' that 'compare' takes for 'member', which
 * becomes one if there is none, unless the tree is 'full'.  Returns NULL if
 * it is, or if there is no memory. */
static void *
find(void **tree, const void *member, bool full,
     int (*compare)(const void *, const void *))
{
    void **node = (full ? tfind(member, tree, compare)
                   : tsearch(member, tree, compare));

    return node ? *node : NULL;
}

/* Returns the tunnel that the segment with 'key' came through. */
struct summary_tunnel *
summary_tunnel(struct summary *summary, const struct stt_key *key)
{
    struct summary_tunnel *probe = &summary->tunnels[summary->n_tunnels];
    struct summary_tunnel *found;

    memcpy(probe->source, key->source, sizeof probe->source);
    memcpy(probe->destination, key->destination, sizeof probe->destination);
    probe->port = key->destination_port;
    if (summary->last && !compare_tunnels(summary->last, probe)) {
        return summary->last;
    }
    found = find(&summary->tunnel_tree, probe,
                 summary->n_tunnels == SUMMARY_TUNNELS, compare_tunnels);
    if (!found) {
        return &summary->other;
    }
    summary->n_tunnels += found == probe;
    summary->last = found;
    return found;
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
    struct context *probe = &summary->contexts[summary->n_contexts];
    struct context *found;

    if (tunnel->last_context && tunnel->last_context->id == id) {
        return tunnel->last_context;
    }
    probe->tunnel = tunnel;
    probe->id = id;
    found = (tunnel == &summary->other ? NULL
             : find(&summary->context_tree, probe,
                    summary->n_contexts == SUMMARY_CONTEXTS,
                    compare_contexts));
    if (!found) {
        return &tunnel->other_contexts;
    }
    if (found == probe) {
        summary->n_contexts++;
        if (tunnel->last_context) {
            tunnel->last_context->next = found;
        } else {
            tunnel->contexts = found;
        }
        tunnel->last_context = found;
    }
    return found;
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

static const char *
plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

/* Prints the number 'n' of 'what', and the 'rest' of the line. */
static void
print_count(FILE *stream, uint64_t n, const char *what, const char *rest)
{
    fprintf(stream, "%"PRIu64" %s%s%s\n", n, what, plural(n), rest);
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
    const struct {
        const uint64_t *n;
        const char *what, *rest;
    } rare[] = {
        { &totals->other, "packet", " of other protocols" },
        { &totals->fragments, "IP fragment", ", which are not put together" },
        { &totals->too_short, "packet",
          " captured too short to see what they are" },
        { &totals->truncated, "packet",
          " with STT segments captured in part" },
    };
    struct summary_counters sum = summary->other.counters;
    bool any_drops = false;
    uint32_t i;

    for (i = 0; i < summary->n_tunnels; i++) {
        add_counters(&sum, &summary->tunnels[i].counters);
    }
    sum.drops[STT_DROP_OUTER] += totals->bad_outer;

    print_count(stream, totals->read, "packet", " read");
    print_count(stream, sum.packets, "packet", " with STT segments");
    fprintf(stream, "%"PRIu64" frame%s: %"PRIu64" in one packet, %"PRIu64
            " reassembled\n", sum.whole + sum.reassembled,
            plural(sum.whole + sum.reassembled), sum.whole, sum.reassembled);
    fprintf(stream, "%"PRIu64" lost frame%s", sum.lost, plural(sum.lost));
    if (totals->left) {
        fprintf(stream, ", %"PRIu64" of them incomplete at the end",
                totals->left);
    }
    putc('\n', stream);
    print_count(stream, sum.drops[STT_DROP_OVERLAP], "segment",
                " dropped for overlaps");
    print_count(stream, sum.drops[STT_DROP_DUPLICATE], "duplicate segment",
                "");
    print_count(stream, sum.late, "late segment", "");
    print_count(stream, sum.drops[STT_DROP_CHECKSUM], "bad checksum", "");
    for (i = 0; i < sizeof rare / sizeof rare[0]; i++) {
        if (*rare[i].n) {
            print_count(stream, *rare[i].n, rare[i].what, rare[i].rest);
        }
    }
    for (i = 1; i < STT_N_DROPS; i++) {
        if (sum.drops[i]) {
            fprintf(stream, "%s  %-16s %10"PRIu64"  %s\n",
                    any_drops ? "" : "what a receiver would drop:\n",
                    stt_drop_name(i), sum.drops[i], stt_drop_text(i));
            any_drops = true;
        }
    }

    for (i = 0; i < summary->n_tunnels; i++) {
        const struct summary_tunnel *tunnel = &summary->tunnels[i];
        const char *addresses[2];
        char name[128];

        outer_format_addresses(tunnel->source, tunnel->destination, addresses);
        snprintf(name, sizeof name, "tunnel %s > %s.%u", addresses[0],
                 addresses[1], tunnel->port);
        print_tunnel(tunnel, name, stream);
    }
    if (summary->other.counters.packets) {
        print_tunnel(&summary->other, "other tunnels", stream);
    }
}
