"""Jobs on disk: one file each, a line for everything that happens, written before it matters.

While a job runs its file is locked; one that is neither locked nor ended was broken off.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from opsdash.core.errors import OpsdashError
from opsdash.core.job import HostRun, Job, JobState
from opsdash.core.job_json import run_from_json, run_to_json, state_from_json
from opsdash.core.plan import Plan
from opsdash.core.plan_json import Json, mapping, number, plan_from_json, plan_to_json, text, whole
from opsdash.core.text import clean_line, did_you_mean

KEPT = 200
"""So many jobs are remembered, the newest."""

LOCK_TRIES, LOCK_PAUSE_S = 5, 0.05
MOST_BYTES = 256 * 1024 * 1024
ENDING = ".jsonl"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class JobsError(OpsdashError):
    """A job that is not there or can't be read; `hint` is the next step."""

    def __init__(self, said: str, hint: str = "") -> None:
        super().__init__(said)
        self.hint = hint


class JobFile:
    """One job's file, while it runs. Its methods may raise OSError."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self._folder = folder
        self._path = folder / f"{plan.id}{ENDING}"
        self._plan = plan
        self._file: int | None = None
        self._kept: dict[str, int] = {}
        self._waiting: list[bytes] = []
        self._writing = asyncio.Lock()

    async def begin(self, job: Job) -> None:
        """Write down the plan, unless it stands there, and hold the file. BlockingIOError: another
        program runs this job.
        """
        if not _ID.fullmatch(self._plan.id):
            raise OSError(f"{self._plan.id!r} can't be the name of a file")
        empty = await asyncio.to_thread(self._open)
        lines: list[Json] = [{"plan": plan_to_json(self._plan)}] if empty else []
        lines.append({"job": {"state": JobState.RUNNING.value, "began_at": job.began_at}})
        for run in job.runs.values():
            self._kept[run.host] = len(run.results) if not empty else 0
        lines += [self._run_line(run) for run in job.runs.values() if run.begun or run.results]
        await self._write(*lines)

    async def run(self, run: HostRun) -> None:
        """A host has come so far."""
        await self._write(self._run_line(run))

    async def end(self, job: Job) -> None:
        """How it ended, and which hosts' turn did not come; nothing more is written."""
        quiet = [run for run in job.runs.values() if not run.begun]
        ended = {
            "state": job.state.value,
            "stopped": job.stopped,
            "wave": job.wave,
            "ended_at": job.ended_at,
        }
        try:
            await self._write(*(self._run_line(run) for run in quiet), {"job": ended})
        finally:
            await asyncio.to_thread(self._close)

    async def plan_only(self) -> None:
        """Write down the plan for later."""
        try:
            if await asyncio.to_thread(self._open):
                await self._write({"plan": plan_to_json(self._plan)})
        finally:
            await asyncio.to_thread(self._close)

    def _run_line(self, run: HostRun) -> Json:
        since = min(self._kept.get(run.host, 0), len(run.results))
        self._kept[run.host] = len(run.results)
        return {"run": run_to_json(run, since=since)}

    async def _write(self, *lines: Json) -> None:
        """All who wait while the disk is busy have their lines written in one go."""
        written = [
            json.dumps(line, separators=(",", ":"), allow_nan=False).encode() + b"\n"
            for line in lines
        ]
        self._waiting += written
        async with self._writing:
            data, self._waiting = self._waiting, []
            if data:
                await asyncio.to_thread(self._append, b"".join(data))

    def _open(self) -> bool:
        """Open and lock the file; gives whether there is no plan in it yet."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        file = os.open(self._path, flags, 0o600)
        try:
            _hold(file)
            size = os.fstat(file).st_size
            if size and os.pread(file, 1, size - 1) != b"\n":
                os.write(file, b"\n")  # a line that a crash has cut
        except OSError:
            os.close(file)
            raise
        self._file = file
        return not size

    def _append(self, data: bytes) -> None:
        if self._file is None:
            raise OSError("the journal is closed")
        while data:
            data = data[os.write(self._file, data) :]
        os.fsync(self._file)

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


class Jobs:
    """The jobs of a state folder: they are listed, read, and made room for."""

    def __init__(self, state_dir: Path) -> None:
        self._folder = state_dir / "jobs"

    def of(self, plan: Plan) -> JobFile:
        """The file of a plan's job; older ones than the newest 200 make room for it."""
        self._make_room()
        return JobFile(self._folder, plan)

    def ids(self) -> list[str]:
        """The jobs' ids, the newest first."""
        return [path.name.removesuffix(ENDING) for path in self._paths()]

    def read(self, wanted: str) -> Job:
        """A job by its id, or by the beginning or end of one; JobsError."""
        known = self.ids()
        fitting = [one for one in known if one.startswith(wanted) or one.endswith(wanted)]
        found = [wanted] if wanted in known else fitting
        if len(found) != 1 or not wanted:
            name = clean_line(wanted, 64)
            text = f"{len(found)} plans fit {name!r}" if found else f"there is no plan {name!r}"
            raise JobsError(f"{text}{did_you_mean(name, known)}", "see: opsdash plans list")
        return self._read(self._folder / f"{found[0]}{ENDING}")

    def named(self, wanted: str) -> Job:
        """A job by its id, or the newest that was saved by this name; JobsError."""
        for one in self.all():
            if isinstance(one, Job) and one.plan.note == wanted:
                return one
        return self.read(wanted)

    def all(self) -> Iterator[Job | JobsError]:
        """All of them, the newest first; in place of one that can't be read, why."""
        for path in self._paths():
            try:
                yield self._read(path)
            except JobsError as error:
                yield error

    def _paths(self) -> list[Path]:
        with suppress(OSError):
            found = [(path.stat().st_mtime, path) for path in self._folder.glob(f"*{ENDING}")]
            return [path for _, path in sorted(found, reverse=True)]
        return []

    def _make_room(self) -> None:
        for path in self._paths()[KEPT - 1 :]:
            with suppress(OSError):
                if not _is_held(path):
                    path.unlink()

    def _read(self, path: Path) -> Job:
        try:
            if path.stat().st_size > MOST_BYTES:
                raise JobsError(f"{path}: too large to be a job", "it may be removed")
            held = _is_held(path)
            lines = path.read_bytes().split(b"\n")
        except OSError as error:
            raise JobsError(f"{path}: {error.strerror}") from None
        job: Job | None = None
        for place, line in enumerate(lines, 1):
            try:
                said = json.loads(line.decode("utf-8", "replace"))
            except (ValueError, RecursionError):
                continue  # it is empty, or a crash has cut it
            try:
                job = _after(job, said)
            except ValueError as error:
                text_ = f"{path}:{place}: {error}"
                raise JobsError(text_, "it can't be read; it may be removed") from None
        if job is None:
            raise JobsError(f"{path}: there is no plan in it", "it may be removed")
        broken = job.state is JobState.RUNNING and not held
        return replace(job, state=JobState.BROKEN_OFF) if broken else job


def _after(job: Job | None, line: object) -> Job:
    """The job after one more line of its file; ValueError."""
    given = mapping(line, "a line")
    if job is None:
        plan = plan_from_json(given.get("plan"))
        runs = MappingProxyType({name: HostRun(name) for name in plan.names()})
        return Job(plan, runs, state=JobState.PLANNED)
    if "run" in given:
        name = text(mapping(given["run"], "a host's run"), "host")
        if name not in job.runs:
            raise ValueError(f"{clean_line(name, 80)} is not in the plan")
        runs_now = {**job.runs, name: run_from_json(given["run"], job.runs[name])}
        return replace(job, runs=MappingProxyType(runs_now))
    said = mapping(given.get("job"), "a job")
    return replace(
        job,
        state=state_from_json(said.get("state")),
        began_at=number(said, "began_at", job.began_at),
        ended_at=number(said, "ended_at", 0.0),
        stopped=text(said, "stopped", ""),
        wave=whole(said, "wave", job.wave),
    )


def _hold(file: int) -> None:
    """Lock the file, although somebody may just look whether it is locked; BlockingIOError."""
    for left in reversed(range(LOCK_TRIES)):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not left:
                raise
            time.sleep(LOCK_PAUSE_S)
        else:
            return


def _is_held(path: Path) -> bool:
    """Whether a program runs this job now."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
