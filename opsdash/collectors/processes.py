"""The processes as a whole: how many there are and may be, zombies, and who waits for a disk."""

from __future__ import annotations

from opsdash.collectors.parsing import knows, section, sections
from opsdash.collectors.shell import HOST_TIME, host_time
from opsdash.core.errors import BadOutput
from opsdash.core.plugin import Collector, Tier
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Metric, Output, Reading, SampleKey

# grep reads every stat file, as mawk ends where a process does while it is read, and puts the
# file's name before every line, so a name with line ends in it stays one. A name may hold anything:
# it ends at the last parenthesis and stands last in each line. Threads of the kernel (bit 21 of the
# flags) wait uninterruptibly as a matter of course.
COMMAND = rf"""{HOST_TIME}
echo '== limits'
cat /proc/sys/kernel/pid_max /proc/sys/kernel/threads-max \
  /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null
echo '== seen'
printf '%s\n' /proc/[0-9]*/stat | xargs grep -s "" /dev/null | awk '{{
  pid = substr($0, 7); pid = substr(pid, 1, index(pid, "/") - 1)
  all[pid] = all[pid] substr($0, index($0, ":") + 1) " "
}}
function look(pid, s,   end, first, name, f) {{
  if (!match(s, /.*\)/)) return
  end = RLENGTH; first = index(s, "(")
  name = substr(s, first + 1, end - first - 1)
  if (split(substr(s, end + 2), f, " ") < 18) return
  tasks += f[18]; of[name] += f[18]; names[pid] = name
  if (f[1] == "Z") dead[f[2]]++
  if (f[1] == "D" && int(f[7] / 2097152) % 2 == 0 && waiting++ < 50)
    print "waits", pid, f[12] + f[13], name
}}
END {{
  for (pid in all) look(pid, all[pid])
  for (name in of) if (of[name] > most) {{ most = of[name]; who = name }}
  print "tasks", tasks + 0, ("1" in names), "-"
  print "most", "-", most + 0, who
  for (parent in dead) if (listed++ < 50) print "dead", parent, dead[parent], names[parent]
}}'
echo '== end'
"""

_HIDDEN = Problem(ProblemKind.UNSUPPORTED, "Processes: those of others are hidden (hidepid)")


@knows("/proc/PID/stat")
def parse(output: Output, host: str, at: float) -> Reading:
    """Threads and their limit, zombies by parent, and the CPU time of each that waits for a disk.

    Where one may see one's own processes only, nothing is known of them all.
    """
    found = sections(output.data)
    section(found, "end")
    up_s, row = host_time(found)
    samples: dict[SampleKey, float] = {("processes.up_s", ""): up_s}
    said = [[*line.split(" ", 3), ""][:4] for line in section(found, "seen")]
    if not any(kind == "tasks" for kind, *_ in said):
        raise BadOutput("the list of processes is not whole")
    for kind, one, two, name in said:
        if kind == "tasks" and two == "0":
            return Reading(host, "processes", at, problem=_HIDDEN)
        if kind == "tasks":
            samples["processes.threads", ""] = float(int(one))
        elif kind == "most":
            row = {**row, "most": name, "most_threads": int(two)}
        elif kind == "dead":
            samples["processes.zombies", f"{name or '?'} ({int(one)})"] = float(int(two))
        else:
            samples["processes.waiting_ticks", f"{name} ({int(one)})"] = float(int(two))
    limits = [int(line) for line in section(found, "limits") if line != "max"]
    if limits:
        samples["processes.most_threads", ""] = float(min(limits))
        samples["processes.used_ratio", ""] = samples["processes.threads", ""] / min(limits)
    return Reading(host, "processes", at, samples, (row,), source="/proc/PID/stat")


def derive(before: Reading, now: Reading, elapsed_s: float) -> dict[SampleKey, float]:
    """For how long a process has waited at each look and has got no CPU time between them."""
    stuck: dict[SampleKey, float] = {}
    for label, ticks in now.labelled("processes.waiting_ticks").items():
        if before.get("processes.waiting_ticks", label) == ticks:
            so_far_s = before.get("processes.stuck_s", label) or 0.0
            stuck["processes.stuck_s", label] = so_far_s + elapsed_s
    return stuck


PROCESSES = Collector(
    name="processes",
    title="Processes",
    tier=Tier.FACTS,
    command=COMMAND,
    every_s=60.0,
    parse=parse,
    derive=derive,
    metrics=(
        Metric("processes.up_s", "s", "Time since boot at which these were read"),
        Metric("processes.threads", "threads", "Threads of all processes", kept=True),
        Metric(
            "processes.most_threads", "threads", "Most that there can be: pid_max or a cgroup's"
        ),
        Metric("processes.used_ratio", "ratio", "Share of them that there are", kept=True),
        Metric("processes.zombies", "processes", "Ended and not yet fetched", label="parent"),
        Metric("processes.waiting_ticks", "ticks", "CPU time of one that waits", label="process"),
        Metric("processes.stuck_s", "s", "Waits for so long, and did nothing", label="process"),
    ),
)
