"""Uninterruptible power supplies of the host: by NUT or apcupsd, as anybody may ask them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from opsdash.collectors.parsing import knows, number, section, sections
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Metric, Output, Reading, Row, SampleKey

COMMAND = r"""
echo '== nut'
command -v upsc >/dev/null 2>&1 && for ups in $(upsc -l 2>/dev/null </dev/null | head -n 8); do
  echo "@ $ups"
  upsc "$ups" 2>/dev/null </dev/null
done
echo '== apc'
command -v apcaccess >/dev/null 2>&1 && apcaccess status 2>/dev/null </dev/null
echo '== end'
"""

_NUT_WORDS = {
    "OL": "online",
    "OB": "on battery",
    "LB": "battery low",
    "RB": "replace battery",
    "OVER": "overloaded",
    "BYPASS": "bypass",
    "OFF": "off",
    "ALARM": "alarm",
}
_APC_WORDS = {
    "ONLINE": "online",
    "ONBATT": "on battery",
    "LOWBATT": "battery low",
    "REPLACEBATT": "replace battery",
    "OVERLOAD": "overloaded",
    "COMMLOST": "no contact",
    "SHUTTING": "shutting down",
    "NOBATT": "no battery",
}

Samples = dict[SampleKey, float]


@knows("upsc or apcaccess")
def parse(output: Output, host: str, at: float) -> Reading:
    """A row per UPS: its model, and its `state` in words that are the same for both programs."""
    found = sections(output.data)
    section(found, "end")
    samples: Samples = {}
    rows = [*_nut(section(found, "nut"), samples), *_apc(section(found, "apc"), samples)]
    source = "upsc" if found["nut"] else "apcaccess" if found["apc"] else "no UPS is asked here"
    return Reading(host, "ups", at, samples, tuple(rows), source=source)


def _nut(lines: Iterable[str], samples: Samples) -> Iterator[Row]:
    units: dict[str, dict[str, str]] = {}
    name = ""
    for line in lines:
        if line.startswith("@ "):
            name = line[2:]
        key, mark, value = line.partition(": ")
        if mark and name:
            units.setdefault(name, {})[key] = value.strip()
    for name, said in units.items():
        if "ups.status" not in said:
            continue
        _figure(samples, "charge_ratio", name, said.get("battery.charge"), 0.01)
        _figure(samples, "runtime_s", name, said.get("battery.runtime"), 1.0)
        _figure(samples, "load_ratio", name, said.get("ups.load"), 0.01)
        words = [_NUT_WORDS.get(word, "") for word in said["ups.status"].split()]
        model = f"{said.get('device.mfr', '')} {said.get('device.model', '')}".strip()
        yield _row(name, model, words)


def _apc(lines: Iterable[str], samples: Samples) -> Iterator[Row]:
    said = {key.strip(): value.strip() for key, _, value in (one.partition(":") for one in lines)}
    if "STATUS" not in said:
        return
    name = said.get("UPSNAME") or "ups"
    _figure(samples, "charge_ratio", name, said.get("BCHARGE"), 0.01)
    _figure(samples, "runtime_s", name, said.get("TIMELEFT"), 60.0)
    _figure(samples, "load_ratio", name, said.get("LOADPCT"), 0.01)
    words = [_APC_WORDS.get(word, "") for word in said["STATUS"].split()]
    yield _row(name, said.get("MODEL", ""), words)


def _row(name: str, model: str, words: Iterable[str]) -> Row:
    return {"name": name, "model": model, "state": ", ".join(word for word in words if word)}


def _figure(samples: Samples, metric: str, name: str, said: str | None, unit: float) -> None:
    """The number that begins a value: ``45.0 Minutes``."""
    if said:
        samples[f"ups.{metric}", name] = number(said.split()[0].encode()) * unit


UPS = Collector(
    name="ups",
    title="UPS",
    tier=Tier.FACTS,
    command=COMMAND,
    every_s=60.0,
    parse=parse,
    machine_wide=True,
    metrics=(
        Metric("ups.charge_ratio", "ratio", "Charge of its battery", label="UPS", kept=True),
        Metric("ups.runtime_s", "s", "How long the battery lasts at this load", label="UPS"),
        Metric("ups.load_ratio", "ratio", "Share of its power that is drawn", label="UPS"),
    ),
)
