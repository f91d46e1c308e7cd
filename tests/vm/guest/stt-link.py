#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
"""Makes or changes an STT device, or a route through one, over rtnetlink, with
the attributes that iproute2 does not know, and shows the kernel's answer.
"""

import argparse
import os
import socket
import struct
import sys

NLMSG_ERROR = 2
RTM_NEWLINK, RTM_GETLINK, RTM_NEWROUTE = 16, 18, 24
NLM_F_REQUEST, NLM_F_ACK, NLM_F_EXCL, NLM_F_CREATE = 0x1, 0x4, 0x200, 0x400
NLM_F_REPLACE = 0x100
NLM_F_CAPPED, NLM_F_ACK_TLVS = 0x100, 0x200
SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 270, 10, 11
NLMSGERR_ATTR_MSG = 1
IFLA_ADDRESS, IFLA_IFNAME, IFLA_LINKINFO = 1, 3, 18
IFLA_INFO_KIND, IFLA_INFO_DATA = 1, 2
IFLA_STT_PORT = 1
NLA_F_NESTED, NLA_TYPE_MASK = 0x8000, 0x3fff
RT_TABLE_MAIN, RTPROT_BOOT, RT_SCOPE_LINK, RTN_UNICAST = 254, 3, 253, 1
RTA_DST, RTA_OIF, RTA_PREFSRC, RTA_ENCAP_TYPE, RTA_ENCAP = 1, 4, 7, 21, 22
LWTUNNEL_ENCAP_IP = 2
LWTUNNEL_IP_ID, LWTUNNEL_IP_DST, LWTUNNEL_IP_FLAGS = 1, 2, 6
TUNNEL_DONT_FRAGMENT = 0x0100


def attribute(kind, data):
    """Returns an attribute with its padding."""
    return (struct.pack("=HH", 4 + len(data), kind) + data
            + bytes(-len(data) % 4))


def attributes(data):
    """Returns the attributes in 'data' by type."""
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        found[kind & NLA_TYPE_MASK] = data[4:length]
        data = data[length + 3 & ~3:]
    return found


def request(kind, flags, body):
    """Sends a message and returns the answer, or ends the program with the
    kernel's error and its text."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        netlink.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        netlink.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        netlink.send(struct.pack("=IHHII", 16 + len(body), kind,
                                 NLM_F_REQUEST | NLM_F_ACK | flags, 1, 0)
                     + body)
        answer = netlink.recv(65536)
    _, kind, flags = struct.unpack_from("=IHH", answer)
    if kind != NLMSG_ERROR:
        return answer[16:]
    error, = struct.unpack_from("=i", answer, 16)
    if error:
        text = b""
        if flags & NLM_F_ACK_TLVS:
            quoted, = struct.unpack_from("=I", answer, 20)
            start = 36 if flags & NLM_F_CAPPED else 20 + quoted
            text = attributes(answer[start:]).get(NLMSGERR_ATTR_MSG, b"")
        sys.exit("%s: %s" % (os.strerror(-error),
                             text.rstrip(b"\0").decode() or "no text"))
    return b""


def link_body(name, *more):
    """Returns the body of a message about the device 'name'."""
    return (struct.pack("=BxHiII", socket.AF_UNSPEC, 0, 0, 0, 0)
            + attribute(IFLA_IFNAME, name.encode() + b"\0") + b"".join(more))


def route_body(name, to, source, remote):
    """Returns the body of a message about the route through the device 'name'
    to the address 'to', with Context ID 42 and the DF bit."""
    encap = (attribute(LWTUNNEL_IP_ID, struct.pack("!Q", 42))
             + attribute(LWTUNNEL_IP_DST, socket.inet_aton(remote))
             + attribute(LWTUNNEL_IP_FLAGS,
                         struct.pack("!H", TUNNEL_DONT_FRAGMENT)))
    return (struct.pack("=BBBBBBBBI", socket.AF_INET, 32, 0, 0, RT_TABLE_MAIN,
                        RTPROT_BOOT, RT_SCOPE_LINK, RTN_UNICAST, 0)
            + attribute(RTA_DST, socket.inet_aton(to))
            + attribute(RTA_OIF, struct.pack("=I", socket.if_nametoindex(name)))
            + attribute(RTA_PREFSRC, socket.inet_aton(source))
            + attribute(RTA_ENCAP_TYPE, struct.pack("=H", LWTUNNEL_ENCAP_IP))
            + attribute(RTA_ENCAP | NLA_F_NESTED, encap))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("add", "set", "port", "route"))
    parser.add_argument("name")
    parser.add_argument("--port", type=int, help="destination port")
    parser.add_argument("--data", type=bytes.fromhex,
                        help="bytes of the destination port's attribute")
    parser.add_argument("--address", type=bytes.fromhex)
    parser.add_argument("--to", help="the route's destination")
    parser.add_argument("--source", help="the route's source address")
    parser.add_argument("--remote", help="the tunnel's other end")
    args = parser.parse_args()

    if args.command == "route":
        request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE,
                route_body(args.name, args.to, args.source, args.remote))
        return

    if args.command == "port":
        answer = request(RTM_GETLINK, 0, link_body(args.name))
        info = attributes(attributes(answer[16:])[IFLA_LINKINFO])
        data = attributes(info[IFLA_INFO_DATA])
        print(struct.unpack("!H", data[IFLA_STT_PORT])[0])
        return

    data = b""
    if args.port is not None:
        data = attribute(IFLA_STT_PORT, struct.pack("!H", args.port))
    elif args.data is not None:
        data = attribute(IFLA_STT_PORT, args.data)
    info = (attribute(IFLA_INFO_KIND, b"stt\0")
            + attribute(IFLA_INFO_DATA | NLA_F_NESTED, data))
    more = [attribute(IFLA_LINKINFO | NLA_F_NESTED, info)]
    if args.address is not None:
        more.append(attribute(IFLA_ADDRESS, args.address))
    request(RTM_NEWLINK,
            NLM_F_CREATE | NLM_F_EXCL if args.command == "add" else 0,
            link_body(args.name, *more))


if __name__ == "__main__":
    main()
