"""Files copied to real hosts and from them: shown, kept, written, put back; as root or not."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

import pytest

from opsdash.config.hosts import load_fleet
from opsdash.core.action import Wish
from opsdash.core.discover import actions
from opsdash.core.fleet import Fleet
from opsdash.core.job import Job, RunState
from opsdash.core.plan import Plan, StepKind
from opsdash.core.quoting import quote
from opsdash.core.undo import undo_plan
from opsdash.engine.preparing import planned
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from tests.fleet.test_do import applied
from tests.fleet.testbed import Testbed

pytestmark = pytest.mark.fleet

HOSTS = ("web1", "rc1", "box1")
"""systemd with a sudo that asks nothing; OpenRC and busybox, which have none."""

PLACE = "/tmp/opsdash-fleet-files"
ODD = f"{PLACE}/-ein 'böser' \"Name\" $(id) ;x"
ETC = "/etc/opsdash-fleet-file"


@pytest.fixture
async def three(hosts_yaml: Path, tmp_path: Path) -> AsyncGenerator[Session, None]:
    """Three kinds of hosts, as their operators log in."""
    fleet = load_fleet(hosts_yaml)
    some = Fleet(
        MappingProxyType({name: fleet.hosts[name] for name in HOSTS}), passed_through=fleet.hosts
    )
    async with Session(some, Surroundings(tmp_path / "state", root=False)) as session:
        yield session


@contextmanager
def cleaned(testbed: Testbed) -> Iterator[None]:
    """A folder of the operators', and whatever else is left, gone at the end."""
    for host in HOSTS:
        testbed.inside(host, f"rm -rf {PLACE} {ETC}; mkdir {PLACE}; chmod 777 {PLACE}")
    try:
        yield
    finally:
        for host in HOSTS:
            kept = "/var/backups/opsdash/files-* /home/ops/.local/state/opsdash/backups/files-*"
            testbed.inside(host, f"rm -rf {PLACE} {ETC} {kept}")


class Copier:
    """Makes plans that copy files, each with an id of its own."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._number = 0

    def wish(self) -> Wish:
        self._number += 1
        return Wish(f"files-{self._number}", "ann", 1.0)

    async def plan(self, action: str, *hosts: str, **given: str) -> Plan:
        """What it would do on these hosts (none: on all)."""
        states = self.session.snapshot().hosts
        chosen = [states[name] for name in hosts or HOSTS]
        given = {name.rstrip("_"): value for name, value in given.items()}
        look = self.session.workshop.runner.look
        return await planned(actions()[action], chosen, given, self.wish(), look=look)

    async def do(
        self, plan: Plan, state: RunState = RunState.DONE, *, part: int | None = None
    ) -> Job:
        """All of its hosts end alike."""
        job = await applied(self.session, plan)
        assert len(job.in_state(state)) == len(plan.hosts) == (part or len(HOSTS)), job
        return job


def there(testbed: Testbed, host: str, path: str) -> str:
    """What a file there is, and what stands in it."""
    name = quote(path)
    return testbed.inside(host, f"stat -c '%a %U:%G' {name} 2>&1; cat {name} 2>/dev/null; true")


def put_of(plan: Plan, host: str) -> str:
    """What is shown of the writing step."""
    (step,) = [one for one in plan.steps_of(host) if one.kind is StepKind.PUT]
    return f"{step.does}\n{step.shows}"


async def test_a_file_comes_is_changed_is_left_alone_and_is_put_back(
    testbed: Testbed, three: Session, tmp_path: Path
) -> None:
    copier, source = Copier(three), tmp_path / "source"
    with cleaned(testbed):
        source.write_text("one\ntwo\n")
        new = await copier.plan("file.push", from_=str(source), to=ODD)
        assert all("it is not there yet" in put_of(new, host) for host in HOSTS)
        first = await copier.do(new)
        for host in HOSTS:
            assert there(testbed, host, ODD).split("\n", 1)[1] == "one\ntwo\n"
            assert there(testbed, host, ODD).startswith("600 ops:ops\n")
        again = await copier.plan("file.push", from_=str(source), to=ODD)
        assert {one.why for one in again.left_out} == {"it has it already"}
        assert not again.hosts

        source.write_text("one\n2\n")
        change = await copier.plan("file.push", from_=str(source), to=ODD, mode="644")
        assert all("\n-two\n+2" in put_of(change, host) for host in HOSTS)
        changed = await copier.do(change)
        for host in HOSTS:
            assert there(testbed, host, ODD) == "644 ops:ops\none\n2\n"
            kept = f"/home/ops/.local/state/opsdash/backups/{change.id}"
            assert testbed.inside(host, f"stat -c %a {kept}").strip() == "700"
        await copier.do(undo_plan(changed, copier.wish()))
        for host in HOSTS:
            assert there(testbed, host, ODD) == "600 ops:ops\none\ntwo\n"
        await copier.do(undo_plan(first, copier.wish()))
        for host in HOSTS:
            assert testbed.inside(host, f"ls -A {PLACE}") == ""


async def test_what_was_changed_in_between_is_neither_overwritten_nor_taken_back(
    testbed: Testbed, three: Session, tmp_path: Path
) -> None:
    copier, source, path = Copier(three), tmp_path / "source", f"{PLACE}/f"
    with cleaned(testbed):
        source.write_text("new\n")
        plan = await copier.plan("file.push", from_=str(source), to=path)
        for host in HOSTS:
            testbed.inside(host, f"echo other >{path}; chown ops {path}")
        plan = replace(plan, rollout=replace(plan.rollout, canary=0, failures=9))
        refused = await copier.do(plan, RunState.FAILED)
        assert all("is not what it was" in run.text for run in refused.runs.values())
        assert all("other\n" in there(testbed, host, path) for host in HOSTS)

        done = await copier.do(await copier.plan("file.push", from_=str(source), to=path))
        for host in HOSTS:
            testbed.inside(host, f"echo edited >>{path}")
        undo = undo_plan(done, copier.wish())
        undo = replace(undo, rollout=replace(undo.rollout, canary=0, failures=9))
        left = await copier.do(undo, RunState.FAILED)
        assert all("it was changed since" in run.text for run in left.runs.values())
        assert all("edited\n" in there(testbed, host, path) for host in HOSTS)


async def test_root_writes_where_it_can_be_become_and_gives_mode_and_owner(
    testbed: Testbed, three: Session, tmp_path: Path
) -> None:
    copier, source = Copier(three), tmp_path / "source"
    with cleaned(testbed):
        testbed.inside("web1", f"echo 'token=abc' >{ETC}; chmod 600 {ETC}")
        source.write_text("token=xyz\nmore\n")
        plan = await copier.plan(
            "file.push", from_=str(source), to=ETC, mode="640", owner="root:ops", root="yes"
        )
        assert plan.names() == ("web1",)
        assert {one.host for one in plan.left_out} == {"rc1", "box1"}
        assert all("root" in one.why for one in plan.left_out), plan.left_out
        shown = put_of(plan, "web1")
        assert "abc" not in shown
        assert "xyz" not in shown
        assert "+more" in shown
        job = await copier.do(plan, part=1)
        assert there(testbed, "web1", ETC) == "640 root:ops\ntoken=xyz\nmore\n"
        kept = f"/var/backups/opsdash/{plan.id}"
        assert testbed.inside("web1", f"stat -c '%a %U' {kept}").strip() == "700 root"
        await copier.do(undo_plan(job, copier.wish()), part=1)
        assert there(testbed, "web1", ETC) == "600 root:root\ntoken=abc\n"


async def test_files_come_from_several_hosts_each_to_a_folder_of_its_own(
    testbed: Testbed, three: Session, tmp_path: Path
) -> None:
    copier, to = Copier(three), tmp_path / "got"
    to.mkdir()
    with cleaned(testbed):
        for host in HOSTS:
            testbed.inside(
                host, f"echo {host} >{quote(ODD)}; head -c 3000000 /dev/urandom >{PLACE}/b"
            )
        await copier.do(await copier.plan("file.pull", path=ODD, to=str(to)))
        for host in HOSTS:
            assert (to / host / Path(ODD).name).read_text() == f"{host}\n"
        big = await copier.do(await copier.plan("file.pull", path=f"{PLACE}/b", to=str(to)))
        for host in HOSTS:
            content = (to / host / "b").read_bytes()
            assert len(content) == 3_000_000
            digest = sha256(content).hexdigest()
            assert digest.encode() in big.runs[host].results[0].stdout
            assert digest in testbed.inside(host, f"sha256sum {PLACE}/b")
            assert (to / host / "b").stat().st_mode & 0o777 == 0o600
        over = await copier.do(
            await copier.plan("file.pull", path=f"{PLACE}/b", to=str(to)), RunState.FAILED
        )
        assert all("it is there already" in run.text for run in over.runs.values())
        shadow = await copier.plan("file.pull", "web1", path="/etc/shadow", to=str(to), root="yes")
        await copier.do(shadow, part=1)
        assert (to / "web1" / "shadow").read_text().startswith("root:")
        denied = await copier.plan("file.pull", "rc1", path="/etc/shadow", to=str(to))
        await copier.do(denied, RunState.FAILED, part=1)
        assert sorted(one.name for one in (to / "rc1").iterdir()) == sorted([Path(ODD).name, "b"])


async def test_a_screen_makes_the_same_plan_under_an_id_that_stays(
    testbed: Testbed, three: Session, tmp_path: Path
) -> None:
    source, path = tmp_path / "source", f"{PLACE}/f"
    source.write_text("new\n")
    given = {"from": str(source), "to": path}
    with cleaned(testbed):
        states = list(three.snapshot().hosts.values())
        plan = await three.jobs.planned(actions()["file.push"], states, given)
        assert plan.names() == HOSTS
        for host in HOSTS:
            assert "+new" in put_of(plan, host)
            assert any(f"plan={quote(plan.id)}" in step.undo for step in plan.steps_of(host))
