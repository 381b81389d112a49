"""Writes the pages that list plug-ins and keys, from the registry: ``python docs/generate.py``.

With ``--check`` it writes nothing and exits with 1 when a page is stale; a test does the same.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from opsdash.cli.main import opsdash
from opsdash.config.runbook_files import shipped_runbooks
from opsdash.core.discover import actions, checks, collectors, commands, keys
from opsdash.core.examination import ABOUT
from opsdash.core.figures import FIGURES, Unit
from opsdash.core.plugin import Collector, Tier
from opsdash.core.problem import CAUSES, HINTS, Problem, ProblemKind
from opsdash.core.text import duration

DOCS = Path(__file__).parent
NOTE = "<!-- Made by docs/generate.py from the registry: change the plug-in, not this page. -->\n"


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    escaped = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in escaped)


def metrics_page() -> str:
    """Every number that opsdash reads, by collector."""
    parts = [
        NOTE,
        "# Metrics\n\nWhat `opsdash status --json` calls them, and where they come from.\n",
    ]
    for collector in collectors().values():
        parts.append(f"\n## {collector.title} (`{collector.name}`)\n\n{_source(collector)}\n\n")
        rows = (
            (
                f"`{metric.name}{'{' + metric.label + '}' if metric.label else ''}`",
                metric.unit,
                str(metric.kind),
                metric.help,
            )
            for metric in collector.metrics
        )
        parts.append(table(("metric", "unit", "kind", "meaning"), rows))
    return "".join(parts)


def _source(collector: Collector) -> str:
    if collector.tier is Tier.PULSE:
        read = ", ".join(f"`{wanted.path}`" for wanted in collector.reads)
        text = f"Read with every pulse from {read}."
    else:
        text = (
            f"Asked every {duration(collector.every_s)}, cut off after {collector.timeout_s:.0f} s."
        )
    if collector.tier is Tier.PROBE:
        text = (
            f"Each probe is asked at its own time: every {duration(collector.every_s)} if not said."
        )
    if collector.tier is Tier.DEMAND:
        text += " Only while a page shows it, or a finding wants to name who is to blame."
    if collector.machine_wide:
        text += (
            " In a container these are the whole machine's: they are shown so and judge nothing."
        )
    return text


def checks_page() -> str:
    """Every check, with its limits."""
    rows = []
    for check in checks().values():
        limits = check.limits
        below = "below " if check.lower_is_worse else ""
        shown = [_limit(limit, check.unit, below) for limit in (limits.warn, limits.crit)]
        hold = duration(check.hold_s) if check.hold_s else "at once"
        reads = ", ".join(check.reads) or "the connection"
        if any(collectors()[name].machine_wide for name in check.reads):
            reads += " (not in a container)"
        rows.append((f"`{check.id}`", check.title, *shown, hold, reads, check.advice))
    header = ("check", "what is wrong", "WARN from", "CRIT from", "after", "reads", "advice")
    intro = (
        "# Checks\n\nLimits can be set for each host under `thresholds:` in hosts.yaml, "
        "by the check's id.\n\n"
    )
    return NOTE + intro + table(header, rows)


def _limit(limit: float | None, unit: str, below: str) -> str:
    """A limit with its unit, as a person would say it."""
    if limit is None:
        return "-"
    if unit == "ratio":
        return f"{below}{limit * 100:g}%"
    return below + (duration(limit) if unit == "s" else f"{limit:g} {unit}")


def commands_page() -> str:
    """Every verb of the command line, with its own help."""
    intro = "# Commands\n\nWithout a verb, `opsdash` opens the screen.\n"
    parts = [NOTE, intro, f"\n```text\n{_help(opsdash, 'opsdash')}\n```\n"]
    for command in commands().values():
        built = command.build()
        text = _help(built, f"opsdash {command.name}")
        parts.append(f"\n## {command.name}\n\n```text\n{text}\n```\n")
        for name, verb in sorted(getattr(built, "commands", {}).items()):
            text = _help(verb, f"opsdash {command.name} {name}")
            parts.append(f"\n### {command.name} {name}\n\n```text\n{text}\n```\n")
    return "".join(parts)


def actions_page() -> str:
    """Every action: what it takes, how bad it can be, how it goes over several hosts."""
    rows = []
    for action in sorted(actions().values(), key=lambda one: one.id):
        taken = "; ".join(
            f"`{one.name}`{'' if one.default is None else ' (may be left out)'}: {one.help}"
            for one in action.arguments
        )
        rollout = action.rollout
        ways = [f"canary {rollout.canary}"] if rollout.canary else []
        ways += [f"waves of {rollout.wave}"] if rollout.wave else []
        ways += [f"{rollout.at_a_time} at a time"] + (["health gate"] if rollout.gate else [])
        rows.append((f"`{action.id}`", action.danger.value, taken or "-", ", ".join(ways)))
    intro = (
        "# Actions\n\nWhat `opsdash do ACTION SELECT key=value` knows. How a plan is applied "
        "stands in [changing-hosts.md](changing-hosts.md).\n\n"
    )
    header = ("action", "danger", "arguments", "several hosts, unless said otherwise")
    return NOTE + intro + table(header, rows)


def _help(command: click.Command, called: str) -> str:
    with click.Context(command, info_name=called, **opsdash.context_settings) as context:
        return command.get_help(context)


def figures_table() -> str:
    """What filters and selections compare, and rows are sorted by."""
    rows = ((f"`{one.name}`", one.about, _compared(one.unit)) for one in FIGURES.values())
    return table(("figure", "what it is", "compared in"), rows)


def _compared(unit: Unit) -> str:
    words = {
        Unit.PERCENT: "percent",
        Unit.SECONDS: "s, m, h, d",
        Unit.BYTES_PER_S: "bytes per second: K, M, G",
        Unit.PLAIN: "plain numbers",
    }
    return words[unit]


BEGIN, END = "<!-- figures: made by docs/generate.py -->\n", "<!-- end of figures -->\n"


def fleet_page() -> str:
    """The page about the fleet page, with its table of figures renewed."""
    text = (DOCS / "fleet-page.md").read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{figures_table()}\n{END}{after}"


def runbooks_page() -> str:
    """The page about runbooks, with the table of those that come with opsdash renewed."""
    text = (DOCS / "runbooks.md").read_text(encoding="utf-8")
    begin, end = "<!-- runbooks: made by docs/generate.py -->\n", "<!-- end of runbooks -->\n"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    rows = (
        (f"`{one.id}`", one.title, ", ".join(one.checks) or "-", one.danger.value)
        for one in shipped_runbooks().books.values()
    )
    made = table(("runbook", "title", "for", "danger"), rows)
    return f"{before}{begin}\n{made}\n{end}{after}"


KEYS = """# Keys

`?` shows the keys that work where you are, `:keys` (or `opsdash keys`) all of them.

## Your own keys

`~/.config/opsdash/keys.yaml` gives other keys to any id of the tables below:

```yaml
preset: vim            # default, vim or k9s: what the others change
keys:
  raw: L
  refresh: "U,ctrl+r"  # two keys; [U, ctrl+r] says the same
  host.jump: "?"       # quote what is neither a letter nor a digit
  help: f1             # ? is taken now
  wide: none           # no key: the palette still has it
```

A key is a character (`G` is shift+g), a word (`enter`, `esc`, `space`, `tab`, `backspace`, `del`,
`ins`, `home`, `end`, `pgup`, `pgdn`, `up`, `down`, `left`, `right`, `f1` to `f20`), or one of these
after `ctrl+`, `alt+` or `shift+`, as far as plain terminals send it. `ctrl+i` is tab and `ctrl+m`
is enter on every terminal, so these can't be had; nor can several strokes such as `gg`.

`opsdash keys --check` says what is wrong, with lines: an id or a key that is none, two actions on
one key of the same page, a letter where letters are text, no way left to quit, to help, to the
palette or out of a dialog. With a file that has faults the usual keys hold, and the screen says so.
It is read again when it is saved (or by `:keys reload`); a wrong one then changes nothing.

`opsdash keys --json` is for programs ([schema](keys.schema.json)).

`opsdash keys --preset vim` shows what a preset makes of it. tmux and screen keep their own prefix
(`ctrl+b`, `ctrl+a`) to themselves.
"""


def keys_page() -> str:
    """Every key of every screen."""
    rows: dict[str, list[tuple[str, str, str]]] = {}
    for one in keys().sets:
        rows.setdefault(one.title, []).extend(
            (", ".join(key.keys), f"`{key.id}`", key.does) for key in one.keys
        )
    header = ("key", "id", "what it does")
    parts = [f"\n## {title}\n\n{table(header, found)}" for title, found in rows.items()]
    return "".join((NOTE, KEYS, *parts))


PROBLEMS = """# When a host can't be reached or asked

The row of a host says what failed in words, its page (`2`) the next step. What exactly is wrong,
`opsdash doctor HOST` tells, and `D` on the screen: it goes the way that opsdash goes itself, stage
by stage, and the stage that fails comes with the command that mends it.

```text
$ opsdash doctor web7
resolve      ● OK   ops@10.0.0.7 port 22
             - /home/me/.config/opsdash/hosts.yaml:14: address 10.0.0.7
tcp          ● OK   10.0.0.7 port 22 answers in 12 ms
banner       ● OK   SSH-2.0-OpenSSH_9.2p1
key exchange ● OK   curve25519-sha256, ssh-ed25519, aes128-gcm@openssh.com
host key     ✖ FAIL ssh-ed25519 SHA256:jOoR…: CHANGED, another key is listed
             - listed: ssh-ed25519 SHA256:mWWM… in /home/me/.ssh/known_hosts:31
             next: reinstalled, or someone in between? verify, then ssh-keygen -R
             $ ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub    # on its console, first
             $ ssh-keygen -R 10.0.0.7 -f /home/me/.ssh/known_hosts
login        - not reached
```

- It exits with 0 when all is well, 1 when a stage is a WARN, 2 when one failed. `--json` gives
  the same for programs ([doctor.schema.json](doctor.schema.json)).
- Jump hosts are examined first, hop by hop: the first that fails is the cause. With `transport:
  openssh` it tells what the system's ssh said.
- A host that hosts.yaml does not know is reached as ssh would.
- It changes nothing on the host. It asks for what the login takes as ssh does, `--batch` keeps it
  from asking; on the screen it asks only when `a` is pressed.
- **A new host key** is accepted on the spot: `a` on the screen shows the fingerprint and asks (no
  is the default), `opsdash doctor HOST --accept-host-key SHA256:…` takes this very key and no
  other. It goes into opsdash's own known_hosts, in the state directory. A key that has
  **changed** is never accepted by a key press: look at the host's console first, then drop the
  old line. A **revoked** key is never accepted at all.

"""
KINDS = """
## The kinds of problem

`opsdash status --json` and `opsdash doctor --json` name the kind. What would lock an account or
trust the wrong host is never tried again by itself: ctrl+r on the host does it, and asks for what
is missing.

"""


def problems_page() -> str:
    """Every way to fail, with what raises it and what to do."""
    rows = (
        (f"`{kind}`", CAUSES[kind], HINTS[kind], "yes" if Problem(kind, "").mends_itself else "no")
        for kind in ProblemKind
    )
    stages = ((f"`{stage}`", about) for stage, about in ABOUT.items())
    header = ("kind", "what raises it", "next step", "tried again by itself")
    return NOTE + PROBLEMS + table(("stage", "what it tells"), stages) + KINDS + table(header, rows)


DEMO = """# The demo

`opsdash --demo [N]` opens the screen on N made-up hosts (200; 1 to 2000), `opsdash status --demo
[N]` reports on them. Nothing is contacted, your hosts are not read, and what the demo remembers is
in a folder that goes when it ends. On the screen your own keys.yaml and themes hold, and `:dump`
and the report of a fault of opsdash's own are written where they always are; nothing else of yours
is read or written. DEMO stands on the screen.

The hosts are made of recordings of real ones: a minute of all that the pulse reads, and the
output of each command that asks for facts, also under faults. Sizes, loads and names are made up
round them: counters go on for ever, each host has its own day, and the same moment of the same
demo always gives the same bytes. What comes out goes through the parsers, checks and screens that
real hosts go through.

`python -m tests.record_demo INVENTORY.jsonl HOST,... --testbed FOLDER --faults HOST=FAULT ...`
makes the recordings anew, on the test fleet; a collector that was added since is recorded with
the others.

## What happens there

Every incident comes and goes. In a fleet of two hundred hosts each strikes one of them at a time;
in smaller ones they are as many as keep it lively.

"""


def demo_page() -> str:
    """What the demo is, and every incident of it."""
    from opsdash.transport.demo.incidents import INCIDENTS

    rows = (
        (
            f"`{incident.name}`",
            incident.about,
            ", ".join(sorted(incident.roles)) or "any",
            duration(incident.every_s),
            duration(incident.lasts_s),
        )
        for incident in INCIDENTS
    )
    header = ("incident", "what happens", "roles", "about every", "lasts about")
    return NOTE + DEMO + table(header, rows)


def pages() -> dict[Path, str]:
    """Every generated page as it should be."""
    return {
        DOCS / "metrics.md": metrics_page(),
        DOCS / "checks.md": checks_page(),
        DOCS / "commands.md": commands_page(),
        DOCS / "actions.md": actions_page(),
        DOCS / "keys.md": keys_page(),
        DOCS / "fleet-page.md": fleet_page(),
        DOCS / "runbooks.md": runbooks_page(),
        DOCS / "demo.md": demo_page(),
        DOCS / "troubleshooting-connections.md": problems_page(),
    }


def main() -> int:
    """Write the pages, or with ``--check`` say which are stale."""
    stale = [
        path for path, text in pages().items() if not path.exists() or path.read_text() != text
    ]
    for path in stale:
        print(f"{path.name} is stale" if "--check" in sys.argv else f"wrote {path.name}")
        if "--check" not in sys.argv:
            path.write_text(pages()[path])
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
