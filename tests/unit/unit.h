/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef UNIT_H
#define UNIT_H 1

/* What unit tests of lib/ need from their host
 * ============================================
 *
 * The tests in this folder are compiled unchanged into test programs and into a
 * kernel module's test of itself.  Programs have the functions declared here from
 * stt-test.h, the kernel from datapath/selftest.c.
 *
 * The first check that fails ends the test: in userspace the program, in the
 * kernel the thread that runs it.  What the test held then is not given back. */

#ifdef __KERNEL__

#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>

#define UINT16_MAX U16_MAX
#define UINT32_MAX U32_MAX

/* To objtool, a function that does not return is a mistake, unless it knows it by
 * name. */
#define TEST_NORETURN

#else /* !__KERNEL__ */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(ARRAY) (sizeof (ARRAY) / sizeof (ARRAY)[0])
#endif

#define TEST_NORETURN __attribute__((noreturn))

#endif /* !__KERNEL__ */

/* Ends the test and says why: 'format', at line 'line' of 'file'. */
TEST_NORETURN __attribute__((format(printf, 3, 4)))
void test_fail(const char *file, int line, const char *format, ...);

/* What a failure message says about the circumstances, such as the seed. */
extern char test_context[128];

/* Sets the circumstances. */
__attribute__((format(printf, 1, 2)))
void test_say(const char *format, ...);

/* Options: see stt-test.h.  The kernel has none, and so their defaults. */
extern uint64_t test_seed;
extern uint64_t test_steps;     /* 0: as many as the test itself finds good. */

/* Returns memory for test_free(), never NULL. */
void *test_alloc(size_t size);
void test_free(void *);

/* Returns a copy of the 'n' bytes at 'p', at most TEST_EDGE_MAX, until the next
 * call.  Who reads on behind it is caught, by AddressSanitizer or the CPU. */
enum { TEST_EDGE_MAX = 128 * 1024 };
void *test_at_edge(const void *p, size_t n);

/* Sorts the 'n' numbers at 'numbers', the smallest first. */
void test_sort(uint32_t numbers[], size_t n);

/* A test, and what it is called. */
struct test_command {
    const char *name;
    void (*run)(void);
};

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

/* Returns memory for test_free() of 'size' bytes, not fewer than 'old_size',
 * that begins with the 'old_size' bytes at 'p', which it frees. */
static inline void *
test_grow(void *p, size_t old_size, size_t size)
{
    void *grown = test_alloc(size);

    if (old_size) {
        memcpy(grown, p, old_size);
    }
    test_free(p);
    return grown;
}

#endif /* unit.h */
