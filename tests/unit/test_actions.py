"""Actions plan what they should, and what they run does what it says, by every shell."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsdash.core.action import Action, ArgumentError, Wish, plan_action
from opsdash.core.discover import actions
from opsdash.core.host import Host, Way
from opsdash.core.job import HostRun, Job, Result, RunState
from opsdash.core.plan import LOOKS, Danger, HostSteps, Plan, Step, StepKind
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.quoting import quote
from opsdash.core.reading import Reading
from opsdash.core.snapshot import HostState
from opsdash.engine.preparing import planned as prepared
from tests.case_files import CASES, Case, case_id, cases

SHELLS = [
    argv for argv in (["dash"], ["bash", "--posix"], ["busybox", "sh"]) if shutil.which(argv[0])
]


def state_of(given: Mapping[str, Any]) -> HostState:
    """The host of a case."""
    problem = Problem(ProblemKind.UNSUPPORTED, given["problem"]) if given.get("problem") else None
    source = given.get("units", "")
    reading = Reading("web1", "units", 1.0, source=source, problem=problem)
    known = {"units": reading} if source or problem else {}
    return HostState(Host("web1", way=Way(given.get("way", "ssh"))), readings=known)


def planned(action: Action, state: HostState, arguments: Mapping[str, str]) -> Plan:
    return plan_action(action, [state], arguments, Wish("p1", "ann", 1.0))


def planned_case(case: Case) -> Plan:
    """What a case plans; HERE is a folder of this machine, with the case's file in it."""
    action, state = actions()[case.plugin], state_of(case.content["host"])

    async def look(plan: Plan) -> Job:
        assert plan.reads_only
        said = Result(0, str(case.content.get("looked", "")).encode())
        failed = case.content.get("look_failed", "")
        ended = RunState.FAILED if failed else RunState.DONE
        return Job(plan, {"web1": HostRun("web1", ended, (said,), failed)})

    with TemporaryDirectory() as folder:
        Path(folder, "file").write_text(case.content.get("file", ""))
        given = {
            name: value.replace("HERE", folder) for name, value in case.content["arguments"].items()
        }
        wish = Wish("p1", "ann", 1.0)
        plan = asyncio.run(prepared(action, [state], given, wish, look=look))
    (steps,) = [one.steps for one in plan.hosts] or [()]
    told = tuple(replace(step, does=step.does.replace(folder, "HERE")) for step in steps)
    return replace(plan, hosts=tuple(replace(one, steps=told) for one in plan.hosts))


def test_every_action_has_a_case_and_every_case_an_action() -> None:
    assert {path.name for path in (CASES / "actions").iterdir()} == set(actions())


@pytest.mark.parametrize("case", cases("actions"), ids=case_id)
def test_an_action_plans_what_its_case_says(case: Case) -> None:
    assert str(case.content["source"]).strip()
    expect = case.content["expect"]
    if "fault" in expect:
        with pytest.raises(ArgumentError) as error:
            planned_case(case)
        assert expect["fault"] in str(error.value)
        return
    plan = planned_case(case)
    if "left_out" in expect:
        assert [one.why for one in plan.left_out] == [expect["left_out"]]
        return
    assert plan.left_out == ()
    assert (plan.title, plan.target) == (expect["title"], expect["target"])
    (host,) = plan.hosts
    assert [step.does for step in host.steps] == [one["does"] for one in expect["steps"]]
    for step, wanted in zip(host.steps, expect["steps"], strict=True):
        _is_as_expected(step, wanted)


def _is_as_expected(step: Step, wanted: Mapping[str, Any]) -> None:
    assert step.kind.value == wanted["kind"]
    assert step.root == wanted.get("root", False)
    assert step.reads_only == wanted.get("reads_only", False)
    for part in wanted.get("contains", ()):
        assert part in step.script
    assert step.path == wanted.get("path", "")
    assert step.shows.splitlines() == wanted.get("shows", [])
    assert step.expects == wanted.get("expects", "")
    if "undo" in wanted:
        assert step.undo == wanted["undo"]
    assert wanted.get("undo_contains", "") in step.undo


def every_plan() -> list[tuple[str, Plan]]:
    """What the cases plan."""
    return [
        (case_id(case), planned_case(case))
        for case in cases("actions")
        if "fault" not in case.content["expect"]
    ]


@pytest.mark.parametrize("name_and_plan", every_plan(), ids=lambda one: str(one[0]))
def test_what_changes_a_host_looks_before(name_and_plan: tuple[str, Plan]) -> None:
    plan = name_and_plan[1]
    for one in plan.hosts:
        first, *rest = one.steps
        if plan.danger is Danger.READS:
            assert plan.reads_only
            continue
        assert first.reads_only
        assert not first.root
        assert any(not step.reads_only and step.kind not in LOOKS for step in rest)


@pytest.mark.parametrize("shell", SHELLS, ids=lambda argv: str(argv[0]))
def test_every_shell_can_parse_every_step(shell: Sequence[str]) -> None:
    scripts = [
        text
        for _, plan in every_plan()
        for one in plan.hosts
        for step in one.steps
        for text in (step.script, step.undo)
    ]
    for script in dict.fromkeys(scripts):
        done = subprocess.run(
            [*shell, "-n"], input=script.encode(), capture_output=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, b""), script


FAKE = """\
#!/bin/sh
# systemctl as the tests want it: a file for each property, and for each look the next line of it
d={folder}
verb=$1; shift
case $verb in
  show)
    for word; do case $word in
      [A-Z]*) f=$d/$word
        v=$(head -n 1 "$f" 2>/dev/null)
        [ "$(wc -l <"$f" 2>/dev/null)" -gt 1 ] 2>/dev/null && sed -i 1d "$f"
        echo "$word=$v" ;;
    esac; done ;;
  is-active) [ "$(head -n 1 "$d/ActiveState")" = active ] ;;
  is-enabled) cat "$d/Enabled"; grep -q '^enabled' "$d/Enabled" ;;
  *) echo "$verb $*" >>"$d/done" ;;
esac
"""


def faked(tmp_path: Path, **said: str) -> dict[str, str]:
    """An environment with a systemctl that says so."""
    for name, text in said.items():
        (tmp_path / name).write_text(text.replace(" ", "\n") + "\n")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, text in {
        "systemctl": FAKE.format(folder=tmp_path),
        "journalctl": "#!/bin/sh\necho 'the last line of its journal'\n",
        "sleep": "#!/bin/sh\n",
    }.items():
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    return {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}


def run(script: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-s"], input=script, env=env, capture_output=True, text=True, check=False
    )


def steps(action: str, unit: str = "nginx") -> tuple[Step, ...]:
    plan = planned(actions()[action], state_of({"units": "systemctl"}), {"unit": unit})
    return plan.hosts[0].steps


RUNNING = {"LoadState": "loaded", "Type": "simple", "Result": "success", "SubState": "running"}


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        (
            {"ActiveState": "activating activating active", "ActiveEnterTimestampMonotonic": "5"},
            0,
            "active, and still so",
        ),
        (
            {"ActiveState": "active", "ActiveEnterTimestampMonotonic": "5 9"},
            3,
            "nginx is restarted again and again",
        ),
        (
            {"ActiveState": "active failed", "Result": "exit-code", "SubState": "failed"},
            3,
            "nginx is failed (failed, result exit-code)",
        ),
        (
            {"ActiveState": "activating", "SubState": "auto-restart"},
            3,
            "nginx is activating (auto-restart",
        ),
        ({"ActiveState": "inactive", "Type": "oneshot"}, 0, "it ran once"),
        ({"ActiveState": "inactive"}, 3, "nginx is inactive"),
    ],
)
def test_a_service_that_does_not_stay_up_is_not_called_started(
    tmp_path: Path, said: Mapping[str, str], status: int, words: str
) -> None:
    env = faked(tmp_path, **{**RUNNING, **said})
    done = run(steps("service.restart")[2].script, env)
    assert done.returncode == status, done
    assert words in (done.stderr if status else done.stdout)
    assert ("the last line of its journal" in done.stdout) == bool(status)


def test_a_unit_that_is_not_there_is_not_touched(tmp_path: Path) -> None:
    env = faked(tmp_path, **{**RUNNING, "LoadState": "not-found", "ActiveState": "inactive"})
    done = run(steps("service.restart")[0].script, env)
    assert done.returncode == 5
    assert "there is no unit nginx" in done.stderr


@pytest.mark.parametrize(
    ("action", "state", "enabled", "does"),
    [
        ("service.start", "active", "", ""),
        ("service.start", "failed", "", "start -- nginx"),
        ("service.stop", "inactive", "", ""),
        ("service.stop", "active", "", "stop -- nginx"),
        ("service.enable", "active", "enabled", ""),
        ("service.enable", "active", "disabled", "enable -- nginx"),
        ("service.disable", "active", "disabled", ""),
        ("service.disable", "active", "enabled", "disable -- nginx"),
        ("service.mask", "active", "masked", ""),
        ("service.mask", "active", "enabled", "mask -- nginx"),
        ("service.unmask", "active", "enabled", ""),
        ("service.unmask", "active", "masked", "unmask -- nginx"),
    ],
)
def test_what_is_so_already_is_not_done_again(
    tmp_path: Path, action: str, state: str, enabled: str, does: str
) -> None:
    env = faked(tmp_path, ActiveState=state, Enabled=enabled)
    done = run(steps(action)[1].script, env)
    assert done.returncode == 0
    assert ("unchanged" in done.stdout.splitlines()) == (not does)
    assert ((tmp_path / "done").read_text().strip() if does else "") == does


def test_a_process_that_ends_is_seen_to_be_gone_and_another_with_its_id_is_spared() -> None:
    child = subprocess.Popen(["sleep", "100"])
    try:
        began = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[19]
        signal = actions()["process.signal"]
        wrong = planned(signal, state_of({}), {"pid": str(child.pid), "started": "1"})
        for step in wrong.hosts[0].steps:
            done = run(step.script, os.environ)
            assert done.returncode == 5
            assert "is another one by now" in done.stderr
        assert child.poll() is None
        right = planned(signal, state_of({}), {"pid": str(child.pid), "started": began})
        look, send = right.hosts[0].steps
        assert "sleep 100" in run(look.script, os.environ).stdout
        assert f"process {child.pid} is gone" in run(send.script, os.environ).stdout
    finally:
        child.kill()
        child.wait()


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=30))
def test_a_quoted_word_comes_through_a_real_shell_as_it_was(text: str) -> None:
    for shell in SHELLS:
        script = f"printf %s {quote(text)}"
        done = subprocess.run(shell, input=script.encode(), capture_output=True, check=True)
        assert done.stdout.decode() == text


@given(st.text(max_size=20))
def test_whatever_a_service_is_called_its_scripts_hold_one_quoted_word_or_there_is_no_plan(
    name: str,
) -> None:
    action = actions()["service.restart"]
    try:
        plan = planned(action, state_of({"units": "systemctl"}), {"unit": name})
    except ArgumentError:
        return
    (one,) = plan.hosts
    assert isinstance(one, HostSteps)
    assert plan.danger is Danger.OUTAGE
    assert name.isascii()
    assert not name.startswith("-")
    for step in one.steps:
        assert step.kind is StepKind.RUN
        assert quote(name) in step.script
