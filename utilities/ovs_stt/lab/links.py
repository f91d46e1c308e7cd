# SPDX-License-Identifier: Apache-2.0
"""The namespaces of a lab, and the links between them."""

from ovs_stt import Failure
from ovs_stt.namespaces import addresses, inside, ip_batch
from ovs_stt.run import Job, run_all


def ethtool(features):
    """Switches offloads of devices.  'features' has a dictionary of ethtool's
    names and of true or false for each pair of a namespace and a device."""
    run_all("set the links' offloads", [
        Job(inside(netns, "ethtool", "-K", device,
                   *(word for feature, value in wanted.items()
                     for word in (feature, "on" if value else "off"))))
        for (netns, device), wanted in features.items()])


class Links:
    """Namespaces and links of 'lab'."""

    def __init__(self, lab):
        self.lab = lab

    @property
    def fabric(self):
        """The namespace of the switch between the hosts, or None if a cable
        joins them."""
        settings = self.lab.settings
        if settings["hosts"] > 2 or settings["loss"] is not None:
            return self.lab.netns("fabric")
        return None

    def make_namespaces(self):
        names = [netns for host in self.lab.hosts
                 for netns in (host.netns, host.guest_netns)]
        if self.fabric:
            names.append(self.fabric)
        if self.lab.ovn:
            names += map(self.lab.netns, self.lab.ovn.roles())
        try:
            run_all("make network namespaces", [
                Job(("ip", "-batch", "-"),
                    "".join("netns add %s\n" % name for name in names))])
        except Failure as error:
            raise Failure("%s (it takes root's full rights: a container has"
                          " to be privileged)" % error) from None

        # Addresses must work at once, and nobody but the guests and the lab's
        # own daemons is to send anything, such as multicast reports.
        script = ("cd /proc/sys/net/ipv6/conf/default 2>/dev/null || exit 0;"
                  " echo 0 > disable_ipv6; echo 0 > accept_dad;"
                  " echo 0 > accept_ra; echo 0 > router_solicitations;")
        guests = [host.guest_netns for host in self.lab.hosts]
        if self.lab.ovn:
            guests += self.lab.ovn.guests()
        run_all("prepare the network namespaces", [
            Job(inside(name, "sh", "-c", script if name in guests
                       else script + " echo 1 > addr_gen_mode"))
            for name in names])
        # Linux, too, gets what arrives on an uplink.  It must not answer for
        # br-phy's address with the uplink's: whoever believes that sends what
        # ovs-vswitchd does not take.
        run_all("keep uplinks from answering ARP", [
            Job(inside(host.netns, "sh", "-c",
                       "echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore"))
            for host in self.lab.hosts])

    def connect(self):
        """Lays all cables: veth pairs between the namespaces."""
        def cable(netns_a, name_a, netns_b, name_b, mtu):
            return ("link add netns %s name %s mtu %d type veth"
                    " peer netns %s name %s mtu %d\n"
                    % (netns_a, name_a, mtu, netns_b, name_b, mtu))

        mtu = self.lab.settings["mtu"]
        guest_mtu = self.lab.settings["guest_mtu"]
        cables = [cable(host.netns, "guest", host.guest_netns, "eth0",
                        guest_mtu) for host in self.lab.hosts]
        if self.fabric:
            cables += [cable(host.netns, "uplink", self.fabric, host.name, mtu)
                       for host in self.lab.hosts]
        else:
            cables.append(cable(self.lab.hosts[0].netns, "uplink",
                                self.lab.hosts[1].netns, "uplink", mtu))
        if self.lab.ovn:
            cables += [cable(*link, mtu if self.fabric in link else guest_mtu)
                       for link in self.lab.ovn.links()]
        run_all("connect the namespaces",
                [Job(("ip", "-batch", "-"), "".join(cables))])

        run_all("bring up the links", [
            ip_batch(host.netns, ["link set lo up", "link set uplink up",
                                  "link set guest up"])
            for host in self.lab.hosts])
        if self.fabric:
            # A port that is up when it joins forwards at once.
            run_all("bring up the fabric", [ip_batch(
                self.fabric,
                ["link set lo up"]
                + ["link set %s up" % host.name for host in self.lab.hosts]
                + ["link add fabric mtu %d type bridge stp_state 0"
                   " forward_delay 0 mcast_snooping 0" % mtu,
                   "link set fabric up"]
                + ["link set %s master fabric" % host.name
                   for host in self.lab.hosts])])

    def set_offloads(self):
        """Gives the cables the abilities of the NICs they stand for."""
        settings = self.lab.settings
        # With loss each segment has to meet its fate alone, so they are cut
        # before the fabric and joined, if at all, behind it.
        single = settings["loss"] is not None
        tso, gro = settings["link_tso"] == "on", settings["link_gro"]
        features = {}
        for host in self.lab.hosts:
            features[host.netns, "uplink"] = {"tso": tso, "gro": gro}
            if self.fabric:
                features[self.fabric, host.name] = {"tso": tso,
                                                    "gro": gro and not single}
        for host in self.lab.hosts:
            if host.tso:
                continue
            # Without userspace TSO ovs-vswitchd reads plain packets: no
            # larger than the MTU, and with complete checksums, except for
            # STT segments that were joined.  So nothing should be joined on
            # arrival here, and what sends to this host, the guest or the far
            # end of its cable, has to finish its packets.
            if not settings["link_gro_everywhere"]:
                features[host.netns, "uplink"]["gro"] = False
            features[host.guest_netns, "eth0"] = {"tx": False}
            features[self.far_end(host)].update(tso=False, tx=False)
        ethtool(features)

    def far_end(self, host):
        """Returns namespace and name of what the uplink of 'host' ends in."""
        if self.fabric:
            return self.fabric, host.name
        return self.lab.hosts[2 - host.number].netns, "uplink"

    def address_guests(self):
        run_all("configure the guests", [
            ip_batch(host.guest_netns,
                     ["link set lo up",
                      "link set eth0 address %s up" % host.guest_mac]
                     + addresses("eth0", host.overlay))
            for host in self.lab.hosts])
        if self.lab.ovn:
            self.lab.ovn.configure_links()

    def lose_packets(self):
        """Makes the fabric lossy, last of all: 'up' itself has no use for
        losses."""
        if self.lab.settings["loss"]:
            run_all("make the fabric lossy", [
                Job(inside(self.fabric, "nft", "-f", "-"), """
                    table bridge lab {
                        chain forward {
                            type filter hook forward priority 0;
                            numgen random mod 1000000 < %d counter drop
                        }
                    }
                """ % round(self.lab.settings["loss"] * 10000))])
