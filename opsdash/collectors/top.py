"""The processes that take most: of the processors, of the memory, of the disks."""

from __future__ import annotations

from opsdash.collectors.parsing import knows, number, section, sections
from opsdash.collectors.two_looks import CLOCK, KB, LOOKS
from opsdash.core.errors import BadOutput
from opsdash.core.plugin import Collector, Tier
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Metric, Output, Reading, Row

# Only those that take most are told, so that a list of 30,000 stays a screenful. A name may hold
# anything, so it stands last. Our own awk is left out.
COMMAND = (
    CLOCK
    + r"""
all=0
cat /proc/1/io >/dev/null 2>&1 && all=1
echo '== seen'
awk -v clk="$clk" -v all="$all" '"""
    + LOOKS
    + KB
    + r"""
function add(values,   ranked, n, i) {
  n = most(values, ranked, 15)
  for (i = 1; i <= n; i++) {
    if (!(ranked[i] in told)) of_them = of_them " /proc/" ranked[i] "/status"
    told[ranked[i]] = 1
  }
}
BEGIN {
  getline line < "/proc/self/stat"; own = line + 0
  users()
  began = uptime(); look(was); if (all) moved(before, "^[rw][a-z]*_bytes")
  system("sleep 1")
  passed = uptime() - began; look(is); if (all) moved(after, "^[rw][a-z]*_bytes")
  for (pid in is) {
    if (pid == own || !(pid in was) || !fields(was[pid], old) || !fields(is[pid], f)) continue
    if (old[20] != f[20]) continue
    seen++; name[pid] = called; state[pid] = f[1]; held[pid] = f[22] + 0
    busy[pid] = f[12] + f[13] - old[12] - old[13]
    drawn[pid] = (pid in before && pid in after) ? after[pid] - before[pid] : -1
    if (f[1] == "D" && old[1] == "D" && int(f[7] / 2097152) % 2 == 0) stuck[pid] = 1
  }
  print "looked", passed, clk, seen + 0, ("1" in is)
  add(busy); add(held); add(drawn); add(stuck)
  sizes(of_them)
  for (pid in told)
    print "took", pid, named(uid[pid]), busy[pid], kb[pid] + 0, drawn[pid], state[pid], name[pid]
}' </dev/null
echo '== end'
"""
)

_HIDDEN = Problem(ProblemKind.UNSUPPORTED, "Top processes: those of others are hidden (hidepid)")


@knows("/proc/PID/stat, twice")
def parse(output: Output, host: str, at: float) -> Reading:
    """A row per process: what it took of one core (1.0: all of it), its memory in bytes, what it
    read and wrote in bytes per second (None: not for this login to see), its state.

    Where one may see one's own processes only there is no list: it would name the wrong ones.
    """
    found = sections(output.data)
    section(found, "end")
    told = [line.split(" ", 7) for line in section(found, "seen")]
    if not told or told[0][0] != "looked":
        raise BadOutput("the list of processes is not whole")
    _, passed, ticks_per_s, seen, whole, *_ = told[0]
    if whole == "0":
        return Reading(host, "top", at, problem=_HIDDEN)
    passed_s, ticks = number(passed.encode()), number(ticks_per_s.encode())
    rows = tuple(_row(line, passed_s, ticks) for line in told[1:])
    return Reading(
        host, "top", at, {("top.seen", ""): float(int(seen))}, rows, source="/proc/PID/stat, twice"
    )


def _row(fields: list[str], passed_s: float, ticks_per_s: float) -> Row:
    kind, pid, user, busy, kb, drawn, state, *name = fields
    if kind != "took" or passed_s <= 0 or ticks_per_s <= 0:
        raise BadOutput("a process without a time")
    drawn_bytes = float(int(drawn))
    return {
        "pid": int(pid),
        "user": user,
        "cores": max(0.0, float(int(busy)) / ticks_per_s / passed_s),
        "memory_bytes": float(int(kb)) * 1024,
        "io_bytes_s": None if drawn_bytes < 0 else drawn_bytes / passed_s,
        "state": state,
        "name": name[0] if name else "",
    }


TOP = Collector(
    name="top",
    title="Top processes",
    tier=Tier.DEMAND,
    command=COMMAND,
    every_s=6.0,
    timeout_s=15.0,
    parse=parse,
    metrics=(Metric("top.seen", "processes", "Processes that were there at both looks"),),
)
