"""What of the words of ansible and pyinfra is whose, and the inventories made for them."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.automation import ANSIBLE, PYINFRA, Automated, script_of, share_of, status_of
from opsdash.core.errors import Refused
from opsdash.core.fleet import Fleet
from opsdash.core.host import Host, Way
from opsdash.engine.automation import automation_plan

CASES = Path(__file__).parents[1] / "cases/automation"
"""``ansible.txt``: ansible-core 2.19.14, ``--diff``, two hosts and a closed port. ``pyinfra.txt``:
pyinfra 3, whose names of hosts were put in.
"""

ANSIBLE_SAID, PYINFRA_SAID = (
    (CASES / f"{name}.txt").read_text() for name in ("ansible", "pyinfra")
)
THREE = ("one", "three", "four")


def test_every_host_gets_its_own_lines_with_errors_and_differences() -> None:
    one, three, four = (share_of(host, THREE, ANSIBLE_SAID) for host in THREE)
    assert "+hello one" in one
    assert '"msg": "by one"' in one
    assert "+hello three" not in one
    assert "UNREACHABLE" not in one
    assert "fatal: [three]: FAILED!" in three
    assert "Module failed: non-zero return code" in three
    assert "non-zero" not in one
    assert "Connection refused" in four
    assert "hello" not in four.replace('content: "hello', "")
    for text in (one, three, four):
        assert "TASK [a file]" in text
        assert text.count(": ok=") == 1


def test_how_it_ended_for_each_is_its_recaps_to_say() -> None:
    assert [status_of(host, ANSIBLE_SAID, 4) for host in (*THREE, "elsewhere")] == [0, 2, 4, 0]
    assert status_of("one", "ERROR! the playbook: could not be found\n", 1) == 1
    assert status_of("one", "skipping: no hosts matched\n", 0) == 0


def test_pyinfra_says_it_by_its_last_words() -> None:
    found = {host: status_of(host, PYINFRA_SAID, 1) for host in ("one", "two", "gone")}
    assert found == {"one": 0, "two": 1, "gone": 1}
    assert "Could not resolve" in share_of("gone", found, PYINFRA_SAID)
    assert "Could not resolve" not in share_of("one", found, PYINFRA_SAID)


@given(st.text(alphabet="ab[]{}-= :\n"), st.sampled_from(["a", "b"]))
def test_whatever_is_said_each_line_is_somebodys(text: str, host: str) -> None:
    share = share_of(host, ("a", "b"), text).splitlines()
    assert all(line in text.splitlines() for line in share)
    alone = share_of(host, (host,), text.replace("[", "(")).splitlines()
    assert alone == text.replace("[", "(").splitlines()
    assert isinstance(status_of(host, text, 3), int)


def fleet(*hosts: Host) -> Fleet:
    return Fleet({host.name: host for host in hosts})


WEB = Host("web1", "10.0.0.1", port=2222, user="ops", tags=frozenset({"web", "new-dc"}),
           keys=("/k/a key",), known_hosts=("/k/known",))  # fmt: skip
BEHIND = Host("db1", "10.0.0.2", user="ops", jump="web1", known_hosts=("/k/known",))
HERE = Host("here", way=Way.LOCAL)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both tools are found on this machine."""
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")


@pytest.mark.usefixtures("installed")
async def test_ansible_gets_each_host_by_the_way_that_opsdash_goes(tmp_path: Path) -> None:
    (tmp_path / "site.yml").write_text("[]")
    wish = Automated(ANSIBLE, str(tmp_path / "site.yml"), ("--tags", "a b"), at=1.0)
    hosts = fleet(WEB, BEHIND, HERE)
    plan = await automation_plan(wish, hosts, tuple(hosts.hosts), tmp_path / "own")
    (step,) = plan.steps_of("db1")
    assert (plan.action, plan.together) == ("ansible.check", True)
    assert "--check --diff" in step.script
    assert step.script.rstrip().endswith(f"'{tmp_path}/site.yml' '--tags' 'a b' </dev/null")
    assert isinstance(step.stdin, bytes)
    found = json.loads(step.stdin)["all"]
    assert found["children"] == {
        "new_dc": {"hosts": {"web1": None}},
        "web": {"hosts": {"web1": None}},
    }
    web = found["hosts"]["web1"]
    assert web["ansible_host"] == "10.0.0.1"
    for words in ("-p 2222", "-l ops", "StrictHostKeyChecking=yes", "BatchMode=yes", "/k/a key"):
        assert words in web["ansible_ssh_common_args"]
    assert "-W" in found["hosts"]["db1"]["ansible_ssh_common_args"]
    assert found["hosts"]["here"] == {"ansible_connection": "local"}
    applied = await automation_plan(replace(wish, apply=True), hosts, ("web1",), tmp_path / "own")
    assert applied.action == "ansible.apply"
    assert "--check" not in applied.steps_of("web1")[0].script


@pytest.mark.usefixtures("installed")
async def test_pyinfra_leaves_out_what_it_can_not_reach(tmp_path: Path) -> None:
    (tmp_path / "deploy.py").write_text("")
    wish = Automated(PYINFRA, str(tmp_path / "deploy.py"), at=1.0)
    hosts = fleet(WEB, BEHIND, HERE)
    plan = await automation_plan(wish, hosts, tuple(hosts.hosts), tmp_path / "own")
    assert plan.names() == ("web1",)
    assert [one.host for one in plan.left_out] == ["db1", "here"]
    step = plan.steps_of("web1")[0]
    assert isinstance(step.stdin, bytes)
    tree = ast.parse(step.stdin.decode())
    values = {node.targets[0].id: ast.literal_eval(node.value) for node in tree.body}  # type: ignore[attr-defined]
    assert values["tag_new_dc"] == ["web1"]
    ((name, data),) = values["hosts"]
    assert (name, data["ssh_port"], data["ssh_key"]) == ("web1", 2222, "/k/a key")
    assert data["ssh_strict_host_key_checking"] == "yes"


async def test_without_the_tool_or_the_file_nothing_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = Automated(ANSIBLE, str(tmp_path / "none.yml"), at=1.0)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(Refused, match="ansible-playbook is not installed here") as refused:
        await automation_plan(wish, fleet(WEB), ("web1",), tmp_path)
    assert "ansible-core" in refused.value.hint
    monkeypatch.setattr(shutil, "which", lambda name: name)
    with pytest.raises(Refused, match="no such playbook"):
        await automation_plan(wish, fleet(WEB), ("web1",), tmp_path)


def test_the_inventory_is_private_and_gone_in_the_end(tmp_path: Path) -> None:
    tool = tmp_path / "ansible-playbook"
    tool.write_text('#!/bin/sh\nls -l "$2"; cat "$2"; echo "$4|$5"; cat; exit 7\n')
    tool.chmod(0o755)
    script = script_of(ANSIBLE, "a 'b'.yml", (), apply=True)
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        input=b"INVENTORY\n",
        capture_output=True,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "TMPDIR": str(tmp_path), "OPSDASH_HOSTS": "x,y"},
    )
    lines = done.stdout.decode().splitlines()
    assert lines[0].startswith("-rw------- ")
    assert lines[1:] == ["INVENTORY", "x,y|a 'b'.yml"]
    assert done.returncode == 7
    assert [one.name for one in tmp_path.iterdir()] == ["ansible-playbook"]
