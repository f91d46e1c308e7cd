# SPDX-License-Identifier: Apache-2.0
"""Results in words: the tables for a terminal, and what the page takes from
them."""

from ovs_stt import Failure
from ovs_stt.bench.matrix import AXES, UDP
from ovs_stt.bench.results import Ratio, unit
from ovs_stt.tunnels import TUNNELS

# How places and tunnels are called where there is little room.
PLACES = {
    "datapath": {"userspace": "userspace datapath",
                 "userspace-no-tso": "userspace datapath without TSO",
                 "ovn": "OVN",
                 "ovn-acl": "OVN with a stateful ACL",
                 "kernel-vm": "kernel datapath in a virtual machine",
                 "kernel": "kernel datapath",
                 "hosts": "two real hosts"},
    "nic": {"all": "all offloads",
            "tcp-tso": "TSO for TCP only",
            "no-tso": "no TSO",
            "as-is": "offloads as they are"},
    "gro": {"on": "GRO on", "off": "GRO off", "as-is": "GRO as it is"},
    "mtu": {"1500": "MTU 1500", "9000": "MTU 9000", "as-is": "MTU as it is"},
    "ip": {"4": "IPv4", "6": "IPv6"},
}
# What marks a ratio that may be an accident, where there is no room for words.
DOUBTFUL = "~"
NO_BREAK = "\u00a0"             # A space.
TITLES = {"none": "no tunnel",
          **{name: tunnel.title for name, tunnel in TUNNELS.items()},
          "local": "same host",
          "stt-bare": "STT, bare guests",
          "stt-large": "STT, large guests' MTU"}


def plain(text):
    """Returns 'text', which may come from a file, as one line that changes
    nothing in a terminal but what it shows."""
    return "".join(c if c.isprintable() or c == NO_BREAK else "?"
                   for c in str(text))


def number(value):
    """Returns 'value' in as many digits as mean something, and never as 0
    unless it is."""
    if value is None:
        return "-"
    if 0 < value < 0.1:
        return "%.2g" % value
    return "{:,.{}f}".format(value, 0 if value >= 100 else
                             1 if value >= 10 else 2)


def upper_first(text):
    return text[:1].upper() + text[1:]


def base_of(group):
    """Returns the "tunnel" that the others are compared with."""
    return "local" if group.datapath.startswith("ovn") else "none"


def place(group, axes=tuple(PLACES)):
    """Says where 'group' was measured, as far as 'axes' tell."""
    return ", ".join(PLACES[axis][getattr(group, axis)] for axis in axes)


def runs_each(results, cells):
    """Says how often each of 'cells' was measured."""
    runs = max(len(results.runs(cell)) for cell in cells)
    return "%d run%s each" % (runs, "" if runs == 1 else "s")


def quantity(figure, traffic):
    """Returns what the ratio of two 'figure's is one of."""
    rate = ("throughput" if traffic not in UDP and traffic != "rr"
            else unit("rate", traffic))
    return {"rate": rate, "cpu_per_gb": "CPU per byte",
            "per_cpu_second": rate.replace("/s", "") + " per CPU second",
            "latency_median": "latency"}[figure]


def cost_of(traffic):
    """Returns the figure that is to be low, while the rate is to be high."""
    return "latency_median" if traffic == "rr" else "cpu_per_gb"


def headings(group):
    """Returns the headings of what row() returns."""
    found = [unit("rate", group.traffic), "spread", "/ " + base_of(group)]
    if group.traffic == "rr":
        return found + ["us, median", "us, p99"]
    return found + ["lost"] * (group.traffic in UDP) + ["CPU s/GB", "spread"]


def row(results, cell):
    """Returns the figures of 'cell', which was measured, as texts."""
    def median(figure):
        summary = results.summary(cell, figure)
        return summary and summary.median

    def spread(figure):
        summary = results.summary(cell, figure)
        # A single run has none, which is not the same as a small one.
        return ("%.0f%%" % (100 * summary.spread)
                if summary and len(results.runs(cell)) > 1 else "-")

    ratio = results.ratio(cell, base_of(cell), "rate")
    found = [number(median("rate")), spread("rate"),
             number(ratio and ratio.value)]
    if cell.traffic == "rr":
        return found + [number(median("latency_median")),
                        number(median("latency_p99"))]
    if cell.traffic in UDP:
        loss = median("loss")
        found.append("-" if loss is None else number(100 * loss) + "%")
    return found + [number(median("cpu_per_gb")), spread("cpu_per_gb")]


def notes(results, cell):
    """Returns what is to be known beside the figures of 'cell'."""
    found = []
    ratio = results.ratio(cell, base_of(cell), "rate")
    if ratio and ratio.doubtful and cell.tunnel != base_of(cell):
        found.append("the spread exceeds the difference")
    runs = results.runs(cell)
    if len(runs) < results.about.get("repeats", 1):
        found.append("%d of %d runs" % (len(runs), results.about["repeats"]))
    losses = sum(run.get("socket_losses", 0) for run in runs)
    if losses:
        found.append("%s packets lost by sockets" % "{:,.0f}".format(losses))
    return "; ".join(found)


def bounds(results, profile, group):
    """Returns what STT is to reach in 'group' by the matrix.Profile, and
    whether it does: pairs of a text and of True, False, or None if there is
    only a ratio to be known.  What was to be measured and could not be is not
    reached."""
    found = []
    for bound in profile.bounds_of(group):
        cells = [group._replace(tunnel=tunnel)
                 for tunnel in (bound.tunnel, bound.other)]
        if not all(cell in results.cells() for cell in cells):
            continue
        ratio = results.ratio(cells[0], bound.other, bound.figure)
        value = ratio.value if ratio else None
        text = "%s / %s, %s: %s" % (bound.tunnel, bound.other,
                                    quantity(bound.figure, group.traffic),
                                    "not measured" if value is None
                                    else number(value))
        if bound.bound is None:
            found.append((text, None))
            continue
        good = value is not None and (value >= bound.bound
                                      if bound.kind == "least"
                                      else value <= bound.bound)
        found.append(("%s, to be at %s %.2f: %s"
                      % (text, bound.kind, bound.bound,
                         "yes" if good else "NO"), good))
    return found


def aligned(rows):
    """Returns lines of 'rows', lists of texts, of which the first column is
    aligned to the left and all but the last one to the right.  A row of two is
    a name and a remark that goes across."""
    widths = [max(map(len, column))
              for column in zip(*(cells for cells in rows if len(cells) > 2))]
    for name, *figures, remark in rows:
        yield "  ".join(["", name.ljust(widths[0]),
                         *map(str.rjust, figures, widths[1:]),
                         remark]).rstrip()


def heading_of(results, group, cells):
    """Returns the lines above the table of 'group'."""
    return [upper_first(place(group)) + ":",
            "%s, %s" % (upper_first(AXES["traffic"][group.traffic]),
                        runs_each(results, cells))]


def print_table(results, profile=None):
    """Prints the figures of all cells, and whether they keep the bounds of
    'profile', a matrix.Profile.  Returns how many they do not."""
    missed = 0
    for group, cells in results.groups().items():
        rows = [["tunnel", *headings(group), ""]]
        for cell in cells:
            if results.runs(cell):
                rows.append([cell.tunnel, *row(results, cell),
                             notes(results, cell)])
            else:
                rows.append([cell.tunnel, "not measured: "
                             + plain(results.reason(cell))])
        print("\n".join(heading_of(results, group, cells)))
        print("\n".join(aligned(rows)))
        for text, good in bounds(results, profile, group) if profile else []:
            missed += good is False
            print("  " + text)
        print(flush=True)
    return missed


def circumstances(results):
    """Returns what figures depend on, by the name of each."""
    found = {}
    for whose, machine in (("", results.about["machine"]),
                           ("server's ", results.about.get("server", {}))):
        for key, name in (("cpu", "CPU"), ("cpus", "number of CPUs"),
                          ("kernel", "kernel"),
                          ("virtualization", "virtualization")):
            if key in machine:
                found[whose + name] = plain(machine[key])
    for name, version in results.about.get("programs", {}).items():
        found[plain(name)] = plain(version)
    return found


def print_origin(name, results):
    about = results.about
    print("%s: profile %s, started %s, %s"
          % (name, plain(about["profile"]), plain(about["started"]),
             plain(about["command"])))


def compared(a, b, cell):
    """Compares 'cell' in both Results.  Returns a row of texts, whether B is
    better, and whether it is worse."""
    texts = []
    better = worse = False
    # A single run has a spread, but nobody knows which.
    single = min(len(a.runs(cell)), len(b.runs(cell))) == 1
    for figure in ("rate", cost_of(cell.traffic)):
        old, new = a.summary(cell, figure), b.summary(cell, figure)
        if not old or not new:
            texts += [number(old and old.median), number(new and new.median),
                      "-"]
            continue
        ratio = Ratio(new, old)
        doubtful = ratio.doubtful or single
        texts += [number(old.median), number(new.median),
                  number(ratio.value) + (DOUBTFUL if doubtful else " ")]
        if not doubtful and new.median != old.median:
            good = (new.median > old.median) == (figure == "rate")
            better |= good
            worse |= not good
    return [cell.tunnel, *texts, ""], better, worse


def compare(a, b):
    """Prints B's figures beside A's, both Results, for all cells that both
    measured, and what else is to be known.  Returns in how many cells B is
    worse by more than the spread."""
    both = {cell: compared(a, b, cell) for cell in a.cells()
            if a.runs(cell) and b.runs(cell)}
    if not both:
        raise Failure("the two measured nothing in common: compare results"
                      " of the same profile")

    print_origin("A", a)
    print_origin("B", b)
    ours, theirs = circumstances(a), circumstances(b)
    for name in dict.fromkeys([*ours, *theirs]):
        values = [known.get(name, "none") for known in (ours, theirs)]
        if values[0] != values[1]:
            print("warning: not the same %s: A %s, B %s" % (name, *values))
    print()

    for group, cells in a.groups().items():
        rows = [both[cell][0] for cell in cells if cell in both]
        if rows:
            figures = [unit(figure, group.traffic)
                       for figure in ("rate", cost_of(group.traffic))]
            print("\n".join([upper_first(place(group)) + ":",
                             upper_first(AXES["traffic"][group.traffic])]))
            print("\n".join(aligned(
                [["tunnel", "A " + figures[0], "B " + figures[0], "B / A",
                  "A " + figures[1], "B " + figures[1], "B / A", ""]] + rows)))
            print()

    lonely = False
    for name, results, other in (("A", a, b), ("B", b, a)):
        for cell in results.cells():
            if results.runs(cell) and not other.runs(cell):
                reason = other.reason(cell)
                print("only in %s: %s, %s, %s%s"
                      % (name, place(cell), cell.traffic, cell.tunnel,
                         "" if reason is None
                         else "; not measured: " + plain(reason)))
                lonely = True
    if lonely:
        print()

    better = sum(cell[1] for cell in both.values())
    worse = sum(cell[2] for cell in both.values())
    print("By more than the spread, B is better in %d and worse in %d of %d"
          " cells." % (better, worse, len(both)))
    if any(text.endswith(DOUBTFUL) for cell in both.values()
           for text in cell[0]):
        print("%s: the spread exceeds the difference, or is not known."
              % DOUBTFUL)
    return worse
