"""What the forms of hosts.yaml share."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from opsdash.config import field_values as values

Level = Annotated[
    float | None, BeforeValidator(values.threshold, json_schema_input_type=float | str)
]

ABSENT: Any = None
"""The default of fields: told apart from a value by `model_fields_set`, never valid itself."""


class Form(BaseModel):
    """A mapping in which every key is known and every value has the type that it should have."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Threshold(Form):
    """From where a check warns and from where it is critical; higher is worse."""

    warn: Level = Field(description="80%, 10m, a number, or never")
    crit: Level = Field(description="90%, 1h, a number, or never")
