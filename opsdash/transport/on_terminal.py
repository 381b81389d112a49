"""A program of this machine that has the terminal for a while, as a shell's foreground job has it.

Whatever it does to the terminal and however it ends, the terminal is afterwards as it was before.
"""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Callable, Sequence
from contextlib import suppress

from opsdash.core.errors import HostError
from opsdash.core.shell import ShellCommand, ShellEnd
from opsdash.transport.process import not_started
from opsdash.transport.terminal_lent import (
    HeardErrors,
    a_shell_waits,
    foreground,
    give_terminal,
    modes_of_terminal,
    set_modes,
    signals_left_to_it,
    terminal_kept,
)

LOOK_S = 0.2
"""How often it is looked whether the program has been stopped."""

FAREWELL_S = 2.0
"""How long it may take to end when its terminal is taken away."""


async def on_terminal(command: ShellCommand) -> ShellEnd:
    """Run a shell on our terminal until it ends; HostError when it can't be started.

    The error output of ssh is heard on its way to the terminal, and its last line is told. When
    somebody stops it we are stopped too, and go on with it; where no shell could go on with us it
    is not stopped at all. When the caller is cancelled it loses its terminal, as when a window is
    closed.
    """
    heard, modes = HeardErrors() if command.by_ssh else None, modes_of_terminal()
    may_stop = a_shell_waits()

    def rest(pid: int) -> None:
        """Be stopped along with the program, and go on along with it."""
        if may_stop:
            its_group, its_modes = foreground(), modes_of_terminal()
            give_terminal(os.getpgrp())
            set_modes(modes)
            os.kill(os.getpid(), signal.SIGSTOP)
            set_modes(its_modes)
            give_terminal(its_group)
        _send(pid, signal.SIGCONT)

    banner = f"{command.banner}\r\n".encode()
    with terminal_kept(lent=banner), signals_left_to_it(may_stop=may_stop):
        try:
            status = await _run(command.argv, heard, rest)
        finally:
            if heard is not None:
                heard.end()
    return ShellEnd(status, heard.last_line if heard else "")


async def _run(argv: Sequence[str], heard: HeardErrors | None, rest: Callable[[int], None]) -> int:
    try:
        process = await asyncio.create_subprocess_exec(
            *argv, stderr=heard.theirs if heard else None
        )
    except OSError as error:
        raise HostError(not_started(argv[0], error)) from error
    finally:
        if heard is not None:
            heard.begin()
    try:
        return await _ended(process, rest)
    finally:
        await _take_away(process)


async def _ended(process: Process, rest: Callable[[int], None]) -> int:
    """Its exit status; `rest` is called when it has been stopped meanwhile."""
    ending = asyncio.ensure_future(process.wait())
    try:
        while not (await asyncio.wait([ending], timeout=LOOK_S))[0]:
            if _is_stopped(process.pid):
                rest(process.pid)
        return ending.result()
    finally:
        ending.cancel()


def _is_stopped(pid: int) -> bool:
    try:
        return os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG) is not None
    except ChildProcessError:
        return False


def _send(pid: int, *signals: signal.Signals) -> None:
    """To the program, and to its group where it leads one, as a shell does."""
    for one in signals:
        for send in (os.killpg, os.kill):
            with suppress(ProcessLookupError, PermissionError):
                send(pid, one)


async def _take_away(process: Process) -> None:
    """However we got here, it does not live on with our terminal."""
    for farewell in (signal.SIGHUP, signal.SIGKILL):
        if process.returncode is not None:
            return
        _send(process.pid, farewell, signal.SIGCONT)
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                await process.wait()
