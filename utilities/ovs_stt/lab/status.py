# SPDX-License-Identifier: Apache-2.0
"""The state of labs as text."""


def table(rows):
    """Formats 'rows', of which the first holds the titles."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width
                               in zip(row, widths)).rstrip() for row in rows)


def describe(state):
    """Returns the text that 'status' prints for one lab."""
    if not state["complete"]:
        return "lab %s: %s" % (state["name"], state["error"])
    settings = state["settings"]

    def on(value):
        return "on" if value else "off"

    text = ("lab %s: tunnel %s, underlay IPv%d, MTU %d, guest MTU %d, key %s,"
            " link TSO %s, link GRO %s, loss %s\n\n"
            % (state["name"], settings["tunnel"], settings["ip"],
               settings["mtu"], settings["guest_mtu"], settings["key"],
               settings["link_tso"], on(settings["link_gro"]),
               "none" if settings["loss"] is None
               else "%g%%" % settings["loss"]))
    rows = [("HOST", "UNDERLAY", "TSO", "OVSDB-SERVER", "OVS-VSWITCHD",
             "GUEST", "ADDRESSES")]
    ports = [("HOST", "TUNNEL", "TYPE", "REMOTE", "BFD", "ERROR")]
    for host in state["hosts"]:
        rows.append((host["name"], ", ".join(host["underlay"]),
                     on(host["userspace_tso"]),
                     str(host["ovsdb_server"] or "dead"),
                     str(host["ovs_vswitchd"] or "dead"), host["guest"],
                     ", ".join(host["guest_addresses"])))
        if "error" in host:
            ports.append((host["name"], "?", "", "", "", host["error"]))
        for port in host["tunnels"]:
            ports.append((host["name"], port["name"], port["type"],
                          port["remote_ip"], port["bfd"] or "-",
                          port["error"] or "-"))
    text += table(rows)
    if len(ports) > 1:
        text += "\n\n" + table(ports)
    if "central" in state:
        daemons = [(name, str(pid or "dead"))
                   for name, pid in state["central"].items()]
        daemons += [("ovn-controller on " + host["name"],
                     str(host["ovn_controller"] or "dead"))
                    for host in state["hosts"]]
        text += "\n\n" + table([("OVN", "PROCESS")] + daemons)
    return text
