"""What smartctl prints of one disk (ATA, SCSI or NVMe), understood.

Its text is read and not its JSON: every version since 5.42 prints it, and it takes a third of the
bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from opsdash.core.reading import Row, SampleKey

Samples = dict[SampleKey, float]

_MODEL = re.compile(r"^(?:Device Model|Model Number|Product): +(.+)$", re.IGNORECASE)
_VENDOR = re.compile(r"^Vendor: +(.+)$")
_SERIAL = re.compile(r"^Serial number: +(\S+)", re.IGNORECASE)
_HEALTH = re.compile(
    r"^SMART (?:overall-health self-assessment test result|Health Status): *(\S.*)$"
)
_FIELD = re.compile(r"^([A-Z][A-Za-z ]+): +([0-9,]+)(?: ?%| C(?:elsius)?)?$")
_STATISTIC = re.compile(r"^ *(?:0x0)?7 +0x008 +1 +(\d+)\b.*Percentage Used Endurance Indicator")
_POWERED = re.compile(r"^Accumulated power on time, hours:minutes (\d+):")
_WARNING = re.compile(r"^Critical Warning: +0x([0-9a-fA-F]{1,2})$")
_UNABLE = re.compile(
    r"Smartctl open device|Identi\w+ (?:Controller )?failed|Unavailable - |Unknown|"
    r"no answer in time"
)
_ASLEEP = re.compile(r"^Device is in (?:STANDBY|SLEEP)")

_WARNINGS = (
    "spare blocks run out",
    "too hot",
    "its media is unreliable",
    "it only reads",
    "its cache has no backup power",
    "its persistent memory is unreliable",
)
"""Bits of an NVMe disk's critical warning, the lowest first."""

_TELLING = frozenset({5, 10, 184, 187, 188, 196, 197, 198, 199})
"""Attributes that are worth to be shown once they count anything."""

_MOST_SECTORS = 10_000_000
"""A raw value beyond is no count: some models keep several numbers in it."""

_LIFE_LEFT = frozenset(
    {
        "Media_Wearout_Indicator",
        "Wear_Leveling_Count",
        "SSD_Life_Left",
        "Percent_Lifetime_Remain",
        "Percent_Lifetime_Used",  # an older name of the same: its value falls from 100
        "Perc_Rated_Life_Used",  # and so does this one's
        "Percent_Life_Remaining",
        "Remaining_Lifetime_Perc",
        "Drive_Life_Remaining%",
    }
)
"""Attributes whose value falls from 100 to 0 as the flash wears out."""

_PLAIN = {
    "Temperature": "storage.disk_celsius",
    "Current Drive Temperature": "storage.disk_celsius",
    "Elements in grown defect list": "storage.disk_reallocated_sectors",
    "Media and Data Integrity Errors": "storage.disk_media_errors",
    "Power On Hours": "storage.disk_hours",
}
_RATIOS = {
    "Percentage Used": "storage.disk_worn_ratio",
    "Percentage used endurance indicator": "storage.disk_worn_ratio",
    "Available Spare": "storage.disk_spare_ratio",
}


def disk(name: str, lines: Iterable[str], samples: Samples) -> Row:
    """A row about a disk: its `state` (``ok``, ``failed``, ``asleep``, ``unreadable``), what is
    `failing`, and its telling `attributes`; its figures go to `samples`.
    """
    said = _Said(name, samples)
    for line in lines:
        said.take(line.rstrip())
    return said.row()


class _Said:
    """What one disk has said so far."""

    def __init__(self, name: str, samples: Samples) -> None:
        self.name = name
        self.samples = samples
        self.words: dict[str, str] = {}
        self.failing: list[str] = []
        self.worn: list[str] = []
        self.attributes: list[str] = []

    def take(self, line: str) -> None:
        """One line of the output."""
        fields = line.split(None, 9)
        if len(fields) == 10 and fields[0].isdigit() and fields[2].startswith("0x"):
            self._attribute(fields)
        elif found := _STATISTIC.match(line):
            self._ratio("storage.disk_worn_ratio", found[1])
        elif found := _FIELD.match(line):
            self._figure(found[1].strip(), found[2].replace(",", ""))
        elif found := _WARNING.match(line):
            bits = int(found[1], 16)
            self.failing += [text for bit, text in enumerate(_WARNINGS) if bits >> bit & 1]
            if bits:
                self.attributes.append(line)
        elif found := _POWERED.match(line):
            self._count("storage.disk_hours", found[1])
        else:
            self._word(line)

    def _word(self, line: str) -> None:
        for key, form in (("model", _MODEL), ("vendor", _VENDOR), ("serial", _SERIAL)):
            if found := form.match(line):
                self.words.setdefault(key, found[1].strip())
        if found := _HEALTH.match(line):
            self.words["health"] = found[1]
            if found[1] not in ("OK", "PASSED"):
                self.attributes.append(line)
        elif _ASLEEP.match(line):
            self.words["asleep"] = line
        elif _UNABLE.search(line):
            self.words.setdefault("unable", line)

    def _figure(self, name: str, value: str) -> None:
        if name in _PLAIN:
            self._count(_PLAIN[name], value)
            if name in ("Media and Data Integrity Errors", "Elements in grown defect list"):
                self.attributes += [f"{name}: {value}"] if int(value) else []
        elif name in _RATIOS:
            self._ratio(_RATIOS[name], value)

    def _attribute(self, fields: list[str]) -> None:
        """A line of the table of an ATA disk."""
        number, name, _, value, _, _, kind, _, failed, raw = fields
        counted = re.match(r"\d+", raw)
        if failed == "FAILING_NOW":
            (self.failing if kind == "Pre-fail" else self.worn).append(name)
        if failed == "FAILING_NOW" or (int(number) in _TELLING and counted and int(counted[0])):
            self.attributes.append(f"{number} {name} {value} raw {raw}")
        if name in _LIFE_LEFT and value.isdigit():
            key = ("storage.disk_worn_ratio", self.name)
            self.samples.setdefault(key, max(0.0, 1.0 - int(value) / 100))
        if counted:
            self._raw(int(number), name, counted[0])

    def _raw(self, number: int, name: str, raw: str) -> None:
        if number in (197, 198):  # mostly the same sectors, so they are not added up
            if int(raw) > _MOST_SECTORS:
                return
            key = ("storage.disk_bad_sectors", self.name)
            self.samples[key] = max(self.samples.get(key, 0.0), float(int(raw)))
        elif number == 5:
            self._count("storage.disk_reallocated_sectors", raw)
        elif name == "Power_On_Hours":
            self._count("storage.disk_hours", raw)
        elif number in (190, 194):
            self._count("storage.disk_celsius", raw)

    def _count(self, metric: str, value: str) -> None:
        self.samples[metric, self.name] = float(int(value))

    def _ratio(self, metric: str, percent: str) -> None:
        self.samples[metric, self.name] = int(percent) / 100

    def row(self) -> Row:
        """All of it; a disk that did not say how it is, is not said to be well."""
        health = self.words.get("health", "")
        state = "ok" if health in ("OK", "PASSED") else "failed"
        if not health:
            state = "asleep" if "asleep" in self.words else "unreadable"
        model = self.words.get("model", "")
        vendor = self.words.get("vendor", "")
        return {
            "kind": "disk",
            "name": self.name,
            "model": model if vendor in model else f"{vendor} {model}",
            "serial": self.words.get("serial", ""),
            "state": state,
            "failing": ", ".join(self.failing),
            "worn": ", ".join(self.worn),
            "attributes": "; ".join(self.attributes),
            "note": "" if health else self.words.get("unable", ""),
        }
