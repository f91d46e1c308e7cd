# SPDX-License-Identifier: Apache-2.0
"""What the programs' command lines have in common."""

import argparse
import os
import re
import sys

from ovs_stt import Failure
from ovs_stt.locations import VERSION
from ovs_stt.signals import Interrupted

# The status of a program that was used wrongly.
WRONG_USAGE = 2


class Parser(argparse.ArgumentParser):
    """A parser that tells what is wrong in one line, as do those of its
    commands."""

    def error(self, message):
        self.exit(WRONG_USAGE, "%s: %s (see '%s --help')\n"
                  % (self.prog.split()[0], message, self.prog))


def make_parser(program, **how):
    """Returns the Parser of 'program', which is made as argparse's are, and
    knows --help and --version."""
    parser = Parser(prog=program, **how)
    parser.add_argument("--version", action="version",
                        version="%s (ovs-stt) %s" % (program, VERSION))
    return parser


def whole(low, high):
    """Returns a parser for whole numbers from 'low' to 'high'."""
    def parse(text):
        if not re.fullmatch("[0-9]{1,9}", text) or not (low <= int(text)
                                                        <= high):
            raise argparse.ArgumentTypeError(
                "'%s' is no number from %d to %d" % (text, low, high))
        return int(text)
    return parse


def become_root():
    """Raises Failure unless the program runs as root, and has root's programs
    found."""
    if os.geteuid():
        raise Failure("needs root: run it with sudo")
    # A plain user's PATH, which su and cron leave as it is, has no sbin.
    os.environ["PATH"] = os.pathsep.join([
        os.environ.get("PATH") or "/usr/bin:/bin", "/usr/sbin", "/sbin"])


def tell(program, text):
    """Prints something that is not what 'program' was asked for."""
    print("%s: %s" % (program, text), file=sys.stderr)


def call(program, function, *args):
    """Returns the exit status that 'function' returns for 'args', or 1 if it
    fails.  Tells why, and that it was interrupted."""
    try:
        return function(*args)
    except (Failure, OSError) as failure:
        tell(program, failure)
        return 1
    except Interrupted:
        tell(program, "interrupted")
        raise
