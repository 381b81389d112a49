"""The form of a probe in hosts.yaml, and the probe that it makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from opsdash.config import field_values
from opsdash.config import probe_values as values
from opsdash.config.form import ABSENT, Form, Threshold
from opsdash.core import probe as core
from opsdash.core.health import Health
from opsdash.core.host import Limits
from opsdash.core.probe import Origin, Probe
from opsdash.core.target import checked_name

ProbeName = Annotated[str, AfterValidator(checked_name)]
probe_entry = values.entry

Endpoint = Annotated[str, BeforeValidator(values.endpoint, json_schema_input_type=int | str)]
Address = Annotated[str, AfterValidator(values.address)]
Text = Annotated[str, AfterValidator(values.words)]
Argument = Annotated[str, AfterValidator(field_values.argument)]
Size = Annotated[int, BeforeValidator(values.size_bytes, json_schema_input_type=int | str)]
Age = Annotated[float, BeforeValidator(values.age_s, json_schema_input_type=str)]
Number = Annotated[int, BeforeValidator(values.number, json_schema_input_type=int)]
Statuses = Annotated[
    tuple[int, ...], BeforeValidator(values.statuses, json_schema_input_type=int | list[int])
]
Addresses = Annotated[
    tuple[str, ...], BeforeValidator(values.addresses, json_schema_input_type=str | list[str])
]
Every = Annotated[int, BeforeValidator(values.every_s, json_schema_input_type=int | str)]
Timeout = Annotated[int, BeforeValidator(values.timeout_s, json_schema_input_type=int | str)]

FIELDS: dict[str, frozenset[str]] = {
    "tcp": frozenset({"time", "from"}),
    "tls": frozenset({"name", "expires", "time", "from"}),
    "http": frozenset({"status", "body", "verify", "time", "from"}),
    "dns": frozenset({"address", "time", "from"}),
    "process": frozenset({"args", "at_least", "at_most"}),
    "file": frozenset({"newer_than", "larger_than"}),
    "command": frozenset(),
}
"""What goes with each kind, beside what goes with all."""

_ALL = frozenset({"every", "timeout", "severity"})
_OWN = "127.0.0.1"


class ProbeForm(Form):
    """One probe: one of tcp, tls, http, dns, process, file, command, and what goes with it."""

    tcp: Endpoint = Field(default=ABSENT, description="address:port, or a port of the host itself")
    tls: Endpoint = Field(default=ABSENT, description="address:port, or a port of the host itself")
    http: Annotated[str, AfterValidator(values.url)] = Field(
        default=ABSENT, description="URL; {name} and {address} stand for the host's own"
    )
    dns: Address = Field(default=ABSENT, description="A name that must have an address")
    process: Text = Field(default=ABSENT, description="Name of a process")
    file: Annotated[str, AfterValidator(values.file_path)] = Field(
        default=ABSENT, description="A file there, or the newest of /path/name-*.dump"
    )
    command: Annotated[list[Argument], Field(min_length=1), AfterValidator(values.arguments)] = (
        Field(default=ABSENT, description="A program there that ends as Nagios plug-ins do")
    )
    name: Address = Field(default=ABSENT, description="Whom the certificate must be for")
    expires: Threshold = Field(default=ABSENT, description="Time left: {warn: 21d, crit: 7d}")
    time: Threshold = Field(default=ABSENT, description="Time taken: {warn: 1s, crit: 5s}")
    status: Statuses = Field(default=ABSENT, description="HTTP status that is fine, or a list")
    body: Annotated[str, AfterValidator(values.pattern)] = Field(
        default=ABSENT, description="Pattern (RE2) that the body must have"
    )
    verify: bool = Field(default=ABSENT, description="Whether the certificate must be trusted")
    address: Addresses = Field(default=ABSENT, description="IP addresses that the name must have")
    args: Text = Field(default=ABSENT, description="Text that its command line must have")
    at_least: Number = Field(default=ABSENT, description="So many processes, or more")
    at_most: Number = Field(default=ABSENT, description="So many processes, or fewer")
    newer_than: Age = Field(default=ABSENT, description="Age that is too old: 26h")
    larger_than: Size = Field(default=ABSENT, description="Size that is too small: 1M")
    from_: Literal["host", "here"] = Field(
        default=ABSENT, alias="from", description="Probed by the host, or by this machine"
    )
    every: Every = Field(default=ABSENT, description="How often: 60s, 5m, 1h")
    timeout: Timeout = Field(default=ABSENT, description="How long it may take: 10s")
    severity: Literal["warn", "crit"] = Field(default=ABSENT, description="What a failure is worth")


NAMES = tuple(field.alias or name for name, field in ProbeForm.model_fields.items())
"""The keys of the form."""


def faults_of(form: ProbeForm) -> Iterator[tuple[str, str]]:
    """What does not go together: the key that is to blame (empty: the probe), and the words."""
    given = [name.rstrip("_") for name in ProbeForm.model_fields if name in form.model_fields_set]
    kinds = [name for name in given if name in FIELDS]
    if given and len(kinds) != 1:
        said = "several things" if kinds else "nothing"
        yield "", f"names {said} to probe: give one of {', '.join(FIELDS)}"
        return
    for name in given:
        if name not in FIELDS[kinds[0]] | _ALL | {kinds[0]}:
            fitting = ", ".join(sorted(FIELDS[kinds[0]] | _ALL))
            yield name, f"means nothing beside {kinds[0]}: there are {fitting}"
    for name, sign in (("time", 1), ("expires", -1)):
        pair = getattr(form, name)
        if name in given and _is_crossed(pair, sign):
            worse = "longer" if sign > 0 else "shorter"
            yield name, f"warn lies beyond crit: {worse} is worse"
    if {"at_most", "at_least"} <= set(given) and form.at_most < form.at_least:
        yield "at_most", "is less than at_least"
    if (form.timeout or core.TIMEOUT_S) > (form.every or core.EVERY_S):
        yield "timeout" if form.timeout else "every", "a try may take longer than until the next"


def _is_crossed(pair: Threshold, sign: int) -> bool:
    """Whether warn lies beyond crit; `sign` is -1 where less is worse."""
    warn, crit = pair.warn, pair.crit
    return warn is not None and crit is not None and sign * warn > sign * crit


def probe_of(name: str, form: ProbeForm) -> Probe | None:
    """The probe that a right form makes; None where it undoes one."""
    given = form.model_fields_set
    if not given:
        return None
    what = _what(form, "{address}" if form.from_ == "here" else _OWN)
    return Probe(
        name,
        what,
        Origin(form.from_ or Origin.HOST),
        form.every or core.EVERY_S,
        form.timeout or core.TIMEOUT_S,
        _limits(form.time) if "time" in given else core.NOT_LIMITED,
        Health.WARN if form.severity == "warn" else Health.CRIT,
    )


def _limits(pair: Threshold) -> Limits:
    return Limits(pair.warn, pair.crit)


def _what(form: ProbeForm, own: str) -> core.What:
    """What is probed; `own` is the address where the form has a port alone."""
    given = form.model_fields_set
    if "tcp" in given:
        address, port = values.split_endpoint(form.tcp)
        return core.Tcp(address or own, port)
    if "tls" in given:
        address, port = values.split_endpoint(form.tls)
        known = _limits(form.expires) if "expires" in given else core.EXPIRES
        return core.Tls(address or own, port, form.name or "", known)
    if "http" in given:
        checked = form.verify if "verify" in given else True
        return core.Http(form.http, form.status or (), form.body or "", checked)
    if "dns" in given:
        return core.Dns(form.dns, form.address or ())
    if "process" in given:
        most: Any = form.at_most
        fallback = 1 if most is None else min(1, most)
        least = form.at_least if "at_least" in given else fallback
        return core.Process(form.process, form.args or "", least, most)
    if "file" in given:
        return core.File(form.file, form.newer_than, form.larger_than)
    return core.Command(tuple(form.command))


def aimed(probe: Probe, name: str, address: str) -> Probe:
    """The probe of one host: ``{name}`` and ``{address}`` in it stand for that host's own."""
    what = probe.what
    match what:
        case core.Tcp() | core.Tls():
            target = what.address.replace("{name}", name).replace("{address}", address)
            what = replace(what, address=target)
            if isinstance(what, core.Tls):
                shown = what.name.replace("{name}", name).replace("{address}", address)
                what = replace(what, name=shown or ("" if target == _OWN else target))
        case core.Http():
            bracketed = f"[{address}]" if ":" in address else address
            url = what.url.replace("{name}", name).replace("{address}", bracketed)
            what = replace(what, url=url)
        case core.Dns():
            what = replace(what, name=what.name.replace("{name}", name))
            what = replace(what, name=what.name.replace("{address}", address))
        case _:
            return probe
    return probe if what == probe.what else replace(probe, what=what)
