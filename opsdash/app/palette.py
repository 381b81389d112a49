"""What the palette offers: pages, the keys of this page, its own commands, hosts, colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from textual.app import App
from textual.binding import ActiveBinding

from opsdash.core.key_names import written_key
from opsdash.core.snapshot import HostState, Snapshot, triage
from opsdash.widgets.entries import Entry
from opsdash.widgets.key_hints import active_bindings
from opsdash.widgets.line import Role
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


def view_entries(pages: Sequence[tuple[str, str, str]], go: Go) -> list[Entry]:
    """Every page: its slug, title and key."""
    return [_page(slug, title, key, go) for slug, title, key in pages]


def _page(slug: str, title: str, key: str, go: Go) -> Entry:
    return Entry(title, lambda _: go(slug), "page", key)
