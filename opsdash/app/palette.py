"""What the palette offers: pages, the keys of this page, its own commands, hosts, colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from textual.app import App
from textual.binding import ActiveBinding

from opsdash.core.key_names import written_key
from opsdash.core.snapshot import HostState, Snapshot, triage
from opsdash.widgets.entries import Entry
from opsdash.widgets.key_hints import active_bindings
from opsdash.widgets.line import Role
from opsdash.widgets.panel import Panel
from opsdash.widgets.wording import reason

SKIPPED = ("move.", "view.", "ask.", "cmd.", "prompt.", "interrupt", "nav.")
"""Keys that make no sense from a list: motions, and what is in it anyway."""

Go = Callable[[str], None]


def host_entries(snapshot: Snapshot, go: Go, before: str = "") -> list[Entry]:
    """Every host, the worst first, with what is wrong with it."""
    ranked = sorted(snapshot.hosts.values(), key=triage)
    return [_host(state, snapshot.at, go, before) for state in ranked]


def _host(state: HostState, now: float, go: Go, before: str) -> Entry:
    said = reason(state, now)
    about = said.text if said.role is not Role.OK else " ".join(sorted(state.host.tags))
    return Entry(f"{before}{state.name}", lambda _: go(state.name), about)


def key_entries(app: App[Any]) -> list[Entry]:
    """What the keys of this page do, each once, with its key."""
    found: dict[str, Entry] = {}
    for active in active_bindings(app):
        name = active.binding.id or ""
        if name and name not in found and active.enabled and not name.startswith(SKIPPED):
            found[name] = _key(app, active)
    return list(found.values())


def _key(app: App[Any], active: ActiveBinding) -> Entry:
    binding = active.binding

    def run(_: str) -> None:
        # the same way as a press of the key goes
        app.call_later(app.run_action, binding.action, active.node)

    about = binding.tooltip if binding.tooltip != binding.description else ""
    return Entry(binding.description, run, about, written_key(binding.key))


def doctor_entry(examine: Go, key: str) -> Entry:
    """The examination of a host by its name, whether the fleet has it or not."""
    return Entry("doctor", examine, "what is wrong with the way to a host", key, takes="HOST")


class Page(NamedTuple):
    """A page that can be gone to, and its key."""

    kind: type[Panel]
    key: str


def view_entries(pages: Sequence[Page], go: Callable[[str, str], None]) -> list[Entry]:
    """Every page, with what may be typed behind its name."""
    return [_page(page, go) for page in pages]


def _page(page: Page, go: Callable[[str, str], None]) -> Entry:
    kind = page.kind
    run = partial(go, kind.slug)
    return Entry(kind.title, run, "page", page.key, takes=kind.takes)
