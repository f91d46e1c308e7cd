/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "ovn-stt.h"

#include <string.h>

#include "byte-order.h"
#include "lib/flow.h"
#include "lib/ovn-sb-idl.h"
#include "openvswitch/match.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofpbuf.h"
#include "ovn/logical-fields.h"

/* First bit and length of each number in the Context ID.  Chassis of OVN 25.03
 * and older have them in the same places. */
#define DATAPATH_OFS 0
#define DATAPATH_BITS 24
#define OUTPORT_OFS 24
#define OUTPORT_BITS 16
#define INPORT_OFS 40
#define INPORT_BITS 15

/* Returns the name of 'type', which is valid, in the databases. */
const char *
ovn_stt_type_name(enum chassis_tunnel_type type)
{
    return type == GENEVE ? "geneve" : type == STT ? OVN_STT_TYPE : "vxlan";
}

static bool
has_stt(const struct sbrec_chassis *chassis)
{
    for (size_t i = 0; i < chassis->n_encaps; i++) {
        if (!strcmp(chassis->encaps[i]->type, OVN_STT_TYPE)) {
            return true;
        }
    }
    return false;
}

/* Can both chassis speak STT? */
bool
ovn_stt_is_common(const struct sbrec_chassis *a, const struct sbrec_chassis *b)
{
    return has_stt(a) && has_stt(b);
}

static void
put_move(enum mf_field_id src, int src_ofs, enum mf_field_id dst, int dst_ofs,
         int n_bits, struct ofpbuf *ofpacts)
{
    struct ofpact_reg_move *move = ofpact_put_REG_MOVE(ofpacts);

    move->src.field = mf_from_id(src);
    move->src.ofs = src_ofs;
    move->src.n_bits = n_bits;
    move->dst.field = mf_from_id(dst);
    move->dst.ofs = dst_ofs;
    move->dst.n_bits = n_bits;
}

/* Puts 'context' into the Context ID, all of it: nothing of what was there for
 * a tunnel of another type remains. */
static void
put_context(uint64_t context, struct ofpbuf *ofpacts)
{
    put_load(context, MFF_TUN_ID, 0, 64, ofpacts);
}

/* The Context ID of a packet for port 'outport' of 'datapath'.  The port that
 * it came from is in a register. */
void
ovn_stt_put_context(uint32_t datapath, uint16_t outport,
                    struct ofpbuf *ofpacts)
{
    put_context((uint64_t) datapath << DATAPATH_OFS
                | (uint64_t) outport << OUTPORT_OFS, ofpacts);
    put_move(MFF_LOG_INPORT, 0, MFF_TUN_ID, INPORT_OFS, INPORT_BITS, ofpacts);
}

/* The Context ID of a packet that port 'inport' of 'datapath' sends back to
 * where it came from.  The port that it is for is in a register. */
void
ovn_stt_put_return_context(uint32_t datapath, uint16_t inport,
                           struct ofpbuf *ofpacts)
{
    put_context((uint64_t) datapath << DATAPATH_OFS
                | (uint64_t) inport << INPORT_OFS, ofpacts);
    put_move(MFF_LOG_OUTPORT, 0, MFF_TUN_ID, OUTPORT_OFS, OUTPORT_BITS,
             ofpacts);
}

/* The Context ID of a packet that is flooded to the chassis of another zone,
 * for no port.  Where it came from is in registers. */
void
ovn_stt_put_flood_context(struct ofpbuf *ofpacts)
{
    put_context(0, ofpacts);
    put_move(MFF_LOG_DATAPATH, 0, MFF_TUN_ID, DATAPATH_OFS, DATAPATH_BITS,
             ofpacts);
    put_move(MFF_LOG_INPORT, 0, MFF_TUN_ID, INPORT_OFS, INPORT_BITS, ofpacts);
}

/* Makes 'match' match those packets alone. */
void
ovn_stt_match_flood(struct match *match)
{
    match_set_tun_id_masked(match, htonll(0),
                            htonll(((UINT64_C(1) << OUTPORT_BITS) - 1)
                                   << OUTPORT_OFS));
}

/* Takes the Context ID of a packet apart, and notes the port of the 'tunnel'
 * that it came through, as packets on their way back need it. */
void
ovn_stt_get_context(ofp_port_t tunnel, struct ofpbuf *ofpacts)
{
    put_move(MFF_TUN_ID, DATAPATH_OFS, MFF_LOG_DATAPATH, 0, DATAPATH_BITS,
             ofpacts);
    put_move(MFF_TUN_ID, INPORT_OFS, MFF_LOG_INPORT, 0, INPORT_BITS, ofpacts);
    put_move(MFF_TUN_ID, OUTPORT_OFS, MFF_LOG_OUTPORT, 0, OUTPORT_BITS,
             ofpacts);
    put_load(ofp_to_u16(tunnel), MFF_LOG_TUN_OFPORT, 16, 16, ofpacts);
}
