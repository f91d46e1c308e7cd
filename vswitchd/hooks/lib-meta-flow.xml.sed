# SPDX-License-Identifier: Apache-2.0
# file: lib/meta-flow.xml
# reads: vswitchd/stt-context.xml
# expect: <li>STT has a 64-bit Context ID\.</li>
# expect: stt_context

# ovs-fields(7).  Releases before 3.6 had STT among the tunnels.
/<field id="MFF_TUN_ID"/,/<\/field>/ {
    /<li>STT /d
    /<li>GRE /a \        <li>STT has a 64-bit Context ID.</li>
    /<\/diagram>/r vswitchd/stt-context.xml
}
