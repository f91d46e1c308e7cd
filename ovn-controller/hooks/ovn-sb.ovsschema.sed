# SPDX-License-Identifier: Apache-2.0
# file: ovn-sb.ovsschema
# expect: "enum": \["set", \["geneve", "stt", "vxlan"]]

# The version stays: ovn-northd and ovn-controller can be told to work together
# only if theirs is the same, and packaged ones are to work with ours.
/"Encap": {/,/"indexes"/ s/"geneve", "vxlan"/"geneve", "stt", "vxlan"/
