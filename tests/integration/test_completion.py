"""The tab key, in the shells themselves."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import opsdash

HOSTS = """
hosts:
  web[01:03]: {address: "{name}.example.org", tags: [prod, web]}
  db1: {address: 192.0.2.20, tags: [prod]}
defaults: {logs: {app: /srv/app.log}}
groups:
  dmz:
    logs: {"evil;x": /x, queue: {command: tail -F /q}}
    tags: [outside]
    hosts: [edge1, {name: edge2, address: 192.0.2.9}]
include: [more/*.yaml]
"""
HOSTILE = (
    "evil x", "evil;touch pwned", "evil$(touch pwned)", "evil`touch pwned`", "evil'x", "evil|x",
    "evil>x", "evil&x", "evil*x", "evil{a,b}", "evil~", "evil!x", r"evil\\x", r"evil\nx",
    r"evil\tx", r"evil\ex", "evil,x", "-evil", "evil\u202ex", "ev\u00efl",
)  # fmt: skip
"""What a shell, or who reads it, would take for something else; as YAML writes it in quotes."""
DEADLINE_S = 30.0


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Surroundings of a shell: a fleet, and an opsdash in the PATH."""
    home = tmp_path / "opsdash"
    (home / "more").mkdir(parents=True)
    for path, text in ((home / "hosts.yaml", HOSTS), (home / "more/x.yaml", "hosts: {far1: }")):
        path.write_text(text)
        path.chmod(0o600)
    here = Path(sys.executable).parent
    keep = {key: os.environ[key] for key in ("LANG",) if key in os.environ}
    return {
        **keep,
        "PYTHONPATH": str(Path(opsdash.__file__).parents[1]),  # the one that is tested
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "PATH": f"{here}{os.pathsep}{os.environ['PATH']}",
        "TERM": "dumb",
    }


def script(shell: str, env: dict[str, str], folder: Path) -> Path:
    """The file that ``opsdash completion`` makes."""
    done = subprocess.run(
        ["opsdash", "completion", shell], env=env, capture_output=True, text=True, check=True
    )
    path = folder / f"_{shell}"
    path.write_text(done.stdout)
    return path


def offered(line: str, env: dict[str, str], path: Path) -> list[str]:
    """What bash would offer, from the function itself."""
    program = (
        f"source {path}; COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}; "
        "_opsdash_completion opsdash; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", program], env=env, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_bash_is_offered_verbs_hosts_tags_groups_and_choices(
    env: dict[str, str], tmp_path: Path
) -> None:
    path = script("bash", env, tmp_path)
    assert offered("opsdash sta", env, path) == ["status"]
    assert offered("opsdash status we", env, path) == ["web01", "web02", "web03"]
    every = offered("opsdash status ", env, path)
    assert {"all", "db1", "edge1", "edge2", "far1", "tag:", "group:", "state:"} <= set(every)
    assert offered("opsdash status tag:", env, path) == ["outside", "prod", "web"]
    assert offered("opsdash status web01 !d", env, path) == ["!db1"]
    assert offered("opsdash logs web01 --source ", env, path) == ["app", "queue"]
    assert offered("opsdash status group:d", env, path) == ["dmz"]
    assert "crit" in offered("opsdash status state:", env, path)
    assert offered("opsdash keys --preset v", env, path) == ["vim"]
    assert offered("opsdash --theme mid", env, path) == ["midnight"]
    assert offered("opsdash completion z", env, path) == ["zsh"]


def test_a_broken_hosts_file_offers_nothing_and_says_nothing(
    env: dict[str, str], tmp_path: Path
) -> None:
    path = script("bash", env, tmp_path)
    (tmp_path / "opsdash" / "hosts.yaml").write_text("hosts: [")
    assert "all" in offered("opsdash status ", env, path)
    assert offered("opsdash status we", env, path) == []


def hostile(env: dict[str, str]) -> None:
    """Put a hosts file there in which only one tag, group and host can be what it says."""
    words = ", ".join(f'"{word}"' for word in HOSTILE)
    each = ", ".join(f'"{word}": ' for word in HOSTILE)
    (Path(env["XDG_CONFIG_HOME"]) / "opsdash" / "hosts.yaml").write_text(
        f"defaults: {{tags: [{words}, evening]}}\n"
        f"hosts: {{{each}, evening: }}\n"
        f"groups: {{{each}, evening: {{tags: [{words}], hosts: [{words}, {{port: 1}}]}}}}\n"
    )


def test_what_a_shell_would_run_is_not_offered(env: dict[str, str], tmp_path: Path) -> None:
    hostile(env)
    path = script("bash", env, tmp_path)
    assert offered("opsdash status tag:", env, path) == ["evening"]
    assert offered("opsdash status group:", env, path) == ["evening"]
    words = {"all", "evening", "tag:", "group:", "state:"}
    assert set(offered("opsdash status ", env, path)) == words
    asked = {
        **env,
        "_OPSDASH_COMPLETE": "zsh_complete",
        "COMP_WORDS": "opsdash status",
        "COMP_CWORD": "2",
    }
    done = subprocess.run(
        ["opsdash"], env={**env, **asked}, capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split("\n")[1::3]) == words


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_of_hostile_names_the_right_one_is_put_in(
    env: dict[str, str], tmp_path: Path, shell: str
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    hostile(env)
    path = script(shell, env, tmp_path)
    argv = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}[shell]
    told = """opsdash() {
        if [ -n "$_OPSDASH_COMPLETE" ]; then command opsdash; else printf '<%s>' "$@"; fi
    }""".replace("\n", " ")
    setup = f"cd {tmp_path}; source {path}; {told}"
    if shell == "zsh":
        setup = f"autoload -U compinit; compinit -u -D; {setup}"
    shown = typed(argv, setup, "opsdash status tag:ev\tx\n", "<x>", env)
    assert "<status><tag:evening><x>" in shown
    assert "evil" not in shown
    assert not (tmp_path / "pwned").exists()


def typed(argv: list[str], setup: str, keys: str, expect: str, env: dict[str, str]) -> str:
    """What an interactive shell on a terminal shows after these keys, up to what is expected."""
    master, slave = pty.openpty()
    child = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave, env=env)
    os.close(slave)
    shown, end = "", time.monotonic() + DEADLINE_S
    try:
        os.write(master, f"{setup}; echo rea''dy\n".encode())
        for keys_now, wanted in ((keys, "ready\r\n"), ("", expect)):
            while wanted not in shown:
                ready, _, _ = select.select([master], [], [], end - time.monotonic())
                if not ready:
                    pytest.fail(f"{wanted!r} did not appear in {shown[-400:]!r}")
                shown += os.read(master, 65536).decode(errors="replace")
            shown = "" if keys_now else shown
            os.write(master, keys_now.encode())
        return shown
    finally:
        child.kill()
        child.wait()
        os.close(master)


def test_bash_on_a_terminal_completes_across_a_colon(env: dict[str, str], tmp_path: Path) -> None:
    path = script("bash", env, tmp_path)
    argv = ["bash", "--norc", "--noprofile", "-i"]
    shown = typed(argv, f"source {path}", "opsdash status tag:ou\t", "tag:outside", env)
    assert "tag:tag" not in shown


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
def test_zsh_on_a_terminal(env: dict[str, str], tmp_path: Path) -> None:
    path = script("zsh", env, tmp_path)
    setup = f"autoload -U compinit; compinit -u -D; source {path}"
    argv = ["zsh", "-f", "-i"]
    assert "db1" in typed(argv, setup, "opsdash status db\t", "db1", {**env, "TERM": "xterm"})


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
def test_fish(env: dict[str, str], tmp_path: Path) -> None:
    path = script("fish", env, tmp_path)
    program = f"source {path}; complete -C 'opsdash status tag:'"
    done = subprocess.run(
        ["fish", "-c", program], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["tag:outside", "tag:prod", "tag:web"]
