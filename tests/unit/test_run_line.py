"""The line in which a command for hosts is typed: options, files, and what is wrong with it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.app.run_line import wish_of_line
from opsdash.core.run_plan import RunWish


def test_options_stand_before_the_command_as_it_is() -> None:
    wish = wish_of_line(
        '--sudo --timeout 2m --env A="b c" --env D=e --cwd /x --canary 1 -- echo --sudo'
    )
    assert wish == RunWish(
        "echo --sudo",
        env=(("A", "b c"), ("D", "e")),
        cwd="/x",
        root=True,
        timeout_s=120.0,
        canary=1,
    )


def test_a_script_and_what_it_reads_are_files_here(tmp_path: Path) -> None:
    script, fed = tmp_path / "my check.sh", tmp_path / "list"
    script.write_text("#!/bin/sh\necho $1; cat\n")
    fed.write_bytes(b"\x00\xff")
    wish = wish_of_line(f"--script '{script}' --stdin {fed} 'a b' c")
    assert wish.command.startswith("set -- 'a b' c\n")
    assert wish.stdin == b"\x00\xff"
    assert wish.title == "my check.sh 'a b' c"
    python = tmp_path / "x.py"
    python.write_text("#!/usr/bin/env python3\nprint(1)\n")
    assert wish_of_line(f"--script {python}").stdin == python.read_bytes()


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, said in (
        ("pipe", "is not a file"),
        ("", "Is a directory"),
        ("none", "No such file"),
    ):
        with pytest.raises(ValueError, match=said):
            wish_of_line(f"--stdin {tmp_path / name} cat")


@pytest.mark.parametrize(
    "text",
    ["", "--sudo", "--timeout", "--timeout soon id", "--canary x id", "--nosuch 1 id",
     "--script 'x", "--env =x id", "--at-a-time 0 id"],
)  # fmt: skip
def test_what_means_nothing_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        wish_of_line(text)


@given(st.text())
def test_no_line_breaks_it(text: str) -> None:
    command = "x"
    with suppress(ValueError):
        command = wish_of_line(text).command
    assert command.strip()
