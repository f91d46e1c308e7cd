/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_TEST_H
#define STT_TEST_H 1

/* What the test programs of lib/ share
 * ====================================
 *
 * Checks that end the program with a line that says what was expected and what
 * came, random numbers that a seed repeats, and the choice of a test by the
 * program's first argument. */

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a failure message says about the circumstances, such as the seed. */
static char test_context[128];

__attribute__((noreturn, format(printf, 3, 4)))
static inline void
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

#define FAIL(...) test_fail(__FILE__, __LINE__, __VA_ARGS__)

#define CHECK(CONDITION)                                \
    do {                                                \
        if (!(CONDITION)) {                             \
            FAIL("expected that %s", #CONDITION);       \
        }                                               \
    } while (0)

/* Compares two unsigned numbers. */
#define CHECK_EQ(GOT, EXPECTED)                                         \
    test_check_eq(__FILE__, __LINE__, #GOT, GOT, EXPECTED)

static inline void
test_check_eq(const char *file, int line, const char *what,
              unsigned long long int got, unsigned long long int expected)
{
    if (got != expected) {
        test_fail(file, line, "%s: expected %llu (%#llx), got %llu (%#llx)",
                  what, expected, expected, got, got);
    }
}

/* Compares two texts. */
#define CHECK_TEXT(GOT, EXPECTED)                                       \
    test_check_text(__FILE__, __LINE__, #GOT, GOT, EXPECTED)

static inline void
test_check_text(const char *file, int line, const char *what,
                const char *got, const char *expected)
{
    if (strcmp(got, expected)) {
        test_fail(file, line, "%s: expected \"%s\", got \"%s\"",
                  what, expected, got);
    }
}

/* Compares 'N' bytes. */
#define CHECK_BYTES(GOT, EXPECTED, N)                                   \
    test_check_bytes(__FILE__, __LINE__, #GOT, GOT, EXPECTED, N)

static inline void
test_check_bytes(const char *file, int line, const char *what,
                 const void *got_, const void *expected_, size_t n)
{
    const uint8_t *expected = expected_;
    const uint8_t *got = got_;
    size_t i;

    for (i = 0; i < n; i++) {
        if (got[i] != expected[i]) {
            test_fail(file, line, "%s, byte %zu: expected %#x, got %#x",
                      what, i, expected[i], got[i]);
        }
    }
}

/* Returns memory that the caller frees; ends the program if there is none. */
static inline void *
test_alloc(size_t size)
{
    void *p = malloc(size ? size : 1);

    if (!p) {
        FAIL("out of memory");
    }
    return p;
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

/* Random numbers (SplitMix64). */
struct test_random {
    uint64_t state;
};

static inline uint64_t
random_uint64(struct test_random *random)
{
    uint64_t x = random->state += 0x9e3779b97f4a7c15;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

/* Returns a number less than 'n', which is not 0. */
static inline uint32_t
random_below(struct test_random *random, uint32_t n)
{
    return random_uint64(random) % n;
}

/* Returns true in 'percent' of the cases. */
static inline bool
random_percent(struct test_random *random, unsigned int percent)
{
    return random_below(random, 100) < percent;
}

/* Shuffles the 'n' numbers at 'numbers'. */
static inline void
random_shuffle(struct test_random *random, uint32_t numbers[], uint32_t n)
{
    for (; n > 1; n--) {
        uint32_t other = random_below(random, n);
        uint32_t last = numbers[n - 1];

        numbers[n - 1] = numbers[other];
        numbers[other] = last;
    }
}

/* Options that every test program takes. */
static uint64_t test_seed = 1;
static uint64_t test_steps;     /* 0: as many as the test itself finds good. */

struct test_command {
    const char *name;
    void (*run)(int argc, char *argv[]);
};

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

/* Runs the one of the 'n' 'commands' that the first argument names, with the
 * arguments that are no options. */
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
            commands[i].run(argc, argv);
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
