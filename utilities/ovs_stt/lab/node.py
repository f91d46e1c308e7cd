# SPDX-License-Identifier: Apache-2.0
"""The namespaces of a lab that have daemons."""

import os

from ovs_stt.namespaces import inside
from ovs_stt.run import Job

DAEMON_OPTIONS = ("--detach", "--no-chdir", "--pidfile", "--log-file",
                  "-vconsole:off", "-vsyslog:off")


class Node:
    """The namespace of a lab that has the role 'name' and daemons of its
    own."""

    def __init__(self, lab, name):
        self.lab = lab
        self.name = name
        self.netns = lab.netns(name)
        self.rundir = os.path.join(lab.directory, name)

    def env(self, tree):
        """Returns the environment in which programs of Open vSwitch, and of
        OVN if the lab has it, speak to the daemons here."""
        env = dict(os.environ, PATH=tree.path, OVS_RUNDIR=self.rundir,
                   OVS_DBDIR=self.rundir, OVS_LOGDIR=self.rundir)
        return self.lab.ovn.env(env, self.rundir) if self.lab.ovn else env

    def job(self, tree, *argv, stdin=""):
        """Returns the Job that runs 'argv' here."""
        return Job(inside(self.netns, *argv), stdin, self.env(tree))


class Host(Node):
    """The hypervisor 'number' of a lab, with its guest."""

    def __init__(self, lab, number):
        super().__init__(lab, "h%d" % number)
        self.number = number
        self.guest = "g%d" % number
        self.guest_netns = lab.netns(self.guest)
        self.underlay = {4: "198.51.100.%d" % number,
                         6: "2001:db8:100::%d" % number}
        self.overlay = {4: "192.0.2.%d" % number,
                        6: "2001:db8:1::%d" % number}
        self.underlay_mac = "02:00:00:00:01:%02x" % number
        self.guest_mac = "02:00:00:00:02:%02x" % number

    @property
    def tso(self):
        return self.lab.settings["tso"][self.number - 1]
