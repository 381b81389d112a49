"""What tests of the doctor share: a host examined over real transports, and what was found."""

from __future__ import annotations

from pathlib import Path

from opsdash.core.examination import Examination, Examined, Stage, Verdict
from opsdash.core.host import Host, Way
from opsdash.core.prompts import Asker, Nobody, Prompter
from opsdash.engine.doctor import examine
from opsdash.transport.openssh.transport import OpensshTransport
from opsdash.transport.ssh.transport import SshTransport


async def examined(
    host: Host, folder: Path, *others: Host, prompter: Prompter | None = None, ask: bool = False
) -> Examination:
    """The examination of a host, whose own known_hosts is ``own`` in the folder."""
    asker = Asker(prompter or Nobody())
    hosts = {one.name: one for one in (host, *others)}
    by_itself = host.way is Way.SSH
    own = folder / "own"
    transport = SshTransport(hosts, own, asker) if by_itself else OpensshTransport(hosts, own)
    exam = Examination(host.name, lambda one: None)
    try:
        await examine(host, {host.way: transport}, asker, exam, ask=ask)
    finally:
        await asker.close()
        await transport.close()
    return exam


def stage_of(exam: Examination, stage: Stage, host: str = "") -> Examined:
    """What was found of one stage."""
    return next(o for o in exam.found if (o.host, o.stage) == (host or exam.host, stage))


def failed_at(exam: Examination, stage: Stage, host: str = "") -> Examined:
    """The cause, which must be this stage; what follows it was not reached."""
    cause = exam.cause
    assert cause is not None, [f"{o.stage}: {o.verdict} {o.text}" for o in exam.found]
    assert (cause.host, cause.stage, cause.verdict) == (host or exam.host, stage, Verdict.FAIL)
    assert cause.problem is not None
    assert cause.hint
    later = list(Stage)[list(Stage).index(stage) + 1 :]
    found = {one.stage: one.verdict for one in exam.found if one.host == exam.host}
    if list(Stage).index(stage) <= list(Stage).index(Stage.SHELL):
        assert {found[one] for one in later} == {Verdict.NOT_REACHED}
    return cause


def notes_of(one: Examined) -> str:
    """The lines below a stage."""
    return "\n".join(note.text for note in one.notes)
