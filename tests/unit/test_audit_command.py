"""``opsdash audit``: what was done, in a table, in full, as JSON and CSV; and if it is whole."""

from __future__ import annotations

import csv
import io
import json
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from opsdash.activities.compliance.audit_commands import COMMAND
from opsdash.core.audit import AuditEntry, Phase
from opsdash.store.audit import AuditTrail
from opsdash.store.store import Store

RESTART = AuditEntry(
    1_790_000_000.0, "tom", "web1", "service.restart", Phase.BEGIN, "p-20260921-aa", 1,
    "systemctl restart nginx\nsystemctl is-active nginx", target="nginx", from_where="desk pts/3",
)  # fmt: skip
OK = replace(RESTART, at=RESTART.at + 2, phase=Phase.END, exit_status=0)
RUN = replace(
    RESTART, at=RESTART.at + 60, who="ann", host="db1", action="run", target="",
    plan_id="p-20260921-bb", command="=cmd|' /C calc'!A0",
)  # fmt: skip
FAILED = replace(RUN, at=RUN.at + 1, phase=Phase.END, exit_status=3, text="no such file")
LOST = replace(RESTART, at=RESTART.at + 90, host="gone1", plan_id="p-20260921-cc")
REFUSED = replace(
    RESTART, at=RESTART.at + 99, host="", phase=Phase.REFUSED, step=0, command="",
    plan_id="p-20260921-dd", text="service.restart would change hosts, and this is read-only",
)  # fmt: skip
ALL = (RESTART, OK, RUN, FAILED, LOST, REFUSED)


@pytest.fixture
async def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log with all of these, where the verbs look for it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = tmp_path / "opsdash"
    store = Store(folder / "history.db")
    await store.open()
    trail = AuditTrail(folder, store)
    for entry in ALL:
        await trail.write(entry)
    await store.close()
    return folder / "audit.jsonl"


def clock(entry: AuditEntry) -> str:
    """When, in local time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry.at))


def ask(*words: str) -> Result:
    """What the verb says."""
    return CliRunner().invoke(COMMAND.build(), list(words))


def listed(*words: str) -> list[tuple[str, str]]:
    """Hosts and phases of what is listed."""
    entries = json.loads(ask("list", "--json", *words).output)["entries"]
    return [(one["host"], one["phase"]) for one in entries]


def test_a_table_has_a_line_for_each_step_and_how_it_ended(log: Path) -> None:
    lines = ask("list").output.splitlines()
    assert [line.split()[3:] for line in lines[1:]] == [
        ["web1", "service.restart", "nginx", "ok", "p-20260921-aa", "systemctl", "restart",
         "nginx", "systemctl", "is-active", "nginx"],
        ["db1", "run", "exit", "3", "p-20260921-bb", "=cmd|'", "/C", "calc'!A0"],
        ["gone1", "service.restart", "nginx", "end", "not", "known", "p-20260921-cc", "systemctl",
         "restart", "nginx", "systemctl", "is-active", "nginx"],
        ["-", "service.restart", "nginx", "refused", "p-20260921-dd", "service.restart", "would",
         "change", "hosts,", "and", "this", "is", "read-only"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "hosts"),
    [
        ((), ["web1", "web1", "db1", "db1", "gone1", ""]),
        (("web*",), ["web1", "web1"]),
        (("all", "!web1"), ["db1", "db1", "gone1"]),
        (("--host", "g*"), ["gone1"]),
        (("--who", "ann"), ["db1", "db1"]),
        (("--who", "an"), []),
        (("--action", "service.*"), ["web1", "web1", "gone1", ""]),
        (("--since", "2100-01-01"), None),
        (("--since", "1d"), []),
    ],
)
def test_filters(log: Path, words: tuple[str, ...], hosts: list[str] | None) -> None:
    if hosts is None:
        assert ask("list", *words).exit_code == 2
    else:
        assert [host for host, _ in listed(*words)] == hosts


def test_hosts_are_selected_by_their_tags(log: Path, tmp_path: Path) -> None:
    hosts = tmp_path / "hosts.yaml"
    hosts.write_text("hosts:\n  web1: {tags: [prod]}\n  db1:\n")
    hosts.chmod(0o600)
    assert listed("tag:prod", "--hosts", str(hosts)) == [("web1", "begin"), ("web1", "end")]


def test_what_hosts_are_like_now_selects_nothing_of_the_past(log: Path) -> None:
    assert "what was, counts" in ask("list", "state:warn").output


def test_a_plan_is_shown_in_full(log: Path) -> None:
    found = ask("show", "p-20260921-a").output
    assert "plan p-20260921-aa: service.restart nginx\nby tom from desk pts/3, on 1 host" in found
    assert found.splitlines()[3:] == [
        f"web1, step 1: {clock(RESTART)}, ok after 2s  (entries 1 and 2)",
        "  | systemctl restart nginx",
        "  | systemctl is-active nginx",
    ]
    failed = ask("show", "p-20260921-bb").output.splitlines()
    assert failed[3:] == [
        f"db1, step 1: {clock(RUN)}, exit 3 after 1s  (entries 3 and 4)",
        "  | =cmd|' /C calc'!A0",
        "  no such file",
    ]
    refused = ask("show", "p-20260921-dd").output.splitlines()
    assert refused[1:4] == [
        "by tom from desk pts/3, on 0 hosts",
        "",
        f"the plan: {clock(REFUSED)}, refused  (entry 6)",
    ]


def test_a_plan_that_is_not_there_or_not_the_only_one(log: Path) -> None:
    assert ask("show", "x").exit_code == 1
    many = ask("show", "p-2026")
    assert (many.exit_code, "4 plans begin with" in many.output) == (2, True)


def test_verify_says_whole_or_what_is_wrong_first(log: Path) -> None:
    good = ask("verify")
    digest = json.loads(log.read_bytes().splitlines()[-1])["hash"]
    assert (good.exit_code, good.output) == (0, f"whole: 6 entries in 1 file, up to 6:{digest}\n")
    assert ask("verify", "--head", f"6:{digest}").exit_code == 0
    assert ask("verify", "--head", f"7:{digest}").exit_code == 2
    assert ask("verify", "--head", "7").exit_code == 2
    log.write_bytes(log.read_bytes().replace(b'"who":"ann"', b'"who":"tom"', 1))
    bad = ask("verify")
    assert (bad.exit_code, bad.output.splitlines()[0]) == (
        2,
        f"BROKEN: {log}:3: entry 3 was edited: its hash does not fit its text",
    )
    data = json.loads(ask("verify", "--json").output)
    assert (data["whole"], data["entries"], data["place"]) == (False, 2, f"{log}:3")


def test_export_is_for_its_owner_alone_and_runs_nothing(log: Path, tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    assert ask("export", "--csv", str(file)).exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert len(rows) == 6
    assert rows[2]["command"].startswith("'=cmd")
    assert rows[0]["time"] == "2026-09-21T14:13:20.000+00:00"
    found = json.loads(ask("export", "-", "--who", "ann").output)
    assert [one["seq"] for one in found["entries"]] == [3, 4]


def test_an_export_that_can_not_be_written_is_said(log: Path, tmp_path: Path) -> None:
    found = ask("export", str(tmp_path / "none" / "x.json"))
    assert found.exit_code == 2
    assert "can't be written: No such file or directory" in found.output
