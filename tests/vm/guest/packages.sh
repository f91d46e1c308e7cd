#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The kernel modules as the package ovs-stt-dkms has built them, README's commands,
# and what the package's scripts do while the modules are in use.  These and README
# are in /usr/local/stt.

# shellcheck source=tests/vm/guest/lib.sh
. "$(dirname "$0")/lib.sh"

# What the scripts call: there is no package, nor anything to build with, and this
# is no chroot.
printf '#!/bin/sh\n' >/usr/sbin/dkms
printf '#!/bin/sh\nexit 1\n' >/usr/bin/ischroot
chmod +x /usr/sbin/dkms /usr/bin/ischroot

prerm()
{
    sh /usr/local/stt/ovs-stt-dkms.prerm "$@" 2>&1
}

loaded()
{
    [ -e /sys/module/stt ] && [ -e /sys/module/vport_stt ]
}

test_ping()
{
    two_hosts_with_tunnel stt
    ping_from g1 198.51.100.2
    on h1 ovs-appctl dpctl/dump-flows | grep 'tunnel(.*tun_id=0x1'
    [ "$(modinfo -F version stt)" = "$(cat /sys/module/stt/version)" ]
}

# README's commands of ovs-vsctl, as they stand there, and on the other host with
# the first one's address.
test_readme()
{
    local commands=$test_dir/commands i

    sed -n '/^<!-- BEGIN kernel datapath -->$/,/^<!-- END/s/^    sudo ovs-/ovs-/p' \
        /usr/local/stt/README.md >"$commands"
    cat "$commands"
    equal "the number of commands" "$(wc -l <"$commands")" 3
    add_hosts h1 h2 g1 g2
    join h1 uplink h2 uplink
    for i in 1 2; do
        set_addresses h$i uplink 192.0.2.$i/24
        join h$i vnet0 g$i eth0
        # A tunnel's headers need up to 94 bytes of the link's 1500.
        ip -n g$i link set eth0 mtu 1400
        set_addresses g$i eth0 198.51.100.$i/24
        start_ovs h$i
        on h$i sh -ex "$commands"
        sed -i 's/192\.0\.2\.2/192.0.2.1/' "$commands"
    done
    ping_from g1 198.51.100.2
    ping_from g1 198.51.100.2 -s 1300
    on h1 ovs-appctl dpctl/dump-flows | grep 'tunnel(.*tun_id=0x2a'
}

# The modules stay while there are tunnels, and the script says why.
test_removal_with_tunnel()
{
    two_hosts_with_tunnel stt
    prerm remove >"$test_dir/said"
    cat "$test_dir/said"
    grep 'stay loaded.*stt_sys_7471' "$test_dir/said"
    loaded
    ping_from g1 198.51.100.2
}

test_upgrade_with_tunnel()
{
    two_hosts_with_tunnel stt
    prerm upgrade 9.9.9
    loaded
    ping_from g1 198.51.100.2
}

unused()
{
    [ "$(cat /sys/module/vport_stt/refcnt)" = 0 ]
}

# Without tunnels they go, and the script has nothing to say.
test_removal()
{
    modprobe vport-stt
    loaded
    # The kernel frees ports a moment after Open vSwitch has gone.
    wait_until unused
    equal "what the script says" "$(prerm remove)" ""
    must_fail test -e /sys/module/stt
    must_fail test -e /sys/module/vport_stt
}

# The port is in a network namespace without a name, whose devices the script cannot
# list: the kernel refuses.
test_removal_refused()
{
    two_hosts_with_tunnel stt
    mount -t tmpfs tmpfs /run/netns
    prerm remove >"$test_dir/said"
    umount /run/netns
    cat "$test_dir/said"
    grep 'stay loaded.*vport_stt is in use' "$test_dir/said"
    loaded
}

run_test ping test_ping
run_test readme test_readme
run_test removal-with-tunnel test_removal_with_tunnel
run_test upgrade-with-tunnel test_upgrade_with_tunnel
run_test removal-refused test_removal_refused
run_test removal test_removal
