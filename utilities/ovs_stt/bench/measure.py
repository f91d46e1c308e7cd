# SPDX-License-Identifier: Apache-2.0
"""Measuring all cells of a profile, and keeping what was measured."""

import contextlib
import datetime
import os
import sys

from ovs_stt import Failure
from ovs_stt.bench import NotMeasured, PROGRAM, load, machine
from ovs_stt.bench.matrix import groups

try:
    import tqdm
except ImportError:
    tqdm = None


def now():
    """Returns the time by ISO 8601, in UTC, to the second."""
    return datetime.datetime.now(datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ")


def place(group):
    """The name of what a group is measured in, apart from the traffic."""
    return " ".join(filter(None, group._replace(traffic="")))


class Progress:
    """A bar with the time that is left, on a terminal."""

    def __init__(self, total):
        self.bar = None
        if sys.stderr.isatty():
            if tqdm:
                self.bar = tqdm.tqdm(total=total, unit="run", leave=False,
                                     dynamic_ncols=True)
            else:
                print("no progress is shown: apt install python3-tqdm",
                      file=sys.stderr)

    def show(self, text):
        if self.bar is not None:
            self.bar.set_description(text)

    def step(self, number=1):
        if self.bar is not None:
            self.bar.update(number)

    def say(self, text):
        """Prints a line for good, above the bar."""
        if self.bar is not None:
            self.bar.clear()
        print(text, file=sys.stderr, flush=True)

    def close(self):
        if self.bar is not None:
            self.bar.close()


def measure(cells, results, path, backends):
    """Measures what 'results' does not have yet of 'cells', and writes it to
    the file 'path' after each run.  'backends' has an object for each datapath
    that is to be measured: Labs, or one with the same measure().  Returns the
    number of cells that could not be measured."""
    repeats, seconds = results.about["repeats"], results.about["seconds"]
    wanted = {cell: repeats - len(results.runs(cell)) for cell in cells}
    wanted = {cell: number for cell, number in wanted.items() if number > 0}
    progress = Progress(sum(wanted.values()))
    try:
        for group, members in groups(wanted).items():
            progress.show(" ".join(group).strip())
            try:
                _measure_group(group, {cell: wanted[cell]
                                       for cell in members},
                               seconds, results, path,
                               backends[group.datapath], progress)
            except (NotMeasured, Failure) as reason:
                for cell in members:
                    _refuse(results, cell, reason, progress)
            results.save(path)
    finally:
        progress.close()
    missing = [cell for cell in cells if len(results.runs(cell)) < repeats]
    if not missing:
        results.about["ended"] = now()
    results.save(path)
    return len(missing)


def _measure_group(group, wanted, seconds, results, path, backend, progress):
    about = {}
    # Closing it, whatever happens, is what removes all that it made.
    with contextlib.closing(backend.measure(wanted, seconds, about)) as found:
        for cell, run in found:
            if isinstance(run, NotMeasured):
                _refuse(results, cell, run, progress)
            else:
                results.add(cell, run)
                progress.step()
            if "offloads" in about:
                results.about["offloads"][place(group)] = about["offloads"]
            results.about["programs"].update(about.get("programs", {}))
            if "server" in about:
                results.about["server"] = about["server"]
            results.save(path)


def _refuse(results, cell, reason, progress):
    runs = len(results.runs(cell))
    progress.say("%s: %s: %s" % ("only %d runs" % runs if runs
                                 else "not measured", " ".join(cell), reason))
    progress.step(results.about["repeats"] - runs)
    results.refuse(cell, str(reason))


def about(command, profile, axes, repeats, seconds):
    """Returns what a new file of results begins with."""
    return {"command": command, "profile": profile, "axes": axes,
            "started": now(), "repeats": repeats, "seconds": seconds,
            "machine": machine.describe(),
            "programs": load.versions(),
            "offloads": {}}


def default_path(profile):
    return "%s-%s-%s.json" % (PROGRAM, profile,
                              datetime.datetime.now().strftime("%Y%m%d-%H%M%S"))


def check_writable(path):
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise Failure("there is no folder %s for the results" % folder)
    if not os.access(folder, os.W_OK):
        raise Failure("cannot write to %s" % folder)
