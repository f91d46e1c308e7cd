# SPDX-License-Identifier: Apache-2.0
"""One of two real hosts: a bridge in the Open vSwitch that runs there, with a
guest and a tunnel to the other host.

All is called after the process that made it, and written down before, as are
the offloads that are changed, so that what a killed process left can be told
from what is in use."""

import contextlib
import ipaddress
import json
import os
import pathlib
import signal
import time

from ovs_stt import Failure, namespaces
from ovs_stt.bench import NotMeasured, load
from ovs_stt.bench.machine import (busy_seconds, describe, features_for,
                                   offloads, requested_features,
                                   set_offloads)
from ovs_stt.bench.matrix import AXES
from ovs_stt.run import run_one
from ovs_stt.tunnels import TUNNELS

# Where that is written down.  An Open vSwitch that has its files elsewhere is a
# host of its own.
RECORDS = pathlib.Path(os.environ.get("OVS_RUNDIR") or "/run", "ovs-stt-bench")
BOOT_ID = pathlib.Path("/proc/sys/kernel/random/boot_id")
# The guests' network, which RFC 2544 sets aside for benchmarks.
GUESTS = {"client": "198.18.7.1", "server": "198.18.7.2"}
GUEST_MACS = {"client": "02:53:54:54:00:01", "server": "02:53:54:54:00:02"}
# The tunnels' key, or VSID or VNI.
KEY = 5337
# Seconds until the other guest must answer.
PING_TIMEOUT = 10


class ThisHost:
    """This host, which is the "client" or the "server"."""

    def __init__(self, role, device, datapath_type):
        """'device' is the one whose offloads may be changed, or None."""
        self.role = role
        self.device = device
        self.datapath_type = datapath_type
        self.netns = guest_netns(os.getpid())
        self.bridge = "sttb-%d" % os.getpid()
        self.port = "sttt-%d" % os.getpid()
        self.guest_port = "sttg-%d" % os.getpid()
        self.tunnel = None
        self.program = None
        self.record = {}

    def describe(self):
        """Returns what there is to know of this host, for the other one."""
        programs = load.versions()
        with contextlib.suppress(Failure):
            programs["ovs-vswitchd"] = vsctl(
                "get", "Open_vSwitch", ".", "ovs_version").strip().strip('"')
        return {"machine": describe(), "boot": BOOT_ID.read_text().strip(),
                "programs": programs}

    # The link.

    def set_link(self, nic, gro, peer):
        """Gives the link to the address 'peer' the abilities that a cell asks
        for.  Returns its offloads."""
        wanted = {} if nic == gro == "as-is" else features_for(nic, gro)
        if wanted and not self.device:
            raise NotMeasured("the %s was started without --device: its "
                              "offloads are left alone" % self.role)
        device = self.device or route_to(peer)["dev"]
        if wanted:
            if "features" not in self.record:
                self._write_down(device=device,
                                 features=requested_features(device))
            set_offloads(device, wanted)
        return offloads(device)

    def _write_down(self, **what):
        self.record.update(what)
        RECORDS.mkdir(mode=0o755, exist_ok=True)
        self._record_file().write_text(json.dumps(self.record))

    def _record_file(self):
        return RECORDS / ("%d.json" % os.getpid())

    # The tunnel.

    def use_tunnel(self, tunnel, peer):
        """Joins the guest to the other host, whose address is 'peer', by
        'tunnel'.  For "none" there are no guests: the hosts themselves send
        and receive."""
        if tunnel == self.tunnel:
            return
        self._end_tunnel()
        if tunnel != "none":
            mtu = int(route_to(peer)["mtu"])
            # STT cuts its frames into segments.
            if tunnel != "stt":
                mtu -= TUNNELS[tunnel].overhead(
                    ipaddress.ip_address(peer).version)
            if "guest" not in self.record:
                self._make_guest()
            run_one(["ip", "link", "set", self.guest_port, "mtu", mtu])
            run_one(["ip", "-n", self.netns, "link", "set", "eth0", "mtu", mtu])
            try:
                vsctl("add-port", self.bridge, self.port, "--", "set",
                      "Interface", self.port, "type=" + tunnel,
                      "options:key=%d" % KEY,
                      'options:remote_ip="%s"' % peer)
                error = vsctl("--bare", "get", "Interface", self.port,
                              "error").strip()
            except Failure as reason:
                error = str(reason)
            if error not in ("", "[]"):
                self._end_tunnel()
                raise NotMeasured("the %s's Open vSwitch cannot add the port:"
                                  " %s" % (self.role, error.strip('"')))
        self.tunnel = tunnel

    def _end_tunnel(self):
        if self.tunnel not in (None, "none"):
            vsctl("--if-exists", "del-port", self.bridge, self.port)
        self.tunnel = None

    def _make_guest(self):
        self._write_down(guest=self.netns)
        try:
            vsctl("--may-exist", "add-br", self.bridge, "--", "set", "Bridge",
                  self.bridge, "datapath_type=" + self.datapath_type)
        except Failure as reason:
            raise NotMeasured("the %s's Open vSwitch makes no bridge: %s"
                              % (self.role, reason)) from None
        run_one(["ip", "netns", "add", self.netns])
        run_one(["ip", "link", "add", self.guest_port, "type", "veth", "peer",
                 "name", "eth0", "netns", self.netns])
        inside = ["ip", "-n", self.netns]
        run_one(inside + ["link", "set", "eth0", "address",
                          GUEST_MACS[self.role]])
        run_one(inside + ["address", "add", GUESTS[self.role] + "/24", "dev",
                          "eth0"])
        run_one(inside + ["link", "set", "eth0", "up"])
        run_one(["ip", "link", "set", self.guest_port, "up"])
        vsctl("add-port", self.bridge, self.guest_port)

    def clean_up(self):
        """Removes all that this object has made, and puts all back."""
        self.stop()
        if "features" in self.record:
            restore(self.record["device"], self.record["features"])
        self.tunnel = None
        if "guest" in self.record:
            remove(os.getpid())
        self.record = {}
        self._record_file().unlink(missing_ok=True)

    # The traffic.

    def inside(self):
        """How a command begins that runs in the guest, or without a tunnel on
        the host."""
        return ([] if self.tunnel == "none"
                else namespaces.inside(self.netns))

    def serve(self, traffic, address):
        """Has a server of 'traffic' at 'address' until stop()."""
        self.stop()
        load.require(traffic)
        if self.tunnel != "none":
            address = GUESTS[self.role]
        try:
            self.program = load.serve(self.inside(), traffic, address)
        except NotMeasured as reason:
            raise NotMeasured("the %s: %s" % (self.role, reason)) from None

    def stop(self):
        if self.program:
            load.end(self.program)
            self.program = None

    def counters(self):
        return {"cpu_seconds": busy_seconds()}

    def reach(self):
        """Waits until the other guest answers."""
        deadline = time.monotonic() + PING_TIMEOUT
        other = GUESTS["server" if self.role == "client" else "client"]
        while self.tunnel != "none":
            with contextlib.suppress(Failure):
                run_one(self.inside() + ["ping", "-n", "-q", "-c", "1", "-W",
                                         "1", other])
                return
            if time.monotonic() > deadline:
                raise NotMeasured("no packet comes through: is %s open in "
                                  "firewalls?" % TUNNELS[self.tunnel].carrier)


def guest_netns(pid):
    """Returns the namespace of the guest that the process 'pid' made."""
    return "ovs-stt-bench-%d" % pid


def vsctl(*argv):
    return run_one(["ovs-vsctl", "--timeout=10", *argv])


def route_to(address):
    """Returns the device of the route to 'address', and its MTU."""
    route, *_ = json.loads(run_one(["ip", "-j", "route", "get", address]))
    link, = json.loads(run_one(["ip", "-j", "link", "show", "dev",
                                route["dev"]]))
    return {"dev": route["dev"], "mtu": link["mtu"]}


def restore(device, before):
    """Switches the features of 'device' to what requested_features() returned
    before.  Switching a group of them has switched all of it."""
    now = requested_features(device)
    words = [word for feature, state in before.items()
             if now.get(feature, state) != state
             for word in (feature, state)]
    if words:
        run_one(["ethtool", "-K", device, *words])


def remove(pid):
    """Removes what the process 'pid' made."""
    with contextlib.suppress(Failure):
        vsctl("--if-exists", "del-br", "sttb-%d" % pid)
    netns = guest_netns(pid)
    if os.path.exists(os.path.join(namespaces.NETNS_DIR, netns)):
        for guest in run_one(["ip", "netns", "pids", netns]).split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(guest), signal.SIGTERM)
        run_one(["ip", "netns", "del", netns])


def clean_up_after_others():
    """Removes what processes left that were killed.  Returns lines that say
    what."""
    found = []
    for file in RECORDS.glob("*.json"):
        pid = file.stem
        if not pid.isdecimal() or _runs(pid):
            continue
        try:
            left = json.loads(file.read_text())
            if "features" in left:
                restore(left["device"], left["features"])
                found.append("put back the offloads of %s, which a killed run"
                             " left changed" % left["device"])
            if "guest" in left:
                remove(int(pid))
                found.append("removed the guest that the killed run %s left"
                             % pid)
        except (Failure, ValueError, KeyError) as error:
            found.append("cannot put back all that the killed run %s changed:"
                         " %s" % (pid, error))
        file.unlink(missing_ok=True)
    return found


def _runs(pid):
    return os.path.exists("/proc/%s" % pid)


def valid(axis, value):
    """Returns 'value' if it is one of 'axis', and raises Failure if not."""
    if value not in AXES[axis]:
        raise Failure("'%s' is no %s" % (value, axis))
    return value
