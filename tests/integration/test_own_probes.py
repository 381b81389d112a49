"""Own probes from hosts.yaml to the host's WHY, over a real SSH connection."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from opsdash.config.hosts import load_fleet
from opsdash.core.health import Health
from opsdash.core.snapshot import HostState
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from tests.ssh_server import TestServer, ssh_server
from tests.waiting import wait_for


@asynccontextmanager
async def probing(folder: Path, server: TestServer, probes: str) -> AsyncGenerator[Session, None]:
    """A session over the server, with these probes of a hosts file."""
    path = folder / "hosts.yaml"
    path.write_text(f"hosts:\n  web1:\n    address: 127.0.0.1\n    probes:\n{probes}")
    path.chmod(0o600)
    fleet = load_fleet(path)
    host = replace(server.host, probes=fleet.hosts["web1"].probes)
    async with Session(replace(fleet, hosts={"web1": host}), Surroundings(folder / "s")) as running:
        yield running


def state_of(session: Session) -> HostState:
    return session.snapshot().hosts["web1"]


def failed(session: Session) -> dict[str, str]:
    """What is said of each probe that is not well."""
    found = [one for one in state_of(session).findings if one.check == "probe-failed"]
    return {one.subject: f"{one.health.name} {one.summary}" for one in found}


async def test_every_probe_is_tried_and_what_fails_is_in_the_why(tmp_path: Path) -> None:
    dump = tmp_path / "db-1.dump"
    dump.write_bytes(b"x" * 2048)
    old = time.time() - 52 * 3600
    os.utime(dump, (old, old))
    async with ssh_server(tmp_path) as server:
        port = server.host.port
        probes = f"""\
      open: {{tcp: {port}}}
      closed: {{tcp: 1, from: here}}
      dump: {{file: "{tmp_path}/*.dump", newer_than: 26h}}
      fresh: {{file: "{tmp_path}/*.dump", larger_than: 1K}}
      plugin: {{command: [/bin/sh, -c, "echo 'QUEUE WARNING - 7|unsent=7;5;9'; exit 1"]}}
      flood: {{command: [/bin/sh, -c, "yes | head -c 3000000"]}}
      hang: {{command: [sleep, "60"], timeout: 1s}}
      after: {{command: [/bin/true]}}
"""
        async with probing(tmp_path, server, probes) as session:
            assert not state_of(session).probed
            assert state_of(session).health is Health.UNKNOWN
            await wait_for(lambda: state_of(session).probed, within_s=20, what="every probe tried")
            state = state_of(session)
            assert failed(session) == {
                "closed": "CRIT probe closed: connection refused",
                "dump": "CRIT probe dump: 52h old (limit 26h)",
                "plugin": "WARN probe plugin: QUEUE WARNING - 7",
                "flood": "UNKNOWN probe flood: unknown: more than 16384 bytes",
                "hang": "UNKNOWN probe hang: unknown: no answer in time",
            }
    assert state.health is Health.CRIT
    assert state.why is not None
    assert state.why.subject in {"closed", "dump"}
    assert state.value("probes.performance", "plugin unsent") == 7.0
    assert state.value("probes.size_bytes", "fresh") == 2048.0
    assert state.value("probes.answered", "after") == 1.0


async def test_a_probe_that_is_mended_is_well_when_it_is_asked_again(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    async with ssh_server(tmp_path) as server:
        probes = f"      flag: {{file: {flag}}}\n      test: {{command: [test, -f, {flag}]}}\n"
        async with probing(tmp_path, server, probes) as session:
            await wait_for(lambda: len(failed(session)) == 2, within_s=20, what="both fail")
            assert failed(session)["flag"] == "CRIT probe flag: no such file"
            await asyncio.to_thread(flag.touch)
            session.refresh(("web1",))
            await wait_for(lambda: not failed(session), within_s=20, what="both well")
