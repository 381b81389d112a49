"""keys.yaml: which key does what. A bad one is told with its places, and the usual keys hold."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from opsdash.config import paths
from opsdash.config.marked_yaml import Marked, load_marked
from opsdash.config.stamps import Stamp, stamp_of
from opsdash.core.errors import ConfigError
from opsdash.core.key_names import EDITS, KeyNameError, key_named
from opsdash.core.keymap import Keymap, Registry
from opsdash.core.text import clean_line, did_you_mean, shorten

DEFAULT = "default"
FORM = ("preset", "keys")
MOST_KEYS = 100
"""More for one action is no file that a person wrote."""

NONE = "none"
FAULT_HINT = (
    'Quote keys that are neither letters nor digits ("?", "ctrl+g,/"); opsdash keys lists every id.'
)

Given = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class KeysRead:
    """The keymap of the user's file, and what was wrong with it: then the usual keys hold."""

    keymap: Keymap
    error: ConfigError | None = None


@dataclass(slots=True)
class KeysFile:
    """keys.yaml, or another file in its place, while a program goes by it."""

    registry: Registry
    named: Path | None = None
    _stamp: Stamp = ()

    def read(self) -> KeysRead:
        """What it says now."""
        self._stamp = self._look()
        return read_keys(self.registry, self.named)

    def changed(self) -> bool:
        """Whether it was saved, made or removed since it was read; not for the event loop."""
        return self._look() != self._stamp

    @property
    def there(self) -> bool:
        """Whether there was such a file when it was read."""
        return bool(self._stamp)

    def _look(self) -> Stamp:
        return stamp_of(self.named or paths.keys_file())


def read_keys(registry: Registry, named: Path | None = None) -> KeysRead:
    """What the user's own keys.yaml says, or the file that was named.

    Without one, or with a bad one, the usual keys.
    """
    path = named or paths.keys_file()
    if named is None and not os.path.lexists(path):
        return KeysRead(Keymap(registry))
    try:
        return KeysRead(load_keymap(path, registry))
    except ConfigError as error:
        return KeysRead(Keymap(registry), error)


def presets() -> dict[str, Path | None]:
    """The presets by name, with their files; the default one needs none."""
    folder = paths.shipped("keys")
    files = sorted(folder.glob("*.yaml")) if folder is not None else []
    return {DEFAULT: None, **{path.stem: path for path in files}}


def preset_keymap(name: str, registry: Registry) -> Keymap:
    """The keymap of a preset; KeyError if there is none of the name."""
    path = presets()[name]
    return Keymap(registry) if path is None else load_keymap(path, registry)


def load_keymap(path: Path, registry: Registry) -> Keymap:
    """The keymap that a file makes; ConfigError holds all that is wrong, each with its place."""
    form = _Form(load_marked(path, private=False), registry)
    form.check_top()
    given = {**form.preset(), **form.keys()}
    usual = {key.id: key.keys for key in registry}
    keymap = Keymap(registry, {name: keys for name, keys in given.items() if keys != usual[name]})
    form.check_whole(keymap)
    faults = form.marked.faults
    if faults:
        raise ConfigError(sorted(faults, key=lambda fault: (fault.line, fault.column)))
    return keymap


@dataclass(frozen=True, slots=True)
class _Form:
    """The parts of a keys file, each checked; what is wrong is blamed and left out."""

    marked: Marked
    registry: Registry

    def _data(self) -> Mapping[str, object]:
        return self.marked.data if isinstance(self.marked.data, dict) else {}

    def check_top(self) -> None:
        """Only what is known stands at the top; an empty file changes nothing."""
        if self.marked.data is not None and not isinstance(self.marked.data, dict):
            self.marked.blame((), "should be a mapping: preset: and keys:")
        for key in self._data():
            if key in FORM:
                continue
            if self.marked.full:
                break
            meant = did_you_mean(key, FORM)
            if not meant and key in self.registry.by_id():
                meant = ": ids of keys stand below keys:"
            self.marked.blame(
                (key,), f"unknown key{meant or ': preset: and keys: are known'}", key=True
            )

    def preset(self) -> Given:
        """The keys of the preset that the file starts from."""
        name = self._data().get("preset", DEFAULT)
        known = presets()
        if isinstance(name, str) and name in known:
            path = known[name]
            return {} if path is None else dict(load_keymap(path, self.registry).given)
        meant = did_you_mean(str(name), known)
        self.marked.blame(("preset",), f"should be one of {', '.join(known)}{meant}")
        return {}

    def keys(self) -> Given:
        """The keys that the file gives, by id."""
        entries = self._data().get("keys")
        if entries is None:
            return {}
        if not isinstance(entries, dict):
            self.marked.blame(("keys",), "should be a mapping (id: key)")
            return {}
        known = self.registry.by_id()
        found: Given = {}
        for name, value in entries.items():
            if name in known:
                found[name] = self._some(name, value)
                continue
            if self.marked.full:
                break
            meant = did_you_mean(name, known) or ": opsdash keys lists every id"
            self.marked.blame(("keys", name), f"no key has this id{meant}", key=True)
        return found

    def _some(self, name: str, value: object) -> tuple[str, ...]:
        """The keys of one id: a word, several parted by commas, a list of them, or none."""
        if value is None:
            text = 'a key is missing (quote "#" and the like); to leave it without one write none'
            self.marked.blame(("keys", name), text)
            return ()
        if value == NONE or value == []:
            return ()
        parts = value if isinstance(value, list) else _parted(value)
        if len(parts) > MOST_KEYS:
            text = f"has {len(parts)} keys: at most {MOST_KEYS} for one action"
            self.marked.blame(("keys", name), text)
            return ()
        found = [self._one(name, part) for part in parts]
        return tuple(dict.fromkeys(key for key in found if key))

    def _one(self, name: str, part: object) -> str:
        if isinstance(part, bool) or not isinstance(part, str | int):
            self.marked.blame(("keys", name), 'should be a key like "x", "ctrl+g,f5", or none')
            return ""
        text = str(part).strip()
        try:
            key = key_named(text)
        except KeyNameError as error:
            self.marked.blame(("keys", name), f"{_shown(text)}: {error}")
            return ""
        if reason := self._no_key_for(name, key):
            self.marked.blame(("keys", name), f"{key}: {reason}")
            return ""
        return key

    def _no_key_for(self, name: str, key: str) -> str:
        """Why something that acts while somebody types can't have this key; empty: it can."""
        one = self.registry.by_id()[name]
        if not (self.registry.home(name).typing or one.first) or key in one.keys:
            return ""
        if len(key) == 1 or key == "space":
            return "would be text, for this acts while somebody types: take one like ctrl+g or f5"
        return "changes what is typed, and this acts while somebody types" if key in EDITS else ""

    def check_whole(self, keymap: Keymap) -> None:
        """Nothing means two things at once, and nothing that must not be is lost."""
        own = self._data().get("keys")
        mine = own if isinstance(own, dict) else {}
        for (one, other), (key, contexts) in keymap.clashes().items():
            blamed, rest = (other, one) if other in mine else (one, other)
            where = ", ".join(contexts)
            text = f"{key} is the key of {rest}, too ({where}): give one of them another, or none"
            self.marked.blame(("keys", blamed) if blamed in mine else ("preset",), text)
        for what, names in keymap.lost().items():
            blamed = next((name for name in reversed(names) if name in mine), "")
            if (("keys", blamed), False) not in self.marked.blamed:
                text = f"{what} would be lost: leave {' or '.join(names)} a key"
                self.marked.blame(("keys", blamed) if blamed else ("preset",), text)


def _parted(value: object) -> list[object]:
    """``ctrl+x,y`` is two keys; a comma alone is one."""
    if not isinstance(value, str) or value.strip() == ",":
        return [value]
    return list(value.split(","))


def _shown(text: str) -> str:
    return f"'{shorten(clean_line(text), 30)}'"
