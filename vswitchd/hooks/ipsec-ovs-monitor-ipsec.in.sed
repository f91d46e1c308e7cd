# SPDX-License-Identifier: Apache-2.0
# file: ipsec/ovs-monitor-ipsec.in
# releases: >= 3.6
# expect: ^transp_tmpl\["stt"\] = Template\(
# expect: ^    SHUNT_POLICY \+= """conn prevent_unencrypted_stt$
# expect: ^            new_conf\["dst_port"\] = options\.get\("dst_port", "7471"\)
# expect: return tunnel_type in \[.*"vxlan", "stt"]

# Until 3.5 Open vSwitch had all but dst_port itself.

# One connection for each direction, as each host's own source ports are any.
/^vlog = ovs\.vlog\.Vlog("ovs-monitor-ipsec")/i\
# As VXLAN's, but over TCP, and with the port that the tunnel has.\
transp_tmpl["stt"] = Template(transp_tmpl["vxlan"].template\
                              .replace("udp/4789", "tcp/$dst_port")\
                              .replace("udp", "tcp"))

# Only strongSwan can drop by mark.
/^class StrongSwanHelper/,/^class LibreSwanHelper/{
/^    auth_tmpl = /i\
    # What leaves for a tunnel's other end has STT's port as its destination.\
    SHUNT_POLICY += """conn prevent_unencrypted_stt\
    type=drop\
    rightprotoport=tcp/7471\
    mark={0}\
\
"""\

}

/^        if self\.conf != new_conf:/i\
        if row.type == "stt":\
            new_conf["dst_port"] = options.get("dst_port", "7471")\

s/\(return tunnel_type in \[.*"vxlan"\)]/\1, "stt"]/
