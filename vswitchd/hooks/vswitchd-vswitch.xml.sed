# SPDX-License-Identifier: Apache-2.0
# file: vswitchd/vswitch.xml
# reads: vswitchd/stt-type.xml
# reads: vswitchd/stt-options.xml
# reads: vswitchd/stt-settings.xml
# expect: Ethernet over STT, Stateless Transport Tunneling
# expect: title="Tunnel Options: stt only"
# expect: key="stt-reassembly-bytes"
# expect >= 3.6: <code>stt</code>, and <code>srv6</code>
# expect >= 3.6: or 64-bit \(for STT\)$
# expect >= 3.6: \(Geneve, VXLAN\), and for STT
# expect >= 3.6: <code>stt</code> and$
# expect: 0x04 STT
# expect: STT \(64-bit Context ID\)

# ovs-vswitchd.conf.db(5).  Releases before 3.6 have a part of this by
# themselves, as they had STT.

# The types of interfaces.
/<dt><code>stt<\/code>/,/<\/dd>/d
/<dt><code>vxlan<\/code>/,/<\/dd>/ {
    /<\/dd>/r vswitchd/stt-type.xml
}

# Their options.
/title="Tunnel Options">/,/<\/p>/ s|, and <code>srv6|, <code>stt</code>&|
/key="\(in\|out\)_key">/,/<\/column>/ {
    s/ or 32-bit (for GRE)$/, 32-bit (for GRE) or 64-bit (for STT)/
}
/key="dst_port">/,/<\/column>/ s/ (Geneve, VXLAN)\./ (Geneve, VXLAN), and for STT./
/title="Tunnel Options: gre only">/,/<\/group>/ {
    /<\/group>/r vswitchd/stt-options.xml
}
/title="Tunnel Options: IPsec">/,/<\/p>/ s|</code> and$|</code>, <code>stt</code> and|

# The settings of the userspace datapath.
/key="userspace-tso-enable"/,/<\/column>/ {
    /<\/column>/r vswitchd/stt-settings.xml
}

# IPFIX.
s/0x07 GENEVE/0x04 STT, &/
s/GENEVE (24-bit VNI),/& STT (64-bit Context ID),/
s/as a 3- or 4-byte/as a 3-, 4- or 8-byte/
