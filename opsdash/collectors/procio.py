"""Which processes read and write, of all users: only root may see it."""

from __future__ import annotations

from opsdash.collectors.parsing import knows, number, section, sections
from opsdash.collectors.two_looks import CLOCK, LOOKS
from opsdash.core.errors import BadOutput
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading, Row

COMMAND = (
    CLOCK
    + r"""
echo '== seen'
awk '"""
    + LOOKS
    + r"""
BEGIN {
  getline line < "/proc/self/stat"; own = line + 0
  users()
  began = uptime(); moved(read_was, "^read_bytes"); moved(written_was, "^write_bytes")
  system("sleep 1")
  passed = uptime() - began; moved(read_is, "^read_bytes"); moved(written_is, "^write_bytes")
  for (pid in read_is) {
    if (pid == own || !(pid in read_was)) continue
    seen++
    reads[pid] = read_is[pid] - read_was[pid]; writes[pid] = written_is[pid] - written_was[pid]
    sum[pid] = reads[pid] + writes[pid]
  }
  print "looked", passed, seen + 0
  n = most(sum, ranked, 60)
  for (i = 1; i <= n; i++) of_them = of_them " /proc/" ranked[i] "/stat /proc/" ranked[i] "/status"
  cmd = "grep -s \"\" /dev/null" of_them
  while (n && (cmd | getline line) > 0) {
    split(line, f, "/"); said = substr(line, index(line, ":") + 1)
    if (line ~ /^\/proc\/[0-9]+\/stat:/) stats[f[3]] = stats[f[3]] said " "
    else if (said ~ /^Uid:/) { split(said, g, /[: \t]+/); uid[f[3]] = g[2] }
  }
  for (i = 1; i <= n; i++) {
    pid = ranked[i]
    if (!(pid in stats) || !fields(stats[pid], f)) continue
    print "moved", pid, f[20], named(uid[pid]), reads[pid], writes[pid], f[1], called
  }
}' </dev/null
echo '== end'
"""
)


@knows("/proc/PID/io, twice")
def parse(output: Output, host: str, at: float) -> Reading:
    """A row per process that reads or writes at all, the one that does most first: bytes per second
    to and from disks, its start in the kernel's ticks, its state.
    """
    found = sections(output.data)
    section(found, "end")
    told = [line.split(" ", 7) for line in section(found, "seen")]
    if not told or told[0][0] != "looked":
        raise BadOutput("the list of processes is not whole")
    _, passed, seen, *_ = told[0]
    passed_s = number(passed.encode())
    rows = tuple(_row(line, passed_s) for line in told[1:])
    samples = {("procio.seen", ""): float(int(seen))}
    return Reading(host, "procio", at, samples, rows, source="/proc/PID/io, twice, as root")


def _row(fields: list[str], passed_s: float) -> Row:
    kind, pid, start, user, read, written, state, *name = fields
    if kind != "moved" or passed_s <= 0:
        raise BadOutput("a process without a time")
    read_bytes_s, write_bytes_s = (max(0.0, int(one) / passed_s) for one in (read, written))
    return {
        "pid": int(pid),
        "start": int(start),
        "user": user,
        "read_bytes_s": read_bytes_s,
        "write_bytes_s": write_bytes_s,
        "io_bytes_s": read_bytes_s + write_bytes_s,
        "state": state,
        "name": name[0] if name else "",
    }


PROCIO = Collector(
    name="procio",
    title="Who reads and writes",
    tier=Tier.DEMAND,
    command=COMMAND,
    every_s=60.0,
    timeout_s=15.0,
    parse=parse,
    metrics=(Metric("procio.seen", "processes", "Processes that were there at both looks"),),
    needs_root=True,
)
