/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_SETTINGS_H
#define STT_SETTINGS_H 1

/* Settings for all ports together: the column "other_config" of the
 * Open_vSwitch table. */

struct smap;

void stt_set_config(const struct smap *other_config);

#endif /* stt-settings.h */
