"""A host whose sudo allows the rule alone: what needs root works there, and nothing else does."""

from __future__ import annotations

import base64
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from opsdash.activities.setup.sudoers import sudoers_rule
from opsdash.config.hosts import load_fleet
from opsdash.core.fleet import Fleet
from opsdash.core.plugin import Tier
from opsdash.engine.root_script import root_rule
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from opsdash.transport.root_rule import NOT_THE_SCRIPT
from tests.fleet.testbed import Testbed
from tests.waiting import wait_for

pytestmark = pytest.mark.fleet

HOST, USER = "db1", "viewer"
"""An account that sudo knows nothing of, on a host whose sudo asks everybody else."""

FILE = "/etc/sudoers.d/opsdash-test"
RULE = root_rule()
COMMAND = shlex.join(["sudo", "-n", "--", *RULE.argv])


@contextmanager
def with_rule(testbed: Testbed) -> Iterator[None]:
    """The rule as its own text says to install it, with visudo's word that it is right."""
    text = base64.b64encode(sudoers_rule(RULE, USER).encode()).decode()
    draft = f"{FILE}.draft"
    install = f"install -o root -g root -m 0440 {draft} {FILE}; rm {draft}"
    said = testbed.inside(
        HOST, f"umask 077; echo {text} | base64 -d > {draft}; visudo -c -f {draft} && {install}"
    )
    assert "parsed OK" in said
    try:
        yield
    finally:
        testbed.inside(HOST, f"rm -f {FILE} {draft}")


def as_user(testbed: Testbed, command: str, given: bytes = b"") -> tuple[int, str]:
    """What a command does that the user runs there: its status, and all that it says."""
    host = testbed.hosts[HOST]
    options = f"-F none -i {host['key']} -o UserKnownHostsFile={host['known_hosts']}"
    argv = ["ssh", *options.split(), "-o", "BatchMode=yes", f"{USER}@{host['address']}", command]
    done = subprocess.run(argv, input=given, capture_output=True, timeout=120, check=False)
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


async def test_what_needs_root_works_by_the_rule_alone(
    testbed: Testbed, hosts_yaml: Path, tmp_path: Path
) -> None:
    host = replace(load_fleet(hosts_yaml).hosts[HOST], user=USER)
    fleet = Fleet(MappingProxyType({HOST: host}), "test")
    async with Session(fleet, Surroundings(tmp_path / "state")) as session:

        def said() -> list[str] | None:
            session.want(HOST, *(one.name for one in RULE.collectors if one.tier is Tier.DEMAND))
            found = session.snapshot().hosts[HOST].readings
            asked = [found.get(one.name) for one in RULE.collectors]
            if None in asked:
                return None
            return [one.problem.text for one in asked if one and one.problem]

        await wait_for(lambda: bool(said()), within_s=240, what="a refusal")
        assert all(text.startswith("needs root") for text in said() or ["nothing"])
        with with_rule(testbed):
            session.refresh()
            try:
                await wait_for(lambda: said() == [], within_s=240, what="readings by the rule")
            except AssertionError as error:
                raise AssertionError(f"{error}: {said()}") from None
            readings = session.snapshot().hosts[HOST].readings
            assert all(readings[one.name].source for one in RULE.collectors)
            assert "as root" in readings["logins"].source
        session.refresh()


def test_nothing_else_works(testbed: Testbed) -> None:
    argv, loader = shlex.join(RULE.argv), RULE.loader
    with with_rule(testbed):
        assert as_user(testbed, COMMAND)[0] == NOT_THE_SCRIPT
        status, said = as_user(testbed, COMMAND, RULE.script)
        assert (status, "begin 0" in said) == (0, True)
        for script in (b"id -u", b"id -u;" + RULE.script, RULE.script + b"\nid -u"):
            assert as_user(testbed, COMMAND, script) == (NOT_THE_SCRIPT, "")
        for refused in (
            "sudo -n id -u",
            "sudo -n true",
            "sudo -n sh -c 'id -u'",
            "sudo -n /bin/sh -s",
            "sudo -n /bin/sh",
            "sudo -n -s",
            "sudo -n -i",
            f"sudo -n {argv} id",
            f"sudo -n {argv.replace('-c', '-xc', 1)}",
            f"sudo -n {argv.replace('/bin/sh', '/usr/bin/dash')}",
            f"sudo -n {argv.replace('262144', '262145')}",
            f"sudo -n /bin/sh -c {shlex.quote(loader.replace(RULE.digest, '0' * 64))}",
            f"sudo -n /bin/sh -c {shlex.quote(loader + ' ')}",
            f"sudo -n -u ops {argv}",
            f"sudo -n -g root {argv}",
            f"sudo -n -E {argv}",
            f"sudo -n BASH_ENV=/tmp/x {argv}",
            f"sudo -n PATH=/tmp {argv}",
            "sudoedit -n /etc/shadow",
        ):
            status, said = as_user(testbed, refused, b"id -u")
            assert status not in (0, NOT_THE_SCRIPT), refused
            assert "\n0\n" not in f"\n{said}", refused
        # sudo takes these words for the same, and the shell does not
        glued = f"sudo -n /bin/sh {shlex.quote(f'-c {loader}')}"
        status, said = as_user(testbed, glued, b"id -u")
        assert status not in (0, NOT_THE_SCRIPT)
        traps = "PATH=/tmp:$PATH IFS=/ ENV=/tmp/x BASH_ENV=/tmp/x s=id h=x SHELLOPTS=xtrace "
        assert as_user(testbed, f"env {traps} {COMMAND}", b"id -u") == (NOT_THE_SCRIPT, "")
    assert as_user(testbed, COMMAND)[0] == 1
