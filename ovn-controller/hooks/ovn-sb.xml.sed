# SPDX-License-Identifier: Apache-2.0
# file: ovn-sb.xml
# expect: must use <code>geneve</code>, <code>stt</code> or$
# expect: applies to <code>geneve</code>, <code>stt</code> and <code>vxlan</code>$
# expect: overrides the UDP destination port, or with <code>stt</code> the TCP$

# ovn-sb(5).
/<table name="Encap"/,/<\/table>/ {
    s|must use <code>geneve</code> or$|must use <code>geneve</code>, <code>stt</code> or|
    s|applies to <code>geneve</code> and |applies to <code>geneve</code>, <code>stt</code> and |
    s|\(overrides the UDP destination port\)\.|\1, or with <code>stt</code> the TCP\n        destination port.|
}
