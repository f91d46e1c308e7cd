/* SPDX-License-Identifier: Apache-2.0 */

/* What lib/ costs for each frame
 * ==============================
 *
 * Each case takes a number of frames through one part of lib/ again and again,
 * as the datapaths do.  There is no payload, as lib/ never looks at it, and
 * what a datapath does by itself, such as the checksum of a segment, is not in
 * here.
 *
 * The figures are of CPU time.  For counting instructions under valgrind there
 * is --frames, with which each case is run for a fixed number of frames in one
 * call of measured(), and in none but that: tests/bench-lib does the rest. */

#include <config.h>

#include <getopt.h>
#include <time.h>
#include <unistd.h>

#include "stt-frame.h"
#include "stt-inner.h"
#include "stt-reassembly.h"
#include "stt-segment.h"
#include "stt-test.h"


enum {
    PATH_MTU = 1500,
    SEGMENT_SIZE = 1460,        /* With an IPv4 header outside. */
    FULL_SEGMENTS = 45,         /* Of a frame of maximum length. */
    INNER_HEADERS_LEN = 54,     /* Ethernet, IPv4 and TCP. */
    INNER_MSS = 1448,
    L4_OFFSET = 34,
    CHARGE = 2304,              /* Of the kernel for such a segment. */
    HOSTILE_CHARGE = 32,        /* Little, so that no limit is in the way. */
    N_SHARDS = 8,
};

/* So many frames are under way at a time: about as many as the default limits
 * let one source have, and all together. */
enum {
    FRAMES_OF_ONE_SOURCE = 64,
    FRAMES_OF_MANY_SOURCES = 512,
    HOSTILE_FRAMES = 512,
};

static const uint64_t context_id = 0x123456789abcdef0;

/* A sample is as long as this, in nanoseconds of CPU time, so that reading the
 * clock does not matter. */
static const uint64_t sample_time = 5 * 1000 * 1000;

/* A segment, as the packet that holds it. */
struct packet {
    struct stt_fragment fragment;
    struct stt_segment segment;
    uint8_t header[STT_SEGMENT_HEADER_LEN];
};

struct frame {
    struct stt_key key;
    uint32_t length;
    uint32_t n_packets;
    struct packet *packets;

    /* STT frame header and headers of the inner packet. */
    uint8_t headers[STT_FRAME_HEADER_LEN + INNER_HEADERS_LEN];

    struct stt_fragment *whole; /* The chain that came out at last. */
};

/* The arrival of a segment. */
struct arrival {
    struct frame *frame;
    struct packet *packet;
};

enum order {
    IN_ORDER,
    REVERSED,
    SHUFFLED,
    FROM_FRONT,                 /* The last one first, then in order. */
    ODD_FIRST,                  /* Every other one, then those between. */
};

/* A case at work.  In one round, each of its frames is taken through lib/. */
struct work {
    char name[32];
    const struct kind *kind;
    struct frame *frames;
    uint32_t n_frames;
    struct packet *packets;     /* Of all of them. */
    struct arrival *arrivals;
    uint32_t n_arrivals;
    struct stt_reassembly *table;
    uint32_t next_id;           /* Frame id. */

    /* What came of all rounds. */
    uint64_t n_rounds;
    uint64_t n_whole;           /* Frames that came out. */
    uint64_t n_bytes;           /* In them. */
    uint64_t n_dropped;         /* Segments and frames. */
    struct stt_fragment *dead;

    uint64_t rounds;            /* In one sample. */
    double *samples;            /* Nanoseconds for each frame. */
};

/* Cases that differ in nothing but the size of frames. */
struct kind {
    const char *name;
    const char *title;
    void (*run)(struct work *, uint64_t n_rounds);
    void (*check)(const struct work *); /* Of the last round, or NULL. */
    uint32_t n_frames;
    uint32_t n_sources;
    enum order order;
    bool reassembles;           /* So that frames of one segment are none. */
    bool hostile;               /* One byte in each of the most segments. */
};

/* In segments.  The last one is for hostile cases, the others are for the rest. */
static const uint32_t sizes[] = { 1, 8, FULL_SEGMENTS, STT_MAX_SEGMENTS };

/*
 * Frames.
 */

/* Writes the headers of the inner packet of 'frame': TCP over IPv4. */
static void
make_inner(struct frame *frame)
{
    uint8_t *ethernet = frame->headers + STT_FRAME_HEADER_LEN;
    uint8_t *ip = ethernet + STT_ETHERNET_HEADER_LEN;
    uint8_t *tcp = ethernet + L4_OFFSET;
    uint32_t sum = 0;
    size_t i;

    memset(ethernet, 0, INNER_HEADERS_LEN);
    stt_put_be16(ip - 2, 0x0800);
    ip[0] = 0x45;
    stt_put_be16(ip + 2, (frame->length - STT_FRAME_HEADER_LEN
                          - STT_ETHERNET_HEADER_LEN));
    ip[9] = STT_IPPROTO_TCP;
    for (i = 0; i < L4_OFFSET - STT_ETHERNET_HEADER_LEN; i += 2) {
        sum += stt_get_be16(ip + i);
        sum = (sum & 0xffff) + (sum >> 16);
    }
    stt_put_be16(ip + 10, ~sum);
    tcp[12] = STT_TCP_HEADER_LEN / 4 << 4;
}

/* Returns the MSS of the inner packet: it is a super-packet if it does not fit
 * into one segment. */
static uint16_t
inner_mss(const struct frame *frame)
{
    return frame->length > SEGMENT_SIZE ? INNER_MSS : 0;
}

/* Writes the TCP-like header of 'frame', as it leaves before segmentation, into
 * 'header', and the STT frame header to its place.  Returns false if the frame
 * cannot be sent. */
static bool
build_frame(struct frame *frame, uint32_t frame_id,
            uint8_t header[STT_SEGMENT_HEADER_LEN])
{
    uint8_t *inner = frame->headers + STT_FRAME_HEADER_LEN;
    struct stt_frame described = { .context_id = context_id };
    const struct stt_unfinished unfinished = {
        .checksum_start = INNER_HEADERS_LEN - STT_TCP_HEADER_LEN,
        .checksum_offset = STT_TCP_CHECKSUM,
        .mss = inner_mss(frame),
    };
    const struct stt_segment segment = {
        .source_port = 50000,
        .destination_port = STT_DEFAULT_PORT,
        .frame_id = frame_id,
        .frame_length = frame->length,
    };

    if (!stt_frame_describe(inner, INNER_HEADERS_LEN,
                            frame->length - STT_FRAME_HEADER_LEN,
                            &unfinished, &described)
        || !stt_segment_count(frame->length,
                              stt_segment_size(PATH_MTU, false))) {
        return false;
    }
    stt_segment_write(header, &segment);
    stt_frame_write(frame->headers, &described);
    return true;
}

/* Makes 'frame' of 'n' segments, which the 'packets' are to hold, the frame
 * number 'i' from source number 'source'. */
static void
make_frame(struct frame *frame, struct packet packets[], uint32_t n,
           bool hostile, uint32_t i, uint32_t source)
{
    uint32_t size = hostile ? 1 : SEGMENT_SIZE;
    uint32_t end = n * size;
    uint32_t j;

    memset(frame, 0, sizeof *frame);
    memset(packets, 0, n * sizeof *packets);
    frame->packets = packets;
    frame->length = end < STT_MAX_FRAME_LEN ? end : STT_MAX_FRAME_LEN;
    frame->n_packets = n;
    make_inner(frame);

    stt_put_be32(frame->key.source + 12, 0x0a000001 + source);
    stt_put_be32(frame->key.destination + 12, 0x0b000001);
    frame->key.frame_id = i;
    frame->key.source_port = 50000;
    frame->key.destination_port = STT_DEFAULT_PORT;

    for (j = 0; j < n; j++) {
        struct packet *packet = &frame->packets[j];
        uint32_t offset = j * size;
        uint32_t left = frame->length - offset;
        struct stt_segment *segment = &packet->segment;

        CHECK(build_frame(frame, i, packet->header));
        segment->length = left < size ? left : size;
        CHECK_EQ(stt_segment_read(packet->header,
                                  STT_SEGMENT_HEADER_LEN + segment->length,
                                  segment),
                 STT_DROP_NONE);
        segment->offset = offset;
        stt_segment_write(packet->header, segment);
        packet->fragment.charge = hostile ? HOSTILE_CHARGE : CHARGE;
    }
}

/*
 * What is measured.
 */

static void
run_build(struct work *work, uint64_t n_rounds)
{
    for (; n_rounds; n_rounds--) {
        struct frame *frame = work->frames;

        work->n_whole += build_frame(frame, work->next_id++,
                                     frame->packets[0].header);
        work->n_bytes += frame->length;
    }
}

static void
check_build(const struct work *work)
{
    const struct frame *frame = work->frames;
    const uint8_t *inner = frame->headers + STT_FRAME_HEADER_LEN;
    uint32_t length = frame->length - STT_FRAME_HEADER_LEN;
    struct stt_segment segment;
    struct stt_frame described;
    struct stt_inner found;

    CHECK_EQ(stt_segment_read(frame->packets[0].header,
                              STT_SEGMENT_HEADER_LEN + frame->length,
                              &segment),
             STT_DROP_NONE);
    CHECK_EQ(stt_segment_check(&segment), STT_DROP_NONE);
    CHECK(stt_segment_is_frame(&segment));
    CHECK_EQ(segment.frame_id, work->next_id - 1);
    CHECK_EQ(segment.destination_port, STT_DEFAULT_PORT);

    CHECK_EQ(stt_frame_read(frame->headers, frame->length, &described),
             STT_DROP_NONE);
    CHECK_EQ(described.context_id, context_id);
    CHECK_EQ(described.flags,
             STT_FLAG_PARTIAL | STT_FLAG_IPV4 | STT_FLAG_TCP);
    CHECK_EQ(described.l4_offset, L4_OFFSET);
    CHECK_EQ(described.mss, inner_mss(frame));
    CHECK_EQ(stt_frame_check_offload(inner, INNER_HEADERS_LEN, length,
                                     &described, &found),
             STT_DROP_NONE);
}

/* Reads and checks the header of a segment that has arrived.  Returns false if
 * it is to be dropped. */
static inline bool
read_segment(const struct arrival *arrival, struct stt_segment *segment)
{
    const struct packet *packet = arrival->packet;

    return (!stt_segment_read(packet->header,
                              STT_SEGMENT_HEADER_LEN + packet->segment.length,
                              segment)
            && !stt_segment_check(segment));
}

/* Reads and checks the headers of a frame that has come out. */
static inline void
read_frame(struct work *work, const struct frame *frame)
{
    const uint8_t *inner = frame->headers + STT_FRAME_HEADER_LEN;
    uint32_t length = frame->length - STT_FRAME_HEADER_LEN;
    struct stt_frame described;
    struct stt_inner found;

    if (stt_frame_read(frame->headers, frame->length, &described)
        || stt_frame_check_offload(inner, INNER_HEADERS_LEN, length,
                                   &described, &found)
        || described.mss != inner_mss(frame)) {
        work->n_dropped++;
    } else {
        work->n_whole++;
    }
}

static void
run_check(struct work *work, uint64_t n_rounds)
{
    for (; n_rounds; n_rounds--) {
        uint32_t i;

        for (i = 0; i < work->n_arrivals; i++) {
            struct stt_segment segment;

            if (read_segment(&work->arrivals[i], &segment)) {
                work->n_bytes += segment.length;
            } else {
                work->n_dropped++;
            }
        }
        read_frame(work, work->frames);
    }
}

static void
run_reassemble(struct work *work, uint64_t n_rounds)
{
    for (; n_rounds; n_rounds--) {
        uint32_t i;

        for (i = 0; i < work->n_frames; i++) {
            work->frames[i].key.frame_id = work->next_id++;
        }
        for (i = 0; i < work->n_arrivals; i++) {
            const struct arrival *arrival = &work->arrivals[i];
            struct frame *frame = arrival->frame;
            struct packet *packet = arrival->packet;
            struct stt_fragment *whole;

            whole = stt_reassembly_insert(work->table, &frame->key,
                                          &packet->segment, &packet->fragment,
                                          0, &work->dead);
            if (whole) {
                frame->whole = whole;
                work->n_whole++;
                work->n_bytes += frame->length;
            }
        }
    }
}

static void
check_reassemble(const struct work *work)
{
    struct stt_occupancy occupancy;
    uint32_t i, j;

    for (i = 0; i < work->n_frames; i++) {
        struct frame *frame = &work->frames[i];
        const struct stt_fragment *fragment = frame->whole;

        for (j = 0; j < frame->n_packets; j++) {
            CHECK(fragment == &frame->packets[j].fragment);
            CHECK_EQ(fragment->offset, frame->packets[j].segment.offset);
            CHECK_EQ(fragment->length, frame->packets[j].segment.length);
            fragment = fragment->next;
        }
        CHECK(!fragment);
        frame->whole = NULL;
    }
    CHECK(!work->dead);
    stt_reassembly_get_occupancy(work->table, &occupancy);
    CHECK_EQ(occupancy.bytes, 0);
    CHECK_EQ(occupancy.frames, 0);
    CHECK_EQ(occupancy.sources, 0);
}

/* All that is done for a frame with one segment behind the other. */
static void
run_receive(struct work *work, uint64_t n_rounds)
{
    for (; n_rounds; n_rounds--) {
        uint32_t i;

        for (i = 0; i < work->n_arrivals; i++) {
            const struct arrival *arrival = &work->arrivals[i];
            struct frame *frame = arrival->frame;
            struct stt_fragment *fragment = &arrival->packet->fragment;
            struct stt_segment segment;

            if (!read_segment(arrival, &segment)) {
                work->n_dropped++;
                continue;
            }
            work->n_bytes += segment.length;
            if (!stt_segment_is_frame(&segment)) {
                struct stt_key key = frame->key;

                key.frame_id = segment.frame_id;
                key.source_port = segment.source_port;
                key.destination_port = segment.destination_port;
                fragment = stt_reassembly_insert(work->table, &key, &segment,
                                                 fragment, 0, &work->dead);
            }
            if (fragment) {
                frame->whole = fragment;
                read_frame(work, frame);
            }
        }
    }
}

static void
check_receive(const struct work *work)
{
    struct frame *frame = work->frames;

    if (frame->n_packets == 1) {
        struct stt_fragment *fragment = &frame->packets[0].fragment;

        /* The table, which it has passed by, did not fill this in. */
        CHECK(frame->whole == fragment);
        fragment->length = frame->length;
    }
    check_reassemble(work);
}

static const struct kind kinds[] = {
    { "build", "headers of a frame to be sent",
      run_build, check_build, 1, 1, IN_ORDER, false, false },
    { "check", "headers of a frame and its segments read and checked",
      run_check, NULL, 1, 1, IN_ORDER, false, false },
    { "ordered", "segments put together that came in order",
      run_reassemble, check_reassemble, 1, 1, IN_ORDER, true, false },
    { "reversed", "the same, the last segment first",
      run_reassemble, check_reassemble, 1, 1, REVERSED, true, false },
    { "shuffled", "the same, the segments in a random order",
      run_reassemble, check_reassemble, 1, 1, SHUFFLED, true, false },
    { "frames", "64 frames of one source at a time, a segment of each in turn",
      run_reassemble, check_reassemble, FRAMES_OF_ONE_SOURCE, 1, IN_ORDER,
      true, false },
    { "sources", "512 frames at a time, each of another source, likewise",
      run_reassemble, check_reassemble, FRAMES_OF_MANY_SOURCES,
      FRAMES_OF_MANY_SOURCES, IN_ORDER, true, false },
    { "receive", "all that is done for a frame whose segments come in order",
      run_receive, check_receive, 1, 1, IN_ORDER, false, false },
    { "front", "512 frames of a byte per segment, the last one, then in order",
      run_reassemble, check_reassemble, HOSTILE_FRAMES, 1, FROM_FRONT, true,
      true },
    { "back", "the same, the last segment first",
      run_reassemble, check_reassemble, HOSTILE_FRAMES, 1, REVERSED, true,
      true },
    { "odd", "the same, every other segment, then those between",
      run_reassemble, check_reassemble, HOSTILE_FRAMES, 1, ODD_FIRST, true,
      true },
};

/* Runs 'n_rounds' of 'work'.  Nothing else calls what is to be counted but the
 * warm-up, so its name is what valgrind is told. */
static __attribute__((noinline)) void
measured(struct work *work, uint64_t n_rounds)
{
    work->kind->run(work, n_rounds);
    work->n_rounds += n_rounds;
}

/*
 * Cases.
 */

static void
set_context(const struct work *work)
{
    snprintf(test_context, sizeof test_context, "case %s", work->name);
}

/* Fills in the order in which the segments arrive: one of each frame in turn,
 * which of them as 'work->kind->order' has it. */
static void
make_arrivals(struct work *work, uint32_t n_segments)
{
    enum order order = work->kind->order;
    uint32_t segments[STT_MAX_SEGMENTS];
    struct test_random random = { test_seed };
    uint32_t i, j;

    for (i = 0; i < n_segments; i++) {
        uint32_t n_odd = n_segments / 2;

        segments[i] = (order == REVERSED ? n_segments - 1 - i
                       : order == FROM_FRONT ? (i ? i : n_segments) - 1
                       : order == ODD_FIRST
                       ? (i < n_odd ? 2 * i + 1 : 2 * (i - n_odd))
                       : i);
    }
    if (order == SHUFFLED) {
        random_shuffle(&random, segments, n_segments);
    }

    work->n_arrivals = n_segments * work->n_frames;
    work->arrivals = test_alloc(work->n_arrivals * sizeof *work->arrivals);
    for (i = 0; i < n_segments; i++) {
        for (j = 0; j < work->n_frames; j++) {
            work->arrivals[i * work->n_frames + j] = (struct arrival) {
                .frame = &work->frames[j],
                .packet = &work->frames[j].packets[segments[i]],
            };
        }
    }
}

/* Checks that all frames came out whole, in the last round segment for
 * segment. */
static void
check(const struct work *work)
{
    uint64_t n_frames = work->n_rounds * work->n_frames;

    set_context(work);
    CHECK_EQ(work->n_dropped, 0);
    CHECK_EQ(work->n_whole, n_frames);
    CHECK_EQ(work->n_bytes, n_frames * work->frames[0].length);
    if (work->kind->check) {
        work->kind->check(work);
    }
}

/* Makes 'work' the case 'kind' with frames of 'n_segments', and does one round
 * of it, after which nothing is done for the first time any more.  The caller
 * destroys it. */
static void
work_init(struct work *work, const struct kind *kind, uint32_t n_segments)
{
    static const uint64_t seed[2] = { 1, 2 };
    const struct stt_limits limits = STT_DEFAULT_LIMITS;
    uint32_t i;

    memset(work, 0, sizeof *work);
    snprintf(work->name, sizeof work->name, "%s-%u", kind->name, n_segments);
    set_context(work);
    work->kind = kind;
    work->n_frames = kind->n_frames;
    work->frames = test_alloc(work->n_frames * sizeof *work->frames);
    work->packets = test_alloc(work->n_frames * n_segments
                               * sizeof *work->packets);
    for (i = 0; i < work->n_frames; i++) {
        make_frame(&work->frames[i], &work->packets[i * n_segments],
                   n_segments, kind->hostile, i, i % kind->n_sources);
    }
    make_arrivals(work, n_segments);
    work->table = stt_reassembly_create(N_SHARDS, seed, &limits);
    CHECK(work->table);

    kind->run(work, 1);
    work->n_rounds++;
    check(work);
}

static void
work_destroy(struct work *work)
{
    CHECK(!stt_reassembly_destroy(work->table));
    free(work->frames);
    free(work->packets);
    free(work->arrivals);
    free(work->samples);
}

/*
 * Time.
 */

/* Returns the nanoseconds of CPU time that 'n_rounds' of 'work' take. */
static uint64_t
time_rounds(struct work *work, uint64_t n_rounds)
{
    struct timespec begin, end;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    measured(work, n_rounds);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    check(work);
    return ((end.tv_sec - begin.tv_sec) * UINT64_C(1000000000)
            + end.tv_nsec - begin.tv_nsec);
}

static int
compare_samples(const void *a_, const void *b_)
{
    const double *a = a_;
    const double *b = b_;

    return *a < *b ? -1 : *a > *b;
}

/* Takes 'n_samples' of each of the 'n' 'works' and prints their medians and
 * extremes.  The cases take turns, so that a change of the machine's mood hits
 * all. */
static void
time_works(struct work works[], size_t n, size_t n_samples)
{
    size_t i, j;

    for (i = 0; i < n; i++) {
        struct work *work = &works[i];

        work->samples = test_alloc(n_samples * sizeof *work->samples);
        work->rounds = 1;
        while (time_rounds(work, work->rounds) < sample_time) {
            work->rounds *= 2;
        }
    }
    for (j = 0; j < n_samples; j++) {
        for (i = 0; i < n; i++) {
            struct work *work = &works[i];

            work->samples[j] = ((double) time_rounds(work, work->rounds)
                                / work->rounds / work->n_frames);
        }
    }

    printf("%-12s %10s %10s %10s\n", "ns/frame", "median", "min", "max");
    for (i = 0; i < n; i++) {
        double *samples = works[i].samples;

        qsort(samples, n_samples, sizeof *samples, compare_samples);
        printf("%-12s %10.1f %10.1f %10.1f\n", works[i].name,
               (samples[(n_samples - 1) / 2] + samples[n_samples / 2]) / 2,
               samples[0], samples[n_samples - 1]);
    }
}

/* Runs each of the 'n' 'works' for at least 'n_frames' and prints for how many
 * it was. */
static void
run_works(struct work works[], size_t n, uint64_t n_frames)
{
    size_t i;

    printf("%-12s %10s\n", "case", "frames");
    for (i = 0; i < n; i++) {
        struct work *work = &works[i];
        uint64_t n_rounds = (n_frames + work->n_frames - 1) / work->n_frames;

        measured(work, n_rounds);
        check(work);
        printf("%-12s %10"PRIu64"\n", work->name, n_rounds * work->n_frames);
    }
}

/*
 * Options.
 */

static void
usage(void)
{
    printf("bench-stt-lib: what the protocol library costs for each frame\n"
           "usage: bench-stt-lib [OPTION]...\n"
           "Prints nanoseconds of CPU time for each frame.\n\n"
           "  --only=NAME    the case NAME, or those named NAME-SEGMENTS; may be\n"
           "                 given several times\n"
           "  --repeats=N    samples of which the median is taken (default: 9)\n"
           "  --frames=N     instead run each case once, for N frames or as many\n"
           "                 more as it has at a time, and print their number: for\n"
           "                 counting instructions of the function measured()\n"
           "  --list         print the cases\n"
           "  --build        print what the program was built with\n"
           "  -h, --help     print this text\n\n"
           "Exit status: 0 if all frames came out whole, 1 if not, 2 on wrong\n"
           "usage.\n");
}

/* Prints what the number of instructions depends on, on one line. */
static void
print_build(void)
{
    char libc[64] = "";

    confstr(_CS_GNU_LIBC_VERSION, libc, sizeof libc);
#ifdef __clang__
    printf("clang %s", __clang_version__);
#else
    printf("gcc %s", __VERSION__);
#endif
    printf(" for %s, %s, %s\n", BENCH_CPU, BENCH_FLAGS, libc);
}

static uint64_t
parse_positive(const char *option, const char *argument)
{
    char *end;
    uint64_t n;

    errno = 0;
    n = strtoull(argument, &end, 10);
    if (errno || end == argument || *end || *argument == '-' || !n
        || n > 1000000) {
        fprintf(stderr, "bench-stt-lib: %s: '%s' is not a number from 1 to "
                "1000000\n", option, argument);
        exit(2);
    }
    return n;
}

/* The 'n' names that --only was given. */
struct selection {
    const char *names[64];
    bool known[64];
    size_t n;
};

/* Returns true if 'selection', which is all cases if it is empty, has the case
 * 'kind' with 'n_segments'. */
static bool
is_selected(struct selection *selection, const struct kind *kind,
            uint32_t n_segments)
{
    bool selected = !selection->n;
    char name[32];
    size_t i;

    snprintf(name, sizeof name, "%s-%u", kind->name, n_segments);
    for (i = 0; i < selection->n; i++) {
        if (!strcmp(selection->names[i], name)
            || !strcmp(selection->names[i], kind->name)) {
            selection->known[i] = selected = true;
        }
    }
    return selected;
}

int
main(int argc, char *argv[])
{
    enum {
        OPT_ONLY = 256,
        OPT_REPEATS,
        OPT_FRAMES,
        OPT_LIST,
        OPT_BUILD,
    };
    static const struct option options[] = {
        { "only", required_argument, NULL, OPT_ONLY },
        { "repeats", required_argument, NULL, OPT_REPEATS },
        { "frames", required_argument, NULL, OPT_FRAMES },
        { "list", no_argument, NULL, OPT_LIST },
        { "build", no_argument, NULL, OPT_BUILD },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    static struct work works[ARRAY_SIZE(kinds) * ARRAY_SIZE(sizes)];
    struct selection selection = { .n = 0 };
    uint64_t n_repeats = 9;
    uint64_t n_frames = 0;
    bool list = false;
    size_t n = 0;
    size_t i, j;
    int c;

    while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (c) {
        case OPT_ONLY:
            if (selection.n == ARRAY_SIZE(selection.names)) {
                fprintf(stderr, "bench-stt-lib: --only: given too often\n");
                return 2;
            }
            selection.names[selection.n++] = optarg;
            break;

        case OPT_REPEATS:
            n_repeats = parse_positive("--repeats", optarg);
            break;

        case OPT_FRAMES:
            n_frames = parse_positive("--frames", optarg);
            break;

        case OPT_LIST:
            list = true;
            break;

        case OPT_BUILD:
            print_build();
            return 0;

        case 'h':
            usage();
            return 0;

        default:
            return 2;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "bench-stt-lib: %s: there are no arguments but "
                "options (see --help)\n", argv[optind]);
        return 2;
    }

    for (i = 0; i < ARRAY_SIZE(kinds); i++) {
        for (j = 0; j < ARRAY_SIZE(sizes); j++) {
            if (kinds[i].hostile != (sizes[j] == STT_MAX_SEGMENTS)
                || (kinds[i].reassembles && sizes[j] == 1)
                || !is_selected(&selection, &kinds[i], sizes[j])) {
                continue;
            }
            if (list) {
                printf("%s-%u: %s, %u segment%s\n", kinds[i].name, sizes[j],
                       kinds[i].title, sizes[j], sizes[j] == 1 ? "" : "s");
            } else {
                work_init(&works[n++], &kinds[i], sizes[j]);
            }
        }
    }
    for (i = 0; i < selection.n; i++) {
        if (!selection.known[i]) {
            fprintf(stderr, "bench-stt-lib: --only: there is no case '%s' "
                    "(see --list)\n", selection.names[i]);
            return 2;
        }
    }
    if (list) {
        return 0;
    }

    if (n_frames) {
        run_works(works, n, n_frames);
    } else {
        time_works(works, n, n_repeats);
    }
    for (i = 0; i < n; i++) {
        work_destroy(&works[i]);
    }
    return 0;
}
