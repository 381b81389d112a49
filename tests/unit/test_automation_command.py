"""``opsdash ansible``: one run of it for all hosts, each with its own part of what it said."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from opsdash.activities.troubleshoot.automation_commands import ANSIBLE_COMMAND
from tests.own_place import own_hosts

HOSTS = """\
version: 1
defaults: {transport: local}
hosts:
  one: {tags: [web]}
  two: {}
  safe: {tags: [prod]}
"""
STAND_IN = """\
#!/bin/sh
# ansible-playbook as far as it is called: -i FILE --limit HOSTS [--check --diff] PLAYBOOK [ARGS]
echo "$@" >>"$0.called"; cat "$2" >"$0.inventory"
echo; echo 'PLAY [all] ****'; echo; echo 'TASK [a file] ****'
for host in $(echo "$4" | tr , ' '); do
  case $host in
    two) echo "[ERROR]: no space left"; echo "fatal: [two]: FAILED! => {}" ;;
    *) echo "changed: [$host]" ;;
  esac
done
echo; echo 'PLAY RECAP ****'
for host in $(echo "$4" | tr , ' '); do
  [ $host = two ] && f=1 || f=0
  echo "$host                 : ok=1    changed=1    unreachable=0    failed=$f    skipped=0"
done
case ,$4, in *,two,*) exit 2 ;; esac
"""
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The verb over hosts that are all this machine, with a stand-in for the tool."""
    hosts = own_hosts(tmp_path, monkeypatch, HOSTS)
    tool = tmp_path / "bin/ansible-playbook"
    tool.parent.mkdir()
    tool.write_text(STAND_IN)
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    (tmp_path / "site.yml").write_text("[]\n")

    def call(*words: str) -> Result:
        place = words.index("--") if "--" in words else len(words)
        argv = [str(tmp_path / "site.yml"), *words[:place], "--hosts", str(hosts), *words[place:]]
        return CliRunner().invoke(ANSIBLE_COMMAND.build(), argv)

    return call


def called(tmp_path: Path) -> list[str]:
    return (tmp_path / "bin/ansible-playbook.called").read_text().splitlines()


def test_each_host_ends_as_the_recap_says_and_is_told_its_own_part(
    run: Run, tmp_path: Path
) -> None:
    done = run("one", "two", "--confirm", "2", "--json", "--", "--tags", "x")
    found = {group["hosts"][0]: group for group in json.loads(done.stdout)["groups"]}
    assert found["one"]["bucket"] == "same"
    assert "changed: [one]" in found["one"]["stdout"]
    assert "no space left" not in found["one"]["stdout"]
    assert found["two"]["bucket"] == "failed", found
    assert "[ERROR]: no space left" in found["two"]["stdout"]
    assert done.exit_code == 1
    (line,) = called(tmp_path)
    assert "--limit one,two --check --diff " in line
    assert line.endswith("site.yml --tags x")
    inventory = json.loads((tmp_path / "bin/ansible-playbook.inventory").read_text())
    assert list(inventory["all"]["hosts"]) == ["one", "two"]


def test_it_is_applied_with_a_canary_by_a_run_of_its_own(run: Run, tmp_path: Path) -> None:
    done = run("one", "safe", "--apply", "--canary", "1", "--confirm", "prod")
    assert done.exit_code == 0, done.output
    assert [line.split()[3] for line in called(tmp_path)] == ["one", "safe"]
    assert all("--check" not in line for line in called(tmp_path))


def test_nothing_is_run_that_nobody_agreed_to(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("safe", "--apply", "--yes").exit_code == 4
    assert run("one", "two", "--yes").exit_code == 4
    monkeypatch.setenv("OPSDASH_READ_ONLY", "1")
    refused = run("one", "--yes")
    assert refused.exit_code == 4
    assert "read-only" in refused.stderr
    assert not (tmp_path / "bin/ansible-playbook.called").exists()


def test_without_the_tool_it_says_how_to_get_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    done = run("one", "--yes")
    assert done.exit_code == 4
    assert "ansible-playbook is not installed here" in done.stderr
    assert "pipx install ansible-core" in done.stderr
