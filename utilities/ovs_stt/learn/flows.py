# SPDX-License-Identifier: Apache-2.0
"""Flows that make a bridge with tunnel ports learn, without a controller:
which guest is behind which remote host.

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

from ovs_stt.tunnels import TUNNELS

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


class TunnelPort:
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
