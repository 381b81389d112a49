"""The way to the terminal: one that stops reading, or is gone, must not stop the program."""

from __future__ import annotations

from collections.abc import Callable
from queue import Full
from typing import IO, ClassVar

from textual.drivers import linux_driver
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver

GOODBYE_S = 2.0
"""So long the last bytes may take to get out: they give the terminal back to the shell."""


class PatientWriter(WriterThread):
    """Writes as fast as the terminal reads, and leaves out frames when it does not.

    Textual's own blocks the whole program after 30 frames (8.2.8): polling, keys and SIGTERM.
    `caught_up` is called, in its thread, when a terminal that missed something reads again; `gone`
    when it can't be written to any more.
    """

    def __init__(
        self, file: IO[str], caught_up: Callable[[], None], gone: Callable[[], None]
    ) -> None:
        super().__init__(file)
        self._caught_up, self._gone = caught_up, gone
        self.leaving = False
        self.behind = False

    def write(self, text: str) -> None:
        """Send a frame, or leave it out if 30 are waiting already."""
        if not self.is_alive():
            return
        try:
            self._queue.put(text, block=self.leaving, timeout=GOODBYE_S)
        except Full:
            self.behind = True
            self.leaving = False  # it was waited for once

    def run(self) -> None:
        """Until stop(), or until the terminal is gone."""
        while (text := self._queue.get()) is not None:
            try:
                self._file.write(text)
                if not self._queue.qsize():
                    self._file.flush()
            except OSError:
                self._gone()
                return
            if self.behind and not self._queue.qsize():
                self.behind = False
                self._caught_up()

    def stop(self) -> None:
        """Let the last bytes out, but do not wait for a terminal that takes none."""
        try:
            self._queue.put(None, block=not self.behind, timeout=GOODBYE_S)
        except Full:
            return
        self.join(GOODBYE_S)


class ScreenDriver(LinuxDriver):
    """Textual's driver with that writer; it asks nothing of a terminal that would print it."""

    answers: ClassVar[bool] = True
    """Whether the terminal may be asked what it can do."""

    gone: ClassVar[Callable[[], None] | None] = None

    def start_application_mode(self) -> None:
        """Take the terminal."""
        setattr(linux_driver, "WriterThread", self._new_writer)  # noqa: B010 - looked up there
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def _new_writer(self, file: IO[str]) -> PatientWriter:
        return PatientWriter(file, self._catch_up, type(self).gone or (lambda: None))

    def _catch_up(self) -> None:
        """It missed frames: everything again."""
        self._app.call_later(lambda: self._app.refresh(repaint=True))

    def stop_application_mode(self) -> None:
        """Give the terminal back; this must get there, so it may take a moment."""
        if isinstance(self._writer_thread, PatientWriter):
            self._writer_thread.leaving = True
        super().stop_application_mode()

    @property
    def stuck(self) -> bool:
        """Whether a thread still tries to write to it."""
        return self._writer_thread is not None and self._writer_thread.is_alive()

    def capture_mouse(self, *, on: bool) -> None:
        """Get the mouse, or leave it to the terminal: to select text by it."""
        if on:
            self._enable_mouse_support()
        else:
            self._disable_mouse_support()

    def _request_terminal_sync_mode_support(self) -> None:
        if self.answers:
            super()._request_terminal_sync_mode_support()

    def _query_in_band_window_resize(self) -> None:
        if self.answers:
            super()._query_in_band_window_resize()
