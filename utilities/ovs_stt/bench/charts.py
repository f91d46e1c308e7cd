# SPDX-License-Identifier: Apache-2.0
"""Charts of results: bars for the tunnels in one panel for each place.

What is in a chart is decided before anything is drawn, so that it can be told
in words, too, and drawn in several ways."""

import collections
import io

from ovs_stt.bench.matrix import AXES, TCP, UDP
from ovs_stt.bench.text import (NO_BREAK, PLACES, TITLES, base_of, number,
                                place, upper_first)
from ovs_stt.packages import module

# A chart: the name of its file, its title, what its panels have in common, how
# it is to be read, and its panels.
Chart = collections.namedtuple("Chart", "name title subtitle legend panels")

# Bars under a title.  Panels of one heading share it.  The reference is what
# the line at 1 means; all panels that have one have the same scale, others
# those of the same heading.
Panel = collections.namedtuple("Panel", "heading title bars reference")

# The tunnel; the value, with its extremes, and None if it was not measured;
# how it is written; and a second value that is marked beside the bar, if any.
Bar = collections.namedtuple("Bar", "tunnel value least most text mark",
                             defaults=(None,))

# Colours which can be told apart in all kinds of colour blindness, and by
# their lightness alone.
Colours = collections.namedtuple(
    "Colours", "background text muted stt bar edge line")
LIGHT = Colours("#ffffff", "#1b1f24", "#59636e", "#0072b2", "#d5dae0",
                "#6b747e", "#1b1f24")
DARK = Colours("#14181d", "#e6e9ed", "#9aa5b1", "#56b4e9", "#3a434d",
               "#8d98a4", "#e6e9ed")

# Sizes, in CSS pixels.
PIXELS = 96                     # To an inch.
WIDE, NARROW = 900, 360
FONT_POINTS = 10
LABEL_WIDTH = 84                # Of the tunnels' names.
BAR_HEIGHT = 22
HEADING_HEIGHT = 26
TITLE_HEIGHT = 22
AXIS_HEIGHT = 22
GAP = 22
MARGIN = 12                     # Around pictures that stand alone.
DIGIT_WIDTH = 9.5               # Of a bold one: the widest that is written.
MAX_COLUMNS = 3

# What the panels of a chart agree on, beside the traffic.
CONDITIONS = ("gro", "mtu", "ip")
# What marks a share that may be an accident.
NEARLY = "\u2248"


def share(ratio):
    """Returns how the Ratio is written as a share."""
    return (NEARLY + NO_BREAK if ratio.doubtful else "") + (
        "%.0f%s%%" % (100 * ratio.value, NO_BREAK))


def usual_groups(results, kinds, axes):
    """Returns the groups, with their cells, of traffic in 'kinds' that agree
    on 'axes': with the values that most groups have, and of these with those
    that come first in AXES."""
    found = {}
    for group, cells in results.groups().items():
        if group.traffic in kinds and any(map(results.runs, cells)):
            same = tuple(getattr(group, axis) for axis in axes)
            found.setdefault(same, {})[group] = cells
    if not found:
        return {}
    return found[min(found, key=lambda same: (
        -len(found[same]), [list(AXES[axis]).index(value)
                            for axis, value in zip(axes, same)]))]


def share_bars(results, cells):
    """Returns Bars that say what share of the base's rate the others have."""
    found = []
    base = results.summary(cells[0]._replace(tunnel=base_of(cells[0])), "rate")
    for cell in cells:
        if cell.tunnel == base_of(cell):
            continue
        ratio = results.ratio(cell, base_of(cell), "rate")
        if ratio is None or ratio.value is None:
            found.append(Bar(cell.tunnel, None, None, None, "not measured"))
            continue
        ours = results.summary(cell, "rate")
        found.append(Bar(cell.tunnel, ratio.value, ours.least / base.median,
                         ours.most / base.median, share(ratio)))
    return found


def figure_bars(results, cells, figure, mark=None):
    """Returns Bars of a figure, with another one as the mark."""
    found = []
    for cell in cells:
        summary = results.summary(cell, figure)
        marked = mark and results.summary(cell, mark)
        if summary is None:
            found.append(Bar(cell.tunnel, None, None, None, "not measured"))
        else:
            text = number(summary.median)
            if marked:
                text += " (%s)" % number(marked.median)
            found.append(Bar(cell.tunnel, summary.median, summary.least,
                             summary.most, text,
                             marked.median if marked else None))
    return found


def panels(results, groups, bars, rows=("datapath",), column="nic",
           reference=False):
    """Returns the Panels of 'groups' that have values, with the axes 'rows' in
    their headings and the axis 'column' in their titles.  'bars' makes Bars of
    a group's cells; 'reference' says that these are shares."""
    found = []
    for group, cells in groups.items():
        made = bars(results, cells)
        if any(bar.value is not None for bar in made):
            title = (place(group, [column]) if column in PLACES else
                     "frames of {:,} bytes".format(
                         int(group.traffic.split("-")[1])))
            found.append(Panel(upper_first(place(group, rows)), title, made,
                               TITLES[base_of(group)] if reference else None))
    return found


def conditions(groups):
    """Returns what 'groups' have in common, in words."""
    if not groups:
        return ""
    group = next(iter(groups))
    traffic = ("UDP, as many packets as go" if group.traffic in UDP
               else AXES["traffic"][group.traffic])
    axes = [axis for axis in CONDITIONS if getattr(group, axis) != "as-is"]
    return "%s; %s" % (upper_first(traffic), place(group, axes))


def charts(results):
    """Returns the Charts of what was measured, the most telling first."""
    tcp = usual_groups(results, TCP, ("traffic", *CONDITIONS))
    udp = usual_groups(results, UDP, CONDITIONS)
    requests = usual_groups(results, ["rr"], CONDITIONS)
    bases = dict.fromkeys("without a tunnel" if base_of(group) == "none"
                          else "within one host" for group in tcp)
    whiskers = " Whiskers show the least and the greatest of the runs."
    found = [
        Chart("throughput",
              "Throughput as a share of that " + " or ".join(bases),
              conditions(tcp), "More is better; " + NEARLY
              + " where the spread of the runs exceeds the difference."
              + whiskers,
              panels(results, tcp, share_bars, reference=True)),
        Chart("cpu", "CPU seconds for each gigabyte, both ends together",
              conditions(tcp), "Less is better. It is the CPU time of"
              " ovs-vswitchd with the kernel's work on its behalf, or all of"
              " the machine's where the kernel forwards." + whiskers,
              panels(results, tcp,
                     lambda *args: figure_bars(*args, "cpu_per_gb"))),
        Chart("udp", "UDP packets that arrive in a second",
              conditions(udp), "More is better." + whiskers,
              panels(results, udp, lambda *args: figure_bars(*args, "rate"),
                     ("datapath", "nic"), "traffic")),
        Chart("latency", "Microseconds from a request to its response",
              conditions(requests), "Less is better. Bars are medians; 99 % of"
              " the responses kept what is marked and in brackets."
              + whiskers,
              panels(results, requests,
                     lambda *args: figure_bars(*args, "latency_median",
                                               "latency_p99"))),
    ]
    return [chart for chart in found if chart.panels]


def in_words(chart):
    """Returns what the chart shows, for those who cannot see it."""
    return "%s. %s" % (chart.title, " ".join(
        "%s, %s: %s." % (panel.heading, panel.title, ", ".join(
            "%s %s" % (TITLES[bar.tunnel], bar.text) for bar in panel.bars))
        for panel in chart.panels))


def arrange(chart, narrow):
    """Returns the rows of Panels, as lists, below each other."""
    if narrow:
        return [[panel] for panel in chart.panels]
    rows = {}
    for panel in chart.panels:
        rows.setdefault(panel.heading, []).append(panel)
    # What would be one column goes side by side.
    whole = (list(rows.values()) if any(len(row) > 1 for row in rows.values())
             else [chart.panels])
    return [row[i:i + MAX_COLUMNS] for row in whole
            for i in range(0, len(row), MAX_COLUMNS)]


def draw(chart, dark=False, narrow=False, titled=False, kind="svg"):
    """Returns the picture of 'chart', an SVG or a PNG, as bytes.  One that is
    'titled' can stand alone.  The same chart always gives the same bytes."""
    matplotlib = module("matplotlib")
    with matplotlib.rc_context():
        # The user's settings are for the user's own charts.
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({
            "font.size": FONT_POINTS,
            # Of the usual fonts this is the widest, so the text fits with
            # whichever the reader has.
            "font.sans-serif": ["DejaVu Sans"],
            "svg.fonttype": "none",
            "svg.hashsalt": chart.name,
        })
        figure = module("matplotlib.figure").Figure()
        Drawing(figure, chart, DARK if dark else LIGHT,
                NARROW if narrow else WIDE, titled).draw(
                    arrange(chart, narrow))
        output = io.BytesIO()
        told = (("Software",) if kind == "png"
                else ("Creator", "Date", "Format", "Type"))
        figure.savefig(output, format=kind, dpi=2 * PIXELS,
                       metadata=dict.fromkeys(told))
        return output.getvalue()


class Drawing:
    """A chart on its way to a figure of matplotlib's.  Places are in CSS
    pixels, from the upper left corner."""

    def __init__(self, figure, chart, colours, width, titled):
        self.figure = figure
        self.chart = chart
        self.colours = colours
        self.titled = titled
        self.margin = MARGIN if titled else 0
        self.content = width

    def draw(self, rows):
        # A lonely panel does not get all of the width.
        columns = max(2 if self.content == WIDE else 1, *map(len, rows))
        column = (self.content - GAP * (columns - 1)) / columns

        # Where each row begins, and whether its panels have a heading: those
        # whose neighbour has none like it.
        places = []
        y = self.margin + (TITLE_HEIGHT * 2 + GAP if self.titled else 0)
        heading = None
        for row in rows:
            headed = []
            for panel in row:
                headed.append(panel.heading != heading)
                heading = panel.heading
            places.append((y, headed))
            y += (HEADING_HEIGHT * any(headed) + TITLE_HEIGHT
                  + BAR_HEIGHT * max(len(panel.bars) for panel in row)
                  + (AXIS_HEIGHT if row[0].reference else 0) + GAP)
        self.height = y - GAP + self.margin
        self.width = self.content + 2 * self.margin
        self.figure.set_size_inches(self.width / PIXELS, self.height / PIXELS)
        self.figure.set_facecolor(self.colours.background)

        if self.titled:
            self.write(MARGIN, MARGIN + 16, self.chart.title, weight="bold",
                       size=FONT_POINTS * 1.2)
            self.write(MARGIN, MARGIN + 16 + TITLE_HEIGHT,
                       self.chart.subtitle, color=self.colours.muted)
        for row, (y, headed) in zip(rows, places):
            below = y + HEADING_HEIGHT * any(headed) + TITLE_HEIGHT
            for i, panel in enumerate(row):
                x = self.margin + i * (column + GAP)
                if headed[i]:
                    self.write(x, y + 16, panel.heading, weight="bold")
                self.write(x, below - 7, upper_first(panel.title))
                self.draw_panel(panel, x + LABEL_WIDTH, below,
                                column - LABEL_WIDTH)

    def write(self, x, y, text, **how):
        self.figure.text(x / self.width, 1 - y / self.height, text,
                         **{"va": "baseline", "color": self.colours.text,
                            **how})

    def limit(self, panel, width):
        """Returns where the scale ends at the right of 'panel', of a width in
        pixels, so that what is written beside the bars fits, too."""
        bars = [bar for other in self.chart.panels for bar in other.bars
                if (panel.reference or other.heading == panel.heading)
                and bar.value is not None]
        text = DIGIT_WIDTH * (1 + max(len(bar.text) for bar in bars))
        most = max(max(bar.most, bar.mark or 0) for bar in bars)
        # However much is written, there is something to be seen of the bars.
        return (max(most, 1 if panel.reference else 1e-9)
                / max(1 - text / width, 0.25))

    def draw_panel(self, panel, x, y, width):
        height = BAR_HEIGHT * len(panel.bars)
        axes = self.figure.add_axes([x / self.width,
                                     1 - (y + height) / self.height,
                                     width / self.width,
                                     height / self.height])
        limit = self.limit(panel, width)
        axes.set_xlim(0, limit)
        axes.set_ylim(len(panel.bars) - 0.5, -0.5)
        axes.patch.set_visible(False)
        for side in ("top", "right", "bottom"):
            axes.spines[side].set_visible(False)
        axes.spines["left"].set_color(self.colours.edge)
        axes.tick_params(length=0, pad=6)
        axes.set_xticks([])
        axes.set_yticks(range(len(panel.bars)),
                        [TITLES[bar.tunnel] for bar in panel.bars],
                        color=self.colours.text)
        if panel.reference:
            axes.axvline(1, color=self.colours.line, linewidth=1,
                         dashes=(4, 3))
            axes.set_xticks([1], [panel.reference], color=self.colours.muted)
        for i, (bar, label) in enumerate(zip(panel.bars,
                                             axes.get_yticklabels())):
            ours = bar.tunnel == "stt"
            label.set_weight("bold" if ours else "normal")
            self.draw_bar(axes, i, bar, ours, limit / width, panel.reference)

    def draw_bar(self, axes, y, bar, ours, pixel, reference):
        """Draws 'bar' at 'y'.  'pixel' is how much of the scale a pixel is."""
        colours = self.colours
        if bar.value is None:
            axes.text(6 * pixel, y, bar.text, va="center_baseline",
                      color=colours.muted, style="italic")
            return
        axes.barh(y, bar.value, height=0.66, linewidth=0.75,
                  color=colours.stt if ours else colours.bar,
                  edgecolor=colours.stt if ours else colours.edge)
        axes.plot([bar.least, bar.most], [y, y], color=colours.line,
                  linewidth=1, marker="|", markersize=6)
        end = bar.most + 7 * pixel
        if bar.mark is not None:
            axes.plot([bar.mark], [y], color=colours.line, marker="D",
                      markersize=4)
            end = max(end, bar.mark + 9 * pixel)
        # What is written is not to lie on the line at 1.
        if reference and end - 6 * pixel < 1 < end + (
                DIGIT_WIDTH * len(bar.text) * pixel):
            end = 1 + 6 * pixel
        axes.text(end, y, bar.text, va="center_baseline", color=colours.text,
                  weight="bold" if ours else "normal")
