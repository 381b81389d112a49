"""What is typed becomes the plan that runs it: quoting against a real shell, scripts, rollout."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsdash.core.plan import Danger, LeftOut, OnFailure, StepKind
from opsdash.core.run_plan import (
    RunWish,
    command_of,
    env_of,
    run_plan,
    script_of,
    script_wish,
    wish_of,
)


def sh(script: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(["/bin/sh", "-c", script], input=stdin, capture_output=True).stdout


def test_one_word_is_a_shell_line_and_several_are_arguments() -> None:
    assert sh(command_of(["echo a | tr a b"])) == b"b\n"
    assert sh(command_of(["echo", "a | tr a b", "$HOME", "*"])) == b"a | tr a b $HOME *\n"


WORDS = st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))


@settings(max_examples=40)
@given(WORDS, st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_every_argument_arrives_as_it_was_typed(words: list[str], value: str) -> None:
    command = command_of(["printf", "%s\\0", "first", *words])
    env = env_of([f"V={value}"])
    script = script_of(RunWish(command + '; printf "%s\\0" "$V"', env=env))
    found = sh(script).split(b"\0")
    assert found == [one.encode() for one in ("first", *words, value, "")]


@pytest.mark.parametrize("words", [[], ["  "], ["echo", "a\0b"]])
def test_what_is_no_command_is_refused(words: list[str]) -> None:
    with pytest.raises(ValueError, match="command"):
        command_of(words)


@pytest.mark.parametrize("pair", ["A", "1A=x", "A B=x", "=x", "A=x\0", "A;rm=x"])
def test_what_is_no_environment_is_refused(pair: str) -> None:
    with pytest.raises(ValueError, match="NAME=VALUE"):
        env_of([pair])


def test_the_folder_comes_before_the_command_and_its_lack_ends_it(tmp_path: object) -> None:
    wish = RunWish("pwd", cwd=str(tmp_path))
    assert sh(script_of(wish)).decode().strip() == str(tmp_path)
    assert sh(script_of(replace(wish, cwd="/no/such"))) == b""


def test_a_script_gets_its_arguments() -> None:
    wish = script_wish(b'#!/bin/sh\necho "$#:$2"\n', "x.sh", ["a", "b c"], RunWish(""))
    assert sh(script_of(wish)) == b"2:b c\n"
    assert wish.title == "x.sh a 'b c'"


@pytest.mark.parametrize(
    ("text", "out"),
    [
        (b'#!/usr/bin/env python3\nimport sys; print(sys.argv[1:])\n', b"['a', 'b c']\n"),
        (b'#!/bin/bash\na=("$@"); echo "${a[1]}"\n', b"b c\n"),
        (b'#!/bin/bash -e\nfalse\necho no\n', b""),
    ],
)  # fmt: skip
def test_a_script_of_another_language_is_read_by_it(text: bytes, out: bytes) -> None:
    wish = script_wish(text, "x", ["a", "b c"], RunWish(""))
    assert wish.stdin == text
    assert sh(script_of(wish), text) == out


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "empty"),
        (b"#!/usr/bin/awk -f\n", "awk"),
        (b"#!\n", "nobody"),
        (b"\xff", "UTF-8"),
        (b"a\0", "NUL"),
        (b"x" * 300_000, "256 kB"),
    ],
)
def test_a_script_that_cannot_be_run_is_refused(text: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        script_wish(text, "x", [], RunWish(""))


def test_a_script_that_comes_by_stdin_leaves_no_stdin() -> None:
    with pytest.raises(ValueError, match="--stdin"):
        script_wish(b"#!/bin/bash\n:\n", "x", [], RunWish("", stdin=b""))


def test_a_plan_has_one_step_per_host_and_says_what_it_may_do() -> None:
    wish = RunWish("reboot", b"in", root=True, timeout_s=5, name="n")
    plan = run_plan(wish, ["a", "b"], [LeftOut("c", "why")])
    assert (plan.action, plan.target, plan.danger) == ("run", "reboot", Danger.CHANGES)
    assert not plan.reads_only
    assert plan.names() == ("a", "b")
    (step,) = plan.steps_of("a")
    assert (step.kind, step.script, step.stdin) == (StepKind.RUN, "reboot", b"in")
    assert (step.root, step.timeout_s) == (True, 5)
    assert plan.rollout.on_failure is OnFailure.CONTINUE
    assert plan.waves() == (("a", "b"),)


@pytest.mark.parametrize(("canary", "stop"), [(0, False), (1, False), (0, True), (2, True)])
def test_a_run_can_be_run_again_as_it_was(canary: int, stop: bool) -> None:
    wish = RunWish("x", b"i", root=True, canary=canary, stop=stop, shown="s", name="n")
    plan = run_plan(wish, ["a", "b", "c"])
    assert wish_of(plan) == wish
    assert plan.rollout.on_failure is (OnFailure.STOP if canary or stop else OnFailure.CONTINUE)
    assert len(plan.waves()) == (2 if canary else 1)
