#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the STT devices of hosts a and b drop packets for each reason there is,
and checks where each of them is counted, and what reason the kernel's tracing
has for it.  Runs in host a's network namespace, and with the machine's /sys.
"""

import bisect
import collections
import contextlib
import io
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time

from hostile import PARTIAL, SUPER, load_stt_packet

TRACING = "/sys/kernel/tracing/"

# Of these, many at once come upon the limits of the reassembly.
MANY = "tcp4 len=60000 : frame : segment size=8000 id=%d ip_src=%s : pick n=0"
HALF = "udp4 len=1000 : frame : segment length=400 id=%d"

TWO_MORE_TUNNELS = """
python3 stt-link.py add stt1 --port 7472
python3 stt-link.py add stt2 --port 7473
ip link set stt1 up
ip link set stt2 up
ip neighbour add 192.0.2.2 lladdr 02:00:00:00:00:03 dev stt1
ip neighbour add 203.0.113.1 lladdr 02:00:00:00:00:03 dev stt2
ip neighbour add 203.0.113.2 lladdr 02:00:00:00:00:03 dev stt0
ip route add 192.0.2.2 encap ip dst 203.0.113.1 dev stt1
ip route add 203.0.113.1 encap ip dst 203.0.113.2 dev stt2
ip route add 203.0.113.2 encap ip dst 192.0.2.9 dev stt0
"""
REFUSE_OUTPUT = """
nft add table ip refuse
nft add chain ip refuse output { type filter hook output priority 0 \\; }
nft add rule ip refuse output tcp dport 7471 drop
"""
REFUSE_BELOW = """
tc qdisc add dev uplink clsact
tc filter add dev uplink egress matchall action drop
"""
WANT_ENCRYPTION = ("dir in src 192.0.2.1 dst 192.0.2.2 proto tcp dport 7471 "
                   "tmpl proto esp mode transport")

Case = collections.namedtuple("Case", "counter packets fields reasons send "
                              "before after")


def case(counter, packets, fields, reasons, *send, before="", after=""):
    """What is to be sent, and where it is to be found then:

    counter  the only one of 'ethtool -S' that grows, of those that drops count in
    packets  by how many, or None if it is enough that there are some
    fields   those of 'ip -s -s link', each of which grows by as much, and no other
    reasons  the kernel's, of which the first one that it has stands for each of
             the packets; "" if they do not count as lost to it, or if it is not
             STT that frees them
    send     segments for host b by the stages of stt-packet.py, or with "in " in
             front of them packets for host a's tunnel, and with "bare " packets
             for its device, past the tunnel
    before, after  commands of the shell"""
    return Case(counter, packets, fields.split(), reasons.split(), send, before,
                after)


def segment(counter, fields, reasons, what):
    return case(counter, 1, fields, reasons, "arp : frame : segment " + what)


def frame(counter, fields, reasons, what):
    return case(counter, 1, fields, reasons, what)


CASES = (
    # What is all right.
    case(None, 0, "", "", "arp : frame : segment"),
    case(None, 0, "", "", "udp4 len=5000 : frame : segment size=1000 : reverse"),
    case(None, 0, "", "", "in udp4 len=5000 : vlan : vlan"),

    segment("rx_truncated", "rx_errors rx_length_errors", "PKT_TOO_SMALL",
            "total_length=39"),
    segment("rx_data_offset", "rx_errors", "DEV_HDR", "data_offset=6"),
    segment("rx_checksum", "rx_errors rx_crc_errors", "TCP_CSUM", "csum=bad"),
    segment("rx_empty", "", "", "offset=0 length=0"),
    segment("rx_frame_length", "rx_errors rx_length_errors",
            "TCP_INVALID_SEQUENCE", "frame_length=31"),
    segment("rx_bounds", "rx_errors rx_length_errors", "TCP_INVALID_SEQUENCE",
            "frame_length=40"),
    case("rx_duplicate", 1, "", "",
         "arp : frame : segment size=40 id=100 : pick n=0,0,1"),
    case("rx_overlap", 2, "rx_errors", "TCP_INVALID_SEQUENCE",
         HALF % 101, HALF % 101 + " offset=399"),
    case("rx_conflict", 2, "rx_errors", "TCP_INVALID_SEQUENCE",
         HALF % 102, HALF % 102 + " offset=400 frame_length=1061"),
    case("rx_segment_limit", 257, "rx_dropped", "PROTO_MEM",
         "tcp4 len=60000 : frame : segment size=100 id=103 : pick n="
         + ",".join(str(i) for i in range(257))),
    case("rx_expired", 2, "rx_dropped",
         "FRAG_REASM_TIMEOUT TCP_OFO_QUEUE_PRUNE",
         "tcp4 len=3000 : frame : segment size=1000 id=104 : pick n=0,2",
         before="on_b sysctl -w net.stt.reassembly_age=300"),
    case("rx_frame_limit", 1, "rx_dropped", "PROTO_MEM",
         HALF % 105, HALF % 106,
         before="on_b sysctl -w net.stt.reassembly_frames=1",
         after="on_b sysctl -w net.stt.reassembly_frames=8192"),
    case("rx_source_limit", None, "rx_dropped", "PROTO_MEM",
         *(MANY % (id, "192.0.2.1") for id in range(200, 250)),
         before="on_b sysctl -w net.stt.reassembly_bytes_per_source=262144",
         after="on_b sysctl -w net.stt.reassembly_bytes_per_source=8388608"),
    case("rx_byte_limit", None, "rx_dropped", "PROTO_MEM",
         *(MANY % (id, "192.0.2.%d" % (1 + id % 5)) for id in range(300, 350)),
         before="on_b sysctl -w net.stt.reassembly_bytes=262144",
         after="on_b sysctl -w net.stt.reassembly_bytes=67108864"),
    case("rx_total_limit", None, "rx_dropped", "PROTO_MEM",
         *(MANY % (id, "192.0.2.1") for id in range(400, 450)),
         before="total=$(on_machine sysctl -n net.stt.reassembly_bytes_total)\n"
         "echo $total >/run/test/total\n"
         "on_machine sysctl -w net.stt.reassembly_bytes_total=262144",
         after="on_machine sysctl -w "
         "net.stt.reassembly_bytes_total=$(cat /run/test/total)"),
    frame("rx_version", "rx_errors", "UNHANDLED_PROTO",
          "arp : frame stt_version=1 : segment"),
    frame("rx_offload", "rx_errors", "DEV_HDR",
          SUPER + " : frame flags=0x0e l4_offset=33 : segment"),
    frame("rx_mss", "rx_errors", "DEV_HDR",
          "%s : %s mss=63 : segment" % (SUPER, PARTIAL)),
    frame("rx_inner_checksum", "rx_errors", "IP_CSUM",
          "%s ip_csum=bad : %s mss=1000 : segment" % (SUPER, PARTIAL)),
    frame("rx_ecn", "rx_errors rx_frame_errors", "IP_TUNNEL_ECN IP_INHDR",
          "udp4 len=10 : frame : segment tos=3"),
    case("rx_policy", 1, "rx_dropped", "XFRM_POLICY", "arp : frame : segment",
         before="on_b ip xfrm policy add " + WANT_ENCRYPTION,
         after="on_b ip xfrm policy flush"),

    case("tx_length", 1, "tx_errors", "PKT_TOO_BIG", "in udp4 len=65507"),
    case("tx_truncated", 1, "tx_errors", "PKT_TOO_SMALL",
         "in udp4 : cut n=30"),
    case("tx_mtu", 1, "tx_errors", "PKT_TOO_BIG", "in udp4 len=60000",
         before="ip route add 192.0.2.2 dev uplink mtu lock 200",
         after="ip route delete 192.0.2.2 dev uplink"),
    case("tx_metadata", 1, "tx_errors", "TUNNEL_TXINFO IP_OUTNOROUTES",
         "bare arp"),
    case("tx_route", 1, "tx_errors tx_carrier_errors", "IP_OUTNOROUTES",
         "in arp", before="ip route add unreachable 192.0.2.2",
         after="ip route delete unreachable 192.0.2.2"),
    case("tx_recursion", 1, "tx_errors", "RECURSION_LIMIT IP_OUTNOROUTES",
         "in arp", before=TWO_MORE_TUNNELS,
         after="ip link delete stt1\nip link delete stt2"),
    case("tx_output", 1, "tx_dropped", "", "in arp", before=REFUSE_OUTPUT,
         after="nft delete table ip refuse"),
    # By the device below, to which that is no error.
    case("tx_output", 1, "tx_dropped", "", "in arp", before=REFUSE_BELOW,
         after="tc qdisc delete dev uplink clsact"),
)

# Drops that no case is about.
UNPROVOKED = {
    "rx_outer",                 # Linux drops such packets before.
    "rx_no_memory", "tx_no_memory",
}
EVENTS = {"rx_whole", "rx_segments_held", "rx_reassembled", "rx_ecn_marked",
          "rx_path_mtu", "rx_icmp_ignored", "tx_frames", "tx_segmented",
          "tx_cut"}
# Of the statistics by rtnetlink.
TRAFFIC = {"packets", "bytes", "multicast", "otherhost", "carrier_changes"}

SHELL = """
set -e
cd %s
on_b() { ip netns exec b "$@"; }
on_machine() { nsenter --net=/proc/1/ns/net "$@"; }
""" % shlex.quote(os.path.dirname(os.path.abspath(__file__)))


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE,
                          encoding="ascii").stdout


def counters(host):
    """Everything that the device stt0 of 'host' counts."""
    shown = run("ip", "netns", "exec", host, "ethtool", "-S", "stt0")
    found = {}
    for line in shown.splitlines()[1:]:
        name, value = line.split(":")
        if not name.strip().startswith("reassembly_"):
            found[name.strip()] = int(value)
    link, = json.loads(run("ip", "-n", host, "-s", "-s", "-j", "link", "show",
                           "dev", "stt0"))
    for direction in ("rx", "tx"):
        for name, value in link["stats64"][direction].items():
            if name not in TRAFFIC:
                found["%s_%s (link)" % (direction, name)] = value
    return found


def holds_nothing():
    shown = run("ip", "netns", "exec", "b", "ethtool", "-S", "stt0")
    return re.search(r"reassembly_frames: 0\n", shown)


class Trace:
    """The kernel's own record of freed packets."""

    def __init__(self):
        with open(TRACING + "events/skb/kfree_skb/format") as form:
            self.names = set(re.findall(r'"([A-Z0-9_]+)"', form.read()))
        self.functions = []
        with open("/proc/kallsyms") as symbols:
            for line in symbols:
                address, _, name, *module = line.split()
                self.functions.append((int(address, 16), name,
                                       module == ["[stt]"]))
        self.functions.sort()
        self.write("events/skb/kfree_skb/enable", "1")

    def close(self):
        self.write("events/skb/kfree_skb/enable", "0")
        self.clear()

    @staticmethod
    def write(name, text):
        with open(TRACING + name, "w") as file:
            file.write(text)

    def clear(self):
        self.write("trace", "")

    def function(self, location):
        """The function of stt.ko that 'location' is in, or None."""
        name = re.match(r"([\w.]+)\+\S+( \[\w+\])?", location)
        if name:
            return name.group(1) if name.group(2) == " [stt]" else None
        at = bisect.bisect(self.functions, (int(location, 16), "~")) - 1
        _, name, ours = self.functions[at]
        return name if ours else None

    def shown(self, word):
        """The 'word' of each event, which a regular expression stands for."""
        with open(TRACING + "trace") as trace:
            return [re.search(word, line).group(1) for line in trace
                    if " kfree_skb: " in line]

    def freed(self):
        """Reason and function of each packet that stt.ko freed."""
        reasons = self.shown(r"reason: (\w+)")
        # Linux 6.1 does not show the reason if it is to show addresses.
        self.write("options/hash-ptr", "0")
        functions = [self.function(location) for location
                     in self.shown(r"location=(\S+(?: \[\w+\])?)")]
        self.write("options/hash-ptr", "1")
        return [event for event in zip(reasons, functions) if event[1]]


class Sender:
    def __init__(self):
        self.maker = load_stt_packet()
        self.sockets = {}
        for device in ("uplink", "guest", "stt0"):
            self.sockets[device] = socket.socket(socket.AF_PACKET,
                                                 socket.SOCK_RAW)
            self.sockets[device].setsockopt(socket.SOL_SOCKET,
                                            socket.SO_SNDBUF, 1000000)
            self.sockets[device].bind((device, 0))
        self.addresses = ("segment eth_src=%s eth_dst=%s ip_src=192.0.2.1 "
                          "ip_dst=192.0.2.2" % (
                              self.sockets["uplink"].getsockname()[4].hex(":"),
                              os.environ["TO_MAC"]))

    def send(self, stages):
        words = stages.replace("segment", self.addresses).split()
        device = {"in": "guest", "bare": "stt0"}.get(words[0], "uplink")
        if device != "uplink":
            del words[0]
        made = io.StringIO()
        with contextlib.redirect_stdout(made):
            self.maker.main(words)
        for line in made.getvalue().split():
            self.sockets[device].send(bytes.fromhex(line))


def settle():
    """Makes host b give up what it still holds."""
    if not holds_nothing():
        run("ip", "netns", "exec", "b", "sysctl", "-q", "-w",
            "net.stt.reassembly_age=10")
        while not holds_nothing():
            time.sleep(0.05)
    run("ip", "netns", "exec", "b", "sysctl", "-q", "-w",
        "net.stt.reassembly_age=30000")


def grown(before, after):
    return {key: after[key] - before.get(key, 0) for key in after
            if after[key] != before.get(key, 0) and key not in EVENTS}


def count(events):
    """Shows how often there is what among the events."""
    return ", ".join("%d %s" % (number, event) for event, number
                     in collections.Counter(events).items()) or "nothing"


def expected(this, changes):
    """What is to have changed on either host, given what has."""
    packets = this.packets
    if packets is None:
        packets = max(1, changes.get(this.counter, 0))
    if not packets:
        return {}
    wanted = {field + " (link)": packets for field in this.fields}
    wanted[this.counter] = packets
    return wanted


def check(this, sender, trace):
    """Returns what is wrong."""
    if this.before:
        run("sh", "-c", SHELL + this.before)
    device = "a" if this.send[0].split()[0] in ("in", "bare") else "b"
    others = "b" if device == "a" else "a"
    before = {host: counters(host) for host in "ab"}
    trace.clear()
    for stages in this.send:
        sender.send(stages)
    end = time.monotonic() + 5
    last = None
    while True:
        after = {host: counters(host) for host in "ab"}
        changes = grown(before[device], after[device])
        # What comes later is not to be missed, either.
        if (changes == expected(this, changes) and after == last
                or time.monotonic() > end):
            break
        last = after
    wrong = []
    if changes != expected(this, changes):
        wrong.append("counted %s, not %s" % (changes, expected(this, changes)))
    elsewhere = grown(before[others], after[others])
    if elsewhere:
        wrong.append("counted %s on the other host" % elsewhere)
    if trace.names:
        reasons = [next(reason for reason in this.reasons
                        if reason in trace.names)
                   for _ in range(changes.get(this.counter, 0))
                   if this.reasons]
        freed = trace.freed()
        if [reason for reason, _ in freed] != reasons:
            wrong.append("freed for %s, not %s"
                         % (count(freed), count(reasons)))
    if this.after:
        run("sh", "-c", SHELL + this.after)
    settle()
    return wrong


def main():
    sender = Sender()
    trace = Trace()
    settle()
    failed = 0
    for this in CASES:
        wrong = check(this, sender, trace)
        print("%s: %s" % (this.counter or "delivered", "; ".join(wrong) or "ok"),
              flush=True)
        failed += bool(wrong)
    trace.close()

    missing = (set(counters("a")) - {this.counter for this in CASES} - EVENTS
               - UNPROVOKED)
    missing = sorted(name for name in missing if "(link)" not in name)
    if missing:
        sys.exit("drops.py: no case for %s" % ", ".join(missing))
    if failed:
        sys.exit("drops.py: %d cases failed" % failed)


if __name__ == "__main__":
    main()
