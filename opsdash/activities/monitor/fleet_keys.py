"""The keys of the fleet page: what is filtered, sorted, grouped, and how much is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType
from textual.widgets import Input

from opsdash.activities.monitor.alert_keys import AlertKeys
from opsdash.activities.monitor.fleet_columns import Shown
from opsdash.activities.monitor.fleet_rows import FleetRows, arranged_by
from opsdash.activities.monitor.keymap import FLEET
from opsdash.core.arrange import SORTS
from opsdash.core.figures import FIGURES
from opsdash.core.filter_words import FilterError
from opsdash.core.kept import NAME_LIMIT, Kept, keep_typed
from opsdash.core.view import SEVERITY, Grouping, View
from opsdash.widgets.ask_line import AskLine
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.entries import Entry
from opsdash.widgets.grid import Grid
from opsdash.widgets.line import Role, Span, line
from opsdash.widgets.panel import Desk

DETAILS_FROM = 16
"""Rows from which there is room for the details of the host under the cursor."""

FILTER_HELP = "text  !not  a|b  /re/  why~disk  tag:web  os:debian  state:warn  cpu>80  since<10m"


class FleetKeys(AlertKeys):
    """What the user may want of the list of hosts; the page itself draws it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(FLEET)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.rows = FleetRows(without_filter(desk.keeper.kept.last.get(self.slug, View())))

    @property
    def grid(self) -> Grid[Shown]:
        """The table of hosts."""
        return self.query_one("#fleet-grid", Grid)

    @property
    def asking(self) -> AskLine:
        """Where the filter is typed."""
        return self.query_one("#filter", AskLine)

    def want(self, view: View) -> None:
        """Follow a view from now on, and remember it."""
        try:
            self.rows.want(view)
        except FilterError as error:
            self.post_message(self.Said(f"the filter {view.filter} means nothing: {error}"))
            return
        kept, lasting = self.desk.keeper.kept, without_filter(view)
        if kept.last.get(self.slug) != lasting:
            self.desk.keeper.keep(replace(kept, last={**kept.last, self.slug: lasting}))
        self.draw()

    # -- actions --------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Type a filter; it holds while it is typed."""
        history = self.desk.keeper.kept.history.get("filter", ())
        self.asking.open(self.rows.view.filter, history)
        self.asking.say(line(Span(FILTER_HELP, Role.MUTED)))
        self.draw()

    def action_problems(self) -> None:
        """Only hosts that are not well, or all again."""
        self.want(replace(self.rows.view, problems=not self.rows.view.problems))

    def action_group(self) -> None:
        """Group by the next thing, and at last by nothing."""
        ways = list(Grouping)
        self._group_by(ways[(ways.index(self.rows.view.group) + 1) % len(ways)])

    def _group_by(self, group: Grouping) -> None:
        self.want(replace(self.rows.view, group=group))
        self.post_message(self.Said(f"group by {group}"))

    def action_sort(self) -> None:
        """Pick what rows are sorted by."""
        self.post_message(self.PickWanted("sort by", self._sorts("")))

    def sort_by(self, sort: str) -> None:
        """Sort by this; what is sorted by it already is turned round."""
        view = self.rows.view
        inverted = not view.inverted if view.sort == sort else False
        self.want(replace(view, sort=sort, inverted=inverted))

    def action_invert(self) -> None:
        """The other way round."""
        self.want(replace(self.rows.view, inverted=not self.rows.view.inverted))

    def action_wide(self) -> None:
        """More columns in place of words and of the strip at the side."""
        self.want(replace(self.rows.view, wide=not self.rows.view.wide))

    def action_detail(self) -> None:
        """The lines about the host under the cursor, or more rows."""
        if self.size.height < DETAILS_FROM:
            self.post_message(self.Said(f"details need a page of {DETAILS_FROM} rows"))
            return
        self.want(replace(self.rows.view, detail=not self.rows.view.detail))
        if not self.pointed():
            self.post_message(self.Said(f"details {'on' if self.rows.view.detail else 'off'}"))

    def action_fold(self) -> None:
        """Open every fold, or close all again."""
        folds = {b.title for b in self.rows.arranged.bundles.values() if b.folded}
        if not folds and not self.rows.opened:
            self.post_message(self.Said("nothing is folded here"))
            return
        self.rows.opened = self.rows.opened | folds if folds else frozenset()
        self.draw()

    def action_reset(self) -> None:
        """All hosts again: no filter, no range, no open folds; marks stay."""
        self.grid.marks.drop_range()
        self.rows.reset()
        self.want(self.rows.view)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """escape drops what hides hosts while there is any; else it is the program's."""
        if action == "reset" and self.is_mounted:
            view = self.rows.view
            hides = bool(view.filter or view.problems or self.rows.opened)
            return hides or self.grid.marks.anchor is not None
        if action in ("filter", "sort"):
            return not isinstance(self.app.focused, Input)  # then the letter is text
        return super().check_action(action, parameters)

    # -- the palette ----------------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """Orders, groups, filters and saved views."""
        saved = self.desk.keeper.kept.saved
        found = [self._view_entry(name, view) for name, view in sorted(saved.items())]
        found += super().entries()
        found += [
            Entry("filter", self._filter_by, "show only hosts that fit", "/", takes="EXPRESSION"),
            Entry("save", self._save, "keep this view under a name", takes="NAME"),
            Entry("forget", self._forget, "drop a saved view, by its whole name", takes="NAME"),
            *self._sorts("sort "),
            *(Entry(f"group {group}", self._grouping(group), "group rows") for group in Grouping),
        ]
        return found

    def _sorts(self, before: str) -> list[Entry]:
        return [Entry(f"{before}{sort}", self._sorting(sort), _about(sort)) for sort in SORTS]

    def _sorting(self, sort: str) -> Callable[[str], None]:
        return lambda _: self.sort_by(sort)

    def _grouping(self, group: Grouping) -> Callable[[str], None]:
        return lambda _: self._group_by(group)

    def _view_entry(self, name: str, view: View) -> Entry:
        about = [part.text for part in arranged_by(view)] or ["all hosts, worst first"]
        about += ["wide"] * view.wide + ["no details"] * (not view.detail)
        return Entry(f"view {name}", lambda _: self.want(view), f"saved: {', '.join(about)}")

    def _filter_by(self, text: str) -> None:
        """A filter from the palette: what is wrong with it is shown where it can be mended."""
        self.action_filter()
        self.asking.fill(text)

    def _save(self, name: str) -> None:
        name = _view_name(name)
        if not name:
            self.post_message(self.Said("a view needs a name: save night"))
            return
        kept = self.desk.keeper.kept
        done = "replaced" if name in kept.saved else "saved"
        self._keep(replace(kept, saved={**kept.saved, name: self.rows.view}))
        self._say_when_kept(f"{done}: the palette has it as 'view {name}'", "saved")

    def _forget(self, name: str) -> None:
        """By the whole name only: a view that merely looks like it must not be lost."""
        name, kept = _view_name(name), self.desk.keeper.kept
        if name not in kept.saved:
            names = ", ".join(sorted(kept.saved)) or "none"
            self.post_message(self.Said(f"no view is saved as '{name}'; saved views: {names}"))
            return
        rest = {other: view for other, view in kept.saved.items() if other != name}
        self._keep(replace(kept, saved=rest))
        self._say_when_kept(f"the view {name} is forgotten", "forgotten")

    def _say_when_kept(self, done: str, what: str) -> None:
        """Say that it is done when the disk has it, and else why it is not."""

        async def wait() -> None:
            trouble = await self.desk.keeper.kept_safely()
            self.post_message(self.Said(f"not {what}: {trouble}" if trouble else done))

        self.run_worker(wait(), name="kept")

    def _keep(self, kept: Kept) -> None:
        self.desk.keeper.keep(kept)

    def remember_filter(self, text: str) -> None:
        """What was typed comes back with the up key."""
        keep_typed(self.desk.keeper, "filter", text)


def without_filter(view: View) -> View:
    """What is kept of a view by itself: what hid hosts yesterday must not hide them today."""
    return replace(view, filter="", problems=False)


def _view_name(typed: str) -> str:
    return typed.strip()[:NAME_LIMIT]


def _about(sort: str) -> str:
    if sort in FIGURES:
        return FIGURES[sort].about
    return "worst first" if sort == SEVERITY else "by the alphabet"
