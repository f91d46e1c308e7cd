/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REASSEMBLY_TESTS_H
#define REASSEMBLY_TESTS_H 1

/* Tests of reassembly beside those in unit/: TEST(NAME, FUNCTION) for each of
 * them. */

#define TESTS_OF_REASSEMBLY(TEST)                       \
    TEST("model", test_model)                           \
    TEST("model-shards", test_model_shards)             \
    TEST("invariants", test_invariants)                 \
    TEST("locks", test_locks)                           \
    TEST("budget-locks", test_budget_locks)             \
    TEST("no-memory", test_no_memory)                   \
    TEST("threads", test_threads)                       \
    TEST("budget-threads", test_budget_threads)

#define DECLARE_TEST(NAME, FUNCTION) void FUNCTION(void);
TESTS_OF_REASSEMBLY(DECLARE_TEST)
#undef DECLARE_TEST

#endif /* reassembly-tests.h */
