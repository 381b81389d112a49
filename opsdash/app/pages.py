"""The pages: which one is open, the way back, the host that all of them are about."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.widgets import ContentSwitcher, Input

from opsdash.app.palette import (
    Page,
    doctor_entry,
    host_entries,
    key_entries,
    view_entries,
)
from opsdash.app.slow_link import SlowLink
from opsdash.app.text_screen import TextScreen
from opsdash.core.text import count, duration
from opsdash.widgets.entries import Entry
from opsdash.widgets.freezer import Freezer
from opsdash.widgets.line import Line, Role, Span
from opsdash.widgets.panel import Panel

STARTING = "the hosts are not there yet"
HISTORY = "palette"


class Pages(SlowLink):
    """The part of the app that goes from page to page, by keys, names and letters."""

    badge = ""
    freezer: Freezer | None = None
    kinds: list[type[Panel]]

    def __init__(self) -> None:
        super().__init__()
        self._host = ""
        self._trail: list[str] = []

    @property
    def page(self) -> Panel | None:
        """The panel on the screen; None while starting."""
        found = self.pages.visible_content
        return found if isinstance(found, Panel) else None

    @property
    def pages(self) -> ContentSwitcher:
        """Where the pages are, whatever is open over them."""
        return self.screen_stack[0].query_one("#pages", ContentSwitcher)

    def badges(self) -> Line:
        """What must be known on every screen: a demo, another program that polls, that nothing may
        be changed, that it stands still.
        """
        found = [Span(f" {self.badge} ", Role.UNKNOWN)] if self.badge else []
        if self.freezer is not None:
            shown = self.freezer.snapshot()
            found += [Span(" SECOND SCREEN ", Role.WARN)] if shown.polled_by else []
            found += [Span(" READ-ONLY ", Role.WARN)] if shown.read_only else []
        if self.freezer is not None and self.freezer.frozen and not self.freezer.in_past:
            held, missed = duration(self.freezer.held_s()), self.freezer.missed()
            text = f" FROZEN {held}, {count(missed, 'host')} changed "
            found.append(Span(text, Role.WARN))
        return (*found, *self.link_badges(), *self.terminal_badges())

    def open_page(self, slug: str, hosts: Sequence[str] = (), words: str = "") -> None:
        """Show a page, about the host that was looked at last, or about several."""
        panel = self.pages.get_child_by_id(slug, Panel)
        self.pages.current = slug
        gathered = bool(hosts) and panel.gather(hosts)
        if self._host and (not gathered or self._host in hosts):
            panel.aim(self._host)
        if words:
            panel.heed(words)
        panel.draw()
        panel.take_focus()
        self.refresh_bindings()

    def action_view(self, slug: str, words: str = "") -> None:
        """Open a page; q comes back to the one before, and leaves from the first one."""
        if self.page is None:
            self.say(STARTING)
            return
        if self.page.slug == slug and words:
            self.page.heed(words)
            self.page.draw()
            return
        if self.page.slug == slug:
            self.say(f"this is {self.page.title}")
            return
        if self.page.moves_by_itself and slug != self.kinds[0].slug:
            self._host = self.page.pointed() or self._host
        self._go_on_to(self.page, slug, words)

    def _go_on_to(self, page: Panel, slug: str, words: str = "") -> None:
        """From one page to another, about the host that was looked at last."""
        home = slug == self.kinds[0].slug
        past = [seen for seen in self._trail if seen != slug]
        self._trail = [] if home else [*past, page.slug]
        self.open_page(slug, page.chosen(), words or page.words_for(slug))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """q goes back while there is a way back, and only then quits; letters may be text."""
        if action in ("palette", "jump"):
            return not isinstance(self.focused, Input)
        return {"back": bool(self._trail), "leave": not self._trail}.get(action, True)

    def why_not(self, action: str) -> str:
        """Why a key does nothing here, in one sentence; empty: it has nothing to say."""
        if action == "back":
            return self.keymap.sentence("nav.quit", "this is the first page: ", " quits")
        return ""

    async def action_back(self) -> None:
        """Back to the page before."""
        self.open_page(self._trail.pop())

    @on(Panel.HostPointed)
    def remember_host(self, event: Panel.HostPointed) -> None:
        """The next page opens on this host."""
        self._host = event.host

    @on(Panel.HostChosen)
    def open_host(self, event: Panel.HostChosen) -> None:
        """Enter on a host opens its page."""
        self._host = event.host
        self._open_page_of_host()

    def action_freeze(self) -> None:
        """Hold the screens at this moment, or let them go on; polling goes on anyway."""
        if self.freezer is None:
            self.say(STARTING)
            return
        self.freezer.toggle()
        if self.page is not None:
            self.page.draw()
        frozen = self.freezer.frozen
        goes_on = self.keymap.sentence("freeze", "; ", " goes on")
        self.say(f"frozen: polling goes on{goes_on}" if frozen else "live again")

    def _go_to(self, host: str) -> None:
        """Be about this host from now on, on the page that is open."""
        self._host = host
        if self.page is not None:
            self.page.aim(host)
            self.page.stay()
            self.page.draw()

    def _open_host(self, host: str) -> None:
        self._go_to(host)
        self._open_page_of_host()

    def _open_page_of_host(self) -> None:
        if self.page is None or self.page.slug == "host":
            self.action_view("host")
        else:
            self._go_on_to(self.page, "host")

    def action_jump(self) -> None:
        """Find a host by a few letters of its name."""
        if self.freezer is None:
            self.say(STARTING)
        else:
            self.pick("jump to a host", host_entries(self.freezer.snapshot(), self._go_to))

    def action_palette(self) -> None:
        """Everything that can be done from here, by name."""
        if self.page is None or self.freezer is None:
            self.say(STARTING)
            return
        kinds = [Page(k, self.keymap.of(f"view.{k.slug}")) for k in self.kinds]
        key = self.keymap.of("doctor")
        own = [*self.page.entries(), doctor_entry(self._examine_named, key)]
        named = {entry.title for entry in own}
        entries = [
            *view_entries(kinds, self.action_view),
            *(entry for entry in key_entries(self) if entry.title not in named),
            *own,
            self.dump_entry(),
            *self.link_entries(),
            *self.further_entries(),
            *self.theme_entries("theme "),
            *host_entries(self.freezer.snapshot(), self._open_host, "host "),
        ]
        self.pick("page, command or host", entries, HISTORY)

    def further_entries(self) -> list[Entry]:
        """What the palette offers on every page, besides keys and pages."""
        return [
            Entry("keys", self._show_keys, "every key of every page, and its id for keys.yaml"),
            Entry("keys reload", self._reload_keys, "read keys.yaml again"),
        ]

    def _show_keys(self, _: str) -> None:
        lines = self.keymap_lines(self.size.width - 2)
        self.push_screen(TextScreen("every key", lines, self.look))

    def _reload_keys(self, _: str) -> None:
        self.run_worker(self.read_keys_again(), name="keys")

    def _examine_named(self, host: str) -> None:
        """The host that was typed, or the one that the page is about."""
        self.examine(host or (self.page.pointed() if self.page else ""))
