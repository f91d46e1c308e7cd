# SPDX-License-Identifier: Apache-2.0
"""Measuring the kernel's datapath with what a checkout has for that in
tests/vm: in a virtual machine, or with this machine's kernel."""

import pathlib
import subprocess
import tempfile

from ovs_stt import Failure
from ovs_stt.bench import NotMeasured
from ovs_stt.bench.machine import need
from ovs_stt.bench.matrix import PLAIN, TCP, UDP
from ovs_stt.bench.results import udp_payload
from ovs_stt.run import last_line, run_one
from ovs_stt.signals import undisturbed

# Ticks of CPU time in a second.
TICKS = 100
BACKLOG = pathlib.Path("/proc/sys/net/core/netdev_max_backlog")


class VirtualMachine:
    """Measures a group in a machine of its own."""

    def __init__(self, directory, work):
        """'directory' is tests/vm of a checkout, and 'work' the folder in
        which kernels and the like are kept."""
        self.program = directory / "bench"
        self.work = work

    def measure(self, wanted, seconds, about):
        """As Labs.measure()."""
        _need_checkout(self.program)
        need("qemu-system-x86_64")
        cell = next(iter(wanted))
        about["programs"] = {"ovs-vswitchd in the virtual machine": "Debian's"}
        yield from _runs([self.program, "--work", self.work, "--repeats",
                          str(max(wanted.values())), "--seconds",
                          str(seconds), _name(cell)], wanted)


class ThisKernel:
    """Measures a group with this machine's kernel and the Open vSwitch that
    is installed, in network namespaces that nobody else sees."""

    # Whatever happens to us, all processes end, and with them the namespaces.
    UNSHARE = ["unshare", "--mount", "--pid", "--fork", "--mount-proc",
               "--kill-child=KILL"]
    # The script keeps everything in /run.
    SCRIPT = 'mount -t tmpfs tmpfs /run && exec bash "$@"'

    def __init__(self, directory):
        self.program = directory / "guest/bench.sh"

    def measure(self, wanted, seconds, about):
        """As Labs.measure()."""
        _need_checkout(self.program)
        for module in ("openvswitch", "vport-stt"):
            try:
                run_one(["modprobe", module])
            except Failure:
                raise NotMeasured("this kernel has no module %s" % module) \
                    from None
        need("ovs-vswitchd", "ovsdb-tool")
        cell = next(iter(wanted))
        about["programs"] = {"ovs-vswitchd": run_one(
            ["ovs-vswitchd", "--version"]).split()[-1]}
        # The script changes it, and it is the same for all namespaces.
        backlog = BACKLOG.read_text(encoding="ascii")
        try:
            yield from _runs([*self.UNSHARE, "sh", "-c", self.SCRIPT, "sh",
                              self.program, str(max(wanted.values())),
                              str(seconds), _name(cell)], wanted)
        finally:
            with undisturbed():
                BACKLOG.write_text(backlog, encoding="ascii")


def _need_checkout(program):
    if not program.exists():
        raise NotMeasured("needs a checkout of ovs-stt, for %s"
                          % "/".join(program.parts[-3:]))


def _name(cell):
    """How the programs in tests/vm call the group of 'cell'."""
    return "/".join((cell.nic, cell.gro, cell.mtu, cell.ip, cell.traffic))


def _runs(command, wanted):
    """Runs 'command' and yields as Labs.measure() does what it prints."""
    traffic = next(iter(wanted)).traffic
    if traffic not in PLAIN:
        raise NotMeasured("the kernel's datapath is not measured with %s"
                          % traffic)
    cells = {cell.tunnel: cell for cell in wanted}
    cell = next(iter(wanted))
    left = dict(wanted)
    printed = ""
    with tempfile.TemporaryFile("w+") as errors, \
            subprocess.Popen(list(map(str, command)), text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=errors, start_new_session=True) as bench:
        try:
            for line in bench.stdout:
                printed = line.strip() or printed
                if not line.startswith("RUN "):
                    continue
                tunnel, run = parse(line, cell.traffic)
                if left.get(cells.get(tunnel), 0):
                    left[cells[tunnel]] -= 1
                    yield cells[tunnel], run
        finally:
            bench.terminate()
            bench.wait()
        errors.seek(0)
        wrong = last_line(errors.read()) or printed
    failed = bench.returncode or ": FAILED" in wrong
    for cell, number in left.items():
        if not number:
            continue
        yield cell, NotMeasured(wrong if failed else
                                "the kernel's datapath has no %s over IPv%s"
                                % (cell.tunnel, cell.ip))


def parse(line, traffic):
    """Returns the tunnel and the run of a line of tests/vm/bench."""
    try:
        _, _, tunnel, *words = line.split()
        counted = {name: float(number) for name, number in
                   (word.split("=") for word in words)}
        run = {"seconds": counted["us"] / 1e6,
               "cpu_seconds": counted["ticks"] / TICKS}
        if traffic == "rr":
            run.update(transactions=counted["transactions"],
                       latency_median_us=counted["median"],
                       latency_p99_us=counted["p99"])
            received = run["transactions"]
        else:
            received = run["bytes"] = counted["received"]
        if traffic in UDP:
            size = udp_payload(traffic)
            run["packets"] = received / size
            run["lost"] = max(0, counted["sent"] - received) / size
        if traffic in TCP:
            run["retransmits"] = counted["retransmits"]
    except (KeyError, ValueError):
        raise Failure("the script printed what is not understood: %s"
                      % line.strip()) from None
    # The traffic must have taken the path that it was meant to take.
    if not received:
        raise Failure("%s, %s: nothing arrived" % (traffic, tunnel))
    if counted["device"] < 0.95 * received:
        raise Failure("%s, %s: only %d of %d bytes went through it"
                      % (traffic, tunnel, counted["device"], received))
    if (tunnel == "stt") != (counted["frames"] > 10):
        raise Failure("%s, %s: STT received %d frames"
                      % (traffic, tunnel, counted["frames"]))
    return tunnel, run
