"""``opsdash run`` on this machine under several names: groups, exit codes, refusals, JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from opsdash.activities.troubleshoot.run_commands import build
from opsdash.core.errors import SelectionError
from opsdash.core.run_plan import RunWish, run_plan
from opsdash.store.jobs import Jobs
from tests.own_place import own_hosts
from tests.unit.test_docs import ROOT

HOSTS = """\
version: 1
defaults: {transport: local}
hosts:
  one: {}
  two: {}
  three: {}
  safe: {tags: [prod]}
"""
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The verb over four hosts that are all this machine, with a state of its own."""
    hosts = own_hosts(tmp_path, monkeypatch, HOSTS)

    def call(*words: str, stdin: bytes = b"") -> Result:
        place = words.index("--") if "--" in words else len(words)
        # one at a time: the names mean one machine, which is locked for one at a time
        argv = [*words[:place], "--hosts", str(hosts), "--at-a-time", "1", *words[place:]]
        return CliRunner().invoke(build(), argv, input=stdin)

    return call


THREE = ("one", "two", "three")


def test_the_majority_is_shown_and_the_odd_one_as_a_diff(run: Run, tmp_path: Path) -> None:
    first = f"mkdir {tmp_path}/x 2>/dev/null && echo first || echo later"
    done = run(*THREE, "--confirm", "3", "--", first)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == "2 hosts: three two"
    assert lines[1] == "  later"
    assert lines[3] == "1 host answered otherwise: one"
    assert lines[4:7] == ["  @@ -1 +1 @@", "  -later", "  +first"]
    assert "2 failed" not in done.stderr
    assert "3 done, 1 differ in 1 way" in done.stderr


def test_exit_codes_tell_all_some_and_none(run: Run, tmp_path: Path) -> None:
    once = f"mkdir {tmp_path}/y 2>/dev/null"
    assert run(*THREE, "--confirm", "3", "--", once).exit_code == 1
    assert run(*THREE, "--confirm", "3", "--", once).exit_code == 2
    assert run("one", "--yes", "--", "true").exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["one", "--", "true"], "give --yes"),
        (["one", "two", "--yes", "--", "true"], "--yes does not answer that"),
        (["one", "two", "--confirm", "3", "--", "true"], "is not the answer"),
        (["safe", "--yes", "--", "true"], "prod"),
        (["one", "--yes", "--", "vi", "/etc/hosts"], "wants a terminal"),
        (["one", "--yes", "--compare", "nosuch", "--", "true"], "there is no plan"),
        (["all", "--demo", "5", "--", "true"], "this is a demo"),
    ],
)
def test_what_is_not_confirmed_or_can_not_be_run_ends_with_4(
    run: Run, words: list[str], said: str
) -> None:
    done = run(*words)
    assert done.exit_code == 4
    assert said in done.stderr
    assert done.stdout == ""


def test_read_only_refuses_whatever_is_confirmed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSDASH_READ_ONLY", "1")
    done = run("one", "--yes", "--", "true")
    assert (done.exit_code, "read-only" in done.stderr) == (4, True)


@pytest.mark.parametrize(
    "words",
    [
        ["one"],
        ["one", "--", " "],
        ["one", "--env", "1=2", "--", "true"],
        ["one", "--timeout", "soon", "--", "true"],
        ["one", "--script", "/no/such"],
        ["one", "--each", "--json", "--", "true"],
        ["--", "true"],
    ],
)
def test_what_means_nothing_is_a_usage_error(run: Run, words: list[str]) -> None:
    done = run(*words, *([] if "--" in words else ["--"]))
    assert done.exit_code == 2  # click's own; opsdash makes 64 of it
    assert "Error:" in done.stderr


def test_an_empty_selection_is_an_error(run: Run) -> None:
    done = run("nosuch", "--yes", "--", "true")
    assert isinstance(done.exception, SelectionError)
    assert "no host is called" in str(done.exception)


def test_json_fits_its_schema_and_holds_no_escape(run: Run) -> None:
    script = r"printf 'a\033[31mb\n'; printf 'w\377\n' >&2; exit 3"
    done = run("one", "two", "--confirm", "2", "--json", "--save", "n", "--", script)
    data = json.loads(done.stdout)
    jsonschema.validate(data, json.loads((ROOT / "docs/run.schema.json").read_text()))
    (group,) = data["groups"]
    assert (group["bucket"], group["exit_status"]) == ("failed", 3)
    assert (group["stdout"], group["stderr"]) == ("ab\n", "w�\n")
    assert data["counts"]["failed"] == 2
    assert done.exit_code == 2


def test_environment_folder_stdin_and_arguments_arrive(run: Run, tmp_path: Path) -> None:
    script = tmp_path / "s.sh"
    script.write_text('#!/bin/sh\npwd; echo "$V:$1"; cat\n')
    done = run(
        *("one", "--yes", "--each", "--env", "V=a b", "--cwd", str(tmp_path)),
        *("--script", str(script), "--stdin", "-", "--", "x y"),
        stdin=b"fed\n",
    )
    assert done.stdout.splitlines() == [f"one: {tmp_path}", "one: a b:x y", "one: fed"]


def test_what_never_ends_is_cut_off_and_says_so(run: Run) -> None:
    done = run("one", "--yes", "--timeout", "1s", "--", "echo begun; sleep 30")
    assert done.exit_code == 2
    assert "ran out of time" in done.stdout
    assert "begun" in done.stdout


def test_what_would_never_end_is_told_before(run: Run) -> None:
    done = run("one", "--yes", "--timeout", "1s", "--", "tail -f /dev/null")
    assert "tail does not end by itself: tail -n 100; it is cut off after 1s" in done.stderr
    assert "ran out of time" in done.stdout


def test_endless_output_is_capped_and_says_so(run: Run) -> None:
    done = run("one", "--yes", "--max-output", "1000", "--each", "--", "seq 100000000")
    assert "cut off here" in done.stderr
    assert len(done.stdout) < 3000


def test_a_saved_run_is_compared_with_by_its_name(run: Run) -> None:
    assert run("one", "--yes", "--save", "before", "--", "echo old").exit_code == 0
    done = run("one", "two", "--confirm", "2", "--compare", "before", "--", "echo new")
    assert "against" in done.stdout
    assert "two was not part of" in done.stdout
    assert "-old" in done.stdout
    assert "+new" in done.stdout


def test_masking_makes_one_group_of_what_differs_by_process(run: Run) -> None:
    words = [*THREE, "--confirm", "3", "--", "echo me[$$]"]
    assert "answered otherwise" in run(*words).stdout
    masked = run(*words[:3], "--mask", *words[3:]).stdout
    assert masked.splitlines()[:2] == ["3 hosts: one three two", "  me[<pid>]"]


def test_an_earlier_run_is_done_again_where_it_failed(run: Run, tmp_path: Path) -> None:
    word = f"mkdir {tmp_path}/z 2>/dev/null && exit 3; cat; echo $V$PWD"
    first = run(
        *(*THREE, "--confirm", "3", "--env", "V=v", "--cwd", str(tmp_path), "--stdin", "-"),
        *("--save", "first", "--", word),
        stdin=b"fed ",
    )
    assert first.exit_code == 1
    again = ("--again", "first", "--bucket", "failed", "--yes", "--json")
    said = run(*again)
    assert said.exit_code == 0, said.output
    done = json.loads(said.stdout)
    (group,) = done["groups"]
    assert (group["hosts"], group["stdout"]) == (["one"], f"fed v{tmp_path}\n")
    another = json.loads(run("two", *again[:2], *again[4:], "--", "echo other").stdout)
    assert [(one["hosts"], one["stdout"]) for one in another["groups"]] == [(["two"], "other\n")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--again", "nosuch"], "there is no plan 'nosuch'"),
        (["--bucket", "failed", "one", "--", "true"], "give --again ID"),
        (["--again", "good", "--bucket", "failed"], "it has 2 same"),
        (["three", "--again", "good"], "none of 2 hosts is among those that were chosen"),
        (["--again", "good", "--cwd", "/"], "--cwd stands in the command of"),
        (["--yes"], "which hosts?"),
    ],
)
def test_what_can_not_be_done_again_says_why(run: Run, words: list[str], said: str) -> None:
    saved = run("one", "two", "--confirm", "2", "--save", "good", "--", "true")
    assert saved.exit_code == 0
    done = run(*words)
    assert done.exit_code in (2, 4)
    assert said in done.stderr


def test_what_was_no_run_is_not_done_again(run: Run, tmp_path: Path) -> None:
    restart = replace(run_plan(RunWish("true"), ("one",)), id="an-id", action="service.restart")
    jobs = Jobs(tmp_path / "state/opsdash")
    asyncio.run(jobs.of(restart).plan_only())
    done = run("--again", "an-id")
    assert done.exit_code == 2
    assert "is no run but service.restart" in done.stderr
