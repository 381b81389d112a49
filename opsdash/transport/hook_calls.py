"""Telling one message by one hook, once: what comes of it is an Outcome, whatever happens."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from time import monotonic

from opsdash.core.errors import HostError
from opsdash.core.health import Health
from opsdash.core.hook import Hook, Means, Outcome, Ring, filled, url_fault
from opsdash.core.masking import mask
from opsdash.core.problem import ProblemKind
from opsdash.core.secret import Secret
from opsdash.core.telling import Message, NewsKind
from opsdash.core.text import clean_line
from opsdash.transport import apprise_call, process, webhook
from opsdash.transport.base import Completed

MOST_OUTPUT_BYTES = 65_536
EX_TEMPFAIL = 75
"""What programs that send mail exit with when later may be better."""

MOST_URL_BYTES = 4096

NO_SCREEN = Outcome(told=False, text="no screen is open", hint="bell and osc9 need one")


async def call(hook: Hook, message: Message, ring: Ring | None = None) -> Outcome:
    """Tell it, within the hook's deadline."""
    began = monotonic()
    if hook.means is Means.COMMAND:
        outcome = await _command(hook, message)
    elif hook.means is Means.WEBHOOK:
        outcome = await _webhook(hook, message)
    elif hook.means is Means.APPRISE:
        outcome = await _apprise(hook, message)
    elif ring is None:
        outcome = NO_SCREEN
    else:
        ring(hook.means, clean_line(message.title, 200))
        outcome = Outcome(told=True, text="sent to the terminal")
    return replace(outcome, took_s=monotonic() - began)


async def _command(hook: Hook, message: Message) -> Outcome:
    fields = message.fields()
    argv = [template.argument(fields) for template in hook.argv]
    said = json.dumps(message.data(), ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    try:
        done = await process.run(
            argv, stdin=said, timeout_s=hook.timeout_s, max_bytes=MOST_OUTPUT_BYTES
        )
    except HostError as error:
        problem = error.problem
        if error.ended == 0:
            return Outcome(told=True, text="exit 0; what it left running was ended")
        slow = problem.kind is ProblemKind.TIMEOUT
        hint = "it was killed: see what it waits for" if slow else ""
        return Outcome(told=False, text=problem.text, hint=hint or problem.hint)
    return _of_command(argv[0], done)


def _of_command(program: str, done: Completed) -> Outcome:
    if done.truncated:
        text = f"{program} printed more than {MOST_OUTPUT_BYTES // 1024} KiB, and was ended"
        return Outcome(told=False, text=text, hint="let it print nothing")
    if done.status == 0:
        return Outcome(told=True, text="exit 0")
    last = _last_words(done)
    how = f"ended by signal {-done.status}" if done.status < 0 else f"exit {done.status}"
    text = f"{program}: {how}{': ' if last else ''}{last}"
    hint = "run it by hand, with JSON on its standard input"
    return Outcome(told=False, text=text, hint=hint, again=done.status == EX_TEMPFAIL)


def _last_words(done: Completed) -> str:
    """The last line of what a program complained of."""
    lines = (done.stderr or done.stdout)[-4096:].decode("utf-8", "replace").splitlines()
    return clean_line(mask(next((line for line in reversed(lines) if line.strip()), "")), 120)


async def _webhook(hook: Hook, message: Message) -> Outcome:
    url = await asyncio.to_thread(_url, hook)
    if isinstance(url, Outcome):
        return url
    body = message.data() if hook.body is None else filled(hook.body, message.fields())
    said = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return await webhook.post(webhook.Request(url, said, message.id), timeout_s=hook.timeout_s)


async def _apprise(hook: Hook, message: Message) -> Outcome:
    if find_spec("apprise") is None:
        text = "apprise is not installed where opsdash is"
        return Outcome(told=False, text=text, hint="pip install 'opsdash[apprise]'")
    url = await asyncio.to_thread(_url, hook)
    if isinstance(url, Outcome):
        return url
    asked = {
        "url": url.reveal().decode(),
        "title": message.title,
        "body": message.text,
        "type": _apprise_type(message),
    }
    # -P: what lies in the current directory must not be taken for a module
    argv = [sys.executable, "-P", "-m", apprise_call.__name__]
    said = json.dumps(asked).encode()
    try:
        done = await process.run(
            argv, stdin=said, timeout_s=hook.timeout_s, max_bytes=MOST_OUTPUT_BYTES
        )
    except HostError as error:
        slow = error.problem.kind is ProblemKind.TIMEOUT
        text = f"apprise took more than {hook.timeout_s:.0f}s" if slow else error.problem.text
        return Outcome(told=False, text=text, hint="see whether this machine reaches the service")
    return _of_apprise(done.status)


def _of_apprise(status: int) -> Outcome:
    if status == apprise_call.TOLD:
        return Outcome(told=True, text="apprise sent it")
    if status == apprise_call.NO_URL:
        hint = "look at its forms: https://appriseit.com/services/"
        return Outcome(told=False, text="apprise knows no such URL", hint=hint)
    hint = "try the URL by hand: apprise -vv"
    return Outcome(told=False, text=f"apprise did not send it ({status})", hint=hint, again=True)


def _apprise_type(message: Message) -> str:
    if message.kind is NewsKind.TEST:
        return "info"
    if message.health >= Health.CRIT:
        return "failure"
    return "warning" if message.health is not Health.OK else "success"


def _url(hook: Hook) -> Secret | Outcome:
    """The URL, read anew each time: what is in the file may be new."""
    if hook.url is not None:
        return hook.url
    path = Path(hook.url_file)
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            mode = os.fstat(file.fileno()).st_mode
            raw = file.read(MOST_URL_BYTES) if stat.S_ISREG(mode) else b""
    except OSError as error:
        text = f"{path} can't be read: {error.strerror}"
        return Outcome(told=False, text=text, hint="write the URL as its first line")
    if mode & 0o077:
        text = f"{path} may be read by others (mode {stat.S_IMODE(mode):04o})"
        return Outcome(told=False, text=text, hint=f"chmod 600 {path}")
    line = raw.decode("utf-8", "replace").strip().split("\n")[0].strip()
    if wrong := url_fault(line, hook.means) if line else "is empty":
        return Outcome(told=False, text=f"{path}: {wrong}", hint="write the URL as its first line")
    return Secret(line)


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
