"""Every process of a host, or of very many those that take most, with whose children they are."""

from __future__ import annotations

from opsdash.collectors.listening import unit_of
from opsdash.collectors.parsing import knows, number, section, sections
from opsdash.collectors.two_looks import CLOCK, KB, LOOKS
from opsdash.core.errors import BadOutput
from opsdash.core.masking import mask
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading, Row

# Up to 250 processes are told each; of more those that take most of anything, those that wait or
# are dead, and all whose children these are. Words of a command line are parted by NUL: grep -z
# makes a line of each, with its file's name in front, and line ends in them become spaces. When
# command lines get long all together, only their beginnings are told.
#
# What was begun just now in our own session is what asks: shells, a limit of time.
#
# A container's uptime is its own, and starts of processes are the machine's: our own awk has just
# begun, which ties the two together.
COMMAND = (
    CLOCK
    + r"""
echo '== seen'
awk -v clk="$clk" -v whole=250 -v each=60 '"""
    + LOOKS
    + KB
    + r"""
function tell(pid,   hops) {
  while ((pid in name) && !(pid in told) && hops++ < 40 && telling < 400) {
    told[pid] = 1; order[++telling] = pid; pid = parent[pid]
  }
}
function add(values, n,   ranked, i) {
  n = most(values, ranked, n)
  for (i = 1; i <= n; i++) tell(ranked[i])
}
function files(kind,   i, all) {
  for (i = 1; i <= telling; i++) all = all " /proc/" order[i] "/" kind
  return all
}
function groups(   cmd, line, f, said) {
  cmd = "grep -s \"\" /dev/null" files("cgroup")
  while ((cmd | getline line) > 0) {
    split(line, f, "/"); said = substr(line, index(line, ":") + 1)
    if (said ~ /^0::\/./) group[f[3]] = substr(said, 4)
    else if (said ~ /^[0-9]+:name=systemd:\/./ && !(f[3] in group))
      group[f[3]] = substr(said, index(said, "/"))
  }
  close(cmd)
}
function words(   cmd, line, f, room, said) {
  cmd = "grep -zs \"\" /dev/null" files("cmdline") " | head -c 2000000 | tr \"\\n\\000\" \" \\n\""
  while ((cmd | getline line) > 0) {
    split(line, f, "/"); room = (said < 60000 ? 1024 : 120) - length(args[f[3]])
    line = substr(line, index(line, ":") + 1, room > 0 ? room : 0)
    if (line == "") continue
    said += length(line) + 1; args[f[3]] = args[f[3]] line " "
  }
  close(cmd)
}
BEGIN {
  getline line < "/proc/self/stat"; own = line + 0; began = uptime()
  if (fields(line, f)) { zero = f[20] / clk - began; session = f[4]; asking = f[20] - 3 * clk }
  users()
  first = uptime(); look(was); moved(before, "^[rw][a-z]*_bytes")
  system("sleep 1")
  now = uptime(); look(is); moved(after, "^[rw][a-z]*_bytes")
  for (pid in is) {
    if (pid == own || !(pid in was) || !fields(was[pid], old) || !fields(is[pid], f)) continue
    if (old[20] != f[20] || (f[4] == session && f[20] >= asking)) continue
    seen++; name[pid] = called; parent[pid] = f[2]; held[pid] = f[22] + 0
    busy[pid] = f[12] + f[13] - old[12] - old[13]
    drawn[pid] = (pid in before && pid in after) ? after[pid] - before[pid] : -1
    odd[pid] = f[1] ~ /[DZTt]/
    rest[pid] = f[1] " " f[12] + f[13] " " int((now + zero) * clk - f[20]) " " f[20] " " \
      f[18] " " f[17]
  }
  if (seen <= whole) for (pid in name) tell(pid)
  else { add(busy, each); add(drawn, each); add(odd, 20); add(held, each) }
  sizes(files("status")); groups(); words()
  print "looked", now - first, clk, seen + 0, ("1" in is)
  for (i = 1; i <= telling; i++) {
    pid = order[i]; in_group = (pid in group) ? group[pid] : "-"
    gsub(/[ \t]/, "?", in_group)
    print "is", pid, parent[pid], named(uid[pid]), busy[pid], kb[pid] + 0, drawn[pid], \
      rest[pid], in_group, name[pid]
    if (pid in args) print "args", pid, args[pid]
  }
}' </dev/null
echo '== end'
"""
)


@knows("/proc/PID, twice")
def parse(output: Output, host: str, at: float) -> Reading:
    """A row per process, in no order. `cores` is what it took of one core (1.0: all of it),
    `io_bytes_s` what it read and wrote (None: not for this login to see), `age_s` how long it has
    been there, `start` its start in the kernel's ticks, which tells apart two of one id.

    ``ps.seen`` counts all, told or not; ``ps.hidden`` is 1 where one may see one's own only.
    Passwords on command lines are masked.
    """
    found = sections(output.data)
    section(found, "end")
    lines = section(found, "seen")
    if not lines or not lines[0].startswith("looked "):
        raise BadOutput("the list of processes is not whole")
    _, passed, ticks_per_s, seen, whole, *_ = lines[0].split(" ")
    passed_s, ticks = number(passed.encode()), number(ticks_per_s.encode())
    if passed_s <= 0 or ticks <= 0:
        raise BadOutput("a list of processes without a time")
    args: dict[str, str] = {}
    told: list[list[str]] = []
    for line in lines[1:]:
        kind, rest = line.split(" ", 1)
        if kind == "args":
            pid, _, words = rest.partition(" ")
            args[pid] = mask(words.strip())
        elif kind == "is":
            told.append(rest.split(" ", 13))
        else:
            raise BadOutput("unknown line in the list of processes")
    rows = tuple(_row(fields, args.get(fields[0], ""), passed_s, ticks) for fields in told)
    samples = {("ps.seen", ""): float(int(seen)), ("ps.hidden", ""): float(whole == "0")}
    return Reading(host, "ps", at, samples, rows, source="/proc/PID, twice")


def _row(fields: list[str], args: str, passed_s: float, ticks_per_s: float) -> Row:
    pid, parent, user, busy, kb, drawn, state, took, age, start, threads, nice, group, *name = (
        fields
    )
    drawn_bytes = float(int(drawn))
    return {
        "pid": int(pid),
        "parent": int(parent),
        "user": user,
        "cores": max(0.0, int(busy) / ticks_per_s / passed_s),
        "memory_bytes": float(int(kb)) * 1024,
        "io_bytes_s": None if drawn_bytes < 0 else drawn_bytes / passed_s,
        "state": state,
        "cpu_s": max(0.0, int(took) / ticks_per_s),
        "age_s": max(0.0, int(age) / ticks_per_s),
        "start": int(start),
        "threads": int(threads),
        "nice": int(nice),
        "unit": unit_of(group),
        "name": name[0] if name else "",
        "args": args,
    }


PS = Collector(
    name="ps",
    title="Every process",
    tier=Tier.DEMAND,
    command=COMMAND,
    every_s=6.0,
    timeout_s=20.0,
    max_bytes=262_144,
    parse=parse,
    metrics=(
        Metric("ps.seen", "processes", "Processes that were there at both looks"),
        Metric("ps.hidden", "flag", "Whether those of others are hidden (hidepid)"),
    ),
)
