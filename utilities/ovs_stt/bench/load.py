# SPDX-License-Identifier: Apache-2.0
"""The programs that make traffic, iperf3, sockperf and, for what neither can
send, datagrams.py: running them, and what they print."""

import json
import pathlib
import re
import subprocess
import sys
import time

from ovs_stt import Failure
from ovs_stt.bench import NotMeasured
from ovs_stt.bench.machine import need, version
from ovs_stt.bench.matrix import TCP
from ovs_stt.bench.results import udp_payload
from ovs_stt.run import run_one
from ovs_stt.signals import undisturbed

DATAGRAMS = str(pathlib.Path(__file__).with_name("datagrams.py"))
# TCP and UDP ports that the programs use in the guests.
PORTS = {"iperf3": 5201, "sockperf": 5202, DATAGRAMS: 5203}
# Bytes of a request, and of its response.
REQUEST = 64
# Seconds until a server must listen, and that a client may take for more than
# its traffic.
SERVER_TIMEOUT = 10
CLIENT_TIMEOUT = 30


def versions():
    """Returns the versions of the programs that are installed, by name."""
    found = {name: version(name, "--version")
             for name in ("iperf3", "sockperf")}
    return {name: number for name, number in found.items() if number}


def program(traffic):
    """The program that makes 'traffic'."""
    return ("sockperf" if traffic == "rr"
            else DATAGRAMS if traffic == "udp-1400-gso" else "iperf3")


def require(traffic):
    """Raises NotMeasured unless the program that makes 'traffic' is there."""
    name = program(traffic)
    if name != DATAGRAMS:
        need(name)


def server(traffic, address):
    """The command that answers 'traffic' at 'address' until it is ended."""
    if program(traffic) == "sockperf":
        return ["sockperf", "server", "--tcp", "-i", address, "-p",
                str(PORTS["sockperf"])]
    if program(traffic) == DATAGRAMS:
        return [sys.executable, DATAGRAMS, "serve", address,
                str(PORTS[DATAGRAMS])]
    return ["iperf3", "-s", "-p", str(PORTS["iperf3"])]


def client(traffic, address, seconds):
    """The command that sends 'traffic' to 'address' for 'seconds'."""
    if program(traffic) == "sockperf":
        return ["sockperf", "ping-pong", "--tcp", "-i", address, "-p",
                str(PORTS["sockperf"]), "-t", str(seconds), "--full-rtt",
                "--msg-size", str(REQUEST)]
    if program(traffic) == DATAGRAMS:
        return [sys.executable, DATAGRAMS, "send", address,
                str(PORTS[DATAGRAMS]), str(seconds),
                str(udp_payload(traffic))]
    command = ["iperf3", "-J", "-c", address, "-p", str(PORTS["iperf3"]),
               "-t", str(seconds)]
    if traffic in TCP:
        _, streams, *more = traffic.split("-")
        return command + ["-P", streams] + (["-R"] if more == ["back"] else [])
    return command + ["-u", "-b", "0", "-l", str(udp_payload(traffic))]


def serve(inside, traffic, address):
    """Starts what answers 'traffic' at 'address', by a command that begins
    with 'inside'.  Returns the process, which listens, and is the caller's to
    end."""
    port = PORTS[program(traffic)]
    process = subprocess.Popen(inside + server(traffic, address),
                               stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL,
                               start_new_session=True)
    try:
        deadline = time.monotonic() + SERVER_TIMEOUT
        while not run_one(inside + ["ss", "-Hltn",
                                    "sport = %d" % port]).strip():
            if process.poll() is not None or time.monotonic() > deadline:
                raise NotMeasured("%s's server did not start: is port %d in"
                                  " use?" % (program(traffic), port))
            time.sleep(0.05)
    except BaseException:
        end(process)
        raise
    return process


@undisturbed()
def end(process):
    """Ends what serve() has started."""
    process.terminate()
    process.wait()


def measure(inside, traffic, address, seconds, counters):
    """Sends 'traffic' to 'address' for 'seconds', by a command that begins
    with 'inside'.  Returns the run, with by how much the numbers in the
    dictionary that the function 'counters' returns have risen."""
    before = counters()
    try:
        run = parse(traffic, run_one(inside + client(traffic, address, seconds),
                                     timeout=seconds + CLIENT_TIMEOUT))
    except Failure as error:
        raise NotMeasured(str(error)) from None
    after = counters()
    run.update((name, after[name] - before[name]) for name in after)
    return run


def parse(traffic, output):
    """Returns the run that the client's 'output' tells of."""
    try:
        return PARSERS[program(traffic)](traffic, output)
    except (KeyError, ValueError, TypeError):
        lines = output.strip().splitlines()
        raise Failure("%s printed what is not understood: %s"
                      % (program(traffic),
                         lines[-1][:200] if lines else "nothing")) from None


def _parse_iperf3(traffic, output):
    end = json.loads(output)["end"]
    if traffic in TCP:
        received = end["sum_received"]
        run = {"seconds": received["seconds"], "bytes": received["bytes"],
               "retransmits": end["sum_sent"]["retransmits"]}
    else:
        total = end.get("sum_received", end["sum"])
        arrived = total["packets"] - total["lost_packets"]
        run = {"seconds": total["seconds"], "packets": arrived,
               "lost": total["lost_packets"],
               "bytes": arrived * udp_payload(traffic)}
    if not run["seconds"] > 0 or not run["bytes"] > 0:
        raise Failure("iperf3: nothing arrived")
    return run


def _parse_datagrams(traffic, output):
    told = json.loads(output)
    if not told["seconds"] > 0 or not told["arrived"] > 0:
        raise Failure("datagrams.py: nothing arrived")
    return {"seconds": told["seconds"], "packets": told["arrived"],
            "lost": max(0, told["sent"] - told["arrived"]),
            "bytes": told["arrived"] * udp_payload(traffic)}


def _parse_sockperf(_traffic, output):
    def number(pattern):
        found = re.search(pattern, output)
        if not found:
            raise ValueError(pattern)
        return float(found.group(1))

    transactions = number(r"\[Valid Duration\].*ReceivedMessages=(\d+)")
    return {"seconds": number(r"\[Valid Duration\] RunTime=([\d.]+) sec"),
            "transactions": transactions,
            "bytes": transactions * 2 * REQUEST,
            "latency_median_us": number(r"percentile 50\.000 = *([\d.]+)"),
            "latency_p99_us": number(r"percentile 99\.000 = *([\d.]+)")}


PARSERS = {"iperf3": _parse_iperf3, "sockperf": _parse_sockperf,
           DATAGRAMS: _parse_datagrams}
