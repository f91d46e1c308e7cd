# SPDX-License-Identifier: Apache-2.0
# file: ipsec/ovs-monitor-ipsec.in
# releases: >= 3.6
# expect: ^transp_tmpl\["stt"\] = Template\(
# expect: ^    STT_SHUNT_POLICY = """conn prevent_unencrypted_stt\{1\}$
# expect: ^                self\.conf_file\.write\(self\.STT_SHUNT_POLICY\.format\(
# expect: ^        self\.conf\["stt_dst_ports"\] = sorted\(
# expect: ^            new_conf\["dst_port"\] = options\.get\("dst_port", "7471"\)
# expect: return tunnel_type in \[.*"vxlan", "stt"]

# Until 3.5 Open vSwitch had all but dst_port itself.

# One connection for each direction, as each host's own source ports are any.
/^vlog = ovs\.vlog\.Vlog("ovs-monitor-ipsec")/i\
# As VXLAN's, but over TCP, and with the port that the tunnel has.\
transp_tmpl["stt"] = Template(transp_tmpl["vxlan"].template\
                              .replace("udp/4789", "tcp/$dst_port")\
                              .replace("udp", "tcp"))

# Only strongSwan can drop by mark.  There is a policy for STT's own port and
# for each other one that the ports have, protected or not.
/^class StrongSwanHelper/,/^class LibreSwanHelper/{
/^    auth_tmpl = /i\
    # What leaves for a tunnel's other end has STT's port as its destination.\
    STT_SHUNT_POLICY = """conn prevent_unencrypted_stt{1}\
    type=drop\
    rightprotoport=tcp/{2}\
    mark={0}\
\
"""\

/^            self\.conf_file\.write(self\.SHUNT_POLICY\.format(skb_mark))/a\
            for port in monitor.conf_in_use.get("stt_dst_ports", []):\
                suffix = "" if port == "7471" else "_" + port\
                self.conf_file.write(self.STT_SHUNT_POLICY.format(\
                    skb_mark, suffix, port))
}

/^        ifaces = set()/i\
        self.conf["stt_dst_ports"] = sorted(\
            {"7471"} | {row.options.get("dst_port", "7471")\
                        for row in data["Interface"].rows.values()\
                        if row.type == "stt"})\

/^        if self\.conf != new_conf:/i\
        if row.type == "stt":\
            new_conf["dst_port"] = options.get("dst_port", "7471")\

s/\(return tunnel_type in \[.*"vxlan"\)]/\1, "stt"]/
