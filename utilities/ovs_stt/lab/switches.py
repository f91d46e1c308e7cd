# SPDX-License-Identifier: Apache-2.0
"""Open vSwitch on the hosts of a lab."""

import json
import os

from ovs_stt import Failure
from ovs_stt.lab.links import ethtool
from ovs_stt.lab.node import DAEMON_OPTIONS
from ovs_stt.namespaces import addresses, ip_batch
from ovs_stt.run import COMMAND_TIMEOUT, one_line, run_all

# OpenFlow numbers in br-int: the port to host N has the number N.
GUEST_OFPORT = 100
UNDERLAY_OFPORT = 101


def ovs_vsctl(script):
    """Returns the arguments that have ovs-vsctl do the commands in 'script',
    a list."""
    return tuple(word for command in script
                 for word in ("--", *command.split()))


class Switches:
    """Open vSwitch on the hosts of 'lab'."""

    def __init__(self, lab):
        self.lab = lab

    def start_databases(self, tree):
        for host in self.lab.hosts:
            os.mkdir(host.rundir)
        run_all("create the databases", [
            host.job(tree, "ovsdb-tool", "create", host.rundir + "/conf.db",
                     tree.schema) for host in self.lab.hosts])
        run_all("start ovsdb-server", [
            host.job(tree, "ovsdb-server", *DAEMON_OPTIONS,
                     "--remote=punix:%s/db.sock" % host.rundir,
                     host.rundir + "/conf.db") for host in self.lab.hosts])

        # userspace-tso-enable counts only if it is there when ovs-vswitchd
        # starts.
        other_config = tuple("other_config:" + pair
                             for pair in self.lab.settings["other_config"])
        run_all("fill the databases", [
            host.job(tree, "ovs-vsctl", "--no-wait",
                     "--timeout=%d" % COMMAND_TIMEOUT, "--", "init", "--",
                     "set", "Open_vSwitch", ".",
                     "external_ids:system-id=" + host.name,
                     "other_config:userspace-tso-enable=%s"
                     % ("true" if host.tso else "false"),
                     *other_config, *self.bridges(host))
            for host in self.lab.hosts])

    def tunnel_ports(self, host):
        """Yields name and far end of each tunnel port of 'host'."""
        if self.lab.settings["tunnel"] != "none":
            for peer in self.lab.hosts:
                if peer is not host:
                    # OVN names its ports after the chassis at the far end.
                    yield ("ovn-%s-0" % peer.name if self.lab.ovn
                           else "t%d" % peer.number), peer

    def bridges(self, host):
        """Returns the ovs-vsctl commands for the bridges of 'host'."""
        family = self.lab.settings["ip"]
        script = [
            "add-br br-phy",
            "set Bridge br-phy datapath_type=netdev"
            " other_config:hwaddr=%s" % host.underlay_mac,
            "add-port br-phy uplink",
        ]
        if self.lab.ovn:
            return ovs_vsctl(script + self.lab.ovn.bridges(host))
        script += [
            # Without flows br-int must not flood: several tunnels would make
            # loops.
            "add-br br-int",
            "set Bridge br-int datapath_type=netdev fail_mode=secure",
            "add-port br-int guest",
            "set Interface guest ofport_request=%d" % GUEST_OFPORT,
        ]
        if self.lab.settings["tunnel"] == "none":
            script += [
                "add-port br-int underlay",
                "set Interface underlay type=patch options:peer=overlay"
                " ofport_request=%d" % UNDERLAY_OFPORT,
                "add-port br-phy overlay",
                "set Interface overlay type=patch options:peer=underlay",
            ]
        tunnel_type = self.lab.settings["tunnel"]
        if tunnel_type == "gre" and family == 6:
            tunnel_type = "ip6gre"
        for port, peer in self.tunnel_ports(host):
            script += [
                "add-port br-int %s" % port,
                "set Interface %s type=%s ofport_request=%d options:key=%s"
                ' options:local_ip="%s" options:remote_ip="%s"'
                % (port, tunnel_type, peer.number, self.lab.settings["key"],
                   host.underlay[family], peer.underlay[family]),
            ]
        return ovs_vsctl(script)

    def start(self, hosts, tree):
        """Starts ovs-vswitchd on 'hosts' with the bridges that are in their
        databases, and gives br-phy its addresses."""
        # ovs-vswitchd looks at its ports' offloads once, when it opens them.
        # Usually it is to leave all cutting to the link, so a link that loses
        # this ability must lose it later.
        if self.lab.settings["link_tso"] == "ovs":
            self.lab.links.set_offloads()
        else:
            ethtool({(host.netns, "uplink"): {"tso": True, "tx": True}
                     for host in hosts})
        run_all("start ovs-vswitchd", [
            host.job(tree, "ovs-vswitchd", *DAEMON_OPTIONS)
            for host in hosts])
        run_all("bring up br-phy", [
            ip_batch(host.netns, ["link set br-phy up"]
                     + addresses("br-phy", host.underlay)) for host in hosts])
        self.lab.links.set_offloads()

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
        for host in self.lab.hosts:
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
        if self.lab.settings["tunnel"] == "none":
            return ("%s,actions=output:%d\nin_port=%d,actions=output:%d\n"
                    % (guest, UNDERLAY_OFPORT, UNDERLAY_OFPORT, GUEST_OFPORT))
        set_key, match_key = "", ""
        if self.lab.settings["key"] == "flow":
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
                     stdin=self.flows(host)) for host in self.lab.hosts])
