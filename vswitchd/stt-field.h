/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_FIELD_H
#define STT_FIELD_H 1

/* The Context ID as an OpenFlow field
 * ===================================
 *
 * A tunnel port's Context ID is Open vSwitch's field tun_id, all 64 bits of
 * it.  "stt_context" is one more name of that field, taken wherever a field's
 * name is read: it is no field of its own, so OpenFlow messages carry the
 * same number, and whatever is printed says tun_id. */

struct mf_field;
struct shash;

#define STT_CONTEXT_FIELD "stt_context"

void stt_add_field_name(struct shash *fields, const struct mf_field *);

#endif /* stt-field.h */
