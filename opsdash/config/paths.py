"""Where the user's files are, and the ones that come with opsdash.

The current directory is never searched: a hosts file can name commands for ssh to run.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import platformdirs

import opsdash
from opsdash.core.errors import ConfigError, Fault

HOSTS_VARIABLE = "OPSDASH_HOSTS"
_PACKAGE = Path(opsdash.__file__).parent


def config_dir() -> Path:
    """``$XDG_CONFIG_HOME/opsdash``; it may not exist."""
    return platformdirs.user_config_path("opsdash")


def state_dir() -> Path:
    """``$XDG_STATE_HOME/opsdash``, made and closed to others (0700) where that can be done.

    Where it can't, the store says so and goes on in memory: nothing here stops the monitoring.
    """
    path = platformdirs.user_state_path("opsdash")
    with suppress(OSError):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.stat().st_mode & 0o077:
            path.chmod(0o700)
    return path


def default_hosts_file() -> Path:
    """Where hosts.yaml is looked for when neither flag nor variable names one."""
    return config_dir() / "hosts.yaml"


def hosts_parts_dir() -> Path:
    """The folder whose ``*.yaml`` belong to the user's own hosts.yaml without being named there."""
    return config_dir() / "hosts.d"


def hosts_parts() -> list[Path]:
    """The files of that folder, by name; what can't be listed has none."""
    with suppress(OSError):
        return sorted(path for path in hosts_parts_dir().glob("*.yaml") if path.name[0] != ".")
    return []


def hosts_file(explicit: str | None, environ: Mapping[str, str] | None = None) -> Path | None:
    """The hosts file: the given path, else ``$OPSDASH_HOSTS``, else the user's own, else None.

    The user's own may be missing as long as there is a file in hosts.d beside it. ConfigError when
    a path was named and nothing is there: another file in its place would show the wrong fleet.
    """
    named = (os.environ if environ is None else environ).get(HOSTS_VARIABLE, "")
    for text, origin in ((explicit or "", "--hosts"), (named, f"${HOSTS_VARIABLE}")):
        if text:
            return _named(text, origin)
    own = default_hosts_file()
    return own if os.path.lexists(own) or hosts_parts() else None


def _named(text: str, origin: str) -> Path:
    try:
        path = Path(text).expanduser()
        there = os.path.lexists(path)
    except (RuntimeError, ValueError):  # nobody's home directory, or a NUL
        there, path = False, Path(text)
    if not there:
        raise ConfigError([Fault(str(path), 0, 0, f"there is no such file (named by {origin})")])
    return path


def alerts_file() -> Path:
    """Where alerts are shared if it exists and no hosts file names another."""
    return config_dir() / "alerts.yaml"


def guardrails_file(source: str = "") -> Path:
    """Where guardrails.yaml is looked for: beside the hosts file in force; it may not exist."""
    return (Path(source).absolute().parent if source else config_dir()) / "guardrails.yaml"


def actions_files(source: str = "") -> tuple[Path, ...]:
    """Where the user's own actions are looked for, a later file's over an earlier one's: in the
    configuration, and beside the hosts file in force; they may not exist.
    """
    return _own_and_beside("actions.yaml", source)


def watch_rules_files(source: str = "") -> tuple[Path, ...]:
    """Where the user's own watch rules are looked for, in the same way."""
    return _own_and_beside("watch_rules.yaml", source)


def beside(source: str = "") -> tuple[Path, ...]:
    """All files that stand beside the hosts file in force and are a part of what it declares."""
    return (guardrails_file(source), *actions_files(source), *watch_rules_files(source))


def _own_and_beside(name: str, source: str) -> tuple[Path, ...]:
    own = config_dir() / name
    beside = Path(source).absolute().parent / name if source else own
    return (own,) if beside == own else (own, beside)


def shipped_watch_rules_folder(package: Path = _PACKAGE) -> Path:
    """The folder of the watch rules that come with opsdash."""
    return package / "activities" / "troubleshoot" / "watch_rules"


def shipped_runbooks_folder(package: Path = _PACKAGE) -> Path:
    """The folder of the runbooks that come with opsdash."""
    return package / "activities" / "troubleshoot" / "runbooks"


def runbook_folders(source: str = "") -> tuple[Path, ...]:
    """Where the user's own runbooks are looked for, a later folder's over an earlier one's: in the
    configuration, and beside the hosts file in force; they may not exist.
    """
    return _own_and_beside("runbooks", source)


def keys_file() -> Path:
    """Where keys.yaml is looked for; it may not exist."""
    return config_dir() / "keys.yaml"


def shipped(name: str, package: Path = _PACKAGE) -> Path | None:
    """A file or folder that comes with opsdash; None if it is missing.

    In a wheel it stands in the package; in an editable install beside it, where pyproject.toml is.
    """
    inside, beside = package / name, package.parent / name
    if inside.exists():
        return inside
    in_source = (package.parent / "pyproject.toml").is_file()
    return beside if in_source and beside.exists() else None


def themes_dirs(package: Path = _PACKAGE) -> tuple[Path, ...]:
    """The folders that hold themes, shipped ones first: a later theme replaces an earlier one."""
    return tuple(folder for folder in theme_folders(package) if folder.is_dir())


def theme_folders(package: Path = _PACKAGE) -> tuple[Path, ...]:
    """themes_dirs(), and those that may come to be while the program runs."""
    own = config_dir() / "themes"
    ours = shipped("themes", package)
    return (own,) if ours is None else (ours, own)
