"""What the verbs that change hosts refuse before they reach any, and what they list."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from opsdash.activities.troubleshoot.plan_document import job_document, plan_document
from opsdash.activities.troubleshoot.plan_words import plan_lines, rollout_words, told_lines
from opsdash.cli.main import opsdash
from opsdash.core.job import HostRun, Job, RunState
from opsdash.core.job import Result as Said
from opsdash.core.plan import Danger, OnFailure, Rollout
from opsdash.engine.runner import Grounds, Runner
from opsdash.store.jobs import Jobs
from tests.fake_hands import FakeHands, KeptAudit
from tests.runners import allowed, plan_of

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "plan.schema.json").read_text())


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("OPSDASH_HOSTS", raising=False)


def said(*words: str) -> Result:
    return CliRunner().invoke(opsdash, words, prog_name="opsdash")


def job_of(tmp_path: Path, hands: FakeHands) -> Job:
    """A job that has ended and is on disk."""

    async def run() -> Job:
        jobs = Jobs(tmp_path / "state" / "opsdash")
        ground = Grounds(hands, KeptAudit(), allowed, lambda: 1_800_000_000.0, journal_of=jobs.of)
        return await (await Runner(ground).begin(plan_of("ab", ("one", "two")))).wait()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("do", "service.restrat", "web1"), "did you mean service.restart?"),
        (("do", "service.restart", "web1"), "service.restart needs unit="),
        (("do", "service.restart", "web1", "unit=$(x)"), "a service has letters"),
        (("do", "service.restart", "web1", "unti=x"), "did you mean unit?"),
        (("do", "host.reboot"), "nothing is selected"),
        (("do", "process.signal", "web1", "pid=1"), "1 is the host itself"),
        (("do", "net.tcp", "web1"), "net.tcp needs target="),
        (("do", "net.tcp", "web1", "target=db1"), "it should be HOST:PORT"),
        (("do", "net.tcp", "tag:22"), "net.tcp needs target="),
        (("do", "net.tcp", "db1:22"), "nothing is selected"),
        (("plans", "show", "nope"), "there is no plan"),
        (("plans", "resume", "nope"), "there is no plan"),
        (("plans", "undo", ""), "there is no plan"),
    ],
)
def test_what_makes_no_sense_says_why(words: tuple[str, ...], why: str) -> None:
    result = said(*words)
    assert result.exit_code != 0
    assert why in f"{result.output}{result.exception}"


def test_all_actions_are_listed_with_what_they_take() -> None:
    result = said("do", "list")
    assert result.exit_code == 0
    assert "service.restart  unit=UNIT" in result.output
    assert "[signal=TERM|HUP|" in result.output


def test_a_port_and_a_url_need_no_key_and_select_no_host() -> None:
    for action, target in (("net.tcp", "db1:5432"), ("net.http", "https://a.example/?b=c")):
        result = said("do", action, "all", target, "--demo", "2", "--plan", "--json")
        assert result.exit_code == 0, result.output
        document = json.loads(result.stdout)
        jsonschema.validate(document, SCHEMA)
        assert document["target"] == target
        assert [len(group["hosts"]) for group in document["groups"]] == [2]


def test_a_plan_without_a_host_is_shown_too() -> None:
    empty = replace(plan_of("ab", ("one",)), hosts=())
    assert plan_lines(empty)[-1] == rollout_words(empty) == "No host."


def test_plans_are_listed_and_shown(tmp_path: Path) -> None:
    assert "There are no plans yet" in said("plans", "list").output
    job_of(tmp_path, FakeHands({"b two": "fail"}))
    (tmp_path / "state" / "opsdash" / "jobs" / "bad.jsonl").write_text("nonsense")
    result = said("plans", "list")
    assert "p1" in result.output
    assert "1/2 done" in result.output
    assert "bad.jsonl: there is no plan in it" in result.output
    result = said("plans", "show", "p1")
    assert "b: FAILED in 0s: step 2 of 2 (two): status 3: it is broken" in result.output
    document = json.loads(said("plans", "show", "p1", "--json").output)
    jsonschema.validate(document, SCHEMA)
    assert document["hosts"][0]["results"][0]["stdout"] == "a says ok\n"
    assert said("plans", "apply", "p1").exit_code != 0
    assert said("plans", "resume", "p1").exit_code != 0


def test_a_plan_as_json_is_as_its_schema_says(tmp_path: Path) -> None:
    plan = plan_document(plan_of("ab"))
    job = job_document(job_of(tmp_path, FakeHands({"a": "unreachable"})))
    jsonschema.validate(plan, SCHEMA)
    jsonschema.validate(job, SCHEMA)
    assert job["hosts"][0]["state"] == "unreachable"


def test_what_only_looks_tells_what_it_saw_cut_to_a_page() -> None:
    plan = replace(plan_of("a", reads_only=True), danger=Danger.READS)
    said = b"".join(b"line %d \x1b[31m\n" % number for number in range(300))
    run = HostRun("a", RunState.DONE, (Said(0, said),), begun=1)
    job = Job(plan, {"a": run})
    lines = told_lines(job, run)
    assert lines[0].startswith("  line 0 ")
    assert lines[200:] == ["  … 100 more lines: --full shows all"]
    assert len(told_lines(job, run, full=True)) == 300
    assert not any("\x1b" in line for line in lines)
    assert told_lines(Job(replace(plan, danger=Danger.CHANGES), {"a": run}), run) == []


def test_a_plan_in_words_shows_each_command_once_and_hides_no_escape() -> None:
    plan = plan_of(["web1", "web2"], ["echo \x1b[2J", "look"])
    lines = "\n".join(plan_lines(plan))
    assert lines.count("| echo ") == 1
    assert "on web1, web2:" in lines
    assert "\x1b" not in lines


@pytest.mark.parametrize(
    ("rollout", "words"),
    [
        (
            Rollout(canary=1, wave=2, at_a_time=5, gate=True),
            (
                "1 canary first, then 2 waves of 2, 2 at a time; after each wave its hosts must be "
                "as healthy as before it; stops at the first host that fails or can't be reached."
            ),
        ),
        (
            Rollout(failures=2, on_failure=OnFailure.CONTINUE),
            "5 hosts, 5 at a time; stops when more than 2 fail in all.",
        ),
        (Rollout(on_failure=OnFailure.CONTINUE), "5 hosts, 5 at a time; goes on whatever fails."),
    ],
)
def test_how_a_plan_goes_over_the_hosts_is_said(rollout: Rollout, words: str) -> None:
    assert rollout_words(plan_of("abcde", rollout=rollout)) == words


def test_states_that_are_not_through_are_what_is_left(tmp_path: Path) -> None:
    job = job_of(tmp_path, FakeHands({"a one": "fail"}))
    assert job.in_state(RunState.FAILED)
    assert job.rest().hosts == ()
