"""The culprits behind a finding: whom it names, by what, and when it names nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsdash.core.blame import FRESH_S, Resource, blamed, culprits, lists_of
from opsdash.core.discover import checks
from opsdash.core.finding import SUMMARY_WIDTH, Finding
from opsdash.core.health import Health
from opsdash.core.host import Host, Limits
from opsdash.core.plugin import Check, Inquiry
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.reading import Reading, Row
from opsdash.core.snapshot import HostState, Link, LinkState
from opsdash.engine.judge import Judge

NOW = 1_800_000_000.0


def row(pid: int, name: str, **more: object) -> Row:
    """A process that takes nothing but what is given."""
    idle: dict[str, object] = {"cores": 0.0, "memory_bytes": 0.0, "io_bytes_s": None}
    return {"pid": pid, "user": "root", "state": "S", "name": name, **idle, **more}  # type: ignore[dict-item]


def host_with(*rows: Row, at: float = NOW) -> HostState:
    """A host whose processes were looked at."""
    link = Link(LinkState.UP)
    return HostState(
        Host("web1"), at=NOW, link=link, readings={"top": Reading("web1", "top", at, {}, rows)}
    )


BUSY = Finding("cpu-saturated", "web1", Health.WARN, "CPU 98% busy (limit 90%): user 93%")


def said(state: HostState, resource: Resource) -> str:
    return blamed(BUSY, state, resource, NOW).summary.removeprefix(BUSY.summary)


def test_the_process_that_takes_most_is_named() -> None:
    state = host_with(row(7, "cron", cores=0.1), row(812, "stress", cores=0.97))
    assert said(state, Resource.CPU) == "; stress 812 97% of a core"
    evidence = blamed(BUSY, state, Resource.CPU, NOW).evidence
    assert evidence == "most CPU: stress 812 (root) 97% of a core, cron 7 (root) 10% of a core"


def test_processes_of_one_name_are_one_culprit() -> None:
    workers = [row(pid, "stress", cores=0.97) for pid in range(1, 5)]
    state = host_with(row(7, "java", cores=1.2), *workers)
    assert said(state, Resource.CPU) == "; stress ×4 3.9 cores"


def test_memory_and_disk_have_their_own() -> None:
    state = host_with(
        row(7, "java", memory_bytes=5.5e9, io_bytes_s=0.0), row(8, "dd", io_bytes_s=3e8)
    )
    assert said(state, Resource.MEMORY) == "; java 7 5.1G"
    assert said(state, Resource.IO) == "; dd 8 286M/s"


def test_files_in_memory_are_to_blame_where_no_process_has_more() -> None:
    gib = 2.0**30
    memory = {
        ("memory.total_bytes", ""): 8 * gib,
        ("memory.shared_bytes", ""): 6 * gib,
    }
    small, large = row(7, "java", memory_bytes=0.1 * gib), row(8, "mysqld", memory_bytes=7 * gib)
    for rows, named in (((small,), "; tmpfs and shared 6.0G"), ((large,), "; mysqld 8 7.0G")):
        state = host_with(*rows)
        known = {**state.readings, "memory": Reading("web1", "memory", NOW, memory)}
        assert said(replace(state, readings=known), Resource.MEMORY) == named


def test_who_waits_for_a_disk_is_named_where_amounts_are_for_root() -> None:
    state = host_with(row(7, "java", cores=1.0), row(8, "dd", state="D"))
    assert said(state, Resource.IO) == "; dd 8 waits for a disk"


@pytest.mark.parametrize(
    "state",
    [
        HostState(Host("web1")),
        host_with(),
        host_with(row(8, "idle")),
        host_with(row(8, "gone", cores=1.0), at=NOW - FRESH_S - 1),
        replace(
            host_with(),
            readings={
                "top": Reading(
                    "web1", "top", NOW, problem=Problem(ProblemKind.UNSUPPORTED, "hidden")
                )
            },
        ),
    ],
    ids=["never asked", "empty", "idle", "old", "hidden"],
)
def test_nobody_is_blamed_for_nothing(state: HostState) -> None:
    assert all(not culprits(state, one, NOW) for one in Resource)
    assert blamed(BUSY, state, Resource.CPU, NOW) == BUSY


def test_the_last_parts_of_a_sentence_make_room() -> None:
    load = replace(BUSY, summary="load 41.6 on 16 cores (limit 2 per core), CPU 98%, iowait 0%")
    state = host_with(row(2180, "postgresql", cores=13.3))
    assert blamed(load, state, Resource.CPU, NOW).summary == (
        "load 41.6 on 16 cores (limit 2 per core); postgresql 2180 13.3 cores"
    )


def test_what_does_not_fit_stands_in_the_evidence() -> None:
    long = replace(BUSY, summary="x" * (SUMMARY_WIDTH - 10), evidence="load 7")
    found = blamed(long, host_with(row(812, "stress", cores=0.97)), Resource.CPU, NOW)
    assert found.summary == long.summary
    assert found.evidence.splitlines() == ["load 7", "most CPU: stress 812 (root) 97% of a core"]


def test_a_hostile_name_is_cleaned_and_short() -> None:
    state = host_with(row(8, "\x1b[31m[bold]\n" + "x" * 99, cores=1.0))
    assert "\x1b" not in said(state, Resource.CPU)
    assert len(said(state, Resource.CPU)) < 50


def test_the_judge_blames_where_a_check_says_by_what() -> None:
    def judge(inquiry: Inquiry) -> list[Finding]:
        return [replace(BUSY, check="busy")]

    check = Check("busy", "Busy", judge, limits=Limits(0.9, None), blames=Resource.CPU)
    state = host_with(row(812, "stress", cores=0.97))
    for one, words in ((check, "; stress 812 97% of a core"), (replace(check, blames=None), "")):
        (finding,) = Judge({"busy": one}).judge(state, NOW).findings
        assert finding.summary == BUSY.summary + words


PRESSED = checks()["disk-pressed"]


def pressed(*rows: Row, at: float = NOW) -> HostState:
    """A container on a machine whose disks are held up."""
    samples = {("pressure.io_some_ratio", ""): 0.9}
    state = host_with(*rows, at=at)
    pressure = Reading("web1", "pressure", at, samples)
    return replace(state, container="lxc", readings={**state.readings, "pressure": pressure})


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ((row(8, "dd", state="D"),), "; dd 8 waits for a disk"),
        ((row(8, "dd", io_bytes_s=3e8), row(9, "journald", io_bytes_s=4e3)), "; dd 8 286M/s"),
        ((row(9, "journald", io_bytes_s=4e3),), None),
        ((row(9, "java", cores=2.0),), None),
        ((), None),
    ],
)
def test_a_container_is_blamed_for_the_machines_disks_only_with_a_culprit(
    rows: tuple[Row, ...], named: str | None
) -> None:
    judge = Judge({"disk-pressed": replace(PRESSED, hold_s=0.0)}, machine_wide=("pressure",))
    judgement = judge.judge(pressed(*rows), NOW)
    assert judgement.blaming == {Resource.IO}  # the list of processes is asked for to find out
    shown = [one.summary for one in judgement.findings]
    assert shown == ([f"machine's disks stall work 90% (limit 70%){named}"] if named else [])
    fine = Reading("web1", "pressure", NOW + 2, {("pressure.io_some_ratio", ""): 0.1})
    calm = replace(pressed(*rows), readings={"pressure": fine})
    after = judge.judge(calm, NOW + 2)
    assert not after.findings
    assert not after.blaming


def moved(pid: int, name: str, read: float, written: float) -> Row:
    """A process as the list that root is given has it."""
    return {
        "pid": pid,
        "user": "root",
        "state": "S",
        "name": name,
        "io_bytes_s": read + written,
    }


def test_what_root_sees_of_disks_comes_first_where_it_is_had() -> None:
    by_login = host_with(row(8, "dd", state="D"))
    as_root = Reading("web1", "procio", NOW - 100, {}, (moved(9, "tar", 2e6, 5e6),))
    state = replace(by_login, readings={**by_login.readings, "procio": as_root})
    assert said(state, Resource.IO) == "; tar 9 6.7M/s"
    denied = Reading("web1", "procio", NOW, problem=Problem(ProblemKind.DENIED, "needs root"))
    for other in (denied, replace(as_root, rows=()), replace(as_root, at=NOW - 200)):
        state = replace(by_login, readings={**by_login.readings, "procio": other})
        assert said(state, Resource.IO) == "; dd 8 waits for a disk"


def test_root_is_asked_for_what_only_disks_need() -> None:
    assert lists_of([Resource.CPU, Resource.MEMORY]) == {"top"}
    assert lists_of([Resource.IO]) == {"procio", "top"}
    assert lists_of(()) == set()
