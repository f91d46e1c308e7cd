# SPDX-License-Identifier: Apache-2.0
"""Where what belongs to the programs is, in a checkout or installed, and the
project's version, which stands in the file VERSION alone."""

import contextlib
import os
import pathlib
import sys

PACKAGE = pathlib.Path(__file__).resolve().parent
# The top of a checkout.  Of installed programs nothing of it is there.
CHECKOUT = PACKAGE.parent.parent


def program(name):
    """Returns the path of another of the programs, which is beside the one
    that runs."""
    return pathlib.Path(os.path.realpath(sys.argv[0])).with_name(name)


def read_version():
    """Returns the version.  The file is beside the package when installed, and
    at the top of a checkout."""
    for folder in PACKAGE.parent, CHECKOUT:
        with contextlib.suppress(OSError):
            return (folder / "VERSION").read_text(encoding="ascii").strip()
    return "of unknown version"


VERSION = read_version()
