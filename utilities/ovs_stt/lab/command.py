# SPDX-License-Identifier: Apache-2.0
"""The command line of ovs-stt-lab(8)."""

import argparse
import json
import os
import re
import shutil
import signal

from ovs_stt import Failure, command_line, signals
from ovs_stt.command_line import whole
from ovs_stt.lab import PROGRAM, ovn
from ovs_stt.lab.lab import DEFAULT_NAME, Lab, lab_names
from ovs_stt.lab.status import describe
from ovs_stt.lab.tree import Tree
from ovs_stt.namespaces import has_ipv6
from ovs_stt.packages import check_programs
from ovs_stt.tunnels import OVN_TUNNELS, TUNNELS

MAX_HOSTS = 8
# ovs-vswitchd reads nothing from a device whose MTU, with the room it keeps
# in front for headers, comes to more than 65,535 bytes.
MAX_MTU = 65280


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
    up.add_argument("--tunnel", choices=[*TUNNELS, "none"], default="stt",
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
        if args.tunnel not in OVN_TUNNELS:
            usage("--ovn: the tunnel is %s, not %s"
                  % (" or ".join(OVN_TUNNELS), args.tunnel))
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
    tunnel = TUNNELS.get(args.tunnel)
    if tunnel and args.key != "flow" and int(args.key, 0) > tunnel.max_key:
        usage("--key: '%s' does not fit in the %d bits of a %s key"
              % (args.key, tunnel.key_bits, args.tunnel))

    guest_mtu = args.mtu
    # STT cuts frames into segments itself, which costs nothing where TSO does
    # it, and more than a smaller MTU where software has to.
    if tunnel and not (args.tunnel == "stt" and any(tso)):
        guest_mtu -= tunnel.overhead(args.ip)
    if args.ovn:
        guest_mtu -= tunnel.ovn_option_len
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
