"""Every fault that the test fleet knows, on and off: the host turns in the words of the list, the
hosts without a fault do not, and afterwards all is well again.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import pytest

from opsdash.core.discover import collectors
from opsdash.core.health import Health
from opsdash.core.plugin import Tier
from opsdash.core.snapshot import HostState, LinkState
from opsdash.engine.session import Session
from tests.fleet.fault_list import Fault, load_faults, waves
from tests.fleet.test_faults import sick
from tests.fleet.testbed import Testbed, said
from tests.waiting import wait_for

pytestmark = [pytest.mark.fleet, pytest.mark.usefixtures("impatient")]

WITHIN_S = 240.0


def test_the_list_names_every_fault_of_the_fleet(testbed: Testbed) -> None:
    known = {line.split()[0] for line in testbed.faults()}
    assert {fault.name for fault in load_faults()} == known


@pytest.mark.parametrize("wave", waves(load_faults()), ids=lambda w: "+".join(f.name for f in w))
async def test_a_fault_shows_in_its_words_and_ends_with_it(
    testbed: Testbed, session: Session, wave: tuple[Fault, ...]
) -> None:
    wave = tuple(fault for fault in wave if fault.host in testbed.hosts)
    try:
        for fault in wave:
            words = [fault.name, "on", *filter(None, [fault.value])]
            await asyncio.to_thread(testbed.fault, fault.host, *words)
        await asyncio.gather(*(_shows(session, fault) for fault in wave))
        assert await sick(session, *(fault.host for fault in wave)) == []
    finally:
        for fault in wave:
            await asyncio.to_thread(testbed.fault, fault.host, fault.name, "off")
    await asyncio.gather(*(_is_over(session, fault) for fault in wave))


async def _shows(session: Session, fault: Fault) -> None:
    """The host says what the list says, or goes on as before where nothing is to be seen."""

    def state() -> HostState:
        return session.snapshot().hosts[fault.host]

    if not fault.unseen:
        wanted = re.compile(fault.why)

        def there() -> bool:
            now = state()
            said = now.why.summary if now.why else ""
            return now.health in fault.healths and bool(wanted.search(said))

        await _until(there, state, f"{fault.name} on {fault.host}")
        return
    since = state().at
    facts = {
        name: reading.at
        for name, reading in state().readings.items()
        if collectors()[name].tier is not Tier.DEMAND
    }

    def looked_at_again() -> bool:
        now = state()
        again = all(now.readings[name].at > at for name, at in facts.items())
        return now.health is Health.OK and again and now.at > since + 3 * now.host.interval_s

    await _until(looked_at_again, state, f"{fault.name} unseen on {fault.host}")


async def _is_over(session: Session, fault: Fault) -> None:
    def state() -> HostState:
        return session.snapshot().hosts[fault.host]

    def well() -> bool:
        # a refusal is never tried again unasked: this is the person who presses the key
        login, link = state().login, state().link
        broken = (login and login.problem) or (link.state is LinkState.DOWN and link.problem)
        if broken and not broken.mends_itself:
            session.refresh((fault.host,))
        return state().health is Health.OK

    await _until(well, state, f"{fault.host} well after {fault.name}")


async def _until(there: Callable[[], bool], state: Callable[[], HostState], what: str) -> None:
    """wait_for() that tells what was seen in the end."""
    try:
        await wait_for(there, within_s=WITHIN_S, what=what)
    except AssertionError as error:
        raise AssertionError(f"{error}; it is {said(state())}") from None
