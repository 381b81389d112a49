"""An examination by the system's ssh: what ``ssh -v`` tells, put into stages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from opsdash.core.examination import STAGE_OF, Examination, Examined, Note, Stage, Verdict
from opsdash.core.host import Host
from opsdash.core.problem import Problem, ProblemKind
from opsdash.transport.ssh import mends
from opsdash.transport.ssh.hostkeys import pattern_of
from opsdash.transport.ssh.resolve import Route
from opsdash.transport.ssh.sources import ask_ssh_where, sources

EXAMINED_S = 30.0
"""How long an ssh that tells what it does may take: connecting has 8 s of that."""

_Said = re.Pattern[str]


def _of(pattern: str) -> _Said:
    return re.compile(pattern, re.MULTILINE)


_TOLD = _of(r"^(debug\d|OpenSSH_)")
_CONNECTED = _of(r"^debug1: Connection established")
_TRIED = _of(r"^debug1: connect to address (.*)$")
_PROXY = _of(r"^debug1: Executing proxy command: (.*)$")
_BANNER = _of(r"^debug1: Remote protocol version .*, remote software version (.*)$")
_KEX = _of(r"^debug1: kex: (?:algorithm|host key algorithm): (.*)$")
_CIPHER = _of(r"^debug1: kex: server->client cipher: (\S+) MAC: (\S+)")
_HOST_KEY = _of(r"^debug1: Server host key: (.*)$")
_FOUND = _of(r"^debug1: Found (?:key|CA key) in (.*)$")
_TAKEN = _of(r"^debug1: (?:Host '.*' is known and matches|SSH2_MSG_NEWKEYS received)")
_METHODS = _of(r"^debug1: Authentications that can continue: (.*)$")
_OFFERED = _of(
    r"^debug1: (Offering public key: .*|Trying private key: .*|Server accepts key: .*"
    r"|Next authentication method: .*|No more authentication methods to try.*|.*: no such identity)"
)
_OFFERING = _of(r"^debug1: Offering public key: ")
_TAKEN_KEY = _of(r"^debug1: Server accepts key: (.*?)(?: explicit| agent)*$")
_IN = _of(r"^(?:debug1: )?Authenticat(?:ed to .* using |ion succeeded \()\"?([\w-]+)")


@dataclass(frozen=True, slots=True)
class Told:
    """Whom an ssh was sent to, and all that it said."""

    host: Host
    route: Route
    said: str


def spoken(said: str) -> str:
    """What ssh would have said without ``-v``."""
    return "\n".join(line for line in said.splitlines() if not _TOLD.match(line))


async def resolved(host: Host, route: Route, exam: Examination) -> Examined:
    """Where the host is, and which file says so."""
    ssh = await ask_ssh_where(host)
    places = exam.places.get(host.name, {})
    said = [exam.place] if exam.place and not places else []
    said += sources(host, route, places, ssh)
    text = f"{route.user}@{route.address} port {route.port}, by the system's ssh"
    notes = tuple(Note(Verdict.SKIPPED, one) for one in said)
    return Examined(host.name, Stage.RESOLVE, Verdict.OK, text, notes)


def tell(told: Told, problem: Problem | None, exam: Examination) -> None:
    """Report every stage that ssh got past, and the one where it ended."""
    for stage, text, notes in _passed(told):
        exam.report(Examined(told.host.name, stage, Verdict.OK, text, notes))
    if problem is not None:
        _tell_failure(told, problem, exam)


def tell_end(host: Host, problem: Problem, exam: Examination) -> None:
    """What ended the examination, where no stage has failed yet."""
    stage = exam.under_way(host.name)
    if stage is not None and not exam.has_failed:
        local = problem.kind is ProblemKind.CONFIG
        exam.report_failure(host.name, Stage.RESOLVE if local else stage, problem)


def _passed(told: Told) -> Iterator[tuple[Stage, str, tuple[Note, ...]]]:
    """The stages that ssh says it got past, in order, with what it found."""
    said = told.said
    proxy = _PROXY.search(said)
    banner = _BANNER.search(said)
    if _CONNECTED.search(said):
        yield Stage.TCP, "the port answers", ()
    elif proxy and banner:
        # the way through a jump host is a ProxyCommand of ours, of many words
        way = f"through {told.host.jump}" if told.host.jump else f"by ProxyCommand: {proxy[1]}"
        yield Stage.TCP, way, ()
    if banner:
        yield Stage.BANNER, banner[1], ()
    kex, cipher = _KEX.findall(said), _CIPHER.search(said)
    if kex and cipher:
        yield Stage.KEY_EXCHANGE, ", ".join([*kex, cipher[1]]), ()
    key, found = _HOST_KEY.search(said), _FOUND.search(said)
    if key and _TAKEN.search(said):
        yield Stage.HOST_KEY, f"{key[1]}: known{f' ({found[1]})' if found else ''}", ()
    if entered := _IN.search(said):
        words = entered[1].strip(' ."()')
        taken = _TAKEN_KEY.findall(said)
        key_words = f" {taken[-1]}" if taken else ""
        notes = _attempts(said) if len(_OFFERING.findall(said)) > 1 else ()
        yield Stage.LOGIN, f"{told.route.user} by {words}{key_words}", notes


def _attempts(said: str) -> tuple[Note, ...]:
    return tuple(Note(Verdict.SKIPPED, one) for one in _OFFERED.findall(said))


def _tell_failure(told: Told, problem: Problem, exam: Examination) -> None:
    host, route, said = told.host, told.route, told.said
    stage = STAGE_OF.get(problem.kind) or exam.under_way(host.name) or Stage.SHELL
    if exam.knows(host.name, stage):
        stage = exam.under_way(host.name) or Stage.SHELL
    commands = mends.for_the_way(problem.kind, route)
    notes: tuple[Note, ...] = ()
    if stage is Stage.TCP:
        notes = tuple(Note(Verdict.FAIL, one) for one in _TRIED.findall(said))
    elif stage is Stage.HOST_KEY:
        shown = _HOST_KEY.search(said)
        notes = (Note(Verdict.FAIL, f"shown: {shown[1]}"),) if shown else ()
        if problem.kind is ProblemKind.HOST_KEY_UNKNOWN:
            commands = (f"ssh {mends.ssh_words(host, route)}",)
        elif problem.kind is ProblemKind.HOST_KEY_CHANGED:
            commands = _drop_lines(said, route)
    elif stage is Stage.LOGIN:
        methods = [Note(Verdict.SKIPPED, f"the server takes: {m}") for m in _METHODS.findall(said)]
        notes = (*_attempts(said), *methods[-1:])
        if problem.kind is ProblemKind.AUTH:
            commands = mends.for_login(host, route, ())
    text = problem.text
    one = Examined(host.name, stage, Verdict.FAIL, text, notes, problem, mends=commands)
    exam.report(one)


_OFFENDING = _of(r"^Offending \S+ key in (.*):(\d+)")


def _drop_lines(said: str, route: Route) -> tuple[str, ...]:
    files = dict.fromkeys(file for file, _ in _OFFENDING.findall(said))
    return (
        "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub    # on its console, first",
        *(f"ssh-keygen -R '{pattern_of(route)}' -f '{file}'" for file in files),
    )
