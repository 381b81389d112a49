"""Hooks and what came of their tests, as a table and as JSON; a URL is in neither."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from opsdash.core.hook import Hook, Means, Outcome
from opsdash.core.masking import mask
from opsdash.core.table import table
from opsdash.core.text import duration, middle

SCHEMA = "opsdash-hooks-1"

MOST_COLUMNS = 40
_TELL = {(True, True): "both", (True, False): "raised", (False, True): "ended"}


def listed(path: Path, hooks: Sequence[Hook], *, as_json: bool) -> list[str]:
    """All hooks: by which way, of what, and when not."""
    if as_json:
        made = [{"name": hook.name, **_data(hook)} for hook in hooks]
        return [json.dumps({"schema": SCHEMA, "file": str(path), "hooks": made})]
    if not hooks:
        return [f"there are no hooks: write {path} (docs/hooks.md)"]
    rows = [
        (
            hook.name,
            middle(way(hook), MOST_COLUMNS),
            tells(hook),
            hook.rule.selection.text,
            " ".join(hook.rule.checks),
            unless(hook),
        )
        for hook in hooks
    ]
    return table(("HOOK", "WAY", "TELLS", "HOSTS", "CHECKS", "UNLESS"), rows)


def way(hook: Hook) -> str:
    """How it tells, with nothing that may be secret."""
    if hook.means is Means.COMMAND:
        words = [
            "".join(f"{text}{{{name}}}" if name else text for text, name in template.parts)
            for template in hook.argv
        ]
        return mask(" ".join(words))
    if hook.means.needs_screen:
        return hook.means.value
    if hook.url is None:
        return f"{hook.means} {hook.url_file}"
    parts = urlsplit(hook.url.reveal().decode("ascii", "replace"))
    if hook.means is Means.APPRISE:
        return f"{hook.means} {parts.scheme}://…"
    return f"{hook.means} {parts.scheme}://{parts.hostname}/…"


def tells(hook: Hook) -> str:
    """``CRIT raised, after 5m``."""
    rule = hook.rule
    words = f"{rule.severity.name} {_TELL[rule.raised, rule.ended]}"
    return f"{words}, after {duration(rule.wait_s)}" if rule.wait_s else words


def unless(hook: Hook) -> str:
    """When it holds back what it would tell."""
    quiet, rate = hook.rule.quiet, hook.rule.rate
    words = quiet.words if quiet is not None else ""
    if quiet is not None and quiet.passes is not None:
        words += f" but {quiet.passes.name}"
    return ", ".join(filter(None, (words, f"more than {rate.words}" if rate is not None else "")))


def _data(hook: Hook) -> dict[str, object]:
    rule = hook.rule
    return {
        "means": hook.means.value,
        "way": way(hook),
        "severity": rule.severity.name,
        "select": rule.selection.text,
        "checks": list(rule.checks),
        "tell": _TELL[rule.raised, rule.ended],
        "quiet_hours": rule.quiet.words if rule.quiet is not None else None,
        "except": rule.quiet.passes.name if rule.quiet and rule.quiet.passes else None,
        "rate_limit": rule.rate.words if rule.rate is not None else None,
        "wait_s": rule.wait_s,
        "timeout_s": hook.timeout_s,
    }


def tested(hooks: Sequence[Hook], outcomes: Sequence[Outcome], *, as_json: bool) -> list[str]:
    """What came of a test of each, and what to do where it failed."""
    pairs = list(zip(hooks, outcomes, strict=True))
    if as_json:
        made = [
            {
                "name": hook.name,
                "means": hook.means.value,
                "told": outcome.told,
                "text": outcome.text,
                "hint": outcome.hint or None,
                "took_s": round(outcome.took_s, 3),
            }
            for hook, outcome in pairs
        ]
        return [json.dumps({"schema": SCHEMA, "tests": made})]
    rows = [
        (
            hook.name,
            hook.means.value,
            "told" if outcome.told else "FAILED",
            f"{outcome.took_s:.2f}s",
            outcome.text,
        )
        for hook, outcome in pairs
    ]
    hints = [f"{hook.name}: {one.hint}" for hook, one in pairs if not one.told and one.hint]
    return [*table(("HOOK", "WAY", "RESULT", "TIME", "WHAT"), rows), *hints]
