"""What a collector got from a host at one moment: numbers, tables, or the reason for neither."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from opsdash.core.problem import Problem
from opsdash.core.text import clean_label, clean_line

Cell = str | int | float | bool | None
Row = Mapping[str, Cell]
SampleKey = tuple[str, str]
"""A metric's name and a label: ``("filesystem.used_ratio", "/var")``; the label may be empty."""


class MetricKind(StrEnum):
    """A gauge is read as it is; a counter only grows, so its change is what counts."""

    GAUGE = "gauge"
    COUNTER = "counter"


@dataclass(frozen=True, slots=True)
class Metric:
    """One number that a collector delivers: its name ends in its unit.

    `label` says what tells several values apart (mount, interface), `recent` that its last ten
    minutes are kept in memory for sparks and charts, `trend` that its last hours are, by label and
    a point a minute. `kept` says that it has a history of thirty days on disk; what is `recent` has
    one, too.
    """

    name: str
    unit: str
    help: str
    kind: MetricKind = MetricKind.GAUGE
    label: str = ""
    recent: bool = False
    trend: bool = False
    kept: bool = False

    @property
    def has_history(self) -> bool:
        """Whether it is remembered: a counter is not, but its rate may be."""
        return (self.kept or self.recent) and self.kind is MetricKind.GAUGE


@dataclass(frozen=True, slots=True)
class Output:
    """What a host answered, as bytes: the files that were read, or a command's whole output.

    `files` maps a path to its content; a path that could not be read is absent. `status` is the
    command's exit status. `truncated` says that the byte cap cut it: such output is not parsed.
    """

    data: bytes = b""
    files: Mapping[str, bytes] = field(default_factory=dict)
    status: int = 0
    truncated: bool = False
    took_s: float = 0.0


def _clean_cell(value: Cell) -> Cell:
    return clean_line(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Reading:
    """One collector's result on one host.

    `at` is this machine's wall clock (seconds since 1970) when the answer arrived. `samples` maps
    (metric, label) to a float; `rows` is a table. With a `problem` both are empty: a part is never
    taken for the whole. `source` says where it came from, for the screen.
    """

    host: str
    collector: str
    at: float
    samples: Mapping[SampleKey, float] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    problem: Problem | None = None
    source: str = ""
    took_s: float = 0.0

    def __post_init__(self) -> None:
        """Clean what came from the host: labels and cells are its words."""
        # in one go: this runs for every reading of every pulse
        if not "".join([label for _, label in self.samples]).isprintable():
            cleaned = {(name, clean_label(label)): v for (name, label), v in self.samples.items()}
            object.__setattr__(self, "samples", cleaned)
        if self.rows:
            rows = tuple({key: _clean_cell(v) for key, v in row.items()} for row in self.rows)
            object.__setattr__(self, "rows", rows)

    def also(self, samples: Mapping[SampleKey, float]) -> Reading:
        """The same reading with more samples."""
        together = {**self.samples, **samples}
        return Reading(
            self.host,
            self.collector,
            self.at,
            together,
            self.rows,
            self.problem,
            self.source,
            self.took_s,
        )

    def get(self, metric: str, label: str = "") -> float | None:
        """The value of a metric, or None where this reading does not have it."""
        return self.samples.get((metric, label))

    def labelled(self, metric: str) -> dict[str, float]:
        """All values of a metric by their label, in the order in which the host listed them."""
        return {label: value for (name, label), value in self.samples.items() if name == metric}
