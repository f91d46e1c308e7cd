# SPDX-License-Identifier: Apache-2.0
"""What can be measured: the axes, their values, and named profiles.

A cell is one value on every axis.  Cells that differ in nothing but the tunnel
are a group: they are what is compared, so they take turns."""

import collections
import itertools

from ovs_stt import tunnels

# Each axis, in the order in which a cell names its values, and what the values
# mean.
AXES = {
    "datapath": {
        "userspace": "Open vSwitch's userspace datapath, two hosts in network "
                     "namespaces",
        "userspace-no-tso": "the same with userspace TSO off, as Open vSwitch "
                            "is by default",
        "ovn": "with userspace TSO, and OVN's router between the guests",
        "ovn-acl": "the same with a stateful ACL and a load balancer",
        "kernel-vm": "the kernel's datapath, two hosts in a virtual machine",
        "kernel": "the kernel's datapath of this machine",
        "hosts": "the Open vSwitch of two real hosts (--server, --client)",
    },
    "nic": {
        "all": "the link has all offloads, those of tunnels too",
        "tcp-tso": "the link can segment TCP, but no tunnel",
        "no-tso": "the link segments nothing",
        "as-is": "offloads are left as they are",
    },
    "gro": {
        "on": "the receiver joins segments",
        "off": "it does not",
        "as-is": "whether it does is left as it is",
    },
    "mtu": {
        "1500": "bytes, of the link",
        "9000": "bytes, of the link",
        "as-is": "the MTU is left as it is",
    },
    "ip": {
        "4": "the tunnel runs over IPv4",
        "6": "the tunnel runs over IPv6",
    },
    "traffic": {
        "tcp-1": "one TCP stream from guest to guest",
        "tcp-8": "eight TCP streams from guest to guest",
        "tcp-1-back": "one TCP stream the other way",
        "tcp-8-back": "eight TCP streams the other way",
        "udp-64": "UDP in Ethernet frames of 64 bytes, as many as go",
        "udp-512": "UDP in Ethernet frames of 512 bytes",
        "udp-1400": "UDP in Ethernet frames of 1,400 bytes",
        "udp-1400-gso": "UDP in Ethernet frames of 1,400 bytes that the "
                        "guest leaves to its device to cut (UDP_SEGMENT)",
        "tcp-1-vxlan": "one TCP stream in a VXLAN of the guests' own",
        "tcp-1-geneve": "one TCP stream in a Geneve tunnel of the guests' own",
        "tcp-1-gre": "one TCP stream in a GRE tunnel of the guests' own",
        "tcp-1-ipip": "one TCP stream in an IPIP tunnel of the guests' own",
        "rr": "a request of 64 bytes over TCP and its response, in turn",
    },
    "tunnel": {
        "none": "no tunnel",
        **{name: tunnel.title for name, tunnel in tunnels.TUNNELS.items()},
        "gre": "NVGRE: GRE with a key, and Ethernet in it",
        "local": "both guests on one host, so no tunnel is used",
        "stt-bare": "STT between guests whose devices cut only plain TCP",
        "stt-large": "STT between guests with an MTU that fills six segments",
    },
}

Cell = collections.namedtuple("Cell", AXES)
Cell.__doc__ = "One value, a string, on each of the AXES."

# What the kinds of traffic have in common.
TCP = [name for name in AXES["traffic"] if name.startswith("tcp-")]
UDP = [name for name in AXES["traffic"] if name.startswith("udp-")]

# Which tunnel the guests make between themselves.
NESTED = {"tcp-1-" + kind: kind for kind in ("vxlan", "geneve", "gre", "ipip")}
# What guests do that want nothing special of their devices.
PLAIN = [name for name in AXES["traffic"]
         if name not in NESTED and name != "udp-1400-gso"]

TUNNELS = ["none", *tunnels.TUNNELS]
OVN_TUNNELS = ["local", *tunnels.OVN_TUNNELS]

# A ratio that STT is to reach in the groups to which it applies: the figure,
# the tunnel to compare with, the bound, at "least" or at "most" (None: none, it
# is only printed), and the tunnel that is to reach it.
Bound = collections.namedtuple("Bound", "figure other bound kind tunnel",
                               defaults=["stt"])


class Profile:
    """A named set of cells.  'grids' has a dictionary for each block of cells,
    of lists of values by axis; axes that it leaves out have one value each, in
    DEFAULTS.  'bounds' holds what STT is to reach in each block, in the order
    of 'grids'."""

    DEFAULTS = {"datapath": ["userspace"], "nic": ["tcp-tso"], "gro": ["on"],
                "mtu": ["1500"], "ip": ["4"], "traffic": ["tcp-1"],
                "tunnel": TUNNELS}

    def __init__(self, title, grids, bounds=(), repeats=5, seconds=4):
        self.title = title
        self.grids = [{**self.DEFAULTS, **grid} for grid in grids]
        self.bounds = list(bounds)
        self.repeats = repeats
        self.seconds = seconds

    def cells(self, chosen=None):
        """Returns the cells, each once, in the order of measurement.
        'chosen', lists of values by axis, takes the place of the grids'."""
        found = {}
        for grid in self.grids:
            grid = {**grid, **(chosen or {})}
            for values in itertools.product(*(grid[axis] for axis in AXES)):
                found[Cell(*values)] = None
        return list(found)

    def bounds_of(self, group):
        """Returns the Bounds that apply to 'group', a cell of any tunnel."""
        for grid, bounds in zip(self.grids, self.bounds):
            if all(value in grid[axis] for axis, value
                   in zip(AXES, group) if axis != "tunnel"):
                return bounds
        return []


def group_of(cell):
    """Returns what 'cell' has in common with those that it is compared with:
    itself, with an empty tunnel."""
    return cell._replace(tunnel="")


def groups(cells):
    """Returns the groups of 'cells', in their order: a dictionary of lists."""
    found = {}
    for cell in cells:
        found.setdefault(group_of(cell), []).append(cell)
    return found


OVN_BOUNDS = [Bound("rate", "geneve", 3.5, "least"),
              Bound("cpu_per_gb", "geneve", 0.3, "most"),
              Bound("rate", "local", None, None)]
KERNEL_TUNNELS_OFF = [Bound(figure, other, bound, "least")
                      for figure in ("rate", "per_cpu_second")
                      for other, bound in (("none", 0.9), ("vxlan", 2.5),
                                           ("geneve", 2.5), ("gre", 2.5))]
KERNEL_VXLAN = [Bound("rate", "vxlan", 1.0, "least"),
                Bound("per_cpu_second", "vxlan", 1.0, "least")]
KERNEL_UDP = [Bound("rate", "vxlan", 0.95, "least"),
              Bound("per_cpu_second", "vxlan", 0.95, "least")]

PROFILES = {
    "quick": Profile(
        "one TCP stream where the link can segment TCP and where it cannot, "
        "every tunnel, the userspace datapath; under three minutes",
        [{"nic": ["tcp-tso", "no-tso"]}], seconds=1),
    "seed": Profile(
        "TCP offload on and off: one TCP stream with all offloads, with TSO "
        "for TCP only and without TSO, every tunnel, the userspace datapath "
        "and the kernel's",
        [{"datapath": ["userspace", "kernel-vm"],
          "nic": ["all", "tcp-tso", "no-tso"]}], seconds=3),
    "full": Profile(
        "all traffic, both MTUs, both IP versions, GRO on and off; takes "
        "hours",
        [{"datapath": ["userspace", "kernel-vm"],
          "nic": ["all", "tcp-tso", "no-tso"], "gro": ["on", "off"],
          "mtu": ["1500", "9000"], "ip": ["4", "6"],
          "traffic": PLAIN}]),
    "tso": Profile(
        "what STT must reach in the userspace datapath: one TCP stream, the "
        "link can segment TCP",
        [{"nic": ["all"]}],
        [[Bound("rate", "none", 0.95, "least"),
          Bound("rate", "vxlan", 3.4, "least"),
          Bound("cpu_per_gb", "vxlan", 0.3, "most")]]),
    "gro": Profile(
        "the same where it cannot, and the receiver's GRO joins what arrives",
        [{"nic": ["no-tso"], "tunnel": ["none", "stt", "vxlan"]}],
        [[Bound("rate", "none", 0.9, "least"),
          Bound("rate", "vxlan", 2.3, "least")]]),
    "udp": Profile(
        "the same for UDP in Ethernet frames of 64 bytes",
        [{"nic": ["all"], "traffic": ["udp-64"],
          "tunnel": ["none", "stt", "vxlan"]}],
        [[Bound("rate", "vxlan", 0.95, "least")]]),
    "defaults": Profile(
        "what STT must reach in the userspace datapath with userspace TSO off, "
        "as Open vSwitch is by default: one TCP stream, GRO off, and on as far "
        "as the tunnel bears it",
        [{"datapath": ["userspace-no-tso"], "nic": ["all"], "gro": ["off"],
          "tunnel": [*TUNNELS, "stt-large"]},
         {"datapath": ["userspace-no-tso"], "nic": ["all"], "gro": ["on"],
          "tunnel": ["stt", "stt-large", "vxlan"]}],
        [[Bound("rate", "vxlan", 1.0, "least"),
          Bound("cpu_per_gb", "vxlan", 1.0, "most"),
          Bound("rate", "vxlan", 1.2, "least", "stt-large"),
          Bound("cpu_per_gb", "vxlan", 0.9, "most", "stt-large")]] * 2),
    "guests": Profile(
        "what STT must reach where guests leave more than plain TCP to their "
        "devices: UDP_SEGMENT, and TCP in tunnels of their own; compared with "
        "the same where they do it themselves",
        [{"nic": ["all"], "traffic": ["udp-1400-gso", *NESTED],
          "tunnel": ["stt", "stt-bare", "vxlan"]}],
        [[Bound("rate", "stt-bare", 1.0, "least")]]),
    "ovn": Profile(
        "one TCP stream through OVN's router, with STT and with Geneve between "
        "the chassis, without a stateful ACL and with one",
        [{"datapath": ["ovn"], "nic": ["all"], "tunnel": OVN_TUNNELS},
         {"datapath": ["ovn-acl"], "nic": ["all"], "tunnel": OVN_TUNNELS}],
        [OVN_BOUNDS, OVN_BOUNDS]),
    "kernel": Profile(
        "what STT must reach in the kernel's datapath, in a virtual machine",
        [{"datapath": ["kernel-vm"], "nic": ["tcp-tso"], "gro": ["off"]},
         {"datapath": ["kernel-vm"], "nic": ["all"], "gro": ["off"]},
         {"datapath": ["kernel-vm"], "nic": ["no-tso"], "gro": ["off"]},
         {"datapath": ["kernel-vm"], "nic": ["all"], "gro": ["off"],
          "traffic": ["udp-64"]}],
        [KERNEL_TUNNELS_OFF, KERNEL_VXLAN, KERNEL_VXLAN, KERNEL_UDP]),
    "hosts": Profile(
        "one and eight TCP streams both ways, UDP and requests between two "
        "real hosts (--server, --client)",
        [{"datapath": ["hosts"], "nic": ["as-is"], "gro": ["as-is"],
          "mtu": ["as-is"], "traffic": PLAIN}]),
}
