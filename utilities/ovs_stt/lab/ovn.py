# SPDX-License-Identifier: Apache-2.0
"""OVN on the hosts of a lab, which become its chassis.

One more namespace, central, holds ovn-northd and the northbound and southbound
databases, and is joined to the fabric as the hosts are; each host gets an
ovn-controller.  The logical network has two switches and a router between
them, and behind the router an outside network:

    g1 g2 g3 ... -- blue -- router -- red -- r1 r2 r3 ...
                              |
                           outside (gateway chassis: the last two hosts)

The lab builds hosts, links and Open vSwitch; it asks a Deployment what OVN
needs of these, and has it start OVN then.
"""

import contextlib
import json
import os
import shlex
import shutil
import signal

from ovs_stt import Failure
from ovs_stt.lab.node import DAEMON_OPTIONS, Node
from ovs_stt.namespaces import addresses, ip_batch
from ovs_stt.run import COMMAND_TIMEOUT, run_all

MIN_HOSTS = 3

CENTRAL = "central"
OUTSIDE = "outside"
CENTRAL_UNDERLAY = {4: "198.51.100.100", 6: "2001:db8:100::100"}
SOUTHBOUND_PORT = 6642

# The logical network.
BLUE_ROUTER, RED_ROUTER = "192.0.2.254", "203.0.113.254"
BLUE_ROUTER_MAC = "02:00:00:00:04:01"
OUTSIDE_ADDRESS = "198.18.0.100"
OUTSIDE_ROUTER = "198.18.0.1"
FLOATING = "198.18.0.11"
BALANCED = "198.18.0.80"
# TCP port of the red guests that an ACL closes.
CLOSED_PORT = 23

DATABASES = {"ovnnb_db": "ovn-nb.ovsschema", "ovnsb_db": "ovn-sb.ovsschema"}


class Programs:
    """OVN's programs: unpacked packages, a built tree, or what is
    installed."""

    def __init__(self, directory):
        self.directory = directory
        roots = [directory] if directory else ["/", "/usr/local"]
        path = [os.path.join(root, sub) for root in roots
                for sub in ("usr/bin", "bin", "controller", "northd",
                            "utilities")]
        schemas = [os.path.join(root, sub) for root in roots
                   for sub in ("usr/share/ovn", "share/ovn", "")]
        self.path = os.pathsep.join(path)
        missing = [program for program in
                   ("ovn-controller", "ovn-northd", "ovn-nbctl", "ovn-sbctl",
                    "ovn-appctl")
                   if not shutil.which(program, path=self.path)]
        self.schemas = {}
        for database, name in DATABASES.items():
            schema = next(filter(os.path.isfile, (
                os.path.join(folder, name) for folder in schemas)), None)
            if schema:
                self.schemas[database] = schema
            else:
                missing.append(name)
        if missing:
            raise Failure("no OVN %s (no %s): get it with 'utilities/"
                          "ovs-stt-ovn DIR', and give DIR with --ovn-dir DIR"
                          % ("in " + directory if directory else "found",
                             ", ".join(missing)))

    @staticmethod
    def find(directory, tree):
        """Returns the Programs that the option --ovn-dir's value 'directory'
        names, or those to take without it: what is beside 'tree', Open
        vSwitch's, in the build folder, or else what is installed."""
        directory = directory or os.environ.get("OVS_STT_OVN")
        if not directory and tree.directory:
            beside = os.path.join(os.path.dirname(tree.directory), "ovn")
            if os.path.isdir(beside):
                directory = beside
        return Programs(os.path.abspath(directory) if directory else None)

    def check_tunnel(self, tunnel):
        """Raises Failure if this OVN does not know 'tunnel'."""
        with open(self.schemas["ovnsb_db"]) as schema:
            column = json.load(schema)["tables"]["Encap"]["columns"]["type"]
        if tunnel not in column["type"]["key"]["enum"][1]:
            raise Failure("this OVN has no %s (OVN has STT up to 25.03, and"
                          " 'utilities/ovs-stt-ovn --source DIR' adds it to a"
                          " newer one): give another with --ovn-dir DIR"
                          % tunnel)


class Deployment:
    """OVN in a lab."""

    def __init__(self, lab, programs):
        self.lab = lab
        self.programs = programs
        self.central = Node(lab, CENTRAL)

    @property
    def gateways(self):
        """The hosts that may be the gateway to the outside, the one that is
        first."""
        return self.lab.hosts[:-3:-1]

    @staticmethod
    def red(host):
        """Returns the name of the red guest of 'host'."""
        return "r%d" % host.number

    def roles(self):
        """Returns the roles of the namespaces that a lab has for OVN alone."""
        return [CENTRAL, OUTSIDE] + [self.red(host)
                                     for host in self.lab.hosts]

    def guests(self):
        """Returns the namespaces, beside the hosts' own guests', from which
        nobody but the user is to send."""
        return [self.lab.netns(role) for role in self.roles()]

    def member(self, role):
        """Returns whose daemons programs in the namespace of 'role' speak to,
        or None if no namespace here has this role."""
        if role in (CENTRAL, OUTSIDE):
            return self.central
        return next((host for host in self.lab.hosts
                     if role == self.red(host)), None)

    def env(self, env, rundir):
        """Returns 'env' with what OVN's programs need, to speak to the daemons
        whose files are in 'rundir'."""
        family = self.lab.settings["ip"]
        southbound = ("tcp:[%s]:%d" if family == 6 else "tcp:%s:%d") % (
            CENTRAL_UNDERLAY[family], SOUTHBOUND_PORT)
        return dict(env, PATH=self.programs.path + os.pathsep + env["PATH"],
                    OVN_RUNDIR=rundir, OVN_DBDIR=rundir, OVN_LOGDIR=rundir,
                    OVN_SYSCONFDIR=rundir, OVN_SB_DB=southbound,
                    OVN_NB_DB="unix:%s/ovnnb_db.sock" % self.central.rundir)

    # What the lab asks for while it builds links and switches.

    def links(self):
        """Returns namespace, device, namespace, device of each cable."""
        lab = self.lab
        return ([(host.netns, "red", lab.netns(self.red(host)), "eth0")
                 for host in lab.hosts]
                + [(self.central.netns, "uplink", lab.links.fabric, CENTRAL)]
                + [(host.netns, OUTSIDE, lab.netns(OUTSIDE), host.name)
                   for host in self.gateways])

    def configure_links(self):
        """Brings the cables up, and gives their ends addresses."""
        lab = self.lab
        jobs = [ip_batch(lab.links.fabric, ["link set %s up" % CENTRAL,
                                      "link set %s master fabric" % CENTRAL]),
                ip_batch(self.central.netns,
                         ["link set lo up", "link set uplink up"]
                         + addresses("uplink", CENTRAL_UNDERLAY)),
                ip_batch(lab.netns(OUTSIDE),
                         ["link set lo up",
                          "link add outside type bridge stp_state 0"
                          " forward_delay 0 mcast_snooping 0"]
                         + [command for host in self.gateways for command in
                            ("link set %s up" % host.name,
                             "link set %s master outside" % host.name)]
                         + ["link set outside up"]
                         + addresses("outside", {4: OUTSIDE_ADDRESS}))]
        for host in lab.hosts:
            devices = ["red"] + [OUTSIDE] * (host in self.gateways)
            jobs.append(ip_batch(host.netns, ["link set %s up" % device
                                              for device in devices]))
            jobs.append(ip_batch(
                lab.netns(self.red(host)),
                ["link set lo up",
                 "link set eth0 address %s up" % red_mac(host)]
                + addresses("eth0", {4: red_address(host)})
                + ["route add default via %s" % RED_ROUTER]))
            jobs.append(ip_batch(host.guest_netns, [
                "route add default via %s" % BLUE_ROUTER]))
        run_all("configure the links of OVN", jobs)

    def bridges(self, host):
        """Returns the commands for ovs-vsctl that make 'host' a chassis.
        OVN makes the tunnels' ports and all flows."""
        family = self.lab.settings["ip"]
        script = [
            "set Open_vSwitch . external_ids:hostname=%s"
            " external_ids:ovn-remote=\"%s\""
            " external_ids:ovn-encap-type=%s"
            " external_ids:ovn-encap-ip=\"%s\""
            " external_ids:ovn-bridge-datapath-type=netdev"
            % (host.name, self.env({"PATH": ""}, "")["OVN_SB_DB"],
               self.lab.settings["tunnel"], host.underlay[family]),
            "add-br br-int",
            "set Bridge br-int datapath_type=netdev fail_mode=secure",
            "add-port br-int guest",
            "set Interface guest external_ids:iface-id=%s" % host.guest,
            "add-port br-int red",
            "set Interface red external_ids:iface-id=%s" % self.red(host),
        ]
        if host in self.gateways:
            script += [
                "set Open_vSwitch ."
                " external_ids:ovn-bridge-mappings=outside:br-ex",
                "add-br br-ex",
                "set Bridge br-ex datapath_type=netdev",
                "add-port br-ex outside",
            ]
        return script

    # Starting OVN.

    def start(self, tree):
        os.mkdir(self.central.rundir)
        run_all("create OVN's databases", [
            self.central.job(tree, "ovsdb-tool", "create",
                             "%s/%s.db" % (self.central.rundir, database),
                             self.programs.schemas[database])
            for database in DATABASES])
        self.start_databases(tree)
        run_all("make the logical network", [self.central.job(
            tree, "ovn-nbctl", "--timeout=%d" % COMMAND_TIMEOUT,
            *(word for command in self.logical_network()
              for word in ("--", *shlex.split(command))))])
        self.start_northd(tree)
        self.start_controllers(self.lab.hosts, tree)
        self.wait_for_chassis(tree)

    def start_databases(self, tree):
        rundir = self.central.rundir
        any_address = "[::]" if self.lab.settings["ip"] == 6 else "0.0.0.0"
        remotes = {"ovnnb_db": [], "ovnsb_db": [
            "--remote=ptcp:%d:%s" % (SOUTHBOUND_PORT, any_address)]}
        run_all("start OVN's databases", [self.central.job(
            tree, "ovsdb-server", *self.daemon_options(database),
            "--unixctl=%s/%s.ctl" % (rundir, database),
            "--remote=punix:%s/%s.sock" % (rundir, database),
            *remotes[database], "%s/%s.db" % (rundir, database))
            for database in DATABASES])

    def daemon_options(self, name):
        """Returns DAEMON_OPTIONS for the one of several daemons of a program
        that is called 'name'."""
        own = {"--pidfile": "--pidfile=%s/%s.pid" % (self.central.rundir,
                                                      name),
               "--log-file": "--log-file=%s/%s.log" % (self.central.rundir,
                                                        name)}
        return [own.get(option, option) for option in DAEMON_OPTIONS]

    def start_northd(self, tree):
        rundir = self.central.rundir
        run_all("start ovn-northd", [self.central.job(
            tree, "ovn-northd", *DAEMON_OPTIONS,
            "--ovnnb-db=unix:%s/ovnnb_db.sock" % rundir,
            "--ovnsb-db=unix:%s/ovnsb_db.sock" % rundir)])

    @staticmethod
    def start_controllers(hosts, tree):
        # OVN 23.03's sometimes crashes when it starts.  Like OVN's own
        # scripts, have it watched, and started anew.
        run_all("start ovn-controller", [
            host.job(tree, "ovn-controller", "--monitor", *DAEMON_OPTIONS,
                     "unix:%s/db.sock" % host.rundir) for host in hosts])

    @staticmethod
    def let_forward(host, tree):
        """Lets the ovs-vswitchd of 'host' forward from its start on.  OVN
        26.03 has that of a gateway wait for OVN's flows, but ovn-controller
        reaches the southbound database through this ovs-vswitchd."""
        run_all("let %s forward" % host.name, [
            host.job(tree, "ovs-vsctl", "--no-wait", "remove", "Open_vSwitch",
                     ".", "other_config", "flow-restore-wait")])

    def wait_for_chassis(self, tree):
        run_all("have all chassis do what the northbound database says", [
            self.central.job(tree, "ovn-nbctl", "--wait=hv",
                             "--timeout=%d" % COMMAND_TIMEOUT, "sync")])

    def logical_network(self):
        """Returns the commands for ovn-nbctl that make the logical network."""
        hosts = self.lab.hosts
        mtu = self.lab.settings["guest_mtu"]
        script = [
            "lr-add router",
            # In its DHCP replies OVN is the router.
            "--id=@dhcp create DHCP_Options cidr=192.0.2.0/24"
            " options:server_id=%s options:router=%s options:lease_time=3600"
            " options:mtu=%d 'options:server_mac=\"%s\"'"
            % (BLUE_ROUTER, BLUE_ROUTER, mtu, BLUE_ROUTER_MAC),
        ]
        for switch, mac, address in (
                ("blue", BLUE_ROUTER_MAC, BLUE_ROUTER),
                ("red", "02:00:00:00:04:02", RED_ROUTER),
                ("outside", "02:00:00:00:04:03", OUTSIDE_ROUTER)):
            script += [
                "ls-add %s" % switch,
                "lrp-add router router-%s %s %s/24" % (switch, mac, address),
                "lsp-add %s %s-router" % (switch, switch),
                "lsp-set-type %s-router router" % switch,
                "lsp-set-addresses %s-router router" % switch,
                "lsp-set-options %s-router router-port=router-%s"
                % (switch, switch),
            ]
        for host in hosts:
            script += [
                "lsp-add blue %s" % host.guest,
                "lsp-set-addresses %s '%s %s'"
                % (host.guest, host.guest_mac, host.overlay[4]),
                "set Logical_Switch_Port %s dhcpv4_options=@dhcp" % host.guest,
                "lsp-add red %s" % self.red(host),
                "lsp-set-addresses %s '%s %s'"
                % (self.red(host), red_mac(host), red_address(host)),
            ]
        reds = " ".join(map(self.red, hosts))
        script += [
            "pg-add reds %s" % reds,
            "acl-add reds to-lport 1000 'outport == @reds && ip'"
            " allow-related",
            "acl-add reds to-lport 2000 'outport == @reds && tcp.dst == %d'"
            " drop" % CLOSED_PORT,
            "lsp-add outside localnet",
            "lsp-set-type localnet localnet",
            "lsp-set-addresses localnet unknown",
            "lsp-set-options localnet network_name=outside",
            "lr-nat-add router snat %s 192.0.2.0/24" % OUTSIDE_ROUTER,
            "lr-nat-add router snat %s 203.0.113.0/24" % OUTSIDE_ROUTER,
            "lr-nat-add router dnat_and_snat %s %s"
            % (FLOATING, hosts[0].overlay[4]),
            "lb-add web %s:80 %s tcp"
            % (BALANCED, ",".join("%s:8080" % host.overlay[4]
                                  for host in hosts[1:3])),
            "ls-lb-add blue web", "ls-lb-add red web",
            "lr-lb-add router web",
        ]
        # With two gateways the chassis watch each other's tunnels by BFD, and
        # the second takes over from the first.
        for priority, host in zip((20, 10), self.gateways):
            script.append("lrp-set-gateway-chassis router-outside %s %d"
                          % (host.name, priority))
        return script

    def pings(self):
        """Returns namespace and address of pings that must succeed before the
        lab is up, beside those between the hosts' own guests."""
        hosts = self.lab.hosts
        return ([(self.lab.netns(self.red(a)), red_address(b))
                 for a in hosts for b in hosts if a.number < b.number]
                + [(host.guest_netns, red_address(host)) for host in hosts]
                + [(host.guest_netns, OUTSIDE_ADDRESS) for host in hosts])

    # What the commands do.

    def restart(self, tree, stop):
        """Restarts the databases and ovn-northd, which 'stop' ends."""
        stop([pid for pid in self.daemons().values() if pid])
        self.start_databases(tree)
        self.start_northd(tree)

    def daemons(self):
        """Returns the process ID of each daemon in central, or None for one
        that does not run."""
        return {name: self.lab.daemon_pid(self.central, name)
                for name in (*DATABASES, "ovn-northd")}


def end_controllers(pids):
    """Kills those of the processes 'pids' that are an ovn-controller.  On a
    plainer signal it waits for a southbound database that goes down, too."""
    for pid in pids:
        with contextlib.suppress(OSError):
            with open("/proc/%d/comm" % pid) as comm:
                if comm.read().strip() == "ovn-controller":
                    os.kill(pid, signal.SIGKILL)


def red_mac(host):
    return "02:00:00:00:03:%02x" % host.number


def red_address(host):
    return "203.0.113.%d" % host.number
