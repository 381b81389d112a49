"""Every kind of file that a user writes or that is kept for one: an example, and what reads it.

A new kind joins here; a test fails while one is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from opsdash.config.actions_file import read_actions
from opsdash.config.alerts_file import read_alerts
from opsdash.config.guardrails_file import read_guardrails
from opsdash.config.hooks_file import read_hooks
from opsdash.config.host_names import named_in
from opsdash.config.hosts import load_fleet
from opsdash.config.importers.ansible import read_ansible
from opsdash.config.importers.clustershell import read_clustershell
from opsdash.config.importers.imported import is_untouched, made_of
from opsdash.config.importers.ssh_config import read_ssh_config
from opsdash.config.keys import load_keymap
from opsdash.config.runbook_files import known_things, runbook_from
from opsdash.config.themes import load_theme
from opsdash.config.watch_rules_file import read_watch_rules
from opsdash.core import discover
from opsdash.core.errors import ConfigError
from opsdash.core.host import Host
from opsdash.store.kept_views import KeptViews


@dataclass(frozen=True)
class Loader:
    """`name` is what such a file is called, `example` one that is right, `load` raises ConfigError
    or nothing, `modules` are those that it reads text by.
    """

    name: str
    example: str
    load: Callable[[Path], object]
    modules: tuple[str, ...]


def load_views(path: Path) -> None:
    """Views never fail: what can't be read is told, and set aside."""
    views = KeptViews(path)
    assert views.notice or views.kept is not None


def is_import(path: Path) -> None:
    """Whether a file in hosts.d is of an import is asked of any file there."""
    made_of(path)
    is_untouched(path)


def load_watch_rules(path: Path) -> None:
    """Watch rules: faults are told, the others hold."""
    hosts = {"web1": Host("web1", tags=frozenset({"prod"}))}
    if faults := read_watch_rules([path], hosts).faults:
        raise ConfigError(list(faults))


def load_keys(path: Path) -> None:
    """Keys of the user's own, for the keys that there are."""
    load_keymap(path, discover.keys())


def load_runbook(path: Path) -> None:
    """A runbook of the user's own."""
    runbook_from(path, known_things(), own=True)


def names_in(path: Path) -> None:
    """Names for the tab key: what can't be read has none."""
    named_in([path])


ACTIONS = """\
actions:
  app.drain:
    title: Drain
    danger: outage
    target: pool
    arguments:
      pool: {help: the pool, type: word}
    run: |
      drain "$pool"
    undo: |
      fill "$pool"
"""

RUNBOOK = """\
title: Ours
checks: [zombies]
arguments:
  unit: {help: the service, from: subject, default: shop}
steps:
  - look: whether it runs
    as: there
    run: ps
  - decide: whether it runs
    cases:
      - if: {in: there, matches: "(?P<pid>[0-9]+) {unit}"}
        say: "{unit} is there"
      - else: true
        go: end
  - do: process.signal
    with: {pid: "{pid}"}
  - verify: it is gone
    run: ps
    until: {lacks: x}
  - end: done
"""

KEYS = """\
preset: vim
keys:
  host.jump: ctrl+g
  freeze: "f9,f10"
  reload: [f8]
  redraw: none
"""

HOSTS = """\
defaults: {user: ops, interval: 5s}
groups:
  web: {hosts: ["web[1:2]"], tags: [prod], thresholds: {disk-full: {warn: 80%, crit: never}}}
hosts:
  gate: 10.0.0.1:2222
  db1: {address: "10.0.0.2", jump: gate, keys: [~/.ssh/id], groups: [web]}
"""

THEME = """\
name: night
dark: true
background: "#0b0e14"
foreground: "#e6e6e6"
surface: "#151a23"
muted: "#9aa5b1"
accent: "#7fb4ff"
cursor: "#1f2d4a"
health: {ok: "#8fd18f", unknown: "#c3a6ff", warn: "#ffd166", crit: "#ff8f8f", down: "#ff7ab6"}
glyphs: {ok: "o", down: "x"}
"""

INVENTORY = """\
all:
  vars: {ansible_user: ops}
  children:
    web:
      hosts: {"web[1:2]": {ansible_port: 2222}, db1: {ansible_host: 10.0.0.2}}
"""

INI = """\
[web]
web[1:2].example.org ansible_user=ops ansible_port=2222
[db:children]
web
[db:vars]
ansible_ssh_private_key_file=~/.ssh/id
"""

SSH = """\
Include conf.d/*
Host web1 "web two" !odd *.org
    HostName=10.0.0.1
    ProxyJump gate,ops@gate2:22
Match host web1 exec "true"
    User ops
"""

VIEWS = """\
{"last": {"fleet": {"sort": "cpu", "filter": "web", "group": "site"}},
 "saved": {"night": {"problems": true}}, "history": {"filter": ["cpu>80"]}, "choices": {"a": "b"}}
"""

ALERTS = """\
version: 1
silences:
  - {id: "a1", kind: "ack", hosts: "db1", check: "disk-full", subject: "/var", reason: "new disk",
     who: "tom@desk", at: "2026-11-27T18:00:00Z", until: "2026-11-27T20:00:00Z"}
  - {id: "m1", kind: "maintenance", hosts: "group:web", reason: "move", who: "ann",
     at: "2026-11-27T18:00:00Z", until: "2026-11-28T18:00:00Z"}
"""

HOOKS = """\
hooks:
  mail:
    command: [mail-alert, ops@example.org, "{title}"]
    severity: warn
    select: "tag:prod !db3"
    checks: [disk-*, host-unreachable]
    quiet_hours: 22:00-07:00
    except: crit
    rate_limit: 10/h
  chat: {webhook: {url: "https://chat.example.org/x", body: {text: "{title}"}}, tell: both}
"""

WATCH_RULES = """\
rules:
  our-app:
    title: Orders fail
    pattern: 'order \\d+ (failed|lost)'
    except: retry
    source: [app, "unit:app.service", /srv/app/log, kernel]
    severity: critical
    count: 5
    within: 10m
    words: [order]
    advice: ask the shop
    hosts: "tag:prod"
  hung-task: {enabled: false}
"""
GUARDRAILS = """\
confirm_tags: [prod, pci]
rules:
  night:
    actions: [host.reboot, "service.*"]
    commands: '\\breboot\\b'
    hosts: "tag:prod !lab*"
    only: ["mon-fri 22:00-05:00", "sat,sun"]
    never: 01:00-02:00
    confirm: NIGHT
    max_hosts: 3
    reason: At night only.
  stop: {deny: true, reason: "Never."}
"""

LOADERS = (
    Loader("guardrails.yaml", GUARDRAILS, read_guardrails, ("config.guardrails_file",)),
    Loader("watch_rules.yaml", WATCH_RULES, load_watch_rules, ("config.watch_rules_file",)),
    Loader("hooks.yaml", HOOKS, read_hooks, ("config.hooks_file",)),
    Loader("actions.yaml", ACTIONS, read_actions, ("config.actions_file",)),
    Loader("our-book.yaml", RUNBOOK, load_runbook, ("config.runbook_files",)),
    Loader("alerts.yaml", ALERTS, read_alerts, ("config.alerts_file",)),
    Loader("hosts.yaml", HOSTS, load_fleet, ("config.hosts_files", "config.marked_yaml")),
    Loader("theme.yaml", THEME, load_theme, ("config.themes",)),
    Loader("inventory.yaml", INVENTORY, read_ansible, ("config.importers.ansible_yaml",)),
    Loader("inventory.ini", INI, read_ansible, ("config.importers.ansible",)),
    Loader("nodes.cfg", "web: node[1-3,5]\nall: @web\n", read_clustershell, ()),
    Loader(
        "nodes.yaml",
        "roles:\n  web: node[1-3]\n  db: '@web'\n",
        read_clustershell,
        ("config.importers.clustershell",),
    ),
    Loader("ssh_config", SSH, read_ssh_config, ("config.importers.ssh_config",)),
    Loader("keys.yaml", KEYS, load_keys, ("config.keys",)),
    Loader("names.yaml", HOSTS, names_in, ("config.host_names",)),
    Loader("imported.yaml", HOSTS, is_import, ("config.importers.imported",)),
    Loader("views.json", VIEWS, load_views, ("store.kept_views",)),
)

OF_PROGRAMS = {
    "config.inventory_command": "tests/unit/test_inventory_command.py",
    "store.store": "tests/unit/test_store.py",
    "store.history_numbers": "tests/unit/test_history.py",
    "store.frames": "tests/unit/test_rewind.py",
    "store.hooks": "tests/unit/test_store.py",
    "store.jobs": "tests/unit/test_jobs.py",
    "store.lease": "tests/unit/test_turns.py",
}
"""What reads text that no user writes, and where it is tested."""
