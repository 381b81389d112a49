"""Two looks at all processes, a second apart: the awk that several collectors' commands begin with.

What a process took since it began says nothing of now.
"""

from __future__ import annotations

# grep reads the files, as mawk ends where a process does while it is read; it puts the file's name
# before every line, so a name with line ends in it stays one. A name may hold anything: it ends at
# the last parenthesis of the line. Processes whose start differs between the looks are two.
#
# fields(): f[1] state, f[2] parent, f[7] flags, f[12] and f[13] ticks of CPU, f[17] nice,
# f[18] threads, f[20] start in ticks, f[22] pages in memory; `called` is the name.
# most(): tells of a table of numbers which `n` have the greatest above 0: ranked[1..n]. A list that
# is kept sorted costs little, as few of 30,000 get into it.
LOOKS = r"""
function every(file, kept) {
  return "printf \"%s\\n\" /proc/[0-9]*/" file " | xargs grep -s \"" kept "\" /dev/null"
}
function look(stats,   line, pid, cmd) {
  split("", stats); cmd = every("stat", "")
  while ((cmd | getline line) > 0) {
    pid = substr(line, 7); pid = substr(pid, 1, index(pid, "/") - 1)
    stats[pid] = stats[pid] substr(line, index(line, ":") + 1) " "
  }
  close(cmd)
}
function fields(s, f,   first, end) {
  if (!match(s, /.*\)/)) return 0
  end = RLENGTH; first = index(s, "(")
  called = substr(s, first + 1, end - first - 1)
  return split(substr(s, end + 2), f, " ") >= 22
}
function moved(into, kept,   line, f, cmd) {
  cmd = every("io", kept)
  while ((cmd | getline line) > 0) { split(line, f, /[\/: ]+/); into[f[3]] += f[6] }
  close(cmd)
}
function most(values, ranked, n,   pid, count, place) {
  split("", ranked)
  for (pid in values) {
    if (values[pid] <= 0 || (count == n && values[pid] <= values[ranked[n]])) continue
    if (count < n) count++
    for (place = count; place > 1 && values[ranked[place - 1]] < values[pid]; place--)
      ranked[place] = ranked[place - 1]
    ranked[place] = pid
  }
  return count + 0
}
function uptime(   line, f) {
  getline line < "/proc/uptime"; close("/proc/uptime")
  split(line, f, " "); return f[1]
}
function users(   line, f) {
  while ((getline line < "/etc/passwd") > 0)
    if (split(line, f, ":") > 3 && !(f[3] in user)) user[f[3]] = f[1]
}
function named(id) {
  id = (id in user) ? user[id] : id
  gsub(/[ \t]/, "?", id); return id == "" ? "-" : id
}
"""

CLOCK = "clk=$(getconf CLK_TCK 2>/dev/null) || clk=100\n"
"""Shell: how many ticks a second has."""

KB = r"""
function sizes(of_them,   cmd, line, f) {
  cmd = "grep -sE \"^(Uid|VmRSS):\" /dev/null" of_them
  while (of_them && (cmd | getline line) > 0) {
    split(line, f, /[\/: \t]+/)
    if (f[5] == "Uid") uid[f[3]] = f[7]; else kb[f[3]] = f[6]
  }
  close(cmd)
}
"""
"""awk: of some processes (a list of their status files) the user's id and the memory in KiB."""
