# SPDX-License-Identifier: Apache-2.0
"""The programs and modules of others that ours need, and the packages of
Debian's that have them."""

import importlib
import shutil

from ovs_stt import Failure

# Of programs, beside those of Open vSwitch's tree that a lab is made with.
PACKAGES = {
    "ethtool": "ethtool",
    "ip": "iproute2",
    "iperf3": "iperf3",
    "nft": "nftables",
    "ovs-vswitchd": "openvswitch-switch",
    "ovsdb-tool": "openvswitch-switch",
    "ping": "iputils-ping",
    "qemu-system-x86_64": "qemu-system-x86",
    "sockperf": "sockperf",
}


def check_programs(*programs):
    """Raises Failure unless all 'programs', of PACKAGES, are installed."""
    missing = [program for program in programs if not shutil.which(program)]
    if missing:
        raise Failure("needs %s: apt install %s" % (
            ", ".join(missing),
            " ".join(dict.fromkeys(map(PACKAGES.get, missing)))))


def module(name):
    """Returns the Python module 'name'.  Raises Failure if it is not
    installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        package = "python3-" + name.split(".")[0]
        raise Failure("needs %s: apt install %s" % (package, package)) \
            from None
