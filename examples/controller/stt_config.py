#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The configuration of stt_controller: JSON that says which hosts there are,
which of their ports belong to which tenant, and what tenants may send.

Run as a program it checks a file.
"""

import argparse
import collections
import ipaddress
import json
import re
import sys

# A key of 64 bits, a Context ID, has the tenant in its upper half and an
# OpenFlow port of the receiving host in the lower.  One of 24 bits, a VXLAN
# network identifier, has 8 bits for the tenant and 16, as many as OpenFlow
# ports need in Open vSwitch, for the port.
PORT_BITS = {64: 32, 24: 16}

PROTOCOLS = ("any", "icmp", "icmp6", "tcp", "udp")

Config = collections.namedtuple(
    "Config", "key_bits idle_timeout macs_per_port hosts tenants")
Host = collections.namedtuple("Host", "name datapath address tunnel_port")
# 'ports' has the set of the tenant's ports for each host's name; 'allow' has
# pairs of a protocol and a port number or None.
Tenant = collections.namedtuple("Tenant", "name number ports allow")


class ConfigError(Exception):
    """What is wrong, and with which key, in one line."""


def no_repeats(pairs):
    """Makes a dictionary of a JSON object's 'pairs', of which JSON itself
    would silently take the last of equal keys."""
    result = {}
    for key, value in pairs:
        if key in result:
            raise ConfigError("%s: is there twice" % key)
        result[key] = value
    return result


class Reader:
    """A JSON object on its way to a tuple: each key is taken once, and none
    may be left."""

    def __init__(self, path, value):
        if not isinstance(value, dict):
            raise ConfigError("%s: must be an object, {...}"
                              % (path or "the file"))
        self.path = path
        self.left = dict(value)

    def name(self, key):
        return "%s.%s" % (self.path, key) if self.path else key

    def take(self, key, parse, *default):
        """Returns what 'parse' makes of the key's name and value."""
        if key not in self.left:
            if default:
                return default[0]
            raise ConfigError("%s: is missing" % self.name(key))
        return parse(self.name(key), self.left.pop(key))

    def end(self):
        for key in self.left:
            raise ConfigError("%s: is not a key that belongs here"
                              % self.name(key))


def number(low, high):
    def parse(name, value):
        if (isinstance(value, bool) or not isinstance(value, int)
                or not low <= value <= high):
            raise ConfigError("%s: must be a whole number from %d to %d"
                              % (name, low, high))
        return value
    return parse


def key_bits(name, value):
    if value not in PORT_BITS:
        raise ConfigError("%s: must be 64 (STT) or 24 (VXLAN)" % name)
    return value


def datapath(name, value):
    if not (isinstance(value, str)
            and re.fullmatch("(0x)?[0-9a-fA-F]{1,16}", value)
            and int(value, 16)):
        raise ConfigError('%s: must be a datapath ID in hexadecimal, such as'
                          ' "0000020000000101"' % name)
    return int(value, 16)


def address(name, value):
    try:
        if isinstance(value, str):
            return ipaddress.ip_address(value)
    except ValueError:
        pass
    raise ConfigError("%s: must be an IPv4 or IPv6 address" % name)


def text(name, value):
    if not isinstance(value, str) or not value:
        raise ConfigError("%s: must be a name, in quotes" % name)
    return value


def texts(name, value):
    if not isinstance(value, list):
        raise ConfigError("%s: must be a list, [...]" % name)
    return [text("%s[%d]" % (name, i), item) for i, item in enumerate(value)]


def allow(name, value):
    rules = []
    for i, rule in enumerate(texts(name, value)):
        match = re.fullmatch("(tcp|udp)/([0-9]{1,5})", rule)
        if match and 0 < int(match[2]) < 65536:
            rules.append((match[1], int(match[2])))
        elif rule in PROTOCOLS:
            rules.append((rule, None))
        else:
            raise ConfigError('%s[%d]: must be one of %s, or of the form'
                              ' "tcp/80" or "udp/53"'
                              % (name, i, ", ".join(PROTOCOLS)))
    return tuple(rules)


def members(parse):
    """Returns a parser for an object whose keys are names of its members,
    which 'parse' turns into tuples."""
    def parse_all(name, value):
        reader = Reader(name, value)
        result = {key: reader.take(key, lambda path, item, key=key:
                                   parse(key, path, item))
                  for key in list(reader.left)}
        if not result:
            raise ConfigError("%s: must have at least one member" % name)
        return result
    return parse_all


def parse_host(key, path, value):
    reader = Reader(path, value)
    host = Host(key, reader.take("datapath", datapath),
                reader.take("address", address),
                reader.take("tunnel_port", text))
    reader.end()
    return host


def parse_tenant(bits):
    def parse(key, path, value):
        reader = Reader(path, value)
        ports = reader.take("ports", members(
            lambda _, name, item: frozenset(texts(name, item))))
        tenant = Tenant(key, reader.take("number", number(
            1, (1 << bits - PORT_BITS[bits]) - 1)), ports,
            reader.take("allow", allow))
        reader.end()
        return tenant
    return parse


def check_unique(what, values):
    """Raises ConfigError if two of 'values', pairs of a key's name and a
    value, are equal."""
    seen = {}
    for name, value in values:
        if value in seen:
            raise ConfigError("%s: has the same %s as %s"
                              % (name, what, seen[value]))
        seen[value] = name


def check(config):
    """Checks what concerns more than one key."""
    hosts, tenants = config.hosts.values(), config.tenants.values()
    check_unique("datapath ID", [("hosts.%s.datapath" % host.name,
                                  host.datapath) for host in hosts])
    check_unique("address", [("hosts.%s.address" % host.name, host.address)
                             for host in hosts])
    if len({host.address.version for host in hosts}) > 1:
        raise ConfigError("hosts: some have IPv4 addresses and some IPv6:"
                          " all must have the same")
    check_unique("number", [("tenants.%s.number" % tenant.name, tenant.number)
                            for tenant in tenants])
    for tenant in tenants:
        for name, ports in tenant.ports.items():
            if name not in config.hosts:
                raise ConfigError("tenants.%s.ports.%s: there is no such host"
                                  % (tenant.name, name))
            if config.hosts[name].tunnel_port in ports:
                raise ConfigError("tenants.%s.ports.%s: '%s' is the tunnel"
                                  % (tenant.name, name,
                                     config.hosts[name].tunnel_port))
    check_unique("port", [("tenants.%s.ports.%s" % (tenant.name, name),
                           (name, port))
                          for tenant in tenants
                          for name, ports in tenant.ports.items()
                          for port in ports])


def parse_config(value):
    reader = Reader("", value)
    bits = reader.take("key_bits", key_bits, 64)
    config = Config(
        bits,
        reader.take("idle_timeout", number(1, 65535), 300),
        reader.take("macs_per_port", number(1, 1000), 16),
        reader.take("hosts", members(parse_host)),
        reader.take("tenants", members(parse_tenant(bits))))
    reader.end()
    check(config)
    return config


def load(path):
    """Returns the Config that the file 'path' has."""
    try:
        with open(path, encoding="utf-8") as file:
            return parse_config(json.load(file, object_pairs_hook=no_repeats))
    except ConfigError as error:
        raise ConfigError("%s: %s" % (path, error)) from None
    except OSError as error:
        raise ConfigError("%s: %s" % (path, error.strerror)) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ConfigError("%s: is not JSON: %s" % (path, error)) from None


def main():
    parser = argparse.ArgumentParser(
        description="Checks a configuration file of stt_controller.")
    parser.add_argument("file", metavar="FILE")
    config = load(parser.parse_args().file)
    print("%d hosts, %d tenants" % (len(config.hosts), len(config.tenants)))


if __name__ == "__main__":
    try:
        main()
    except ConfigError as config_error:
        sys.exit("stt_config: %s" % config_error)
