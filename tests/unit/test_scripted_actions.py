"""Actions that are made of scripts: what runs is run here, by every shell, on files of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from opsdash.core.action import Action, Argument, Wish, grouped, plan_action
from opsdash.core.discover import actions
from opsdash.core.host import Host
from opsdash.core.job import HostRun, Job, JobState, Result, RunState
from opsdash.core.plan import Danger, Plan, Step
from opsdash.core.quoting import assignments, quote
from opsdash.core.reading import Reading, Row
from opsdash.core.scripted_action import Doing, Scripts
from opsdash.core.snapshot import HostState
from opsdash.core.undo import undo_plan
from tests.unit.test_actions import SHELLS, planned, state_of

EVERY_SHELL = pytest.mark.parametrize("shell", SHELLS, ids=lambda argv: str(argv[0]))
AWKWARD = "it's $(id) \\t\n-x ünï"


def sh(
    script: str, shell: Sequence[str] = ("/bin/sh",), env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        shell, input=script, env=env, capture_output=True, text=True, check=False, timeout=30
    )


def steps(action: str, arguments: Mapping[str, str]) -> tuple[Step, ...]:
    return planned(actions()[action], state_of({"units": "systemctl"}), arguments).hosts[0].steps


def undo_of(plan: Plan, *said: bytes) -> Plan:
    results = tuple(Result(0, text) for text in said)
    run = HostRun("web1", RunState.DONE, results, begun=len(results))
    return undo_plan(Job(plan, {"web1": run}, JobState.FINISHED), Wish("u1", "ann", 2.0))


@EVERY_SHELL
def test_an_argument_reaches_the_script_as_it_is(shell: Sequence[str]) -> None:
    doing = Doing("say {what}", Scripts('printf %s "$what"\n', look='printf %s "$what$host"\n'))
    wanted = (Argument("what", "what is said"),)
    action = Action("a.b", "Say", Danger.CHANGES, doing.steps, wanted, "what")
    plan = planned(action, state_of({}), {"what": AWKWARD})
    look, run = plan.hosts[0].steps
    assert sh(run.script, shell).stdout == AWKWARD
    assert sh(look.script, shell).stdout == AWKWARD + "web1"
    assert "\n" not in run.does


def test_hosts_share_their_steps_unless_the_name_of_each_is_used() -> None:
    hosts = [HostState(Host(name)) for name in ("web1", "web2")]
    for script, groups in (("echo $hosts", 1), ('echo "$host"', 2), ("echo ${host}", 2)):
        action = Action("a.b", "Do", Danger.CHANGES, Doing("do it", Scripts(script)).steps)
        assert len(grouped(plan_action(action, hosts, {}, Wish("p", "ann", 1.0)))) == groups


@EVERY_SHELL
@pytest.mark.parametrize(("already", "said"), [("exit 0", "unchanged"), ("echo no; exit 1", "it")])
def test_what_is_so_already_is_not_done(shell: Sequence[str], already: str, said: str) -> None:
    doing = Doing("do it", Scripts("echo it\n", already=f"{already}\n"))
    (step,) = (
        planned(Action("a.b", "Do", Danger.CHANGES, doing.steps), state_of({}), {}).hosts[0].steps
    )
    assert sh(step.script, shell).stdout == f"{said}\n"


@EVERY_SHELL
def test_what_was_before_comes_back_to_the_undo_as_it_was(shell: Sequence[str]) -> None:
    doing = Doing("do it", Scripts("echo was_mode=x\n", undo='printf %s "$was_mode"\n'))
    plan = planned(Action("a.b", "Do", Danger.CHANGES, doing.steps), state_of({}), {})
    hostile = "rw'; $(touch /tmp/never) `id`"
    undo = undo_of(plan, f"was_mode={hostile}\nwas_PATH=/x\nPATH=/x\n".encode())
    script = undo.hosts[0].steps[0].script
    assert "PATH" not in script
    assert sh(script, shell).stdout == hostile
    assert undo_of(plan, b"unchanged\n").hosts == ()


def test_a_cron_line_is_commented_out_and_back_and_a_changed_one_left_alone(
    tmp_path: Path,
) -> None:
    tab = tmp_path / "backup"
    jobs = "MAILTO=root\n# 1 2 3 4 5 nothing\n*/5 * * * * root echo 'a  b' \\n %\n@daily ann x\n"
    tab.write_text(jobs)
    tab.chmod(0o640)
    place = {quote("/etc/cron.d/backup"): quote(str(tab))}
    line = "*/5 * * * * root echo 'a  b' \\n %"
    job = sh(f"printf %s {quote(line)} | sha256sum | cut -c1-12").stdout.strip()

    def run(verb: str, number: int, *, undo: bool = False) -> subprocess.CompletedProcess[str]:
        given = {"job": job, "file": "/etc/cron.d/backup"}
        step = steps(f"cron.{verb}", given)[number]
        script = step.undo if undo else step.script
        for old, new in place.items():
            script = script.replace(old, new)
        return sh(script)

    assert run("disable", 2).returncode == 3
    assert run("disable", 1).returncode == 0
    assert tab.read_text() == jobs.replace("*/5", "#opsdash-off */5")
    assert tab.stat().st_mode & 0o777 == 0o640
    assert run("disable", 2).returncode == 0
    assert run("disable", 1).stdout == "unchanged\n"
    assert run("disable", 1, undo=True).returncode == 0
    assert tab.read_text() == jobs
    assert run("enable", 1).stdout == "unchanged\n"
    tab.write_text(jobs.replace("a  b", "a b"))
    refused = run("disable", 1)
    assert (refused.returncode, "was changed" in refused.stderr) == (5, True)
    assert [path.name for path in tmp_path.iterdir()] == ["backup"]
    tab.unlink()
    tab.symlink_to("/etc/hostname")
    assert run("disable", 1).returncode == 5


@EVERY_SHELL
def test_kernel_parameters_are_read_by_name_and_by_pattern(shell: Sequence[str]) -> None:
    (step,) = steps("sysctl.read", {"name": "kernel.ostyp?"})
    assert sh(step.script, shell).stdout == "kernel.ostype = Linux\n"
    (none,) = steps("sysctl.read", {"name": "kernel.nothing_*"})
    done = sh(none.script, shell)
    assert (done.returncode, done.stdout) == (5, "")
    assert "no parameter kernel.nothing_*" in done.stderr


@EVERY_SHELL
def test_what_is_not_mounted_is_said_and_unmounting_it_changes_nothing(
    shell: Sequence[str],
) -> None:
    look, change, verify = steps("fs.unmount", {"mount": "/nowhere/at all"})
    assert sh(look.script, shell).returncode == 5
    assert sh(change.script, shell).stdout == "unchanged\n"
    assert sh(verify.script, shell).returncode == 0


def tools(folder: Path, **scripts: str) -> dict[str, str]:
    """An environment in which these programs are found first, and log how they were called."""
    place = folder / "bin"
    place.mkdir()
    for name, text in scripts.items():
        (place / name).write_text(f'#!/bin/sh\necho "{name} $*" >>"$LOG"\n{text}\n')
        (place / name).chmod(0o755)
    log = folder / "log"
    log.touch()
    return {"PATH": f"{place}:{os.environ['PATH']}", "LOG": str(log)}


TABLE = """\
tmpfs /run tmpfs rw 0 0
/dev/sdb1 /srv/a\\040b ext4 rw,relatime 0 0
/dev/sdb1 /srv/ro ext4 rw,relatime,emergency_ro 0 0
tmpfs /srv/mem tmpfs rw 0 0
"""


@EVERY_SHELL
def test_what_is_unmounted_can_be_mounted_again_as_it_was(
    tmp_path: Path, shell: Sequence[str]
) -> None:
    table = tmp_path / "mounts"
    table.write_text(TABLE)
    env = tools(tmp_path, umount="", mount="")

    def run(script: str) -> subprocess.CompletedProcess[str]:
        return sh(script.replace("/proc/self/mounts", str(table)), shell, env)

    plan = planned(actions()["fs.unmount"], state_of({}), {"mount": "/srv/a b"})
    look, change, verify = plan.hosts[0].steps
    assert "/dev/sdb1 at /srv/a b, ext4" in run(look.script).stdout
    done = run(change.script)
    assert done.returncode == 0, done
    assert run(verify.script).returncode == 3  # the table has it still
    table.write_text("tmpfs /run tmpfs rw 0 0\n")
    undo = undo_of(plan, b"", done.stdout.encode(), b"").hosts[0].steps[0]
    assert run(undo.script).returncode == 0
    assert Path(env["LOG"]).read_text().splitlines() == [
        "umount /srv/a b",
        "mount -t ext4 -o rw,relatime /dev/sdb1 /srv/a b",
    ]


def test_memory_is_never_unmounted_and_an_emergency_is_not_taken_for_writable(
    tmp_path: Path,
) -> None:
    table = tmp_path / "mounts"
    table.write_text(TABLE)
    env = tools(tmp_path, umount="", mount="")

    def run(script: str) -> subprocess.CompletedProcess[str]:
        return sh(script.replace("/proc/self/mounts", str(table)), env=env)

    memory = run(steps("fs.unmount", {"mount": "/srv/mem"})[1].script)
    assert (memory.returncode, "would be lost" in memory.stderr) == (4, True)
    assert Path(env["LOG"]).read_text() == ""
    _, change, verify = steps("fs.remount", {"mount": "/srv/ro", "mode": "rw"})
    assert run(verify.script).returncode == 3
    assert "was_mode=stopped" in run(change.script).stdout
    assert Path(env["LOG"]).read_text() == "mount -o remount,rw /srv/ro\n"


SYSTEMCTL = """\
case $1 in
  show) echo loaded ;;
  is-enabled) cat "$LOG.enabled"; grep -q enabled "$LOG.enabled" ;;
  is-active) cat "$LOG.active"; grep -qx active "$LOG.active" ;;
  enable|disable|start|stop)
    case $1 in enable|disable) echo "${1}d" >"$LOG.enabled" ;; esac
    case "$1 $2" in
      start*|enable\\ --now) echo active >"$LOG.active" ;;
      stop*|disable\\ --now) echo inactive >"$LOG.active" ;;
    esac ;;
esac
"""


@EVERY_SHELL
@pytest.mark.parametrize("was", [("enabled", "active"), ("enabled", "inactive")])
def test_a_timer_is_switched_off_and_is_then_again_as_it_was(
    tmp_path: Path, shell: Sequence[str], was: tuple[str, str]
) -> None:
    env = tools(tmp_path, systemctl=SYSTEMCTL)
    enabled, active = Path(env["LOG"] + ".enabled"), Path(env["LOG"] + ".active")
    enabled.write_text(was[0] + "\n")
    active.write_text(was[1] + "\n")
    plan = planned(
        actions()["timer.disable"], state_of({"units": "systemctl"}), {"timer": "logrotate"}
    )
    _, change, verify = plan.hosts[0].steps
    assert sh(verify.script, shell, env).returncode == 3
    done = sh(change.script, shell, env)
    assert done.returncode == 0, done
    assert sh(verify.script, shell, env).stdout.strip() == "logrotate.timer is disabled, inactive"
    assert sh(change.script, shell, env).stdout == "unchanged\n"
    undo = undo_of(plan, b"", done.stdout.encode(), b"").hosts[0].steps[0]
    assert sh(undo.script, shell, env).returncode == 0
    assert (enabled.read_text().strip(), active.read_text().strip()) == was


def test_crash_dumps_are_looked_for_without_changing_anything() -> None:
    (step,) = steps("crashdumps.list", {})
    assert step.reads_only
    assert sh(step.script).stdout.startswith("core_pattern: ")


def test_assignments_are_quoted_one_to_a_line() -> None:
    assert assignments({"a": "x y", "b": "it's"}) == "a='x y'\nb='it'\"'\"'s'\n"


def removing(what: str, *files: Path) -> Plan:
    rows: tuple[Row, ...] = tuple(
        {
            "kind": "old-temp",
            "path": str(path),
            "size_bytes": path.lstat().st_size,
            "mtime_s": int(path.lstat().st_mtime),
        }
        for path in files
    )
    reading = Reading("web1", "cleanup", 1.0, rows=rows)
    state = HostState(Host("web1"), readings={"cleanup": reading})
    return planned(actions()["disk.cleanup"], state, {"what": what})


@pytest.fixture
def temp() -> Iterator[Path]:
    """A folder below /tmp: only there, and in a few other places, anything is ever removed."""
    with TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


@EVERY_SHELL
def test_only_files_that_are_still_as_they_were_listed_are_removed(
    temp: Path, shell: Sequence[str]
) -> None:
    names = ("plain", "it's $(id) ü", "changed", "became a link", "in/side", "gone")
    files = [temp / name for name in names]
    files[4].parent.mkdir()
    for path in files:
        path.write_text("old\n")
    plan = removing("old-temp", *files)
    look, change, verify = plan.hosts[0].steps
    assert look.does == "look before: remove 6 files, 24 bytes: old-temp"
    assert sh(look.script, shell).returncode == 0
    precious = temp / "elsewhere"
    precious.mkdir()
    (precious / "side").write_text("old\n")
    files[2].write_text("new and longer\n")
    files[3].unlink()
    files[3].symlink_to(precious / "side")
    files[4].unlink()
    files[4].parent.rmdir()
    (temp / "in").symlink_to(precious)
    files[5].unlink()
    done = sh(change.script, shell)
    assert done.returncode == 3
    assert not files[0].exists()
    assert not files[1].exists()
    assert (precious / "side").read_text() == "old\n"
    assert (files[2].exists(), files[3].is_symlink()) == (True, True)
    assert "changed: it was changed since" in done.stderr
    assert "became a link: it is a link" in done.stderr
    assert "in/side: a link leads to its folder" in done.stderr
    assert "removed: 2, left alone: 4" in done.stdout
    assert sh(verify.script, shell).returncode == 3
    assert sh(removing("old-temp", files[2]).hosts[0].steps[1].script, shell).returncode == 0
    assert not files[2].exists()


def test_what_lies_elsewhere_or_was_not_listed_is_never_planned(temp: Path) -> None:
    one, other = temp / "one", temp / "other"
    one.write_text("x")
    other.write_text("x")
    assert removing(str(one), one, other).hosts[0].steps[1].script.count("/other") == 0
    for what in (str(temp / "third"), "core-dumps"):
        assert [why.why for why in removing(what, one).left_out] == [
            "it has nothing of that which could go"
        ]
    passwd = Path("/etc/passwd")
    assert "/etc/passwd" not in removing("old-temp", passwd, one).hosts[0].steps[1].script
    assert removing(str(passwd), passwd).hosts == ()
