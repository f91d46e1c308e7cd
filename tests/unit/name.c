/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */

/* Tests of the names of stt-drop.h and stt-event.h. */

#include "stt-drop.h"
#include "stt-event.h"
#include "unit.h"
#include "unit-tests.h"

/* A text is that of one reason; in the kernel, of one in each direction, as it can
 * run out of memory in both. */
void
test_drop_names(void)
{
    int i, j;

    for (i = 0; i < STT_N_DROPS; i++) {
        for (j = 0; j < i; j++) {
            CHECK(strcmp(stt_drop_name(i), stt_drop_name(j)));
            STT_IN_USERSPACE(CHECK(strcmp(stt_drop_text(i),
                                          stt_drop_text(j)));)
            CHECK(strcmp(stt_drop_text(i), stt_drop_text(j))
                  || strncmp(stt_drop_name(i), stt_drop_name(j), 2));
        }
    }
    for (i = 0; i < 4; i++) {
        static const int others[] = { -1, STT_N_DROPS, INT_MAX, INT_MIN };

        CHECK_TEXT(stt_drop_name(others[i]), "unknown");
        CHECK_TEXT(stt_drop_text(others[i]), "unknown");
    }
}

void
test_event_names(void)
{
    int i, j;

    for (i = 0; i < STT_N_EVENTS; i++) {
        for (j = 0; j < i; j++) {
            CHECK(strcmp(stt_event_name(i), stt_event_name(j)));
            CHECK(strcmp(stt_event_text(i), stt_event_text(j)));
        }
    }
    CHECK_TEXT(stt_event_name(STT_N_EVENTS), "unknown");
    CHECK_TEXT(stt_event_text(-1), "unknown");
}
