/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-header.h"

#include <netinet/in.h>

#include "flow.h"
#include "netdev.h"
#include "netdev-native-tnl.h"
#include "odp-netlink.h"
#include "openvswitch/dynamic-string.h"
#include "packets.h"
#include "util.h"

/* Reads the STT_HEADERS_LEN bytes at 'headers', the TCP-like header and the
 * STT frame header of a template, into '*template'. */
void
stt_template_read(const void *headers, struct stt_template *template)
{
    const uint8_t *p = headers;
    struct stt_segment segment;
    struct stt_frame frame;

    stt_segment_read(p, STT_HEADERS_LEN, &segment);
    stt_frame_read(p + STT_SEGMENT_HEADER_LEN, STT_MIN_FRAME_LEN, &frame);
    template->destination_port = segment.destination_port;
    template->path_mtu = frame.mss;
    template->context_id = frame.context_id;
}

/* Writes 'template' into the STT_HEADERS_LEN bytes at 'headers'. */
void
stt_template_write(void *headers, const struct stt_template *template)
{
    uint8_t *p = headers;

    stt_segment_write(p, &(struct stt_segment) {
        .destination_port = template->destination_port,
    });
    stt_frame_write(p + STT_SEGMENT_HEADER_LEN, &(struct stt_frame) {
        .mss = template->path_mtu,
        .context_id = template->context_id,
    });
}

/* Implements 'build_header' of netdev_class: makes 'data' the template for the
 * tunnel port 'netdev' and the flow in 'params'.  The path MTU is still missing
 * then: see stt-path-mtu.h.
 *
 * For an inner packet marked with CE, Open vSwitch asks for ECT(0) outside, as
 * RFC 3168 has it.  RFC 6040, section 4.1, wants the mark copied. */
int
stt_build_header(const struct netdev *netdev,
                 struct ovs_action_push_tnl *data,
                 const struct netdev_tnl_build_header_params *params_)
{
    const struct netdev_tunnel_config *config
        = netdev_get_tunnel_config(netdev);
    struct netdev_tnl_build_header_params params = *params_;
    struct flow flow = *params.flow;
    struct stt_template template = {
        .destination_port = ntohs(config->dst_port),
        .context_id = ntohll(flow.tunnel.tun_id),
    };
    void *headers;

    if (is_ip_any(&flow) && IP_ECN_is_ce(flow.nw_tos)) {
        flow.tunnel.ip_tos |= IP_ECN_CE;
    }
    params.flow = &flow;
    headers = netdev_tnl_ip_build_header(data, &params, IPPROTO_TCP, 0);
    stt_template_write(headers, &template);
    data->header_len += STT_HEADERS_LEN;
    data->tnl_type = OVS_VPORT_TYPE_STT;
    return 0;
}

/* Sets the path MTU in the STT template 'data', in bytes. */
void
stt_template_set_path_mtu(struct ovs_action_push_tnl *data, uint16_t mtu)
{
    uint8_t *headers = (uint8_t *) data->header + data->header_len
                       - STT_HEADERS_LEN;
    struct stt_template template;

    stt_template_read(headers, &template);
    template.path_mtu = mtu;
    stt_template_write(headers, &template);
}

/* If 'data' is an STT template, appends the part of it that belongs to STT,
 * which begins at 'headers' in it, to 's' in the syntax of a tnl_push action,
 * and returns true.  Otherwise returns false. */
bool
stt_format_header(struct ds *s, const struct ovs_action_push_tnl *data,
                  const void *headers)
{
    size_t offset = (const uint8_t *) headers - (uint8_t *) data->header;
    struct stt_template template;

    if (data->tnl_type != OVS_VPORT_TYPE_STT) {
        return false;
    }
    if (data->header_len < offset + STT_HEADERS_LEN) {
        ds_put_cstr(s, "stt(truncated header)");
        return true;
    }
    stt_template_read(headers, &template);
    ds_put_format(s, "stt(dst=%"PRIu16",mtu=%"PRIu16",context_id=0x%"PRIx64")",
                  template.destination_port, template.path_mtu,
                  template.context_id);
    return true;
}

/* Parses what stt_format_header() writes, and the parenthesis that closes the
 * whole header behind it, from 's' + '*n'.  If it is there, writes the template
 * into the STT_HEADERS_LEN bytes at 'headers', adds the number of characters to
 * '*n' and returns true.  Otherwise returns false and changes nothing. */
bool
stt_parse_header(const char *s, int *n, void *headers)
{
    struct stt_template template;

    if (!ovs_scan_len(s, n, "stt(dst=%"SCNi16",mtu=%"SCNi16
                      ",context_id=0x%"SCNx64"))",
                      &template.destination_port, &template.path_mtu,
                      &template.context_id)) {
        return false;
    }
    stt_template_write(headers, &template);
    return true;
}
