# SPDX-License-Identifier: Apache-2.0
"""What was measured: the file, and the figures that come of it.

results.schema.json, beside this module, says what is in the file.  A run keeps
what was counted; every figure is computed from that."""

import json
import os
import pathlib
import statistics

from ovs_stt import Failure
from ovs_stt.bench.matrix import AXES, Cell, UDP, group_of, groups
from ovs_stt.locations import VERSION
from ovs_stt.packages import module
from ovs_stt.tunnels import (ETHERNET_HEADER_LEN, IP_HEADER_LEN,
                             UDP_HEADER_LEN)

FORMAT = "ovs-stt-bench 1"
# Characters of what is told about a damaged file.
MAX_MESSAGE = 200
SCHEMA = pathlib.Path(__file__).with_name("results.schema.json")
# Bytes of an Ethernet frame of UDP over IPv4, with its checksum and without its
# payload.
UDP_OVERHEAD = ETHERNET_HEADER_LEN + IP_HEADER_LEN[4] + UDP_HEADER_LEN + 4


def udp_payload(traffic):
    """The bytes of payload in each packet of 'traffic', one of UDP."""
    return int(traffic.split("-")[1]) - UDP_OVERHEAD


# Figures: how each is called, its unit with each kind of traffic, and how it
# comes of a run.  A figure that a run has nothing for is None.

def _ratio(amount, divisor):
    return amount / divisor if amount is not None and divisor else None


def rate(run, traffic):
    """Mbit/s of payload, packets per second, or transactions per second."""
    return _ratio(amount(run, traffic), run["seconds"])


def amount(run, traffic):
    """Mbit of payload, packets, or transactions."""
    if traffic == "rr":
        return run.get("transactions")
    if traffic in UDP:
        return run.get("packets")
    return _ratio(run.get("bytes"), 1e6 / 8)


def cpu_per_gb(run, traffic):
    """Seconds of CPU time that both ends spent on a gigabyte of payload: all
    ovs-vswitchd with the kernel's work on their behalf, or where the kernel
    does it, everything."""
    if traffic == "rr":
        return None
    return _ratio(run.get("ovs_cpu_seconds", run.get("cpu_seconds")),
                  run.get("bytes", 0) / 1e9)


def all_cpu_per_gb(run, traffic):
    """Seconds that all CPUs of both ends were busy, with whatever, for each
    gigabyte of payload."""
    if traffic == "rr":
        return None
    return _ratio(run.get("cpu_seconds"), run.get("bytes", 0) / 1e9)


def per_cpu_second(run, traffic):
    """What was transferred while all CPUs together were busy for a second."""
    return _ratio(amount(run, traffic), run.get("cpu_seconds"))


def loss(run, traffic):
    """The share of UDP packets that did not arrive."""
    if traffic not in UDP:
        return None
    return _ratio(run.get("lost"), run.get("packets", 0) + run.get("lost", 0))


def latency_median(run, _traffic):
    """Microseconds from a request to its response."""
    return run.get("latency_median_us")


def latency_p99(run, _traffic):
    """Microseconds within which 99 % of the responses came."""
    return run.get("latency_p99_us")


FIGURES = {function.__name__: function for function in
           (rate, cpu_per_gb, all_cpu_per_gb, per_cpu_second, loss,
            latency_median, latency_p99)}


def unit(figure, traffic):
    """The unit of 'figure' with 'traffic'."""
    amounts = ("packets" if traffic in UDP
               else "transactions" if traffic == "rr" else "Mbit")
    return {"rate": amounts + "/s", "per_cpu_second": amounts + "/CPU s",
            "cpu_per_gb": "CPU s/GB", "all_cpu_per_gb": "CPU s/GB",
            "loss": "lost", "latency_median": "us",
            "latency_p99": "us"}[figure]


class Summary:
    """The median of some values, with their extremes."""

    def __init__(self, values):
        self.median = statistics.median(values)
        self.least = min(values)
        self.most = max(values)

    @property
    def spread(self):
        """The distance between the extremes as a share of the median."""
        return (self.most - self.least) / self.median if self.median else 0.0


class Ratio:
    """The ratio of two Summaries.  'doubtful' if the spread of either exceeds
    their difference, so that the ratio may be an accident."""

    def __init__(self, ours, other):
        self.value = ours.median / other.median if other.median else None
        self.doubtful = (self.value is None
                         or max(ours.most - ours.least,
                                other.most - other.least)
                         > abs(ours.median - other.median))


def _no_number(name):
    raise ValueError(name + " is no number")


class Results:
    """A file of results in memory."""

    def __init__(self, about):
        """'about' has all but the cells: see results.schema.json."""
        self.about = {"format": FORMAT, "version": VERSION, **about}
        self._runs = {}
        self._reasons = {}

    def add(self, cell, run):
        self._runs.setdefault(cell, []).append(run)
        self._reasons.pop(cell, None)

    def refuse(self, cell, reason):
        """Records why 'cell' cannot be measured."""
        if not self._runs.get(cell):
            self._runs[cell] = []
            self._reasons[cell] = reason

    def runs(self, cell):
        return self._runs.get(cell, [])

    def reason(self, cell):
        """Why 'cell' was not measured, or None if it was or is to be."""
        return self._reasons.get(cell)

    def cells(self):
        return list(self._runs)

    def groups(self):
        """Returns the cells, as matrix.groups() does."""
        return groups(self.cells())

    def summary(self, cell, figure):
        """Returns the Summary of 'figure' over the runs of 'cell', or None if
        there is none."""
        values = [FIGURES[figure](run, cell.traffic)
                  for run in self.runs(cell)]
        values = [value for value in values if value is not None]
        return Summary(values) if values else None

    def ratio(self, cell, other, figure):
        """Returns the Ratio of 'figure' of 'cell' to that of the tunnel
        'other' in the same group, or None if either was not measured."""
        ours = self.summary(cell, figure)
        theirs = self.summary(group_of(cell)._replace(tunnel=other), figure)
        return Ratio(ours, theirs) if ours and theirs else None

    def save(self, path):
        """Writes all to the file 'path', whole or not at all, or to what else is
        there, such as a device or a pipe."""
        path = pathlib.Path(path)
        temporary = path
        if path.is_file() or not path.exists():
            temporary = path.with_name(".%s.%d" % (path.name, os.getpid()))
        cells = []
        for cell, runs in self._runs.items():
            entry = {**cell._asdict(), "runs": runs}
            if cell in self._reasons:
                entry["not_measured"] = self._reasons[cell]
            cells.append(entry)
        try:
            with open(temporary, "w", encoding="utf-8") as file:
                json.dump({**self.about, "cells": cells}, file, indent=1)
                file.write("\n")
            if temporary != path:
                os.replace(temporary, path)
        except OSError as error:
            if temporary != path:
                temporary.unlink(missing_ok=True)
            raise Failure("cannot write %s: %s"
                          % (path, error.strerror)) from None

    @staticmethod
    def load(path):
        try:
            with open(path, encoding="utf-8") as file:
                data = json.load(file, parse_constant=_no_number)
        except OSError as error:
            raise Failure("cannot read %s: %s"
                          % (path, error.strerror)) from None
        except ValueError as error:
            raise Failure("%s is no file of results: %s"
                          % (path, error)) from None
        if not isinstance(data, dict) or "format" not in data:
            raise Failure("%s is no file of results" % path)
        if data["format"] != FORMAT:
            raise Failure("%s has the format '%s', this program reads '%s':"
                          " use the ovs-stt-bench that wrote it"
                          % (path, data["format"], FORMAT))
        wrong = _departure(data)
        if wrong:
            raise Failure("%s is damaged: %s" % (path, wrong))
        return Results._from(data)

    @staticmethod
    def _from(data):
        results = Results({key: value for key, value in data.items()
                           if key != "cells"})
        for entry in data["cells"]:
            cell = Cell(*(entry[axis] for axis in AXES))
            results._runs[cell] = entry["runs"]
            if not entry["runs"]:
                results._reasons[cell] = entry["not_measured"]
        return results


def _departure(data):
    """Returns where and how 'data' is not as the schema says, or None."""
    jsonschema = module("jsonschema")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    error = jsonschema.exceptions.best_match(
        jsonschema.Draft7Validator(schema).iter_errors(data))
    if not error:
        return None
    where = "/".join(map(str, error.absolute_path))
    # It may quote much of the file.
    return (where + ": " if where else "") + error.message[:MAX_MESSAGE]
