"""Finds the panels: a class that is there is a page, and no list names it."""

from __future__ import annotations

from textual.binding import BindingType

from opsdash.core.discover import activity_modules, keys
from opsdash.core.errors import PluginError
from opsdash.widgets.bindings import bindings_of
from opsdash.widgets.panel import Panel


def find_panels() -> list[type[Panel]]:
    """Every panel of ``opsdash/activities/*/*_panel.py``, in the order of their keys."""
    found: dict[str, type[Panel]] = {}
    for module in activity_modules("_panel"):
        for value in vars(module).values():
            if _is_panel_of(value, module.__name__):
                _add(found, value)
    places = {name: place for place, name in enumerate(keys().by_id())}
    for slug, kind in found.items():
        if f"view.{slug}" not in places:
            raise PluginError(f"panel {kind.__name__} has no key view.{slug} in a keymap.py")
    return sorted(found.values(), key=lambda kind: places[f"view.{kind.slug}"])


def _is_panel_of(value: object, module: str) -> bool:
    return isinstance(value, type) and issubclass(value, Panel) and value.__module__ == module


def _add(found: dict[str, type[Panel]], kind: type[Panel]) -> None:
    for other in found.values():
        if other.slug == kind.slug:
            raise PluginError(f"panels {other.__name__} and {kind.__name__} share a name")
    found[kind.slug] = kind


def view_bindings() -> list[BindingType]:
    """A digit per panel."""
    return bindings_of(*(one for one in keys().sets if one.id.startswith("pages.")))
