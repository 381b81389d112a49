"""guardrails.yaml: what it says, what is wrong with it, and that it follows the hosts file."""

from __future__ import annotations

import json
import re
from datetime import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from opsdash.activities.setup.guardrails_commands import COMMAND
from opsdash.config.fleet_files import FleetFiles
from opsdash.config.guardrails_file import read_guardrails, window
from opsdash.config.open_fleet import open_fleet
from opsdash.core.errors import ConfigError
from opsdash.core.guardrail import NO_GUARDRAILS, Guardrails

ROOT = Path(__file__).resolve().parents[2]

HOSTS = "hosts:\n  web1: {tags: [prod]}\n  db1:\n"
ALL = """\
confirm_tags: [prod, pci]
rules:
  night:
    actions: [host.reboot, "service.*"]
    commands: '\\breboot\\b'
    hosts: "tag:prod"
    only: ["mon-fri 22:00-05:00", "sat,sun"]
    never: 01:00-02:00
    confirm: NIGHT
    max_hosts: 3
    reason: At night only.
  stop: {deny: true, reason: "Never."}
"""


def read(folder: Path, text: str) -> Guardrails:
    path = folder / "guardrails.yaml"
    path.write_text(text)
    path.chmod(0o600)
    return read_guardrails(path)


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    path = tmp_path / "hosts.yaml"
    path.write_text(HOSTS)
    path.chmod(0o600)
    return path


def test_all_that_a_rule_may_say(tmp_path: Path) -> None:
    found = read(tmp_path, ALL)
    night, stop = found.rules
    assert found.tags == ("prod", "pci")
    assert (night.name, night.reason, night.actions) == (
        "night",
        "At night only.",
        ("host.reboot", "service.*"),
    )
    assert night.commands == (re.compile(r"\breboot\b"),)
    assert night.hosts is not None
    assert (night.hosts.text, night.confirm, night.max_hosts) == ("tag:prod", "NIGHT", 3)
    assert [one.text for one in night.only] == ["mon-fri 22:00-05:00", "sat,sun"]
    assert night.never[0].begin == time(1)
    assert night.place.endswith("guardrails.yaml:3")
    assert (stop.deny, stop.hosts, stop.actions) == (True, None, ("*",))


@pytest.mark.parametrize("text", ["", "# nothing\n", "rules:\n", "rules: {}\n"])
def test_a_file_without_rules_has_the_usual_ones(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == NO_GUARDRAILS
    assert read_guardrails(tmp_path / "none.yaml") == NO_GUARDRAILS


def test_no_tag_at_all_may_be_wanted(tmp_path: Path) -> None:
    assert read(tmp_path, "confirm_tags: []\n").tags == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n", "1:1: should be a mapping"),
        ("rule: {}\n", "1:1: rule: unknown key (did you mean rules?)"),
        ("rules: [a]\n", "1:8: rules: should be a mapping of at most 200 rules"),
        ("rules:\n  a: true\n", "2:6: rules.a: should be a mapping with reason and one of"),
        ("rules:\n  a: {deny: true}\n", "2:3: rules.a: needs a reason"),
        ("rules:\n  a: {reason: x}\n", "2:3: rules.a: demands nothing: it needs one of deny"),
        ("rules:\n  a: {reason: x, deny: false}\n", "rules.a.deny: should be true"),
        ("rules:\n  a: {reason: x, allow: y}\n", "rules.a.allow: unknown key (did you mean only"),
        ("rules:\n  a: {reason: 1, deny: true}\n", "rules.a.reason: should be a sentence"),
        ("rules:\n  a: {reason: x, max_hosts: 0}\n", "max_hosts: should be a number of hosts from"),
        ("rules:\n  a: {reason: x, max_hosts: true}\n", "max_hosts: should be a number of hosts"),
        ("rules:\n  a: {reason: x, confirm: two words}\n", "confirm: should be a word to type"),
        ("rules:\n  a: {reason: x, commands: '('}\n", "commands: is no regular expression"),
        ("rules:\n  a: {reason: x, actions: 'a b'}\n", 'actions: "a b" is no action and no glob'),
        ("rules:\n  a: {reason: x, actions: []}\n", "actions: should be an action or a glob"),
        ("rules:\n  a: {reason: x, hosts: 'tga:x'}\n", "rules.a.hosts:"),
        ("rules:\n  a: {reason: x, hosts: 'state:warn'}\n", "hosts: should select by names, tags"),
        ("rules:\n  a: {reason: x, only: 25:00-26:00}\n", "only: should be days, hours, or both"),
        ("rules:\n  a: {reason: x, only: 05:00-05:00}\n", "only: begin and end are the same"),
        ("rules:\n  a: {reason: x, only: mon-fry}\n", "(did you mean fri?)"),
        ("rules:\n  a: {reason: x, only: mon tue}\n", "only: should be days, hours, or both"),
        ("rules:\n  a: {reason: x, only: ''}\n", "only: should be a time window"),
        ("confirm_tags: [a b]\n", "confirm_tags: should be a word to type"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as told:
        read(tmp_path, text)
    assert said in str(told.value)
    assert str(tmp_path / "guardrails.yaml:") in str(told.value)


def test_a_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "guardrails.yaml"
    path.write_text(ALL)
    path.chmod(0o666)
    with pytest.raises(ConfigError, match="chmod"):
        read_guardrails(path)


@pytest.mark.parametrize(
    ("text", "days", "begin", "end"),
    [
        ("mon-fri 22:00-05:00", {0, 1, 2, 3, 4}, time(22), time(5)),
        ("Sat, Sun", {5, 6}, time(0), time(0)),
        ("fri-mon 8:00 - 24:00", {4, 5, 6, 0}, time(8), time(0)),
        ("02:30-04:00", {*range(7)}, time(2, 30), time(4)),
    ],
)
def test_windows(text: str, days: set[int], begin: time, end: time) -> None:
    found = window(text)
    assert (set(found.days), found.begin, found.end) == (days, begin, end)


def test_the_fleet_has_the_rules_that_stand_beside_its_file(hosts: Path) -> None:
    assert open_fleet(str(hosts)).guardrails == NO_GUARDRAILS
    read(hosts.parent, ALL)
    assert [rule.name for rule in open_fleet(str(hosts)).guardrails.rules] == ["night", "stop"]


def test_saving_the_rules_is_noticed_like_saving_the_hosts(hosts: Path) -> None:
    files = FleetFiles(str(hosts))
    files.read()
    assert files.changed() == {}
    read(hosts.parent, ALL)
    assert files.changed()
    assert len(files.read().guardrails.rules) == 2
    assert files.changed() == {}
    (hosts.parent / "guardrails.yaml").write_text("rules: 1\n")
    assert files.changed()
    with pytest.raises(ConfigError, match=r"guardrails\.yaml:1:8"):
        files.read()


@pytest.mark.parametrize(
    ("said", "wanted"),
    [("", ""), ("0", ""), ("no", ""), ("1", "--read-only or $OPSDASH_READ_ONLY")],
)
def test_read_only_by_the_environment(
    hosts: Path, monkeypatch: pytest.MonkeyPatch, said: str, wanted: str
) -> None:
    monkeypatch.setenv("OPSDASH_READ_ONLY", said)
    assert open_fleet(str(hosts)).read_only == wanted


def test_read_only_by_the_hosts_file(hosts: Path) -> None:
    assert open_fleet(str(hosts)).read_only == ""
    hosts.write_text(f"read_only: true\n{HOSTS}")
    assert open_fleet(str(hosts)).read_only == "read_only in hosts.yaml"
    hosts.write_text(f"read_only: false\n{HOSTS}")
    assert open_fleet(str(hosts)).read_only == ""


def test_the_verb_lists_them(hosts: Path) -> None:
    runner, command = CliRunner(), COMMAND.build()
    bare = runner.invoke(command, ["--hosts", str(hosts)])
    assert "the tag prod" in bare.output
    assert "there are no further rules: write" in bare.output
    read(hosts.parent, ALL)
    found = runner.invoke(command, ["--hosts", str(hosts)])
    assert found.exit_code == 0
    assert re.search(
        r"night +host.reboot service.\* +\\breboot\\b +tag:prod +1 +type NIGHT", found.output
    )
    data = json.loads(runner.invoke(command, ["--hosts", str(hosts), "--json"]).output)
    assert data["rules"][0]["matching_hosts"] == ["web1"]
    assert data["rules"][1]["deny"] is True
    read_path = hosts.parent / "guardrails.yaml"
    read_path.write_text("rules: 1\n")
    wrong = runner.invoke(command, ["--hosts", str(hosts)])
    assert wrong.exit_code == 65
    assert "guardrails.yaml:1:8" in wrong.output


def test_the_example_of_the_docs_is_right(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "guardrails.md").read_text()
    found = read(tmp_path, text.partition("```yaml\n")[2].partition("```")[0])
    assert len(found.rules) == 5
