"""Files of runbooks: what is wrong with one is told with its line, and the others work."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsdash.config.runbook_files import RunbookFiles, known_things, read_runbooks, runbook_from
from opsdash.core.errors import ConfigError
from opsdash.core.plan import Danger
from opsdash.core.runbook import Ask, Verify

WHOLE = """\
title: Disk is full
checks: [disk-full]
arguments:
  mount: {help: the mount point, from: subject, default: /}
steps:
  - look: how full it is
    as: usage
    run: df -Pk -- "$mount"
  - decide: what holds it
    cases:
      - if: {in: usage, matches: '(?P<pct>\\d+)%'}
        also: {of: pct, at_least: 90}
        say: "{mount} is {pct} % full"
        go: which
      - else: true
        go: end
  - ask: which unit
    as: unit
    name: which
    options: {nginx: the web server, none: nothing}
    go: {none: left}
  - do: service.restart
    with: {unit: "{unit}"}
    else_go: left
  - verify: it is better
    run: df -Pk
    until: {matches: "1%"}
    within_s: 5
  - end: done
    name: left
"""


def faults(folder: Path, text: str, name: str = "our-disk.yaml") -> list[str]:
    path = folder / name
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ConfigError) as caught:
        runbook_from(path, known_things(), own=True)
    return [str(fault).removeprefix(f"{folder}/") for fault in caught.value.faults]


def test_a_whole_file_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "our-disk.yaml"
    path.write_text(WHOLE)
    path.chmod(0o600)
    book = runbook_from(path, known_things(), own=True)
    assert (book.id, book.danger, book.checks) == ("our-disk", Danger.OUTAGE, ("disk-full",))
    assert book.variables() == ("host", "mount", "pct", "unit")
    ask, verify = book.steps[2], book.steps[4]
    assert isinstance(ask, Ask)
    assert ask.ways == (("none", "left"),)
    assert isinstance(verify, Verify)
    assert verify.within_s == 5


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("title: Disk", "titel: Disk", "1:1: titel: unknown key (did you mean title?)"),
        ("[disk-full]", "[disk-ful]", "2:10: checks[0]: no check is called so (did you mean disk-"),
        ("  mount: {help", "  path: {help", "4:3: arguments.path: path has a meaning of its own"),
        ("from: subject", "from: finding", "4:40: arguments.mount.from: should be subject"),
        ("  - look: how", "  - peek: how", "6:5: steps[0]: a step is one of look, decide"),
        ("    as: usage", "    as: Usage", "7:9: steps[0].as: should be a name"),
        ("in: usage", "in: usge", "11:13: steps[1].cases[0].if: no look is called usge"),
        ("in: usage, ", "", "matches of what? in: names the output of a look"),
        ("(?P<pct>", "(?P<pct", "is no regular expression"),
        ("(?P<pct>", "(?P<Pct>", "should be a variable's name"),
        ("of: pct", "of: pc", "nothing sets a variable pc (did you mean pct?)"),
        ("{pct} %", "{pcd} %", "13:14: steps[1].cases[0].say: nothing sets the variable {pcd}"),
        ("go: which", "go: wich", "14:13: steps[1].cases[0].go: no step is called wich"),
        ("- else: true", "- else: false", "should be true"),
        ("go: {none: left}", "go: {no_ne: left}", "21:10: steps[2].go.no_ne: is none of the opt"),
        ("service.restart", "service.restat", "22:9: steps[3].do: no action is called so (did"),
        ('{unit: "{unit}"}', "{unti: x}", "23:12: steps[3].with.unti: service.restart takes"),
        ('{unit: "{unit}"}', '{unit: "-x"}', "23:18: steps[3].with.unit: '-x': a service has"),
        ("within_s: 5", "within_s: never", "should be a number of seconds above 0"),
        ('    until: {matches: "1%"}\n', "", "25:5: steps[4]: needs until:"),
        ("    name: left", "    name: which", "30:11: steps[5].name: which is what another"),
        ("    name: left", "    name: end", "30:11: steps[5].name: end is where it all ends"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in WHOLE
    found = faults(tmp_path, WHOLE.replace(old, new, 1))
    assert any(said in one for one in found), found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "should be a mapping with title: and steps:"),
        ("title: a\nsteps: []\n", "it looks at nothing"),
        ("title: a\nsteps: [1, {}]\n", "2:9: steps[0]: should be a step"),
        ("title: a\nsteps: 1\n", "should be a list of at most 100 steps"),
        ("title: [\n", "our-disk.yaml:2:1"),
    ],
)
def test_what_is_no_runbook_says_so(tmp_path: Path, text: str, said: str) -> None:
    assert any(said in one for one in faults(tmp_path, text))


def test_a_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "our-disk.yaml"
    path.write_text(WHOLE)
    path.chmod(0o666)
    with pytest.raises(ConfigError, match="others may write it"):
        runbook_from(path, known_things(), own=True)
    assert "small letters" in faults(tmp_path, WHOLE, "Our Disk.yaml")[0]


def test_an_own_file_replaces_one_and_a_faulty_one_keeps_nobody_from_the_others(
    tmp_path: Path,
) -> None:
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    for folder, name, text in (
        (shipped, "a.yaml", WHOLE),
        (shipped, "b.yaml", WHOLE),
        (own, "b.yaml", WHOLE.replace("Disk is full", "Ours")),
        (own, "c.yaml", "titel: x"),
    ):
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    found = read_runbooks(shipped, (own, tmp_path / "nowhere"), known_things())
    assert {name: (one.title, one.own) for name, one in found.books.items()} == {
        "a": ("Disk is full", False),
        "b": ("Ours", True),
    }
    assert {Path(one.file).name for one in found.faults} == {"c.yaml"}


def test_files_are_read_again_when_one_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    beside = tmp_path / "fleet" / "runbooks"
    beside.mkdir(parents=True)
    files = RunbookFiles(lambda: str(tmp_path / "fleet" / "hosts.yaml"))
    assert files.changed()
    assert "ours" not in files.read().books
    assert not files.changed()
    (beside / "ours.yaml").write_text(WHOLE)
    (beside / "ours.yaml").chmod(0o600)
    assert files.changed()
    assert files.read().books["ours"].own
