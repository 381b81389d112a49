"""``opsdash hooks``: what is in force, and whether it works; no URL is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from opsdash.activities.monitor.hooks_commands import build
from opsdash.core.hook import Means
from opsdash.core.ringing import ringing

HOOKS = """\
hooks:
  mail:
    command: [cat, "--to={host}"]
    severity: warn
    select: tag:prod
    checks: [disk-*]
    quiet_hours: 22:00-07:00
    except: crit
    rate_limit: 10/h
    wait: 5m
  good: {command: [cat], tell: ended}
  chat: {webhook: "http://127.0.0.1:1/sesame"}
  phone: {apprise: "ntfy://sesame"}
  here: {bell: true}
"""


@pytest.fixture
def hosts(tmp_path: Path) -> str:
    for name, text in (("hosts.yaml", "hosts: {a: }"), ("hooks.yaml", HOOKS)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    return str(tmp_path / "hosts.yaml")


def run(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(build(), list(words))
    assert done.exit_code == code, done.output
    assert "sesame" not in done.output
    return done.output


def test_all_hooks_with_their_rules_and_without_their_secrets(hosts: str) -> None:
    lines = run("list", "--hosts", hosts).splitlines()
    assert lines[0].split() == ["HOOK", "WAY", "TELLS", "HOSTS", "CHECKS", "UNLESS"]
    assert " ".join(lines[1].split()) == (
        "mail cat --to={host} WARN both, after 5m tag:prod disk-* "
        "22:00-07:00 but CRIT, more than 10/h"
    )
    assert " ".join(lines[3].split()) == "chat webhook http://127.0.0.1/… CRIT both all * -"
    found = json.loads(run("list", "--hosts", hosts, "--json"))
    assert found["schema"] == "opsdash-hooks-1"
    assert [one["name"] for one in found["hooks"]] == ["mail", "good", "chat", "phone", "here"]
    assert found["hooks"][0]["wait_s"] == 300.0


def test_a_test_says_what_came_of_each(hosts: str) -> None:
    said = run("test", "--hosts", hosts, code=1)
    lines = {line.split()[0]: " ".join(line.split()[1:]) for line in said.splitlines()}
    assert lines["good"].startswith("command told 0.")
    assert lines["good"].endswith("exit 0")
    assert lines["mail"].startswith("command FAILED 0.")
    assert "127.0.0.1: Connection refused" in said
    assert "here: bell and osc9 need one" in said


def test_one_by_name_and_all_of_none(hosts: str) -> None:
    found = json.loads(run("test", "good", "--hosts", hosts, "--json"))
    assert [(one["name"], one["told"]) for one in found["tests"]] == [("good", True)]
    run("test", "chat", "--hosts", hosts, code=2)
    assert "(did you mean good?)" in run("test", "goof", "--hosts", hosts, code=2)


def test_no_hooks_and_a_file_with_faults(hosts: str) -> None:
    path = Path(hosts).with_name("hooks.yaml")
    path.write_text("hooks: {a: {bel: true}}")
    assert f"{path}:1:13: hooks.a.bel: unknown key" in run("list", "--hosts", hosts, code=65)
    path.unlink()
    assert run("list", "--hosts", hosts).startswith(f"there are no hooks: write {path}")
    assert "there is no hook to test" in run("test", "--hosts", hosts, code=2)


def test_what_reaches_the_terminal_is_one_sequence() -> None:
    """Whatever a host says, through a multiplexer too."""
    evil = "db1 \x1b]52;c;eA==\x07 \x9c down\x07\n\x1b[2J"
    assert ringing(Means.BELL, evil, {}) == "\a"
    assert ringing(Means.OSC9, evil, {}) == "\x1b]9;db1 down\a"
    assert ringing(Means.OSC9, evil, {"TMUX": "x"}) == "\x1bPtmux;\x1b\x1b]9;db1 down\a\x1b\\"
    assert ringing(Means.OSC9, evil, {"STY": "x"}) == "\x1bP\x1b]9;db1 down\a\x1b\\"
