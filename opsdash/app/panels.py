"""Finds the panels: a class that is there is a page, and no list names it."""

from __future__ import annotations

from textual.binding import Binding

from opsdash.core.discover import activity_modules
from opsdash.core.errors import PluginError
from opsdash.widgets.panel import Panel


def find_panels() -> list[type[Panel]]:
    """Every panel of ``opsdash/activities/*/*_panel.py``, in the order of their keys."""
    found: dict[str, type[Panel]] = {}
    for module in activity_modules("_panel"):
        for value in vars(module).values():
            if _is_panel_of(value, module.__name__):
                _add(found, value)
    return sorted(found.values(), key=lambda kind: kind.view_key)


def _is_panel_of(value: object, module: str) -> bool:
    return isinstance(value, type) and issubclass(value, Panel) and value.__module__ == module


def _add(found: dict[str, type[Panel]], kind: type[Panel]) -> None:
    for other in found.values():
        if other.slug == kind.slug or other.view_key == kind.view_key:
            raise PluginError(f"panels {other.__name__} and {kind.__name__} share a name or a key")
    found[kind.slug] = kind


def view_bindings(kinds: list[type[Panel]]) -> list[Binding]:
    """A digit per panel."""
    return [
        Binding(kind.view_key, f"view({kind.slug!r})", kind.title, id=f"view.{kind.slug}")
        for kind in kinds
    ]
