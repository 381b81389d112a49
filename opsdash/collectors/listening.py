"""What the two collectors of ports share: who listens where, and with whom connections are."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from opsdash.collectors.parsing import section, sections
from opsdash.core.errors import BadOutput
from opsdash.core.reading import Output, Reading, Row, SampleKey

MOST_PORTS = 150
MOST_PEERS = 8

# /proc/net has every socket of this network namespace with its owner's user id, whoever asks. Whose
# it is as a process only the links in /proc/PID/fd tell: to root of all, to others of their own.
# Its unit the kernel tells anybody through ss, if that is new enough. The text behind the first
# arrow of a link must be a socket and nothing else, as a file may be named like one; ls puts
# question marks for line ends (busybox' does unasked), -n spares it asking a directory server for
# names. Of many sockets on one port, and of many ports, only so many are told.
COMMAND = r"""
q=; ls -q /dev/null >/dev/null 2>&1 && q=q
echo '== order'
printf '\001\002' | od -An -tx2 2>/dev/null
echo '== ports'
awk -v q="$q" -v most_ports=MOST_PORTS -v most_peers=MOST_PEERS '
function read_table(proto, file,   f, line, key, got) {
  while ((getline line < file) > 0) {
    if (!got++) continue
    if (split(line, f, " ") < 10) continue
    if (f[4] == (proto ~ /^tcp/ ? "0A" : "07")) {
      key = proto " " f[2]; of[f[10]] = key; uid[key] = f[8]
      if (!sockets[key]++) listed[++listening] = key
    } else if (proto ~ /^tcp/) {
      states[f[4]]++; peers[substr(f[3], 1, index(f[3], ":") - 1)]++
    }
  }
  close(file); tables += got > 0
}
function units(   cmd, line, ino) {
  cmd = "ss -tulneH --cgroup 2>/dev/null"
  while ((cmd | getline line) > 0) {
    if (!match(line, / ino:[0-9]+/)) continue
    ino = substr(line, RSTART + 5, RLENGTH - 5)
    if ((ino in of) && match(line, / cgroup:[^ ]+/))
      unit[of[ino]] = substr(line, RSTART + 8, RLENGTH - 8)
  }
  close(cmd)
}
function owners(   cmd, line, at, pid, to, key) {
  cmd = "printf \"%s\\n\" /proc/[0-9]*/fd | xargs ls -ln" q " /dev/null 2>/dev/null"
  while ((cmd | getline line) > 0) {
    if (line ~ /^\/proc\/[0-9]+\/fd:$/) { split(line, at, "/"); pid = at[3] + 0 }
    to = substr(line, index(line, " -> ") + 4)
    if (to !~ /^socket:\[[0-9]+\]$/) continue
    to = substr(to, 9, length(to) - 9)
    if (!(to in of)) continue
    key = of[to]
    if (!((key, pid) in holds)) { holds[key, pid] = 1; processes[key]++ }
    if (!(key in owner) || pid < owner[key]) owner[key] = pid
  }
  close(cmd)
}
function names(   key, cmd, line, f, files, said, asked) {
  for (key in owner)
    if (!asked[owner[key]]++)
      files = files " /proc/" owner[key] "/comm /proc/" owner[key] "/cgroup"
  cmd = "grep -s \"\" /dev/null" files
  while (files && (cmd | getline line) > 0) {
    split(line, f, "/"); said = substr(line, index(line, ":") + 1)
    if (line ~ /^\/proc\/[0-9]+\/comm:/) name[f[3]] = name[f[3]] " " said
    else if (said ~ /^0::\/./) group[f[3]] = substr(said, 4)
    else if (said ~ /^[0-9]+:name=systemd:\/./ && !(f[3] in group))
      group[f[3]] = substr(said, index(said, "/"))
  }
  close(cmd)
}
function tell(key,   f, pid, who, in_group) {
  split(key, f, " "); pid = (key in owner) ? owner[key] : "-"
  who = (uid[key] in user) ? user[uid[key]] : uid[key]
  in_group = (key in unit) ? unit[key] : (pid in group) ? group[pid] : "-"
  gsub(/[ \t]/, "?", who); gsub(/[ \t]/, "?", in_group)
  print "listens", f[1], f[2], who, pid, processes[key] + 0, in_group name[pid]
}
function most(   turn, one, best) {
  for (turn = 0; turn < most_peers; turn++) {
    best = ""
    for (one in peers) if (best == "" || peers[one] > peers[best]) best = one
    if (best == "") return
    print "peer", best, peers[best]; delete peers[best]
  }
}
BEGIN {
  while ((getline line < "/etc/passwd") > 0)
    if (split(line, f, ":") > 3 && !(f[3] in user)) user[f[3]] = f[1]
  read_table("tcp", "/proc/net/tcp"); read_table("tcp6", "/proc/net/tcp6")
  read_table("udp", "/proc/net/udp"); read_table("udp6", "/proc/net/udp6")
  if (listening) { units(); owners(); names() }
  print "tables", tables + 0, listening + 0
  for (turn = 1; turn <= 2; turn++) for (i = 1; i <= listening; i++) {
    open_to_all = listed[i] ~ / 0+:/
    if (open_to_all == (turn == 1) && told++ < most_ports) tell(listed[i])
  }
  for (one in states) print "state", one, states[one]
  most()
}' </dev/null
echo '== end'
""".replace("MOST_PORTS", str(MOST_PORTS)).replace("MOST_PEERS", str(MOST_PEERS))

STATES = {
    "01": "established",
    "02": "syn-sent",
    "03": "syn-recv",
    "04": "fin-wait-1",
    "05": "fin-wait-2",
    "06": "time-wait",
    "07": "closed",
    "08": "close-wait",
    "09": "last-ack",
    "0B": "closing",
    "0C": "syn-recv",
}
"""What the kernel's numbers of states mean, in the words of ss."""

ALL, SELF = "all", "self"
"""Whom a port is open to: everybody, or the host alone; in between, those who reach an address."""

_TABLES = "the kernel's tables of sockets"


def ports(output: Output, host: str, at: float, collector: str) -> Reading:
    """A row per protocol, address and port that is listened at: whose it is, and the process, as
    far as the one who asked may see it. Those open to all come first.

    `pid` is the lowest of `processes`; None where it is not to be seen. `scope` is ``all``,
    ``self`` (loopback) or ``one`` (an address). Connections are counted by state, and by peer.
    """
    found = sections(output.data)
    section(found, "end")
    told = [line.split(" ", 7) for line in section(found, "ports")]
    if not told or told[0][0] != "tables":
        raise BadOutput(f"{_TABLES} are not whole")
    if told[0][1] == "0":
        raise BadOutput(f"{_TABLES} are not to be read")
    little = "".join(section(found, "order")).strip() != "0102"
    rows: list[Row] = []
    samples: dict[SampleKey, float] = {
        (f"{collector}.listening", ""): float(int(told[0][2])),
    }
    for kind, *words in told[1:]:
        if kind == "listens":
            rows.append(_listener(words, little=little))
        elif kind == "state":
            key = (f"{collector}.connections", STATES.get(words[0], words[0]))
            samples[key] = samples.get(key, 0.0) + float(int(words[1]))
        elif kind == "peer":
            peer = address_of(words[0], little=little)
            samples[f"{collector}.peer_connections", peer] = float(int(words[1]))
        else:
            raise BadOutput(f"unknown line in {_TABLES}")
    rows.sort(key=_order)
    return Reading(host, collector, at, samples, tuple(rows), source="/proc/net, /proc/PID/fd")


def _order(row: Row) -> tuple[bool, bool, str, int]:
    port = row["port"]
    return (
        row["scope"] != ALL,
        row["scope"] == SELF,
        str(row["proto"])[:3],
        port if isinstance(port, int) else 0,
    )


def _listener(words: list[str], *, little: bool) -> Row:
    proto, local, user, pid, processes, group, *name = words
    address, _, port = local.partition(":")
    where = address_of(address, little=little)
    return {
        "proto": proto,
        "address": where,
        "port": int(port, 16),
        "scope": scope_of(where),
        "user": user,
        "pid": None if pid == "-" else int(pid),
        "processes": int(processes),
        "unit": unit_of(group),
        "name": name[0] if name else "",
    }


def scope_of(address: str) -> str:
    """Whom a port at this address is open to."""
    if address in ("0.0.0.0", "::"):  # noqa: S104 - it is told, not bound
        return ALL
    return SELF if address == "::1" or address.startswith("127.") else "one"


def address_of(digits: str, *, little: bool) -> str:
    """An address as /proc/net prints it: words of 32 bits as this machine's numbers, in hex."""
    raw = bytes.fromhex(digits)
    if little:
        raw = b"".join(raw[place : place + 4][::-1] for place in range(0, len(raw), 4))
    if len(raw) == 4:
        return str(IPv4Address(raw))
    address = IPv6Address(raw)
    return str(address.ipv4_mapped or address)


def unit_of(group: str) -> str:
    """The unit that a control group belongs to, or the last part of its path; empty: the root."""
    parts = [part for part in group.split("/") if part not in ("", "-", "..")]
    for ending in (".service", ".scope", ".socket"):
        named = [part for part in parts if part.endswith(ending)]
        if named:
            return named[-1]
    return parts[-1] if parts else ""
