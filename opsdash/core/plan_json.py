"""Plans as JSON and back. Secrets are never written: that there was one is."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import asdict, fields
from enum import Enum
from typing import Any, NoReturn, TypeVar

from opsdash.core.plan import (
    STEP_MAX_BYTES,
    STEP_TIMEOUT_S,
    Copy,
    Danger,
    HostSteps,
    LeftOut,
    OnFailure,
    Plan,
    Rollout,
    Step,
    StepKind,
)
from opsdash.core.secret import Secret
from opsdash.core.text import clean_line

VERSION = 1

Json = dict[str, Any]
E = TypeVar("E", bound=Enum)


def plan_to_json(plan: Plan) -> Json:
    """A plan as JSON values; steps that many hosts have alike stand there once."""
    known: dict[Step, int] = {}
    hosts = [
        [one.host, [known.setdefault(step, len(known)) for step in one.steps]] for one in plan.hosts
    ]
    return {
        "version": VERSION,
        "id": plan.id,
        "action": plan.action,
        "title": plan.title,
        "danger": plan.danger.value,
        "target": plan.target,
        "at": plan.at,
        "who": plan.who,
        "note": plan.note,
        "rollout": asdict(plan.rollout),
        "left_out": [[one.host, one.why] for one in plan.left_out],
        "steps": [_step_to_json(step) for step in known],
        "hosts": hosts,
    }


def plan_from_json(value: object) -> Plan:
    """The plan that these values hold. Where there was a secret is an empty one now. ValueError
    says in a sentence what is wrong; what a newer opsdash has added is left out.
    """
    given = mapping(value, "a plan")
    version = given.get("version")
    if version != VERSION:
        raise ValueError(f"a plan of version {clean_line(str(version), 20)}, which is not known")
    steps = [_step_from_json(one) for one in items(given, "steps")]
    hosts = tuple(_host_from_json(one, steps) for one in items(given, "hosts"))
    names = [one.host for one in hosts]
    if len(set(names)) != len(names):
        raise ValueError("a host stands twice in it")
    return Plan(
        id=text(given, "id"),
        action=text(given, "action"),
        title=text(given, "title"),
        danger=member(given, "danger", Danger),
        hosts=hosts,
        target=text(given, "target"),
        rollout=_rollout_from_json(given.get("rollout")),
        left_out=tuple(_left_out_from_json(one) for one in items(given, "left_out")),
        at=number(given, "at"),
        who=text(given, "who"),
        note=text(given, "note"),
    )


def withheld(plan: Plan) -> tuple[str, ...]:
    """The hosts for which a secret is wanted that was not written down with the plan."""
    return tuple(
        one.host
        for one in plan.hosts
        if any(isinstance(step.stdin, Secret) and not step.stdin for step in one.steps)
    )


_DEFAULTS = {one.name: one.default for one in fields(Step)}


def _step_to_json(step: Step) -> Json:
    found: Json = {}
    for name, usual in _DEFAULTS.items():
        value = getattr(step, name)
        if name == "stdin":
            if value is not None:
                found[name] = _stdin_to_json(value)
        elif name == "copy":
            found |= {name: asdict(value)} if value is not None else {}
        elif value != usual:
            found[name] = value.value if isinstance(value, StepKind) else value
    return found


def _stdin_to_json(value: bytes | Secret) -> Json:
    if isinstance(value, Secret):
        return {"secret": True}
    return {"base64": in_base64(value)}


def _step_from_json(value: object) -> Step:
    given = mapping(value, "a step")
    return Step(
        kind=member(given, "kind", StepKind),
        does=text(given, "does"),
        script=text(given, "script", ""),
        path=text(given, "path", ""),
        stdin=_stdin_from_json(given.get("stdin")),
        root=flag(given, "root"),
        timeout_s=number(given, "timeout_s", STEP_TIMEOUT_S),
        max_bytes=whole(given, "max_bytes", STEP_MAX_BYTES),
        undo=text(given, "undo", ""),
        expects=text(given, "expects", ""),
        shows=text(given, "shows", ""),
        copy=_copy_from_json(given.get("copy")),
        reads_only=flag(given, "reads_only"),
    )


def _stdin_from_json(value: object) -> bytes | Secret | None:
    if value is None:
        return None
    given = mapping(value, "stdin")
    return Secret(b"") if given.get("secret") is True else from_base64(given, "base64")


def _copy_from_json(value: object) -> Copy | None:
    if value is None:
        return None
    given = mapping(value, "a copy")
    return Copy(
        local=text(given, "local"),
        digest=text(given, "digest", ""),
        size_bytes=whole(given, "size_bytes", 0),
        mode=text(given, "mode", ""),
        owner=text(given, "owner", ""),
        replace=flag(given, "replace"),
    )


def _host_from_json(value: object, steps: list[Step]) -> HostSteps:
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[1], list):
        raise ValueError("a host of a plan is a name and its steps")
    name, numbers = value
    if not isinstance(name, str) or not all(
        isinstance(one, int) and 0 <= one < len(steps) for one in numbers
    ):
        raise ValueError("a host of a plan names a step that is not there")
    return HostSteps(name, tuple(steps[one] for one in numbers))


def _left_out_from_json(value: object) -> LeftOut:
    if isinstance(value, list) and len(value) == 2 and all(isinstance(o, str) for o in value):
        return LeftOut(*value)
    raise ValueError("a host that is left out is a name and a reason")


def _rollout_from_json(value: object) -> Rollout:
    given = mapping(value, "a rollout")
    usual = Rollout()
    return Rollout(
        canary=whole(given, "canary", usual.canary),
        wave=whole(given, "wave", usual.wave),
        at_a_time=whole(given, "at_a_time", usual.at_a_time),
        wave_failures=_budget(given, "wave_failures"),
        failures=_budget(given, "failures"),
        gate=flag(given, "gate"),
        on_failure=member(given, "on_failure", OnFailure),
    )


def _budget(given: Mapping[str, Any], name: str) -> int | None:
    return None if given.get(name) is None else whole(given, name)


def in_base64(data: bytes) -> str:
    """Bytes as a text for JSON."""
    return base64.b64encode(data).decode("ascii")


def from_base64(given: Mapping[str, Any], name: str) -> bytes:
    """The bytes of a text that in_base64() made; ValueError."""
    try:
        return base64.b64decode(text(given, name), validate=True)
    except binascii.Error:
        raise ValueError(f"{name} is no base64") from None


def mapping(value: object, what: str) -> Mapping[str, Any]:
    """A JSON object; ValueError."""
    if not isinstance(value, dict):
        raise ValueError(f"{what} is an object, not {type(value).__name__}")  # noqa: TRY004
    return value


def items(given: Mapping[str, Any], name: str) -> list[Any]:
    """A list of it; ValueError."""
    value = given.get(name)
    return value if isinstance(value, list) else _refuse(name, value, "a list")


def text(given: Mapping[str, Any], name: str, usual: str | None = None) -> str:
    """A text of it; ValueError."""
    value = given.get(name, usual)
    return value if isinstance(value, str) else _refuse(name, value, "a text")


def flag(given: Mapping[str, Any], name: str) -> bool:
    """A yes or no of it, no where it is not there; ValueError."""
    value = given.get(name, False)
    return value if isinstance(value, bool) else _refuse(name, value, "true or false")


def number(given: Mapping[str, Any], name: str, usual: float | None = None) -> float:
    """A number of it, not negative; ValueError."""
    value = given.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e300:
        _refuse(name, value, "a number")
    return float(value)


def whole(given: Mapping[str, Any], name: str, usual: int | None = None) -> int:
    """A whole number of it, not negative; ValueError."""
    value = given.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        _refuse(name, value, "a whole number")
    return value


def member(given: Mapping[str, Any], name: str, kind: type[E]) -> E:
    """A member of an enumeration; ValueError."""
    value = given.get(name)
    try:
        return kind(value)
    except ValueError:
        said = clean_line(repr(value), 40)
        raise ValueError(f"{name} is {said}, which no opsdash before this one knew") from None


def _refuse(name: str, value: object, wanted: str) -> NoReturn:
    raise ValueError(f"{name} is {clean_line(repr(value), 40)}, and should be {wanted}")
