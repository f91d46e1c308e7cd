# SPDX-License-Identifier: Apache-2.0
"""Network namespaces: their addresses, those with daemons, and running
programs in them, many at a time."""

import collections
import os
import shlex
import subprocess

DAEMON_OPTIONS = ("--detach", "--no-chdir", "--pidfile", "--log-file",
                  "-vconsole:off", "-vsyslog:off")

# Seconds until a single command must have ended.
COMMAND_TIMEOUT = 30


class LabError(Exception):
    """What went wrong and what to do, in one line for the user."""


def one_line(text):
    """Returns the lines of 'text' joined to one.  Leaves out where in a batch
    the "ip" program failed: the user has not seen the batch."""
    return "; ".join(line.strip() for line in text.splitlines()
                     if line.strip() and not line.startswith("Command failed"))


# A command to run: its arguments, the text for its standard input, and its
# environment (None: the program's own).
Job = collections.namedtuple("Job", "argv stdin env", defaults=("", None))


def run_all(what, jobs):
    """Runs all 'jobs' at the same time.  Returns their outputs in the order of
    'jobs'.  The first one that fails raises LabError, which says that 'what'
    could not be done."""
    procs = []
    try:
        for job in jobs:
            proc = subprocess.Popen(job.argv, env=job.env, text=True,
                                    stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE)
            procs.append((proc, job))
        outputs = []
        for proc, job in procs:
            try:
                out, err = proc.communicate(job.stdin, COMMAND_TIMEOUT)
            except subprocess.TimeoutExpired:
                raise LabError("cannot %s: no answer within %d seconds from:"
                               " %s" % (what, COMMAND_TIMEOUT,
                                        shlex.join(job.argv))) from None
            if proc.returncode:
                reason = (one_line(err) or one_line(out)
                          or "exit status %d of: %s" % (proc.returncode,
                                                        shlex.join(job.argv)))
                raise LabError("cannot %s: %s" % (what, reason))
            outputs.append(out)
        return outputs
    finally:
        for proc, _ in procs:
            if proc.poll() is None:
                proc.kill()
                proc.wait()


def inside(netns, *argv):
    """Returns the arguments that run 'argv' in the namespace 'netns'."""
    return ("ip", "netns", "exec", netns) + argv


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
