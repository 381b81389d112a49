"""``opsdash hosts``: what it prints, what it exits with, and what it does not load."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml
from click.testing import CliRunner, Result

from opsdash.activities.setup.commands import COMMAND
from opsdash.config.hosts_schema import hosts_json_schema
from opsdash.config.paths import shipped
from opsdash.core import discover
from opsdash.core.plugin import Check
from tests.hosts_files import HostsFolder

FILE = """\
defaults: {user: ops}
groups: {web: {hosts: ["web[1:2]"], tags: [prod]}}
hosts:
  gate: 10.0.0.1:2222
  db1: {address: 10.0.0.2, jump: gate, tags: [prod, sql]}
"""


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HostsFolder:
    """A home of its own, with a folder for hosts files."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("OPSDASH_HOSTS", raising=False)
    return HostsFolder(tmp_path)


def run(*arguments: str) -> Result:
    """Run ``opsdash hosts`` with arguments."""
    return CliRunner().invoke(COMMAND.build(), list(arguments), prog_name="opsdash hosts")


def test_the_command_is_found_by_its_folder() -> None:
    assert discover.commands()["hosts"] is COMMAND


def test_list_prints_an_aligned_table_in_the_files_order(hosts: HostsFolder) -> None:
    result = run("list", "--hosts", str(hosts.write(FILE)))
    assert result.exit_code == 0
    assert result.stdout == (
        "NAME  ADDRESS   USER  PORT  JUMP  GROUPS  TAGS\n"
        "web1  -         ops   -     -     web     prod\n"
        "web2  -         ops   -     -     web     prod\n"
        "gate  10.0.0.1  ops   2222  -     -       -\n"
        "db1   10.0.0.2  ops   -     gate  -       prod,sql\n"
    )
    assert result.stderr == ""


def test_list_selects_by_name_tag_and_group(hosts: HostsFolder) -> None:
    path = str(hosts.write(FILE))

    def listed(*select: str) -> list[str]:
        result = run("list", "--hosts", path, "--json", *select)
        assert result.exit_code == 0
        return [host["name"] for host in json.loads(result.stdout)["hosts"]]

    assert listed("web*", "db1", "!web2") == ["web1", "db1"]
    assert listed("tag:sql") == ["db1"]
    assert listed("group:web") == ["web1", "web2"]
    assert listed("all") == ["web1", "web2", "gate", "db1"]


def test_list_in_json_holds_every_field(hosts: HostsFolder) -> None:
    path = hosts.write(
        "hosts: {a: {thresholds: {}, keys: [/k], interval: 1m, probes: {p: {tcp: 22}}, "
        "logs: {app: /srv/a.log, queue: {command: tail -F /q}}}}\n"
    )
    assert json.loads(run("list", "--json", "--hosts", str(path)).stdout) == {
        "version": 1,
        "source": str(path),
        "hosts": [
            {
                "name": "a",
                "address": None,
                "port": None,
                "user": None,
                "keys": ["/k"],
                "jump": None,
                "tags": [],
                "groups": [],
                "sudo": "probe",
                "host_key": "strict",
                "known_hosts": [],
                "interval_s": 60,
                "thresholds": {},
                "probes": [
                    {
                        "name": "p",
                        "kind": "tcp",
                        "target": "127.0.0.1:22",
                        "from": "host",
                        "every_s": 60,
                        "timeout_s": 10,
                    }
                ],
                "logs": [
                    {"name": "app", "path": "/srv/a.log", "command": None},
                    {"name": "queue", "path": None, "command": "tail -F /q"},
                ],
                "transport": "ssh",
                "ssh_config": None,
            }
        ],
    }


@pytest.mark.parametrize(
    ("select", "said"),
    [
        ("wbe1", "no host is called 'wbe1': did you mean web1?"),
        ("tag:none", "no host fits 'tag:none'"),
        ("cpu>80", "hosts list asks no host"),
        ("$(id)", "is neither a host name, a glob nor a predicate"),
    ],
)
def test_a_selection_of_nothing_exits_with_64(hosts: HostsFolder, select: str, said: str) -> None:
    result = run("list", "--hosts", str(hosts.write(FILE)), select)
    assert result.exit_code == 64
    assert said in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("arguments", [["list", "--bogus"], ["bogus"], ["--bogus"], []])
def test_wrong_usage_exits_with_64(hosts: HostsFolder, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 64
    assert "Usage: opsdash hosts" in result.stderr


def test_check_counts_what_is_right(hosts: HostsFolder) -> None:
    path = hosts.write(FILE)
    for arguments in (["check", str(path)], ["check", "--hosts", str(path)]):
        result = run(*arguments)
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout == f"{path}: 4 hosts, 1 group, 0 faults\n"


def test_check_says_what_is_odd_on_stderr(hosts: HostsFolder) -> None:
    path = hosts.write("groups: {empty: }\nhosts: {a: }\n")
    result = run("check", str(path))
    assert result.exit_code == 0
    assert result.stderr == f"{path}:1: group empty has no hosts\n"


@pytest.mark.parametrize("verb", [["check"], ["list", "--hosts"]])
def test_faults_go_to_stderr_line_by_line_and_exit_with_65(
    hosts: HostsFolder, verb: list[str]
) -> None:
    path = hosts.write("hosts:\n  a: {prt: 1}\n  b: {jump: c}\n")
    result = run(*verb, str(path))
    assert result.exit_code == 65
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        f"{path}:2:7: hosts.a.prt: unknown key (did you mean port?)",
        f"{path}:3:13: hosts.b.jump: no host is called c: declare it, or write user@c",
        "2 faults",
        "Every field is explained in docs/hosts-file.md; hosts schema feeds your editor.",
    ]


def test_a_named_file_that_is_missing_exits_with_65(hosts: HostsFolder) -> None:
    result = run("list", "--hosts", "/none.yaml")
    assert result.exit_code == 65
    assert "/none.yaml: there is no such file (named by --hosts)" in result.stderr


def test_without_a_hosts_file_the_next_step_is_told(hosts: HostsFolder) -> None:
    place = str(hosts.folder / "config/opsdash/hosts.yaml")
    listed, checked = run("list"), run("check")
    for result in (listed, checked):
        assert f"There is no hosts file at {place}" in result.stderr
        assert "install -Dm600 " in result.stderr
    assert (listed.exit_code, checked.exit_code) == (0, 64)
    assert "localhost" in listed.stdout
    assert checked.stdout == ""


def test_a_check_id_that_does_not_exist_is_a_fault(
    hosts: HostsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = Check("cpu-busy", "CPU busy", lambda inquiry: ())
    monkeypatch.setattr(discover, "checks", lambda: {"cpu-busy": only})
    path = hosts.write("hosts: {a: {thresholds: {cpu-bsy: {warn: 1, crit: 2}}}}\n")
    result = run("check", str(path))
    assert result.exit_code == 65
    assert "cpu-bsy: no check is called so (did you mean cpu-busy?)" in result.stderr


def test_schema_is_one_that_the_example_fits_and_a_typo_does_not() -> None:
    result = run("schema")
    assert result.exit_code == 0
    schema = json.loads(result.stdout)
    assert schema == hosts_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    example = shipped("hosts.example.yaml")
    assert example is not None
    jsonschema.validate(yaml.safe_load(example.read_text()), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"hosts": {"a": {"prt": 1}}}, schema)


@pytest.mark.parametrize(
    "data",
    [
        {"hosts": {"a": None, "b": "u@x:1", "c": {"interval": 5, "tags": ["x"]}}},
        {"groups": {"g": None, "h": {"hosts": ["a", {"name": "b", "interval": "2s"}]}}},
        {"hosts": {"a": {"thresholds": {"c": {"warn": "80%", "crit": 1}}}}, "version": 1},
        {"hosts": {"a": None}, "inventory_command": ["printf", "{}"]},
        {"hosts": {"a": None}, "inventory_command": {"argv": ["printf", "{}"], "deadline": "5s"}},
    ],
)
def test_the_schema_accepts_every_form_that_the_loader_reads(
    hosts: HostsFolder, data: object
) -> None:
    jsonschema.validate(data, hosts_json_schema())
    assert hosts.fleet(yaml.safe_dump(data)).hosts


def test_an_editor_is_not_told_that_null_is_a_value() -> None:
    properties = hosts_json_schema()["$defs"]["HostForm"]["properties"]
    assert "default" not in properties["port"]
    assert all(field["description"] for field in properties.values())


def test_the_command_is_found_without_loading_pydantic_yaml_or_textual() -> None:
    script = (
        "import sys; from opsdash.activities.setup.commands import COMMAND; COMMAND.build();"
        "print({'pydantic', 'yaml', 'textual', 'asyncssh'} & set(sys.modules))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    assert printed.stdout == "set()\n"
