# SPDX-License-Identifier: Apache-2.0
"""What the machine is, what it does, and what it and its devices can do."""

import json
import os
import pathlib
import platform
import re
import shutil
import subprocess

from ovs_stt import Failure
from ovs_stt.bench import NotMeasured
from ovs_stt.packages import check_programs
from ovs_stt.run import run_one

TICKS = os.sysconf("SC_CLK_TCK")

# The offloads that make a difference, as ethtool calls them.
FEATURES = ("rx-checksumming", "tx-checksumming",
            "tcp-segmentation-offload", "generic-segmentation-offload",
            "generic-receive-offload", "large-receive-offload",
            "tx-udp_tnl-segmentation", "tx-udp_tnl-csum-segmentation",
            "tx-gre-segmentation", "tx-gre-csum-segmentation")
# Those of tunnels.
TUNNEL_FEATURES = FEATURES[-4:]
# What a guest's device has besides plain TCP's.
GUEST_FEATURES = (*TUNNEL_FEATURES, "tx-udp-segmentation",
                  "tx-ipxip4-segmentation", "tx-ipxip6-segmentation")


def need(*programs):
    """Raises NotMeasured unless all 'programs' are installed."""
    try:
        check_programs(*programs)
    except Failure as reason:
        raise NotMeasured(str(reason)) from None


def version(*argv, env=None):
    """Returns what a program prints as its version, or None."""
    try:
        found = re.search(r"\d+(\.\d+)+\S*", run_one(argv, env, 10))
    except Failure:
        return None
    return found.group(0) if found else None


def describe():
    """Returns what this machine is, as results.schema.json says."""
    cpu = "unknown"
    for line in _read("/proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            cpu = line.split(":", 1)[1].strip()
            break
    memory = re.search(r"MemTotal: *(\d+) kB", _read("/proc/meminfo"))
    system = re.search(r'^PRETTY_NAME="?([^"\n]*)', _read("/etc/os-release"),
                       re.MULTILINE)
    found = {"cpu": cpu, "cpus": len(os.sched_getaffinity(0)),
             "memory_mb": int(memory.group(1)) // 1024 if memory else 0,
             "kernel": platform.release(),
             "system": system.group(1) if system else platform.system()}
    if shutil.which("systemd-detect-virt"):
        # It exits with 1 where there is none.
        done = subprocess.run(["systemd-detect-virt"], text=True, check=False,
                              stdout=subprocess.PIPE)
        found["virtualization"] = done.stdout.strip()
    return found


def _read(path):
    try:
        return pathlib.Path(path).read_text(encoding="utf-8",
                                            errors="replace")
    except OSError:
        return ""


def busy_seconds():
    """CPU time that all CPUs of this machine were busy since it started."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(
        int, _read("/proc/stat").split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS


def process_seconds(pid):
    """CPU time that process 'pid' has used, the kernel's work on its behalf
    included."""
    stat = _read("/proc/%d/stat" % pid)
    if not stat:
        raise Failure("process %d has ended: see the log of ovs-vswitchd"
                      % pid)
    return sum(map(int, stat.rsplit(")", 1)[1].split()[11:13])) / TICKS


def offloads(device, prefix=(), features=FEATURES):
    """Returns which of 'features' of 'device' are "on", or "off".  'prefix' is
    the beginning of a command that runs ethtool where the device is."""
    found, = json.loads(run_one([*prefix, "ethtool", "--json", "-k", device]))
    return {feature: "on" if found[feature]["active"] else "off"
            for feature in features if feature in found}


def requested_features(device):
    """Returns which features of 'device' its administrator wants, as far as that
    can be changed: "on" or "off", each of them.  Of the names that stand for
    several ethtool cannot say whether they are fixed."""
    found, = json.loads(run_one(["ethtool", "--json", "-k", device]))
    return {feature: "on" if state["requested"] else "off"
            for feature, state in found.items()
            if isinstance(state, dict) and state["fixed"] is False}


def set_offloads(device, wanted, prefix=()):
    """Switches features of 'device', a dictionary as offloads() returns it.
    Raises NotMeasured if it does not have one as wanted afterwards."""
    words = [word for feature, state in wanted.items()
             for word in (feature, state)]
    try:
        run_one([*prefix, "ethtool", "-K", device, *words])
    except Failure:
        # Which one it refuses is seen below.
        pass
    now = offloads(device, prefix, wanted)
    for feature, state in wanted.items():
        if now.get(feature, "off") != state:
            raise NotMeasured("%s cannot have %s switched %s"
                              % (device, feature, state))


def features_for(nic, gro):
    """Returns what set_offloads() is to switch so that a device has the
    abilities 'nic' and 'gro' of matrix.AXES.  What a device does not have
    need not be off."""
    wanted = {}
    if nic in ("all", "tcp-tso"):
        wanted["tcp-segmentation-offload"] = "on"
        wanted["generic-segmentation-offload"] = "on"
    if nic in ("tcp-tso", "no-tso"):
        wanted.update(dict.fromkeys(TUNNEL_FEATURES, "off"))
    if nic == "all":
        wanted.update(dict.fromkeys(TUNNEL_FEATURES, "on"))
    if nic == "no-tso":
        wanted["tcp-segmentation-offload"] = "off"
    if gro != "as-is":
        wanted["generic-receive-offload"] = gro
    return wanted
