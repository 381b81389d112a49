"""The files of a fleet are noticed when they change, whichever they are and however they do."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsdash.config import paths
from opsdash.config.fleet_files import FleetFiles
from opsdash.config.open_fleet import open_fleet
from opsdash.config.trail import Trail
from opsdash.core.errors import ConfigError
from opsdash.core.fleet import Fleet
from opsdash.engine.declared import stirred


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's config directory, empty."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv(paths.HOSTS_VARIABLE, raising=False)
    folder = tmp_path / "opsdash"
    folder.mkdir()
    return folder


def write(path: Path, text: str) -> None:
    """Write as editors do: a new file in place of the old one."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.chmod(0o600)
    fresh.replace(path)


def test_what_was_read_has_not_changed(home: Path) -> None:
    write(home / "hosts.yaml", "hosts: {a: {}}")
    files = FleetFiles(None)
    assert list(files.read().hosts) == ["a"]
    assert not files.changed()


def test_a_change_counts_until_it_has_been_read_right_or_wrong(home: Path) -> None:
    files, own = FleetFiles(None), home / "hosts.yaml"
    write(own, "hosts: {a: {}}")
    files.read()
    write(own, "hosts: {a: {}, b: {}}")
    assert files.changed()
    assert list(files.read().hosts) == ["a", "b"]
    assert not files.changed()
    write(own, "hosts: {a: {}, b: {prot: 22}}")
    assert files.changed()
    with pytest.raises(ConfigError):
        files.read()
    assert not files.changed()
    write(own, "hosts: {b: {port: 22}}")
    assert files.changed()
    assert list(files.read().hosts) == ["b"]


def test_a_file_that_is_included_counts_also_while_it_is_broken(home: Path) -> None:
    write(home / "hosts.yaml", "include: [more.yaml]\nhosts: {a: {}}")
    write(home / "more.yaml", "hosts: [")
    files = FleetFiles(None)
    with pytest.raises(ConfigError):
        files.read()
    write(home / "more.yaml", "hosts: {b: {}}")
    assert files.changed()
    assert list(files.read().hosts) == ["a", "b"]


def test_a_file_that_is_missing_counts_when_it_comes(home: Path) -> None:
    write(home / "hosts.yaml", "include: [more.yaml, parts/*.yml]\nhosts: {a: {}}")
    files = FleetFiles(None)
    with pytest.raises(ConfigError):
        files.read()
    write(home / "more.yaml", "hosts: {b: {}}")
    assert files.changed()
    files.read()
    (home / "parts").mkdir()
    assert not files.changed()
    write(home / "parts" / "c.yml", "hosts: {c: {}}")
    assert files.changed()
    assert list(files.read().hosts) == ["a", "b", "c"]
    (home / "parts" / "c.yml").unlink()
    assert files.changed()


def test_the_first_hosts_file_is_noticed_and_ends_the_notice_of_being_alone(home: Path) -> None:
    files = FleetFiles(None)
    alone = files.read()
    assert not alone.source
    assert any("this machine alone" in notice for notice in alone.notices)
    write(home / "hosts.yaml", "hosts: {a: {}}")
    assert files.changed()
    fleet = files.read()
    assert (list(fleet.hosts), fleet.notices) == (["a"], ())


def test_a_fleet_does_not_turn_into_this_machine_when_its_file_is_gone(home: Path) -> None:
    write(home / "hosts.yaml", "hosts: {a: {}}")
    files = FleetFiles(None)
    files.read()
    (home / "hosts.yaml").unlink()
    assert files.changed()
    with pytest.raises(ConfigError, match="is gone"):
        files.read()
    write(home / "hosts.yaml", "hosts: {a: {}}")
    assert files.changed()


def test_a_file_that_is_named_is_the_one_that_counts(home: Path, tmp_path: Path) -> None:
    named = tmp_path / "mine.yaml"
    files = FleetFiles(str(named))
    with pytest.raises(ConfigError, match="no such file"):
        files.read()
    write(home / "hosts.yaml", "hosts: {a: {}}")
    assert not files.changed()
    write(named, "hosts: {b: {}}")
    assert files.changed()
    assert list(files.read().hosts) == ["b"]


def test_what_changes_while_it_is_read_counts_as_changed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home / "hosts.yaml", "hosts: {a: {}}")
    files = FleetFiles(None)
    files.read()

    def meanwhile(explicit: str | None, checks: None, trail: Trail) -> Fleet:
        fleet = open_fleet(explicit, checks, trail)
        write(home / "hosts.yaml", "hosts: {b: {}}")
        return fleet

    monkeypatch.setattr("opsdash.config.fleet_files.open_fleet", meanwhile)
    assert list(files.read().hosts) == ["a"]
    assert files.changed()


async def test_a_file_that_is_being_written_is_waited_for(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home / "hosts.yaml", "hosts: {a: {}}")
    files = FleetFiles(None)
    files.read()
    assert not await stirred(files)

    async def meanwhile(_: float) -> None:
        (home / "hosts.yaml").write_text("hosts: {a: {}, b: {}, c: {}}")

    write(home / "hosts.yaml", "hosts: {a: {")
    with monkeypatch.context() as patched:
        patched.setattr("opsdash.engine.declared.asyncio.sleep", meanwhile)
        assert not await stirred(files)
    assert await stirred(files)
