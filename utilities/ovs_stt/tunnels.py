# SPDX-License-Identifier: Apache-2.0
"""The tunnels that the programs know."""

import typing

# Bytes of headers.
ETHERNET_HEADER_LEN = 14
IP_HEADER_LEN = {4: 20, 6: 40}
UDP_HEADER_LEN = 8
# In front of each segment of STT's frames, and in front of a frame.
STT_SEGMENT_HEADER_LEN = 20
STT_FRAME_HEADER_LEN = 18


class Tunnel(typing.NamedTuple):
    """A type of tunnels that carry Ethernet frames over IP."""

    title: str
    # What firewalls must let through.
    carrier: str
    # Bits of the largest key.
    key_bits: int
    # Bytes of all headers behind the outer IP header and before the frame.
    header_len: int
    # Bytes of the options that OVN adds, or None if it does not take these
    # tunnels.
    ovn_option_len: typing.Optional[int] = None

    @property
    def max_key(self):
        return (1 << self.key_bits) - 1

    def overhead(self, ip_version):
        """Returns how much smaller a guest's MTU is than that of the underlay
        with an IP version, if a packet is to remain one."""
        return (IP_HEADER_LEN[ip_version] + self.header_len
                + ETHERNET_HEADER_LEN)


# By the types of their ports in Open vSwitch.
TUNNELS = {
    "stt": Tunnel("STT", "TCP port 7471", 64,
                  STT_SEGMENT_HEADER_LEN + STT_FRAME_HEADER_LEN, 0),
    "vxlan": Tunnel("VXLAN", "UDP port 4789", 24, UDP_HEADER_LEN + 8),
    # OVN sends the ports in an option.
    "geneve": Tunnel("Geneve", "UDP port 6081", 24, UDP_HEADER_LEN + 8, 8),
    # With a key.
    "gre": Tunnel("GRE", "IP protocol 47", 32, 8),
}
OVN_TUNNELS = [name for name, tunnel in TUNNELS.items()
               if tunnel.ovn_option_len is not None]
