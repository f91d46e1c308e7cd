/* SPDX-License-Identifier: Apache-2.0 */

/* Replays captures of STT traffic: takes every segment the way a receiver does
 * and sees whether the inner packets come out intact. */

#include <config.h>

#include <pcap/pcap.h>

#include "stt-frame.h"
#include "stt-reassembly.h"
#include "stt-segment.h"
#include "stt-test.h"


/* A segment as captured. */
struct captured {
    struct stt_key key;
    struct stt_segment segment;
    const uint8_t *payload;     /* 'segment.length' bytes. */
    uint8_t *packet;            /* What 'payload' is in. */
    uint64_t when;              /* In milliseconds. */
};

/* A frame that came out. */
struct received {
    struct stt_key key;
    uint8_t *data;
    uint32_t length;
};

/* A fragment in the table, of a captured segment. */
struct held {
    struct stt_fragment fragment; /* First, so that the addresses agree. */
    const struct captured *captured;
};

/* What a summary tells. */
struct summary {
    uint32_t segments;
    uint32_t frames;
    uint32_t in_one_segment;
    uint32_t super_packets;
    uint32_t tagged;            /* VLAN tag in the frame header. */
    uint32_t ip_fragments;
    uint32_t flags[256];
    struct {
        uint64_t id;
        uint32_t n;
    } contexts[16];
    uint64_t digest;            /* Of all inner packets (FNV-1a). */
};

static struct captured *segments;
static uint32_t n_segments;

/*
 * Checksums.
 */

/* Adds the 'n' bytes at 'p' to the one's complement sum 'sum'. */
static uint32_t
sum_bytes(uint32_t sum, const uint8_t *p, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        sum += i % 2 ? p[i] : p[i] << 8;
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

static uint32_t
sum_be16(uint32_t sum, uint16_t x)
{
    sum += x;
    return (sum & 0xffff) + (sum >> 16);
}

/* Returns the sum of the pseudo-header of the IP packet at 'ip', for 'length'
 * bytes of 'protocol'. */
static uint16_t
sum_pseudo_header(const uint8_t *ip, uint8_t protocol, uint32_t length)
{
    uint32_t sum = (ip[0] >> 4 == 4 ? sum_bytes(0, ip + 12, 8)
                    : sum_bytes(0, ip + 8, 32));

    return sum_be16(sum_be16(sum_be16(sum, protocol), length >> 16),
                    length & 0xffff);
}

static uint16_t
get_be16(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}

/*
 * Inner packets.
 */

/* Checks the 'length' bytes at 'l4' of 'protocol' over the IP header 'ip'. */
static void
check_l4(const uint8_t *ip, uint8_t protocol, const uint8_t *l4,
         uint32_t length)
{
    uint16_t sum = 0;

    if (protocol == 17) {
        CHECK(length >= 8);
        CHECK_EQ(get_be16(l4 + 4), length);
        if (ip[0] >> 4 == 4 && !get_be16(l4 + 6)) {
            return;
        }
    } else if (protocol != 1 && protocol != 6 && protocol != 58) {
        FAIL("expected a protocol that the captures have, got %d", protocol);
    }
    if (protocol != 1) {
        sum = sum_pseudo_header(ip, protocol, length);
    }
    CHECK_EQ(sum_bytes(sum, l4, length), 0xffff);
}

/* Checks lengths and checksums of the 'length' bytes of the Ethernet packet
 * 'p', whose checksums are complete.  Returns true if it is an IP fragment. */
static bool
check_inner(const uint8_t *p, uint32_t length)
{
    const uint8_t *end = p + length;
    const uint8_t *ip = p + 14;
    const uint8_t *l4;
    uint8_t protocol;

    while (get_be16(ip - 2) == 0x8100 || get_be16(ip - 2) == 0x88a8) {
        ip += 4;
    }
    switch (get_be16(ip - 2)) {
    case 0x0800:
        CHECK_EQ(ip[0], 0x45);
        CHECK_EQ(get_be16(ip + 2), end - ip);
        CHECK_EQ(sum_bytes(0, ip, 20), 0xffff);
        if (get_be16(ip + 6) & 0x3fff) {
            return true;
        }
        check_l4(ip, ip[9], ip + 20, end - ip - 20);
        return false;

    case 0x86dd:
        CHECK_EQ(ip[0] >> 4, 6);
        CHECK_EQ(get_be16(ip + 4), end - ip - 40);
        protocol = ip[6];
        l4 = ip + 40;
        if (protocol == 0) {
            /* Hop-by-hop options, of multicast listener reports. */
            protocol = l4[0];
            l4 += 8 + l4[1] * 8;
        }
        check_l4(ip, protocol, l4, end - l4);
        return false;

    case 0x0806:
        CHECK_EQ(end - ip, 28);
        return false;

    default:
        FAIL("expected an Ethertype that the captures have, got %#x",
             get_be16(ip - 2));
    }
}

static void
count_context(struct summary *summary, uint64_t id)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(summary->contexts); i++) {
        if (!summary->contexts[i].n || summary->contexts[i].id == id) {
            summary->contexts[i].id = id;
            summary->contexts[i].n++;
            return;
        }
    }
    FAIL("expected fewer Context IDs");
}

/* Takes the frame apart like a receiver whose next hop has no offloads at
 * all, short of cutting super-packets. */
static void
check_frame(const struct received *received, struct summary *summary)
{
    uint32_t length = received->length - STT_FRAME_HEADER_LEN;
    uint8_t *buffer = test_alloc(length + 4);
    uint8_t *packet = buffer + 4;
    struct stt_frame frame;
    struct stt_inner inner;
    uint32_t i;

    CHECK_EQ(stt_frame_read(received->data, received->length, &frame),
             STT_DROP_NONE);
    memcpy(packet, received->data + STT_FRAME_HEADER_LEN, length);
    CHECK_EQ(stt_frame_check_offload(packet, length, length, &frame,
                                     &inner),
             STT_DROP_NONE);
    summary->frames++;
    summary->flags[frame.flags]++;
    summary->super_packets += frame.mss != 0;
    summary->tagged += frame.has_vlan;
    count_context(summary, frame.context_id);

    if (frame.flags & STT_FLAG_PARTIAL) {
        uint8_t *l4 = packet + inner.l4_offset;
        uint8_t *field = l4 + stt_inner_checksum_offset(inner.protocol);
        uint32_t n = inner.end - inner.l4_offset;
        uint16_t sum;

        /* The field has the pseudo-header's sum, which completes itself. */
        CHECK_EQ(get_be16(field),
                 sum_pseudo_header(packet + inner.l3_offset, inner.protocol,
                                   n));
        sum = ~sum_bytes(0, l4, n);
        if (!sum && inner.protocol == STT_IPPROTO_UDP) {
            sum = 0xffff;
        }
        stt_put_be16(field, sum);
    }
    if (frame.has_vlan) {
        packet = memmove(buffer, packet, 12);
        stt_put_be16(packet + 12, 0x8100);
        stt_put_be16(packet + 14, frame.vlan);
        length += 4;
    }
    summary->ip_fragments += check_inner(packet, length);
    for (i = 0; i < length; i++) {
        summary->digest = (summary->digest ^ packet[i]) * 0x100000001b3;
    }
    free(buffer);
}

/*
 * Segments.
 */

static int
compare_frames(const void *a_, const void *b_)
{
    const struct received *a = a_;
    const struct received *b = b_;

    return memcmp(&a->key, &b->key, sizeof a->key);
}

/* Puts the 'n' segments that 'order' has the numbers of into a table.  Stores
 * the frames that come out in 'frames', which has room for 'n', in the order
 * in which they come, and returns their number.  Stores in '*n_left' how many
 * segments were left over. */
static uint32_t
replay(const uint32_t order[], uint32_t n, bool keep_time,
       struct received frames[], uint32_t *n_left)
{
    static const uint64_t seed[2] = { 1, 2 };
    struct stt_limits limits = STT_DEFAULT_LIMITS;
    struct held *held = test_alloc(n * sizeof *held);
    struct stt_fragment *dead = NULL;
    struct stt_reassembly *table;
    uint32_t n_frames = 0;
    uint32_t n_used = 0;
    uint32_t n_duplicates = 0;
    uint32_t i;

    table = stt_reassembly_create(4, seed, &limits);
    for (i = 0; i < n; i++) {
        const struct captured *captured = &segments[order[i]];
        const struct stt_segment *segment = &captured->segment;
        struct received *frame = &frames[n_frames];
        struct stt_fragment *chain;

        held[i].captured = captured;
        held[i].fragment.charge = segment->length + 500;
        held[i].fragment.ecn = 0;
        held[i].fragment.next = NULL;
        held[i].fragment.offset = 0;
        held[i].fragment.length = segment->length;
        chain = &held[i].fragment;
        if (!stt_segment_is_frame(segment)) {
            chain = stt_reassembly_insert(table, &captured->key, segment,
                                          &held[i].fragment,
                                          keep_time ? captured->when : 0,
                                          &dead);
        }
        if (!chain) {
            continue;
        }

        frame->key = captured->key;
        frame->length = 0;
        frame->data = test_alloc(segment->frame_length);
        for (; chain; chain = chain->next) {
            const struct held *h = (const struct held *) chain;

            CHECK_EQ(chain->offset, frame->length);
            CHECK(frame->length + chain->length <= segment->frame_length);
            memcpy(frame->data + frame->length, h->captured->payload,
                   chain->length);
            frame->length += chain->length;
            n_used++;
        }
        CHECK_EQ(frame->length, segment->frame_length);
        n_frames++;
    }

    for (; dead; dead = dead->next) {
        CHECK_TEXT(stt_drop_name(dead->drop), "rx_duplicate");
        n_duplicates++;
    }
    *n_left = 0;
    for (dead = stt_reassembly_destroy(table); dead; dead = dead->next) {
        ++*n_left;
    }
    CHECK_EQ(n_used + n_duplicates + *n_left, n);
    free(held);
    return n_frames;
}

static void
free_frames(struct received frames[], uint32_t n)
{
    uint32_t i;

    for (i = 0; i < n; i++) {
        free(frames[i].data);
    }
    free(frames);
}

/*
 * Captures.
 */

/* Reads the captured packet of 'length' bytes at 'p', if it has a segment. */
static void
read_packet(const uint8_t *p, uint32_t length, uint64_t when)
{
    struct captured *captured;
    const uint8_t *ip, *tcp;
    uint32_t tcp_length;

    CHECK(length >= 14 + 4 + 20);
    ip = p + 14 + (get_be16(p + 12) == 0x8100 ? 4 : 0);
    if (get_be16(ip - 2) != 0x0800 || ip[9] != 6) {
        return;
    }
    CHECK_EQ(sum_bytes(0, ip, (ip[0] & 0xf) * 4), 0xffff);
    CHECK(get_be16(ip + 2) <= p + length - ip);
    tcp = ip + (ip[0] & 0xf) * 4;
    tcp_length = get_be16(ip + 2) - (tcp - ip);
    if (tcp_length >= 4 && get_be16(tcp + 2) != STT_DEFAULT_PORT) {
        return;
    }

    segments = realloc(segments, (n_segments + 1) * sizeof *segments);
    CHECK(segments);
    captured = &segments[n_segments++];
    memset(captured, 0, sizeof *captured);
    captured->packet = test_copy(tcp, tcp_length);
    captured->payload = captured->packet + STT_SEGMENT_HEADER_LEN;
    captured->when = when;
    CHECK_EQ(sum_bytes(sum_pseudo_header(ip, 6, tcp_length), captured->packet,
                       tcp_length), 0xffff);
    CHECK_EQ(stt_segment_read(captured->packet, tcp_length,
                              &captured->segment), STT_DROP_NONE);
    CHECK_EQ(stt_segment_check(&captured->segment), STT_DROP_NONE);

    memset(captured->key.source + 10, 0xff, 2);
    memcpy(captured->key.source + 12, ip + 12, 4);
    memset(captured->key.destination + 10, 0xff, 2);
    memcpy(captured->key.destination + 12, ip + 16, 4);
    captured->key.frame_id = captured->segment.frame_id;
    captured->key.source_port = captured->segment.source_port;
    captured->key.destination_port = captured->segment.destination_port;
}

static void
read_capture(const char *name)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = pcap_open_offline(name, error);
    struct pcap_pkthdr *header;
    const u_char *data;
    int result;

    if (!pcap) {
        FAIL("%s: %s", name, error);
    }
    CHECK_EQ(pcap_datalink(pcap), DLT_EN10MB);
    while ((result = pcap_next_ex(pcap, &header, &data)) == 1) {
        snprintf(test_context, sizeof test_context, "packet %u of %s",
                 n_segments + 1, name);
        CHECK_EQ(header->caplen, header->len);
        read_packet(data, header->caplen,
                    (uint64_t) header->ts.tv_sec * 1000
                    + header->ts.tv_usec / 1000);
    }
    CHECK_EQ(result, PCAP_ERROR_BREAK);
    pcap_close(pcap);
    test_context[0] = '\0';
}

static void
free_capture(void)
{
    while (n_segments) {
        free(segments[--n_segments].packet);
    }
    free(segments);
    segments = NULL;
}

/* Replays the capture 'name' as it is, checks all frames and prints a
 * summary. */
static void
replay_as_is(const char *name)
{
    const char *base = strrchr(name, '/');
    struct summary summary = { .digest = 0xcbf29ce484222325 };
    struct received *frames = test_alloc(n_segments * sizeof *frames);
    uint32_t *order = test_alloc(n_segments * sizeof *order);
    uint32_t n, n_left, i;

    for (i = 0; i < n_segments; i++) {
        order[i] = i;
        summary.in_one_segment += stt_segment_is_frame(&segments[i].segment);
    }
    n = replay(order, n_segments, true, frames, &n_left);
    for (i = 0; i < n; i++) {
        snprintf(test_context, sizeof test_context, "frame %u of %s", i + 1,
                 name);
        check_frame(&frames[i], &summary);
    }
    test_context[0] = '\0';

    printf("%s: %u segments, %u left over\n", base ? base + 1 : name,
           n_segments, n_left);
    printf("frames: %u, %u in one segment, %u super-packets, %u tagged, "
           "%u IP fragments\n", summary.frames, summary.in_one_segment,
           summary.super_packets, summary.tagged, summary.ip_fragments);
    printf("flags:");
    for (i = 0; i < 256; i++) {
        if (summary.flags[i]) {
            printf(" %02x: %u", i, summary.flags[i]);
        }
    }
    printf("\ncontext ids:");
    for (i = 0; i < ARRAY_SIZE(summary.contexts); i++) {
        if (summary.contexts[i].n) {
            printf(" %#"PRIx64": %u", summary.contexts[i].id,
                   summary.contexts[i].n);
        }
    }
    printf("\ninner packets: %016"PRIx64"\n", summary.digest);
    free_frames(frames, n);
    free(order);
}

/* Replays the capture 'name' with its segments in another order and some of
 * them twice, and compares with what came before. */
static void
replay_shuffled(const char *name, uint64_t seed)
{
    struct test_random random = { seed };
    uint32_t n_more = n_segments / 10;
    uint32_t n = n_segments + n_more;
    uint32_t *order = test_alloc(n * sizeof *order);
    struct received *expected = test_alloc(n * sizeof *expected);
    struct received *frames = test_alloc(n * sizeof *frames);
    uint32_t n_expected, n_frames, n_distinct, n_left, i;

    snprintf(test_context, sizeof test_context, "shuffle --seed %"PRIu64" %s",
             seed, name);
    for (i = 0; i < n; i++) {
        order[i] = i < n_segments ? i : random_below(&random, n_segments);
    }
    n_expected = replay(order, n_segments, true, expected, &n_left);
    CHECK_EQ(n_left, 0);
    random_shuffle(&random, order, n);
    n_frames = replay(order, n, false, frames, &n_left);

    qsort(expected, n_expected, sizeof *expected, compare_frames);
    qsort(frames, n_frames, sizeof *frames, compare_frames);
    n_distinct = 0;
    for (i = 0; i < n_frames; i++) {
        const struct received *e;

        /* All its segments may have come twice. */
        if (i && !compare_frames(&frames[i], &frames[i - 1])) {
            n_distinct--;
        }
        CHECK(n_distinct < n_expected);
        e = &expected[n_distinct++];
        CHECK(!compare_frames(&frames[i], e));
        CHECK_EQ(frames[i].length, e->length);
        CHECK_BYTES(frames[i].data, e->data, e->length);
    }
    CHECK_EQ(n_distinct, n_expected);
    free_frames(expected, n_expected);
    free_frames(frames, n_frames);
    free(order);
}

static void
test_replay(void)
{
    int i;

    for (i = 0; i < test_n_arguments; i++) {
        read_capture(test_arguments[i]);
        replay_as_is(test_arguments[i]);
        free_capture();
    }
}

static void
test_shuffle(void)
{
    uint64_t n_seeds = test_steps ? test_steps : 50;
    uint64_t seed;
    int i;

    for (i = 0; i < test_n_arguments; i++) {
        read_capture(test_arguments[i]);
        for (seed = test_seed; seed < test_seed + n_seeds; seed++) {
            replay_shuffled(test_arguments[i], seed);
        }
        free_capture();
    }
}

int
main(int argc, char *argv[])
{
    static const struct test_command commands[] = {
        { "replay", test_replay },
        { "shuffle", test_shuffle },
    };

    return test_main(argc, argv, commands, ARRAY_SIZE(commands));
}
