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

import argparse
import contextlib
import fcntl
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import time

from ovs_stt import Failure, command_line, signals
from ovs_stt.command_line import whole
from ovs_stt.lab import ovn
from ovs_stt.lab.node import DAEMON_OPTIONS, Node
from ovs_stt.locations import CHECKOUT
from ovs_stt.namespaces import (NETNS_DIR, addresses, has_ipv6, inside,
                                ip_batch, netns_inode, process_inode)
from ovs_stt.packages import check_programs
from ovs_stt.run import COMMAND_TIMEOUT, Job, one_line, run_all

PROGRAM = "ovs-stt-lab"

STATE_DIR = "/run/ovs-stt-lab"
LOG_DIR = "/var/log/ovs-stt-lab"
# Where the package openvswitch-switch-stt has its ovs-vswitchd, whether or not
# that is the one in /usr/sbin.
PACKAGED_OVS_DIR = "/usr/lib/openvswitch-switch-stt"
DEFAULT_NAME = "lab"
MAX_HOSTS = 8
# ovs-vswitchd reads nothing from a device whose MTU, with the room it keeps
# in front for headers, comes to more than 65,535 bytes.
MAX_MTU = 65280

# Seconds until the guests must reach each other.
PING_TIMEOUT = 15
# Seconds for a process to end after SIGTERM, before it gets SIGKILL.
TERM_TIMEOUT = 5

# OpenFlow numbers in br-int: the port to host N has the number N.
GUEST_OFPORT = 100
UNDERLAY_OFPORT = 101

# Bits of the largest key, and the bytes that encapsulation adds within the
# underlay's MTU: the inner Ethernet header and all that follows the outer IP
# header.
TUNNELS = {
    "stt": (64, 14 + 18 + 20),
    "vxlan": (24, 14 + 8 + 8),
    "geneve": (24, 14 + 8 + 8),
    "gre": (32, 14 + 8),
    "none": (64, None),
}
IP_HEADER_LEN = {4: 20, 6: 40}


def ethtool(features):
    """Switches offloads of devices.  'features' has a dictionary of ethtool's
    names and of true or false for each pair of a namespace and a device."""
    run_all("set the links' offloads", [
        Job(inside(netns, "ethtool", "-K", device,
                   *(word for feature, value in wanted.items()
                     for word in (feature, "on" if value else "off"))))
        for (netns, device), wanted in features.items()])


def reap_children():
    """Waits for the child that an interruption may have left unrecorded, as
    it might still be making a namespace."""
    deadline = time.monotonic() + TERM_TIMEOUT
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < deadline:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.02)


class Tree:
    """Open vSwitch's programs: a build tree, or what is installed."""

    def __init__(self, directory):
        self.directory = directory
        if directory:
            path = [os.path.join(directory, sub)
                    for sub in ("utilities", "vswitchd", "ovsdb")]
            schemas = [os.path.join(directory, "vswitchd/vswitch.ovsschema")]
        else:
            path = [PACKAGED_OVS_DIR]
            schemas = ["/usr/share/openvswitch/vswitch.ovsschema",
                       "/usr/local/share/openvswitch/vswitch.ovsschema"]
        self.path = os.pathsep.join(path + [os.environ.get("PATH", ""),
                                            "/usr/local/sbin", "/usr/sbin",
                                            "/sbin"])
        search = os.pathsep.join(path) if directory else self.path
        self.schema = next(filter(os.path.isfile, schemas), None)
        missing = [program for program in
                   ("ovsdb-tool", "ovsdb-server", "ovs-vsctl", "ovs-ofctl",
                    "ovs-vswitchd") if not shutil.which(program, path=search)]
        if not self.schema:
            missing.append("vswitch.ovsschema")
        if missing and directory:
            raise Failure("%s is not a built Open vSwitch tree (no %s): give"
                          " another with --ovs DIR" % (directory,
                                                       ", ".join(missing)))
        if missing:
            raise Failure("no Open vSwitch found (no %s): build ovs-stt, or"
                          " give a built tree with --ovs DIR"
                          % ", ".join(missing))

    @staticmethod
    def find(directory):
        """Returns the Tree that the option --ovs's value 'directory' names,
        or the one to take without it."""
        directory = directory or os.environ.get("OVS_STT_TREE")
        if not directory:
            for built in ("_build/ovs", "ovs"):
                candidate = os.path.join(CHECKOUT, built)
                if os.path.exists(os.path.join(candidate,
                                               "vswitchd/ovs-vswitchd")):
                    directory = candidate
                    break
        return Tree(os.path.abspath(directory) if directory else None)


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


def stop_processes(pids):
    """Ends the processes whose IDs the function 'pids' returns, and those
    which they start meanwhile."""
    deadline = time.monotonic() + TERM_TIMEOUT
    told = set()
    while True:
        remaining = pids()
        if not remaining:
            return
        late = time.monotonic() > deadline
        for pid in remaining:
            if late or pid not in told:
                told.add(pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
        time.sleep(0.02)


class Lab:
    def __init__(self, name):
        self.name = name
        self.directory = os.path.join(STATE_DIR, name)
        self.record = os.path.join(self.directory, "lab.json")
        self.settings = {}
        self.hosts = []
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

    # Building the lab, in the order in which build() does it.

    def build(self, tree):
        self.make_namespaces()
        self.connect()
        self.address_guests()
        self.start_databases(tree)
        self.start_switches(self.hosts, tree)
        if self.ovn:
            self.ovn.start(tree)
        self.check_ports(tree)
        if not self.ovn:
            self.add_flows(tree)
        self.wait_for_guests()
        self.lose_packets()

    @property
    def fabric(self):
        """The namespace of the switch between the hosts, or None if a cable
        joins them."""
        if self.settings["hosts"] > 2 or self.settings["loss"] is not None:
            return self.netns("fabric")
        return None

    def make_namespaces(self):
        names = [netns for host in self.hosts
                 for netns in (host.netns, host.guest_netns)]
        if self.fabric:
            names.append(self.fabric)
        if self.ovn:
            names += map(self.netns, self.ovn.roles())
        try:
            run_all("make network namespaces", [
                Job(("ip", "-batch", "-"),
                    "".join("netns add %s\n" % name for name in names))])
        except Failure as error:
            raise Failure("%s (it takes root's full rights: a container has"
                          " to be privileged)" % error) from None

        # Addresses must work at once, and nobody but the guests and the lab's
        # own daemons is to send anything, such as multicast reports.
        script = ("cd /proc/sys/net/ipv6/conf/default 2>/dev/null || exit 0;"
                  " echo 0 > disable_ipv6; echo 0 > accept_dad;"
                  " echo 0 > accept_ra; echo 0 > router_solicitations;")
        guests = [host.guest_netns for host in self.hosts]
        if self.ovn:
            guests += self.ovn.guests()
        run_all("prepare the network namespaces", [
            Job(inside(name, "sh", "-c", script if name in guests
                       else script + " echo 1 > addr_gen_mode"))
            for name in names])
        # Linux, too, gets what arrives on an uplink.  It must not answer for
        # br-phy's address with the uplink's: whoever believes that sends what
        # ovs-vswitchd does not take.
        run_all("keep uplinks from answering ARP", [
            Job(inside(host.netns, "sh", "-c",
                       "echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore"))
            for host in self.hosts])

    def connect(self):
        """Lays all cables: veth pairs between the namespaces."""
        def cable(netns_a, name_a, netns_b, name_b, mtu):
            return ("link add netns %s name %s mtu %d type veth"
                    " peer netns %s name %s mtu %d\n"
                    % (netns_a, name_a, mtu, netns_b, name_b, mtu))

        mtu, guest_mtu = self.settings["mtu"], self.settings["guest_mtu"]
        cables = [cable(host.netns, "guest", host.guest_netns, "eth0",
                        guest_mtu) for host in self.hosts]
        if self.fabric:
            cables += [cable(host.netns, "uplink", self.fabric, host.name, mtu)
                       for host in self.hosts]
        else:
            cables.append(cable(self.hosts[0].netns, "uplink",
                                self.hosts[1].netns, "uplink", mtu))
        if self.ovn:
            cables += [cable(*link, mtu if self.fabric in link else guest_mtu)
                       for link in self.ovn.links()]
        run_all("connect the namespaces",
                [Job(("ip", "-batch", "-"), "".join(cables))])

        run_all("bring up the links", [
            ip_batch(host.netns, ["link set lo up", "link set uplink up",
                                  "link set guest up"])
            for host in self.hosts])
        if self.fabric:
            # A port that is up when it joins forwards at once.
            run_all("bring up the fabric", [ip_batch(
                self.fabric,
                ["link set lo up"]
                + ["link set %s up" % host.name for host in self.hosts]
                + ["link add fabric mtu %d type bridge stp_state 0"
                   " forward_delay 0 mcast_snooping 0" % mtu,
                   "link set fabric up"]
                + ["link set %s master fabric" % host.name
                   for host in self.hosts])])

    def set_offloads(self):
        """Gives the cables the abilities of the NICs they stand for."""
        # With loss each segment has to meet its fate alone, so they are cut
        # before the fabric and joined, if at all, behind it.
        single = self.settings["loss"] is not None
        tso, gro = self.settings["link_tso"] == "on", self.settings["link_gro"]
        features = {}
        for host in self.hosts:
            features[host.netns, "uplink"] = {"tso": tso, "gro": gro}
            if self.fabric:
                features[self.fabric, host.name] = {"tso": tso,
                                                    "gro": gro and not single}
        for host in self.hosts:
            if host.tso:
                continue
            # Without userspace TSO ovs-vswitchd reads plain packets: no
            # larger than the MTU, and with complete checksums, except for
            # STT segments that were joined.  So nothing should be joined on
            # arrival here, and what sends to this host, the guest or the far
            # end of its cable, has to finish its packets.
            if not self.settings["link_gro_everywhere"]:
                features[host.netns, "uplink"]["gro"] = False
            features[host.guest_netns, "eth0"] = {"tx": False}
            features[self.far_end(host)].update(tso=False, tx=False)
        ethtool(features)

    def far_end(self, host):
        """Returns namespace and name of what the uplink of 'host' ends in."""
        if self.fabric:
            return self.fabric, host.name
        return self.hosts[2 - host.number].netns, "uplink"

    def address_guests(self):
        run_all("configure the guests", [
            ip_batch(host.guest_netns,
                     ["link set lo up",
                      "link set eth0 address %s up" % host.guest_mac]
                     + addresses("eth0", host.overlay))
            for host in self.hosts])
        if self.ovn:
            self.ovn.configure_links()

    def start_databases(self, tree):
        for host in self.hosts:
            os.mkdir(host.rundir)
        run_all("create the databases", [
            host.job(tree, "ovsdb-tool", "create", host.rundir + "/conf.db",
                     tree.schema) for host in self.hosts])
        run_all("start ovsdb-server", [
            host.job(tree, "ovsdb-server", *DAEMON_OPTIONS,
                     "--remote=punix:%s/db.sock" % host.rundir,
                     host.rundir + "/conf.db") for host in self.hosts])

        # userspace-tso-enable counts only if it is there when ovs-vswitchd
        # starts.
        other_config = tuple("other_config:" + pair
                             for pair in self.settings["other_config"])
        run_all("fill the databases", [
            host.job(tree, "ovs-vsctl", "--no-wait",
                     "--timeout=%d" % COMMAND_TIMEOUT, "--", "init", "--",
                     "set", "Open_vSwitch", ".",
                     "external_ids:system-id=" + host.name,
                     "other_config:userspace-tso-enable=%s"
                     % ("true" if host.tso else "false"),
                     *other_config, *self.bridges(host))
            for host in self.hosts])

    def tunnel_ports(self, host):
        """Yields name and far end of each tunnel port of 'host'."""
        if self.settings["tunnel"] != "none":
            for peer in self.hosts:
                if peer is not host:
                    # OVN names its ports after the chassis at the far end.
                    yield ("ovn-%s-0" % peer.name if self.ovn
                           else "t%d" % peer.number), peer

    def bridges(self, host):
        """Returns the ovs-vsctl commands for the bridges of 'host'."""
        family = self.settings["ip"]
        script = [
            "add-br br-phy",
            "set Bridge br-phy datapath_type=netdev"
            " other_config:hwaddr=%s" % host.underlay_mac,
            "add-port br-phy uplink",
        ]
        if self.ovn:
            return ovs_vsctl(script + self.ovn.bridges(host))
        script += [
            # Without flows br-int must not flood: several tunnels would make
            # loops.
            "add-br br-int",
            "set Bridge br-int datapath_type=netdev fail_mode=secure",
            "add-port br-int guest",
            "set Interface guest ofport_request=%d" % GUEST_OFPORT,
        ]
        if self.settings["tunnel"] == "none":
            script += [
                "add-port br-int underlay",
                "set Interface underlay type=patch options:peer=overlay"
                " ofport_request=%d" % UNDERLAY_OFPORT,
                "add-port br-phy overlay",
                "set Interface overlay type=patch options:peer=underlay",
            ]
        tunnel_type = self.settings["tunnel"]
        if tunnel_type == "gre" and family == 6:
            tunnel_type = "ip6gre"
        for port, peer in self.tunnel_ports(host):
            script += [
                "add-port br-int %s" % port,
                "set Interface %s type=%s ofport_request=%d options:key=%s"
                ' options:local_ip="%s" options:remote_ip="%s"'
                % (port, tunnel_type, peer.number, self.settings["key"],
                   host.underlay[family], peer.underlay[family]),
            ]
        return ovs_vsctl(script)

    def start_switches(self, hosts, tree):
        """Starts ovs-vswitchd on 'hosts' with the bridges that are in their
        databases, and gives br-phy its addresses."""
        # ovs-vswitchd looks at its ports' offloads once, when it opens them.
        # Usually it is to leave all cutting to the link, so a link that loses
        # this ability must lose it later.
        if self.settings["link_tso"] == "ovs":
            self.set_offloads()
        else:
            ethtool({(host.netns, "uplink"): {"tso": True, "tx": True}
                     for host in hosts})
        run_all("start ovs-vswitchd", [
            host.job(tree, "ovs-vswitchd", *DAEMON_OPTIONS)
            for host in hosts])
        run_all("bring up br-phy", [
            ip_batch(host.netns, ["link set br-phy up"]
                     + addresses("br-phy", host.underlay)) for host in hosts])
        self.set_offloads()

    def ports(self, host, tree):
        """Returns name, type, options, error and BFD's state (empty without
        BFD) of the interfaces of 'host' as a list of dictionaries."""
        text, = run_all("read the interfaces of %s" % host.name, [
            host.job(tree, "ovs-vsctl", "--timeout=5", "--format=json",
                     "--columns=name,type,options,error,bfd_status", "list",
                     "Interface")])
        ports = []
        for name, port_type, options, error, bfd in json.loads(text)["data"]:
            # An empty set means that there is no error.
            ports.append({"name": name, "type": port_type,
                          "options": dict(options[1]),
                          "error": "" if isinstance(error, list) else error,
                          "bfd": dict(bfd[1]).get("state", "")})
        return sorted(ports, key=lambda port: port["name"])

    def check_ports(self, tree):
        for host in self.hosts:
            for port in self.ports(host, tree):
                if not port["error"]:
                    continue
                hint = ""
                if port["type"] == "stt":
                    hint = (" (if this Open vSwitch does not know STT, give"
                            " ovs-stt's tree with --ovs DIR)")
                raise Failure("%s: interface %s: %s%s"
                              % (host.name, port["name"],
                                 one_line(port["error"]), hint))

    def flows(self, host):
        """Returns the flows of br-int: what comes from a tunnel goes to the
        guest and nowhere else, so a full mesh has no loops."""
        guest = "in_port=%d" % GUEST_OFPORT
        if self.settings["tunnel"] == "none":
            return ("%s,actions=output:%d\nin_port=%d,actions=output:%d\n"
                    % (guest, UNDERLAY_OFPORT, UNDERLAY_OFPORT, GUEST_OFPORT))
        set_key, match_key = "", ""
        if self.settings["key"] == "flow":
            set_key, match_key = "set_field:1->tun_id,", ",tun_id=1"
        flows, flood = [], ""
        for _, peer in self.tunnel_ports(host):
            flows.append("in_port=%d%s,actions=output:%d"
                         % (peer.number, match_key, GUEST_OFPORT))
            flows.append("priority=40000,%s,dl_dst=%s,actions=%soutput:%d"
                         % (guest, peer.guest_mac, set_key, peer.number))
            flood += "%soutput:%d," % (set_key, peer.number)
        flows.append("%s,actions=%s" % (guest, flood.rstrip(",")))
        return "\n".join(flows) + "\n"

    def add_flows(self, tree):
        run_all("add the flows", [
            host.job(tree, "ovs-ofctl", "add-flows", "br-int", "-",
                     stdin=self.flows(host)) for host in self.hosts])

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

    def lose_packets(self):
        """Makes the fabric lossy, last of all: 'up' itself has no use for
        losses."""
        if self.settings["loss"]:
            run_all("make the fabric lossy", [
                Job(inside(self.fabric, "nft", "-f", "-"), """
                    table bridge lab {
                        chain forward {
                            type filter hook forward priority 0;
                            numgen random mod 1000000 < %d counter drop
                        }
                    }
                """ % round(self.settings["loss"] * 10000))])

    # What the commands do.

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
            flows = "" if self.ovn else self.flows(host)
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
            self.start_switches([host], tree)
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
            names = [name for name, _ in self.tunnel_ports(host)]
            try:
                state["tunnels"] = [
                    {"name": port["name"], "type": port["type"],
                     "remote_ip": port["options"].get("remote_ip", ""),
                     "error": port["error"], "bfd": port["bfd"]}
                    for port in self.ports(host, tree)
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


def ovs_vsctl(script):
    """Returns the arguments that have ovs-vsctl do the commands in 'script',
    a list."""
    return tuple(word for command in script
                 for word in ("--", *command.split()))


def lab_names():
    """Returns the names of all labs that have a state folder."""
    return sorted(os.listdir(STATE_DIR)) if os.path.isdir(STATE_DIR) else []


def table(rows):
    """Formats 'rows', of which the first holds the titles."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width
                               in zip(row, widths)).rstrip() for row in rows)


def describe(state):
    """Returns the text that 'status' prints for one lab."""
    if not state["complete"]:
        return "lab %s: %s" % (state["name"], state["error"])
    settings = state["settings"]

    def on(value):
        return "on" if value else "off"

    text = ("lab %s: tunnel %s, underlay IPv%d, MTU %d, guest MTU %d, key %s,"
            " link TSO %s, link GRO %s, loss %s\n\n"
            % (state["name"], settings["tunnel"], settings["ip"],
               settings["mtu"], settings["guest_mtu"], settings["key"],
               settings["link_tso"], on(settings["link_gro"]),
               "none" if settings["loss"] is None
               else "%g%%" % settings["loss"]))
    rows = [("HOST", "UNDERLAY", "TSO", "OVSDB-SERVER", "OVS-VSWITCHD",
             "GUEST", "ADDRESSES")]
    ports = [("HOST", "TUNNEL", "TYPE", "REMOTE", "BFD", "ERROR")]
    for host in state["hosts"]:
        rows.append((host["name"], ", ".join(host["underlay"]),
                     on(host["userspace_tso"]),
                     str(host["ovsdb_server"] or "dead"),
                     str(host["ovs_vswitchd"] or "dead"), host["guest"],
                     ", ".join(host["guest_addresses"])))
        if "error" in host:
            ports.append((host["name"], "?", "", "", "", host["error"]))
        for port in host["tunnels"]:
            ports.append((host["name"], port["name"], port["type"],
                          port["remote_ip"], port["bfd"] or "-",
                          port["error"] or "-"))
    text += table(rows)
    if len(ports) > 1:
        text += "\n\n" + table(ports)
    if "central" in state:
        daemons = [(name, str(pid or "dead"))
                   for name, pid in state["central"].items()]
        daemons += [("ovn-controller on " + host["name"],
                     str(host["ovn_controller"] or "dead"))
                    for host in state["hosts"]]
        text += "\n\n" + table([("OVN", "PROCESS")] + daemons)
    return text


# The command line.

def lab_name(text):
    if not re.fullmatch("[a-z0-9-]{1,16}", text):
        raise argparse.ArgumentTypeError(
            "'%s' is no lab name: 1 to 16 of a-z, 0-9 and '-'" % text)
    return text


def switch(text):
    if text not in ("on", "off"):
        raise argparse.ArgumentTypeError("'%s' is neither on nor off" % text)
    return text == "on"


def switches(text):
    return [switch(part) for part in text.split(",")]


def percent(text):
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value < 100:
        raise argparse.ArgumentTypeError(
            "'%s' is no percentage from 0 to below 100" % text)
    return value


def key(text):
    if text != "flow":
        try:
            if int(text, 0) < 0:
                raise ValueError
        except ValueError:
            raise argparse.ArgumentTypeError(
                "'%s' is neither a number nor 'flow'" % text) from None
    return text


def setting(text):
    if not re.fullmatch(r"[A-Za-z0-9_-]+=[^\s,]+", text):
        raise argparse.ArgumentTypeError(
            "'%s' is not of the form KEY=VALUE" % text)
    return text


def make_parser():
    parser = command_line.make_parser(
        PROGRAM, description="A lab of two to eight hypervisors with"
        " Open vSwitch's userspace datapath on one machine, made of network"
        " namespaces: hosts h1, h2, ... with guests g1, g2, ... behind them.",
        epilog="Exit status: 0 success, 1 failure, 2 wrong usage; of exec,"
        " the command's.")
    parser.add_argument("--name", type=lab_name, metavar="NAME",
                        help="the lab's name (default: %s)" % DEFAULT_NAME)
    parser.add_argument("--ovs", metavar="DIR", help="a built Open vSwitch"
                        " tree (default: the environment's OVS_STT_TREE, else"
                        " the tree built in the program's checkout, else what"
                        " is installed)")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND",
                                     required=True)

    up = commands.add_parser("up", help="make a lab", description="Makes a"
                             " lab and waits until its guests reach each"
                             " other.")
    up.add_argument("--tunnel", choices=list(TUNNELS), default="stt",
                    help="tunnel between the hosts (default: stt)")
    up.add_argument("--ip", type=int, choices=(4, 6), default=4,
                    help="IP version of the underlay (default: 4)")
    up.add_argument("--mtu", type=whole(1280, MAX_MTU), default=1500,
                    metavar="N", help="MTU of the underlay (default: 1500)")
    up.add_argument("--guest-mtu", type=whole(1280, 65535), metavar="N",
                    help="MTU of the guests (default: the underlay's, less"
                    " the tunnel's headers unless the tunnel is stt and a"
                    " host has userspace TSO)")
    up.add_argument("--hosts", type=whole(2, MAX_HOSTS), metavar="N",
                    help="number of hosts (default: 2, with --ovn %d)"
                    % ovn.MIN_HOSTS)
    up.add_argument("--ovn", action="store_true", help="make the hosts chassis"
                    " of OVN, with more guests r1, r2, ..., a router, and a"
                    " host outside; needs 3 hosts or more, and stt or geneve"
                    " as tunnel")
    up.add_argument("--ovn-dir", metavar="DIR", help="OVN's programs: a folder"
                    " made by ovs-stt-ovn, or a built tree (default: the"
                    " environment's OVS_STT_OVN, else 'ovn' beside the Open"
                    " vSwitch tree, else what is installed)")
    up.add_argument("--tso", type=switches, default=[True],
                    metavar="on|off|LIST", help="userspace TSO of all hosts,"
                    " or a value for each, as in on,off (default: on)")
    up.add_argument("--link-tso", choices=("on", "off", "ovs"),
                    help="on: the hosts' links do TSO, off: Linux does it for"
                    " them, ovs: ovs-vswitchd has to (default: on; off with"
                    " --loss)")
    up.add_argument("--link-gro", type=switch, metavar="on|off",
                    help="do the hosts' links join received segments"
                    " (default: on where userspace TSO is on)")
    up.add_argument("--loss", type=percent, metavar="PERCENT", help="packets"
                    " that the underlay loses at random (default: none)")
    up.add_argument("--key", type=key, metavar="KEY|flow",
                    help="the tunnels' key, or flow: flows set and match the"
                    " key 1 (default: 1)")
    up.add_argument("--other-config", type=setting, action="append",
                    default=[], metavar="KEY=VALUE", help="set in"
                    " Open_vSwitch's other_config before ovs-vswitchd starts;"
                    " may be repeated")

    commands.add_parser("down", help="remove a lab", description="Ends all"
                        " processes in the lab's namespaces and removes the"
                        " lab.")

    status = commands.add_parser("status", help="show the labs",
                                 description="Shows all labs, or the one"
                                 " given with --name.  The exit status is 1"
                                 " if something in them does not work.")
    status.add_argument("--json", action="store_true",
                        help="print a JSON array")

    execute = commands.add_parser("exec", help="run a command in a host or"
                                  " guest", description="Runs CMD in the"
                                  " namespace of HOST (h1, h2, ... or g1, g2,"
                                  " ...; with --ovn also r1, r2, ..., central,"
                                  " outside), where Open vSwitch's programs"
                                  " speak to that host's daemons.")
    execute.add_argument("host", metavar="HOST")
    execute.add_argument("argv", metavar="CMD", nargs=argparse.REMAINDER)

    restart = commands.add_parser("restart", help="restart a host's"
                                  " ovs-vswitchd", description="Restarts"
                                  " ovs-vswitchd on HOST (h1, h2, ...) and"
                                  " restores the flows of br-int, or, if HOST"
                                  " is central, OVN's databases.")
    restart.add_argument("host", metavar="HOST")
    return parser, up


def lab_settings(args, usage):
    """Returns the settings that the arguments 'args' of "up" ask for.  Calls
    'usage' with a message if they contradict each other."""
    if args.ovn:
        if args.tunnel not in ovn.TUNNELS:
            usage("--ovn: the tunnel is %s, not %s"
                  % (" or ".join(ovn.TUNNELS), args.tunnel))
        if args.key:
            usage("--ovn: OVN sets the tunnels' keys, so there is no --key")
        if args.hosts and args.hosts < ovn.MIN_HOSTS:
            usage("--ovn takes %d hosts or more" % ovn.MIN_HOSTS)
    elif args.ovn_dir:
        usage("--ovn-dir goes with --ovn only")
    args.hosts = args.hosts or (ovn.MIN_HOSTS if args.ovn else 2)
    args.key = args.key or ("flow" if args.ovn else "1")
    tso = args.tso * args.hosts if len(args.tso) == 1 else args.tso
    if len(tso) != args.hosts:
        usage("--tso names %d hosts, --hosts %d" % (len(tso), args.hosts))
    if args.loss is not None and args.link_tso == "on":
        usage("--loss drops single segments: it cannot go with --link-tso on")
    bits, overhead = TUNNELS[args.tunnel]
    if args.key != "flow" and int(args.key, 0) >> bits:
        usage("--key: '%s' does not fit in the %d bits of a %s key"
              % (args.key, bits, args.tunnel))

    guest_mtu = args.mtu
    # STT cuts frames into segments itself, which costs nothing where TSO does
    # it, and more than a smaller MTU where software has to.
    if overhead and not (args.tunnel == "stt" and any(tso)):
        guest_mtu -= IP_HEADER_LEN[args.ip] + overhead
    if args.ovn:
        guest_mtu = ovn.guest_mtu(args.tunnel, guest_mtu)
    if args.guest_mtu:
        guest_mtu = args.guest_mtu
    return {
        "tunnel": args.tunnel, "ip": args.ip, "mtu": args.mtu,
        "guest_mtu": guest_mtu, "hosts": args.hosts, "tso": tso,
        "link_tso": args.link_tso or ("on" if args.loss is None else "off"),
        "link_gro": args.link_gro is not False,
        "link_gro_everywhere": args.link_gro is True,
        "loss": args.loss, "key": args.key,
        "other_config": args.other_config,
        # The folder with OVN's programs: empty for installed ones, None
        # without OVN.
        "ovn": None,
    }


def do_up(args, usage):
    lab = Lab(args.name or DEFAULT_NAME)
    settings = lab_settings(args, usage)
    check_programs("ip", "ethtool", "ping", *["nft"] * bool(args.loss))
    if args.ip == 6 and not has_ipv6():
        raise Failure("this kernel has no IPv6: boot without ipv6.disable,"
                      " or take --ip 4")
    tree = Tree.find(args.ovs)
    settings["ovs"] = tree.directory
    if args.ovn:
        programs = ovn.Programs.find(args.ovn_dir, tree)
        programs.check_tunnel(args.tunnel)
        settings["ovn"] = programs.directory or ""
    lab.configure(settings)
    lab.up(tree)
    print("lab '%s' is up: %d hosts%s, tunnel %s; see '%s'"
          % (lab.name, args.hosts, " with OVN" if args.ovn else "",
             args.tunnel, lab.command("status")))
    return 0


def do_down(args):
    lab = Lab(args.name or DEFAULT_NAME)
    if lab.down():
        print("lab '%s' is down" % lab.name)
        return 0
    print("there is no lab '%s'" % lab.name)
    return 1 if args.name else 0


def recorded_tree(args, lab):
    """Returns the tree given now, or the one that 'lab' was made with."""
    if args.ovs or not lab.settings["ovs"]:
        return Tree.find(args.ovs)
    return Tree(lab.settings["ovs"])


def do_status(args):
    states = []
    for name in [args.name] if args.name else lab_names():
        lab = Lab(name)
        try:
            lab.load()
            states.append(lab.status(recorded_tree(args, lab)))
        except Failure as error:
            if args.name:
                raise
            if not os.path.exists(lab.directory):
                # It went down just now.
                continue
            states.append({"name": name, "complete": False, "healthy": False,
                           "error": str(error)})
    if args.json:
        print(json.dumps(states, indent=4))
    elif not states:
        print("there are no labs: make one with '%s up'" % PROGRAM)
    else:
        print("\n\n".join(map(describe, states)))
    return 0 if all(state["healthy"] for state in states) else 1


def do_exec(args, usage):
    if not args.argv:
        usage("exec %s: which command?" % args.host)
    lab = Lab(args.name or DEFAULT_NAME)
    lab.load()
    host = lab.member(args.host)
    env = host.env(recorded_tree(args, lab))
    if not shutil.which(args.argv[0], path=env["PATH"]):
        command_line.tell(PROGRAM, "no command '%s' here" % args.argv[0])
        return 127
    os.execvpe("ip", ["ip", "netns", "exec", lab.netns(args.host),
                      *args.argv], env)


def do_restart(args):
    lab = Lab(args.name or DEFAULT_NAME)
    lab.load()
    lab.restart(args.host, recorded_tree(args, lab))
    return 0


def run():
    parser, up = make_parser()
    args = parser.parse_args()
    command_line.become_root()
    check_programs("ip")
    if args.command == "up":
        return do_up(args, up.error)
    if args.command == "exec":
        return do_exec(args, parser.error)
    return {"down": do_down, "status": do_status,
            "restart": do_restart}[args.command](args)


def main():
    signals.watch()
    try:
        return command_line.call(PROGRAM, run)
    except signals.Interrupted as interrupted:
        # The shell is to see that a signal ended the program.
        signum, = interrupted.args
        signal.signal(signum, signal.SIG_DFL)
        os.kill(os.getpid(), signum)
        return 128 + signum
