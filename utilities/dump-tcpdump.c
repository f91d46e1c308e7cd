/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "dump-tcpdump.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stt-frame.h"

/* A capture file: its header, and that of each packet in it. */
struct capture_header {
    uint32_t magic;
    uint16_t version[2];
    uint32_t zone[2];
    uint32_t snapshot_length;
    uint32_t link_type;
};

struct record_header {
    uint32_t seconds;
    uint32_t microseconds;
    uint32_t captured;
    uint32_t length;
};

enum {
    MAX_RECORD = sizeof(struct record_header) + STT_MAX_FRAME_LEN,

    /* The packet behind the others, whose text nobody sees: an Ethernet header
     * with an Ethertype for experiments. */
    END_LEN = 14,
    END_RECORD = sizeof(struct record_header) + END_LEN,

    MAX_ARGUMENTS = 24,
    MAX_VERBOSE = 3,
    PATIENCE = 30 * 1000,       /* Milliseconds without a sign of life. */
};

static const uint8_t end_packet[END_LEN] = { [12] = 0x88, [13] = 0xb5 };

struct tcpdump {
    FILE *stream;               /* Where lines go in the end. */
    FILE *lines;                /* Holds lines back, in 'text': there a null */
    char *text;                 /* byte is in the place of each inner packet */
    size_t text_len;            /* and of the end of its line. */
    const char *separator;      /* In front of an inner packet. */

    pid_t pid;                  /* 0 if it has ended. */
    int to;                     /* Pipes to it and from it. */
    int from;
    char error[256];            /* Why it has ended, or "". */

    /* The packets of these lines.  As much as a pipe holds is written without
     * anybody reading it, so none of both waits for the other one. */
    uint8_t *records;
    uint32_t records_len;
    uint32_t n_records;
    uint32_t capacity;          /* Of the pipe. */

    /* What has come from it. */
    uint32_t second;            /* The secret one. */
    char token[16];             /* Its text, and what follows. */
    uint32_t next;              /* Number of the packet whose text follows;
                                 * UINT32_MAX if there will be none. */
    bool at_start;              /* Of a line. */
    char buffer[65536];
    size_t buffer_pos;
    size_t buffer_len;
    char message[128];          /* The last line that belongs to no packet. */
    size_t message_len;
};

static void
append(struct tcpdump *tcpdump, const void *p, size_t n)
{
    memcpy(tcpdump->records + tcpdump->records_len, p, n);
    tcpdump->records_len += n;
}

static void
append_record(struct tcpdump *tcpdump, const uint8_t *packet,
              uint32_t captured, uint32_t length)
{
    struct record_header header = {
        tcpdump->second, tcpdump->n_records, captured, length
    };

    append(tcpdump, &header, sizeof header);
    append(tcpdump, packet, captured);
}

/* Starts the program with pipes to its standard input and from its standard
 * output and error.  Returns 0 or an error number. */
static int
spawn(struct tcpdump *tcpdump, char *argv[])
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int to[2], from[2];
    int error;

    if (pipe2(to, O_CLOEXEC)) {
        return errno;
    }
    if (pipe2(from, O_CLOEXEC)) {
        error = errno;
        close(to[0]);
        close(to[1]);
        return error;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDERR_FILENO);
    /* In a group of its own the terminal's SIGINT does not reach it: it ends
     * behind the last packet. */
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    error = posix_spawnp(&tcpdump->pid, argv[0], &actions, &attributes, argv,
                         environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    tcpdump->to = to[1];
    tcpdump->from = from[0];
    return error;
}

/* Starts a tcpdump for inner packets in lines to 'stream', which stays the
 * caller's.  It prints them with link-layer headers if 'link_header', and as
 * with 'verbose' times "-v".  Started by root, it goes on as 'user', by
 * default as a user for that.
 *
 * Names are never looked up.  The numbers of TCP are absolute, since for
 * others tcpdump would remember each connection.  Checksums are not looked
 * at, as a sender leaves those of inner packets to be completed.
 *
 * Returns NULL, with an error number in errno, if that failed; ENOENT if there
 * is no tcpdump.  The caller ends it with tcpdump_stop().  Nothing else may
 * be open yet that only root may open, because tcpdump inherits it. */
struct tcpdump *
tcpdump_start(FILE *stream, bool link_header, int verbose, const char *user)
{
    static const struct capture_header header = {
        0xa1b2c3d4, { 2, 4 }, { 0, 0 }, 262144, 1
    };
    struct tcpdump *tcpdump = calloc(1, sizeof *tcpdump);
    char *argv[MAX_ARGUMENTS] = {
        "tcpdump", "-l", "-n", "-S", "-K", "-tt", "-r", "-"
    };
    uint32_t random;
    int n = 8;
    int i, error;

    if (!tcpdump) {
        return NULL;
    }
    tcpdump->to = tcpdump->from = -1;
    if (link_header) {
        argv[n++] = "-e";
    }
    for (i = 0; i < verbose && i < MAX_VERBOSE; i++) {
        argv[n++] = "-v";
    }
    if (!geteuid()) {
        argv[n++] = "-Z";
        argv[n++] = (char *) user;
    }
    if (getrandom(&random, sizeof random, 0) != sizeof random) {
        free(tcpdump);
        return NULL;
    }
    /* With ten digits, but not so many that it seems negative. */
    tcpdump->second = 1000000000 + random % 1147483648;
    snprintf(tcpdump->token, sizeof tcpdump->token, "%"PRIu32".",
             tcpdump->second);
    tcpdump->at_start = true;
    tcpdump->stream = stream;
    tcpdump->separator = verbose ? "\n\t" : ": ";

    error = spawn(tcpdump, argv);
    if (!error) {
        int capacity = fcntl(tcpdump->to, F_GETPIPE_SZ);

        tcpdump->capacity = capacity > 0 ? capacity : 0;
        tcpdump->records = malloc(sizeof header + MAX_RECORD + END_RECORD
                                  + tcpdump->capacity);
        tcpdump->lines = open_memstream(&tcpdump->text, &tcpdump->text_len);
        error = tcpdump->records && tcpdump->lines ? 0 : ENOMEM;
    }
    if (error) {
        tcpdump_stop(tcpdump);
        errno = error;
        return NULL;
    }
    append(tcpdump, &header, sizeof header);
    return tcpdump;
}

/* Waits up to PATIENCE milliseconds for something to read, and reads it.
 * Returns false if nothing came, with what is wrong in '*why', or if nothing
 * will come any more. */
static bool
fill(struct tcpdump *tcpdump, const char **why)
{
    struct pollfd pollfd = { .fd = tcpdump->from, .events = POLLIN };
    ssize_t n;

    do {
        n = poll(&pollfd, 1, PATIENCE);
        if (!n) {
            *why = "does not answer";
            return false;
        }
        if (n > 0) {
            n = read(tcpdump->from, tcpdump->buffer, sizeof tcpdump->buffer);
        }
    } while (n < 0 && errno == EINTR);
    tcpdump->buffer_pos = 0;
    tcpdump->buffer_len = n > 0 ? n : 0;
    return n > 0;
}

/* Ends the connection to a tcpdump that has gone, or, if 'why', of which that
 * is wrong, and stores the reason. */
static void
give_up(struct tcpdump *tcpdump, const char *why)
{
    size_t size = sizeof tcpdump->error;
    int status = 0;

    if (why) {
        kill(tcpdump->pid, SIGKILL);
    }
    close(tcpdump->to);
    close(tcpdump->from);
    while (waitpid(tcpdump->pid, &status, 0) < 0 && errno == EINTR) {
        continue;
    }
    tcpdump->pid = 0;
    tcpdump->next = UINT32_MAX;
    if (why) {
        snprintf(tcpdump->error, size, "tcpdump %s", why);
    } else if (WIFSIGNALED(status)) {
        snprintf(tcpdump->error, size, "tcpdump was killed by signal %d (%s)",
                 WTERMSIG(status), strsignal(WTERMSIG(status)));
    } else {
        bool explained = !strncmp(tcpdump->message, "tcpdump: ", 9);

        snprintf(tcpdump->error, size, "tcpdump has ended with status %d%s%s",
                 WEXITSTATUS(status), explained ? ": " : "",
                 explained ? tcpdump->message + 9 : "");
    }
}

/* Returns the next character that tcpdump has printed, or gives it up and
 * returns EOF. */
static int
get_char(struct tcpdump *tcpdump)
{
    const char *why = NULL;

    if (tcpdump->buffer_pos == tcpdump->buffer_len && !fill(tcpdump, &why)) {
        give_up(tcpdump, why);
        return EOF;
    }
    return (unsigned char) tcpdump->buffer[tcpdump->buffer_pos++];
}

/* Keeps the beginning of each line that belongs to no packet until the next
 * one comes. */
static void
keep_message(struct tcpdump *tcpdump, int c)
{
    if (tcpdump->at_start) {
        tcpdump->message_len = 0;
    }
    if (tcpdump->message_len < sizeof tcpdump->message - 1) {
        tcpdump->message[tcpdump->message_len++] = (c >= ' ' && c <= '~' ? c
                                                    : '\0');
        tcpdump->message[tcpdump->message_len] = '\0';
    }
}

/* Reads up to where the text of the next packet begins, and stores the
 * packet's number in 'tcpdump->next'.  What comes before it goes to 'stream',
 * if that is not NULL; lines behind the first one begin with a tab there, so
 * that none of them looks like one of ours. */
static void
read_text(struct tcpdump *tcpdump, FILE *stream)
{
    size_t matched = 0;
    int c;

    while ((c = get_char(tcpdump)) != EOF) {
        if (tcpdump->at_start && c == tcpdump->token[matched]) {
            if (tcpdump->token[++matched]) {
                continue;
            }
            tcpdump->at_start = false;
            tcpdump->next = 0;
            while ((c = get_char(tcpdump)) >= '0' && c <= '9') {
                tcpdump->next = tcpdump->next * 10 + c - '0';
            }
            if (c == EOF) {
                tcpdump->next = UINT32_MAX;
            }
            return;
        }
        if (stream) {
            if (tcpdump->at_start) {
                putc_unlocked('\t', stream);
                fwrite_unlocked(tcpdump->token, 1, matched, stream);
            }
            putc_unlocked(c, stream);
        } else {
            keep_message(tcpdump, c);
        }
        matched = 0;
        tcpdump->at_start = c == '\n';
    }
    if (stream && !tcpdump->at_start) {
        putc_unlocked('\n', stream);
    }
}

/* Writes the packets of the lines held back, and one more, to tcpdump, and
 * reads up to where the first one's text begins. */
static void
ask(struct tcpdump *tcpdump)
{
    void (*old)(int) = signal(SIGPIPE, SIG_IGN);
    size_t n = 0;

    append_record(tcpdump, end_packet, END_LEN, END_LEN);
    while (n < tcpdump->records_len) {
        ssize_t written = write(tcpdump->to, tcpdump->records + n,
                                tcpdump->records_len - n);

        if (written < 0 && errno != EINTR) {
            /* There will be nothing to read, either. */
            break;
        }
        n += written > 0 ? written : 0;
    }
    signal(SIGPIPE, old);
    read_text(tcpdump, NULL);
}

/* Writes all lines to the stream. */
void
tcpdump_flush(struct tcpdump *tcpdump)
{
    const char *p, *end;
    uint32_t i;

    fflush(tcpdump->lines);
    if (tcpdump->n_records && tcpdump->pid) {
        ask(tcpdump);
    }
    p = tcpdump->text;
    end = p + tcpdump->text_len;
    for (i = 0; i < tcpdump->n_records; i++) {
        const char *place = memchr(p, '\0', end - p);

        if (!place) {
            /* There was no memory for the line. */
            break;
        }
        fwrite(p, 1, place - p, tcpdump->stream);
        p = place + 1;
        if (tcpdump->next == i) {
            fputs(tcpdump->separator, tcpdump->stream);
            read_text(tcpdump, tcpdump->stream);
        } else {
            putc('\n', tcpdump->stream);
        }
    }
    fwrite(p, 1, end - p, tcpdump->stream);
    fseek(tcpdump->lines, 0, SEEK_SET);
    if (tcpdump->n_records) {
        tcpdump->records_len = 0;
        tcpdump->n_records = 0;
    }
}

/* Returns the stream for lines, in which no null bytes may be. */
FILE *
tcpdump_lines(struct tcpdump *tcpdump)
{
    return tcpdump->lines;
}

/* Ends the current line with the Ethernet packet of 'length' bytes, up to
 * STT_MAX_FRAME_LEN, whose first 'captured' ones are at 'packet'. */
void
tcpdump_print(struct tcpdump *tcpdump, const uint8_t *packet,
              uint32_t captured, uint32_t length)
{
    if (!captured || !tcpdump->pid) {
        putc('\n', tcpdump->lines);
        return;
    }
    if (tcpdump->n_records
        && (tcpdump->records_len + sizeof(struct record_header) + captured
            + END_RECORD > tcpdump->capacity)) {
        tcpdump_flush(tcpdump);
    }
    append_record(tcpdump, packet, captured, length);
    tcpdump->n_records++;
    putc('\0', tcpdump->lines);
}

/* Returns why there is no tcpdump any more, or NULL if there is one. */
const char *
tcpdump_error(const struct tcpdump *tcpdump)
{
    return tcpdump->error[0] ? tcpdump->error : NULL;
}

/* Ends tcpdump.  Lines that are still held back are lost. */
void
tcpdump_stop(struct tcpdump *tcpdump)
{
    if (tcpdump) {
        if (tcpdump->pid) {
            close(tcpdump->to);
            tcpdump->to = -1;
            while (tcpdump->pid) {
                get_char(tcpdump);
            }
        }
        if (tcpdump->lines) {
            fclose(tcpdump->lines);
        }
        free(tcpdump->text);
        free(tcpdump->records);
        free(tcpdump);
    }
}
