"""What is listed as open, acknowledged, muted and over; and the verbs that silence."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from opsdash.activities.monitor import silence_commands as verbs
from opsdash.activities.monitor.alert_list import RECENT_S, Alerts, alerts
from opsdash.activities.monitor.alerts_report import as_table, document
from opsdash.activities.monitor.silence_wish import understood
from opsdash.config.alerts_file import read_alerts
from opsdash.core.errors import ConfigError, OpsdashError, SelectionError
from opsdash.core.event import Event, EventKind
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.host import Host, Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.reading import Reading
from opsdash.core.silence import USUAL_S, Silence, SilenceKind
from opsdash.core.snapshot import HostState, Link, LinkState, Snapshot
from opsdash.core.thresholds import level
from opsdash.engine.chronicle import Chronicle
from opsdash.engine.judge import Judge, Judgement
from opsdash.store.events import Events
from opsdash.store.store import Store

NOW = 1_800_000_000.0
DAY_S = 86_400
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "alerts.schema.json").read_text())
FULL = Finding("disk-full", "db1", Health.CRIT, "/var 97% full", subject="/var", since=NOW - 600)
ACK = Silence("a1", SilenceKind.ACK, "db1", NOW, NOW + 7200, "disk-full", "/var", "mine", "tom")
WORK = Silence("w1", SilenceKind.MAINTENANCE, "db*", NOW, NOW + 60, reason="new disks", who="eve")


def host(name: str, *findings: Finding) -> HostState:
    return HostState(Host(name), at=NOW, findings=findings)


def event(kind: EventKind, ago_s: float, name: str = "db1", subject: str = "/var") -> Event:
    text, health = "/var 97% full", Health.CRIT
    return Event(NOW - ago_s, kind, name, text, health, check="disk-full", subject=subject)


def listed(*events: Event, states: tuple[HostState, ...] = (host("db1"),)) -> Alerts:
    return alerts(states, events, (), NOW)


def test_each_finding_stands_in_the_part_where_it_belongs() -> None:
    load = Finding("load-high", "db1", Health.WARN, "load 9", since=NOW - 5)
    acked = replace(FULL, subject="/", silence=ACK)
    worked = replace(FULL, host="db2", silence=WORK)
    states = (
        host("db1", load, acked),
        host("db2", worked),
        host("web1", replace(FULL, host="web1")),
    )
    other = replace(WORK, id="w2", hosts="nas1")
    found = alerts(states, (), (WORK, ACK, other), NOW)
    assert [one.key for one in found.open] == [("web1", "disk-full", "/var"), load.key]
    assert [one.key for one in found.acked] == [acked.key]
    assert [one.key for one in found.muted] == [worked.key]
    assert found.idle == [other]
    assert found.recent == []


def test_what_has_ended_says_how_long_it_lasted() -> None:
    found, over = event(EventKind.FOUND, 900), event(EventKind.OVER, 300)
    (one,) = listed(found, over).recent
    assert (one.began, one.ended, one.times) == (NOW - 900, NOW - 300, 0)
    assert listed(found, replace(over, host="gone")).recent == []
    late = replace(over, at=NOW - RECENT_S - 1)
    assert listed(late).recent == []
    (unknown,) = listed(over).recent
    assert unknown.began == 0


@pytest.mark.parametrize(("times", "rows"), [(3, 3), (4, 0)])
def test_what_comes_and_goes_too_often_is_one_row(times: int, rows: int) -> None:
    events = [
        one
        for turn in range(times)
        for one in (
            event(EventKind.FOUND, 3000 - 600 * turn),
            event(EventKind.OVER, 2900 - 600 * turn),
        )
    ]
    gone = listed(*events)
    assert len(gone.recent) == rows
    assert [one.words for one in gone.open] == (
        [] if rows else ["flaps, 4 times in 1h: /var 97% full"]
    )
    there = listed(*events, states=(host("db1", FULL),))
    assert [one.times for one in there.open] == [0 if rows else 4]
    assert len(there.recent) == rows


def test_what_flapped_earlier_is_one_row_among_what_is_over() -> None:
    turns = [7200 + 60 * turn for turn in range(20)][::-1]
    events = [
        one
        for ago in turns
        for one in (event(EventKind.FOUND, ago), event(EventKind.OVER, ago - 30))
    ]
    found = listed(*events)
    assert found.open == []
    assert [one.text for one in found.recent] == ["came and went 20 times: /var 97% full"]


def test_the_report_says_all_of_it_and_keeps_to_its_schema() -> None:
    acked = replace(FULL, silence=ACK)
    states = {"db1": host("db1", acked), "web1": host("web1", replace(FULL, host="web1"))}
    snapshot = Snapshot(1, NOW, states, "hosts.yaml", ("mind this",))
    over = event(EventKind.OVER, 300, subject="/")
    found = alerts(states.values(), [over], (ACK, WORK), NOW)
    said = document(snapshot, found)
    jsonschema.validate(said, SCHEMA, format_checker=jsonschema.FormatChecker())
    text = "\n".join(as_table(snapshot, found))
    assert "open: 1" in text
    assert "2h left, tom: mine" in text
    assert "60s left, eve: new disks" in text
    assert text.endswith("mind this")
    assert as_table(snapshot, Alerts())[0] == "nothing is open"


# -- a day of flapping ----------------------------------------------------------------------------


def _full(inquiry: Inquiry) -> list[Finding]:
    ratio = inquiry.state.value("disk.used_ratio", "/var") or 0.0
    health = level(ratio, inquiry.limits, inquiry.before("/var"), margin=0.05)
    name = inquiry.state.name
    return [] if health is Health.OK else [Finding("disk", name, health, "full", subject="/var")]


async def test_a_host_that_flaps_every_ten_seconds_for_a_day_is_one_row(tmp_path: Path) -> None:
    """Judge, chronicle and store by a simulated clock: a day of it, five seconds each way."""
    now = [NOW - DAY_S]
    check = Check("disk", "Disk", _full, ("disk",), limits=Limits(0.8, 0.9), unit="ratio")
    store = Store(tmp_path / "history.db")
    await store.open()
    judge, chronicle = Judge({"disk": check}), Chronicle(Events(store), lambda: now[0])
    await chronicle.begin(())
    await chronicle.started(1, 1)
    judgement, state = Judgement(Health.UNKNOWN, ()), host("db1")
    for turn in range(DAY_S // 5):
        now[0] += 5
        reading = Reading(
            "db1", "disk", now[0], {("disk.used_ratio", "/var"): 0.95 if turn % 2 else 0.1}
        )
        state = HostState(
            Host("db1"), link=Link(LinkState.UP), at=now[0], readings={"disk": reading}
        )
        judgement = judge.judge(state, now[0])
        chronicle.judged("db1", judgement)
        if turn % 720 == 0:
            await chronicle.flush()
    events = await chronicle.since(now[0] - RECENT_S)
    for findings in (judgement.findings, ()):
        found = alerts([replace(state, findings=findings)], events, (), now[0])
        (row,) = found.open
        assert row.words == "flaps, 360 times in 1h: full"
        assert found.recent == []
    await store.close()


# -- what is typed --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds", "reason"),
    [
        ("2h new disks", 7200, "new disks"),
        ("  30m   x ", 1800, "x"),
        ("new disks", USUAL_S, "new disks"),
        ("7d", 7 * 86400, ""),
        ("", USUAL_S, ""),
        ("2h \x1b[31mred\x1b[0m", 7200, "red"),
    ],
)
def test_a_wish_is_a_time_and_a_reason(text: str, seconds: float, reason: str) -> None:
    assert understood(text, reasoned=False) == (seconds, reason)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2h", "say why"),
        ("", "say why"),
        ("2x5m now", "is no time span"),
        ("999d long", "everything has an end"),
        ("0.1s now", "from 1s"),
        ("2h -----BEGIN RSA PRIVATE KEY-----", "keeps no passwords or keys"),
    ],
)
def test_what_is_missing_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        understood(text, reasoned=True)


# -- the verbs ------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fleet of three whose last look has found a full disk on one of them."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    hosts = tmp_path / "hosts.yaml"
    hosts.write_text("alerts_file: team.yaml\nhosts:\n  db1: {tags: [prod]}\n  db2:\n  web1:\n")
    hosts.chmod(0o600)

    async def look() -> None:
        store = Store(tmp_path / "opsdash" / "history.db")
        await store.open()
        await store.save_findings(NOW, [FULL, replace(FULL, subject="/")], [], ["db1"])
        await store.close()

    asyncio.run(look())
    return tmp_path


def call(home: Path, verb: str, *words: str) -> Result:
    built = {
        "ack": verbs.build_ack,
        "mute": verbs.build_mute,
        "maintenance": verbs.build_maintenance,
    }
    return CliRunner().invoke(built[verb](), [*words, "--hosts", str(home / "hosts.yaml")])


def in_force(home: Path) -> list[tuple[str, ...]]:
    """What the shared file says is in force."""
    known = read_alerts(home / "team.yaml").values() if (home / "team.yaml").exists() else ()
    return sorted(
        (one.kind.value, one.hosts, one.check, one.subject, one.reason)
        for one in known
        if not one.over
    )


def test_an_ack_is_of_what_is_open_and_is_taken_back(home: Path) -> None:
    done = call(home, "ack", "db1", "disk-full", "/var", "--for", "2h", "--note", "mine")
    assert (done.exit_code, done.stdout.split(" until ")[0]) == (0, "ack")
    assert in_force(home) == [("ack", "db1", "disk-full", "/var", "mine")]
    call(home, "ack", "db1", "disk-full")
    assert in_force(home) == [(("ack"), "db1", "disk-full", at, "") for at in ("/", "/var")]
    done = call(home, "ack", "db1", "disk-full", "--undo")
    assert done.stdout.count("taken back") == 2
    assert in_force(home) == []


def test_mute_and_maintenance_say_whom_and_why(home: Path) -> None:
    assert call(home, "mute", "tag:prod", "--check", "disk-full", "--reason", "lab").exit_code == 0
    assert call(home, "maintenance", "db*", "!db2", "--reason", "x", "--for", "1h").exit_code == 0
    expected = [
        ("maintenance", "db* !db2", "", "", "x"),
        ("mute", "tag:prod", "disk-full", "", "lab"),
    ]
    assert in_force(home) == expected
    assert call(home, "mute", "tag:prod", "--check", "disk-full", "--undo").exit_code == 0
    assert call(home, "maintenance", "db*", "!db2", "--undo").exit_code == 0
    assert in_force(home) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ack", "db1", "load-high"), "open there: disk-full /, disk-full /var"),
        (("ack", "web1", "disk-full"), "nothing is: opsdash status looks"),
        (("ack", "db1", "disk-full", "--undo"), "nobody has acknowledged"),
        (("ack", "db1", "disk-full", "--for", "soon"), "should be a time span"),
        (("mute", "db1"), "say why"),
        (("mute", "db1", "--check", "disk-fil", "--reason", "x"), "did you mean disk-full?"),
        (("maintenance", "db1", "--undo"), "there is no such maintenance in force"),
        (("maintenance", "db1", "--reason", "x", "--for", "900d"), "everything has an end"),
    ],
)
def test_what_means_nothing_is_said_and_nothing_is_silenced(
    home: Path, words: tuple[str, ...], said: str
) -> None:
    done = call(home, *words)
    assert done.exit_code == 2  # click's own; the program makes it 64
    assert said in done.stderr
    assert in_force(home) == []


def test_a_selection_by_state_or_of_nobody_is_refused(home: Path) -> None:
    for select, said in (("cpu>80", "names, tags and groups"), ("nas*", "no host is called")):
        done = call(home, "mute", select, "--reason", "x")
        assert isinstance(done.exception, SelectionError)
        assert said in str(done.exception)


def test_a_broken_file_is_told_and_what_was_said_holds_here(home: Path) -> None:
    (home / "team.yaml").write_text("version: 1\nsilences: 7\n")
    done = call(home, "mute", "db1", "--reason", "x")
    assert isinstance(done.exception, OpsdashError)
    assert not isinstance(done.exception, ConfigError)
    assert "team.yaml:2:11" in str(done.exception)
    assert (home / "team.yaml").read_text() == "version: 1\nsilences: 7\n"
    (home / "team.yaml").unlink()
    assert call(home, "mute", "db1", "--undo").exit_code == 0
