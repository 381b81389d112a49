"""The terminal program: pages, keys, start and end. What the pages show is the panels' own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingsMap, BindingType
from textual.widgets import ContentSwitcher

from opsdash.app.failure import exit_code, failure_lines, farewell
from opsdash.app.global_keys import GLOBAL_KEYS
from opsdash.app.help_screen import HelpScreen, key_lines
from opsdash.app.look import Looks, as_textual
from opsdash.app.panels import find_panels, view_bindings
from opsdash.app.root_keys import RootKeys
from opsdash.core import clock
from opsdash.core.errors import OpsdashError
from opsdash.core.source import FleetSource
from opsdash.core.text import count
from opsdash.core.theme import Theme
from opsdash.widgets.key_hints import KeyHints, active_bindings
from opsdash.widgets.line import line
from opsdash.widgets.line_view import TextLines
from opsdash.widgets.palette import Palette
from opsdash.widgets.panel import Desk, Panel

Start = Callable[[], Awaitable[FleetSource]]
Stop = Callable[[], Awaitable[None]]

TWICE_WITHIN_S = 2.0


class OpsdashApp(RootKeys, inherit_bindings=False):
    """The program. `start` delivers the fleet after the first paint, `stop` lets go of it.

    `now` is the wall clock in seconds since 1970; tests stop it.
    """

    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False

    BINDINGS: ClassVar[list[BindingType]] = GLOBAL_KEYS

    def __init__(
        self,
        start: Start,
        stop: Stop,
        themes: Mapping[str, Theme],
        theme_name: str,
        *,
        ascii_glyphs: bool = False,
        now: Callable[[], float] = clock.now,
        title: str = "opsdash",
    ) -> None:
        super().__init__()
        self.animation_level = "none"
        self._start, self._stop = start, stop
        self._now = now
        self.title = title
        self._looks = Looks(themes, theme_name, ascii_only=ascii_glyphs)
        for theme in themes.values():
            self.register_theme(as_textual(theme))
        self.theme = theme_name
        self._kinds = find_panels()
        self._bindings = BindingsMap.merge(
            [BindingsMap(view_bindings(self._kinds)), self._bindings]
        )
        self._failure: OpsdashError | None = None
        self._host = ""
        self._trail: list[str] = []
        self._interrupted_at = float("-inf")

    def palette(self) -> Palette:
        """What everything is painted with now."""
        return self._looks.palette

    def compose(self) -> ComposeResult:
        """A page at a time, and the keys below."""
        with ContentSwitcher(initial="message", id="pages"):
            yield TextLines(self.palette, "message")
        yield KeyHints(self.palette)

    def on_mount(self) -> None:
        """Paint first, then start; and again when it failed and its cause was mended."""
        self._failure = None
        self.query_one("#message", TextLines).set_lines([line("starting…")])
        self.call_after_refresh(lambda: self.run_worker(self._begin(), name="start"))

    async def _begin(self) -> None:
        try:
            self._source = await self._start()
        except OpsdashError as error:
            self._failure = error
            lines = failure_lines(error, self.size.width - 4)
            self.query_one("#message", TextLines).set_lines(lines)
            return
        desk = Desk(self._source, self.palette, self._now, self.title)
        pages = self.query_one("#pages", ContentSwitcher)
        with self.batch_update():
            for kind in self._kinds:
                await pages.add_content(kind(desk))
            if self._kinds:
                self._open(self._kinds[0].slug)

    async def on_unmount(self) -> None:
        """Let go of the hosts, however the program ends."""
        await self._stop()

    async def action_quit(self) -> None:
        """End the program; why it could not start stays readable on stderr."""
        if self._failure is None:
            self.exit()
        else:
            self.exit(None, exit_code(self._failure), farewell(self._failure))

    action_leave = action_quit

    def action_interrupt(self) -> None:
        """The first ctrl+c only asks: it is pressed by habit."""
        if self._now() - self._interrupted_at <= TWICE_WITHIN_S:
            self.call_next(self.action_quit)
            return
        self._interrupted_at = self._now()
        self.say("press ctrl+c again within 2 s to quit")

    def say(self, text: str) -> None:
        """One sentence in the last line, for a moment."""
        self.screen.query_one(KeyHints).say(text)

    @property
    def page(self) -> Panel | None:
        """The panel on the screen; None while starting."""
        found = self._pages.visible_content
        return found if isinstance(found, Panel) else None

    @property
    def _pages(self) -> ContentSwitcher:
        return self.screen_stack[0].query_one("#pages", ContentSwitcher)

    def _open(self, slug: str) -> None:
        panel = self._pages.get_child_by_id(slug, Panel)
        if self._host:
            panel.aim(self._host)
        self._pages.current = slug
        panel.draw()
        panel.take_focus()
        self.refresh_bindings()

    def action_view(self, slug: str) -> None:
        """Open a page; q comes back to the one before, and leaves from the first one."""
        if self.page is None or self.page.slug == slug:
            return
        home = slug == self._kinds[0].slug
        past = [seen for seen in self._trail if seen != slug]
        self._trail = [] if home else [*past, self.page.slug]
        self._open(slug)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """q goes back while there is a way back, and only then quits."""
        return {"back": bool(self._trail), "leave": not self._trail}.get(action, True)

    async def action_back(self) -> None:
        """Back to the page before."""
        self._open(self._trail.pop())

    @on(Panel.HostPointed)
    def remember_host(self, event: Panel.HostPointed) -> None:
        """The next page opens on this host."""
        self._host = event.host

    @on(Panel.HostChosen)
    def open_host(self, event: Panel.HostChosen) -> None:
        """Enter on a host opens its page."""
        self._host = event.host
        self.action_view("host")

    def action_help(self) -> None:
        """The keys that work here."""
        title = self.page.title if self.page else "opsdash"
        self.push_screen(HelpScreen(title, key_lines(active_bindings(self)), self.palette))

    def action_ask_again(self) -> None:
        """Ask the page's hosts again at once; where the start failed, start again."""
        if self._failure is not None:
            self.on_mount()
        elif self._source is not None and self.page is not None:
            self._source.refresh(hosts := self.page.targets())
            self.say(f"asking {count(len(hosts), 'host') if hosts else 'all hosts'} again")

    def action_next_theme(self) -> None:
        """The next theme."""
        self.theme = self._looks.name = self._looks.following()
        self.say(f"theme {self.theme}")

    def action_redraw(self) -> None:
        """Paint the whole screen anew: another program wrote over it."""
        self.refresh(repaint=True)
