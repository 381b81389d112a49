"""``opsdash hosts import``: what it prints, writes and refuses, and how hosts.d joins the fleet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from opsdash.activities.setup.commands import COMMAND
from opsdash.cli.main import opsdash
from opsdash.config.fleet_files import FleetFiles
from opsdash.config.importers import ssh_config
from opsdash.config.offers import offers
from opsdash.core.offer import Offer
from tests.hosts_files import HostsFolder

CONFIG = "Host web1 web2\nHost gh\n HostName github.com\nHost *\n User ops\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HostsFolder:
    """A home of its own, in which ssh has a config and opsdash no hosts file."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    monkeypatch.delenv("OPSDASH_HOSTS", raising=False)
    monkeypatch.setattr(ssh_config, "user_home", lambda: tmp_path)
    folder = HostsFolder(tmp_path)
    folder.write(CONFIG, ".ssh/config")
    return folder


def run(*arguments: str) -> Result:
    """Run ``opsdash hosts`` with arguments."""
    return CliRunner().invoke(COMMAND.build(), list(arguments), prog_name="opsdash hosts")


def listed() -> list[str]:
    """The names of the fleet."""
    result = run("list", "--json")
    assert result.exit_code == 0, result.stderr
    return [host["name"] for host in json.loads(result.stdout)["hosts"]]


def parts(home: HostsFolder) -> Path:
    """The folder of files that are part of hosts.yaml."""
    return home.folder / ".config/opsdash/hosts.d"


def test_what_would_be_written_is_printed_and_nothing_is_written(home: HostsFolder) -> None:
    result = run("import", "ssh-config")
    assert result.exit_code == 0
    assert "\nhosts:\n  web1:\n  web2:\n# left out: " in result.stdout
    assert "ssh_config" not in result.stdout
    assert f"left out: {home.folder}/.ssh/config:2: gh: a git server" in result.stderr
    assert f"2 hosts. Nothing is written yet: --write makes {parts(home)}" in result.stderr
    assert not (home.folder / ".config").exists()


def test_what_is_written_is_the_fleet_without_any_hosts_yaml(home: HostsFolder) -> None:
    printed = run("import", "ssh-config").stdout
    result = run("import", "ssh-config", "--write")
    target = parts(home) / "ssh-config.yaml"
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"2 hosts written to {target}" in result.stderr
    assert target.read_text() == printed
    assert (target.stat().st_mode & 0o777, parts(home).stat().st_mode & 0o777) == (0o600, 0o700)
    assert [path.name for path in parts(home).iterdir()] == ["ssh-config.yaml"]
    assert listed() == ["web1", "web2"]
    assert run("check").exit_code == 0


def test_another_config_is_kept_as_what_its_hosts_are_resolved_with(home: HostsFolder) -> None:
    other = home.write("Host a\n", "work/ssh_config")
    assert run("import", "ssh-config", str(other), "--write").exit_code == 0
    assert (parts(home) / "ssh-config-work.yaml").exists()
    (host,) = json.loads(run("list", "--json").stdout)["hosts"]
    assert host["ssh_config"] == str(other)


def test_a_host_that_hosts_yaml_declares_is_left_out_and_said_so(home: HostsFolder) -> None:
    own = home.write(
        "include: [hosts.d/*.yaml]\ndefaults: {user: me}\nhosts: {web2: }\n",
        ".config/opsdash/hosts.yaml",
    )
    for _ in range(2):
        result = run("import", "ssh-config", "--write")
        assert result.exit_code == 0
        assert f"web2: declared in {own}:3" in result.stderr
        assert f"{own}: the defaults there (user) hold for these hosts, too" in result.stderr
        assert listed() == ["web2", "web1"]


def test_a_host_of_two_files_is_a_fault_with_both_places(home: HostsFolder) -> None:
    run("import", "ssh-config", "--write")
    own = home.write("hosts: {web1: }\n", ".config/opsdash/hosts.yaml")
    result = run("check")
    assert result.exit_code == 65
    said, *_ = result.stderr.splitlines()
    assert said == (
        f"{own}:1:9: hosts.web1: web1 imported, too ({parts(home)}/ssh-config.yaml:7); to leave out"
        " there what you declare: opsdash hosts import ssh-config --write"
    )
    assert run(*said.partition(" opsdash hosts ")[2].split()).exit_code == 0
    assert run("check").exit_code == 0


@pytest.mark.parametrize("name", ["", "mine"])
def test_the_command_that_mends_it_makes_the_same_file_anew(home: HostsFolder, name: str) -> None:
    other = home.write("Host a b\n", "work/ssh_config")
    run("import", "ssh-config", str(other), "--write", *(["--name", name] if name else []))
    home.write("hosts: {a: }\n", ".config/opsdash/hosts.yaml")
    said, *_ = run("check").stderr.splitlines()
    assert run(*said.partition(" opsdash hosts ")[2].split()).exit_code == 0
    assert listed() == ["a", "b"]
    assert len(list(parts(home).iterdir())) == 1


def test_a_host_of_two_imports_is_a_fault_of_the_second(home: HostsFolder) -> None:
    run("import", "ssh-config", "--write")
    twin = parts(home) / "twin.yaml"
    twin.write_text((parts(home) / "ssh-config.yaml").read_text())
    twin.chmod(0o600)
    assert f"{twin}:7:3: hosts.web1: web1 declared twice (first in" in run("check").stderr


def test_hosts_d_is_part_of_the_users_own_file_only(home: HostsFolder) -> None:
    run("import", "ssh-config", "--write")
    other = home.write("hosts: {other: }\n", "elsewhere/hosts.yaml")
    home.write("hosts: {stray: }\n", "elsewhere/hosts.d/a.yaml")
    result = run("list", "--json", "--hosts", str(other))
    assert [host["name"] for host in json.loads(result.stdout)["hosts"]] == ["other"]


def test_a_folder_to_which_others_may_add_files_is_refused(home: HostsFolder) -> None:
    run("import", "ssh-config", "--write")
    parts(home).chmod(0o775)
    result = run("list")
    assert result.exit_code == 65
    assert f"{parts(home)}: others may write it (mode 0775)" in result.stderr


def test_an_import_is_replaced_by_the_next_one_of_the_same_source(home: HostsFolder) -> None:
    run("import", "ssh-config", "--write")
    home.write("Host web3\n", ".ssh/config")
    assert run("import", "ssh-config", "--write").exit_code == 0
    assert listed() == ["web3"]


def test_what_is_no_import_is_never_replaced(home: HostsFolder) -> None:
    target = home.write("hosts: {mine: }\n", ".config/opsdash/hosts.d/ssh-config.yaml")
    for more in ([], ["--force"]):
        result = run("import", "ssh-config", "--write", *more)
        assert result.exit_code == 65
        assert f"{target}: is there and is not of an import" in result.stderr
    assert target.read_text() == "hosts: {mine: }\n"
    assert run("import", "ssh-config", "--write", "--name", "beside").exit_code == 0
    assert listed() == ["web1", "web2", "mine"]


def test_a_link_is_not_followed(home: HostsFolder) -> None:
    run("import", "ssh-config", "--write")
    target = parts(home) / "ssh-config.yaml"
    real = target.rename(home.folder / "real.yaml")
    target.symlink_to(real)
    result = run("import", "ssh-config", "--write", "--force")
    assert result.exit_code == 65
    assert target.is_symlink()


@pytest.mark.parametrize("change", ["# mine\n", "  mine:\n"])
def test_a_changed_import_is_replaced_by_force_only(home: HostsFolder, change: str) -> None:
    run("import", "ssh-config", "--write")
    target = parts(home) / "ssh-config.yaml"
    before = target.read_text()
    target.write_text(before + change)
    result = run("import", "ssh-config", "--write")
    assert result.exit_code == 65
    assert "was changed since it was imported" in result.stderr
    assert target.read_text() == before + change
    assert run("import", "ssh-config", "--write", "--force").exit_code == 0
    assert target.read_text() == before


def test_an_import_of_another_source_is_replaced_by_force_only(home: HostsFolder) -> None:
    one = home.write("Host a\n", "x/work.conf")
    other = home.write("Host b\n", "y/work.conf")
    run("import", "ssh-config", str(one), "--write")
    result = run("import", "ssh-config", str(other), "--write")
    assert result.exit_code == 65
    assert f"was imported from {one}: --name NAME writes another file" in result.stderr
    assert run("import", "ssh-config", str(other), "--write", "--force").exit_code == 0
    assert listed() == ["b"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no host to import"),
        ("Host *\n", "names no host to import"),
        ("Host github.com\n", "names no host to import: its one host is left out\n"),
        ("Host github.com\nHost gitlab.com\n", "all its 2 hosts are left out\n"),
        ("Host a\0\n", "is a binary file"),
        ("Host \x1b[31m\n", "1:6: control character U+001B is not allowed"),
        ("#" * 2_000_000, "is larger than 1024 KiB"),
    ],
)
def test_a_config_of_nothing_exits_with_65(home: HostsFolder, text: str, said: str) -> None:
    home.write(text, ".ssh/config")
    for more in ([], ["--write"]):
        result = run("import", "ssh-config", *more)
        assert (result.exit_code, result.stdout) == (65, "")
        assert said in result.stderr
        assert "Traceback" not in result.stderr


def test_a_config_that_others_may_write_is_refused(home: HostsFolder) -> None:
    (home.folder / ".ssh/config").chmod(0o660)
    result = run("import", "ssh-config")
    assert result.exit_code == 65
    assert "others may write it (mode 0660)" in result.stderr
    assert offers() == []


@pytest.mark.parametrize(
    "arguments", [["import", "--bogus"], ["import", "x"], ["import", "ssh-config", "a", "b"]]
)
def test_wrong_usage_exits_with_64(home: HostsFolder, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 64


@pytest.mark.parametrize("name", ["../x", "-x", "a b", "."])
def test_a_name_that_is_a_path_is_refused(home: HostsFolder, name: str) -> None:
    result = run("import", "ssh-config", "--write", f"--name={name}")
    assert result.exit_code == 65
    assert "--name: a name must not" in result.stderr
    assert not parts(home).exists()


def test_a_folder_that_cannot_be_written_is_said(home: HostsFolder) -> None:
    home.write("", ".config/opsdash")
    result = run("import", "ssh-config", "--write")
    assert result.exit_code == 65
    assert "can't be written: " in result.stderr


def test_another_hosts_file_in_the_environment_is_pointed_out(
    home: HostsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPSDASH_HOSTS", str(home.write("hosts: {a: }\n", "a.yaml")))
    assert "$OPSDASH_HOSTS names another" in run("import", "ssh-config").stderr
    done = CliRunner().invoke(opsdash, ["--hosts", "a.yaml", "hosts", "import", "ssh-config"])
    assert "\n--hosts names another hosts file" in done.stderr


def test_the_help_shows_that_the_kind_may_be_left_out(home: HostsFolder) -> None:
    assert "import [OPTIONS] [KIND] [PATH]" in run("import", "--help").stdout


def test_an_offer_is_gone_when_it_was_taken_up(home: HostsFolder) -> None:
    command = "opsdash hosts import ssh-config --write"
    assert offers() == [Offer("ssh-config", "~/.ssh/config", 2, command)]
    run("import", "ssh-config", "--write", "--name", "other")
    assert offers() == []


def test_without_a_kind_the_usual_places_are_looked_at(home: HostsFolder) -> None:
    assert run("import").stdout == (
        "FOUND          HOSTS  TO IMPORT THEM\n"
        "~/.ssh/config  2      opsdash hosts import ssh-config --write\n"
    )
    run("import", "ssh-config", "--write")
    result = run("import")
    assert result.exit_code == 64
    assert "nothing to import in the usual places: say KIND and PATH" in result.stderr


def test_what_the_fleet_has_is_not_offered_and_what_was_added_since_is(home: HostsFolder) -> None:
    assert [offer.hosts for offer in offers(known=["web1"])] == [1]
    assert offers(known=["web1", "web2"]) == []
    run("import", "ssh-config", "--write")
    home.write(f"Host web3\n{CONFIG}", ".ssh/config")
    assert [offer.hosts for offer in offers(known=["web1", "web2"])] == [1]


def test_a_fleet_that_is_written_by_hand_is_offered_only_what_it_lacks(home: HostsFolder) -> None:
    files = FleetFiles(None)
    files.read()
    assert [offer.hosts for offer in files.offers] == [2]
    home.write("hosts: {web1: , web2: }\n", ".config/opsdash/hosts.yaml")
    files.read()
    assert files.offers == ()


def test_without_a_hosts_file_the_import_is_pointed_to(home: HostsFolder) -> None:
    said = run("check").stderr.splitlines()
    assert said[1] == "  ~/.ssh/config (2 hosts): opsdash hosts import ssh-config --write"


def test_nothing_is_offered_where_nothing_is_found(home: HostsFolder) -> None:
    (home.folder / ".ssh/config").unlink()
    assert offers() == []
