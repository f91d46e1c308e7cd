# SPDX-License-Identifier: Apache-2.0
"""A lab of two to eight hypervisors on one machine.

Each hypervisor is a network namespace with its own ovsdb-server and
ovs-vswitchd (userspace datapath); a guest, one more namespace, sits behind
each.  A tunnel of the chosen type joins every two hypervisors:

    g1 eth0 -- guest  br-int  t2 ~ ~ tunnel ~ ~ t1  br-int  guest -- eth0 g2
                  h1  br-phy  uplink ------- uplink  br-phy  h2

With --ovn the hosts are chassis of OVN, which ovn.py adds, instead.

A process or a namespace belongs to a lab by its name alone: every namespace
is called stt-NAME-ROLE, and a process is the lab's if its network namespace
is one of these.  So 'down' needs no records, and cleans up after an 'up' that
was killed at any moment.
"""

import contextlib
import fcntl
import glob
import json
import os
import re
import shutil
import subprocess

from ovs_stt import Failure, signals
from ovs_stt.lab import PROGRAM, ovn
from ovs_stt.lab.links import Links
from ovs_stt.lab.node import Host
from ovs_stt.lab.processes import reap_children, stop_processes
from ovs_stt.lab.switches import Switches
from ovs_stt.namespaces import NETNS_DIR, inside, netns_inode, process_inode
from ovs_stt.run import Job, run_all

STATE_DIR = "/run/ovs-stt-lab"
LOG_DIR = "/var/log/ovs-stt-lab"
DEFAULT_NAME = "lab"

# Seconds until the guests must reach each other.
PING_TIMEOUT = 15


class Lab:
    def __init__(self, name):
        self.name = name
        self.directory = os.path.join(STATE_DIR, name)
        self.record = os.path.join(self.directory, "lab.json")
        self.settings = {}
        self.hosts = []
        self.links = Links(self)
        self.switches = Switches(self)
        self.ovn = None

    def netns(self, role):
        return "stt-%s-%s" % (self.name, role)

    def configure(self, settings):
        self.settings = settings
        self.hosts = [Host(self, number + 1)
                      for number in range(settings["hosts"])]
        if settings["ovn"] is not None:
            self.ovn = ovn.Deployment(self, ovn.Programs(
                settings["ovn"] or None))

    def load(self):
        """Reads what 'up' recorded of a running lab."""
        try:
            with open(self.record) as record:
                self.configure(json.load(record))
        except FileNotFoundError:
            if os.path.exists(self.directory) or self.namespaces():
                raise Failure("lab '%s' is not complete: wait for its 'up',"
                              " or remove it with '%s'"
                              % (self.name, self.command("down"))) from None
            raise Failure("there is no lab '%s': make it with '%s'"
                          % (self.name, self.command("up"))) from None

    def command(self, command):
        """Returns the command line that does 'command' to this lab."""
        if self.name == DEFAULT_NAME:
            return "%s %s" % (PROGRAM, command)
        return "%s --name %s %s" % (PROGRAM, self.name, command)

    def namespaces(self):
        """Returns the names of the lab's network namespaces."""
        pattern = re.compile(re.escape(self.netns(""))
                             + r"([hgr]\d|fabric|central|outside)$")
        return sorted(filter(pattern.match, os.listdir(NETNS_DIR))
                      if os.path.isdir(NETNS_DIR) else [])

    def processes(self):
        """Returns the IDs of all processes in the lab's namespaces."""
        inodes = set(map(netns_inode, self.namespaces())) - {None}
        pids = [int(pid) for pid in os.listdir("/proc") if pid.isdigit()]
        return [pid for pid in pids if process_inode(pid) in inodes]

    @staticmethod
    def daemon_pid(node, daemon):
        """Returns the process ID of 'daemon' of a Node, or None if it does not
        run."""
        try:
            with open(os.path.join(node.rundir, daemon + ".pid")) as pidfile:
                pid = int(pidfile.read())
        except (OSError, ValueError):
            return None
        # The number may be another process's by now.
        inode = netns_inode(node.netns)
        return pid if inode and process_inode(pid) == inode else None

    @contextlib.contextmanager
    def locked(self, wait):
        """Keeps others from changing this lab.  If another does so now, waits
        for its end if 'wait' is set, else raises Failure."""
        while True:
            os.makedirs(self.directory, mode=0o755, exist_ok=True)
            try:
                lock = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
            except FileNotFoundError:
                continue
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait
                                                   else fcntl.LOCK_NB))
                # The owner before us may have removed the folder.
                if os.path.samestat(os.fstat(lock), os.stat(self.directory)):
                    break
                os.close(lock)
            except FileNotFoundError:
                os.close(lock)
            except BlockingIOError:
                os.close(lock)
                raise Failure("another %s is at work on lab '%s': try again"
                              " when it is done"
                              % (PROGRAM, self.name)) from None
            except BaseException:
                os.close(lock)
                raise
        try:
            yield
        finally:
            os.close(lock)

    def destroy(self):
        """Ends every process of the lab and removes all that it consists of,
        however far it was built."""
        ovn.end_controllers(self.processes())
        stop_processes(self.processes)
        for netns in self.namespaces():
            subprocess.run(["ip", "netns", "del", netns], check=False)
        shutil.rmtree(self.directory, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.rmdir(STATE_DIR)

    def keep_logs(self):
        """Copies the daemons' logs to a file that outlives the lab.  Returns
        its name, or None if there are no logs yet."""
        logs = sorted(glob.glob(os.path.join(glob.escape(self.directory),
                                             "*", "*.log")))
        if not logs:
            return None
        os.makedirs(LOG_DIR, exist_ok=True)
        kept = os.path.join(LOG_DIR, self.name + ".log")
        with open(kept, "w") as output:
            for log in logs:
                output.write("==> %s <==\n" % os.path.relpath(
                    log, self.directory))
                with open(log, errors="replace") as text:
                    shutil.copyfileobj(text, output)
        return kept

    def build(self, tree):
        self.links.make_namespaces()
        self.links.connect()
        self.links.address_guests()
        self.switches.start_databases(tree)
        self.switches.start(self.hosts, tree)
        if self.ovn:
            self.ovn.start(tree)
        self.switches.check_ports(tree)
        if not self.ovn:
            self.switches.add_flows(tree)
        self.wait_for_guests()
        self.links.lose_packets()

    def wait_for_guests(self):
        """Waits until every two guests reach each other.  The hosts go first:
        from their exchange Open vSwitch learns its neighbours."""
        family = self.settings["ip"]
        pairs = [(a, b) for a in self.hosts for b in self.hosts
                 if a.number < b.number]

        def ping(netns, address):
            return Job(inside(netns, "ping", "-n", "-q", "-c1", "-i0.2",
                              "-w%d" % PING_TIMEOUT, address))

        def ping_all(what, pings):
            try:
                run_all("", pings)
            except Failure:
                raise Failure("%s do not reach each other within %d seconds"
                              % (what, PING_TIMEOUT)) from None

        ping_all("the hosts", [ping(a.netns, b.underlay[family])
                               for a, b in pairs])
        ping_all("the guests", [ping(a.guest_netns, b.overlay[4])
                                for a, b in pairs])
        if self.ovn:
            ping_all("guests of OVN", [ping(*pair)
                                       for pair in self.ovn.pings()])

    def up(self, tree):
        """Builds the lab, or leaves nothing behind."""
        with self.locked(wait=False):
            if os.path.exists(self.record):
                raise Failure("lab '%s' is up already: remove it with '%s',"
                              " or name another with --name"
                              % (self.name, self.command("down")))
            if self.namespaces():
                raise Failure("something is left of an earlier lab '%s':"
                              " remove it with '%s'"
                              % (self.name, self.command("down")))
            try:
                self.build(tree)
                with open(self.record + ".new", "w") as record:
                    json.dump(self.settings, record, indent=4)
                # From here on the lab is up, whatever happens.
                signals.ignore()
                os.rename(self.record + ".new", self.record)
            except BaseException as error:
                signals.ignore()
                log = None
                if isinstance(error, Failure):
                    log = self.keep_logs()
                reap_children()
                self.destroy()
                if log:
                    raise Failure("%s; log: %s" % (error, log)) from None
                raise

    def down(self):
        """Removes the lab.  Returns false if there was none."""
        if not os.path.exists(self.directory) and not self.namespaces():
            return False
        if process_inode("self") in map(netns_inode, self.namespaces()):
            raise Failure("this shell runs inside lab '%s': leave it first"
                          % self.name)
        with self.locked(wait=True):
            signals.ignore()
            self.destroy()
        return True

    def restart(self, role, tree):
        """Restarts ovs-vswitchd on the host 'role'.  br-int gets its flows
        again, those that others added too.  Of OVN's central it restarts the
        databases."""
        with self.locked(wait=True):
            self.load()
            if self.ovn and role == ovn.CENTRAL:
                self.ovn.restart(tree, self.stop_daemons)
                return
            host = self.member(role, hosts_only=True)
            if not self.daemon_pid(host, "ovsdb-server"):
                raise Failure("%s has lost its ovsdb-server: remove the lab"
                              " with '%s'" % (role, self.command("down")))
            flows = "" if self.ovn else self.switches.flows(host)
            pid = self.daemon_pid(host, "ovs-vswitchd")
            # OVN makes its flows anew.
            if pid and not self.ovn:
                flows, = run_all("save the flows", [
                    host.job(tree, "ovs-ofctl", "--no-names", "--no-stats",
                             "dump-flows", "br-int")])
            if pid:
                # It removes its pidfile some time before its ports vanish.
                self.stop_daemons([pid])
            if self.ovn:
                self.ovn.let_forward(host, tree)
            self.switches.start([host], tree)
            if self.ovn:
                if not self.daemon_pid(host, "ovn-controller"):
                    self.ovn.start_controllers([host], tree)
                return
            run_all("restore the flows", [
                host.job(tree, "ovs-ofctl", "add-flows", "br-int", "-",
                         stdin=flows)])

    def stop_daemons(self, pids):
        """Ends those of the processes 'pids' that are the lab's."""
        stop_processes(lambda: [pid for pid in self.processes()
                                if pid in pids])

    def member(self, role, hosts_only=False):
        """Returns the Node called 'role', or the Host whose guest is."""
        for host in self.hosts:
            if role == host.name or (role == host.guest and not hosts_only):
                return host
        if self.ovn and not hosts_only:
            member = self.ovn.member(role)
            if member:
                return member
        last = self.settings["hosts"]
        others = []
        if not hosts_only:
            others = ["g1 to g%d" % last]
            if self.ovn:
                others += ["r1 to r%d" % last, ovn.OUTSIDE]
        if self.ovn:
            others.append(ovn.CENTRAL)
        raise Failure("lab '%s' has no '%s': it has %s"
                      % (self.name, role,
                         " and ".join(["h1 to h%d" % last, *others])))

    def status(self, tree):
        """Returns the state of the lab as a dictionary."""
        hosts = []
        for host in self.hosts:
            state = {
                "name": host.name, "guest": host.guest,
                "namespace": host.netns, "guest_namespace": host.guest_netns,
                "underlay": list(host.underlay.values()),
                "guest_addresses": list(host.overlay.values()),
                "userspace_tso": host.tso, "rundir": host.rundir,
                "ovsdb_server": self.daemon_pid(host, "ovsdb-server"),
                "ovs_vswitchd": self.daemon_pid(host, "ovs-vswitchd"),
                "tunnels": [],
            }
            if self.ovn:
                state["ovn_controller"] = self.daemon_pid(host,
                                                          "ovn-controller")
            names = [name for name, _ in self.switches.tunnel_ports(host)]
            try:
                state["tunnels"] = [
                    {"name": port["name"], "type": port["type"],
                     "remote_ip": port["options"].get("remote_ip", ""),
                     "error": port["error"], "bfd": port["bfd"]}
                    for port in self.switches.ports(host, tree)
                    if port["name"] in names]
            except Failure as error:
                state["error"] = str(error)
            hosts.append(state)
        healthy = all(state["ovsdb_server"] and state["ovs_vswitchd"]
                      and state.get("ovn_controller", True)
                      and not any(port["error"] for port in state["tunnels"])
                      for state in hosts)
        state = {"name": self.name, "complete": True, "healthy": healthy,
                 "settings": self.settings, "hosts": hosts}
        if self.ovn:
            state["central"] = self.ovn.daemons()
            state["healthy"] &= all(state["central"].values())
        return state


def lab_names():
    """Returns the names of all labs that have a state folder."""
    return sorted(os.listdir(STATE_DIR)) if os.path.isdir(STATE_DIR) else []
