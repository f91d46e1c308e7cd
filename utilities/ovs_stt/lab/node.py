# SPDX-License-Identifier: Apache-2.0
"""A namespace of a lab that has daemons."""

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
