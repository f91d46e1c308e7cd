# SPDX-License-Identifier: Apache-2.0
# file: controller/ovn-controller.8.xml
# expect: are <code>geneve</code>, <code>stt</code> and <code>vxlan</code>

# ovn-controller(8).
/<dt><code>external_ids:ovn-encap-type</,/<\/dd>/ {
    s|are <code>geneve</code> and |are <code>geneve</code>, <code>stt</code> and |
}
