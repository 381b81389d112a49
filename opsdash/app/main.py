"""The terminal program: pages, keys, start and end. What the pages show is the panels' own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.css.query import DOMQuery
from textual.widgets import ContentSwitcher

from opsdash.app.failure import exit_code, failure_lines, farewell
from opsdash.app.first_hint import FirstHint
from opsdash.app.help_screen import HelpScreen, key_blocks
from opsdash.app.look import Looks
from opsdash.app.pages import STARTING
from opsdash.app.panels import find_panels, view_bindings
from opsdash.app.watching_logs import WatchingLogs
from opsdash.core import clock
from opsdash.core.errors import OpsdashError
from opsdash.core.kept import Forgetful, Keeper
from opsdash.core.program_keys import EVERYWHERE, TIME
from opsdash.core.source import Declared, FleetSource
from opsdash.core.text import count
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.freezer import Freezer
from opsdash.widgets.key_hints import KeyHints, active_bindings
from opsdash.widgets.line import line
from opsdash.widgets.line_view import TextLines
from opsdash.widgets.panel import Desk

if TYPE_CHECKING:
    from opsdash.config.keys import KeysFile

Start = Callable[[], Awaitable[FleetSource]]
Stop = Callable[[], Awaitable[None]]

TWICE_WITHIN_S = 2.0

NOTICE_S = 15.0
"""How long a sentence about the start stays: long enough for eyes that are still elsewhere."""


class OpsdashApp(WatchingLogs, inherit_bindings=False):
    """The program. `start` delivers the fleet after the first paint, `stop` lets go of it.

    `now` is the wall clock in seconds since 1970; tests stop it. `badge` stands on every screen:
    that it is a demo. `keeper` remembers how lists were looked at, `keys_file` is keys.yaml, and
    `declared` are the files that the fleet follows.
    """

    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False

    BINDINGS: ClassVar[list[BindingType]] = [
        *view_bindings(),
        *bindings_of(TIME),
        *bindings_of(EVERYWHERE),
    ]

    def __init__(
        self,
        start: Start,
        stop: Stop,
        looks: Looks,
        *,
        now: Callable[[], float] = clock.now,
        title: str = "opsdash",
        badge: str = "",
        keeper: Keeper | None = None,
        keys_file: KeysFile | None = None,
        declared: Declared | None = None,
    ) -> None:
        super().__init__()
        self.begin_with_keys(keys_file)
        self.animation_level = "none"
        self._start, self._stop = start, stop
        self._now = now
        self.title, self.badge = title, badge
        self._keeper = keeper or Forgetful()
        self._declared = declared
        self.put_on(looks)
        self.kinds = find_panels()
        self._interrupted_at = float("-inf")

    def compose(self) -> ComposeResult:
        """A page at a time, and the keys below."""
        with ContentSwitcher(initial="message", id="pages"):
            yield TextLines(self.look, "message")
        yield FirstHint(self.look, lambda: self.keymap)
        yield KeyHints(self.look)

    def on_mount(self) -> None:
        """Paint first, then start."""
        self.start_again()
        self.follow_fleet()

    def start_again(self) -> None:
        """Start; and again when it failed and its cause may be mended."""
        self._failure = None
        self.query_one("#message", TextLines).set_lines([line("starting…")])
        self.call_after_refresh(lambda: self.run_worker(self._begin(), name="start"))

    async def _begin(self) -> None:
        try:
            self._source = await self._start()
        except OpsdashError as error:
            self._failure = error
            lines = failure_lines(error, self.size.width - 4, self.keymap)
            self.query_one("#message", TextLines).set_lines(lines)
            return
        self.freezer = freezer = Freezer(self._source, self._now)
        desk = Desk(
            freezer, self.look, freezer.now, self.title, self._now, self._keeper, self.pace_s
        )
        pages = self.query_one("#pages", ContentSwitcher)
        with self.batch_update():
            for kind in self.kinds:
                await pages.add_content(kind(desk))
            if self.kinds:
                self.open_page(self.kinds[0].slug)
        for hint in self.hints:
            hint.offer(self._keeper)
        notices = (self.theme_notice, self.keys_notice, self._keeper.notice)
        if notice := " · ".join(filter(None, notices)):
            self.say(notice, NOTICE_S)

    async def on_unmount(self) -> None:
        """Let go of the hosts, however the program ends."""
        await self._stop()

    async def action_quit(self) -> None:
        """End the program; why it could not start stays readable on stderr."""
        if self.asks_before_the_end():
            return
        if self._failure is None:
            self.last_words = self.forwards_end()
            self.exit()
        else:
            self.last_words = farewell(self._failure)
            self.exit(None, exit_code(self._failure))

    action_leave = action_quit

    def action_interrupt(self) -> None:
        """The first ctrl+c ends what runs on the page, or only asks: it is pressed by habit."""
        if self.interrupt_page():
            return
        if self._now() - self._interrupted_at <= TWICE_WITHIN_S:
            self.call_next(self.action_quit)
            return
        self._interrupted_at = self._now()
        key = self.keymap.of("interrupt")
        self.say(f"press {key} again within {TWICE_WITHIN_S:.0f} s to quit")

    def action_help(self) -> None:
        """The keys that work here; again, and help is gone."""
        if isinstance(self.screen, HelpScreen) and self.screen.asks:
            self.screen.dismiss()
            return
        title = self.page.title if self.page else "opsdash"
        keys = key_blocks(active_bindings(self), self.keymap)
        self.push_screen(HelpScreen(title, keys, self.look, self.keymap))

    @property
    def hints(self) -> DOMQuery[FirstHint]:
        """The line for newcomers; at the very end it is gone before the rest."""
        return self.screen_stack[0].query(FirstHint)

    def on_resize(self, event: events.Resize) -> None:
        """The line for newcomers makes room where there is none to spare."""
        for hint in self.hints:
            hint.fit_in(event.size)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The hint can be put away while it is there."""
        if action == "hide_hint":
            return any(hint.shown for hint in self.hints)
        return super().check_action(action, parameters)

    def action_hide_hint(self) -> None:
        """The line for newcomers is not needed any more."""
        for hint in self.hints:
            hint.put_away(self._keeper)
        self.refresh_bindings()

    def action_ask_again(self) -> None:
        """Ask the page's hosts again at once; where the start failed, start again."""
        if self._failure is not None:
            self.start_again()
        elif self._source is not None and (other := self._source.snapshot().polled_by):
            self.say(f"nothing is asked from here: {other} polls")
        elif self._source is not None and self.page is not None:
            self._source.refresh(hosts := self.page.targets())
            self.say(f"asking {count(len(hosts), 'host') if hosts else 'all hosts'} again")
        else:
            self.say(STARTING)
