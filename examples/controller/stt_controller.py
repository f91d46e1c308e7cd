# SPDX-License-Identifier: Apache-2.0
"""An OpenFlow controller for STT, an application of os-ken.

Each host has one bridge, with guests' ports and one tunnel port on which
flows say everything: options:remote_ip=flow, options:key=flow.  A packet's
Context ID has the number of its tenant in the upper half and, in the lower,
the OpenFlow port on the receiving host, or 0 for all ports that the tenant has
there.  So the receiving host needs to know nothing of guests, and a guest that
appears is a matter of the hosts that send to it.

The application does not send changes.  It works out which flows a host has to
have, and sends the difference to those that it has: when a host connects, when
a port appears, when a guest speaks.  A flow's cookie is a digest of the flow,
so it tells equal flows from others, even those of a controller that is gone.
"""

import collections
import hashlib
import os
import socket
import struct
import sys
import time

from os_ken import cfg
from os_ken.base import app_manager
from os_ken.controller import event, ofp_event
from os_ken.controller.handler import (CONFIG_DISPATCHER, DEAD_DISPATCHER,
                                       MAIN_DISPATCHER, set_ev_cls,
                                       set_ev_handler)
from os_ken.lib import hub
from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as ofp_parser

import stt_config

CONFIG_VARIABLE = "STT_CONTROLLER_CONFIG"
DEFAULT_CONFIG = "/etc/stt-controller.json"

# Seconds that a host may be without a connection before it counts as gone.
# A controller's or a host's restart should not interrupt traffic.
GRACE = 3
# A host that does not answer for twice this time, in seconds, has lost its
# connection.
ECHO_INTERVAL = 2.0

# Flow tables.
CLASSIFY = 0        # Guest or tunnel?  A guest's port tells its tenant.
SOURCE = 1          # Is this guest known?  If not, to the controller.
POLICY = 2          # May it send this?
DESTINATION = 3     # Where to?
TUNNEL = 4          # Does this come from one of the hosts?
CONTEXT = 5         # With the Context ID of a tenant that both have?
DELIVER = 6         # To the guest.

# A cookie's first byte says what a flow does.  Those that drop have the
# tenant's number or the port's in the rest, so that the counter of each can be
# asked for by its cookie; the others' rest is a digest.
FORWARD = 0x01
LEARNED = 0x02          # A guest's address on its port.
DROP_PORT = 0xd1        # A port that the configuration does not name.
DROP_POLICY = 0xd2      # Not allowed; with the tenant.
DROP_REMOTE = 0xd3      # From a tunnel source that is none of the hosts.
DROP_CONTEXT = 0xd4     # With an unknown Context ID.
DROP_DELIVER = 0xd5     # For a port that is not the tenant's; with the tenant.
DROP_FULL = 0xd6        # A new address, too many for its port; with the port.
DROP_KINDS = range(DROP_PORT, DROP_FULL + 1)

ETH_IPV4, ETH_ARP, ETH_IPV6 = 0x0800, 0x0806, 0x86dd
ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
TCP_ACK = 0x10
ARP_REQUEST, ARP_REPLY = 1, 2
BROADCAST = "ff:ff:ff:ff:ff:ff"
# All that is not for a group, as value and mask.
UNICAST = "00:00:00:00:00:00", "01:00:00:00:00:00"

# Actions are pairs: ("set", field, value), ("output", port), ("metadata",
# value), ("goto", table).
Flow = collections.namedtuple(
    "Flow", "cookie table priority match actions idle_timeout")
# Where a guest is, and since when.
Place = collections.namedtuple("Place", "host port since")


def make_flow(kind, table, priority, match=None, actions=(), detail=None,
              idle_timeout=0):
    match = match or {}
    if detail is None:
        text = repr((table, priority, sorted(match.items()), actions,
                     idle_timeout))
        detail = int.from_bytes(hashlib.blake2b(
            text.encode(), digest_size=7).digest(), "big")
    return Flow(kind << 56 | detail, table, priority, match, tuple(actions),
                idle_timeout)


def allowed(rule):
    """Yields the matches of packets that 'rule', a protocol and a port or
    None, allows.  Who may connect to a port also gets answers: what comes from
    that port, but for TCP not what begins a connection."""
    protocol, port = rule
    if protocol == "any":
        yield {}
    elif protocol == "icmp":
        yield {"eth_type": ETH_IPV4, "ip_proto": ICMP}
    elif protocol == "icmp6":
        yield {"eth_type": ETH_IPV6, "ip_proto": ICMP6}
    else:
        ip_proto = {"tcp": TCP, "udp": UDP}[protocol]
        for eth_type in (ETH_IPV4, ETH_IPV6):
            match = {"eth_type": eth_type, "ip_proto": ip_proto}
            if port is None:
                yield match
                continue
            yield dict(match, **{protocol + "_dst": port})
            answer = {protocol + "_src": port}
            if protocol == "tcp":
                # os-ken sends fields of Nicira's before others, so those that
                # they depend on must be Nicira's, too.
                answer.update(eth_type_nxm=eth_type, ip_proto_nxm=ip_proto,
                              tcp_flags_nxm=(TCP_ACK, TCP_ACK))
            else:
                answer.update(match)
            yield answer


def mac_text(mac):
    return ":".join("%02x" % byte for byte in mac)


def mac_bytes(text):
    return bytes.fromhex(text.replace(":", ""))


class Arp:
    """An ARP packet for IPv4 over Ethernet."""

    FORMAT = "!6s6sHHHBBH6s4s6s4s"

    def __init__(self, op, source, target):
        self.op = op
        self.source_mac, self.source_ip = source
        self.target_mac, self.target_ip = target

    @classmethod
    def parse(cls, frame):
        """Returns the Arp that 'frame' is, or None."""
        if len(frame) < struct.calcsize(cls.FORMAT):
            return None
        (_, eth_src, eth_type, hardware, protocol, hardware_len, protocol_len,
         op, source_mac, source_ip, target_mac, target_ip) = struct.unpack_from(
             cls.FORMAT, frame)
        if ((eth_type, hardware, protocol, hardware_len, protocol_len)
                != (ETH_ARP, 1, ETH_IPV4, 6, 4) or source_mac != eth_src):
            return None
        return cls(op, (mac_text(source_mac), socket.inet_ntoa(source_ip)),
                   (mac_text(target_mac), socket.inet_ntoa(target_ip)))

    def answer(self, mac):
        """Returns the frame that answers this request with 'mac'."""
        asker, found = mac_bytes(self.source_mac), mac_bytes(mac)
        return struct.pack(self.FORMAT, asker, found, ETH_ARP, 1, ETH_IPV4, 6,
                           4, ARP_REPLY, found,
                           socket.inet_aton(self.target_ip), asker,
                           socket.inet_aton(self.source_ip))


class Host:
    """A host of the configuration, and its connection if there is one."""

    def __init__(self, config):
        self.config = config
        self.name = config.name
        self.datapath = None
        self.ports = {}         # OpenFlow numbers by name.
        # Connected now or until just now.  When the controller starts, hosts
        # have a moment to come.
        self.present = True
        self.lost = time.monotonic()    # When it lost its connection.
        # Its flows, once they are known: for each owner, an address or None
        # for what the configuration implies, flows by cookie.
        self.flows = None
        # Parts of messages that have more parts to come.
        self.port_parts = {}
        self.stats_parts = []

    @property
    def tunnel(self):
        return self.ports.get(self.config.tunnel_port)

    def tenant_ports(self, tenant):
        """Returns the numbers of the ports that 'tenant' has here."""
        return sorted(self.ports[name]
                      for name in tenant.ports.get(self.name, ())
                      if name in self.ports)

    # What is sent to it.

    def send(self, message):
        self.datapath.send_msg(message)

    def send_frame(self, frame, ports, in_port=ofp.OFPP_CONTROLLER):
        if self.datapath:
            self.send(ofp_parser.OFPPacketOut(
                self.datapath, ofp.OFP_NO_BUFFER, in_port,
                [ofp_parser.OFPActionOutput(port) for port in ports], frame))

    def instructions(self, actions):
        apply, result = [], []
        for action, *args in actions:
            if action == "set":
                apply.append(ofp_parser.OFPActionSetField(**dict([args])))
            elif action == "output":
                apply.append(ofp_parser.OFPActionOutput(
                    args[0], ofp.OFPCML_NO_BUFFER))
            elif action == "metadata":
                result.append(ofp_parser.OFPInstructionWriteMetadata(
                    args[0], 0xffffffffffffffff))
            elif action == "goto":
                result.append(ofp_parser.OFPInstructionGotoTable(args[0]))
        if apply:
            result.append(ofp_parser.OFPInstructionActions(
                ofp.OFPIT_APPLY_ACTIONS, apply))
        return result

    def add(self, flow):
        self.send(ofp_parser.OFPFlowMod(
            self.datapath, cookie=flow.cookie, table_id=flow.table,
            priority=flow.priority, match=ofp_parser.OFPMatch(**flow.match),
            idle_timeout=flow.idle_timeout,
            flags=ofp.OFPFF_SEND_FLOW_REM if flow.idle_timeout else 0,
            instructions=self.instructions(flow.actions)))

    def delete(self, cookie):
        self.send(ofp_parser.OFPFlowMod(
            self.datapath, command=ofp.OFPFC_DELETE, table_id=ofp.OFPTT_ALL,
            out_port=ofp.OFPP_ANY, out_group=ofp.OFPG_ANY,
            cookie=cookie, cookie_mask=0xffffffffffffffff))

    def change(self, old, new):
        """Changes flows from 'old', a collection of cookies, to 'new', flows
        by cookie.  What replaces a flow comes first, so that there is no moment
        without; then there is nothing left with the old cookie."""
        for cookie, flow in new.items():
            if cookie not in old:
                self.add(flow)
        for cookie in old:
            if cookie not in new:
                self.delete(cookie)

    def update(self, owner, flows):
        """Gives the host the 'flows' of 'owner' instead of those it has."""
        if self.flows is None:
            return
        new = {flow.cookie: flow for flow in flows}
        self.change(self.flows.get(owner, {}), new)
        if new:
            self.flows[owner] = new
        else:
            self.flows.pop(owner, None)


class EventAbsent(event.EventBase):
    """A host lost its connection GRACE seconds ago."""

    def __init__(self, host):
        super().__init__()
        self.host = host


class SttController(app_manager.OSKenApp):
    OFP_VERSIONS = [ofp.OFP_VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        options = cfg.CONF
        # Without all three os-ken would listen in the clear, or to anybody.
        if not (options.ctl_privkey and options.ctl_cert and options.ca_certs):
            sys.exit("stt_controller: connections must be encrypted: give"
                     " --ctl-privkey, --ctl-cert and --ca-certs")
        options.set_default("echo_request_interval", ECHO_INTERVAL)
        options.set_default("maximum_unreplied_echo_requests", 2)
        try:
            self.config = stt_config.load(os.environ.get(CONFIG_VARIABLE,
                                                         DEFAULT_CONFIG))
        except stt_config.ConfigError as error:
            sys.exit("stt_controller: %s" % error)
        self.shift = stt_config.PORT_BITS[self.config.key_bits]
        self.hosts = {host.datapath: Host(host)
                      for host in self.config.hosts.values()}
        self.tenants = self.config.tenants.values()
        for host in self.hosts.values():
            self.expect(host)
        # Both by tenant's number and address: where a guest is, by MAC
        # address, and the MAC address, by IP address.
        self.places = {}
        self.macs = {}

    # The flows that a host has to have.

    def context(self, tenant_number, port):
        return tenant_number << self.shift | port

    def to_host(self, here, there, tenant_number, port):
        """Returns the actions that send a packet from the host 'here' to
        'there', to 'port' or, if that is 0, to all of the tenant's."""
        field = "tun_ipv%d_dst" % there.config.address.version
        return (("set", "tunnel_id", self.context(tenant_number, port)),
                ("set", field, str(there.config.address)),
                ("output", here.tunnel))

    def others(self, host, tenant):
        """Yields the other hosts that are present and have 'tenant'."""
        for other in self.hosts.values():
            if (other is not host and other.present
                    and other.name in tenant.ports):
                yield other

    def host_flows(self, host):
        """Yields the flows that the configuration implies for 'host'."""
        for table, kind in ((CLASSIFY, DROP_PORT), (TUNNEL, DROP_REMOTE),
                            (CONTEXT, DROP_CONTEXT)):
            yield make_flow(kind, table, 0, detail=0)
        yield make_flow(FORWARD, SOURCE, 0, {},
                        (("output", ofp.OFPP_CONTROLLER),))
        yield make_flow(FORWARD, POLICY, 200, {"eth_type": ETH_ARP},
                        (("output", ofp.OFPP_CONTROLLER),))
        # A guest asks another now and then whether it is still there.  This has
        # to work without the controller, too, which only takes note of it.
        yield make_flow(FORWARD, POLICY, 210,
                        {"eth_type": ETH_ARP, "eth_dst": UNICAST},
                        (("output", ofp.OFPP_CONTROLLER),
                         ("goto", DESTINATION)))
        if host.tunnel is not None:
            yield make_flow(FORWARD, CLASSIFY, 100, {"in_port": host.tunnel},
                            (("goto", TUNNEL),))
            for other in self.hosts.values():
                if other is not host:
                    yield make_flow(FORWARD, TUNNEL, 100, self.source(other),
                                    (("goto", CONTEXT),))
        for tenant in self.tenants:
            if host.name in tenant.ports:
                yield from self.tenant_flows(host, tenant)

    @staticmethod
    def source(host):
        """Returns the match of what comes from 'host' through the tunnel."""
        return {"tun_ipv%d_src" % host.config.address.version:
                str(host.config.address)}

    def tenant_flows(self, host, tenant):
        number = tenant.number
        mine = {"metadata": number}
        ports = host.tenant_ports(tenant)
        to_all = tuple(("output", port) for port in ports)

        for port in ports:
            yield make_flow(FORWARD, CLASSIFY, 100, {"in_port": port},
                            (("metadata", number), ("goto", SOURCE)))
            if len(self.guests(host, port)) >= self.config.macs_per_port:
                yield make_flow(DROP_FULL, SOURCE, 50, {"in_port": port},
                                detail=port)
        for rule in tenant.allow:
            for match in allowed(rule):
                yield make_flow(FORWARD, POLICY, 100, dict(match, **mine),
                                (("goto", DESTINATION),))
        yield make_flow(DROP_POLICY, POLICY, 50, mine, detail=number)
        # For nobody known, or for everybody: to all, the sender makes the
        # copies.  Open vSwitch leaves out the port that it came from.
        flood = to_all
        if host.tunnel is not None:
            for other in self.others(host, tenant):
                flood += self.to_host(host, other, number, 0)
        yield make_flow(FORWARD, DESTINATION, 50, mine, flood)

        for other in self.hosts.values():
            if other is not host and other.name in tenant.ports:
                tenant_mask = ((1 << self.config.key_bits)
                               - (1 << self.shift))
                yield make_flow(
                    FORWARD, CONTEXT, 100,
                    dict(self.source(other),
                         tunnel_id=(self.context(number, 0), tenant_mask)),
                    (("metadata", number), ("goto", DELIVER)))
        port_mask = (1 << self.shift) - 1
        yield make_flow(FORWARD, DELIVER, 100,
                        dict(mine, tunnel_id=(0, port_mask)), to_all)
        for port in ports:
            yield make_flow(FORWARD, DELIVER, 100,
                            dict(mine, tunnel_id=(port, port_mask)),
                            (("output", port),))
        yield make_flow(DROP_DELIVER, DELIVER, 50, mine, detail=number)

    def guest_flows(self, host, guest):
        """Yields the flows that 'host' needs for 'guest'."""
        number, mac = guest
        place = self.places.get(guest)
        if not place or not any(tenant.number == number
                                and host.name in tenant.ports
                                for tenant in self.tenants):
            return
        to_guest = {"metadata": number, "eth_dst": mac}
        if place.host is host:
            # Who has said nothing for some time is forgotten.
            yield make_flow(LEARNED, SOURCE, 100,
                            {"metadata": number, "in_port": place.port,
                             "eth_src": mac}, (("goto", POLICY),),
                            idle_timeout=self.config.idle_timeout)
            yield make_flow(FORWARD, DESTINATION, 100, to_guest,
                            (("output", place.port),))
        elif host.tunnel is not None:
            yield make_flow(FORWARD, DESTINATION, 100, to_guest,
                            self.to_host(host, place.host, number, place.port))

    def update_hosts(self):
        for host in self.hosts.values():
            host.update(None, self.host_flows(host))

    # What the hosts' guests are known to be.

    def guests(self, host, port=None):
        """Returns the guests that are on 'host', or on its port."""
        return [guest for guest, place in self.places.items()
                if place.host is host and port in (None, place.port)]

    def tenant_of(self, host, port):
        """Returns the tenant that has 'port' on 'host', or None."""
        for tenant in self.tenants:
            if port in host.tenant_ports(tenant):
                return tenant
        return None

    def learn(self, guest, host, port):
        """Notes that 'guest' is on 'port' of 'host'.  Returns false if it can
        not be there."""
        old = self.places.get(guest)
        if old and (old.host, old.port) == (host, port):
            return True
        limit = self.config.macs_per_port
        if (mac_bytes(guest[1])[0] & 1
                or len(self.guests(host, port)) >= limit):
            return False
        self.places[guest] = Place(host, port, time.monotonic())
        self.logger.info("tenant %d: %s is on %s, port %d%s", *guest,
                         host.name, port,
                         ", was on %s" % old.host.name if old else "")
        self.update_guest(guest)
        self.check_limits(Place(host, port, 0), old)
        return True

    def forget(self, guests):
        for guest in guests:
            old = self.places.pop(guest)
            self.logger.info("tenant %d: %s is gone from %s", *guest,
                             old.host.name)
            self.macs = {key: mac for key, mac in self.macs.items()
                         if (key[0], mac) != guest}
            self.update_guest(guest)
            self.check_limits(old)

    def update_guest(self, guest):
        """Gives all hosts the flows for 'guest', its own host first."""
        place = self.places.get(guest)
        for host in sorted(self.hosts.values(),
                           key=lambda host: not place or host != place.host):
            host.update(guest, self.guest_flows(host, guest))

    def check_limits(self, *places):
        """Updates the hosts of 'places' if a port has become, or is no more,
        full."""
        limit = self.config.macs_per_port
        for place in filter(None, places):
            if len(self.guests(place.host, place.port)) in (limit - 1, limit):
                place.host.update(None, self.host_flows(place.host))

    # Hosts come and go.

    def host_of(self, datapath):
        """Returns the host whose present connection is 'datapath'."""
        host = self.hosts.get(datapath.id)
        return host if host and host.datapath is datapath else None

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def features(self, ev):
        datapath = ev.msg.datapath
        host = self.hosts.get(datapath.id)
        if not host:
            self.logger.error("datapath %016x from %s is none of the hosts",
                              datapath.id, datapath.address[0])
            datapath.close()
            return
        host.datapath = datapath
        host.flows = None
        host.port_parts, host.stats_parts = {}, []

    @set_ev_cls(ofp_event.EventOFPPortDescStatsReply,
                [CONFIG_DISPATCHER, MAIN_DISPATCHER])
    def port_descriptions(self, ev):
        host = self.host_of(ev.msg.datapath)
        if not host:
            return
        for port in ev.msg.body:
            host.port_parts[port.name.decode()] = port.port_no
        if not ev.msg.flags & ofp.OFPMPF_REPLY_MORE:
            host.ports, host.port_parts = host.port_parts, {}
            host.send(ofp_parser.OFPFlowStatsRequest(host.datapath))

    @set_ev_cls(ofp_event.EventOFPFlowStatsReply, MAIN_DISPATCHER)
    def connected(self, ev):
        """Goes on from the flows that a host has."""
        host = self.host_of(ev.msg.datapath)
        if not host:
            return
        host.stats_parts += ev.msg.body
        if ev.msg.flags & ofp.OFPMPF_REPLY_MORE:
            return
        found, host.stats_parts = host.stats_parts, []
        host.present = True
        # What there was before this controller, or before the connection was
        # lost, is still true unless something newer is known.
        for stats in found:
            if stats.cookie >> 56 == LEARNED:
                self.relearn(host, stats)
        self.forget([guest for guest in self.guests(host)
                     if not self.tenant_of(host, self.places[guest].port)])

        host.flows = {None: {flow.cookie: flow
                             for flow in self.host_flows(host)}}
        for guest in self.places:
            flows = {flow.cookie: flow
                     for flow in self.guest_flows(host, guest)}
            if flows:
                host.flows[guest] = flows
        wanted = {cookie: flow for flows in host.flows.values()
                  for cookie, flow in flows.items()}
        host.change({stats.cookie for stats in found}, wanted)
        self.logger.info("%s is connected: %d flows found, %d wanted",
                         host.name, len(found), len(wanted))
        for name in (host.config.tunnel_port, *(
                name for tenant in self.tenants
                for name in tenant.ports.get(host.name, ()))):
            if name not in host.ports:
                self.logger.warning("%s has no port '%s'", host.name, name)
        # The others may have believed it gone.
        self.update_hosts()
        for guest in self.guests(host):
            self.update_guest(guest)

    def relearn(self, host, stats):
        guest = stats.match["metadata"], stats.match["eth_src"]
        port = stats.match["in_port"]
        since = time.monotonic() - stats.duration_sec
        tenant = self.tenant_of(host, port)
        old = self.places.get(guest)
        if (tenant and tenant.number == guest[0]
                and (not old or old.since < since)):
            self.places[guest] = Place(host, port, since)
            if old:
                self.update_guest(guest)

    @set_ev_cls(ofp_event.EventOFPStateChange, DEAD_DISPATCHER)
    def disconnected(self, ev):
        host = self.host_of(ev.datapath)
        if not host:
            return
        self.logger.warning("%s has lost its connection", host.name)
        host.datapath = host.flows = None
        host.lost = time.monotonic()
        self.expect(host)

    def expect(self, host):
        """Gives 'host' GRACE seconds to connect."""
        hub.spawn_after(GRACE, self.send_event, self.name, EventAbsent(host))

    @set_ev_handler(EventAbsent)
    def absent(self, ev):
        host = ev.host
        # It may have come back, and be lost once more.
        if (host.datapath or not host.present
                or time.monotonic() < host.lost + GRACE):
            return
        self.logger.warning("%s is gone", host.name)
        host.present = False
        self.forget(self.guests(host))
        self.update_hosts()

    @set_ev_cls(ofp_event.EventOFPPortStatus, MAIN_DISPATCHER)
    def port_status(self, ev):
        host = self.host_of(ev.msg.datapath)
        if not host or host.flows is None:
            return
        name, number = ev.msg.desc.name.decode(), ev.msg.desc.port_no
        if ev.msg.reason != ofp.OFPPR_DELETE:
            host.ports[name] = number
        elif host.ports.get(name) == number:
            del host.ports[name]
        self.forget([guest for guest in self.guests(host)
                     if not self.tenant_of(host, self.places[guest].port)])
        self.update_hosts()
        for guest in self.places:
            host.update(guest, self.guest_flows(host, guest))

    @set_ev_cls(ofp_event.EventOFPFlowRemoved, MAIN_DISPATCHER)
    def flow_removed(self, ev):
        msg = ev.msg
        host = self.host_of(msg.datapath)
        if not host or msg.reason != ofp.OFPRR_IDLE_TIMEOUT:
            return
        guest = msg.match["metadata"], msg.match["eth_src"]
        if msg.cookie in (host.flows or {}).get(guest, ()):
            self.forget([guest])

    @set_ev_cls(ofp_event.EventOFPErrorMsg, MAIN_DISPATCHER)
    def error(self, ev):
        host = self.host_of(ev.msg.datapath)
        self.logger.error("%s refuses a message: type %d, code %d",
                          host.name if host else "a switch", ev.msg.type,
                          ev.msg.code)

    # Guests speak.

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def packet_in(self, ev):
        msg = ev.msg
        host = self.host_of(msg.datapath)
        if not host or host.flows is None or len(msg.data) < 14:
            return
        port, frame = msg.match["in_port"], bytes(msg.data)
        tenant = self.tenant_of(host, port)
        if not tenant or not self.learn((tenant.number,
                                         mac_text(frame[6:12])), host, port):
            return
        arp = Arp.parse(frame)
        if arp:
            forwarded = msg.table_id == POLICY and not frame[0] & 1
            self.handle_arp(arp, tenant, host, port,
                            None if forwarded else frame)
        elif msg.table_id == SOURCE and msg.total_len == len(frame):
            # Once more, with what is known now.
            host.send_frame(frame, [ofp.OFPP_TABLE], port)

    def handle_arp(self, arp, tenant, host, port, frame):
        """Takes note of who 'arp' says has which address, and does what it
        asks for, unless 'frame' is None, as it was forwarded already."""
        number = tenant.number
        new = False
        if arp.source_ip != "0.0.0.0":
            new = self.macs.get((number, arp.source_ip)) != arp.source_mac
            self.macs[number, arp.source_ip] = arp.source_mac
        if frame is None:
            return
        if arp.op == ARP_REPLY:
            place = self.places.get((number, arp.target_mac))
            if place and arp.source_ip != arp.target_ip:
                place.host.send_frame(frame, [place.port])
                return
        elif arp.source_ip != arp.target_ip:
            mac = self.macs.get((number, arp.target_ip))
            if mac and mac != arp.source_mac:
                host.send_frame(arp.answer(mac), [port])
                return
            new = True
        # An unknown address is asked for among the tenant's guests, and a guest
        # that announces itself is announced, but only news is.
        if new:
            self.flood(tenant, host, port, frame)

    def flood(self, tenant, host, port, frame):
        """Sends 'frame' to all ports of 'tenant' but 'port' of 'host'."""
        for other in self.hosts.values():
            ports = [number for number in other.tenant_ports(tenant)
                     if (other, number) != (host, port)]
            if ports:
                other.send_frame(frame, ports)
