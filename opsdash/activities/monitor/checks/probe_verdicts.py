"""What an answer of an own probe is worth: health, what was got and what was expected, in words."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from opsdash.core.health import Health
from opsdash.core.host import Limits
from opsdash.core.probe import Command, Dns, File, Http, Outcome, Probe, Process, Tcp, Tls
from opsdash.core.reading import Row
from opsdash.core.text import clean_line, count, duration, shorten, size
from opsdash.core.thresholds import level, level_below, limit_crossed

_NAGIOS = {0: Health.OK, 1: Health.WARN, 2: Health.CRIT}
_NAGIOS_WORDS = {0: "OK", 1: "WARNING", 2: "CRITICAL", 3: "UNKNOWN"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an answer is, what was got, what was expected, and what to do about it."""

    health: Health
    got: str
    expected: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of a probe, looked at `now`; `before` is what it was worth the last time."""

    probe: Probe
    row: Row
    now: float
    before: Health

    def number(self, cell: str) -> float | None:
        """A cell that holds a number."""
        value = self.row.get(cell)
        return float(value) if isinstance(value, int | float) else None

    def words(self, cell: str) -> list[str]:
        """The words of a cell."""
        return str(self.row.get(cell) or "").split()

    def bad(self, got: str, wanted: str = "") -> Verdict:
        """It is worth what its failure is said to be worth."""
        return Verdict(self.probe.severity, got, wanted or expected(self.probe))


def verdict(probe: Probe, row: Row, now: float, before: Health) -> Verdict | None:
    """None where all is as it should be. `before` is what the probe was worth the last time."""
    outcome = row.get("outcome")
    if outcome == Outcome.UNKNOWN:
        advice = str(row.get("hint") or "") or ADVICE[probe.kind]
        return Verdict(Health.UNKNOWN, f"unknown: {row.get('text')}", expected(probe), advice)
    if outcome == Outcome.FAILED:
        why = str(row.get("text"))
        return Verdict(probe.severity, why, expected(probe), _advice_for(probe, why))
    answer = _Answer(probe, row, now, before)
    return _of_its_kind(answer) or _slow(answer)


def _of_its_kind(answer: _Answer) -> Verdict | None:
    match answer.probe.what:
        case Tcp():
            return None
        case Tls() as what:
            return _tls(what, answer)
        case Http() as what:
            return _http(what, answer)
        case Dns() as what:
            return _dns(what, answer)
        case Process() as what:
            return _process(what, answer)
        case File() as what:
            return _file(what, answer)
        case Command():
            return _command(answer)


def expected(probe: Probe) -> str:
    """What a probe wants to see, in words."""
    match probe.what:
        case Tcp():
            return "a connection"
        case Tls(name=name):
            return f"a certificate for {name}" if name else "a certificate"
        case Http(statuses=statuses, body=body):
            wanted = " or ".join(map(str, statuses)) or "200 to 399"
            return f"HTTP {wanted}{f' with {body!r} in it' if body else ''}"
        case Dns(addresses=addresses):
            return " ".join(addresses) or "an address"
        case Process():
            return _how_many(probe.what)
        case File(newer_than_s=newer, larger_than_bytes=larger):
            age = "" if newer is None else f"newer than {duration(newer)}"
            bulk = "" if larger is None else f"larger than {size(larger)}"
            return ", ".join(filter(None, (age, bulk))) or "that it is there"
        case Command():
            return "exit status 0"


def _how_many(what: Process) -> str:
    if what.at_most == what.at_least:
        return count(what.at_least, "process", "processes")
    if what.at_most is None:
        return f"at least {what.at_least}"
    return f"{what.at_least} to {what.at_most}"


def _slow(answer: _Answer) -> Verdict | None:
    took_s, limits = answer.number("time_s"), answer.probe.slow
    if took_s is None:
        return None
    health = level(took_s, limits, answer.before, margin=(limits.warn or 0.0) * 0.1)
    limit = limit_crossed(health, limits)
    if health is Health.OK or limit is None:
        return None
    return Verdict(health, f"took {took_s:.2g}s (limit {limit:g}s)", f"less than {limit:g}s")


def _tls(what: Tls, answer: _Answer) -> Verdict | None:
    begins, ends, now = answer.number("begins_at"), answer.number("expires_at"), answer.now
    if begins is None or ends is None:
        return Verdict(Health.UNKNOWN, "unknown: no certificate was read", expected(answer.probe))
    if ends <= now:
        return answer.bad(f"certificate expired {duration(now - ends)} ago", "a valid one")
    if begins > now:
        return answer.bad(f"certificate begins in {duration(begins - now)}", "a valid one")
    names = answer.words("names")
    if what.name and not any(_is_for(name, what.name) for name in names):
        shown = shorten(" ".join(names), 30) or "nobody"
        return answer.bad(f"certificate is for {shown}", what.name)
    return _ends_soon(what.expires, ends - now, answer.before)


def _ends_soon(limits: Limits, left_s: float, before: Health) -> Verdict | None:
    health = level_below(left_s, limits, before, margin=0.0)
    limit = limit_crossed(health, limits)
    if health is Health.OK or limit is None:
        return None
    got = f"certificate ends in {duration(left_s)} (limit {duration(limit)})"
    return Verdict(health, got, f"more than {duration(limit)} left")


def _is_for(name: str, wanted: str) -> bool:
    """Whether a name of a certificate, which may begin with ``*.``, is the wanted one."""
    name, wanted = name.lower().rstrip("."), wanted.lower().rstrip(".")
    if name.startswith("*."):
        return wanted.partition(".")[2] == name[2:] and not _same_ip(wanted, wanted)
    return name == wanted or _same_ip(name, wanted)


def _same_ip(one: str, other: str) -> bool:
    try:
        return ip_address(one) == ip_address(other)
    except ValueError:
        return False


def _http(what: Http, answer: _Answer) -> Verdict | None:
    status = int(answer.number("status") or 0)
    if status not in what.statuses if what.statuses else not 200 <= status <= 399:
        wanted = " or ".join(map(str, what.statuses[:3])) or "200 to 399"
        return answer.bad(f"HTTP {status} instead of {wanted}")
    if what.body and answer.row.get("matches") is not True:
        return answer.bad(f"HTTP {status} without {shorten(repr(what.body), 24)}")
    return None


def _dns(what: Dns, answer: _Answer) -> Verdict | None:
    found = answer.words("addresses")
    lacking = [one for one in what.addresses if not any(_same_ip(one, other) for other in found)]
    if not lacking:
        return None
    return answer.bad(f"{shorten(' '.join(found), 30) or 'nothing'} instead of {lacking[0]}")


def _process(what: Process, answer: _Answer) -> Verdict | None:
    there = int(answer.number("count") or 0)
    if what.at_least <= there <= (there if what.at_most is None else what.at_most):
        return None
    found = f"{there or 'no'} {'process' if there < 2 else 'processes'} {shorten(what.name, 15)}"
    return answer.bad(f"{found}, wanted {_how_many(what)}")


def _file(what: File, answer: _Answer) -> Verdict | None:
    age, bulk = answer.number("age_s"), answer.number("size_bytes")
    if age is None or bulk is None:
        text = "unknown: no age and size were read"
        return Verdict(Health.UNKNOWN, text, expected(answer.probe))
    if what.newer_than_s is not None and age >= what.newer_than_s:
        return answer.bad(f"{duration(age)} old (limit {duration(what.newer_than_s)})")
    if what.larger_than_bytes is not None and bulk <= what.larger_than_bytes:
        return answer.bad(f"{size(bulk)} (limit {size(what.larger_than_bytes)})")
    return None


def _command(answer: _Answer) -> Verdict | None:
    status = int(answer.number("status") or 0)
    health = _NAGIOS.get(status, Health.UNKNOWN)
    if health is Health.OK:
        return None
    word = _NAGIOS_WORDS.get(status, f"exit status {status}")
    said = clean_line(str(answer.row.get("said") or ""))
    text = said if word in said.upper() else f"{word}: {said}" if said else word
    return Verdict(min(health, answer.probe.severity), text, expected(answer.probe))


ADVICE = {
    "tcp": "is the service up (systemctl status), does it listen there (ss -ltn), any firewall?",
    "tls": "renew the certificate and reload the service that shows it",
    "http": "read the log of the service; ask it by hand: curl -v",
    "dns": "ask by hand (getent ahosts, dig) and look at /etc/resolv.conf and the zone",
    "process": "start the service, or read its log for why it ended",
    "file": "look at the job that writes it: its timer or cron entry, and its log",
    "command": "run it by hand on the host as the user that opsdash logs in as",
}


def _advice_for(probe: Probe, failure: str) -> str:
    """The next step after no answer: without a connection nothing else matters."""
    over_tcp = probe.kind in ("tls", "http")
    if over_tcp and "certificate" in failure:
        return ADVICE["tls"]
    return ADVICE["tcp" if over_tcp else probe.kind]
