# SPDX-License-Identifier: Apache-2.0
"""Network namespaces: running programs in them, and addresses there."""

import contextlib
import os

from ovs_stt.run import Job

NETNS_DIR = "/run/netns"


def inside(netns, *argv):
    """Returns the arguments that run 'argv' in the namespace 'netns'."""
    return ["ip", "netns", "exec", netns, *argv]


def ip_batch(netns, commands):
    """Returns the Job that does the "ip" program's 'commands', a list, in the
    namespace 'netns'."""
    return Job(("ip", "-n", netns, "-batch", "-"),
               "".join(command + "\n" for command in commands))


def has_ipv6():
    return os.path.exists("/proc/sys/net/ipv6")


def addresses(device, by_family):
    """Returns the commands for "ip" that give 'device' the addresses, one for
    each IP version, which it may have from before a restart."""
    commands = []
    for family, address in by_family.items():
        if family == 4:
            commands.append("address replace %s/24 dev %s" % (address, device))
        elif has_ipv6():
            commands.append("address replace %s/64 dev %s nodad"
                            % (address, device))
    return commands


def netns_inode(netns):
    with contextlib.suppress(OSError):
        return os.stat(os.path.join(NETNS_DIR, netns)).st_ino
    return None


def process_inode(pid):
    """Returns the network namespace of the process 'pid' as a number to be
    compared with netns_inode(), or None if there is no such process."""
    with contextlib.suppress(OSError):
        return os.stat("/proc/%s/ns/net" % pid).st_ino
    return None
