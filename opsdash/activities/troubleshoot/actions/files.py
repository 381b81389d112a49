"""Files: copied to hosts, with what differs shown before and kept to be put back; and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from opsdash.core.action import Action, Ahead, Argument, ArgumentError, Arguments, NotHere, Steps
from opsdash.core.argument_kinds import path_fault
from opsdash.core.errors import HostError
from opsdash.core.job import HostRun, RunState
from opsdash.core.plan import ALL_AT_ONCE, Copy, Danger, Step, StepKind
from opsdash.core.quoting import quote
from opsdash.core.scripted_action import QUIETLY
from opsdash.core.snapshot import HostState
from opsdash.core.text import count, size
from opsdash.core.text_diff import MOST_BYTES, diff_words
from opsdash.transport import file_copies, files
from opsdash.transport.base import Completed

NEW_FILE_MODE = 0o600
SLOW_LINK_BYTES_PER_S = 250_000
_MODE = re.compile(r"[0-7]{3,4}")
_OWNER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,62})?")


def _mode_fault(value: str) -> str:
    return "" if _MODE.fullmatch(value) else "it should be octal digits: 644, 0600"


def _owner_fault(value: str) -> str:
    return "" if _OWNER.fullmatch(value) else "it should be a user, or user:group"


def _file_fault(value: str) -> str:
    return "it is the root folder" if value == "/" else path_fault(value)


def _here(text: str) -> str:
    """A path of this machine, wherever it is looked at from."""
    return str(Path(text).expanduser().absolute())


@dataclass(frozen=True, slots=True)
class _Push:
    """One file for all hosts: what it is here, and what each of them has in its place."""

    plan_id: str
    path: str
    root: bool
    copy: Copy
    content: bytes
    looked: Mapping[str, HostRun]

    def steps(self, state: HostState, arguments: Arguments) -> tuple[Step, ...]:
        """Look at it, keep what is there, write it; NotHere."""
        was, before = self._seen(state.name)
        if self._is_so(was):
            raise NotHere("it has it already")
        look = f"ls -ld -- {quote(self.path)} 2>&1 || :"
        found = [Step(StepKind.RUN, f"look at {self.path}", look, reads_only=True)]
        if was.exists:
            found.append(self._keep(was))
        return (*found, self._put(was, before))

    def _seen(self, host: str) -> tuple[files.FileFacts, bytes]:
        """What the host has there, and what stands in it."""
        run = self.looked.get(host)
        if run is None or run.state is not RunState.DONE:
            raise NotHere(run.text if run and run.text else "it could not be looked at")
        said = run.results[-1].stdout
        try:
            facts = files.facts_in(Completed(0, said), files.RemoteFile(self.path, self.root))
        except HostError as error:
            raise NotHere(error.problem.text) from error
        return facts, said.partition(b"\n")[2]

    def _is_so(self, was: files.FileFacts) -> bool:
        """Whether there is nothing to do."""
        copy = self.copy
        owner, _, group = was.owner.partition(":")
        wanted_owner, _, wanted_group = copy.owner.partition(":")
        return (
            was.digest == copy.digest
            and (not copy.mode or int(copy.mode, 8) == was.mode)
            and wanted_owner in ("", owner)
            and wanted_group in ("", group)
        )

    def _keep(self, was: files.FileFacts) -> Step:
        script = file_copies.keep_script(self.path, was.digest, self.plan_id, root=self.root)
        return Step(
            StepKind.RUN,
            f"keep {self.path} as it is",
            script,
            root=self.root,
            timeout_s=_time_for(was.size_bytes),
        )

    def _put(self, was: files.FileFacts, before: bytes) -> Step:
        copy, path = self.copy, self.path
        undo = file_copies.undo_script(path, copy.digest, was, self.plan_id, root=self.root)
        return Step(
            StepKind.PUT,
            f"write {path}: {self._words(was)}",
            path=path,
            root=self.root,
            timeout_s=_time_for(copy.size_bytes),
            undo=undo,
            expects=was.digest,
            shows=self._differs(was, before),
            copy=copy,
        )

    def _words(self, was: files.FileFacts) -> str:
        copy = self.copy
        mode = int(copy.mode, 8) if copy.mode else (was.mode if was.exists else NEW_FILE_MODE)
        then = f"{count(copy.size_bytes, 'byte')}, {mode:04o}"
        then += f", {copy.owner}" if copy.owner else ""
        if not was.exists:
            return f"{then}; it is not there yet"
        short = was.digest[:12] or "not known"
        return f"{then}; was {count(was.size_bytes, 'byte')}, {was.mode:04o}, {was.owner}, {short}"

    def _differs(self, was: files.FileFacts, before: bytes) -> str:
        if was.exists and was.digest == self.copy.digest:
            return "its content stays as it is"
        if was.exists and len(before) == was.size_bytes and self.copy.size_bytes <= MOST_BYTES:
            return diff_words(before, self.content, self.path)
        if was.exists:
            return f"not compared line by line: {size(was.size_bytes)} before"
        if self.copy.size_bytes <= MOST_BYTES:
            return diff_words(b"", self.content, self.path)
        return ""


async def _prepare(ahead: Ahead) -> Steps:
    """Look at what each host has in the place of the file."""
    given = ahead.arguments
    root = given["root"] == "yes"
    if given["owner"] and not root:
        raise ArgumentError("only root can give a file to somebody: owner= wants root=yes")
    here = Path(_here(given["from"]))
    try:
        found = await files.local_file(here)
        small = found.size_bytes <= MOST_BYTES
        content = await file_copies.content(here) if small else b""
    except OSError as error:
        raise ArgumentError(f"from={given['from']}: {error.strerror}") from error
    copy = Copy(str(here), found.digest, found.size_bytes, given["mode"], given["owner"])
    path = given["to"]
    looked = await ahead.look(
        Step(
            StepKind.RUN,
            f"look at what is in the place of {path}",
            file_copies.look_script(path, MOST_BYTES),
            root=root,
            reads_only=True,
            max_bytes=2 * MOST_BYTES,
        )
    )
    return _Push(ahead.plan_id, path, root, copy, content, looked).steps


def _pull(state: HostState, arguments: Arguments) -> tuple[Step, ...]:
    path = arguments["path"]
    if state.name in (".", "..") or "/" in state.name:
        raise NotHere("its name can be no folder's")
    to = Path(_here(arguments["to"]), state.name, PurePosixPath(path).name)
    return (
        Step(
            StepKind.GET,
            f"copy {path} to {to}",
            path=path,
            root=arguments["root"] == "yes",
            timeout_s=_time_for(file_copies.MOST_BYTES),
            max_bytes=file_copies.MOST_BYTES,
            copy=Copy(str(to), replace=arguments["replace"] == "yes"),
            reads_only=True,
        ),
    )


def _time_for(size_bytes: int) -> float:
    return files.TRANSFER_S + size_bytes // SLOW_LINK_BYTES_PER_S


_ROOT = Argument("root", "whether root does it there", default="no", choices=("yes", "no"))

PUSH = Action(
    "file.push",
    "Copy to the hosts:",
    Danger.CHANGES,
    arguments=(
        Argument("from", "the file here, at most 1 GiB", check=file_copies.source_fault),
        Argument("to", "the file there, whose folder is there", check=_file_fault),
        Argument(
            "mode",
            "its permissions in octal digits; else those of the file there, or 600",
            default="",
            check=_mode_fault,
        ),
        Argument(
            "owner",
            "user or user:group, with root=yes; else those of the file there",
            default="",
            check=_owner_fault,
        ),
        _ROOT,
    ),
    target="to",
    rollout=replace(QUIETLY, canary=1),
    prepare=_prepare,
)
PULL = Action(
    "file.pull",
    "Copy from the hosts:",
    Danger.READS,
    _pull,
    (
        Argument("path", "the file there, at most 1 GiB", check=_file_fault),
        Argument(
            "to",
            "the folder here, which has a folder for each host then",
            check=file_copies.folder_fault,
        ),
        Argument(
            "replace",
            "whether a file that is here already may be replaced",
            default="no",
            choices=("yes", "no"),
        ),
        _ROOT,
    ),
    "path",
    ALL_AT_ONCE,
)
