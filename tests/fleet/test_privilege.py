"""Root on real hosts: free, by a password, or never; and one wrong password is one failure."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from opsdash.config.hosts import load_fleet
from opsdash.core.health import Health
from opsdash.core.reading import Reading
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from tests.fleet.testbed import Testbed
from tests.person import Person
from tests.waiting import wait_for

pytestmark = pytest.mark.fleet

FAILURES = "journalctl -q --no-pager -o cat _COMM=sudo | grep -c 'authentication failure;'"


@asynccontextmanager
async def watched(hosts: Path, folder: Path, *answers: str) -> AsyncGenerator[Session, None]:
    """The fleet with a person who types these sudo passwords, root facts of every host in."""
    person = Person(eager=False, **{"password of": list(answers)})
    async with Session(load_fleet(hosts), Surroundings(folder / "state", person)) as session:
        hosts_of = session.snapshot().hosts
        await wait_for(
            lambda: all(logins(session, name) for name in hosts_of), within_s=240, what="root facts"
        )
        yield session


def logins(session: Session, name: str) -> Reading | None:
    return session.snapshot().hosts[name].readings.get("logins")


def said(session: Session, name: str) -> str:
    reading = logins(session, name)
    return reading.problem.text if reading and reading.problem else ""


async def test_each_host_says_what_it_takes_and_none_is_unknown_for_it(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    async with watched(hosts_yaml, tmp_path) as session:
        for name, host in testbed.hosts.items():
            if host["sudo"] == "nopasswd":
                assert said(session, name) in ("", "Failed logins: no log of them here"), name
            elif host["sudo"] == "password":
                assert said(session, name) == "needs root: sudo asks for a password"
            else:
                assert said(session, name).startswith("needs root: neither sudo nor doas")
        await wait_for(
            lambda: {s.health for s in session.snapshot().hosts.values()} == {Health.OK},
            within_s=240,
            what="a healthy fleet",
        )


async def test_the_right_password_opens_what_needs_root(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    password = str(testbed.hosts["db1"]["sudo_password"])
    async with watched(hosts_yaml, tmp_path, password) as session:
        assert session.become_root() == 1
        await wait_for(lambda: said(session, "db1") == "", within_s=240, what="root on db1")
        reading = logins(session, "db1")
    assert reading is not None
    assert reading.get("logins.failed") is not None
    seen = testbed.inside("db1", "journalctl -q --no-pager | cat; cat /var/log/*.log 2>/dev/null")
    assert password not in seen


async def test_a_wrong_password_is_one_failure_on_one_host(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    before = int(testbed.inside("db1", FAILURES) or 0)
    async with watched(hosts_yaml, tmp_path, "wrong") as session:
        session.become_root()
        await wait_for(
            lambda: said(session, "db1") == "needs root: sudo refused the password",
            within_s=240,
            what="the refusal",
        )
    assert int(testbed.inside("db1", FAILURES) or 0) == before + 1


DOAS = """#!/bin/sh
[ "$1" = -n ] && { echo 'doas: Authorization required' >&2; exit 1; }
[ "$1" = -- ] && shift
stty -echo </dev/tty
printf 'doas (ops@rc1) password: ' >/dev/tty
IFS= read -r typed </dev/tty
stty echo </dev/tty; echo >/dev/tty
[ "$typed" = 'doas secret' ] || { echo 'doas: Authorization failed' >&2; exit 1; }
exec "$@"
"""
"""How OpenDoas asks: on the terminal, and nowhere else. No host of the fleet has it."""


@contextmanager
def doas_on(testbed: Testbed, host: str) -> Iterator[None]:
    """A doas that asks, on a host without sudo."""
    path = "/usr/local/bin/doas"
    testbed.inside(host, f"cat >{path} <<'END'\n{DOAS}END\nchmod 755 {path}")
    try:
        yield
    finally:
        testbed.inside(host, f"rm -f {path}")


@pytest.mark.parametrize(
    ("typed", "words"),
    [("doas secret", ""), ("wrong", "needs root: doas refused the password")],
)
async def test_a_doas_that_asks_on_a_terminal_is_answered_there(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path, typed: str, words: str
) -> None:
    with doas_on(testbed, "rc1"):
        only = tmp_path / "rc1.yaml"
        lines = hosts_yaml.read_text().splitlines()
        at = lines.index("hosts:") + 1
        only.write_text(
            "\n".join([*lines[:at], *(line for line in lines if line.startswith("  rc1:")), ""])
        )
        only.chmod(0o600)
        async with watched(only, tmp_path, typed) as session:
            assert said(session, "rc1") == "needs root: doas asks for a password"
            assert session.become_root() == 1
            await wait_for(lambda: said(session, "rc1") == words, within_s=240, what="an answer")
            reading = logins(session, "rc1")
    assert reading is not None
    assert (reading.get("logins.failed") is not None) == (words == "")
