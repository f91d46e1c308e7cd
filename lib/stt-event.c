/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#include "stt-event.h"

static const struct {
    const char *name;
    const char *text;
} events[STT_N_EVENTS] = {
#define STT_EVENT(ID, NAME, TEXT) [STT_EVENT_##ID] = { #NAME, TEXT },
    STT_EVENTS
#undef STT_EVENT
};

/* Returns the short name of 'event', as counters carry it, a static string.
 * Any value may be passed in; "unknown" stands for one that is no event. */
const char *
stt_event_name(enum stt_event event)
{
    return (unsigned int) event < STT_N_EVENTS ? events[event].name
                                               : "unknown";
}

/* Returns an explanation of 'event' for people, a static string.  Any value
 * may be passed in; "unknown" stands for one that is no event. */
const char *
stt_event_text(enum stt_event event)
{
    return (unsigned int) event < STT_N_EVENTS ? events[event].text
                                               : "unknown";
}
