# SPDX-License-Identifier: Apache-2.0
"""Reading what the members of networks are: tunnels and local ports."""

import ipaddress
import re

from ovs_stt.learn.flows import IDS, Network, TunnelPort

# Names that ovs-ofctl takes for something else than a port.
RESERVED = {"all", "any", "controller", "flood", "in_port", "none", "normal",
            "table", "unset"}


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
    """Returns the TunnelPort that 'text', PORT=HOST[,HOST...], tells of."""
    port, equals, hosts = text.partition("=")
    if not equals:
        raise UsageError("'%s' names no hosts: give PORT=HOST[,HOST...]"
                         % text)
    tunnel = TunnelPort(parse_port(port), kind, [])
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
