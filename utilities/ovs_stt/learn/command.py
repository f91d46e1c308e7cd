# SPDX-License-Identifier: Apache-2.0
"""Prints flows that make a bridge with tunnel ports learn, without a
controller: which guest is behind which remote host.

A packet takes this way through the tables:

    sources    is its port, or the host that sent it, one of ours?
    networks   which network has this ID in this tunnel?  -> reg0
    learning   where its source address is, is noted in the next table
    addresses  learned flows: to the port, the host and the ID of an address
    flooding   all other ports, and all hosts one by one

What keeps packets from going back is OpenFlow's own rule that 'output' does
nothing for the port a packet came in by.  A tunnel is one port whatever the
number of its hosts, so nothing is ever forwarded between these.
"""

import argparse
import ipaddress
import re
import sys

from ovs_stt import command_line, signals
from ovs_stt.command_line import whole
from ovs_stt.tunnels import TUNNELS

PROGRAM = "ovs-stt-learn"

# Lowest and highest ID, and the bits of tun_id below it.  NVGRE's lowest eight
# bits are the FlowID; RFC 7637 reserves the values outside of these limits.
IDS = {
    "stt": (0, TUNNELS["stt"].max_key, 0),
    "vxlan": (0, TUNNELS["vxlan"].max_key, 0),
    "nvgre": (0x1000, 0xfffffe, 8),
}

SOURCES, NETWORKS, LEARNING, ADDRESSES, FLOODING = range(5)
# Tables 0 to 253 are the user's in OpenFlow; 254 is Open vSwitch's own.
MAX_TABLE = 253 - FLOODING

# A cookie says in its upper half that the flow is ours, then which network it
# belongs to (16 bits, 0 for none), then what it does (8 bits).
COOKIE = 0x5354540000000000
FORWARD, UNLISTED_HOST, UNKNOWN_ID, UNASSIGNED_PORT, BAD_ADDRESS, LEARNED = \
    range(6)
MAX_NETWORKS = 0xffff

# Names that ovs-ofctl takes for something else than a port.
RESERVED = {"all", "any", "controller", "flood", "in_port", "none", "normal",
            "table", "unset"}


class Tunnel:
    """A tunnel port and the remote hosts that it may speak with."""

    def __init__(self, port, kind, hosts):
        self.port = port
        self.kind = kind
        self.hosts = hosts

    def tun_id(self, network_id):
        return network_id << IDS[self.kind][2]

    def tun_id_match(self, network_id):
        bits = IDS[self.kind][2]
        mask = "/%#x" % ((1 << 64) - (1 << bits)) if bits else ""
        return "tun_id=%#x%s" % (self.tun_id(network_id), mask)


class Network:
    """Tunnels with the network's ID in each, and local ports."""

    def __init__(self, number, ids, ports):
        self.number = number
        self.ids = ids
        self.ports = ports


class UsageError(Exception):
    """What is wrong with the command line, in one line."""


def parse_port(text):
    """Returns the OpenFlow port 'text', a name or a number."""
    if text.isdecimal():
        if not 1 <= int(text) <= 0xfeff:
            raise UsageError("'%s' is no port: numbers are 1 to %d"
                             % (text, 0xfeff))
        return text
    if (not re.fullmatch("[A-Za-z_][A-Za-z0-9_.-]{0,14}", text)
            or text.lower() in RESERVED):
        raise UsageError("'%s' is no name of a port: 1 to 15 of A-Z, a-z, 0-9,"
                         " '_', '.' and '-', from a letter on" % text)
    return "LOCAL" if text.lower() == "local" else text


def parse_host(text):
    try:
        host = ipaddress.ip_address(text)
    except ValueError:
        raise UsageError("'%s' is no IPv4 or IPv6 address of a host"
                         % text) from None
    if (host.is_multicast or host.is_unspecified
            or host == ipaddress.ip_address("255.255.255.255")
            or "%" in text or getattr(host, "ipv4_mapped", None)):
        raise UsageError("'%s' is no address of a single host" % text)
    return host


def parse_tunnel(kind, text):
    """Returns the Tunnel that 'text', PORT=HOST[,HOST...], tells of."""
    port, equals, hosts = text.partition("=")
    if not equals:
        raise UsageError("'%s' names no hosts: give PORT=HOST[,HOST...]"
                         % text)
    tunnel = Tunnel(parse_port(port), kind, [])
    for host in map(parse_host, hosts.split(",")):
        if host in tunnel.hosts:
            raise UsageError("host %s is there twice" % host)
        tunnel.hosts.append(host)
    return tunnel


def parse_id(tunnel, text):
    """Returns the number 'text', if it can be an ID in 'tunnel'."""
    low, high, _ = IDS[tunnel.kind]
    number = -1
    if re.fullmatch("0[xX][0-9a-fA-F]+|0|[1-9][0-9]*", text):
        number = int(text, 0)
    if not low <= number <= high:
        raise UsageError("'%s' is no ID for %s: %s has %#x to %#x"
                         % (text, tunnel.port, tunnel.kind, low, high))
    return number


def parse_network(number, text, tunnels):
    """Returns the Network that 'text', a list of TUNNEL=ID and of local ports,
    tells of."""
    network = Network(number, {}, [])
    for member in text.split(","):
        name, equals, network_id = member.partition("=")
        port = parse_port(name)
        if port in network.ids or port in network.ports:
            raise UsageError("port %s is there twice" % port)
        if not equals and port in tunnels:
            raise UsageError("%s is a tunnel: give the network's ID in it, as"
                             " in %s=1" % (port, port))
        if not equals:
            network.ports.append(port)
        elif port not in tunnels:
            raise UsageError("%s is no tunnel: tell its hosts with --stt,"
                             " --vxlan or --nvgre" % port)
        else:
            network.ids[port] = parse_id(tunnels[port], network_id)
    return network


def check_tunnels(tunnels):
    """Returns the list 'tunnels' as a dictionary by port."""
    by_port, by_host = {}, {}
    for tunnel in tunnels:
        if tunnel.port in by_port:
            raise UsageError("port %s is a tunnel twice" % tunnel.port)
        by_port[tunnel.port] = tunnel
        for host in tunnel.hosts:
            # It would get each flooded packet twice, and return it.
            if host in by_host:
                raise UsageError("host %s is behind %s and %s: it can be"
                                 " behind one of them only"
                                 % (host, by_host[host], tunnel.port))
            by_host[host] = tunnel.port
    return by_port


def check_networks(networks):
    members, ids = set(), set()
    for network in networks:
        for port in network.ports:
            if port in members:
                raise UsageError("port %s is in two networks" % port)
            members.add(port)
        for member in network.ids.items():
            if member in ids:
                raise UsageError("two networks have the ID %#x in %s"
                                 % (member[1], member[0]))
            ids.add(member)


class Flows:
    """The flows of a bridge."""

    def __init__(self, tunnels, networks, settings):
        self.tunnels = tunnels
        self.networks = networks
        self.settings = settings
        self.families = {host.version for tunnel in tunnels.values()
                         for host in tunnel.hosts}
        self.lines = []

    def cookie(self, does, network=0):
        return COOKIE | network << 8 | does

    def resubmit(self, table):
        return "resubmit(,%d)" % (self.settings.table + table)

    def title(self, text):
        self.lines += ["", "# " + text]

    def add(self, table, priority, match, actions, does=FORWARD, network=0):
        self.lines.append(
            "cookie=%#x,table=%d,priority=%d,%sactions=%s"
            % (self.cookie(does, network), self.settings.table + table,
               priority, match + "," if match else "", actions))

    def enter(self, network):
        return "load:%d->NXM_NX_REG0[]," % network.number

    def sources(self):
        self.title("Sources: local ports, and the hosts of each tunnel.")
        for network in self.networks:
            for port in network.ports:
                self.add(SOURCES, 100, "in_port=%s" % port,
                         self.enter(network) + self.resubmit(LEARNING),
                         FORWARD, network.number)
        for tunnel in self.tunnels.values():
            for host in tunnel.hosts:
                field = "tun_src" if host.version == 4 else "tun_ipv6_src"
                self.add(SOURCES, 100, "in_port=%s,%s=%s"
                         % (tunnel.port, field, host),
                         self.resubmit(NETWORKS))
            self.add(SOURCES, 50, "in_port=%s" % tunnel.port, "drop",
                     UNLISTED_HOST)
        self.add(SOURCES, 0, "", "drop", UNASSIGNED_PORT)

    def network_ids(self):
        self.title("Networks: by tunnel and ID.")
        for network in self.networks:
            for port, network_id in network.ids.items():
                tunnel, clear = self.tunnels[port], ""
                if tunnel.kind == "nvgre":
                    # What is learned is not to repeat the sender's FlowID.
                    clear = "load:0->NXM_NX_TUN_ID[0..7],"
                self.add(NETWORKS, 100, "in_port=%s,%s"
                         % (port, tunnel.tun_id_match(network_id)),
                         clear + self.enter(network) + self.resubmit(LEARNING),
                         FORWARD, network.number)
        self.add(NETWORKS, 0, "", "drop", UNKNOWN_ID)

    def learning(self):
        self.title("Learning: from then on, what is for this source goes back"
                   " the way it came.")
        # No bridge forwards the first, and nobody is the second.
        self.add(LEARNING, 200,
                 "dl_dst=01:80:c2:00:00:00/ff:ff:ff:ff:ff:f0", "drop",
                 BAD_ADDRESS)
        self.add(LEARNING, 200,
                 "dl_src=01:00:00:00:00:00/01:00:00:00:00:00", "drop",
                 BAD_ADDRESS)
        # A packet has the address of one family, and zeros for the other, as
        # has one of a local port for both.  That is copied, too, so that a
        # learned flow leaves nothing of how the packet arrived.
        where = ["load:NXM_NX_TUN_ID[]->NXM_NX_TUN_ID[]"]
        where += ["load:NXM_NX_TUN_IPV%d_SRC[]->NXM_NX_TUN_IPV%d_DST[]"
                  % (family, family) for family in sorted(self.families)]
        for network in self.networks:
            self.add(LEARNING, 100, "reg0=%d" % network.number,
                     "learn(table=%d,priority=100,hard_timeout=%d,limit=%d,"
                     "cookie=%#x,delete_learned,NXM_NX_REG0[],"
                     "NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],%s,"
                     "output:NXM_OF_IN_PORT[]),%s"
                     % (self.settings.table + ADDRESSES, self.settings.age,
                        self.settings.limit,
                        self.cookie(LEARNED, network.number), ",".join(where),
                        self.resubmit(ADDRESSES)),
                     FORWARD, network.number)

    def addresses(self):
        self.title("Addresses: the learned flows are here.")
        self.add(ADDRESSES, 0, "", self.resubmit(FLOODING))

    def flooding(self):
        self.title("Flooding: local ports, and each host of each tunnel.")
        for network in self.networks:
            actions = ["output:%s" % port for port in network.ports]
            for port, network_id in network.ids.items():
                tunnel = self.tunnels[port]
                actions.append("load:%#x->NXM_NX_TUN_ID[]"
                               % tunnel.tun_id(network_id))
                for host in tunnel.hosts:
                    actions += self.to_host(host)
                    actions.append("output:%s" % port)
            self.add(FLOODING, 100, "reg0=%d" % network.number,
                     ",".join(actions), FORWARD, network.number)

    def to_host(self, host):
        """Returns the actions that make 'host' the destination."""
        fields = {4: ("tun_dst", "0.0.0.0"), 6: ("tun_ipv6_dst", "::")}
        other = fields.pop(10 - host.version)
        actions = []
        if len(self.families) == 2:
            actions.append("set_field:%s->%s" % (other[1], other[0]))
        actions.append("set_field:%s->%s" % (host, fields[host.version][0]))
        return actions

    def text(self):
        self.sources()
        self.network_ids()
        self.learning()
        self.addresses()
        self.flooding()
        return "\n".join(self.lines) + "\n"


class AddTunnel(argparse.Action):
    """Keeps the tunnels of all types in one list, in their order."""

    def __call__(self, parser, args, value, option_string=None):
        args.tunnels.append((option_string, value))


def make_parser():
    parser = command_line.make_parser(
        PROGRAM, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="%s [OPTIONS] --TYPE PORT=HOST[,HOST...]..."
              " --network MEMBER[,MEMBER...]..." % PROGRAM,
        description="Prints flows for a bridge whose tunnel ports have"
        " options:remote_ip=flow and\noptions:key=flow.  The bridge learns"
        " which guest is behind which remote host, floods\nwhat it has not"
        " learned to the hosts one by one, and keeps networks apart.  With\n"
        "tunnels of several types it is a gateway between their hosts.",
        epilog="A MEMBER of a network is a local port, or TUNNEL=ID.\n\n"
        "Example:\n"
        "  %s --stt stt0=192.0.2.2,192.0.2.3 \\\n"
        "      --network stt0=42,guest1 --network stt0=43,guest2 >flows\n"
        "  ovs-ofctl --bundle replace-flows br-int flows\n\n"
        "Exit status: 0 success, 2 wrong usage." % PROGRAM)
    parser.set_defaults(tunnels=[])
    for kind, title in (("stt", "an STT port"), ("vxlan", "a VXLAN port"),
                        ("nvgre", "a port of type gre that speaks NVGRE")):
        parser.add_argument("--" + kind, action=AddTunnel,
                            metavar="PORT=HOST[,HOST...]",
                            help="%s, and its remote hosts" % title)
    parser.add_argument("--network", action="append", default=[],
                        metavar="MEMBER[,MEMBER...]", help="the tunnels and"
                        " local ports of a network; once for each")
    parser.add_argument("--age", type=whole(1, 65535), default=300,
                        metavar="SECONDS", help="how long an address is known"
                        " that sends nothing (default: 300)")
    parser.add_argument("--limit", type=whole(1, 1000000), default=8192,
                        metavar="N", help="most addresses learned in a network"
                        " (default: 8192)")
    parser.add_argument("--table", type=whole(0, MAX_TABLE), default=0,
                        metavar="N", help="the first of the five tables that"
                        " are used (default: 0)")
    return parser


def main():
    parser = make_parser()
    args = parser.parse_args()
    signals.end_with_reader()
    option = "--stt"
    try:
        tunnels = []
        for option, text in args.tunnels:
            tunnels.append(parse_tunnel(option[2:], text))
        if not tunnels:
            raise UsageError("no tunnel: give one with --stt, --vxlan or"
                             " --nvgre")
        tunnels = check_tunnels(tunnels)
        option = "--network"
        if not args.network:
            raise UsageError("no network: give one, as in %s=1,guest"
                             % next(iter(tunnels)))
        if len(args.network) > MAX_NETWORKS:
            raise UsageError("more than %d networks" % MAX_NETWORKS)
        networks = [parse_network(number, text, tunnels)
                    for number, text in enumerate(args.network, 1)]
        check_networks(networks)
    except UsageError as error:
        parser.error("%s: %s" % (option, error))
    sys.stdout.write("# Flows by %s.\n%s"
                     % (PROGRAM, Flows(tunnels, networks, args).text()))
    return 0
