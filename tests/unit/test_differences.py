"""What differs between two moments: what came, went, is another; never what is unknown."""

from __future__ import annotations

import json
from array import array
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import jsonschema
import pytest
from click.testing import CliRunner

from opsdash.activities.monitor.diff_report import as_json, as_text, diff
from opsdash.cli.main import opsdash
from opsdash.core.differences import MOST_FIGURES, What, compare
from opsdash.core.event import Event, EventKind
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.history import Seen
from opsdash.core.host import Host
from opsdash.core.moment import two_moments
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Cell, Reading, Row
from opsdash.core.snapshot import HostState, Snapshot
from opsdash.store.events import Events
from opsdash.store.history import History
from opsdash.store.store import Store
from tests.fleet_states import EVIL, NOW

UNITS = {"cpu.busy_ratio": "ratio", "network.receive_bytes_s": "bytes/s", "load.one": "tasks"}
FULL = Finding("disk-full", "web1", Health.CRIT, "/var 97% full", "/var")
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "diff.schema.json").read_text())


Rows = list[dict[str, Cell]]


def host(health: Health = Health.OK, *findings: Finding, **tables: Rows) -> HostState:
    """A host with these tables."""
    found = {name: Reading("web1", name, NOW, {}, tuple(rows)) for name, rows in tables.items()}
    return HostState(Host("web1"), health=health, findings=findings, readings=found, at=NOW)


def figures(**values: float) -> HostState:
    """A host with these figures: ``cpu__busy_ratio``."""
    found: dict[str, Reading] = {}
    for words, value in values.items():
        name, _, metric = words.partition("__")
        samples = {(f"{name}.{metric}", ""): value}
        found[name] = Reading("web1", name, NOW, samples)
    return HostState(Host("web1"), readings=found)


def told(before: HostState, after: HostState) -> list[tuple[str, str, str, str]]:
    found = compare(before, after, UNITS).found
    return [(one.what.value, one.subject, one.before, one.after) for one in found]


def test_health_and_findings_that_came_went_and_got_worse() -> None:
    ill = host(Health.CRIT, FULL)
    assert told(host(), ill) == [
        ("health", "", "OK", "CRIT"),
        ("finding", "disk-full", "", "/var 97% full"),
    ]
    assert told(ill, host())[1] == ("finding", "disk-full", "/var 97% full", "")
    less = replace(FULL, health=Health.WARN, summary="/var 86% full")
    assert told(host(Health.CRIT, less), ill) == [
        ("finding", "disk-full", "/var 86% full", "/var 97% full")
    ]
    assert told(ill, host(Health.CRIT, replace(FULL, summary="/var 98% full"))) == []


PORT: dict[str, Cell] = {"proto": "tcp", "address": "0.0.0.0", "port": 80}  # noqa: S104
MOUNT: dict[str, Cell] = {
    "mount": "/data",
    "device": "/dev/sdb",
    "type": "ext4",
    "read_only": False,
}


@pytest.mark.parametrize(
    ("table", "before", "after", "found"),
    [
        ("units", [], [{"unit": "a.service", "result": "exit-code"}],
         ("service", "a.service", "", "exit-code")),
        ("openports", [PORT], [], ("port", "80/tcp on all addresses", "open", "")),
        ("openports", [PORT], [{**PORT, "address": "127.0.0.1"}],
         ("port", "80/tcp on 127.0.0.1", "", "open")),
        ("filesystem", [], [MOUNT], ("mount", "/data", "", "/dev/sdb ext4")),
        ("filesystem", [MOUNT], [{**MOUNT, "read_only": True}],
         ("mount", "/data", "/dev/sdb ext4", "/dev/sdb ext4 read only")),
        ("containers", [{"name": "db", "state": "running"}], [{"name": "db", "state": "exited"}],
         ("container", "db", "running", "exited")),
        ("os", [{"kernel": "6.1"}], [{"kernel": "6.2"}], ("system", "kernel", "6.1", "6.2")),
        ("uptime", [{"boot_id": "a"}], [{"boot_id": "b"}],
         ("system", "boot", "", "rebooted in between")),
        ("ps", [{"name": "cc", "cores": 0.0}], [{"name": "cc", "cores": 0.6},
                                                {"name": "cc", "cores": 0.4}],
         ("process", "cc", "0% of a core", "100% of a core")),
    ],
)  # fmt: skip
def test_tables(
    table: str,
    before: Rows,
    after: Rows,
    found: tuple[str, str, str, str],
) -> None:
    then, now = (host(Health.OK, **{table: rows}) for rows in (before, after))
    assert found in told(then, now)
    assert told(then, then) == []


def test_what_one_moment_does_not_know_is_no_difference_but_named() -> None:
    known, unknown = host(units=[{"unit": "a", "result": "failed"}], openports=[PORT]), host()
    for one in (compare(known, unknown, UNITS), compare(unknown, known, UNITS)):
        assert one.found == ()
        assert one.lacking == ("services", "ports", "mounts", "containers", "processes")
    failed = Reading("web1", "units", NOW, problem=Problem(ProblemKind.DENIED, "no"))
    broken = replace(known, readings={"units": failed})
    assert "services" in compare(known, broken, UNITS).lacking
    full = host(units=[], ports=[PORT], filesystem=[], containers=[], top=[])
    assert compare(full, full, UNITS).lacking == ()


def test_only_figures_that_changed_much_and_those_most() -> None:
    busy = told(
        figures(cpu__busy_ratio=0.2, load__one=0.5), figures(cpu__busy_ratio=0.9, load__one=0.9)
    )
    assert busy == [("figure", "cpu.busy_ratio", "20%", "90%")]
    assert (
        told(figures(network__receive_bytes_s=100.0), figures(network__receive_bytes_s=9e4)) == []
    )
    grown = told(figures(network__receive_bytes_s=2e6), figures(network__receive_bytes_s=9e7))
    assert grown == [("figure", "network.receive_bytes_s", "1.9M/s", "86M/s")]
    labels = {("cpu.busy_ratio", str(number)): 0.1 + number / 40 for number in range(30)}
    calm = dict.fromkeys(labels, 0.0)
    before, after = [
        replace(host(), readings={"cpu": Reading("web1", "cpu", NOW, one)})
        for one in (calm, labels)
    ]
    most = compare(before, after, UNITS).found
    assert len(most) == MOST_FIGURES
    assert most[0].subject == "cpu.busy_ratio[29]"


def test_hostile_words_are_cleaned() -> None:
    found = compare(host(units=[]), host(units=[{"unit": EVIL, "result": EVIL}]), UNITS).found
    assert "\x1b" not in found[0].subject + found[0].after


def snapshot(at: float, *states: HostState) -> Snapshot:
    return Snapshot(1, at, MappingProxyType({one.name: one for one in states}))


def test_the_page_says_what_happened_between_and_names_those_that_stayed() -> None:
    calm = replace(host(), host=Host("db1"))
    packages: Row = {"at": NOW - 50, "kind": "package", "words": "installed nginx", "who": "tom"}
    older: Row = {"at": NOW - 900, "kind": "package", "words": "installed vim"}
    ill = host(Health.CRIT, FULL, packages=[dict(packages), dict(older)])
    port = Event(NOW - 20, EventKind.PORT, "web1", "80/tcp is open now")
    found = diff(
        snapshot(NOW - 600, host(), calm), snapshot(NOW, ill, calm), ["db1", "web1"], [port]
    )
    text = "\n".join(as_text(found, NOW))
    assert text.startswith("2 hosts: ")
    assert " to now (10m)" in text
    assert "finding   + /var 97% full" in text
    assert text.index("installed nginx") < text.index("80/tcp is open now")
    assert "vim" not in text
    assert "nothing that is remembered differs of 1 host: db1" in text
    data = json.loads(as_json(found))
    jsonschema.validate(data, SCHEMA)
    assert [one["host"] for one in data["hosts"]] == ["web1", "db1"]
    assert [one["text"] for one in data["hosts"][0]["happened"]] == ["installed nginx", port.text]


def test_of_one_host_it_says_how_old_the_tables_are_and_what_is_not_known() -> None:
    then = replace(host(units=[]), past=True)
    text = "\n".join(as_text(diff(snapshot(NOW - 600, then), snapshot(NOW, then), ["web1"]), NOW))
    assert "nothing that is remembered differs" in text
    assert "no table was kept in between: both are as at " in text
    assert "not known of both moments: ports, mounts, containers, processes" in text


def test_two_moments() -> None:
    then = NOW - 100
    assert two_moments("-2h", NOW, then) == (NOW - 7200, then)
    assert two_moments("10m 2h", NOW, then) == (NOW - 7200, NOW - 600)
    assert two_moments("2h now", NOW, then) == (NOW - 7200, NOW)
    with pytest.raises(ValueError, match="soon is no moment"):
        two_moments("soon now", NOW, then)
    with pytest.raises(ValueError, match="no two moments"):
        two_moments("2h 1h 30m", NOW, then)
    with pytest.raises(ValueError, match="nothing is no moment"):
        two_moments("", NOW, then)


@pytest.fixture
async def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store in which web1 became CRIT 100 seconds ago."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("opsdash.core.clock.now", lambda: NOW)
    store = Store(tmp_path / "opsdash" / "history.db")
    await store.open()
    for at in (NOW - 600, NOW - 10):
        await History(store).add(
            [Seen("web1", int(at), (("cpu.busy_ratio", ""),), array("f", [0.1]))]
        )
    await store.save_findings(NOW - 90, [replace(FULL, since=NOW - 100)], [], ["web1"])
    turn = Event(NOW - 100, EventKind.HEALTH, "web1", "/var 97% full", Health.CRIT, Health.OK)
    await Events(store).add([turn])
    await store.close()


@pytest.mark.usefixtures("stored")
def test_the_command() -> None:
    run = CliRunner().invoke
    said = run(opsdash, ["diff", "web1", "595s", "now"])
    assert said.exit_code == 0, said.output
    assert "health    OK -> CRIT" in said.output
    data = json.loads(run(opsdash, ["diff", "w*", "595s", "--json"]).stdout)
    jsonschema.validate(data, SCHEMA)
    assert data["hosts"][0]["health"] == {"before": "OK", "after": "CRIT"}
    wrong = run(opsdash, ["diff", "web1", "25:00"])
    assert (wrong.exit_code != 0, "there is no 25:00" in wrong.output) == (True, True)
    nobody = run(opsdash, ["diff", "wbe1", "1h"])
    assert nobody.exit_code == 3
    assert "nothing is stored of wbe1 (did you mean web1?)" in nobody.output


def test_every_difference_has_a_kind_that_the_schema_knows() -> None:
    items = SCHEMA["properties"]["hosts"]["items"]["properties"]["differences"]["items"]
    assert items["properties"]["what"]["enum"] == [one.value for one in What]
