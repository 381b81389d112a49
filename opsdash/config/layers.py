"""What a host gets from whom: its own fields over its groups' over the defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from opsdash.config.hosts_schema import Settings
from opsdash.config.log_form import clash_of, log_of
from opsdash.config.probe_form import aimed, faults_of, probe_of
from opsdash.core.host import Host, HostKeyPolicy, Limits, Sudo, Way
from opsdash.core.named_log import NamedLog
from opsdash.core.probe import Probe


@dataclass(frozen=True, slots=True)
class Layer:
    """The fields that one place of the file gives, under the names that Host has for them."""

    values: Mapping[str, Any]
    tags: frozenset[str]
    thresholds: Mapping[str, Limits]
    probes: Mapping[str, Probe | None]
    logs: Mapping[str, NamedLog | None]


NOTHING = Layer({}, frozenset(), {}, {}, {})

_SSH_FIELDS = ("port", "user", "keys", "jump", "known_hosts", "ssh_config")


def layer(form: Settings, folder: Path) -> Layer:
    """The layer that a form makes; relative paths start from the folder of its file."""
    given = form.model_fields_set
    if not given:
        return NOTHING
    values: dict[str, Any] = {}
    for name in given & {"address", "port", "user"}:
        values[name] = getattr(form, name)
    for name in given & {"keys", "known_hosts"}:
        values[name] = tuple(_full(text, folder) for text in getattr(form, name))
    _add_renamed(values, form, folder)
    tags = frozenset(form.tags) if "tags" in given else frozenset[str]()
    limits = form.thresholds if "thresholds" in given else {}
    probes = form.probes if "probes" in given else {}
    logs = form.logs if "logs" in given else {}
    return Layer(
        values,
        tags,
        {check: Limits(pair.warn, pair.crit) for check, pair in limits.items()},
        {own: probe_of(own, one) for own, one in probes.items() if not any(faults_of(one))},
        {own: log_of(own, one) for own, one in logs.items() if not clash_of(one)},
    )


def _add_renamed(values: dict[str, Any], form: Settings, folder: Path) -> None:
    given = form.model_fields_set
    if "jump" in given:
        values["jump"] = None if form.jump == "none" else form.jump
    if "sudo" in given:
        values["sudo"] = Sudo(form.sudo)
    if "host_key" in given:
        values["host_key"] = HostKeyPolicy(form.host_key)
    if "interval" in given:
        values["interval_s"] = form.interval
    if "transport" in given:
        values["way"] = Way(form.transport)
    if "ssh_config" in given:
        values["ssh_config"] = _full(form.ssh_config, folder)


def _full(text: str, folder: Path) -> str:
    return str(folder.absolute() / Path(text).expanduser())


def merged(name: str, groups: tuple[str, ...], layers: Iterable[Layer]) -> Host:
    """The host that the layers make, weakest first: later values win; tags, checks, probes and
    logs add up."""
    values: dict[str, Any] = {}
    tags: frozenset[str] = frozenset()
    thresholds: dict[str, Limits] = {}
    probes: dict[str, Probe | None] = {}
    logs: dict[str, NamedLog | None] = {}
    for one in layers:
        values.update(one.values)
        tags |= one.tags
        thresholds.update(one.thresholds)
        probes.update(one.probes)
        logs.update(one.logs)
    if values.get("way") is Way.LOCAL:
        values = {key: value for key, value in values.items() if key not in _SSH_FIELDS}
        values["address"] = "localhost"
    elif values.get("address"):
        values["address"] = values["address"].replace("{name}", name)
    if values.get("jump") == name:
        values["jump"] = None  # from a default or a group: the bastion itself is reached directly
    address = values.get("address") or name
    values["probes"] = tuple(aimed(one, name, address) for one in probes.values() if one)
    values["logs"] = tuple(one for one in logs.values() if one)
    return Host(name, tags=tags, groups=groups, thresholds=MappingProxyType(thresholds), **values)
