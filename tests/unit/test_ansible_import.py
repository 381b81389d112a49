"""``hosts import ansible | clustershell``: with and without Ansible, and what is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from opsdash.activities.setup.commands import COMMAND
from opsdash.config.importers import ansible, plan
from tests.hosts_files import HostsFolder

# printed by ansible-inventory 2.19.14 for: web1 in [web], group_vars/all with a user
PRINTED = {
    "_meta": {
        "hostvars": {"web1": {"ansible_user": "from_group_vars", "x": "{{ y }}"}},
        "profile": "inventory_legacy",
    },
    "all": {"children": ["ungrouped", "web"]},
    "web": {"hosts": ["web1"]},
}
NONE = {"_meta": {"hostvars": {}}, "all": {"children": ["ungrouped"]}}
INVENTORY = "[web]\nweb1 ansible_user=own\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HostsFolder:
    """A home of its own, with an inventory; no Ansible is on the PATH."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    monkeypatch.delenv("OPSDASH_HOSTS", raising=False)
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path}/bin")
    folder = HostsFolder(tmp_path)
    folder.write(INVENTORY, "inventory")
    return folder


def run(*arguments: str) -> Result:
    """Run ``opsdash hosts import`` with arguments."""
    words = ["import", *arguments]
    return CliRunner().invoke(COMMAND.build(), words, prog_name="opsdash hosts")


def install(home: HostsFolder, script: str) -> None:
    """Put an ansible-inventory on the PATH."""
    path = home.write(f"#!/bin/sh\n{script}\n", "bin/ansible-inventory")
    path.chmod(0o700)


def printing(home: HostsFolder, data: object) -> None:
    """Put an ansible-inventory on the PATH that prints what a real one printed."""
    dump = home.write(json.dumps(data), "dump.json")
    install(home, f'[ "$1 $3" = "-i --list" ] || exit 2\n/bin/cat {dump}')


def test_without_ansible_the_inventory_is_read_by_ourselves(home: HostsFolder) -> None:
    result = run("ansible", str(home.folder / "inventory"))
    assert result.exit_code == 0, result.stderr
    assert "  web:\n    hosts:\n      - web1\n" in result.stdout
    assert "  web1: {user: own}\n" in result.stdout


def test_with_ansible_its_answer_counts(home: HostsFolder) -> None:
    printing(home, PRINTED)
    result = run("ansible", str(home.folder / "inventory"))
    assert result.exit_code == 0, result.stderr
    assert "  web1: {user: from_group_vars}\n" in result.stdout
    result = run("ansible", str(home.folder / "inventory"), "--no-ansible")
    assert "  web1: {user: own}\n" in result.stdout


def test_when_ansible_finds_nothing_our_own_words_say_where_and_why(home: HostsFolder) -> None:
    printing(home, NONE)
    path = home.write("[web\nweb1\n[web:hostz]\n", "broken")
    result = run("ansible", str(path))
    assert result.exit_code == 65
    assert f"{path}:1:1: should be [group], [group:children] or [group:vars]" in result.stderr
    assert f"{path}:3:1: should be" in result.stderr


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo no vault secrets >&2; exit 4", "ansible-inventory failed (4): no vault secrets; "),
        ("echo hello", "ansible-inventory did not print the JSON that was asked for"),
        ("echo '[]'", "ansible-inventory did not print the JSON that was asked for"),
        ("exec /bin/sleep 60", "ansible-inventory did not end within 1s; "),
    ],
)
def test_an_ansible_that_fails_is_an_error_with_a_way_out(
    home: HostsFolder, script: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ansible, "DEADLINE_S", 1.0)
    install(home, script)
    result = run("ansible", str(home.folder / "inventory"))
    assert (result.exit_code, result.stdout) == (65, "")
    assert said in result.stderr
    if said.endswith("; "):
        assert "--no-ansible reads the files without it" in result.stderr


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x", "$ANSIBLE_VAULT;1.1;AES256\n61\n", "is vault-encrypted: opsdash reads no vaults"),
        ("x.yml", "plugin: aws_ec2\n", "x.yml:1:9: is the configuration of an inventory plug-in"),
        ("x.yml", "- a\n", "should be a mapping of groups"),
        ("x.yml", "a: [\n", "x.yml:2:1: "),
        ("x.yml", "a: &a [x]\n" + "".join(f"b{i}: &b{i} [*a, *a]\n" for i in range(3)), "no host"),
        ("x.yml", "a: " + "[" * 30_000, "is nested deeper than 24 levels"),
        ("x.yml", "a: &a0 [1]\n" + "".join(
            f"k{i}: &a{i + 1} [{', '.join([f'*a{i}'] * 9)}]\n" for i in range(12)
        ), "more than 250,000 values"),
        ("x", "a\0b", "is a binary file"),
        ("x", "a\n" * 3_000_000, "is larger than 1024 KiB"),
        ("x", "[a]\nweb[1:99999999]\n", "means more than 10,000 hosts"),
        ("x", "[a]\nweb1 what\nweb2 'x\n", "x:2:1: what: variables of a host are written"),
        ("x", "web[9:1]\n", "x:1:1: the range [9:1] is empty"),
        ("x", "[a:vars]\nx=1\n", "names no host to import"),
    ],
)  # fmt: skip
def test_what_is_no_inventory_exits_with_65_and_says_why(
    home: HostsFolder, name: str, content: str, said: str
) -> None:
    result = run("ansible", str(home.write(content, name)), "--write")
    assert (result.exit_code, result.stdout) == (65, "")
    assert said in result.stderr
    assert not (home.folder / ".config").exists()


def test_a_program_is_not_run_but_pointed_to_where_it_would_be(home: HostsFolder) -> None:
    path = home.write(f"#!/bin/sh\ntouch {home.folder}/ran\n", "dynamic.sh")
    path.chmod(0o700)
    result = run("ansible", str(path))
    assert result.exit_code == 65
    assert f"name it in hosts.yaml: inventory_command: [{path}, --list]" in result.stderr
    assert not (home.folder / "ran").exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("groups.conf", "[Main]\ndefault: local\n", "groups.conf:1:1: names commands"),
        ("g.cfg", "just words\n", "g.cfg:1:1: should be GROUP: NODES"),
        ("g.yaml", "- a\n", "should be a mapping of sources"),
        ("g.cfg", "a: @b\nb: @a\n", "names no host to import"),
        ("g.cfg", "".join(f"g{i}: @g{i + 1}\n" for i in range(300)) + "g300: x\n", ""),
    ],
)
def test_what_is_no_groups_file_exits_with_65_and_says_why(
    home: HostsFolder, name: str, content: str, said: str
) -> None:
    result = run("clustershell", str(home.write(content, name)))
    assert result.exit_code == (65 if said else 0)
    assert said in result.stderr


@pytest.mark.parametrize("kind", ["ansible", "clustershell"])
def test_a_source_that_is_not_there_is_said(home: HostsFolder, kind: str) -> None:
    result = run(kind, str(home.folder / "none"))
    assert result.exit_code == 65
    assert f"{home.folder}/none: there is no such file" in result.stderr
    too_long = run(kind, str(home.folder / ("x" * 300)))
    assert (too_long.exit_code, "can't be read: File name too long" in too_long.stderr) == (
        65,
        True,
    )
    os.mkfifo(home.folder / "fifo")
    assert "is not a regular file" in run(kind, str(home.folder / "fifo")).stderr


def test_what_would_be_too_large_to_be_read_again_is_not_written(
    home: HostsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "MAX_BYTES", 4_096)
    path = home.write("web[1:400].example.org\n", "large")
    result = run("ansible", str(path), "--write")
    assert result.exit_code == 65
    assert "its 400 hosts make a file of more than 4 KiB: import it in parts" in result.stderr


def test_remarks_are_kept_up_to_a_bound(home: HostsFolder) -> None:
    lines = [f"win{i} ansible_connection=winrm" for i in range(600)]
    path = home.write("\n".join(["web1", *lines]) + "\n", "windows")
    result = run("ansible", str(path))
    assert result.stdout.count("# left out: ") == 500
    assert result.stdout.endswith("# and 100 more: the import prints them\n")
    assert result.stderr.count("left out: ") == 21


def test_files_are_named_after_their_source(home: HostsFolder) -> None:
    prod = home.write("web: {hosts: {a: }}\n", "inventories/Prod EU/hosts.yml")
    home.write("g: n[1-2]\n", "racks.cfg")
    assert run("ansible", str(prod), "--write").exit_code == 0
    assert run("clustershell", str(home.folder / "racks.cfg"), "--write").exit_code == 0
    written = sorted(path.name for path in (home.folder / ".config/opsdash/hosts.d").iterdir())
    assert written == ["ansible-prod-eu-hosts.yaml", "clustershell-racks.yaml"]


def test_two_imports_may_fill_one_group_that_a_file_of_ours_describes(home: HostsFolder) -> None:
    home.write("web: n[1-2]\n", "racks.cfg")
    home.write("groups: {web: {tags: [prod]}}\n", ".config/opsdash/hosts.d/z-mine.yaml")
    run("ansible", str(home.folder / "inventory"), "--write")
    assert run("clustershell", str(home.folder / "racks.cfg"), "--write").exit_code == 0
    listed = CliRunner().invoke(COMMAND.build(), ["list", "--json", "tag:prod"])
    names = [host["name"] for host in json.loads(listed.stdout)["hosts"]]
    assert sorted(names) == ["n1", "n2", "web1"]
