# SPDX-License-Identifier: Apache-2.0
"""The command line of ovs-stt-learn(8)."""

import argparse
import sys

from ovs_stt import command_line, signals
from ovs_stt.command_line import whole
from ovs_stt.learn.flows import MAX_NETWORKS, MAX_TABLE, Flows
from ovs_stt.learn.members import (UsageError, check_networks, check_tunnels,
                                   parse_network, parse_tunnel)

PROGRAM = "ovs-stt-learn"


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
