/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-field.h"

#include "openvswitch/meta-flow.h"
#include "openvswitch/shash.h"

/* If 'field' is the tunnel ID, adds it to 'fields', which maps from the names
 * of fields, under STT's name, too. */
void
stt_add_field_name(struct shash *fields, const struct mf_field *field)
{
    if (field->id == MFF_TUN_ID) {
        shash_add_once(fields, STT_CONTEXT_FIELD, field);
    }
}
