/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_TEST_H
#define STT_TEST_H 1

/* What the test programs of lib/ share
 * ====================================
 *
 * What unit/unit.h wants of its host, and the choice of a test by the program's
 * first argument.  One file of a program includes this, the one that has main()
 * or what is there instead. */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "unit/test-random.h"
#include "unit/unit.h"

char test_context[128];
uint64_t test_seed = 1;
uint64_t test_steps;

/* The arguments that are no options. */
static char **test_arguments;
static int test_n_arguments;

void
test_fail(const char *file, int line, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s:%d: ", file, line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "%s%s\n", test_context[0] ? ", at " : "", test_context);
    exit(1);
}

void
test_say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(test_context, sizeof test_context, format, args);
    va_end(args);
}

void *
test_alloc(size_t size)
{
    void *p = malloc(size ? size : 1);

    if (!p) {
        FAIL("out of memory");
    }
    return p;
}

void
test_free(void *p)
{
    free(p);
}

/* Returns a copy of the 'n' bytes at 'p' that ends where its memory ends, so
 * that AddressSanitizer notices whoever reads on.  The caller frees it. */
static inline void *
test_copy(const void *p, size_t n)
{
    void *copy = test_alloc(n);

    memcpy(copy, p, n);
    return copy;
}

void *
test_at_edge(const void *p, size_t n)
{
    static void *last;

    free(last);
    return last = test_copy(p, n);
}

static int
test_compare(const void *a_, const void *b_)
{
    const uint32_t *a = a_;
    const uint32_t *b = b_;

    return *a < *b ? -1 : *a > *b;
}

void
test_sort(uint32_t numbers[], size_t n)
{
    qsort(numbers, n, sizeof *numbers, test_compare);
}

static inline uint64_t
test_parse_number(const char *s)
{
    char *end;
    uint64_t n;

    errno = 0;
    n = strtoull(s, &end, 0);
    if (errno || end == s || *end) {
        fprintf(stderr, "%s: not a number\n", s);
        exit(2);
    }
    return n;
}

/* Runs the one of the 'n' 'commands' that the first argument names. */
static inline int
test_main(int argc, char *argv[], const struct test_command commands[],
          size_t n)
{
    size_t i;

    for (i = 0; argc > 1 && i < n; i++) {
        if (!strcmp(argv[1], commands[i].name)) {
            argc -= 2;
            argv += 2;
            for (; argc > 1 && !strncmp(argv[0], "--", 2); argv += 2) {
                if (!strcmp(argv[0], "--seed")) {
                    test_seed = test_parse_number(argv[1]);
                } else if (!strcmp(argv[0], "--steps")) {
                    test_steps = test_parse_number(argv[1]);
                } else {
                    fprintf(stderr, "%s: no such option\n", argv[0]);
                    return 2;
                }
                argc -= 2;
            }
            test_arguments = argv;
            test_n_arguments = argc;
            commands[i].run();
            return 0;
        }
    }

    fprintf(stderr, "usage: %s COMMAND [--seed N] [--steps N] [FILE...]\n"
            "COMMAND is one of:\n", argv[0]);
    for (i = 0; i < n; i++) {
        fprintf(stderr, "  %s\n", commands[i].name);
    }
    return 2;
}

#endif /* stt-test.h */
