# SPDX-License-Identifier: Apache-2.0
"""Measuring between two real hosts: the server, which does what the client
tells it, and the client, which measures.

They exchange lines of JSON over TCP: a request {"do": NAME, ...} and its
answer, {...}, or {"error": TEXT}, or {"not_measured": TEXT}.  The first request
brings the key that the server's operator was shown."""

import hmac
import ipaddress
import json
import socket
import sys
import time

from ovs_stt import Failure
from ovs_stt.bench import NotMeasured, PROGRAM, load
from ovs_stt.bench.this_host import GUESTS, ThisHost, valid
from ovs_stt.locations import VERSION
from ovs_stt.signals import undisturbed

DEFAULT_PORT = 7472
# Bytes of the longest line that is taken.
MAX_LINE = 65536
# Seconds until the other end must answer.
TIMEOUT = 60
HELLO_TIMEOUT = 10


class Lines:
    """A connection over which lines of JSON go."""

    def __init__(self, connection):
        self.connection = connection
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (("TCP_KEEPIDLE", 20), ("TCP_KEEPINTVL", 10),
                            ("TCP_KEEPCNT", 3)):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name),
                                  value)
        self.file = connection.makefile("rb")

    def send(self, message):
        self.connection.sendall(json.dumps(message).encode() + b"\n")

    def receive(self):
        """Returns the next message, a dictionary, or None at the end."""
        line = self.file.readline(MAX_LINE)
        if not line:
            return None
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if not line.endswith(b"\n") or not isinstance(message, dict):
            raise Failure("the other end does not speak as %s does"
                          % PROGRAM)
        return message

    def close(self):
        self.file.close()
        self.connection.close()


def plain(address):
    """Returns an IP address without the form that IPv4 has in IPv6 sockets,
    and without a zone."""
    address = ipaddress.ip_address(address.split("%")[0])
    return str(getattr(address, "ipv4_mapped", None) or address)


# Server.

def serve(args):
    """Serves one client after the other."""
    family = (socket.AF_INET6 if socket.has_dualstack_ipv6()
              else socket.AF_INET)
    try:
        listener = socket.create_server(
            ("", args.port), family=family,
            dualstack_ipv6=family == socket.AF_INET6)
    except OSError as error:
        raise Failure("cannot listen on TCP port %d: %s: choose another"
                      " with --port" % (args.port, error.strerror)) \
            from None
    with listener:
        print("Run on the other host:\n  %s run --client ADDRESS --key %s%s"
              % (PROGRAM, args.key, "" if args.port == DEFAULT_PORT
                 else " --port %d" % args.port), flush=True)
        while True:
            connection, address = listener.accept()
            peer = plain(address[0])
            print("%s: connected" % peer, flush=True)
            session = Session(Lines(connection), peer, args)
            try:
                session.run()
            except (Failure, OSError) as error:
                print("%s: %s" % (peer, error), file=sys.stderr, flush=True)
            finally:
                session.close()
            print("%s: gone, all is put back" % peer, flush=True)
            if args.one_off:
                return


class Session:
    """What the server does for one client."""

    def __init__(self, lines, peer, args):
        self.lines = lines
        self.peer = peer
        self.args = args
        self.host = ThisHost("server", args.device, args.datapath_type)

    def run(self):
        if not self.hello():
            return
        while True:
            request = self.lines.receive()
            if request is None:
                return
            try:
                answer = self.answer(request)
            except NotMeasured as reason:
                answer = {"not_measured": str(reason)}
            except Failure as error:
                answer = {"error": "the server: %s" % error}
            self.lines.send(answer)

    def hello(self):
        """Tells whether the client is welcome."""
        self.lines.connection.settimeout(HELLO_TIMEOUT)
        request = self.lines.receive() or {}
        self.lines.connection.settimeout(None)
        if not hmac.compare_digest(str(request.get("key")).encode(),
                                   self.args.key.encode()):
            # Nobody is to try many.
            time.sleep(1)
            self.lines.send({"error": "the server wants another --key: it has"
                                      " printed it"})
            raise Failure("refused: wrong key")
        if request.get("version") != VERSION:
            error = ("the server is %s %s, and the client %s: install the same"
                     " on both" % (PROGRAM, VERSION,
                                   str(request.get("version"))[:40]))
            self.lines.send({"error": error})
            raise Failure(error)
        self.lines.send(self.host.describe())
        return True

    def answer(self, request):
        what = request.get("do")
        if what == "link":
            self.host.set_link(valid("nic", request.get("nic")),
                               valid("gro", request.get("gro")), self.peer)
        elif what == "tunnel":
            self.host.use_tunnel(valid("tunnel", request.get("tunnel")),
                                 self.peer)
        elif what == "serve":
            self.host.serve(valid("traffic", request.get("traffic")),
                            plain(self.lines.connection.getsockname()[0]))
        elif what == "stop":
            self.host.stop()
        elif what == "counters":
            return self.host.counters()
        else:
            raise Failure("does not know how to do '%s'" % str(what)[:40])
        return {}

    @undisturbed()
    def close(self):
        self.lines.close()
        self.host.clean_up()


# Client.

class TwoHosts:
    """Measures between this host and a server's.  A context manager, at the
    end of which nothing is left on either."""

    def __init__(self, args):
        self.args = args
        self.address = args.client
        self.lines = None
        self.server = None
        self.own = None
        self.host = ThisHost("client", args.device, args.datapath_type)

    def __enter__(self):
        if self.address:
            self.connect()
        return self

    @undisturbed()
    def __exit__(self, *_):
        self.disconnect()
        self.host.clean_up()

    def connect(self):
        where = "%s, TCP port %d" % (self.args.client, self.args.port)
        try:
            self.lines = Lines(socket.create_connection(
                (self.args.client, self.args.port), HELLO_TIMEOUT))
        except OSError as error:
            raise Failure("cannot reach %s: %s: run '%s run --server' there"
                          % (where, error.strerror or error, PROGRAM)) \
                from None
        self.address = plain(self.lines.connection.getpeername()[0])
        try:
            self.server = self.ask("hello", version=VERSION, key=self.args.key)
        except TimeoutError:
            self.disconnect()
            raise Failure("no answer from %s: does it serve another client?"
                          % where) from None
        except Failure:
            self.disconnect()
            raise
        self.lines.connection.settimeout(TIMEOUT)
        self.own = self.host.describe()

    def disconnect(self):
        if self.lines:
            self.lines.close()
            self.lines = None

    def ask(self, what, **values):
        """Has the server do something.  Returns its answer."""
        try:
            self.lines.send({"do": what, **values})
            answer = self.lines.receive()
        except TimeoutError:
            if what == "hello":
                raise
            self.disconnect()
            raise Failure("no answer from the server within %d s"
                          % TIMEOUT) from None
        except OSError as error:
            self.disconnect()
            raise Failure("the connection to the server is lost: %s"
                          % error.strerror) from None
        if answer is None:
            self.disconnect()
            raise Failure("the server has ended the connection")
        if "error" in answer:
            raise Failure(answer["error"])
        if "not_measured" in answer:
            raise NotMeasured(answer["not_measured"])
        return answer

    def measure(self, wanted, seconds, about):
        """As Labs.measure()."""
        first = next(iter(wanted))
        if not self.lines:
            self.connect()
        about["server"] = self.server["machine"]
        about["programs"] = {**self.own["programs"], **{
            "the server's " + name: found
            for name, found in self.server["programs"].items()}}
        load.require(first.traffic)
        self.ask("link", nic=first.nic, gro=first.gro)
        about["offloads"] = self.host.set_link(first.nic, first.gro,
                                               self.address)
        left = list(wanted)
        # The first turn only warms up.
        for turn in range(-1, max(wanted.values())):
            for cell in list(left):
                if turn >= wanted[cell]:
                    continue
                try:
                    run = self.run(cell, seconds if turn >= 0 else 1)
                except NotMeasured as reason:
                    left.remove(cell)
                    yield cell, reason
                    continue
                if turn >= 0:
                    yield cell, run

    def run(self, cell, seconds):
        """Measures once."""
        host = self.host
        self.ask("tunnel", tunnel=cell.tunnel)
        host.use_tunnel(cell.tunnel, self.address)
        host.reach()
        self.ask("serve", traffic=cell.traffic)
        run = load.measure(host.inside(), cell.traffic,
                           self.address if cell.tunnel == "none"
                           else GUESTS["server"], seconds, self.counters)
        self.ask("stop")
        return run

    def counters(self):
        """What both ends have counted."""
        own, other = self.host.counters(), self.ask("counters")
        if self.server["boot"] == self.own["boot"]:
            # It is one machine, whose CPUs count once.
            return own
        return {name: own[name] + float(other[name]) for name in own}
