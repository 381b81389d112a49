"""A shell on a host: in place of the screen until it ends, or in a window of tmux beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual import on

from opsdash.app.importing import Importing
from opsdash.app.pages import STARTING
from opsdash.app.suspend import NO_SUSPEND
from opsdash.core.errors import HostError
from opsdash.core.shell import ShellCommand, ShellEnd
from opsdash.core.text import count
from opsdash.widgets.entries import Entry
from opsdash.widgets.panel import Panel

SAID_S = 8.0

MOST_WINDOWS = 5
"""So many windows open without a question."""

CHOICE, HERE, WINDOW = "shell", "here", "window"
"""The name under which it is remembered where the key opens shells, and both ways."""

ENDED_FIRST = ShellEnd(None, "opsdash ended before it")
IN_A_WINDOW = ShellEnd(None, "in a window of tmux: how it ends is not known here")

NO_TMUX = "opsdash does not run in tmux: start it there, and each shell gets a window"


class Shells(Importing):
    """The part of the app that opens shells."""

    @on(Panel.ShellWanted)
    def open_shells(self, event: Panel.ShellWanted) -> None:
        """A page wants a shell on these hosts: the way that was used last."""
        if not self._covered:
            self.shell_on(event.hosts, self._shell_way())

    def _shell_way(self) -> str:
        from opsdash.transport.tmux import inside_tmux

        if not inside_tmux():
            return HERE
        return HERE if self._keeper.kept.choices.get(CHOICE) == HERE else WINDOW

    def further_entries(self) -> list[Entry]:
        """Both ways by name; inside tmux the one that is picked is the key's from then on."""
        from opsdash.transport.tmux import inside_tmux

        no_tmux = "" if inside_tmux() else NO_TMUX
        here, window = "in place of this screen", "in a window of tmux, beside this one"
        return [
            *super().further_entries(),
            Entry("shell here", lambda host: self._choose(HERE, host), here, takes="[HOST]"),
            Entry(
                "shell in a window",
                lambda host: self._choose(WINDOW, host),
                window,
                takes="[HOST]",
                disabled=no_tmux,
            ),
        ]

    def _choose(self, way: str, host: str) -> None:
        from opsdash.transport.tmux import inside_tmux

        if inside_tmux():
            kept = self._keeper.kept
            self._keeper.keep(replace(kept, choices={**kept.choices, CHOICE: way}))
        chosen = self.page.chosen() if self.page is not None else ()
        self.shell_on((host,) if host else chosen, way)

    def shell_on(self, hosts: Sequence[str], way: str) -> None:
        """Open shells on hosts, as many as can be: the terminal itself is had by one at a time."""
        if self._source is None:
            self.say(STARTING)
        elif not hosts:
            self.say("no host is pointed at: go to the row of one")
        elif way == HERE and not self.can_lend:
            self.say(NO_SUSPEND)
        elif len(hosts) == 1:
            self._open(hosts, way)
        elif way == HERE:
            title = f"shell on one of the {len(hosts)} marked hosts"
            self.pick(title, [self._one(host, way) for host in hosts])
        elif len(hosts) > MOST_WINDOWS:
            all_of_them = Entry(
                f"all {len(hosts)}", lambda _: self._open(hosts, way), "a window for each"
            )
            title = f"open {count(len(hosts), 'window')}?"
            self.pick(title, [all_of_them, *(self._one(host, way) for host in hosts)])
        else:
            self._open(hosts, way)

    def _one(self, host: str, way: str) -> Entry:
        return Entry(host, lambda _: self._open((host,), way))

    def _open(self, hosts: Sequence[str], way: str) -> None:
        if any(not worker.is_finished for worker in self.workers if worker.name == CHOICE):
            return  # the key was pressed twice: one shell at a time can have the terminal
        work = self._here(hosts[0]) if way == HERE else self._in_windows(hosts)
        self.run_worker(work, name=CHOICE)

    async def _here(self, host: str) -> None:
        command = await self._command(host)
        if command is None:
            return
        from opsdash.transport.on_terminal import on_terminal

        ended = ENDED_FIRST
        try:
            ended = await self.lend(lambda: on_terminal(command))
        except HostError as error:
            ended = ShellEnd(None, error.problem.text)
            self._tell(error)
        else:
            self.say(self._sentence(command, ended), SAID_S)
        finally:
            await self._note_end(command, ended)
        if self._source is not None:
            self._source.refresh((host,))  # whatever was changed there shows at once

    async def _note_end(self, command: ShellCommand, ended: ShellEnd) -> None:
        if self._source is not None:
            try:
                await self._source.shell_ended(command, ended)
            except HostError as error:
                self._tell(error)

    def _sentence(self, command: ShellCommand, ended: ShellEnd) -> str:
        said = ended.sentence(command)
        if ended.failed(command):
            said += self.keymap.sentence("doctor", "; ", " examines the way")
        return said

    async def _in_windows(self, hosts: Sequence[str]) -> None:
        from opsdash.transport.tmux import open_window

        opened: list[str] = []
        for host in hosts:
            command = await self._command(host)
            if command is None:
                return
            try:
                await open_window(host, command.argv)
            except HostError as error:
                await self._note_end(command, ShellEnd(None, error.problem.text))
                self._tell(error)
                return
            await self._note_end(command, IN_A_WINDOW)
            opened.append(host)
        where = opened[0] if len(opened) == 1 else count(len(opened), "host")
        self.say(f"a window is open on {where}")

    async def _command(self, host: str) -> ShellCommand | None:
        if self._source is None:
            return None
        try:
            return await self._source.shell(host)
        except HostError as error:
            self._tell(error)
            return None

    def _tell(self, error: HostError) -> None:
        self.say(f"{error.problem.text}; {error.problem.hint}", SAID_S)
