"""Where files are looked for, in a wheel and in a working copy."""

from __future__ import annotations

import importlib
import os
import zipfile
from pathlib import Path

import pytest

from opsdash.config import paths
from opsdash.config.open_fleet import no_hosts_file, open_fleet
from opsdash.core.errors import ConfigError
from opsdash.core.host import Way

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, with nothing in it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("OPSDASH_HOSTS", raising=False)
    return tmp_path


def write(path: Path) -> Path:
    """A hosts file with one host."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("hosts: {a: }\n")
    path.chmod(0o600)
    return path


def test_the_flag_wins_over_the_variable_and_that_over_the_users_own_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert paths.hosts_file(None) is None
    own = write(home / "config/opsdash/hosts.yaml")
    assert paths.hosts_file(None) == own
    named = write(home / "named.yaml")
    monkeypatch.setenv("OPSDASH_HOSTS", str(named))
    assert paths.hosts_file(None) == named
    given = write(home / "given.yaml")
    assert paths.hosts_file("~/given.yaml") == given


def test_the_current_directory_is_never_searched(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home / "hosts.yaml")
    monkeypatch.chdir(home)
    assert paths.hosts_file(None) is None


@pytest.mark.parametrize(("flag", "variable"), [("/none.yaml", ""), (None, "/none.yaml")])
def test_a_named_file_that_is_not_there_is_an_error_and_no_other_is_taken(
    home: Path, flag: str | None, variable: str
) -> None:
    write(home / "config/opsdash/hosts.yaml")
    with pytest.raises(ConfigError, match=r"/none.yaml: there is no such file \(named by"):
        paths.hosts_file(flag, {"OPSDASH_HOSTS": variable})


@pytest.mark.parametrize("text", ["~nobody-here/x", "a\0b"])
def test_a_path_that_can_not_exist_is_an_error_in_words(home: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        paths.hosts_file(text)


def test_an_empty_variable_counts_as_none(home: Path) -> None:
    assert paths.hosts_file("", {"OPSDASH_HOSTS": ""}) is None


def test_a_dangling_link_is_told_and_not_taken_for_no_file(home: Path) -> None:
    link = home / "config/opsdash/hosts.yaml"
    link.parent.mkdir(parents=True)
    link.symlink_to("gone.yaml")
    with pytest.raises(ConfigError, match="there is no such file"):
        open_fleet(None)


def test_the_state_directory_is_the_users_alone(home: Path) -> None:
    folder = paths.state_dir()
    assert folder == home / "state/opsdash"
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    assert paths.state_dir().stat().st_mode & 0o777 == 0o700


def test_without_a_hosts_file_this_machine_is_the_fleet(home: Path) -> None:
    fleet = open_fleet(None)
    (host,) = fleet.hosts.values()
    assert host.way is Way.LOCAL
    assert fleet.source == ""
    assert str(home / "config/opsdash/hosts.yaml") in no_hosts_file()
    assert "hosts.example.yaml" in no_hosts_file()


def test_a_named_hosts_file_is_opened(home: Path) -> None:
    assert list(open_fleet(str(write(home / "x.yaml"))).hosts) == ["a"]


def installed(root: Path, *names: str) -> Path:
    """A package folder under a root, with files in it or beside it."""
    (root / "opsdash").mkdir()
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    return root / "opsdash"


def test_in_a_wheel_shipped_files_stand_in_the_package(tmp_path: Path) -> None:
    package = installed(tmp_path, "opsdash/themes/a.yaml", "themes/b.yaml", "pyproject.toml")
    assert paths.shipped("themes", package) == package / "themes"


def test_in_a_working_copy_shipped_files_stand_beside_the_package(tmp_path: Path) -> None:
    package = installed(tmp_path, "themes/b.yaml", "pyproject.toml")
    assert paths.shipped("themes", package) == tmp_path / "themes"


def test_what_stands_beside_an_installed_package_is_someone_elses(tmp_path: Path) -> None:
    package = installed(tmp_path, "themes/b.yaml")
    assert paths.shipped("themes", package) is None


def test_user_themes_come_after_the_shipped_ones(home: Path) -> None:
    assert paths.themes_dirs() == (REPOSITORY / "themes",)
    (home / "config/opsdash/themes").mkdir(parents=True)
    assert paths.themes_dirs() == (REPOSITORY / "themes", home / "config/opsdash/themes")


def test_a_wheel_holds_the_themes_the_example_and_the_recordings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("hatchling")
    build = importlib.import_module("hatchling.build")
    monkeypatch.chdir(REPOSITORY)
    wheel = tmp_path / build.build_wheel(os.fspath(tmp_path))
    names = zipfile.ZipFile(wheel).namelist()
    assert "opsdash/hosts.example.yaml" in names
    assert "opsdash/transport/demo/recordings.json.gz" in names
    shipped = {name for name in names if name.startswith("opsdash/themes/")}
    assert shipped == {f"opsdash/themes/{path.name}" for path in Path("themes").iterdir()}
