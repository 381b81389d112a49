"""Hooks for real: programs that hang, print and die; a server that fails; runs that are killed."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shlex
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from opsdash.core.event import Event, EventKind
from opsdash.core.finding import Finding
from opsdash.core.fleet import Fleet
from opsdash.core.health import Health
from opsdash.core.hook import Hook, Means, Outcome, Rule, parse_template
from opsdash.core.host import Host, Way
from opsdash.core.secret import Secret
from opsdash.core.selection import parse_selection
from opsdash.core.silence import Silence, SilenceKind
from opsdash.core.telling import Message, a_test
from opsdash.engine.hook_book import SETTLE_S
from opsdash.engine.hook_post import Desk
from opsdash.engine.hooks import Ears, Hooks
from opsdash.engine.judge import Judgement
from opsdash.engine.session import Session
from opsdash.engine.surroundings import Surroundings
from opsdash.store.hooks import HookTable
from opsdash.store.store import Store
from opsdash.transport.hook_calls import call
from tests.fleet_states import Clock
from tests.unit.test_remembered import Refusing
from tests.waiting import wait_for

T0 = 1_800_000_000.0
DOWN = Finding("host-unreachable", "db1", Health.DOWN, "db1 does not answer", since=T0)
RULE = Rule(parse_selection(["all"]), Health.WARN)
TEST = a_test("x", "db1", T0)


def hook(*argv: str, timeout_s: float = 10.0) -> Hook:
    words = tuple(parse_template(word) for word in argv)
    return Hook("x", Means.COMMAND, RULE, argv=words, timeout_s=timeout_s)


# -- programs ---------------------------------------------------------------------------------


async def test_a_program_gets_all_on_its_input_and_fields_as_arguments(tmp_path: Path) -> None:
    """Nothing of it is read by a shell, whatever a host says."""
    got = tmp_path / "got"
    evil = replace(DOWN, summary="$(reboot); `id` \"' {host} \x1b]52;c;eA==\x07&")
    message = Message("x", T0, (replace(TEST.news[0], text=evil.summary, host="db1"),))
    script = f'cat > {shlex.quote(str(got))}; printf "%s\\n" "$@" >> {shlex.quote(str(got))}'
    outcome = await call(hook("sh", "-c", script, "sh", "{host}", "{text}"), message)
    assert (outcome.told, outcome.text) == (True, "exit 0")
    said, *arguments = got.read_text().splitlines()
    assert json.loads(said) == message.data()
    assert arguments == ["db1", "$(reboot); `id` \"' {host} &"]


async def test_a_program_that_hangs_dies_with_its_children_at_the_deadline(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"sleep 60 & echo $! > {pids}; echo waiting >&2; wait"
    outcome = await call(hook("sh", "-c", script, timeout_s=0.3), TEST)
    assert outcome.text == "sh did not end within 0s"
    assert outcome.hint == "it was killed: see what it waits for"
    child = int(pids.read_text())
    await wait_for(lambda: not running(child), what="the end of its child")


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("yes", "sh printed more than 64 KiB, and was ended"),
        ("echo a >&2; echo no route >&2; exit 3", "sh: exit 3: no route"),
        ("echo token=sesame >&2; exit 1", "sh: exit 1: token=***"),
        ("printf '\\033[2Jx' >&2; exit 1", "sh: exit 1: x"),
        ("kill -9 $$", "sh: ended by signal 9"),
    ],
)
async def test_a_program_that_fails_says_why(script: str, text: str) -> None:
    outcome = await call(hook("sh", "-c", script), TEST)
    assert (outcome.told, outcome.text, outcome.again) == (False, text, False)
    assert outcome.hint


async def test_a_program_that_is_not_there_or_wants_to_be_asked_later() -> None:
    outcome = await call(hook("/nonexistent/mailer"), TEST)
    assert outcome.text == "/nonexistent/mailer can't be started: No such file or directory"
    assert (await call(hook("sh", "-c", "exit 75"), TEST)).again


# -- webhooks ---------------------------------------------------------------------------------


@dataclass
class Server:
    """Answers with what is in `answers`, the last one again and again; keeps what it was sent."""

    answers: list[bytes]
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    port: int = 0

    def url(self, path: str = "/hook?token=sesame") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(int(x[16:]) for x in head.splitlines() if x.startswith("Content-Length: "))
        self.heads.append(head)
        self.bodies.append(await reader.readexactly(length))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer == b"hang":
            await reader.read()
        writer.write(answer)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def serving(*answers: bytes) -> AsyncIterator[Server]:
    server = Server([answer if b" " not in answer else answer + b"\r\n\r\n" for answer in answers])
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server
        await all_gone(listening)


async def all_gone(listening: asyncio.Server) -> None:
    """Until no connection is left: one that outlives the loop is a warning."""
    count = "_active_count"
    await wait_for(lambda: not getattr(listening, count), what="the end of all connections")


def webhook(url: str = "", *, body: object = None, timeout_s: float = 5.0, file: str = "") -> Hook:
    secret = Secret(url) if url else None
    return Hook(
        "x",
        Means.WEBHOOK,
        RULE,
        url=secret,
        url_file=file,
        body=body,  # type: ignore[arg-type]
        timeout_s=timeout_s,
    )


async def test_a_webhook_gets_json_by_post() -> None:
    async with serving(b"HTTP/1.1 204 No Content") as server:
        outcome = await call(webhook(server.url()), TEST)
        assert (outcome.told, outcome.text) == (True, "204 No Content")
        assert json.loads(server.bodies[0]) == TEST.data()
        assert server.heads[0].startswith("POST /hook?token=sesame HTTP/1.1\r\nHost: 127.0.0.1:")
        assert f"Idempotency-Key: {TEST.id}\r\n" in server.heads[0]
        own = {"text": parse_template("{title}"), "n": [1, parse_template("{health}")]}
        await call(webhook(server.url(), body=own), TEST)
        assert json.loads(server.bodies[1]) == {"text": TEST.title, "n": [1, "WARN"]}


@pytest.mark.parametrize(
    ("answer", "text", "again"),
    [
        (b"HTTP/1.1 503 Busy", "127.0.0.1 says 503 Busy", True),
        (b"HTTP/1.1 429 Slow", "127.0.0.1 says 429 Slow", True),
        (b"HTTP/1.1 404 Gone", "127.0.0.1 says 404 Gone", False),
        (b"HTTP/1.1 302 There", "127.0.0.1 says 302 There", False),
        (b"SSH-2.0-x y", "127.0.0.1 does not speak HTTP on port", False),
        (b"x" * 100_000, "127.0.0.1 does not speak HTTP on port", False),
        (b"", "127.0.0.1: closed the connection without an answer", True),
        (b"hang", "127.0.0.1 did not answer within 0s", True),
    ],
)
async def test_a_webhook_that_fails_says_why_and_nothing_of_its_token(
    answer: bytes, text: str, *, again: bool
) -> None:
    async with serving(answer) as server:
        hangs = answer == b"hang"
        outcome = await call(webhook(server.url(), timeout_s=0.2 if hangs else 5.0), TEST)
    assert not outcome.told
    assert outcome.text.startswith(text)
    assert outcome.again == again
    assert outcome.hint
    assert "sesame" not in outcome.text + outcome.hint


async def test_a_server_that_is_not_there() -> None:
    async with serving(b"HTTP/1.1 200 OK") as server:
        port = server.port
    gone = await call(webhook(f"http://127.0.0.1:{port}/sesame"), TEST)
    assert (gone.text, gone.again) == ("127.0.0.1: Connection refused", True)


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    server, context = Server([b"HTTP/1.1 200 OK\r\n\r\n"]), self_signed(tmp_path)
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context) as listening:
        server.port = listening.sockets[0].getsockname()[1]
        url = server.url().replace("http:", "https:")
        outcome = await call(webhook(url), TEST)
        await all_gone(listening)
    assert outcome.text.startswith("127.0.0.1: its certificate is not trusted: self")
    assert (server.bodies, outcome.again) == ([], False)


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    none = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    pem += key.private_bytes(serialization.Encoding.PEM, form, none)
    (folder / "server.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


async def test_the_url_comes_from_a_file_that_only_its_owner_may_read(tmp_path: Path) -> None:
    file = tmp_path / "url"
    lacks = await call(webhook(file=str(file)), TEST)
    assert lacks.text == f"{file} can't be read: No such file or directory"
    file.write_text("https://u:sesame@x/\n")
    assert (await call(webhook(file=str(file)), TEST)).hint == f"chmod 600 {file}"
    file.chmod(0o600)
    assert "names a user" in (await call(webhook(file=str(file)), TEST)).text
    async with serving(b"HTTP/1.1 200 OK") as server:
        file.write_text(f"{server.url()}\n# of the chat\n")
        assert (await call(webhook(file=str(file)), TEST)).told


async def test_apprise_that_is_not_installed_says_how_to_have_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("opsdash.transport.hook_calls.find_spec", lambda name: None)
    outcome = await call(Hook("x", Means.APPRISE, RULE, url=Secret("ntfy://sesame")), TEST)
    assert (outcome.told, outcome.hint) == (False, "pip install 'opsdash[apprise]'")


async def test_apprise_tells_what_it_is_given() -> None:
    pytest.importorskip("apprise")
    async with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 0") as server:
        url = Secret(f"json://127.0.0.1:{server.port}/")
        outcome = await call(Hook("x", Means.APPRISE, RULE, url=url), TEST)
    assert (outcome.told, outcome.text) == (True, "apprise sent it")
    said = json.loads(server.bodies[0])
    assert (said["title"], said["message"], said["type"]) == (TEST.title, TEST.text, "info")


# -- the engine -------------------------------------------------------------------------------


@dataclass
class Bench:
    """Hooks over a real store, a file that a test writes, and a clock that it moves."""

    folder: Path
    store: Store
    clock: Clock
    outcomes: list[Outcome] = field(default_factory=list)
    told: list[Message] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    slept_s: list[float] = field(default_factory=list)
    hangs: bool = False

    def save(self, text: str) -> None:
        path = self.folder / "hooks.yaml"
        path.write_text(text)
        path.chmod(0o600)

    async def call(self, hook: Hook, message: Message) -> Outcome:
        self.told.append(message)
        if self.hangs:
            await asyncio.Event().wait()
        if self.outcomes:
            return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        return Outcome(told=True, text="exit 0")

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)

    def hooks(self) -> Hooks:
        hosts = {name: Host(name) for name in ("db1", "web1", "web2")}
        fleet = Fleet(MappingProxyType(hosts), source=str(self.folder / "hosts.yaml"))
        desk = Desk(
            HookTable(self.store),
            self.call,
            self.clock,
            self.notices.append,
            self.notices.remove,
            self.events.append,
            self.sleep,
        )
        return Hooks(desk, Ears(lambda: fleet, self.clock, False, self.bug))

    def bug(self, task: asyncio.Task[None]) -> None:
        assert task.cancelled() or task.exception() is None

    def kinds(self) -> list[str]:
        return [one.kind.value for one in self.told]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    store = Store(tmp_path / "history.db")
    await store.open()
    made = Bench(tmp_path, store, Clock(T0))
    made.save("hooks: {mail: {command: [x]}}")
    yield made
    await store.close()


@asynccontextmanager
async def running_hooks(
    bench: Bench, *open_now: Finding, settled: bool = True
) -> AsyncIterator[Hooks]:
    """Hooks that have begun, and are past their first look."""
    hooks = bench.hooks()
    await hooks.begin([one.key for one in open_now])
    if settled:
        bench.clock.at += SETTLE_S + 1
        await hooks.look()
    try:
        yield hooks
    finally:
        await hooks.end()


def found(*findings: Finding) -> Judgement:
    return Judgement(Health.DOWN, findings)


def over(*findings: Finding) -> Judgement:
    return Judgement(Health.OK, (), tuple(one.key for one in findings))


async def test_it_tells_what_is_found_and_what_is_over(bench: Bench) -> None:
    async with running_hooks(bench) as hooks:
        hooks.judged("db1", found(DOWN))
        for _ in range(3):
            await hooks.look()
        hooks.judged("db1", over(DOWN))
        await hooks.look()
        await wait_for(lambda: len(bench.told) == 2, what="two messages")
    assert bench.kinds() == ["raised", "ended"]
    assert [one.kind for one in bench.events] == [EventKind.TOLD] * 2
    assert bench.events[0].text == "mail: raised db1 does not answer"


async def test_a_hook_that_hangs_holds_nothing_up_and_loses_nothing(bench: Bench) -> None:
    """The run ends while it hangs: the next one tells, and says that it may have been told."""
    bench.hangs = True
    async with running_hooks(bench) as hooks:
        hooks.judged("db1", found(DOWN))
        hooks.judged("web1", found(replace(DOWN, host="web1")))
        await asyncio.wait_for(hooks.look(), 1.0)
        await wait_for(lambda: len(bench.told) == 1, what="the first call")
        kill(hooks)
    bench.hangs = False
    both = [DOWN, replace(DOWN, host="web1")]
    async with running_hooks(bench, *both) as hooks:
        for one in both:
            hooks.judged(one.host, found(one))
        await hooks.look()
        await wait_for(lambda: len(bench.told) == 3, what="both messages")
    assert [one.repeated for one in bench.told] == [False, True, False]
    assert bench.told[0].id == bench.told[1].id
    assert {one.host for message in bench.told for one in message.news} == {"db1", "web1"}
    assert (await HookTable(bench.store).record(f"{bench.folder}/hooks.yaml\nmail")).messages == []


def kill(hooks: Hooks) -> None:
    """End its tasks at once, as a kill would: nothing more is written."""
    for post in hooks._posts.values():
        if post._task is not None:
            post._task.cancel()


async def test_it_tries_three_times_and_then_says_what_is_wrong_until_it_works(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    busy = Outcome(told=False, text="chat says 503 Busy", hint="wait", again=True)
    bench.outcomes = [busy]
    async with running_hooks(bench) as hooks:
        hooks.judged("db1", found(DOWN))
        await hooks.look()
        await wait_for(lambda: bench.notices != [], what="a notice")
        assert bench.notices == ["hook mail failed: chat says 503 Busy: wait"]
        assert bench.slept_s == [2.0, 10.0]
        assert [one.repeated for one in bench.told] == [False, True, True]
        bench.outcomes = []
        hooks.judged("web1", found(replace(DOWN, host="web1")))
        hooks.judged("db1", over(DOWN))
        await hooks.look()
        await wait_for(lambda: bench.notices == [], what="a notice that is withdrawn")
    assert bench.kinds() == ["raised"] * 4  # no end of what was not told
    assert bench.told[-1].missed == 1
    assert [one.kind for one in bench.events] == [EventKind.UNTOLD, EventKind.TOLD]


async def test_one_that_failed_for_good_is_not_tried_again(bench: Bench) -> None:
    bench.outcomes = [Outcome(told=False, text="x: exit 1")]
    async with running_hooks(bench) as hooks:
        hooks.judged("db1", found(DOWN))
        await hooks.look()
        await wait_for(lambda: bench.notices != [], what="a notice")
    assert (len(bench.told), bench.slept_s) == (1, [])
    assert bench.notices == []  # whoever polls next says it if it is still so


async def test_the_file_is_followed_and_a_broken_one_changes_nothing(bench: Bench) -> None:
    async with running_hooks(bench) as hooks:
        bench.save("hooks: {mail: {comand: [x]}}")
        await hooks.look()
        (said,) = bench.notices
        assert "hooks.yaml:1:16: hooks.mail.comand: unknown key (did you mean command?)" in said
        assert said.endswith(": hooks stay as they were")
        hooks.judged("db1", found(DOWN))
        await hooks.look()
        await wait_for(lambda: len(bench.told) == 1, what="a message")
        bench.save("hooks: {mail: {command: [y]}, chat: {command: [z], checks: [disk-*]}}")
        await hooks.look()
        assert bench.notices == []
        await hooks.look()
        hooks.judged("db1", over(DOWN))
        await hooks.look()
        await wait_for(lambda: len(bench.told) == 2, what="the end")
    assert bench.kinds() == ["raised", "ended"]


async def test_what_ended_while_a_hook_was_not_declared_is_told_when_it_is_again(
    bench: Bench,
) -> None:
    """And what is found again after that is news."""
    async with running_hooks(bench) as hooks:
        hooks.judged("db1", found(DOWN))
        await hooks.look()
        await wait_for(lambda: len(bench.told) == 1, what="a message")
        bench.save("hooks:")
        await hooks.look()
        hooks.judged("db1", over(DOWN))
        await hooks.look()
        bench.save("hooks: {mail: {command: [y]}}")
        await hooks.look()
        await wait_for(lambda: len(bench.told) == 2, what="the end")
        hooks.judged("db1", found(DOWN))
        await hooks.look()
        await wait_for(lambda: len(bench.told) == 3, what="a message")
    assert bench.kinds() == ["raised", "ended", "raised"]


async def test_of_a_host_that_left_the_fleet_nothing_is_told(bench: Bench) -> None:
    async with running_hooks(bench) as hooks:
        hooks.judged("gone", found(replace(DOWN, host="gone")))
        await hooks.look()
        hooks.judged("db1", found(DOWN))
        hooks.forget(["db1"])
        await hooks.look()
    assert bench.told == []


async def test_a_bell_is_for_who_sits_at_a_screen(bench: Bench) -> None:
    bench.save("hooks: {here: {bell: true}}")
    async with running_hooks(bench) as hooks:
        hooks.judged("db1", found(DOWN))
        await hooks.look()
        assert hooks._posts == {}


# -- a session --------------------------------------------------------------------------------


def session(tmp_path: Path, clock: Clock) -> Session:
    fleet = Fleet(MappingProxyType({"db1": Host("db1")}), source=str(tmp_path / "hosts.yaml"))
    ways = {Way.SSH: Refusing()}
    state = tmp_path / "state"
    return Session(fleet, Surroundings(state, clock=clock, transports=ways, lasts=True))


def calls(tmp_path: Path) -> list[str]:
    path = tmp_path / "calls"
    return path.read_text().splitlines() if path.exists() else []


async def begun(tmp_path: Path, running: Session, clock: Clock) -> None:
    """What is wrong is known, and the first look at it is over."""
    known = [False]

    def so() -> bool:
        known[0] = running.snapshot().hosts["db1"].health is Health.DOWN
        return known[0]

    await wait_for(so, what="DOWN")
    clock.at += SETTLE_S + 1


async def test_a_session_calls_a_hook_once_also_over_restarts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsdash.engine.hooks.EVERY_S", 0.05)
    hooks = tmp_path / "hooks.yaml"
    script = 'printf "%s\\n" "$1" >> ' + shlex.quote(str(tmp_path / "calls"))
    hooks.write_text(f"hooks: {{a: {{command: [sh, -c, {json.dumps(script)}, sh, '{{title}}']}}}}")
    hooks.chmod(0o600)
    clock = Clock(T0)
    async with session(tmp_path, clock) as running:
        await begun(tmp_path, running, clock)
        await wait_for(lambda: len(calls(tmp_path)) == 1, what="a call")
    async with session(tmp_path, clock) as running:
        await begun(tmp_path, running, clock)
        told = [one for one in await running.events(0) if one.kind is EventKind.TOLD]
        work = Silence("w", SilenceKind.MAINTENANCE, "all", clock.at, clock.at + 600, reason="x")
        running.silences.add([work])
    assert len(calls(tmp_path)) == 1
    assert [one.host for one in told] == ["db1"]
    assert os.path.getsize(tmp_path / "state" / "history.db")  # noqa: PTH202


async def test_a_session_tells_nothing_of_a_host_in_maintenance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsdash.engine.hooks.EVERY_S", 0.05)
    hooks = tmp_path / "hooks.yaml"
    hooks.write_text(f"hooks: {{a: {{command: [touch, {tmp_path}/calls]}}}}")
    hooks.chmod(0o600)
    clock = Clock(T0)
    running = session(tmp_path, clock)
    async with running:
        work = Silence("w", SilenceKind.MAINTENANCE, "all", T0, T0 + 600, reason="new disks")
        running.silences.add([work])
        await begun_in_silence(running, clock)
        (post,) = running._polling._hooks._posts.values()  # type: ignore[union-attr]
        await wait_for(lambda: post.book.standing.known, what="its first look")
    assert not (tmp_path / "calls").exists()


async def begun_in_silence(running: Session, clock: Clock) -> None:
    await wait_for(lambda: running.snapshot().hosts["db1"].findings != (), what="a finding")
    clock.at += SETTLE_S + 1


# -- the store --------------------------------------------------------------------------------


async def test_rows_of_another_version_are_left_out(bench: Bench) -> None:
    def spoil(db: object) -> None:
        run: Sequence[str] = (
            "INSERT INTO hook_told VALUES ('k', 'a', 'b', 'c', '{\"open\": 1}')",
            "INSERT INTO hook_message VALUES ('1', 'k', 1.0, 0, '{\"news\": []}')",
            "INSERT INTO hook_standing VALUES ('k', 'no json')",
        )
        for statement in run:
            db.execute(statement)  # type: ignore[attr-defined]

    await bench.store.write(spoil)
    record = await HookTable(bench.store).record("k")
    assert (record.told, record.messages, record.standing.known) == ([], [], False)
