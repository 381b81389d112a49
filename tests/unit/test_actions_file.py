"""actions.yaml: the user's own actions are as the built-in ones, and what is wrong has a place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsdash.cli.main import opsdash
from opsdash.config.actions_file import own_actions, read_actions
from opsdash.config.hosts import load_fleet
from opsdash.core.action import Action, ArgumentError, Wish, plan_action
from opsdash.core.host import Host
from opsdash.core.own_actions import OwnActions
from opsdash.core.plan import Danger, OnFailure, Rollout
from opsdash.core.snapshot import HostState
from tests.unit.test_scripted_actions import AWKWARD, sh, undo_of

DRAIN = """\
actions:
  app.drain:
    title: Drain
    does: drain {pool} on {host}
    target: pool
    danger: outage
    hosts: "tag:web"
    rollout: {canary: 2, at_a_time: 3, gate: true, on_failure: continue}
    arguments:
      pool: {help: the pool, type: word}
      why: {help: what for, type: text, default: ""}
      mode: {help: how, choices: [soft, hard], default: soft}
      number: {help: how many, type: number, default: 2, matches: "[1-9]"}
    look: echo looks
    already: test "$pool" = empty
    run: |
      echo "was_pool=$pool"
      printf '%s|' "$pool" "$why" "$mode" "$number" "$host"
    verify: test -n "$pool"
    undo: printf %s "$was_pool"
    timeout_s: 90
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "actions.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return path


def read(tmp_path: Path, text: str) -> OwnActions:
    return read_actions(written(tmp_path, text))


def drain(tmp_path: Path) -> Action:
    found = read(tmp_path, DRAIN)
    assert found.faults == ()
    return found.actions["app.drain"]


WEB = HostState(Host("web1", tags=frozenset({"web"})))
DB = HostState(Host("db1"))


def test_an_own_action_is_planned_as_a_built_in_one(tmp_path: Path) -> None:
    action = drain(tmp_path)
    rollout = Rollout(2, at_a_time=3, gate=True, on_failure=OnFailure.CONTINUE)
    assert (action.danger, action.rollout) == (Danger.OUTAGE, rollout)
    plan = plan_action(action, [WEB, DB], {"pool": "blue", "why": AWKWARD}, Wish("p", "ann", 1.0))
    assert (plan.title, plan.target) == ("Drain blue", "blue")
    assert [(one.host, one.why) for one in plan.left_out] == [("db1", "it is only for tag:web")]
    look, run, verify = plan.hosts[0].steps
    assert [step.does for step in plan.hosts[0].steps] == [
        "look before: drain blue on web1",
        "drain blue on web1",
        "see that it worked: drain blue on web1",
    ]
    assert (look.reads_only, verify.reads_only) == (True, True)
    assert (look.root, run.root, run.timeout_s) == (False, True, 90.0)
    assert sh(run.script).stdout == f"was_pool=blue\nblue|{AWKWARD}|soft|2|web1|"
    undo = undo_of(plan, b"", b"was_pool=blue\n", b"").hosts[0].steps[0]
    assert sh(undo.script).stdout == "blue"


@pytest.mark.parametrize(
    ("name", "value", "wrong"),
    [
        ("pool", "-x", "taken for an option"),
        ("pool", "a b", "no spaces"),
        ("pool", "a;b", "no spaces"),
        ("mode", "fast", "none of soft, hard"),
        ("number", "x", "a whole number"),
        ("number", "10", "does not match [1-9]"),
        ("why", "a\0b", "NUL"),
        ("poll", "a", "did you mean pool"),
    ],
)
def test_what_does_not_fit_an_argument_is_refused(
    tmp_path: Path, name: str, value: str, wrong: str
) -> None:
    given = {"pool": "blue"}
    given[name] = value
    with pytest.raises(ArgumentError) as error:
        drain(tmp_path).understood(given)
    assert wrong in str(error.value)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=30))
def test_whatever_a_text_holds_it_is_one_argument(tmp_path: Path, text: str) -> None:
    plan = plan_action(drain(tmp_path), [WEB], {"pool": "p", "why": text}, Wish("p", "ann", 1.0))
    done = sh(plan.hosts[0].steps[1].script.replace("printf '%s|'", "printf '[%s]'"))
    assert done.stderr == ""
    assert (
        done.stdout.replace("\r", "")
        .replace("\n", "")
        .endswith(f"[{text}][soft][2][web1]".replace("\r", "").replace("\n", ""))
    )


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("actions: 5\n", 1, "should be a mapping of at most"),
        ("action:\n  a.b: {run: x}\n", 1, "unknown key (did you mean actions?)"),
        ("actions:\n  Drain: {run: x}\n", 2, "noun.verb"),
        ("actions:\n  service.restart: {run: x}\n", 2, "comes with opsdash"),
        ("actions:\n  a.b: {title: x}\n", 2, "needs run"),
        ("actions:\n  a.b:\n    run: x\n    tittle: y\n", 4, "did you mean title?"),
        ("actions:\n  a.b:\n    run: x\n    danger: some\n", 4, "one of reads, changes"),
        ("actions:\n  a.b:\n    run: x\n    target: pool\n", 4, "one of its arguments"),
        ("actions:\n  a.b:\n    run: x\n    title: 'x {y}'\n", 4, "a title has no"),
        ("actions:\n  a.b:\n    run: x\n    does: 'x {y}'\n", 4, "{y} is none of its arguments"),
        ("actions:\n  a.b:\n    run: x\n    hosts: 'state:crit'\n", 4, "names, tags and groups"),
        ("actions:\n  a.b:\n    run: x\n    rollout: 5\n", 4, "should be a mapping"),
        ("actions:\n  a.b:\n    run: x\n    rollout: {canary: -1}\n", 4, "number of hosts"),
        ("actions:\n  a.b:\n    run: x\n    rollout: {canari: 1}\n", 4, "did you mean canary?"),
        ("actions:\n  a.b:\n    run: x\n    root: 1\n", 4, "true or false"),
        ("actions:\n  a.b:\n    run: x\n    timeout_s: 0\n", 4, "seconds above 0"),
        ("actions:\n  a.b:\n    run: x\n    danger: reads\n    undo: y\n", 5, "nothing but run:"),
        ("actions:\n  a.b:\n    run: x\n    arguments: {path: {help: x}}\n", 4, "of its own"),
        ("actions:\n  a.b:\n    run: x\n    arguments: {p: {type: word}}\n", 4, "needs help"),
        ("actions:\n  a.b:\n    run: x\n    arguments: {p: {help: x, type: y}}\n", 4, "one of"),
        (
            "actions:\n  a.b: {run: x, arguments: {p: {help: x, type: number, default: y}}}\n",
            2,
            "a whole number",
        ),
        ("actions:\n  a.b: {run: x\n", 3, ""),
    ],
)
def test_a_fault_has_its_place_and_keeps_nobody_from_the_others(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    found = read(tmp_path, text)
    assert found.actions == {}
    assert found.faults[0].line == line, found.faults
    assert words in found.faults[0].text
    if "a.b:\n" in text:
        also = read(tmp_path, text + "  c.d: {run: x}\n")
        assert set(also.actions) == {"c.d"}


def test_a_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, DRAIN)
    path.chmod(0o666)
    found = read_actions(path)
    assert found.actions == {}
    assert "write" in found.faults[0].text


@pytest.fixture
def hosts_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = tmp_path / "fleet" / "hosts.yaml"
    path.parent.mkdir()
    path.write_text("hosts:\n  web1: {tags: [web]}\n  db1:\n")
    path.chmod(0o600)
    return path


def said(*words: str) -> Result:
    return CliRunner().invoke(opsdash, words, prog_name="opsdash")


def test_those_beside_the_hosts_file_win_and_a_fault_is_a_notice(
    hosts_yaml: Path, tmp_path: Path
) -> None:
    mine = "actions:\n  a.b: {title: Mine, run: x}\n  a.c: {title: Mine, run: x}\n"
    written(tmp_path / "config" / "opsdash", mine)
    written(hosts_yaml.parent, "actions:\n  a.b: {title: Ours, run: x}\n  a.d: {}\n")
    own = own_actions(str(hosts_yaml))
    assert {name: one.title for name, one in own.actions.items()} == {"a.b": "Ours", "a.c": "Mine"}
    fleet = load_fleet(hosts_yaml)
    assert set(fleet.own_actions.actions) == {"a.b", "a.c"}
    assert fleet.notices == ("own actions: 1 fault: opsdash actions check",)


def test_it_is_listed_checked_and_done_like_any_other(hosts_yaml: Path) -> None:
    path = written(hosts_yaml.parent, DRAIN)
    hosts = ("--hosts", str(hosts_yaml))
    listed = said("do", "list", *hosts)
    assert "app.drain" in listed.stdout
    told = json.loads(said("actions", "list", "--json", *hosts).stdout)
    (one,) = [one for one in told["actions"] if one["id"] == "app.drain"]
    assert one["place"] == f"{path}:2"
    assert said("actions", "check", *hosts).stdout == f"{path}:2: app.drain: right\n"
    wrong = said("do", "app.drain", "web1", *hosts)
    assert (wrong.exit_code, "app.drain needs pool=" in wrong.stderr) == (2, True)
    unknown = said("do", "app.drian", "web1", *hosts)
    assert (unknown.exit_code, "did you mean app.drain?" in unknown.stderr) == (2, True)


def test_scripts_that_sh_can_not_read_are_told_by_the_check_alone(hosts_yaml: Path) -> None:
    path = written(hosts_yaml.parent, "actions:\n  a.b:\n    run: |\n      if true; then\n")
    hosts = ("--hosts", str(hosts_yaml))
    assert "a.b" in said("do", "list", *hosts).stdout
    checked = said("actions", "check", *hosts)
    assert (checked.exit_code, f"{path}:3:" in checked.stderr) == (65, True), checked
    assert "sh can't read it" in checked.stderr
    path.write_text("actions:\n  a.b: {}\n")
    missing = said("do", "a.b", "web1", *hosts)
    assert (missing.exit_code, f"{path}:2:" in missing.stderr) == (65, True)
    assert said("actions", "list", *hosts).exit_code == 0


def test_without_a_file_it_is_said_where_to_write_one(hosts_yaml: Path) -> None:
    done = said("actions", "check", "--hosts", str(hosts_yaml))
    assert done.exit_code == 0
    assert str(hosts_yaml.parent / "actions.yaml") in done.stdout
