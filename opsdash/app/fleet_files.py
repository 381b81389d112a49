"""The fleet's files while the program runs: read again when they are saved, or by a key."""

from __future__ import annotations

from collections.abc import Callable

from opsdash.app.booking import Booking
from opsdash.app.text_screen import TextScreen
from opsdash.core.errors import ConfigError, OpsdashError
from opsdash.core.source import Declared
from opsdash.core.text import count
from opsdash.widgets.line import Line, Role, Span, line, wrap

SAID_S = 6.0


class FleetFiles(Booking):
    """The part of the app that follows the files of the fleet."""

    _declared: Declared | None = None
    _failure: OpsdashError | None = None
    start_again: Callable[[], None]

    def follow_fleet(self) -> None:
        """Look at the files from now on; where there are none to follow, do nothing."""
        if self._declared is not None:
            self.follow_files("files", self._heed)

    def badges(self) -> Line:
        """That what is declared is not what is shown belongs on every screen."""
        faults = len(self._declared.faults) if self._declared is not None else 0
        if not faults:
            return super().badges()
        said = Span(f" HOSTS FILE: {count(faults, 'fault')} ", Role.CRIT)
        return (*super().badges(), said)

    async def _heed(self) -> None:
        if self._declared is None:
            return
        if self._failure is not None:
            if isinstance(self._failure, ConfigError) and await self._declared.stirred():
                self.start_again()
        elif said := await self._declared.heed():
            shown = f"; {self._reload_key} shows it" if self._declared.faults else ""
            self.say(said + shown, SAID_S)

    @property
    def _reload_key(self) -> str:
        """The key that reads the files again; without one, how the palette is told to."""
        return self.keymap.of("reload") or ":reload"

    def action_reload(self) -> None:
        """Read the files again, whether they look changed or not; what is wrong is a page."""
        if self._declared is None:
            self.say("there is no hosts file to read: this is a demo")
        elif self._failure is not None:
            self.start_again()
        else:
            self.run_worker(self._read_again(self._declared), name="reload")

    async def _read_again(self, declared: Declared) -> None:
        said = await declared.read_again()
        self.say(said, SAID_S)
        self.show_faults(said)

    def show_faults(self, said: str) -> None:
        """What is wrong with the files as a page, if anything is."""
        faults = self._declared.faults if self._declared is not None else ()
        if faults:
            lines = _fault_lines(faults, self.size.width - 4)
            self.push_screen(TextScreen(said.partition(":")[0], lines, self.look))


def _fault_lines(faults: tuple[str, ...], width: int) -> list[Line]:
    """Every fault with its place, and what happens meanwhile."""
    found = [line(Span(text, Role.CRIT)) for fault in faults for text in wrap(fault, width)]
    meanwhile = "Until this is mended the hosts from before are watched. It is read again when it "
    words = wrap(meanwhile + "is saved; every field is explained in docs/hosts-file.md.", width)
    return [*found, (), *(line(Span(text, Role.MUTED)) for text in words)]
