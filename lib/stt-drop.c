/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#include "stt-drop.h"

static const struct {
    const char *name;
    const char *text;
} drops[STT_N_DROPS] = {
    [STT_DROP_NONE] = { "none", "not dropped" },
#define STT_DROP_REASON(ID, NAME, TEXT) [STT_DROP_##ID] = { #NAME, TEXT },
    STT_DROP_REASONS
#undef STT_DROP_REASON
};

/* Returns the short name of 'drop', as counters carry it, a static string.
 * Any value may be passed in; "unknown" stands for one that is no reason. */
const char *
stt_drop_name(enum stt_drop drop)
{
    return (unsigned int) drop < STT_N_DROPS ? drops[drop].name : "unknown";
}

/* Returns an explanation of 'drop' for people, a static string.  Any value may
 * be passed in; "unknown" stands for one that is no reason. */
const char *
stt_drop_text(enum stt_drop drop)
{
    return (unsigned int) drop < STT_N_DROPS ? drops[drop].text : "unknown";
}
