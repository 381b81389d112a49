"""Finds plug-ins by folder: a file that is there is in use, and no list names it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Protocol, TypeVar

from opsdash.core.action import Action
from opsdash.core.errors import PluginError
from opsdash.core.keymap import KeySet, Registry
from opsdash.core.plugin import Check, Collector, Command

ACTIVITIES = ("setup", "monitor", "troubleshoot", "access", "compliance", "updates")
"""The six activities, in the order in which they are shown."""


class Plugin(Protocol):
    """Anything that can be discovered has an id."""

    @property
    def id(self) -> str:
        """Unique among its kind, never reused."""
        ...


P = TypeVar("P", bound=Plugin)


def modules_in(package: str) -> Iterator[ModuleType]:
    """Every module of a package, loaded; a package that is not there has none."""
    try:
        home = _load(package)
    except PluginError as error:
        cause = error.__cause__
        if isinstance(cause, ModuleNotFoundError) and cause.name == package:
            return
        raise
    for found in sorted(module.name for module in pkgutil.iter_modules(home.__path__)):
        yield _load(f"{package}.{found}")


def _load(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:  # the named boundary "plug-in load"
        raise PluginError(f"plug-in {name} can't be loaded: {error}") from error


def activity_modules(suffix: str) -> Iterator[ModuleType]:
    """Modules of all activities whose name ends in `suffix`: ``_panel``, ``commands``."""
    for activity in ACTIVITIES:
        home = importlib.import_module(f"opsdash.activities.{activity}")
        for found in sorted(module.name for module in pkgutil.iter_modules(home.__path__)):
            if found.endswith(suffix):
                yield _load(f"opsdash.activities.{activity}.{found}")


def instances(kind: type[P], modules: Iterator[ModuleType]) -> dict[str, P]:
    """All module-level values of a kind, by id; two with one id are an error."""
    found: dict[str, P] = {}
    homes: dict[str, str] = {}
    for module in modules:
        for value in vars(module).values():
            if not isinstance(value, kind):
                continue
            if value.id in found and found[value.id] is not value:
                claimed = f"{homes[value.id]} and {module.__name__}"
                raise PluginError(f"{kind.__name__} {value.id} is claimed by {claimed}")
            found[value.id] = value
            homes.setdefault(value.id, module.__name__)
    return found


@cache
def collectors() -> dict[str, Collector]:
    """Every collector by name: all of ``opsdash/collectors/``."""
    return instances(Collector, modules_in("opsdash.collectors"))


@cache
def checks() -> dict[str, Check]:
    """Every check by id: all of ``opsdash/activities/*/checks/``."""
    return _of_all_activities(Check, "checks")


@cache
def actions() -> dict[str, Action]:
    """Every action by id: all of ``opsdash/activities/*/actions/``."""
    return _of_all_activities(Action, "actions")


def every_action(own: Mapping[str, Action]) -> dict[str, Action]:
    """The catalogue: the actions that come with opsdash, and the user's own."""
    return {**actions(), **own}


def _of_all_activities(kind: type[P], folder: str) -> dict[str, P]:
    """All of a kind in these folders; one id in two activities is an error."""
    found: dict[str, P] = {}
    for activity in ACTIVITIES:
        for name, one in instances(
            kind, modules_in(f"opsdash.activities.{activity}.{folder}")
        ).items():
            if name in found:
                raise PluginError(f"{kind.__name__.lower()} {name} stands in two activities")
            found[name] = one
    return found


@cache
def commands() -> dict[str, Command]:
    """Every verb of the command line: all of ``opsdash/activities/*/commands.py``."""
    return instances(Command, activity_modules("commands"))


@cache
def keys() -> Registry:
    """Every key: those of the program, and all of ``opsdash/activities/*/keymap.py``."""
    own = iter([_load("opsdash.core.program_keys")])
    found = {**instances(KeySet, activity_modules("keymap")), **instances(KeySet, own)}
    ids = [key.id for one in found.values() for key in one.keys]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise PluginError(f"keys with one id: {', '.join(twice)}")
    return Registry(tuple(found.values()))
