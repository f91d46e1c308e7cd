/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVN_STT_H
#define OVN_STT_H 1

/* STT between OVN's chassis
 * =========================
 *
 * A packet takes three numbers with it through a tunnel: its logical datapath,
 * the logical port that it came from, and the one that it is for.  Here is
 * where they are in STT's Context ID, which is Open vSwitch's tunnel ID, and
 * how flows put them there and take them out.  OVN's own files, into which
 * hooks insert calls of these functions, decide which flows there are. */

#include <stdbool.h>
#include <stdint.h>

#include "lib/ovn-util.h"

struct match;
struct ofpbuf;
struct sbrec_chassis;

#define OVN_STT_TYPE "stt"

/* How much smaller than the underlay's MTU packets have to be.  STT cuts its
 * frames into segments of that size, whatever they hold. */
#define OVN_STT_OVERHEAD 0

const char *ovn_stt_type_name(enum chassis_tunnel_type);
bool ovn_stt_is_common(const struct sbrec_chassis *,
                       const struct sbrec_chassis *);

void ovn_stt_put_context(uint32_t datapath, uint16_t outport,
                         struct ofpbuf *ofpacts);
void ovn_stt_put_return_context(uint32_t datapath, uint16_t inport,
                                struct ofpbuf *ofpacts);
void ovn_stt_put_flood_context(struct ofpbuf *ofpacts);
void ovn_stt_match_flood(struct match *);
void ovn_stt_get_context(ofp_port_t tunnel, struct ofpbuf *ofpacts);

#endif /* ovn-stt.h */
