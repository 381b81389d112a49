"""Case files: recorded answers of hosts and what they mean, as the tests read them."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from opsdash.core.discover import collectors
from opsdash.core.plugin import understand
from opsdash.core.reading import Output, Reading, SampleKey

CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    """One YAML file: the plug-in that it belongs to, its own name and its content."""

    plugin: str
    name: str
    path: Path
    content: Mapping[str, Any]


@cache
def cases(kind: str) -> tuple[Case, ...]:
    """All cases of a kind of plug-in (``collectors``, ``checks``), in a stable order."""
    return tuple(_load(path) for path in sorted((CASES / kind).glob("*/*.yaml")))


def _load(path: Path) -> Case:
    content = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    assert isinstance(content, dict), f"{path} holds no case"
    return Case(path.parent.name, path.stem, path, content)


def case_id(case: Case) -> str:
    """How pytest names it."""
    return f"{case.plugin}/{case.name}"


def output_of(answer: Mapping[str, Any]) -> Output:
    """The answer in a case, as the transport would hand it over."""
    data = str(answer.get("output", "")).encode()
    if "output_base64" in answer:
        data = base64.b64decode(answer["output_base64"])
    files = {path: text.encode() for path, text in answer.get("files", {}).items()}
    return Output(data, files, status=answer.get("status", 0))


def sample_keys(named: Mapping[str, float]) -> Iterator[tuple[SampleKey, float]]:
    """``filesystem.used_ratio{/var}: 0.4`` as the key and value of a sample."""
    for name, value in named.items():
        metric, _, label = name.partition("{")
        yield (metric, label.removesuffix("}")), value


def reading_of(plugin: str, name: str, at: float, host: str = "web") -> Reading:
    """What a collector makes of the answer in one of its cases."""
    (case,) = (one for one in cases("collectors") if (one.plugin, one.name) == (plugin, name))
    return understand(collectors()[plugin], output_of(case.content), host, at)
