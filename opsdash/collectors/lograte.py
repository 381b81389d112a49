"""How many lines the system's log gets a minute, and who writes them: a storm hides all else."""

from __future__ import annotations

from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.errors import BadOutput
from opsdash.core.plugin import Collector, Tier
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Metric, Output, Reading, Row

MOST_LINES = 20_000
"""Of a minute: more are told as so many."""

TOLD = 3

# Of a journal, the last sixty seconds; of a file, the last whole minute, by what its stamps begin
# with ("Nov 27 20:06" or "2026-11-27T20:06"), in its last two megabytes. A journal that the login
# may not read shows the login's own lines only: then nothing is told.
COMMAND = (
    (
        r"""
count() {
  awk -v from="$1" -v iso="$2" -v told=TOLD '
  from == "" || index($0, from) == 1 || index($0, iso) == 1 {
    all++
    tag = ($1 ~ /^[0-9]+-/) ? $3 : $5
    sub(/(\[[0-9]*\])?:$/, "", tag)
    if (tag == "" || length(tag) > 64) tag = "?"
    n[tag]++; last[tag] = substr($0, 1, 300)
  }
  END {
    print "lines", all + 0
    for (turn = 0; turn < told; turn++) {
      best = ""
      for (tag in n) if (best == "" || n[tag] > n[best]) best = tag
      if (best == "") break
      print "by", n[best], best; print "last", last[best]; delete n[best]
    }
  }'
}
if [ -d /run/systemd/system ] && command -v journalctl >/dev/null 2>&1; then
  for log in /var/log/journal/*/system.journal /run/log/journal/*/system.journal; do
    [ -r "$log" ] || continue
    echo '== journal'
    journalctl -q --no-pager -o short --since=-60s -n MOST_LINES 2>/dev/null | count '' ''
    break
  done
else
  at=$(($(date +%s) - 60))
  for log in /var/log/syslog /var/log/messages; do
    [ -r "$log" ] || continue
    echo '== file'; echo "$log"
    tail -c 2000000 "$log" | count "$(date -d "@$at" '+%b %e %H:%M')" \
      "$(date -d "@$at" '+%Y-%m-%dT%H:%M')"
    break
  done
fi
echo '== end'
"""
    )
    .replace("MOST_LINES", str(MOST_LINES))
    .replace("TOLD", str(TOLD))
)


@knows("the system's log")
def parse(output: Output, host: str, at: float) -> Reading:
    """Lines of a minute, and a row for each of those who write the most: its name, how many, and
    the last line.
    """
    found = sections(output.data)
    section(found, "end")
    name = "journal" if "journal" in found else "file"
    if name not in found:
        text = "Log lines: no log that this login may read (adm, systemd-journal)"
        return Reading(host, "lograte", at, problem=Problem(ProblemKind.UNSUPPORTED, text))
    source, *lines = section(found, name) if name == "file" else ["journalctl", *found[name]]
    kind, _, total = lines[0].partition(" ") if lines else ("", "", "")
    if kind != "lines":
        raise BadOutput("the number of log lines is missing")
    rows: list[Row] = []
    for by, last in zip(lines[1::2], lines[2::2], strict=False):
        word, number, tag = by.split(" ", 2)
        if word != "by" or not last.startswith("last "):
            raise BadOutput("who writes the log is not told in full")
        rows.append({"tag": tag, "lines": int(number), "last": last.removeprefix("last ")})
    samples = {("lograte.lines_per_min", ""): float(int(total))}
    return Reading(host, "lograte", at, samples, tuple(rows), source=source)


LOGRATE = Collector(
    name="lograte",
    title="Log lines",
    tier=Tier.FACTS,
    command=COMMAND,
    every_s=60.0,
    timeout_s=15.0,
    parse=parse,
    metrics=(
        Metric("lograte.lines_per_min", "lines/min", "Lines that the system's log got", kept=True),
    ),
)
