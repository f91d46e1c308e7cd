/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of lib/, except reassembly: see test-stt-reassembly.c. */

#include <config.h>

#include "stt-drop.h"
#include "stt-event.h"
#include "stt-test.h"
#include "unit/unit-tests.h"

/* Prints all reasons, as users see them. */
static void
print_drops(void)
{
    int i;

    for (i = 0; i < STT_N_DROPS; i++) {
        printf("%s: %s\n", stt_drop_name(i), stt_drop_text(i));
    }
}

/* Prints all events, as users see them. */
static void
print_events(void)
{
    int i;

    for (i = 0; i < STT_N_EVENTS; i++) {
        printf("%s: %s\n", stt_event_name(i), stt_event_text(i));
    }
}

int
main(int argc, char *argv[])
{
    static const struct test_command commands[] = {
        UNIT_TESTS_OF_LIB(TEST_COMMAND)
        { "drops", print_drops },
        { "events", print_events },
    };

    return test_main(argc, argv, commands, ARRAY_SIZE(commands));
}
