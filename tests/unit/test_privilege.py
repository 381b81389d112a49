"""One password for a fleet: a canary first, one failure at most, forgotten when nobody is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from dataclasses import dataclass, field

import pytest

from opsdash.core.errors import HostError
from opsdash.core.host import Host, Sudo
from opsdash.core.plugin import Collector, Tier
from opsdash.core.prompts import Asker
from opsdash.core.reading import Output, Reading
from opsdash.engine.privilege import IDLE_S, Privilege
from opsdash.transport.base import Completed, Elevation, Heard, Order, Piece
from opsdash.transport.elevate import refused
from opsdash.transport.tcp import Tcp
from tests.fleet_states import Clock
from tests.person import Person


def parse(output: Output, host: str, at: float) -> Reading:
    return Reading(host, "logins", at, {("seen", ""): 1.0})


DUE = [Collector("logins", "Logins", Tier.FACTS, parse, command="true", needs_root=True)]


REFUSALS = (
    b"Sorry, try again.\nsudo: no password was provided\n",
    b"\r\ndoas: Authorization failed\r\n",
)


@dataclass
class SudoHost:
    """A connection to a host whose sudo asks; `tried` holds the passwords that it has seen."""

    right: str = "good"
    says: str = "password"
    tried: list[str] = field(default_factory=list)
    ran: list[bytes] = field(default_factory=list)
    probes: int = 0

    async def execute(self, script: bytes, *, timeout_s: float, max_bytes: int) -> Completed:
        text = script.decode()
        if "sudo -n true" in text:
            self.probes += 1
            mark = text.rsplit("echo ", 1)[1].partition("=")[0]
            return Completed(0, f"{mark}={self.says}\n".encode())
        raise AssertionError("not by the login")

    async def collect(self, due: Sequence[Collector]) -> list[Reading]:
        raise AssertionError("not by the login")

    def pulse(
        self, collectors: Sequence[Collector], interval_s: float
    ) -> AsyncGenerator[list[Reading], None]:
        raise AssertionError("no pulse")

    host_key = ""

    async def run(
        self, order: Order, heard: Heard | None = None, *, by: Elevation | None = None
    ) -> Completed:
        """As root by whatever way is said."""
        assert by is not None
        if by.password is not None:
            self.tried.append(by.password.reveal().decode())
            if self.tried[-1] != self.right:
                raise HostError(refused(REFUSALS[by.on_tty], by))
        self.ran.append(order.script)
        if b"N=" not in order.script:
            return Completed(0, b"")
        nonce = order.script.decode().partition("N=")[2].partition("\n")[0]
        mark = f"\x1e{nonce} "
        return Completed(0, f"{mark}begin 0\n{mark}end 0\n".encode())

    async def stream(
        self, script: bytes, *, beat_s: float, endless: bool = False
    ) -> AsyncGenerator[Piece, None]:
        """Not of this one."""
        raise AssertionError("no streams")
        yield Piece()

    async def open_tcp(self, host: str, port: int) -> Tcp:
        """Not of this one."""
        raise AssertionError("no connections")

    async def close(self) -> None:
        """Nothing is open."""


class Fleet:
    """Hosts with sudo, and a person who may know the password."""

    def __init__(self, *answers: str, **hosts: SudoHost) -> None:
        self.person = Person(eager=False, **{"password of": list(answers)})
        self.clock = Clock(at=5000.0)
        self.privilege = Privilege(Asker(self.person), self.clock)
        self.hosts = hosts
        self.sudo = Sudo.PROBE
        self.told: list[str] = []

    async def ask(self, name: str) -> str:
        """What comes of the root facts of a host: empty when they came."""
        host = Host(name, user="ops", sudo=self.sudo)
        try:
            (reading,) = await self.privilege.collect(host, self.hosts[name], DUE)
        except HostError as error:
            return error.problem.text
        return reading.problem.text if reading.problem else ""


ASKS = "needs root: sudo asks for a password"
REFUSED = "needs root: sudo refused the password"


async def test_nobody_is_asked_unbidden() -> None:
    fleet = Fleet("good", db1=SudoHost())
    assert await fleet.ask("db1") == ASKS
    assert fleet.person.asked == []


async def test_one_answer_serves_every_host() -> None:
    fleet = Fleet("good", db1=SudoHost(), db2=SudoHost())
    assert [await fleet.ask("db1"), await fleet.ask("db2")] == [ASKS, ASKS]
    assert fleet.privilege.want(fleet.told.append) == ["db1", "db2"]
    assert [await fleet.ask("db1"), await fleet.ask("db2"), await fleet.ask("db1")] == ["", "", ""]
    assert len(fleet.person.asked) == 1
    assert fleet.hosts["db1"].tried == ["good", "good"]


async def test_a_wrong_password_fails_on_one_host_only_and_is_forgotten() -> None:
    fleet = Fleet("wrong", "good", db1=SudoHost(), db2=SudoHost())
    fleet.privilege.want(fleet.told.append)
    assert await fleet.ask("db1") == REFUSED
    assert [await fleet.ask("db2"), await fleet.ask("db1")] == [ASKS, ASKS]
    assert (fleet.hosts["db1"].tried, fleet.hosts["db2"].tried) == (["wrong"], [])
    fleet.privilege.want(fleet.told.append)
    assert [await fleet.ask("db2"), await fleet.ask("db1")] == ["", ""]


async def test_a_host_with_another_password_sees_it_once() -> None:
    fleet = Fleet("good", db1=SudoHost(), odd=SudoHost(right="other"))
    fleet.privilege.want(fleet.told.append)
    assert await fleet.ask("db1") == ""
    assert [await fleet.ask("odd"), await fleet.ask("odd")] == [REFUSED, ASKS]
    assert fleet.hosts["odd"].tried == ["good"]
    assert await fleet.ask("db1") == ""


async def test_what_came_of_a_password_is_told() -> None:
    fleet = Fleet("wrong", "good", db1=SudoHost(), db2=SudoHost())
    assert [await fleet.ask("db1"), await fleet.ask("db2")] == [ASKS, ASKS]
    fleet.privilege.want(fleet.told.append)
    assert [await fleet.ask("db1"), await fleet.ask("db2")] == [REFUSED, ASKS]
    assert fleet.told == ["db1: sudo refused the password"]
    fleet.privilege.want(fleet.told.append)
    assert [await fleet.ask("db1"), await fleet.ask("db2")] == ["", ""]
    assert fleet.told[1:] == ["db1: sudo took the password, 1 other host may have it now"]
    fleet.privilege.forget()
    fleet.privilege.want(fleet.told.append)
    await fleet.ask("db1")
    assert fleet.told[2:] == ["no password was given: what needs root stays empty"]


async def test_a_declined_question_is_not_asked_again_by_itself() -> None:
    fleet = Fleet(db1=SudoHost(), db2=SudoHost())
    fleet.privilege.want(fleet.told.append)
    assert [await fleet.ask("db1"), await fleet.ask("db2")] == [ASKS, ASKS]
    assert len(fleet.person.asked) == 1


async def test_after_idle_minutes_the_password_is_forgotten_and_a_key_press_keeps_it() -> None:
    fleet = Fleet("good", db1=SudoHost())
    fleet.privilege.want(fleet.told.append)
    assert await fleet.ask("db1") == ""
    fleet.clock.at += IDLE_S - 1
    fleet.privilege.touch()
    fleet.clock.at += IDLE_S - 1
    assert await fleet.ask("db1") == ""
    fleet.clock.at += 2
    assert await fleet.ask("db1") == ASKS
    assert len(fleet.person.asked) == 1  # and nobody is asked again unbidden


async def test_a_password_that_was_right_and_is_no_longer_fails_once_and_is_forgotten() -> None:
    fleet = Fleet("good", "better", db1=SudoHost(), db2=SudoHost())
    fleet.privilege.want(fleet.told.append)
    assert [await fleet.ask("db1"), await fleet.ask("db2")] == ["", ""]
    for host in fleet.hosts.values():
        host.right = "better"
        host.tried.clear()
    assert [await fleet.ask("db1"), await fleet.ask("db1")] == [REFUSED, ASKS]
    assert await fleet.ask("db2") == ASKS
    assert (fleet.hosts["db1"].tried, fleet.hosts["db2"].tried) == (["good"], [])
    fleet.privilege.want(fleet.told.append)
    assert [await fleet.ask("db1"), await fleet.ask("db2")] == ["", ""]


async def test_a_host_that_refused_never_sees_the_same_password_twice() -> None:
    fleet = Fleet("good", "other", db1=SudoHost(), odd=SudoHost(right="other"))
    fleet.privilege.want(fleet.told.append)
    assert [await fleet.ask("db1"), await fleet.ask("odd")] == ["", REFUSED]
    fleet.privilege.want(fleet.told.append)  # the person means another password
    assert await fleet.ask("odd") == ""
    assert fleet.hosts["odd"].tried == ["good", "other"]


async def test_doas_gets_the_password_on_a_terminal_and_refuses_it_in_words() -> None:
    fleet = Fleet("good", alpine=SudoHost(says="tty"), odd=SudoHost(right="other", says="tty"))
    assert await fleet.ask("alpine") == "needs root: doas asks for a password"
    fleet.privilege.want(fleet.told.append)
    assert await fleet.ask("alpine") == ""
    assert await fleet.ask("odd") == "needs root: doas refused the password"
    assert fleet.hosts["odd"].tried == ["good"]


async def test_what_needs_no_password_is_found_out_once() -> None:
    fleet = Fleet(web1=SudoHost(says="sudo"))
    assert [await fleet.ask("web1"), await fleet.ask("web1")] == ["", ""]
    assert fleet.hosts["web1"].probes == 1


@pytest.mark.parametrize(
    ("sudo", "says", "words"),
    [
        (Sudo.NONE, "sudo", "needs root: hosts.yaml says sudo: none"),
        (Sudo.NOPASSWD, "password", ASKS),
        (Sudo.ASK, "sudo", ASKS),
        (Sudo.PROBE, "never", "needs root: neither sudo nor doas lets this user"),
    ],
)
async def test_hosts_yaml_has_the_last_word(sudo: Sudo, says: str, words: str) -> None:
    fleet = Fleet(web1=SudoHost(says=says))
    fleet.sudo = sudo
    assert await fleet.ask("web1") == words
    if sudo is Sudo.NONE:
        assert fleet.hosts["web1"].probes == 0


async def test_two_that_ask_at_once_after_a_doubt_both_go_by_what_is_found() -> None:
    host = SudoHost()
    fleet = Fleet(web1=host)
    assert "asks for a password" in await fleet.ask("web1")
    host.says = "sudo"
    fleet.privilege.doubt(["web1"])
    probes = host.probes
    both = await asyncio.gather(fleet.ask("web1"), fleet.ask("web1"))
    assert list(both) == ["", ""]
    assert host.probes == probes + 1


def order_of(fleet: Fleet, name: str, script: bytes) -> Coroutine[None, None, Completed]:
    host = Host(name, user="ops", sudo=fleet.sudo)
    return fleet.privilege.run(host, fleet.hosts[name], Order(script, root=True))


async def test_an_order_proves_the_password_by_one_that_does_nothing() -> None:
    fleet = Fleet("good", db1=SudoHost(), db2=SudoHost())
    with pytest.raises(HostError, match=ASKS):
        await order_of(fleet, "db1", b"reboot")
    fleet.privilege.want(fleet.told.append)
    assert (await order_of(fleet, "db1", b"reboot")).status == 0
    assert (await order_of(fleet, "db1", b"uptime")).status == 0
    assert fleet.hosts["db1"].ran == [b":", b"reboot", b"uptime"]


async def test_an_order_with_a_wrong_password_runs_nowhere_and_is_seen_on_one_host() -> None:
    fleet = Fleet("wrong", db1=SudoHost(), db2=SudoHost())
    fleet.privilege.want(fleet.told.append)
    for name, words in (("db1", REFUSED), ("db2", ASKS), ("db1", ASKS)):
        with pytest.raises(HostError, match=words):
            await order_of(fleet, name, b"reboot")
    assert (fleet.hosts["db1"].tried, fleet.hosts["db2"].tried) == (["wrong"], [])
    assert fleet.hosts["db1"].ran == []


async def test_a_host_that_asks_for_nothing_never_sees_the_password() -> None:
    fleet = Fleet("good", db1=SudoHost(), free=SudoHost(says="sudo"), root=SudoHost(says="is"))
    fleet.privilege.want(fleet.told.append)
    for name in ("db1", "free", "root"):
        assert (await order_of(fleet, name, b"reboot")).status == 0
    assert (fleet.hosts["free"].tried, fleet.hosts["root"].tried) == ([], [])


async def test_a_rule_for_looking_is_no_root_for_orders() -> None:
    fleet = Fleet("good", db1=SudoHost(says="rule"))
    with pytest.raises(HostError, match="needs root: sudo allows only"):
        await order_of(fleet, "db1", b"reboot")
