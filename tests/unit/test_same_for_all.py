"""ssh is asked once for all hosts only where it would say the same of each."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from opsdash.core.host import Host
from opsdash.transport import process
from opsdash.transport.base import Completed
from opsdash.transport.ssh.resolve import parse_ssh_g, resolve
from opsdash.transport.ssh.same_for_all import ANY_HOST, about, text_for_all

needs_ssh = pytest.mark.skipif(shutil.which("ssh") is None, reason="no OpenSSH client here")

FOR_ALL = {
    "empty": "",
    "options": "User deploy\nPort=2222\nIdentityFile ~/.ssh/id_one\n# Host web\n",
    "a block for all": "Host *\n  User deploy\n  ProxyCommand nc %h %p\n",
    "an include": "Include {folder}/more\n",
}
FOR_SOME = {
    "a host": "User deploy\nHost web*\n  Port 2222\n",
    "a match": 'Match exec "true"\n  Port 2222\n',
    "all but one": "Host * !web1\n  Port 2222\n",
    "a quoted pattern": 'Host "web1"\n  Port 2222\n',
    "an equals sign": "host=web1\n  Port 2222\n",
    "an include of a block": "Include {folder}/block\n",
    "an include of an include": "Include {folder}/nested\n",
    "an include of itself": "Include {folder}/config\n",
    "an include with a variable": "Include ${{HOME}}/x\n",
    "two includes in a line": "Include {folder}/more {folder}/block\n",
}
FILLED_IN = {
    "a name that is filled in": "HostName %h.example.org\n",
    "a canonical name": "CanonicalizeHostname always\nCanonicalDomains example.org\n",
}


def write(folder: Path, text: str) -> str:
    (folder / "more").write_text("Port 2222\n")
    (folder / "block").write_text("Host web1\n  Port 2222\n")
    (folder / "nested").write_text(f"Include {folder}/block\n")
    config = folder / "config"
    config.write_text(text.format(folder=folder))
    return str(config)


@pytest.mark.parametrize("text", FOR_ALL.values(), ids=FOR_ALL.keys())
def test_a_config_without_blocks_is_for_all(tmp_path: Path, text: str) -> None:
    assert text_for_all(write(tmp_path, text)) is not None


@pytest.mark.parametrize("text", FOR_SOME.values(), ids=FOR_SOME.keys())
def test_whatever_may_be_about_some_hosts_is_in_doubt(tmp_path: Path, text: str) -> None:
    assert text_for_all(write(tmp_path, text)) is None


def test_a_change_shows_wherever_it_is_made(tmp_path: Path) -> None:
    config = write(tmp_path, FOR_ALL["an include"])
    before = text_for_all(config)
    (tmp_path / "more").write_text("Port 2223\n")
    assert text_for_all(config) not in (before, None)


@needs_ssh
@pytest.mark.parametrize("name", ["web1", "10.0.0.1", "2001:db8::1", "web1.example.org"])
@pytest.mark.parametrize("text", FOR_ALL.values(), ids=FOR_ALL.keys())
async def test_what_is_known_of_all_is_what_ssh_says_of_each(
    tmp_path: Path, text: str, name: str
) -> None:
    config = write(tmp_path, text)
    said = {}
    for asked in (name, ANY_HOST):
        done = await process.run(["ssh", "-G", "-F", config, "--", asked], timeout_s=10)
        said[asked] = parse_ssh_g(done.stdout.decode())
    said[name].pop("host", None)  # nobody reads it: the name is known
    assert about(name, said[ANY_HOST]) == said[name]


@needs_ssh
@pytest.mark.parametrize("text", FILLED_IN.values(), ids=FILLED_IN.keys())
async def test_a_name_that_ssh_makes_another_of_is_asked_about(tmp_path: Path, text: str) -> None:
    config = write(tmp_path, text)
    done = await process.run(["ssh", "-G", "-F", config, "--", ANY_HOST], timeout_s=10)
    assert about("web1", parse_ssh_g(done.stdout.decode())) is None


@needs_ssh
async def test_ssh_is_asked_once_for_many_hosts_and_again_when_the_config_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    run = process.run

    async def counting(argv: list[str], **options: float) -> Completed:
        asked.append(argv[-1])
        return await run(argv, timeout_s=options["timeout_s"])

    monkeypatch.setattr(process, "run", counting)
    config = write(tmp_path, "User deploy\n")
    routes = [await resolve(Host(f"web{n}", ssh_config=config)) for n in range(5)]
    assert [route.address for route in routes] == [f"web{n}" for n in range(5)]
    assert {route.user for route in routes} == {"deploy"}
    assert asked == [ANY_HOST]
    write(tmp_path, "User other\n")
    assert (await resolve(Host("web1", ssh_config=config))).user == "other"
    assert asked == [ANY_HOST] * 2
    write(tmp_path, "Host web1\n  User third\n")
    assert (await resolve(Host("web1", ssh_config=config))).user == "third"
    assert asked[2:] == ["web1"]
