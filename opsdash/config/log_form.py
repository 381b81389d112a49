"""The form of a named log in hosts.yaml, and the log that it makes."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from opsdash.config.form import ABSENT, Form
from opsdash.config.probe_values import NO_PASSWORD, words
from opsdash.core.masking import mask
from opsdash.core.named_log import NamedLog
from opsdash.core.target import checked_name

LONGEST_NAME = 60


def _name(text: str) -> str:
    """A name that can be typed behind ``--source``."""
    if len(text) > LONGEST_NAME:
        raise ValueError(f"a name of a log has at most {LONGEST_NAME} characters, not {len(text)}")
    return checked_name(text)


def _path(text: str) -> str:
    """The whole path of one file on a host."""
    words(text)
    if not text.startswith("/") or text.endswith("/"):
        raise ValueError("should be the whole path of a file: /srv/app/log/app.log")
    if set(text) & set("*?"):
        raise ValueError("names one file, without * and ?: what it is rotated away to is found")
    return text


def _command(text: str) -> str:
    """A command for a shell on a host, without any secret."""
    words(text)
    if not text.strip():
        raise ValueError("is empty: give a command that prints lines")
    if mask(text) != text:
        raise ValueError(f"{NO_PASSWORD}; let the command read it from a file there")
    return text


def log_entry(value: Any) -> Any:
    """A path, a mapping, or ``none``, which undoes a log of a group: as a mapping."""
    if value == "none":
        return {}
    if isinstance(value, str):
        return {"path": value}
    if not isinstance(value, dict):
        raise ValueError(  # noqa: TRY004 - pydantic tells a ValueError with its place
            'should be a path (/srv/app/app.log), {path: ...}, {command: "..."}, or none'
        )
    return value


LogName = Annotated[str, AfterValidator(_name)]


class LogForm(Form):
    """One named log: a path, or a command."""

    path: Annotated[str, AfterValidator(_path)] = Field(
        default=ABSENT, description="A file there, read through its rotations"
    )
    command: Annotated[str, AfterValidator(_command)] = Field(
        default=ABSENT, description="A command of a shell there that prints lines"
    )


NAMES = tuple(LogForm.model_fields)
"""The keys of the form."""


def clash_of(form: LogForm) -> str:
    """What does not go together in it; empty: nothing."""
    several = len(form.model_fields_set) > 1
    return "has a path and a command: give one of them" if several else ""


def log_of(name: str, form: LogForm) -> NamedLog | None:
    """The log that a right form makes; None where it undoes one."""
    if not form.model_fields_set:
        return None
    return NamedLog(name, form.path or "", form.command or "")
