"""Bindings of Textual made of the keys that are declared as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.binding import Binding, BindingsMap, BindingType

from opsdash.core.key_names import textual_key
from opsdash.core.keymap import Key, KeySet


def bindings_of(*sets: KeySet) -> list[BindingType]:
    """The bindings of these sets, with their usual keys."""
    return [binding_of(key) for one in sets for key in one.keys]


def binding_of(key: Key) -> Binding:
    """The binding of a key, with its usual keys."""
    return Binding(
        ",".join(textual_key(name) for name in key.keys),
        key.action,
        key.words,
        show=key.hint,
        priority=key.opens or key.first,
        tooltip=key.about,
        id=key.id,
    )


def with_keys(bindings: BindingsMap, keys: Mapping[str, Sequence[str]]) -> BindingsMap:
    """These bindings on other keys: `keys` gives those of each id, none for what has no key.

    Textual's own keymap can't take a key away, and loses one that two actions share (8.2.8).
    """
    found: dict[str, list[Binding]] = {}
    done: set[str] = set()
    for key, here in bindings.key_to_bindings.items():
        for binding in here:
            name = binding.id or ""
            if name not in keys:
                found.setdefault(key, []).append(binding)
            elif name not in done:
                done.add(name)
                for other in map(textual_key, keys[name]):
                    found.setdefault(other, []).append(binding.with_key(other))
    changed = BindingsMap()
    changed.key_to_bindings = found
    return changed
