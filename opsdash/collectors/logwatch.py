"""The lines of a host's log of the last hour that a watch rule means, folded before they travel.

Nothing is remembered between two looks: each looks at the last hour, so that what is found does not
hang on when opsdash was started, and nothing is found twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from opsdash.collectors.log_folding import Folded, folding, journal_of, wanted_lines
from opsdash.collectors.parsing import knows, section, sections
from opsdash.core.host import Host
from opsdash.core.plugin import Collector, Parse, Tier
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Metric, Output, Reading, Row, SampleKey
from opsdash.core.text import clean_line
from opsdash.core.watch_rule import LineKind, LogPlace, LogWhere, Seen, Watching, WatchRule

# An account that may read no log is no reason to know nothing of its host.
_NOT_READ = Problem(
    ProblemKind.UNSUPPORTED,
    "Log watch: no log here that this account may read: groups systemd-journal or adm allow it",
)
EVIDENCE = 400


def _extra(rules: Iterable[WatchRule]) -> list[LogWhere]:
    """The parts of a log that are not the host's own log, each once, in a lasting order."""
    own = (LogPlace.UNIT, LogPlace.FILE)
    found = {where for rule in rules for where in rule.sources if where.place in own}
    return sorted(found, key=str)


def _understands(rules: tuple[WatchRule, ...]) -> Parse:
    """A parser for what these rules are asked for.

    A row for each rule that means some of the lines: `rule`, `count` of them within its time
    (`more`: at least so many), the ages `age_s` and `first_age_s` of the last and the first of
    these, `program` and `line` of the last.
    """

    watching = Watching(rules)

    @knows("the log")
    def parse(output: Output, host: str, at: float) -> Reading:
        found = sections(output.data)
        section(found, "end")
        look = Folded.of(section(found, "now"))
        read = [name for name in ("journal", "file", "logread", "ring") if name in found]
        named = [name for name in found if name.startswith("extra")]
        if not read and not named:
            return Reading(host, "logwatch", at, problem=_NOT_READ)
        kinds = list(_kinds(found, look, rules))
        reach_s = min(look.reach_s(found[name]) for name in (*read, *named))
        rows = tuple(_row(one, look.now_s) for one in watching.seen(kinds, look.now_s))
        samples: dict[SampleKey, float] = {("logwatch.reach_s", ""): reach_s}
        for row in rows:
            samples["logwatch.lines", str(row["rule"])] = float(row["count"] or 0)
        source = ", ".join(read) or "files that rules name"
        return Reading(host, "logwatch", at, samples, rows, source=source)

    return parse


def _kinds(
    found: dict[str, list[str]], look: Folded, rules: tuple[WatchRule, ...]
) -> Iterator[LineKind]:
    """The kinds of lines of all parts that were read; the ring where no other has the kernel's."""
    own = [*look.by_journal(found.get("journal", ()))]
    own += look.by_syslog([*found.get("file", ()), *found.get("logread", ())])
    if not any(kind.last.program == "kernel" for kind in own):
        own += look.by_ring(found.get("ring", ()))
    yield from own
    for number, where in enumerate(_extra(rules)):
        lines = found.get(f"extra{number}", ())
        kinds = look.by_journal if where.place is LogPlace.UNIT else look.by_syslog
        for kind in kinds(lines):
            yield replace(kind, last=replace(kind.last, found_in=where))


def _row(one: Seen, now_s: float) -> Row:
    return {
        "rule": one.rule.name,
        "count": one.count,
        "more": one.more,
        "age_s": max(0.0, now_s - one.last_s),
        "first_age_s": max(0.0, now_s - one.first_s),
        "program": one.line.program,
        "line": clean_line(one.line.text, EVIDENCE),
    }


@lru_cache(maxsize=64)
def _for_rules(rules: tuple[WatchRule, ...]) -> Collector:
    bare = _programs(rule for rule in rules if not rule.words)
    command = folding(
        journal_of(_programs(rules)), _wanted(rules), _extra(rules), whole_ring="kernel" in bare
    )
    return replace(LOGWATCH, command=command, parse=_understands(rules), fitted=None)


def _programs(rules: Iterable[WatchRule]) -> list[str]:
    by = {LogPlace.PROGRAM, LogPlace.KERNEL}
    return [one.name or "kernel" for rule in rules for one in rule.sources if one.place in by]


def _wanted(rules: Sequence[WatchRule]) -> str:
    """Which lines travel: those with a word of some rule, and all of what a rule without words
    looks at.
    """
    words = [word for rule in rules for word in rule.words]
    bare = [rule for rule in rules if not rule.words]
    if any(where.place is LogPlace.ANY for rule in bare for where in rule.sources):
        return "1"
    return wanted_lines(words, _programs(bare))


def fitted(host: Host) -> Collector:
    """What this host is asked: that hangs on the rules that hold for it."""
    return _for_rules(host.watch)


LOGWATCH = Collector(
    name="logwatch",
    title="Log watch",
    tier=Tier.FACTS,
    command=folding(journal_of(()), "0", ()),
    every_s=60.0,
    timeout_s=10.0,
    max_bytes=393_216,
    parse=_understands(()),
    fitted=fitted,
    metrics=(
        Metric("logwatch.lines", "lines", "Lines that a watch rule means", label="rule"),
        Metric("logwatch.reach_s", "s", "How far back the log was looked at; at most an hour"),
    ),
)
