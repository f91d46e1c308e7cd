# SPDX-License-Identifier: Apache-2.0
"""Measure what tunnels cost: STT, VXLAN, Geneve, NVGRE and no tunnel, with and
without the offloads of network cards.

run      measures a profile, a set of cells such as "one TCP stream over STT
         where the link can segment TCP", in labs and virtual machines on this
         machine or between two real hosts, and keeps what it counted in a file
report   makes a page with charts and tables of such a file
compare  compares two of them, cell by cell
list     prints what can be measured
"""

import argparse
import os
import secrets
import shlex
import sys

from ovs_stt import Failure, command_line, signals
from ovs_stt.bench import PROGRAM, measure, text, this_host, two_hosts
from ovs_stt.bench.kernel import ThisKernel, VirtualMachine
from ovs_stt.bench.labs import Labs
from ovs_stt.bench.matrix import AXES, PROFILES
from ovs_stt.bench.results import Results
from ovs_stt.locations import CHECKOUT, program
from ovs_stt.packages import check_programs

# The status of a run that a signal ended, whichever.
INTERRUPTED = 130
# What the fewest runs are of which a median means something.
FEWEST = 5


def positive(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("%s is not a positive integer" % text)
    return int(text)


def port(text):
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError("%s is no port" % text)
    return int(text)


def values_of(axis):
    """Returns the function that reads an option's list of values of 'axis'."""
    def values(text):
        for value in text.split(","):
            if value not in AXES[axis]:
                raise argparse.ArgumentTypeError(
                    "'%s' is none of %s" % (value, ", ".join(AXES[axis])))
        return text.split(",")
    return values


def parse_args(argv):
    parser = command_line.make_parser(
        PROGRAM, description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Exit status: 0 success, also if a bound was missed, which the"
               " output says; 1 failure;\n2 wrong usage; 3 if something was"
               " not measured; 130 interrupted.  See ovs-stt-bench(8).")
    commands = parser.add_subparsers(dest="command", required=True,
                                     metavar="COMMAND")

    command = commands.add_parser(
        "run", help="measure, and print a table",
        description="Measures a profile and prints a table.  After each run"
                    " the file of results is written, so nothing is lost by"
                    " Ctrl-C; --resume goes on.")
    command.add_argument("profile", nargs="?", choices=PROFILES,
                         metavar="PROFILE", help="what to measure: %s"
                         " (default: quick, and with --client hosts)"
                         % ", ".join(PROFILES))
    for axis in AXES:
        command.add_argument("--" + axis, type=values_of(axis),
                             metavar="LIST", help="in place of the profile's:"
                             " one or more of %s" % ", ".join(AXES[axis]))
    command.add_argument("--repeats", type=positive, metavar="N",
                         help="runs of each cell (default: the profile's)")
    command.add_argument("--seconds", type=positive, metavar="N",
                         help="duration of each run (default: the profile's)")
    command.add_argument("-o", "--output", metavar="FILE",
                         help="the file of results (default: %s-PROFILE-"
                         "TIME.json)" % PROGRAM)
    command.add_argument("--resume", metavar="FILE",
                         help="go on where FILE ends")
    command.add_argument("--vm-dir", metavar="DIR",
                         default=str(CHECKOUT / "_build/vm"),
                         help="where virtual machines are kept (default:"
                         " _build/vm in the checkout)")
    two = command.add_argument_group(
        "between two hosts", "Both need Open vSwitch with the tunnels that are"
        " to be measured.")
    two.add_argument("--server", action="store_true",
                     help="do what clients tell, until interrupted")
    two.add_argument("--client", metavar="ADDRESS",
                     help="measure to the host at ADDRESS, which runs the"
                     " server")
    two.add_argument("-1", "--one-off", action="store_true",
                     help="end the server after one client")
    two.add_argument("--key", default=os.environ.get("OVS_STT_BENCH_KEY"),
                     help="what the client must know (default: the"
                     " environment's OVS_STT_BENCH_KEY, or for the server a"
                     " new one, which it prints)")
    two.add_argument("--port", type=port, default=two_hosts.DEFAULT_PORT,
                     metavar="N", help="the server's TCP port (default:"
                     " %(default)s)")
    two.add_argument("--device", metavar="DEV",
                     help="this host's device whose offloads may be changed;"
                     " they are put back")
    two.add_argument("--datapath-type", choices=("system", "netdev"),
                     default="system", help="of the bridge that is made in"
                     " this host's Open vSwitch (default: system)")

    command = commands.add_parser(
        "report", help="make a page with charts",
        description="Prints the table of a file of results, and makes a folder"
                    " with index.html, which is complete by itself, and the"
                    " charts as SVG and PNG.")
    command.add_argument("results", metavar="FILE")
    command.add_argument("-o", "--output", metavar="DIR",
                         help="the folder (default: FILE without .json)")

    command = commands.add_parser(
        "compare", help="compare two files of results",
        description="Prints for each cell that both files have how B is to A.")
    command.add_argument("a", metavar="A")
    command.add_argument("b", metavar="B")

    commands.add_parser("list", help="print what can be measured")

    args = parser.parse_args(argv)
    if args.command == "run":
        check_run(args, commands.choices["run"])
    return args


def check_run(args, parser):
    """Refuses options that do not go together, and sets what depends on
    others."""
    args.axes = {axis: getattr(args, axis) for axis in AXES
                 if getattr(args, axis)}
    if args.server:
        wrong = [option for option, given in (
            ("--client", args.client), ("PROFILE", args.profile),
            ("--resume", args.resume), ("--output", args.output),
            *(("--" + axis, True) for axis in args.axes)) if given]
        if wrong:
            parser.error("%s makes no sense with --server" % wrong[0])
        args.key = args.key or secrets.token_hex(4)
        return
    if args.one_off:
        parser.error("--one-off makes no sense without --server")
    if args.resume:
        wrong = [option for option, given in (
            ("PROFILE", args.profile), ("--output", args.output),
            ("--repeats", args.repeats), ("--seconds", args.seconds),
            *(("--" + axis, True) for axis in args.axes)) if given]
        if wrong:
            parser.error("%s makes no sense with --resume: the file says it"
                         % wrong[0])
    args.profile = args.profile or ("hosts" if args.client else "quick")
    if not args.client:
        if args.device:
            parser.error("--device makes no sense without --client or"
                         " --server")
        return
    if args.profile != "hosts":
        parser.error("--client measures the profile hosts, not %s"
                     % args.profile)
    if not args.key:
        parser.error("--client needs the --key that the server has printed")
    for axis in ("nic", "gro"):
        if args.axes.get(axis, ["as-is"]) != ["as-is"] and not args.device:
            parser.error("--%s needs --device, the one whose offloads may be"
                         " changed" % axis)
    for axis, value in (("datapath", "hosts"), ("mtu", "as-is")):
        if args.axes.get(axis, [value]) != [value]:
            parser.error("--%s: between two hosts it is what it is" % axis)


def command_again(args):
    """Returns the command that measures the same again."""
    words = [PROGRAM, "run", args.profile]
    for axis, values in args.axes.items():
        words += ["--" + axis, ",".join(values)]
    for option in ("repeats", "seconds", "device"):
        if getattr(args, option):
            words += ["--" + option, str(getattr(args, option))]
    if args.client:
        words += ["--client", args.client, "--datapath-type",
                  args.datapath_type]
    return shlex.join(words)


def do_run(args):
    command_line.become_root()
    check_programs("ip", "ethtool", "iperf3")
    if args.server or args.client:
        for line in this_host.clean_up_after_others():
            command_line.tell(PROGRAM, line)
    if args.server:
        two_hosts.serve(args)
        return 0

    if args.resume:
        results = Results.load(args.resume)
        about = results.about
        if about["profile"] not in PROFILES:
            raise Failure("%s has the profile %s, which this program does"
                          " not know" % (args.resume, about["profile"]))
        args.profile, path = about["profile"], args.resume
        axes = about.get("axes", {})
    else:
        profile = PROFILES[args.profile]
        axes = args.axes
        results = Results(measure.about(command_again(args), args.profile,
                                        axes, args.repeats or profile.repeats,
                                        args.seconds or profile.seconds))
        path = args.output or measure.default_path(args.profile)
    if args.client:
        # Over which IP version it goes, the address says.
        axes["ip"] = ["6" if ":" in args.client else "4"]
    measure.check_writable(path)
    if results.about["repeats"] < FEWEST:
        command_line.tell(PROGRAM, "note: with fewer than %d repeats a median"
                          " means little" % FEWEST)

    cells = PROFILES[args.profile].cells(axes)
    if any((cell.datapath == "hosts") != bool(args.client) for cell in cells):
        raise Failure("the profile hosts and --client go together")
    labs = Labs(program("ovs-stt-lab"))
    try:
        with two_hosts.TwoHosts(args) as between:
            missing = measure.measure(cells, results, path, {
                "userspace": labs, "userspace-no-tso": labs,
                "ovn": labs, "ovn-acl": labs,
                "kernel-vm": VirtualMachine(CHECKOUT / "tests/vm",
                                            args.vm_dir),
                "kernel": ThisKernel(CHECKOUT / "tests/vm"),
                "hosts": between})
    except signals.Interrupted:
        if results.cells():
            print(file=sys.stderr)
            command_line.tell(PROGRAM, "to go on: %s run --resume %s"
                              % (PROGRAM, shlex.quote(path)))
        raise
    show(results)
    print("Results: %s" % path)
    return 3 if missing else 0


def show(results):
    profile = PROFILES.get(results.about["profile"])
    missed = text.print_table(results, profile)
    if profile and profile.bounds:
        print("Bounds missed: %d" % missed)


def do_report(args):
    # Only here, so that nothing else needs matplotlib.
    from ovs_stt.bench import report
    results = Results.load(args.results)
    if not results.cells():
        raise Failure("%s has no results yet" % args.results)
    show(results)
    folder = args.output or args.results.removesuffix(".json")
    if folder == args.results:
        folder += ".report"
    report.write_report(results, folder)
    print("Report: %s" % os.path.join(folder, "index.html"))
    return 0


def do_compare(args):
    text.compare(Results.load(args.a), Results.load(args.b))
    return 0


def do_list(_args):
    print("Profiles:")
    for name, profile in PROFILES.items():
        print("  %-8s %s" % (name, profile.title))
        print("           %d cells, %d runs of %d s each"
              % (len(profile.cells()), profile.repeats, profile.seconds))
    for axis, values in AXES.items():
        print("\n--%s:" % axis)
        for name, meaning in values.items():
            print("  %-10s %s" % (name, meaning))
    return 0


def main():
    args = parse_args(sys.argv[1:])
    signals.watch()
    if args.command != "run":
        signals.end_with_reader()
    function = {"run": do_run, "report": do_report, "compare": do_compare,
                "list": do_list}[args.command]
    try:
        return command_line.call(PROGRAM, function, args)
    except signals.Interrupted:
        return INTERRUPTED
