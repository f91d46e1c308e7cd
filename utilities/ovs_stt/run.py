# SPDX-License-Identifier: Apache-2.0
"""Running commands, many at a time."""

import collections
import shlex
import subprocess

from ovs_stt import Failure

# Seconds until each of several commands must have ended.
COMMAND_TIMEOUT = 30

# A command to run: its arguments, the text for its standard input, and its
# environment (None: the program's own).
Job = collections.namedtuple("Job", "argv stdin env", defaults=("", None))


class _Status(Exception):
    """A command has failed: its exit status, and what it printed, on standard
    error if there is something."""

    def __init__(self, job, status, text):
        super().__init__(job, status, text)
        self.job = job
        self.status = status
        self.text = text


def one_line(text):
    """Returns the lines of 'text' joined to one.  Leaves out where in a batch
    the "ip" program failed: the user has not seen the batch."""
    return "; ".join(line.strip() for line in text.splitlines()
                     if line.strip() and not line.startswith("Command failed"))


def last_line(text):
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else ""


def _start(job):
    try:
        return subprocess.Popen(job.argv, env=job.env, text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
    except OSError as error:
        raise Failure("cannot run %s: %s" % (job.argv[0], error.strerror)) \
            from None


def _run(jobs, timeout):
    """Runs all 'jobs' at the same time.  Returns their outputs in the order of
    'jobs'.  Raises _Status, or Failure if one does not even start or does not
    end within 'timeout' seconds.  Nothing runs any more afterwards."""
    processes = []
    try:
        for job in jobs:
            processes.append(_start(job))
        outputs = []
        for job, process in zip(jobs, processes):
            try:
                out, err = process.communicate(job.stdin, timeout)
            except subprocess.TimeoutExpired:
                raise Failure("no answer within %d seconds from: %s"
                              % (timeout, shlex.join(job.argv))) from None
            if process.returncode:
                raise _Status(job, process.returncode,
                              err if err.strip() else out)
            outputs.append(out)
        return outputs
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
                process.wait()


def run_all(what, jobs):
    """Runs all 'jobs' at the same time.  Returns their outputs in the order of
    'jobs'.  The first one that fails raises Failure, which says that 'what'
    could not be done."""
    try:
        return _run(jobs, COMMAND_TIMEOUT)
    except Failure as failure:
        raise Failure("cannot %s: %s" % (what, failure)) from None
    except _Status as failed:
        reason = one_line(failed.text) or "exit status %d of: %s" % (
            failed.status, shlex.join(failed.job.argv))
        raise Failure("cannot %s: %s" % (what, reason)) from None


def run_one(argv, env=None, timeout=None):
    """Runs the command 'argv', a list of what str() makes words of, in the
    environment 'env', or the program's own.  Returns what it prints.  Raises
    Failure if it fails, or does not end within 'timeout' seconds."""
    argv = list(map(str, argv))
    try:
        output, = _run([Job(argv, env=env)], timeout)
    except _Status as failed:
        raise Failure("'%s' failed: %s"
                      % (" ".join(argv)[:200], last_line(failed.text)
                         or "status %d" % failed.status)) from None
    return output
