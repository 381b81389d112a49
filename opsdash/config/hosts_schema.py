"""The form of hosts.yaml: its fields, their types and their words for an editor."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from opsdash.config import field_values as values
from opsdash.config.form import ABSENT as _ABSENT
from opsdash.config.form import Form as _Form
from opsdash.config.form import Threshold
from opsdash.config.log_form import LogForm, LogName, log_entry
from opsdash.config.probe_form import ProbeForm, ProbeName, probe_entry
from opsdash.core.target import checked_name, checked_tag, checked_user

Name = Annotated[str, AfterValidator(checked_name)]
NameOrRange = Annotated[str, AfterValidator(values.name_or_range)]
Tag = Annotated[str, AfterValidator(checked_tag)]
PathText = Annotated[str, AfterValidator(values.path_text)]
Argument = Annotated[str, AfterValidator(values.argument)]
Deadline = Annotated[int, BeforeValidator(values.deadline_s, json_schema_input_type=int | str)]
Interval = Annotated[int, BeforeValidator(values.interval_s, json_schema_input_type=int | str)]
ProbeEntry = Annotated[
    ProbeForm, BeforeValidator(probe_entry, json_schema_input_type=ProbeForm | str)
]
LogEntry = Annotated[LogForm, BeforeValidator(log_entry, json_schema_input_type=LogForm | str)]


class Settings(_Form):
    """What hosts can have in common: the fields of defaults:, of a group and of a host."""

    address: Annotated[str, AfterValidator(values.address_template)] = Field(
        default=_ABSENT, description="DNS name, ssh alias or IP; {name} stands for the host's name"
    )
    port: Annotated[int, Field(ge=1, le=65535)] = Field(
        default=_ABSENT, description="Port of sshd; default: as ssh itself would"
    )
    user: Annotated[str, AfterValidator(checked_user)] = Field(
        default=_ABSENT, description="User to log in as; default: as ssh itself would"
    )
    keys: list[PathText] = Field(default=_ABSENT, description="Private key files, tried in order")
    jump: Annotated[str, AfterValidator(values.jump_host)] = Field(
        default=_ABSENT,
        description="Host to go through: a name of this file, user@address:port, ssh://name, none",
    )
    tags: list[Tag] = Field(default=_ABSENT, description="Words to select by: tag:prod")
    sudo: Literal["probe", "ask", "nopasswd", "none"] = Field(
        default=_ABSENT, description="How this user becomes root there; probe finds out"
    )
    host_key: Literal["strict", "accept-new"] = Field(
        default=_ABSENT, description="What to do with a host key that no known_hosts file lists"
    )
    known_hosts: list[PathText] = Field(
        default=_ABSENT, description="known_hosts files; default: as ssh itself would"
    )
    interval: Interval = Field(
        default=_ABSENT, description="Time between two looks: 2s, 1m, seconds"
    )
    thresholds: dict[str, Threshold] = Field(
        default=_ABSENT, description="Limits by check id, instead of the check's own"
    )
    probes: dict[ProbeName, ProbeEntry] = Field(
        default=_ABSENT,
        description="Own probes by name: a URL, tcp://host:port, a mapping, or none",
    )
    logs: dict[LogName, LogEntry] = Field(
        default=_ABSENT,
        description="Logs by name, for --source: a path, {command: ...}, or none",
    )
    transport: Literal["ssh", "openssh", "local"] = Field(
        default=_ABSENT,
        description="openssh: by the system's ssh program (Kerberos, FIDO keys, odd set-ups); "
        "local: this machine itself, without ssh",
    )
    ssh_config: PathText = Field(
        default=_ABSENT, description="Config file that ssh resolves the address with (ssh -F)"
    )


class HostForm(Settings):
    """One host, or each host of a range."""

    groups: list[Name] = Field(default=_ABSENT, description="Groups of this file it belongs to")


class MemberForm(HostForm):
    """A host that is declared in a group's list."""

    name: NameOrRange


Member = Annotated[
    MemberForm, BeforeValidator(values.member_entry, json_schema_input_type=MemberForm | str)
]


class GroupForm(Settings):
    """A group: its hosts, and what they have in common."""

    hosts: list[Member] = Field(default=_ABSENT, description="Names or ranges of hosts")


Host = Annotated[
    HostForm, BeforeValidator(values.host_entry, json_schema_input_type=HostForm | str | None)
]
Group = Annotated[
    GroupForm, BeforeValidator(values.empty_mapping, json_schema_input_type=GroupForm | None)
]
Defaults = Annotated[
    Settings, BeforeValidator(values.empty_mapping, json_schema_input_type=Settings | None)
]


class InventoryCommand(_Form):
    """A program that prints hosts as JSON: in the form of this file, or as Ansible's --list."""

    argv: Annotated[list[Argument], Field(min_length=1)] = Field(
        description="The program and its arguments; no shell reads them"
    )
    deadline: Deadline = Field(default=10, description="How long it may take: 10s, 1m, seconds")


Command = Annotated[
    InventoryCommand,
    BeforeValidator(values.command_entry, json_schema_input_type=InventoryCommand | list[str]),
]


class HostsForm(_Form):
    """The hosts of a fleet and how to reach them, for opsdash."""

    version: Literal[1] = Field(default=1, description="Version of this form")
    include: list[PathText] = Field(
        default=_ABSENT, description="More hosts files, relative to this one; globs allowed"
    )
    alerts_file: PathText = Field(
        default=_ABSENT,
        description="File through which several people share acks, mutes and maintenance windows",
    )
    read_only: bool = Field(
        default=_ABSENT, description="true: nothing is changed on any host, as with --read-only"
    )
    defaults: Defaults = Field(default=_ABSENT, description="Fields of every host of this file")
    inventory_command: Command = Field(
        default=_ABSENT, description="A program that prints more hosts, in an argument list"
    )
    groups: dict[Name, Group] = Field(default=_ABSENT, description="Groups by name")
    hosts: dict[NameOrRange, Host] = Field(default=_ABSENT, description="Hosts by name or range")


def hosts_json_schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of hosts.yaml, for editors and other programs."""
    schema = HostsForm.model_json_schema(mode="validation")
    _drop_null_defaults(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _drop_null_defaults(node: Any) -> None:
    """None marks "not given" inside; in the file itself such a null is a fault."""
    if isinstance(node, dict):
        if node.get("default", ...) is None:
            del node["default"]
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            _drop_null_defaults(part)
