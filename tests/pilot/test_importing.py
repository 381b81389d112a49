"""A first start: the hosts of the user's ssh are offered, looked at, and taken over on a yes."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from opsdash.config.importing import preview
from tests.program import own_home, running, save

SSH_CONFIG = """\
Host alpha
  HostName 127.0.0.1
  Port 1
Host bravo
  HostName 127.0.0.1
  Port 2
Host *.example.org !odd
  User ops
Host github.com
  User git
"""


@pytest.fixture(autouse=True)
def home(made_collectors: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's config directory, empty; an ssh config with two hosts."""
    folder = own_home(tmp_path, monkeypatch)
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text(SSH_CONFIG)
    return folder


async def test_the_hosts_of_ssh_are_offered_shown_and_taken_over(home: Path) -> None:
    async with running() as screen:
        await screen.expect(
            "this machine alone; ~/.ssh/config has 2 hosts: press : and type import"
        )
        await screen.pilot.press("colon", *"import")
        await screen.expect("import [KIND PATH]", "~/.ssh/config: 2 hosts")
        await screen.pilot.press("enter")
        await screen.expect(
            "Import 2 hosts: y writes this file", "hosts.d/ssh-", "alpha:", "y write it"
        )
        assert not (home / "hosts.d").exists()
        await screen.pilot.press("y")
        await screen.expect("2 added, 1 removed", "alpha", "bravo", never="this machine alone")
        (written,) = (home / "hosts.d").iterdir()
        assert stat.S_IMODE(written.stat().st_mode) == 0o600
        await screen.pilot.press("colon", *"import")
        await screen.expect("import KIND [PATH]", never="~/.ssh/config")
        await screen.pilot.press("enter")
        await screen.expect("type behind it: import KIND [PATH]")


async def test_whoever_says_no_writes_nothing(home: Path) -> None:
    async with running() as screen:
        await screen.expect("press : and type import")
        for no in ("n", "enter", "escape", "q"):
            await screen.pilot.press("colon", *"import", "enter")
            await screen.expect("y writes")
            await screen.pilot.press(no)
            await screen.expect("this machine alone", never="y writes")
        assert not (home / "hosts.d").exists()


async def test_any_inventory_is_taken_over_by_its_path(home: Path, tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.ini"
    inventory.write_text("[web]\nweb[1:3] ansible_connection=local\n")
    save(home / "hosts.yaml", "alpha")
    async with running() as screen:
        await screen.expect("alpha", never="type import")
        await screen.pilot.press("colon", *f"import ansible {inventory}", "enter")
        await screen.expect("Import 3 hosts", "web1")
        await screen.pilot.press("y")
        await screen.expect("3 added", "web1", "web3", "alpha")


async def test_what_can_not_be_imported_is_said_as_a_page(home: Path, tmp_path: Path) -> None:
    async with running() as screen:
        await screen.expect("type import")
        await screen.pilot.press("colon", *"import ansible /nowhere", "enter")
        await screen.expect("Nothing was imported", "/nowhere: there is no such file")
        await screen.pilot.press("q", "colon", *"import puppet x", "enter")
        await screen.expect("it is one of ssh-config, ansible, clustershell")
        assert not (home / "hosts.d").exists()


async def test_an_import_that_stands_in_the_way_is_not_written_over(home: Path) -> None:
    (home / "hosts.d").mkdir()
    _, found = preview("ssh-config", "~/.ssh/config")
    target = Path(found.target)
    save(target, "mine")
    async with running() as screen:
        await screen.expect("mine")
        await screen.pilot.press("colon", *"import", "enter")
        await screen.expect("y writes")
        await screen.pilot.press("y")
        await screen.expect("Nothing was imported", "is not of an import")
        assert "mine" in target.read_text()
