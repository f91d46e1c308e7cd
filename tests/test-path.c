/* SPDX-License-Identifier: Apache-2.0 */

/* Cases of packets' ways through the userspace datapath, enumerated
 * ================================================================
 *
 *   test-path MODE [--all] [GROUP...]  runs all cases, or those of the groups;
 *                                      with --all shows all that fail, not ten
 *   test-path MODE case CASE...        runs one case, or some
 *   test-path list                     lists the groups
 *
 * MODE is "tso" or "no-tso": whether userspace TSO is enabled, of which a
 * process has one.  Each group is run in a process of its own, which is started
 * anew behind a case that ended it. */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "path/judge.h"
#include "path/switch.h"

#define ARRAY_COUNT(ARRAY) (sizeof (ARRAY) / sizeof (ARRAY)[0])

enum {
    CASE_SIZE = 512,            /* Bytes of a case's text. */
    WHY_SIZE = 256,
    MAX_SHOWN = 10,             /* Failing cases of a group that are shown, */
                                /* without --all. */
};

/* What the process that runs a group tells the one that waits for it. */
struct progress {
    unsigned int next;          /* The case to go on with. */
    unsigned int wrong;
    unsigned int verdicts[VERDICT_WRONG + 1];
    bool finished;
    char text[CASE_SIZE];       /* The case that is under way. */
};

static struct progress *progress;
static const char *mode;
static bool tso;
static unsigned int n_enumerated;
static const char *program;
static unsigned int max_shown = MAX_SHOWN;

static const char *const verdict_names[] = {
    [VERDICT_INTACT] = "intact",
    [VERDICT_DROPPED] = "dropped and counted",
    [VERDICT_UNJUDGED] = "not judged",
    [VERDICT_IMPOSSIBLE] = "there is no such packet",
    [VERDICT_WRONG] = "WRONG",
};

static void
show_wrong(const char *text, const char *why)
{
    if (progress->wrong++ < max_shown) {
        printf("    %s\n      %s %s case '%s'\n", why, program, mode, text);
        fflush(stdout);
    }
}

/* Runs 'path', unless that was done before. */
static void
try(const struct path_case *path)
{
    char why[WHY_SIZE];
    enum verdict verdict;

    if (n_enumerated++ < progress->next) {
        return;
    }
    path_case_format(path, progress->text, sizeof progress->text);
    progress->next = n_enumerated;
    verdict = judge_case(path, tso, why, sizeof why);
    progress->verdicts[verdict]++;
    if (verdict == VERDICT_WRONG) {
        show_wrong(progress->text, why);
    }
}

/* The kinds of packets that most groups try, as far as layer 4. */
static const struct kind {
    enum path_ip ip;
    enum path_l4 l4;
    enum path_inner inner;
    enum path_ip inner_ip;
} kinds[] = {
    { IP_4, L4_TCP, INNER_NONE, IP_4 },
    { IP_6, L4_TCP, INNER_NONE, IP_4 },
    { IP_4, L4_UDP, INNER_NONE, IP_4 },
    { IP_6, L4_UDP, INNER_NONE, IP_4 },
    { IP_4, L4_SCTP, INNER_NONE, IP_4 },
    { IP_6, L4_SCTP, INNER_NONE, IP_4 },
    { IP_4, L4_ICMP, INNER_NONE, IP_4 },
    { IP_6, L4_ICMP, INNER_NONE, IP_4 },
    { IP_4_OPTIONS, L4_TCP_OPTIONS, INNER_NONE, IP_4 },
    { IP_6_EXTENSION, L4_TCP_OPTIONS, INNER_NONE, IP_4 },
    { IP_6_EXTENSION, L4_UDP, INNER_NONE, IP_4 },
    { IP_ARP, L4_TCP, INNER_NONE, IP_4 },
    { IP_4, L4_TCP, INNER_VXLAN, IP_4 },
    { IP_6, L4_TCP, INNER_VXLAN, IP_6 },
    { IP_4, L4_UDP, INNER_VXLAN, IP_6 },
    { IP_4, L4_TCP, INNER_GRE, IP_4 },
    { IP_4, L4_TCP, INNER_GRE, IP_6 },
    { IP_6, L4_TCP, INNER_GRE, IP_4 },
    { IP_4, L4_TCP, INNER_IPIP, IP_4 },
    { IP_4, L4_TCP, INNER_IPIP, IP_6 },
    { IP_6, L4_UDP, INNER_IPIP, IP_6 },
};
/* Of these the first are what most traffic is. */
enum { N_COMMON_KINDS = 12 };

/* What is left to do to them. */
static const struct work {
    enum path_checksum checksum;
    enum path_gso gso;
    bool cwr;
    uint32_t size;
    uint32_t segment;
} works[] = {
    { CHECKSUM_COMPLETE, SEGMENT_NONE, false, 128, 0 },
    { CHECKSUM_PARTIAL, SEGMENT_NONE, false, 128, 0 },
    { CHECKSUM_PARTIAL, SEGMENT_TCP, false, 4000, 1400 },
    { CHECKSUM_COMPLETE, SEGMENT_NONE, false, 1500, 0 },
    { CHECKSUM_PARTIAL, SEGMENT_NONE, false, 1501, 0 },
    { CHECKSUM_WRONG, SEGMENT_NONE, false, 200, 0 },
    { CHECKSUM_VALID, SEGMENT_NONE, false, 200, 0 },
    { CHECKSUM_PARTIAL, SEGMENT_TCP, true, 4000, 1400 },
    { CHECKSUM_PARTIAL, SEGMENT_TCP_ECN, true, 4000, 1400 },
    { CHECKSUM_PARTIAL, SEGMENT_TCP, false, 1000, 1400 },
    { CHECKSUM_PARTIAL, SEGMENT_UDP, false, 4000, 1400 },
    { CHECKSUM_PARTIAL, SEGMENT_UDP_FRAGMENTS, false, 4000, 1400 },
    { CHECKSUM_PARTIAL, SEGMENT_TCP, false, 60000, 1400 },
};
enum { N_COMMON_WORKS = 3 };

static void
set_kind(struct path_case *path, const struct kind *kind)
{
    path->ip = kind->ip;
    path->l4 = kind->l4;
    path->inner = kind->inner;
    path->inner_ip = kind->inner_ip;
}

/* Gives 'path' what 'work' says.  Returns false if such packets have none. */
static bool
set_work(struct path_case *path, const struct work *work)
{
    bool tcp = path->l4 == L4_TCP || path->l4 == L4_TCP_OPTIONS;

    path->checksum = work->checksum;
    path->gso = work->gso;
    path->cwr = work->cwr;
    path->size = work->size;
    path->segment = work->segment ? work->segment : 1000;
    return work->gso == SEGMENT_NONE
           || (work->gso == SEGMENT_TCP || work->gso == SEGMENT_TCP_ECN
               ? tcp : path->l4 == L4_UDP);
}

/* Every kind of packet with everything that can be left to do, out by every
 * device without a tunnel. */
static void
group_devices(struct path_case *path)
{
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
        set_kind(path, &kinds[i]);
        for (size_t j = 0; j < ARRAY_COUNT(works); j++) {
            if (!set_work(path, &works[j])) {
                continue;
            }
            for (path->in = IN_TAP; path->in <= IN_SOCKET; path->in++) {
                for (path->tags = 0; path->tags <= 3; path->tags++) {
                    for (path->out = 0; path->out < N_OUTS; path->out++) {
                        path->vlan_limit = 1;
                        try(path);
                        if (path->tags > 1) {
                            path->vlan_limit = 2;
                            try(path);
                        }
                    }
                }
            }
        }
    }
}

/* The same into each tunnel. */
static void
group_tunnels(struct path_case *path)
{
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
        set_kind(path, &kinds[i]);
        for (size_t j = 0; j < ARRAY_COUNT(works); j++) {
            if (!set_work(path, &works[j])) {
                continue;
            }
            for (path->tags = 0; path->tags <= 2; path->tags++) {
                for (path->tunnel[0] = 1; path->tunnel[0] < N_TUNNELS;
                     path->tunnel[0]++) {
                    static const enum path_out outs[] = {
                        OUT_NIC, OUT_TAP, OUT_NIC_OUTER,
                    };
                    for (size_t k = 0; k < ARRAY_COUNT(outs); k++) {
                        path->out = outs[k];
                        try(path);
                    }
                }
            }
        }
    }
}

/* Two tunnels on top of each other. */
static void
group_stacked(struct path_case *path)
{
    for (size_t i = 0; i < N_COMMON_KINDS; i++) {
        set_kind(path, &kinds[i]);
        for (size_t j = 0; j < N_COMMON_WORKS; j++) {
            if (!set_work(path, &works[j])) {
                continue;
            }
            for (path->tunnel[0] = 1; path->tunnel[0] < N_TUNNELS;
                 path->tunnel[0]++) {
                for (path->tunnel[1] = 1; path->tunnel[1] < TUNNEL_GTPU4;
                     path->tunnel[1]++) {
                    path->out = (path->out + 1) % N_OUTS;
                    try(path);
                }
            }
        }
    }
}

/* All sequences of two actions, and those of four that are of two and two. */
static void
group_actions(struct path_case *path)
{
    static const enum path_tunnel tunnels[] = {
        TUNNEL_NONE, TUNNEL_STT4, TUNNEL_GENEVE6_CHECKSUM,
    };

    for (size_t i = 0; i < N_COMMON_KINDS; i++) {
        set_kind(path, &kinds[i]);
        for (size_t j = 0; j < N_COMMON_WORKS; j++) {
            if (!set_work(path, &works[j])) {
                continue;
            }
            for (uint32_t a = 1; a < N_ACTIONS; a++) {
                for (uint32_t b = 0; b < N_ACTIONS; b++) {
                    path->tags = (a + b) % 3;
                    path->action[0] = a;
                    path->action[1] = b;
                    path->action[2] = path->action[3] = ACTION_NONE;
                    path->out = (a * 3 + b) % N_OUTS;
                    for (size_t k = 0; k < ARRAY_COUNT(tunnels); k++) {
                        path->tunnel[0] = tunnels[k];
                        try(path);
                    }
                    path->action[2] = ACTION_RECIRC;
                    path->action[3] = (a + 2 * b) % N_ACTIONS;
                    try(path);
                    path->action[2] = path->action[1];
                    path->action[1] = ACTION_RECIRC;
                    try(path);
                }
            }
        }
    }
}

/* Packets that are truncated, at each length, on each way out. */
static void
group_truncation(struct path_case *path)
{
    static const struct {
        enum path_ip ip;
        enum path_l4 l4;
        uint32_t tags;
        uint32_t work;
    } packets[] = {
        { IP_4, L4_TCP, 0, 1 },
        { IP_6, L4_UDP, 0, 1 },
        { IP_4, L4_TCP, 1, 1 },
        { IP_4, L4_TCP, 0, 2 },
        { IP_4, L4_SCTP, 0, 1 },
    };

    path->action[0] = ACTION_TRUNC;
    for (size_t i = 0; i < ARRAY_COUNT(packets); i++) {
        path->ip = packets[i].ip;
        path->l4 = packets[i].l4;
        path->tags = packets[i].tags;
        set_work(path, &works[packets[i].work]);
        for (path->max_len = 14; path->max_len <= 120; path->max_len++) {
            path->tunnel[0] = TUNNEL_NONE;
            for (path->out = 0; path->out < N_OUTS; path->out++) {
                try(path);
            }
            for (path->tunnel[0] = 1; path->tunnel[0] < TUNNEL_GTPU4;
                 path->tunnel[0]++) {
                path->out = path->max_len % 2 ? OUT_NIC : OUT_TAP;
                try(path);
            }
        }
    }
}

/* Packets about as long as there are, from guests and out of STT, into each
 * tunnel. */
static void
group_long(struct path_case *path)
{
    static const uint32_t sizes[] = {
        65303, 65400, 65417, 65418, 65499, 65500, 65517, 65518, 65525, 65526,
        65535, 65549,
    };
    static const struct {
        enum path_ip ip;
        enum path_l4 l4;
        enum path_gso gso;
    } packets[] = {
        { IP_4, L4_TCP, SEGMENT_TCP },
        { IP_6, L4_TCP, SEGMENT_TCP },
        { IP_4, L4_UDP, SEGMENT_NONE },
    };

    path->segment = 1400;
    for (size_t i = 0; i < ARRAY_COUNT(packets); i++) {
        path->ip = packets[i].ip;
        path->l4 = packets[i].l4;
        path->gso = packets[i].gso;
        for (size_t j = 0; j < ARRAY_COUNT(sizes); j++) {
            path->size = sizes[j];
            for (path->in = 0; path->in < N_INS; path->in++) {
                for (path->tunnel[0] = 0; path->tunnel[0] < N_TUNNELS;
                     path->tunnel[0]++) {
                    path->tags = path->tunnel[0] / 2 % 2;
                    path->tunnel[1] = (path->tunnel[0] % 3 == 1
                                       ? TUNNEL_VXLAN6 : TUNNEL_NONE);
                    path->out = path->tunnel[0] % N_OUTS;
                    path->action[0] = (path->in == IN_STT ? ACTION_PUSH_VLAN
                                       : ACTION_NONE);
                    try(path);
                }
                /* No tunnel, but perhaps a vnet header in front. */
                path->tunnel[0] = path->tunnel[1] = TUNNEL_NONE;
                path->tags = 0;
                path->action[0] = ACTION_NONE;
                for (path->out = 0; path->out < N_OUTS; path->out++) {
                    try(path);
                }
            }
        }
    }
}

/* Packets and vnet headers that are not as they should be. */
static void
group_invalid(struct path_case *path)
{
    static const enum path_tunnel tunnels[] = {
        TUNNEL_NONE, TUNNEL_STT4, TUNNEL_VXLAN6_CHECKSUM,
    };

    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
        set_kind(path, &kinds[i]);
        for (size_t j = 0; j < N_COMMON_WORKS; j++) {
            if (!set_work(path, &works[j])) {
                continue;
            }
            for (size_t k = 0; k < ARRAY_COUNT(tunnels); k++) {
                path->tunnel[0] = tunnels[k];
                path->out = k == 1 ? OUT_TAP : OUT_NIC;
                path->tags = i % 3;
                /* Every length, as far as headers may be in it. */
                if (works[j].size <= 128) {
                    for (path->cut = 1; path->cut < 128; path->cut++) {
                        try(path);
                    }
                    path->cut = 0;
                }
                for (path->shift = 1; path->shift < 128;
                     path->shift += path->shift < 24 ? 1 : 13) {
                    try(path);
                }
                path->shift = 65000;
                try(path);
                path->shift = 0;
                for (path->padding = 1; path->padding < 64;
                     path->padding += 9) {
                    try(path);
                }
                path->padding = 0;
                if (works[j].gso) {
                    uint32_t segment = path->segment;

                    for (path->segment = 0; path->segment < 65536;
                         path->segment = path->segment * 3 + 1) {
                        try(path);
                    }
                    path->segment = segment;
                }
            }
        }
    }
}

/* What comes in by other ways. */
static void
group_ways_in(struct path_case *path)
{
    for (path->in = IN_SOCKET; path->in < N_INS; path->in++) {
        for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
            set_kind(path, &kinds[i]);
            for (size_t j = 0; j < ARRAY_COUNT(works); j++) {
                if (!set_work(path, &works[j])) {
                    continue;
                }
                for (path->tags = 0; path->tags <= 2; path->tags++) {
                    path->put_back = path->in == IN_SOCKET;
                    for (path->out = 0; path->out < N_OUTS; path->out++) {
                        path->vlan_limit = 1 + path->out % 2;
                        path->tunnel[0] = TUNNEL_NONE;
                        try(path);
                        path->tunnel[0] = TUNNEL_STT4 + path->out;
                        try(path);
                    }
                }
            }
        }
    }
}

static const struct group {
    const char *name;
    void (*run)(struct path_case *);
} groups[] = {
    { "devices", group_devices },
    { "tunnels", group_tunnels },
    { "stacked", group_stacked },
    { "actions", group_actions },
    { "truncation", group_truncation },
    { "long", group_long },
    { "invalid", group_invalid },
    { "ways-in", group_ways_in },
};

static void
run_child(const struct group *group)
{
    struct path_case path;

    switch_init(tso);
    path_case_init(&path);
    group->run(&path);
    progress->finished = true;
    fflush(stdout);
    _exit(0);
}

/* Runs 'group' and prints its result.  Returns true if nothing was wrong. */
static bool
run_group(const struct group *group)
{
    const unsigned int *n = progress->verdicts;

    memset(progress, 0, sizeof *progress);
    fflush(stdout);
    while (!progress->finished) {
        unsigned int before = progress->next;
        pid_t pid = fork();
        int status;

        if (pid < 0) {
            perror("fork");
            exit(1);
        } else if (!pid) {
            run_child(group);
        }
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
            continue;
        }
        if (!progress->finished) {
            if (progress->next == before) {
                show_wrong("", "the datapath could not be made");
                break;
            }
            show_wrong(progress->text, "it ended the process");
        }
    }
    printf("path-%s-%s: %s (%u cases, of which %u dropped, %u not judged",
           mode, group->name, progress->wrong ? "FAILED" : "ok",
           n[VERDICT_INTACT] + n[VERDICT_DROPPED] + n[VERDICT_UNJUDGED]
           + progress->wrong, n[VERDICT_DROPPED], n[VERDICT_UNJUDGED]);
    if (progress->wrong) {
        printf(", %u wrong", progress->wrong);
    }
    printf(")\n");
    fflush(stdout);
    return !progress->wrong;
}

static int
run_cases(char *cases[], int n)
{
    bool ok = true;

    switch_init(tso);
    for (int i = 0; i < n; i++) {
        char why[WHY_SIZE];
        struct path_case path;
        enum verdict verdict;

        if (!path_case_parse(&path, cases[i], why, sizeof why)) {
            fprintf(stderr, "%s: what is %s?\n", cases[i], why);
            return 2;
        }
        verdict = judge_case(&path, tso, why, sizeof why);
        printf("%s: %s%s%s\n", cases[i], verdict_names[verdict],
               *why ? ": " : "", why);
        ok = ok && verdict != VERDICT_WRONG;
    }
    return !ok;
}

int
main(int argc, char *argv[])
{
    bool ok = true;

    program = argv[0];
    mode = argc > 1 ? argv[1] : "";
    tso = !strcmp(mode, "tso");
    if (!strcmp(mode, "list")) {
        for (size_t i = 0; i < ARRAY_COUNT(groups); i++) {
            puts(groups[i].name);
        }
        return 0;
    }
    if (!tso && strcmp(mode, "no-tso")) {
        fprintf(stderr,
                "usage: %s tso|no-tso [--all] [GROUP... | case CASE...]\n"
                "       %s list\n", program, program);
        return 2;
    }
    if (argc > 2 && !strcmp(argv[2], "case")) {
        return run_cases(argv + 3, argc - 3);
    }

    if (argc > 2 && !strcmp(argv[2], "--all")) {
        max_shown = UINT_MAX;
        argc--;
        argv++;
    }
    progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (progress == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    for (size_t i = 0; i < ARRAY_COUNT(groups); i++) {
        bool wanted = argc <= 2;

        for (int j = 2; j < argc; j++) {
            wanted = wanted || !strcmp(argv[j], groups[i].name);
        }
        ok = (!wanted || run_group(&groups[i])) && ok;
    }
    return !ok;
}
