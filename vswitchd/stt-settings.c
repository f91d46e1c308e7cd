/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-settings.h"

#include <string.h>

#include "openvswitch/vlog.h"
#include "packet-socket.h"
#include "smap.h"
#include "stt-held.h"
#include "stt-integer.h"
#include "stt-reassembly.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(stt_settings);

/* Takes the limits of reassembly from the 'other_config' column of the
 * Open_vSwitch table.  A value that is missing or makes no sense is replaced by
 * the default; the latter is logged. */
static void
configure_limits(const struct smap *other_config)
{
    struct stt_limits limits = STT_DEFAULT_LIMITS;
    unsigned long long int bytes = limits.bytes;
    unsigned long long int bytes_per_source = limits.bytes_per_source;
    unsigned long long int frames = limits.frames;
    unsigned long long int age = limits.age;
    const struct {
        const char *name;
        unsigned long long int *value;
        unsigned long long int min, max;
    } settings[] = {
        { "stt-reassembly-bytes", &bytes, STT_MIN_BYTES, STT_MAX_BYTES },
        { "stt-reassembly-bytes-per-source", &bytes_per_source,
          STT_MIN_BYTES, STT_MAX_BYTES },
        { "stt-reassembly-frames", &frames, STT_MIN_FRAMES, STT_MAX_FRAMES },
        { "stt-reassembly-age", &age, STT_MIN_AGE, STT_MAX_AGE },
    };
    struct stt_limits old;

    for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
        const char *s = smap_get(other_config, settings[i].name);
        unsigned long long int value;

        if (!s) {
            continue;
        }
        if (stt_parse_integer(s, 10, settings[i].max, &value)
            && value >= settings[i].min) {
            *settings[i].value = value;
        } else {
            static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);

            VLOG_WARN_RL(&rl, "bad value \"%s\" for other_config:%s: must be "
                         "an integer from %llu to %llu; using the default, "
                         "%llu", s, settings[i].name, settings[i].min,
                         settings[i].max, *settings[i].value);
        }
    }

    limits.bytes = bytes;
    limits.bytes_per_source = bytes_per_source;
    limits.frames = frames;
    limits.age = age;
    stt_held_get_limits(&old);
    if (memcmp(&old, &limits, sizeof old)) {
        stt_held_set_limits(&limits);
        stt_held_expire();
        VLOG_INFO("reassembly limits: %llu bytes, %llu bytes per source, "
                  "%llu frames, %llu ms", bytes, bytes_per_source, frames, age);
    }
}

/* Applies the 'other_config' column of the Open_vSwitch table, as often as
 * that has changed. */
void
stt_set_config(const struct smap *other_config)
{
    configure_limits(other_config);
    packet_socket_set_config(other_config);
}
