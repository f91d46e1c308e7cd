# SPDX-License-Identifier: Apache-2.0
"""Results as a page: one file that needs no other, and pictures beside it.

page.html.j2, beside this module, is the page without what was measured."""

import base64
import pathlib

from ovs_stt import Failure
from ovs_stt.bench import PROGRAM
from ovs_stt.bench.charts import (CONDITIONS, DARK, LIGHT, NARROW, WIDE,
                                  charts, draw, in_words, usual_groups)
from ovs_stt.bench.matrix import AXES, PROFILES, TCP, UDP
from ovs_stt.bench.text import (NO_BREAK, TITLES, base_of, bounds, headings,
                                notes, number, place, plain, row, runs_each,
                                upper_first)
from ovs_stt.packages import module

TEMPLATE = pathlib.Path(__file__).with_name("page.html.j2")

# In the order in which they tell what STT is for.
WHERE = {
    "tcp-tso": "Where the NIC can segment TCP but no tunnel",
    "no-tso": "Where the NIC segments nothing",
    "all": "Where the NIC has all offloads, those of tunnels too",
    "as-is": "With the NIC's offloads as they are",
}
INSIDE = {
    "userspace": "in the userspace datapath",
    "userspace-no-tso": "in the userspace datapath without userspace TSO",
    "ovn": "with OVN",
    "ovn-acl": "with OVN and a stateful ACL",
    "kernel-vm": "in the kernel datapath",
    "kernel": "in the kernel datapath",
    "hosts": "between two hosts",
}
# What there is no room for beside the wide charts' own margin gets the narrow
# ones, so that their text is never shown much smaller than it was drawn.
WIDE_FROM = WIDE - 20


def listed(texts):
    """Joins 'texts' as a sentence does."""
    return " and ".join(filter(None, [", ".join(texts[:-1]), texts[-1]]))


def compared(results, group, cells, first):
    """Returns what share of the base's rate STT and the others have, or how
    STT compares with the others, or None if neither is known.  Only the
    'first' of several says what it is a share of."""
    what = ("packets per second" if group.traffic in UDP
            else "transactions per second" if group.traffic == "rr"
            else "throughput")
    base = base_of(group)

    def known(ratios):
        return {tunnel: ratio for tunnel, ratio in ratios.items()
                if ratio and ratio.value is not None}

    tunnels = [cell.tunnel for cell in cells if cell.tunnel != base]
    shares = known({tunnel: results.ratio(group._replace(tunnel=tunnel), base,
                                          "rate") for tunnel in tunnels})
    about = ["", "about "]
    if "stt" in shares:
        shares = {tunnel: "%s%.0f%s%%" % (about[ratio.doubtful],
                                          100 * ratio.value, NO_BREAK)
                  for tunnel, ratio in shares.items()}
        text = "STT keeps " + shares.pop("stt")
        if first:
            text += " of the %s %s" % (what, "within one host"
                                       if base == "local" else
                                       "without a tunnel")
        return listed([text] + ["%s %s" % (TITLES[tunnel], share)
                                for tunnel, share in shares.items()])

    times = known({tunnel: results.ratio(group._replace(tunnel="stt"), tunnel,
                                         "rate")
                   for tunnel in tunnels if tunnel != "stt"})
    if times:
        return "STT has %s times the %s" % (listed(
            ["%s%s" % (about[ratio.doubtful], number(ratio.value))
             for ratio in times.values()]), what) + " of " + listed(
                 [TITLES[tunnel] for tunnel in times])
    return None


def answer(results):
    """Returns the sentence for which the page is opened."""
    for kinds in TCP, UDP, ["rr"]:
        groups = usual_groups(results, kinds, ("traffic", *CONDITIONS))
        for nic, where in WHERE.items():
            parts = []
            for group, cells in groups.items():
                if group.nic == nic:
                    text = compared(results, group, cells, not parts)
                    if text:
                        parts.append(INSIDE[group.datapath] + " " + text)
            if parts:
                return "%s, %s." % (where, "; ".join(parts))
    return "Nothing that STT could be compared with was measured."


def data_uri(chart, **how):
    return "data:image/svg+xml;base64," + base64.b64encode(
        draw(chart, **how)).decode()


def figure_of(chart):
    """Returns the Chart as the template wants it."""
    variants = [(" and ".join(["(max-width: %dpx)" % (WIDE_FROM - 1)] * narrow
                              + ["(prefers-color-scheme: dark)"] * dark),
                 data_uri(chart, dark=dark, narrow=narrow))
                for dark, narrow in ((True, True), (False, True),
                                     (True, False))]
    return {"title": chart.title, "subtitle": chart.subtitle,
            "legend": chart.legend, "in_words": in_words(chart),
            "picture": data_uri(chart), "variants": variants}


def table_of(results, group, cells):
    """Returns the table of a group, with the bounds for it, as the template
    wants it."""
    rows = [{"tunnel": cell.tunnel, "title": TITLES[cell.tunnel],
             "figures": row(results, cell) if results.runs(cell) else [],
             "note": notes(results, cell), "why": results.reason(cell)}
            for cell in cells]
    noted = any(each["note"] for each in rows)
    profile = PROFILES.get(results.about["profile"])
    title = "%s; %s, %s" % (
        upper_first(AXES["traffic"][group.traffic]),
        place(group, CONDITIONS), runs_each(results, cells))
    return {"title": title,
            "label": "%s, %s" % (place(group, ["datapath", "nic"]), title),
            "headings": ["tunnel", *headings(group)] + ["note"] * noted,
            "rows": rows, "noted": noted,
            "bounds": bounds(results, profile, group) if profile else []}


def places(results):
    """Returns each place with the tables of what was measured there."""
    found = {}
    for group, cells in results.groups().items():
        found.setdefault(upper_first(place(group, ["datapath", "nic"])),
                         []).append(table_of(results, group, cells))
    return found.items()


def switched(features):
    """Returns which of 'features' are on and which are off, in words."""
    found = {state: [name for name, value in features.items()
                     if value == state] for state in ("on", "off")}
    return "; ".join("%s: %s" % (state, ", ".join(names))
                     for state, names in found.items() if names)


def page_template():
    jinja2 = module("jinja2")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATE.parent), autoescape=True,
        # What macros return is part of the page already.
        finalize=lambda value: (value if hasattr(value, "__html__")
                                else plain(value)),
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True)
    return environment.get_template(TEMPLATE.name)


def page(template, results, drawn):
    """Returns the page of 'results' with the Charts in 'drawn'."""
    return template.render(
        light=LIGHT, dark=DARK, wide=WIDE, wide_from=WIDE_FROM,
        narrow_most=NARROW * 3 // 2, answer=answer(results),
        charts=list(map(figure_of, drawn)), places=places(results),
        program=PROGRAM, about=results.about,
        profile=PROFILES.get(results.about["profile"]),
        offloads=[(where, switched(features)) for where, features
                  in results.about["offloads"].items()])


def write_report(results, directory):
    """Writes the page to index.html in 'directory', which is made if there is
    none, and its charts beside it.  Returns the page's path."""
    directory = pathlib.Path(directory)
    # Charts take a while to draw.
    template = page_template()
    drawn = charts(results)
    files = {"%s.%s" % (chart.name, kind): draw(chart, titled=True, kind=kind)
             for chart in drawn for kind in ("svg", "png")}
    files["index.html"] = page(template, results, drawn).encode()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (directory / name).write_bytes(content)
    except OSError as error:
        raise Failure("cannot write %s: %s"
                      % (error.filename or directory,
                         error.strerror)) from None
    return directory / "index.html"
