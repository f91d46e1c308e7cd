# SPDX-License-Identifier: Apache-2.0
"""Measuring in labs on this machine: see ovs-stt-lab(8)."""

import contextlib
import json
import os
import re
import subprocess

from ovs_stt import Failure, namespaces
from ovs_stt.bench import NotMeasured, load
from ovs_stt.bench.machine import (GUEST_FEATURES, TUNNEL_FEATURES,
                                   busy_seconds, offloads, process_seconds,
                                   set_offloads)
from ovs_stt.bench.matrix import NESTED
from ovs_stt.run import run_one
from ovs_stt.signals import undisturbed
from ovs_stt.tunnels import (ETHERNET_HEADER_LEN, IP_HEADER_LEN,
                             STT_FRAME_HEADER_LEN, STT_SEGMENT_HEADER_LEN)

GUESTS = {"g1": "192.0.2.1", "g2": "192.0.2.2"}
# In the lab g1 is the client.  Who answers, and at which address: with OVN a
# guest behind a router, and for the tunnel "local" one of the same host.
SERVER = ("g2", GUESTS["g2"])
OVN_SERVER = ("r2", "203.0.113.2")
OVN_LOCAL_SERVER = ("r1", "203.0.113.1")
# The addresses of the guests in a tunnel of their own, and how such a device is
# made: what ip-link(8) is told behind "type".
NESTED_ADDRESSES = {"g1": "198.18.8.1", "g2": "198.18.8.2"}
NESTED_LINKS = {"vxlan": "vxlan id 7 dstport 4789 remote {other}",
                "geneve": "geneve id 7 remote {other}",
                "gre": "gretap key 7 remote {other} local {own}",
                "ipip": "ipip remote {other} local {own}"}
# So many segments fill a packet of guests with a large MTU.
LARGE = 6
# What is left out of OVN's lab where there is to be no connection tracking.
NO_ACL = ["ovn-nbctl", "--wait=hv", "--timeout=30", "acl-del", "reds", "--",
          "ls-lb-del", "blue", "--", "ls-lb-del", "red", "--", "lr-lb-del",
          "router"]


class Lab:
    """A lab for the cells of one place and one tunnel.  'program' is
    ovs-stt-lab, 'cell' one of the cells."""

    def __init__(self, program, cell):
        self.name = "b%d-%s" % (os.getpid(), cell.tunnel)
        self.command = [program, "--name", self.name]
        self.cell = cell
        self.server, self.address = SERVER
        self.bare = cell.tunnel == "stt-bare"
        self.nested = NESTED.get(cell.traffic)
        self.ovn = cell.datapath.startswith("ovn")
        if self.ovn:
            self.server, self.address = (
                OVN_LOCAL_SERVER if cell.tunnel == "local" else OVN_SERVER)
        elif self.nested:
            self.address = NESTED_ADDRESSES[self.server]
        self.switches = {}
        self.env = {}

    def options(self):
        tunnel = ("stt" if self.cell.tunnel in ("local", "stt-bare",
                                                "stt-large")
                  else self.cell.tunnel)
        options = ["--tunnel", tunnel, "--mtu", self.cell.mtu,
                   "--ip", self.cell.ip, "--link-gro", self.cell.gro,
                   "--link-tso", "off" if self.cell.nic == "no-tso" else "on"]
        if self.cell.datapath == "userspace-no-tso":
            options += ["--tso", "off"]
        if self.cell.tunnel == "stt-large":
            payload = (int(self.cell.mtu) - IP_HEADER_LEN[int(self.cell.ip)]
                       - STT_SEGMENT_HEADER_LEN)
            options += ["--guest-mtu",
                        str(LARGE * payload - STT_FRAME_HEADER_LEN
                            - ETHERNET_HEADER_LEN)]
        return options + (["--ovn"] if self.ovn else [])

    def up(self):
        run_one(self.command + ["up"] + self.options())
        state, = json.loads(run_one(self.command + ["status", "--json"]))
        for host in state["hosts"]:
            name = host["name"]
            self.switches[name] = host["ovs_vswitchd"]
            # The program itself would take its part of each run's CPU time.
            self.env[name] = dict(
                line.split("=", 1) for line in
                run_one(self.command + ["exec", name, "env", "-0"]).split("\0")
                if line)
        if self.cell.datapath == "ovn":
            run_one(self.command + ["exec", "central"] + NO_ACL)
        if self.cell.nic == "tcp-tso":
            for host in self.switches:
                set_offloads("uplink", dict.fromkeys(TUNNEL_FEATURES, "off"),
                             self.inside(host))

        if self.bare:
            for guest in GUESTS:
                set_offloads("eth0", dict.fromkeys(GUEST_FEATURES, "off"),
                             self.inside(guest))
        if self.nested:
            if self.ovn:
                raise NotMeasured("with OVN guests have no tunnel of their own")
            self._nest()

    def _nest(self):
        """Makes a tunnel between the guests."""
        for guest, other in ("g1", "g2"), ("g2", "g1"):
            inside = self.inside(guest)
            words = NESTED_LINKS[self.nested].format(own=GUESTS[guest],
                                                     other=GUESTS[other])
            try:
                run_one(inside + ["ip", "link", "add", "nested", "type",
                                  *words.split()])
            except Failure as reason:
                raise NotMeasured("this machine's kernel makes no %s device:"
                                  " %s" % (self.nested, reason)) from None
            run_one(inside + ["ip", "address", "add",
                              NESTED_ADDRESSES[guest] + "/24", "dev", "nested"])
            run_one(inside + ["ip", "link", "set", "nested", "up"])

    @undisturbed()
    def down(self):
        # Ctrl-C in a terminal is meant for us only.
        subprocess.run(self.command + ["down"], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       start_new_session=True, check=False)

    def inside(self, role):
        """Returns how a command begins that runs in a host or guest."""
        return namespaces.inside("stt-%s-%s" % (self.name, role))

    def offloads(self):
        return offloads("uplink", self.inside("h1"))

    def version(self):
        return run_one(["ovs-vswitchd", "--version"],
                       self.env["h1"]).split()[-1]

    def counters(self):
        """What is counted besides the client's output."""
        lost = 0
        for host, env in self.env.items():
            shown = run_one(self.inside(host) + ["ovs-appctl", "stt/show"], env)
            lost += sum(map(int, re.findall(
                r"packets lost on the device (\d+)", shown)))
        return {"cpu_seconds": busy_seconds(),
                "ovs_cpu_seconds": sum(map(process_seconds,
                                           self.switches.values())),
                "socket_losses": lost}

    def measure(self, traffic, seconds):
        """Measures once.  Returns the run."""
        server = load.serve(self.inside(self.server), traffic, self.address)
        try:
            return load.measure(self.inside("g1"), traffic, self.address,
                                seconds, self.counters)
        finally:
            load.end(server)


class Labs:
    """Labs with all tunnels of one place, which take turns."""

    def __init__(self, program):
        """'program' is the path of ovs-stt-lab."""
        self.program = program

    def measure(self, wanted, seconds, about):
        """Measures the cells of a group.  'wanted' says how often, by cell.
        Adds to 'about', a dictionary, what is to be known of the place and of
        the programs.  Yields a cell and its run after each, and a cell and a
        NotMeasured for one that cannot be."""
        first = next(iter(wanted))
        load.require(first.traffic)
        with contextlib.ExitStack() as stack:
            labs = {}
            for cell in wanted:
                lab = Lab(self.program, cell)
                stack.callback(lab.down)
                try:
                    lab.up()
                    # The first run only warms up.
                    lab.measure(cell.traffic, 1)
                    labs[cell] = lab
                except (Failure, NotMeasured) as reason:
                    yield cell, NotMeasured(str(reason))
            if labs:
                lab = next(iter(labs.values()))
                about["offloads"] = lab.offloads()
                about["programs"] = {"ovs-vswitchd": lab.version()}
            for turn in range(max(wanted.values())):
                for cell, lab in list(labs.items()):
                    if turn < wanted[cell]:
                        try:
                            yield cell, lab.measure(cell.traffic, seconds)
                        except (Failure, NotMeasured) as reason:
                            del labs[cell]
                            yield cell, NotMeasured(str(reason))
