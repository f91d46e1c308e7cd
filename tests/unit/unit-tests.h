/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef UNIT_TESTS_H
#define UNIT_TESTS_H 1

/* All tests in this folder: TEST(NAME, FUNCTION) for each of them. */

#define UNIT_TESTS_OF_LIB(TEST)                         \
    TEST("segment-write", test_segment_write)           \
    TEST("segment-read", test_segment_read)             \
    TEST("segment-check", test_segment_check)           \
    TEST("segment-arithmetic", test_segment_arithmetic) \
    TEST("frame-header", test_frame_header)             \
    TEST("frame-look", test_frame_look)                 \
    TEST("frame-vlan", test_frame_vlan)                 \
    TEST("inner", test_inner)                           \
    TEST("describe", test_describe)                     \
    TEST("check-offload", test_check_offload)           \
    TEST("describe-checked", test_describe_checked)     \
    TEST("hash", test_hash)                             \
    TEST("frame-ids", test_frame_ids)                   \
    TEST("frame-ids-secret", test_frame_ids_secret)     \
    TEST("drop-names", test_drop_names)                 \
    TEST("event-names", test_event_names)

#define UNIT_TESTS_OF_REASSEMBLY(TEST)                  \
    TEST("order", test_order)                           \
    TEST("permutations", test_permutations)             \
    TEST("overlap", test_overlap)                       \
    TEST("key", test_key)                               \
    TEST("buckets", test_buckets)                       \
    TEST("age", test_age)                               \
    TEST("late-clock", test_late_clock)                 \
    TEST("slices", test_slices)                         \
    TEST("destroy", test_destroy)                       \
    TEST("segments", test_segments)                     \
    TEST("eviction", test_eviction)                     \
    TEST("nothing-fits", test_nothing_fits)             \
    TEST("flood", test_flood)                           \
    TEST("flood-sources", test_flood_sources)           \
    TEST("limits", test_limits)                         \
    TEST("pages", test_pages)                           \
    TEST("budget", test_budget)                         \
    TEST("seed", test_seed_matters)                     \
    TEST("newcomers", test_newcomers)

#define DECLARE_TEST(NAME, FUNCTION) void FUNCTION(void);
UNIT_TESTS_OF_LIB(DECLARE_TEST)
UNIT_TESTS_OF_REASSEMBLY(DECLARE_TEST)
#undef DECLARE_TEST

/* An element of an array of struct test_command. */
#define TEST_COMMAND(NAME, FUNCTION) { NAME, FUNCTION },

#endif /* unit-tests.h */
