# SPDX-License-Identifier: Apache-2.0
"""Results as a page: one file that needs no other, and pictures beside it."""

import base64
import html
import pathlib
import string

from ovs_stt import Failure
from ovs_stt.bench import PROGRAM
from ovs_stt.bench.charts import (CONDITIONS, DARK, LIGHT, NARROW, WIDE,
                                  charts, draw, in_words, usual_groups)
from ovs_stt.bench.matrix import AXES, PROFILES, TCP, UDP
from ovs_stt.bench.text import (NO_BREAK, TITLES, base_of, bounds, headings,
                                notes, number, place, plain, row, runs_each,
                                upper_first)

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

PAGE = string.Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
img-src data:; style-src 'unsafe-inline'">
<title>STT beside other tunnels</title>
<style>
$style
</style>
</head>
<body>
<main>
<h1>STT beside other tunnels</h1>
<p class="answer">$answer</p>
$charts
<section>
<h2>All figures</h2>
<p>Rates and CPU time are medians; the spread is the distance between the
extremes as a share of the median.  CPU time is that of both ends together.</p>
$tables
</section>
<section>
<h2>How it was measured</h2>
$about
</section>
</main>
</body>
</html>
""")

STYLE = string.Template("""\
:root { color-scheme: light dark; --background: $light_background;
  --text: $light_text; --muted: $light_muted; --line: $light_bar;
  --stt: $light_stt; }
@media (prefers-color-scheme: dark) {
  :root { --background: $dark_background; --text: $dark_text;
    --muted: $dark_muted; --line: $dark_bar; --stt: $dark_stt; }
}
body { margin: 0; background: var(--background); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: ${wide}px; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.1rem; color: var(--muted); margin: 0; }
h2 { font-size: 1.25rem; margin: 0 0 .25rem; }
h3 { font-size: 1rem; margin: 2rem 0 0; }
.answer { font-size: 1.5rem; line-height: 1.35; font-weight: 600;
  margin: .25rem 0 2.5rem; }
figure, section { margin: 0 0 3rem; }
figcaption p, .legend, caption, .bounds { color: var(--muted);
  margin: 0 0 .75rem; }
.legend { font-size: .875rem; margin: .75rem 0 0; max-width: 45rem; }
picture img { display: block; width: 100%; height: auto; }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; margin: 0; }
th, td { padding: .25rem .75rem; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
th:first-child { text-align: left; padding-left: 0; }
thead th, dt { font-weight: 400; color: var(--muted); }
tbody th { font-weight: 400; }
.stt > * { font-weight: 700; }
.note, .why { text-align: left; color: var(--muted); font-weight: 400;
  white-space: normal; min-width: 12rem; }
.bounds { list-style: none; padding: 0; }
.missed { color: var(--text); font-weight: 700; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr);
  gap: .25rem 1rem; margin: 0 0 1rem; }
dd { margin: 0; overflow-wrap: anywhere; }
pre { overflow-x: auto; padding: .75rem; border: 1px solid var(--line);
  margin: .5rem 0; }
@media (max-width: ${narrower}px) {
  picture img { max-width: ${narrow_most}px; }
  .answer { font-size: 1.25rem; }
}""")


def escape(text):
    """Returns 'text' as the page has it."""
    return html.escape(plain(text))


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
    sources = "\n".join(
        '<source media="%s" srcset="%s">'
        % (" and ".join(["(max-width: %dpx)" % (WIDE_FROM - 1)] * narrow
                        + ["(prefers-color-scheme: dark)"] * dark),
           data_uri(chart, dark=dark, narrow=narrow))
        for dark, narrow in ((True, True), (False, True), (True, False)))
    return """<figure>
<figcaption><h2>%s</h2><p>%s</p></figcaption>
<picture>
%s
<img src="%s" alt="%s">
</picture>
<p class="legend">%s</p>
</figure>""" % (escape(chart.title), escape(chart.subtitle), sources,
                data_uri(chart), escape(in_words(chart)), escape(chart.legend))


def cells_of(tag, texts):
    return "".join("<%s>%s</%s>" % (tag, escape(text), tag.split()[0])
                   for text in texts)


def table_of(results, profile, group, cells):
    """Returns the table of a group, with the bounds for it."""
    names = headings(group)
    remarks = {cell: notes(results, cell) for cell in cells}
    noted = any(remarks.values())
    rows = []
    for cell in cells:
        if results.runs(cell):
            figures = cells_of("td", row(results, cell))
            if noted:
                figures += cells_of('td class="note"', [remarks[cell]])
        else:
            figures = cells_of('td class="why" colspan="%d"'
                               % (len(names) + noted),
                               ["not measured: " + results.reason(cell)])
        rows.append('<tr%s><th scope="row">%s</th>%s</tr>'
                    % (' class="stt"' if cell.tunnel == "stt" else "",
                       escape(TITLES[cell.tunnel]), figures))
    title = "%s; %s, %s" % (
        upper_first(AXES["traffic"][group.traffic]),
        place(group, CONDITIONS), runs_each(results, cells))
    kept = "\n".join(
        "<li%s>%s</li>" % (' class="missed"' if good is False else "",
                           escape(text))
        for text, good in (bounds(results, profile, group) if profile else []))
    return """<div class="scroll" role="region" aria-label="%s" tabindex="0">
<table>
<caption>%s</caption>
<thead><tr>%s</tr></thead>
<tbody>
%s
</tbody>
</table>
</div>
%s""" % (escape("%s, %s" % (place(group, ["datapath", "nic"]), title)),
         escape(title),
         cells_of('th scope="col"', ["tunnel", *names] + ["note"] * noted),
         "\n".join(rows),
         '<ul class="bounds">\n%s\n</ul>' % kept if kept else "")


def tables(results):
    profile = PROFILES.get(results.about["profile"])
    found = {}
    for group, cells in results.groups().items():
        found.setdefault(place(group, ["datapath", "nic"]), []).append(
            table_of(results, profile, group, cells))
    return "\n".join("<h3>%s</h3>\n%s" % (escape(upper_first(where)),
                                          "\n".join(made))
                     for where, made in found.items())


def terms(pairs):
    """Returns a list of names and what they stand for."""
    return "<dl>\n%s\n</dl>" % "\n".join(
        "<dt>%s</dt><dd>%s</dd>" % (escape(name), escape(value))
        for name, value in pairs)


def machine(known):
    names = {"cpu": "CPU", "cpus": "CPUs", "memory_mb": "memory, MB"}
    return terms((names.get(key, key), value) for key, value in known.items())


def about(results):
    """Returns on what and how the results were measured, and how to do so
    again."""
    said = results.about
    profile = PROFILES.get(said["profile"])
    parts = [
        terms([("program", "%s %s" % (PROGRAM, said["version"])),
               ("profile", said["profile"]
                + (": " + profile.title if profile else "")),
               ("started", said["started"]),
               ("ended", said.get("ended", "not: some of it is missing")),
               ("each run", "%s s" % said.get("seconds", "?"))]),
        "<h3>Again</h3>\n<pre tabindex=\"0\"><code>%s</code></pre>"
        % escape(said["command"]),
        "<h3>Machine</h3>", machine(said["machine"])]
    if "server" in said:
        parts += ["<h3>The server's machine</h3>", machine(said["server"])]
    if said.get("programs"):
        parts += ["<h3>Programs</h3>", terms(said["programs"].items())]
    if said.get("offloads"):
        parts += ["<h3>The link's offloads</h3>", terms(
            (where, "; ".join(
                "%s: %s" % (state, ", ".join(names))
                for state in ("on", "off")
                for names in [[name for name, value in features.items()
                               if value == state]] if names))
            for where, features in said["offloads"].items())]
    return "\n".join(parts)


def page(results, drawn):
    """Returns the page of 'results' with the Charts in 'drawn'."""
    colours = {"%s_%s" % (name, key): value
               for name, scheme in (("light", LIGHT), ("dark", DARK))
               for key, value in scheme._asdict().items()}
    style = STYLE.substitute(colours, wide=WIDE, narrower=WIDE_FROM - 1,
                             narrow_most=NARROW * 3 // 2)
    return PAGE.substitute(style=style, answer=escape(answer(results)),
                           charts="\n".join(map(figure_of, drawn)),
                           tables=tables(results), about=about(results))


def write_report(results, directory):
    """Writes the page to index.html in 'directory', which is made if there is
    none, and its charts beside it.  Returns the page's path."""
    directory = pathlib.Path(directory)
    drawn = charts(results)
    files = {"%s.%s" % (chart.name, kind): draw(chart, titled=True, kind=kind)
             for chart in drawn for kind in ("svg", "png")}
    files["index.html"] = page(results, drawn).encode()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (directory / name).write_bytes(content)
    except OSError as error:
        raise Failure("cannot write %s: %s"
                      % (error.filename or directory,
                         error.strerror)) from None
    return directory / "index.html"
