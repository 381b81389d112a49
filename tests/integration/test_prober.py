"""A host on which nobody can log in any more is CRIT, however green its open connection is."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import pytest

from opsdash.core.fleet import Fleet
from opsdash.core.health import Health
from opsdash.core.snapshot import LinkState
from opsdash.engine import prober
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from tests.ssh_server import Behaviour, ssh_server
from tests.waiting import wait_for


async def test_new_logins_that_fail_are_told_while_the_open_connection_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prober, "EVERY_S", 0.1)
    behaviour = Behaviour()
    async with ssh_server(tmp_path, behaviour) as server:
        fleet = Fleet(MappingProxyType({"web1": server.host}), "test")
        async with Session(fleet, Surroundings(tmp_path / "state")) as session:

            def failing() -> list[str]:
                findings = session.snapshot().hosts["web1"].findings
                return [found.summary for found in findings if found.check == "login-fails"]

            def probed() -> bool:
                login = session.snapshot().hosts["web1"].login
                return login is not None and login.problem is None and login.took_s > 0

            await wait_for(probed, what="a login probe")
            assert failing() == []

            def usual() -> float | None:
                login = session.snapshot().hosts["web1"].login
                return login.usual_s if login is not None else None

            await wait_for(lambda: usual() is not None, what="enough logins to know what is usual")
            behaviour.refuse_login = True
            await wait_for(lambda: bool(failing()), what="a failed login")
            state = session.snapshot().hosts["web1"]
            assert (state.health, state.link.state) == (Health.CRIT, LinkState.UP)
            assert failing()[0].startswith("new logins fail: login refused")
            # a refusal is never tried again by itself: it would lock the account
            logins = len(behaviour.connections)
            at = state.at
            await wait_for(lambda: session.snapshot().hosts["web1"].at > at + 2, what="more pulses")
            assert len(behaviour.connections) == logins
            behaviour.refuse_login = False
            session.refresh(("web1",))
            await wait_for(lambda: not failing(), what="logins again")


async def test_a_failure_that_passes_by_itself_must_happen_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prober, "EVERY_S", 0.1)
    monkeypatch.setattr(prober, "CONFIRM_S", 0.1)
    behaviour = Behaviour()
    async with ssh_server(tmp_path, behaviour) as server:
        fleet = Fleet(MappingProxyType({"web1": server.host}), "test")
        async with Session(fleet, Surroundings(tmp_path / "state")) as session:
            await wait_for(
                lambda: session.snapshot().hosts["web1"].login is not None, what="a probe"
            )
            behaviour.close_next = 1
            before = session.snapshot().hosts["web1"].login
            await wait_for(
                lambda: (
                    not behaviour.close_next and session.snapshot().hosts["web1"].login != before
                ),
                what="the probe after the one that was cut",
            )
            found = session.snapshot().hosts["web1"]
            assert [f for f in found.findings if f.check == "login-fails"] == []
            behaviour.close_next = 2
            await wait_for(
                lambda: any(
                    f.check == "login-fails" for f in session.snapshot().hosts["web1"].findings
                ),
                what="two failures in a row",
            )
            await wait_for(
                lambda: (
                    not any(
                        f.check == "login-fails" for f in session.snapshot().hosts["web1"].findings
                    )
                ),
                what="logins again",
            )
