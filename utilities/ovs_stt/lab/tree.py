# SPDX-License-Identifier: Apache-2.0
"""Open vSwitch's programs."""

import os
import shutil

from ovs_stt import Failure
from ovs_stt.locations import CHECKOUT

# Where the package openvswitch-switch-stt has its ovs-vswitchd, whether or not
# that is the one in /usr/sbin.
PACKAGED_OVS_DIR = "/usr/lib/openvswitch-switch-stt"


class Tree:
    """Open vSwitch's programs: a build tree, or what is installed."""

    def __init__(self, directory):
        self.directory = directory
        if directory:
            path = [os.path.join(directory, sub)
                    for sub in ("utilities", "vswitchd", "ovsdb")]
            schemas = [os.path.join(directory, "vswitchd/vswitch.ovsschema")]
        else:
            path = [PACKAGED_OVS_DIR]
            schemas = ["/usr/share/openvswitch/vswitch.ovsschema",
                       "/usr/local/share/openvswitch/vswitch.ovsschema"]
        self.path = os.pathsep.join(path + [os.environ.get("PATH", ""),
                                            "/usr/local/sbin", "/usr/sbin",
                                            "/sbin"])
        search = os.pathsep.join(path) if directory else self.path
        self.schema = next(filter(os.path.isfile, schemas), None)
        missing = [program for program in
                   ("ovsdb-tool", "ovsdb-server", "ovs-vsctl", "ovs-ofctl",
                    "ovs-vswitchd") if not shutil.which(program, path=search)]
        if not self.schema:
            missing.append("vswitch.ovsschema")
        if missing and directory:
            raise Failure("%s is not a built Open vSwitch tree (no %s): give"
                          " another with --ovs DIR" % (directory,
                                                       ", ".join(missing)))
        if missing:
            raise Failure("no Open vSwitch found (no %s): build ovs-stt, or"
                          " give a built tree with --ovs DIR"
                          % ", ".join(missing))

    @staticmethod
    def find(directory):
        """Returns the Tree that the option --ovs's value 'directory' names,
        or the one to take without it."""
        directory = directory or os.environ.get("OVS_STT_TREE")
        if not directory:
            for built in ("_build/ovs", "ovs"):
                candidate = os.path.join(CHECKOUT, built)
                if os.path.exists(os.path.join(candidate,
                                               "vswitchd/ovs-vswitchd")):
                    directory = candidate
                    break
        return Tree(os.path.abspath(directory) if directory else None)
