# SPDX-License-Identifier: Apache-2.0
"""The project's version, which stands in the file VERSION alone."""

import contextlib
import os

HERE = os.path.dirname(os.path.realpath(__file__))


def read_version():
    """Returns the version.  The file is above this folder when installed, and
    at the top of a checkout."""
    for folder in ("..", "../.."):
        with contextlib.suppress(OSError), \
                open(os.path.join(HERE, folder, "VERSION"),
                     encoding="ascii") as file:
            return file.read().strip()
    return "of unknown version"


VERSION = read_version()
