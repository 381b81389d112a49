"""The first ten minutes of somebody who never saw opsdash, in tmux and in a plain xterm at once."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.terminal import Terminal
from tests.fleet.test_import import ssh_config
from tests.fleet.testbed import Testbed, no_watch_rules
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.fleet,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]

STRANGER = "box1"
"""A host whose key no known_hosts file has yet."""

FAULTS = [
    ("rpm1", "sshd-off", "tcp", "refused"),
    ("suse1", "sshd-hung", "banner", "does not answer"),
    ("suse1", "partition", "tcp", "no answer"),
    ("rpm1", "reject", "tcp", "refused"),
    ("suse1", "auth-fail", "login", "login refused"),
    ("rpm1", "host-key", "host key", "CHANGED"),
    ("web2", "account-expired", "login", "expired"),
    ("suse1", "slow-login", "shell", "is ready after"),
]


class Both:
    """Two terminals in which the same person does the same."""

    def __init__(self, terminals: list[Terminal]) -> None:
        self.terminals = terminals

    def keys(self, *keys: str) -> None:
        """Press keys in both."""
        for one in self.terminals:
            one.keys(*keys)

    async def show(self, text: str, within_s: float = 240) -> None:
        """Wait until both show a text."""
        await asyncio.gather(*(one.shows(text, within_s) for one in self.terminals))

    async def gone(self, text: str, within_s: float = 240) -> None:
        """Wait until neither shows a text any more."""
        await wait_for(
            lambda: not any(text in screen for screen in self.screens()),
            within_s=within_s,
            what=f"no {text!r}",
        )

    def colours(self) -> list[str]:
        """The escapes of the first line: which colours it is painted with."""
        lines = (one.tmux("capture-pane", "-p", "-e").splitlines()[0] for one in self.terminals)
        return ["".join(re.findall(r"\x1b\[[0-9;:]*m", line)[:3]) for line in lines]

    def screens(self) -> list[str]:
        """All that is shown."""
        return ["\n".join(one.lines()) for one in self.terminals]


@pytest.fixture
def config(testbed: Testbed, tmp_path: Path) -> Path:
    """An ssh config whose known_hosts lacks the stranger."""
    first = testbed.hosts["web1"]
    address = str(testbed.hosts[STRANGER]["address"])
    lines = Path(str(first["known_hosts"])).read_text(encoding="utf-8").splitlines()
    known = tmp_path / "known_hosts"
    known.write_text("".join(f"{line}\n" for line in lines if address not in line.split()[0]))
    return ssh_config(testbed, tmp_path, str(known))


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    """The program in two terminals, each with a home of its own, and no file of anybody's, but that
    lines which other tests have caused in the logs are not watched.
    """
    terminals = []
    for term in ("tmux-256color", "xterm"):
        own = tmp_path / term
        rules = own / "config" / "opsdash" / "watch_rules.yaml"
        rules.parent.mkdir(parents=True)
        rules.write_text(no_watch_rules())
        rules.chmod(0o600)
        terminal = Terminal(own, term)
        terminal.open(
            f"PS1='$ ' XDG_STATE_HOME={own}/state XDG_CONFIG_HOME={own}/config"
            f" {sys.executable} -m opsdash; echo left with $?"
        )
        terminals.append(terminal)
    yield Both(terminals)
    for terminal in terminals:
        terminal.close()


async def test_the_first_ten_minutes(
    testbed: Testbed, both: Both, config: Path, tmp_path: Path
) -> None:
    await both.show("1 host ")
    await _import(both, config)
    await _accept(both)
    for host, fault, stage, words in FAULTS:
        await _examine(testbed, both, (host, fault), (stage, words))
    await _theme(both)
    await _remap(both, tmp_path)
    both.keys("C-c")
    await both.show("again within 2 s to quit")
    both.keys("C-c")
    await both.show("left with 0")
    assert not any("Traceback" in screen for screen in both.screens())


async def _import(both: Both, config: Path) -> None:
    both.keys(":")
    await both.show("page, command or host")
    both.keys("-l", f"import ssh-config {config}")
    both.keys("Enter")
    await both.show("y writes this file")
    both.keys("y")
    await both.show("13 hosts")


async def _accept(both: Both) -> None:
    """The stranger is down, and says so; its key is looked at and accepted."""
    await both.show("host key not known")
    await _open_doctor(both, STRANGER)
    await both.show(f"{STRANGER} can't be used: host key failed")
    await both.show("SHA256:")
    both.keys("a")
    await both.show("trust it and remember it")
    both.keys("y")
    await both.show(f"{STRANGER} can be reached")
    both.keys("q")
    await both.gone("host key not known")


async def _open_doctor(both: Both, host: str) -> None:
    both.keys("f")
    await both.show("jump to")
    both.keys("-l", host)
    both.keys("Enter")
    await both.show(f"── {host} ")
    both.keys("D")
    await both.show(f"doctor {host}")


async def _examine(
    testbed: Testbed, both: Both, trouble: tuple[str, str], found: tuple[str, str]
) -> None:
    """A fault is named by the stage that fails, in its words."""
    host, fault = trouble
    stage, words = found
    await asyncio.to_thread(testbed.fault, host, fault, "on")
    try:
        await _open_doctor(both, host)
        if stage == "shell":
            await both.show("look at: shell")
        else:
            await both.show(f"can't be used: {stage} failed")
        await both.show(words)
    finally:
        await asyncio.to_thread(testbed.fault, host, fault, "off")
    both.keys("q")
    await both.gone(f"doctor {host}")


async def _theme(both: Both) -> None:
    """A theme is seen while it is pointed at, put back, and another one taken and remembered."""
    before = both.colours()
    both.keys("C")
    await both.show("moving shows it")
    both.keys("Down")
    await wait_for(lambda: all(a != b for a, b in zip(both.colours(), before, strict=True)))
    both.keys("Escape")
    await both.gone("moving shows it")
    await wait_for(lambda: both.colours() == before, what="the theme from before")
    both.keys("C")
    await both.show("moving shows it")
    both.keys("-l", "dracula")
    both.keys("Enter")
    await both.show("theme dracula")
    await wait_for(lambda: all(a != b for a, b in zip(both.colours(), before, strict=True)))


async def _remap(both: Both, tmp_path: Path) -> None:
    """Keys of one's own hold as soon as they are saved."""
    for one in both.terminals:
        keys = tmp_path / one.term / "config" / "opsdash" / "keys.yaml"
        keys.write_text("keys: {filter.open: '%'}\n", encoding="utf-8")
    await both.show("% filter")
    both.keys("%")
    both.keys("-l", "rpm1")
    both.keys("Enter")
    await both.show("1 of ")
    both.keys("Escape")
    await both.gone("1 of ")
