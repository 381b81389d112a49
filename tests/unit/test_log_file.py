"""The log holds what happened, no secret, no escape, and never gets in the way."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import resource
import stat
import subprocess
import sys
from pathlib import Path

import click
import pytest

from opsdash.cli import log_file
from opsdash.cli.log_file import logging_to

LOG = logging.getLogger("opsdash.test")


def written(path: Path) -> list[str]:
    return path.read_text().splitlines()


def test_a_line_has_time_level_and_source_and_the_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "opsdash.log"
    path.write_text("older\n")
    path.chmod(0o644)
    with logging_to(path, "info"):
        LOG.info("%s: up", "web1")
        LOG.debug("not wanted")
    older, line = written(path)
    assert older == "older"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]{12}Z INFO    opsdash.test: web1: up", line)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_remote_text_is_cleaned_and_secrets_are_masked(tmp_path: Path) -> None:
    path = tmp_path / "opsdash.log"
    with logging_to(path, "info"):
        LOG.warning("banner \x1b]52;c;ZXZpbA==\x07\x1b[31mred\u202e, password=hunter2")
    assert written(path)[0].endswith("opsdash.test: banner red, password=***")


def test_a_bug_is_logged_with_its_traceback(tmp_path: Path) -> None:
    path = tmp_path / "opsdash.log"
    with logging_to(path, "info"):
        try:
            raise ZeroDivisionError("token=hunter2\x1b[31m")
        except ZeroDivisionError as error:
            LOG.error("polling %s stopped by a bug", "web1", exc_info=error)
    lines = written(path)
    assert lines[1] == "    Traceback (most recent call last):"
    assert lines[-1] == "    ZeroDivisionError: token=***"


async def test_a_task_that_nobody_awaits_is_told_in_the_log_and_nowhere_else(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "opsdash.log"

    async def fails() -> None:
        raise ZeroDivisionError("lost")

    with logging_to(path, "info"):
        task: asyncio.Task[None] | None = asyncio.create_task(fails())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task
    assert any("ZeroDivisionError: lost" in line for line in written(path))
    assert capfd.readouterr() == ("", "")


def test_the_file_is_rotated_and_every_part_is_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_file, "BYTES_PER_FILE", 2_000)
    path = tmp_path / "opsdash.log"
    with logging_to(path, "info"):
        for number in range(100):
            LOG.info("line %s of many that do not fit into one file", number)
    parts = sorted(part.name for part in tmp_path.iterdir())
    assert parts == ["opsdash.log", "opsdash.log.1", "opsdash.log.2"]
    assert "line 99 of" in written(path)[-1]
    assert {stat.S_IMODE(part.stat().st_mode) for part in tmp_path.iterdir()} == {0o600}


def test_a_full_disk_costs_lines_and_nothing_else(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "opsdash.log"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with logging_to(path, "info"):
        LOG.info("first")
        resource.setrlimit(resource.RLIMIT_FSIZE, (200, before[1]))
        try:
            for _ in range(50):
                LOG.info("no room for this line, however often it is tried")
        finally:
            logging.getLogger().handlers[-1].flush()
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "first" in written(path)[0]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("made", "why"),
    [
        ("directory", "Is a directory"),
        ("link", "a symbolic link"),
        ("pipe", "a pipe"),
        ("nowhere", "No such file"),
    ],
)
def test_what_is_no_file_is_refused_with_the_reason(tmp_path: Path, made: str, why: str) -> None:
    path = tmp_path / "opsdash.log"
    match made:
        case "directory":
            path.mkdir()
        case "link":
            path.symlink_to(tmp_path / "elsewhere")
        case "pipe":
            os.mkfifo(path)
        case _:
            path = tmp_path / "none" / "opsdash.log"
    with pytest.raises(click.BadParameter, match=why), logging_to(path, "info"):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_an_unknown_level_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(click.UsageError, match="OPSDASH_LOG_LEVEL is one of debug"),
        logging_to(tmp_path / "log", "loud"),
    ):
        pass


def test_the_command_line_logs_where_it_is_told_and_says_so_when_it_cant(tmp_path: Path) -> None:
    def run(*argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "opsdash", *argv, "hosts", "list"],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path), **environ},
        )

    refused = run("--log", str(tmp_path))
    assert (refused.returncode, "Is a directory" in refused.stderr) == (64, True)
    assert run(OPSDASH_LOG=str(tmp_path / "env.log")).returncode == 0
    assert "opsdash: opsdash " in written(tmp_path / "env.log")[0]
