"""hooks.yaml: who is told of what, and how. What is wrong with it is told with its place.

It names programs that run here: a file that others may write is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from opsdash.config.alerts_file import select_fault
from opsdash.config.field_values import argument, path_text, whole_seconds
from opsdash.config.hook_values import (
    health,
    named_url,
    quiet_times,
    rate,
    template,
)
from opsdash.config.marked_entry import Entry, check_name
from opsdash.config.marked_yaml import Marked, Where, load_marked
from opsdash.core.errors import ConfigError
from opsdash.core.health import Health
from opsdash.core.hook import USUAL_TIMEOUT_S, Hook, Means, Quiet, Rate, Rule, Template
from opsdash.core.secret import Secret
from opsdash.core.selection import parse_selection
from opsdash.core.text import did_you_mean

MOST = 100
LONGEST_WAIT_S = 7 * 86400
LONGEST_TIMEOUT_S = 300
MOST_DEEP = 8

_MEANS = tuple(one.value for one in Means)
_RULE = ("severity", "select", "checks", "tell", "quiet_hours", "except", "rate_limit", "wait")
_KEYS = (*_MEANS, *_RULE, "timeout")
_URL_KEYS = ("url", "url_file")
_NO_EVENTS = " (did you mean tell: raised, ended or both?)"
_TELL = {"raised": (True, False), "ended": (False, True), "both": (True, True)}


def hooks_path(source: str) -> Path:
    """Where hooks.yaml is looked for: beside the hosts file in force; it may not exist."""
    from opsdash.config.paths import config_dir

    return (Path(source).absolute().parent if source else config_dir()) / "hooks.yaml"


def read_hooks(path: Path) -> tuple[Hook, ...]:
    """The hooks in the file's order; none where there is no file. ConfigError has all faults."""
    if not path.exists():
        return ()
    marked = load_marked(path, private=True)
    hooks = tuple(_hooks(marked))
    if marked.faults:
        raise ConfigError(sorted(marked.faults, key=lambda fault: (fault.line, fault.column)))
    return hooks


def _hooks(marked: Marked) -> list[Hook]:
    data = marked.data
    if data is None:
        return []
    found = data.get("hooks") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(found, dict | None):
        where: Where = ("hooks",) if isinstance(data, dict) else ()
        marked.blame(where, "should be a mapping: hooks: with a name and its fields below it")
        return []
    _Entry(marked, (), data).check_keys(("hooks",))
    if len(found or {}) > MOST:
        marked.blame(("hooks",), f"has more than {MOST} hooks")
        return []
    made = [_hook(marked, name, entry) for name, entry in (found or {}).items()]
    return [hook for hook in made if hook is not None]


def _hook(marked: Marked, name: str, entry: Any) -> Hook | None:
    where: Where = ("hooks", name)
    check_name(marked, where)
    if not isinstance(entry, dict):
        marked.blame(where, f"should be a mapping with one of {', '.join(_MEANS)}")
        return None
    before = len(marked.faults)
    form = _Entry(marked, where, entry)
    form.check_keys(_KEYS, dict.fromkeys(("on", "events"), _NO_EVENTS))
    means = form.means()
    rule = form.rule()
    timeout_s = form.value("timeout", lambda v: whole_seconds(v, 1, LONGEST_TIMEOUT_S))
    way = _way(form, means) if means is not None else {}
    if means is None or len(marked.faults) > before:
        return None
    return Hook(name, means, rule, timeout_s=timeout_s or USUAL_TIMEOUT_S, **way)


def _way(form: _Entry, means: Means) -> dict[str, Any]:
    """What the way of a hook needs to know."""
    if means is Means.COMMAND:
        return {"argv": form.argv()}
    if means.needs_screen:
        if form.data[means] is not True:
            form.blame(means, "should be true; leave it out if it should not be")
        return {}
    value = form.data[means]
    if isinstance(value, str):
        url = form.value(means, lambda text: named_url(text, means))
        return {"url": Secret(url) if url else None}
    if not isinstance(value, dict):
        form.blame(means, "should be a URL, or a mapping with url_file")
        return {}
    known = (*_URL_KEYS, "body") if means is Means.WEBHOOK else _URL_KEYS
    below = _Entry(form.marked, (*form.where, means), value)
    return _from_mapping(below, known, means, form.marked.path.absolute().parent)


def _from_mapping(
    form: _Entry, known: tuple[str, ...], means: Means, folder: Path
) -> dict[str, Any]:
    form.check_keys(known)
    if len([key for key in _URL_KEYS if key in form.data]) != 1:
        form.marked.blame(form.where, "needs url or url_file, and not both")
        return {}
    url = form.value("url", lambda text: named_url(text, means))
    file = form.value("url_file", _path)
    body = None
    if "body" in form.data:
        if not isinstance(form.data["body"], dict):
            form.blame(
                "body", "should be a mapping: what is sent as JSON, with {text} and the like"
            )
        body = form.templates("body", form.data["body"], (*form.where, "body"), 0)
    return {
        "url": Secret(url) if url else None,
        "url_file": str(folder / Path(file).expanduser()) if file else "",
        "body": body,
    }


def _path(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("should be the path of a file")  # noqa: TRY004
    return path_text(value)


class _Entry(Entry):
    """A hook, or what is below one."""

    __slots__ = ()

    def means(self) -> Means | None:
        """The one way in which it tells."""
        given = [key for key in _MEANS if key in self.data]
        if len(given) == 1:
            return Means(given[0])
        if any(key not in _KEYS and did_you_mean(key, _MEANS) for key in self.data):
            return None  # that it is misspelt was said
        also = f", not {' and '.join(given)}" if given else ""
        self.marked.blame(self.where, f"needs one of {', '.join(_MEANS)}{also}", key=True)
        return None

    def argv(self) -> tuple[Template, ...]:
        """The argument list of a command."""
        given = self.data[Means.COMMAND]
        if not isinstance(given, list) or not given:
            self.blame(Means.COMMAND, "should be a list, no shell reads it: [program, argument]")
            return ()
        found = []
        for place, word in enumerate(given):
            try:
                if not isinstance(word, str):
                    raise ValueError(f'should be text: "{word}"')  # noqa: TRY004, TRY301
                known = template(argument(word))
                if place == 0:
                    known = _program(word, known)
                found.append(known)
            except ValueError as error:
                self.marked.blame((*self.where, Means.COMMAND, place), str(error))
        return tuple(found)

    def rule(self) -> Rule:
        """Of what it tells."""
        select = self.value("select", _select) or "all"
        tell = self.value("tell", _tell) or _TELL["both"]
        checks = self.value("checks", _checks) or ("*",)
        times = self.value("quiet_hours", quiet_times)
        passes = self.value("except", health)
        if "except" in self.data and "quiet_hours" not in self.data:
            self.blame("except", "says what is told in quiet_hours, and there are none")
        return Rule(
            parse_selection([select]),
            self.value("severity", health) or Health.CRIT,
            checks,
            *tell,
            Quiet(*times, passes) if times else None,
            self._rate(),
            float(self.value("wait", lambda v: whole_seconds(v, 0, LONGEST_WAIT_S)) or 0),
        )

    def _rate(self) -> Rate | None:
        return self.value("rate_limit", rate)

    def templates(self, key: str, value: Any, where: Where, depth: int) -> Any:
        """The same data with its texts as templates."""
        if isinstance(value, dict) and depth < MOST_DEEP:
            return {
                name: self.templates(key, one, (*where, name), depth + 1)
                for name, one in value.items()
            }
        if isinstance(value, list) and depth < MOST_DEEP:
            return [
                self.templates(key, one, (*where, place), depth + 1)
                for place, one in enumerate(value)
            ]
        if isinstance(value, str):
            try:
                return template(value)
            except ValueError as error:
                self.marked.blame(where, str(error))
        return value


def _program(word: str, known: Template) -> Template:
    if any(name for _, name in known.parts):
        raise ValueError("the program itself can't be a template")
    return Template(((str(Path(word).expanduser()), ""),)) if word.startswith("~") else known


def _select(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError('should be text: "tag:prod !db3"')  # noqa: TRY004
    if wrong := select_fault(value):
        raise ValueError(wrong)
    return value


def _tell(value: Any) -> tuple[bool, bool]:
    if value not in _TELL:
        raise ValueError(f"should be one of {', '.join(_TELL)}{did_you_mean(str(value), _TELL)}")
    return _TELL[value]


def _checks(value: Any) -> tuple[str, ...]:
    given = value if isinstance(value, list) else [value]
    if not given or not all(isinstance(one, str) and one.isprintable() for one in given):
        raise ValueError("should be a list of checks or globs: [disk-*, host-unreachable]")
    return tuple(given)
