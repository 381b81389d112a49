"""What many failures have in common is one thing, said once; the hosts themselves are unknown."""

from __future__ import annotations

from types import MappingProxyType

from opsdash.core.discover import checks
from opsdash.core.fleet import Fleet
from opsdash.core.health import Health
from opsdash.core.host import Host, Way
from opsdash.core.problem import Problem, ProblemKind
from opsdash.core.snapshot import HostState, LinkState
from opsdash.engine.judge import Judge
from opsdash.engine.links import Links
from opsdash.engine.state import State
from tests.fleet_states import Clock

SILENCE = Problem(ProblemKind.TIMEOUT, "no answer from 10.0.0.1:22")


class Watched:
    """Hosts whose links a test sets; `woken` holds who was told to try again at once."""

    def __init__(self, *hosts: Host) -> None:
        self.hosts = {host.name: host for host in hosts}
        self.clock = Clock(at=5000.0)
        self.state = State(Fleet(MappingProxyType(self.hosts), "test"), {}, self.clock)
        self.woken: list[str] = []
        self.links = Links(self.state, self._judge_host, self.woken.extend, self.clock)
        self._judge = Judge(checks())

    def _judge_host(self, name: str) -> None:
        judgement = self._judge.judge(self.state.host(name), self.clock())
        self.state.set_judgement(name, judgement.health, judgement.findings)

    def up(self, name: str) -> None:
        self.links.set(self.hosts[name], LinkState.UP)

    def down(self, name: str, problem: Problem = SILENCE) -> None:
        self.links.set(self.hosts[name], LinkState.DOWN, problem)

    def connecting(self, name: str) -> None:
        self.links.set(self.hosts[name], LinkState.CONNECTING)

    def __getitem__(self, name: str) -> HostState:
        return self.state.host(name)

    def healths(self) -> list[Health]:
        return [self[name].health for name in self.hosts]


def fleet_of(number: int) -> Watched:
    return Watched(*(Host(f"web{n}") for n in range(1, number + 1)))


def behind(culprit: str) -> Problem:
    return Problem(ProblemKind.JUMP, f"behind {culprit}: no answer", culprit=culprit)


def test_hosts_behind_a_dead_bastion_are_unknown_and_the_bastion_is_down() -> None:
    watched = Watched(Host("bastion"), Host("vault1"), Host("web1"))
    watched.up("web1")
    watched.down("bastion")
    watched.down("vault1", behind("bastion"))
    assert watched["bastion"].health is Health.DOWN
    assert watched["vault1"].health is Health.UNKNOWN
    assert watched["vault1"].why is not None
    assert watched["vault1"].why.summary == "behind bastion: no answer"


def test_a_jump_host_without_a_row_of_its_own_leaves_its_hosts_down() -> None:
    watched = Watched(Host("vault1"), Host("web1"))
    watched.up("web1")
    watched.down("vault1", behind("gw.example.org"))
    assert watched["vault1"].health is Health.DOWN


def test_hosts_behind_a_bastion_try_again_as_soon_as_it_is_back() -> None:
    watched = Watched(Host("bastion"), Host("vault1"), Host("web1"), Host("web2"))
    watched.up("web1")
    watched.down("bastion")
    watched.down("vault1", behind("bastion"))
    watched.down("web2")
    assert watched.woken == []
    watched.up("bastion")
    assert watched.woken == ["vault1"]


def test_when_nobody_answers_this_machine_is_offline_and_that_is_said_once() -> None:
    watched = fleet_of(4)
    for name in watched.hosts:
        watched.up(name)
    watched.down("web1")
    watched.down("web2")
    watched.down("web3")
    assert watched.healths()[:3] == [Health.DOWN] * 3  # web4 answers: they are down by themselves
    watched.down("web4")
    assert watched.healths() == [Health.UNKNOWN] * 4
    assert list(watched.state.notices) == ["is this machine offline? no host answers"]
    said = f"is this machine offline? {SILENCE.text}"
    assert [watched[name].why.summary for name in watched.hosts] == [said] * 4  # type: ignore[union-attr]
    watched.up("web2")
    assert watched.state.notices == ()
    assert watched.healths()[0] is Health.DOWN
    assert watched.woken == ["web1", "web3", "web4"]


def test_hosts_that_only_lost_their_stream_do_not_hide_that_nobody_answers() -> None:
    watched = fleet_of(6)
    for name in watched.hosts:
        watched.up(name)
    for name in watched.hosts:
        watched.connecting(name)
    assert watched.state.notices == ()
    for name in ("web1", "web2", "web3"):
        watched.down(name)
    assert watched.state.notices != ()


def test_the_first_hosts_that_do_not_answer_at_start_do_not_speak_for_all() -> None:
    watched = fleet_of(20)
    for name in watched.hosts:
        watched.connecting(name)
    for name in ("web1", "web2", "web3", "web4"):
        watched.down(name)
    assert watched.state.notices == ()


def test_a_refused_connection_is_a_sign_of_life_of_the_network() -> None:
    watched = fleet_of(4)
    watched.down("web1", Problem(ProblemKind.REFUSED, "connection refused"))
    for name in ("web2", "web3", "web4"):
        watched.down(name)
    assert watched.state.notices == ()


def test_a_login_that_was_refused_long_ago_is_no_sign_of_life() -> None:
    watched = fleet_of(4)
    watched.down("web1", Problem(ProblemKind.AUTH, "login refused"))
    for name in ("web2", "web3", "web4"):
        watched.down(name)
    assert watched.state.notices != ()
    assert watched["web1"].health is Health.DOWN  # what was known of it still holds
    watched.up("web2")
    assert "web1" not in watched.woken  # trying again unasked would lock the account


def test_two_dead_hosts_are_two_dead_hosts() -> None:
    watched = fleet_of(2)
    watched.down("web1")
    watched.down("web2")
    assert watched.healths() == [Health.DOWN] * 2


def test_this_machine_itself_says_nothing_of_its_network() -> None:
    watched = Watched(Host("here", way=Way.LOCAL), *(Host(f"web{n}") for n in (1, 2, 3)))
    watched.up("here")
    for name in ("web1", "web2", "web3"):
        watched.down(name)
    assert watched.state.notices != ()


def test_hosts_behind_a_dead_bastion_are_no_evidence_of_a_dead_network() -> None:
    watched = Watched(Host("bastion"), *(Host(f"vault{n}") for n in (1, 2, 3)))
    watched.down("bastion")
    for name in ("vault1", "vault2", "vault3"):
        watched.down(name, behind("bastion"))
    assert watched.state.notices == ()
    assert watched["bastion"].health is Health.DOWN
