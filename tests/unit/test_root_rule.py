"""The rule for sudo: its command runs one script and nothing else, whatever shell and input."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from opsdash.activities.setup.sudoers import checked_user, escaped, sudoers_rule
from opsdash.activities.setup.sudoers_commands import COMMAND
from opsdash.core.plugin import Collector, Tier
from opsdash.core.reading import Output, Reading
from opsdash.engine.privilege import Privilege
from opsdash.engine.root_script import root_rule
from opsdash.transport.root_rule import MAX_BYTES, NOT_THE_SCRIPT, RootRule

SHELLS = [
    argv
    for argv in (["/bin/sh"], ["dash"], ["bash", "--posix"], ["busybox", "ash"], ["mksh"], ["ksh"])
    if shutil.which(argv[0])
]


def parse(output: Output, host: str, at: float) -> Reading:
    return Reading(host, "who", at, {("who.said", ""): float(len(output.data))})


def collector(name: str, command: str) -> Collector:
    return Collector(name, name.title(), Tier.FACTS, parse, command=command, needs_root=True)


RULE = RootRule([collector("who", "echo it is me; cat; echo $#")])


def call(shell: list[str], words: list[str], given: bytes, **environ: str) -> tuple[int, str]:
    """What a shell that sudo has started does with these arguments and this input."""
    done = subprocess.run(
        [*shell, *words],
        input=given,
        capture_output=True,
        env={"PATH": "/usr/bin:/bin", **environ},
        cwd="/",
        timeout=20,
        check=False,
    )
    return done.returncode, done.stdout.decode()


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_the_script_runs_and_gets_neither_input_nor_arguments(shell: list[str]) -> None:
    status, said = call(shell, ["-c", RULE.loader], RULE.script + b"\n\n")
    assert status == 0
    assert "it is me\n0\n" in said


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
@pytest.mark.parametrize(
    "script",
    [
        b"",
        b"echo BAD",
        b"echo BAD;" + RULE.script,
        RULE.script + b"\necho BAD",
        RULE.script + b" ",
        RULE.script[:-1],
        RULE.script.replace(b"it is me", b"BAD"),
        b"#" * MAX_BYTES + b"\necho BAD",
        RULE.script + b"\n" * MAX_BYTES + b"echo BAD",
    ],
    ids=range(9),
)
def test_no_other_script_runs(shell: list[str], script: bytes) -> None:
    status, said = call(shell, ["-c", RULE.loader], script)
    assert "BAD" not in said
    if not script.startswith(RULE.script + b"\n\n"):  # that is cut, and then it is the script
        assert (status, said) == (NOT_THE_SCRIPT, "")


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_what_sudo_takes_for_the_same_arguments_runs_nothing(shell: list[str]) -> None:
    """sudo joins arguments by spaces: this is all that a caller can make of them."""
    assert not any(char.isspace() for char in RULE.loader)
    status, said = call(shell, [f"-c {RULE.loader}"], b"echo BAD")
    assert status != 0
    assert "BAD" not in said


def test_no_environment_changes_what_runs(tmp_path: Path) -> None:
    for name in ("sha256sum", "cut", "head"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho BAD >&2; echo {RULE.digest}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "env").write_text("echo BAD\n")
    for shell in SHELLS:
        status, said = call(
            shell,
            ["-c", RULE.loader],
            b"echo BAD",
            PATH=f"{tmp_path}:/usr/bin:/bin",
            ENV=str(tmp_path / "env"),
            IFS="=|$",
            s=RULE.script.decode(),
            h=RULE.digest,
        )
        assert (status, said) == (NOT_THE_SCRIPT, "")


def test_the_rule_grows_with_the_collectors_and_only_with_them() -> None:
    one, two = collector("one", "echo 1"), collector("two", "echo 2")
    assert RootRule([one, two]).digest == RootRule([two, one]).digest
    assert len({RootRule(found).digest for found in ([], [one], [two], [one, two])}) == 4
    assert len(root_rule().script) < MAX_BYTES
    assert {one.name for one in root_rule().collectors} >= {"logins"}


SUDO = r"""#!/bin/sh
echo "$*" >> FOLDER/argv
[ "$1" = -n ] && [ "$2" = -- ] && shift 2 || { echo 'sudo: a password is required' >&2; exit 1; }
[ "$#" = 3 ] && [ "$1" = /bin/sh ] && [ "$2" = -c ] && [ "$3" = "$(cat FOLDER/allowed)" ] \
  && exec "$@"
echo 'sudo: a password is required' >&2; exit 1
"""


async def test_where_only_the_rule_is_allowed_its_collectors_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from opsdash.core.host import Host, Way
    from opsdash.core.prompts import Asker, Nobody
    from opsdash.transport.elevate import Root, find_root
    from opsdash.transport.local import LocalConnection
    from tests.fleet_states import Clock

    for name, text in (("sudo", SUDO), ("id", "#!/bin/sh\necho 1000\n")):
        (tmp_path / name).write_text(text.replace("FOLDER", str(tmp_path)))
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    host = Host("web1", way=Way.LOCAL)
    connection = LocalConnection(host)
    (tmp_path / "allowed").write_text("something else")
    assert await find_root(connection.execute, RULE) is Root.PASSWORD
    (tmp_path / "allowed").write_text(RULE.loader)
    assert await find_root(connection.execute) is Root.PASSWORD
    assert await find_root(connection.execute, RULE) is Root.RULE
    privilege = Privilege(Asker(Nobody()), Clock(), RULE)
    (tmp_path / "argv").write_text("")
    (reading,) = await privilege.collect(host, connection, RULE.collectors)
    assert reading.problem is None
    assert reading.get("who.said") == len("it is me\n0\n")
    assert len((tmp_path / "argv").read_text().splitlines()) == 3  # true, the rule, the script


names = st.one_of(
    st.text(max_size=40),
    st.from_regex(r"[%#+!@\\]?[A-Za-z_0-9]{1,8}([ ,:=()\\\"\n#.-][A-Za-z]{0,5})?", fullmatch=True),
)


@given(names)
@example("ALL")
@example("%wheel")
@example("#0")
@example("deploy,root")
@example("deploy\nALL ALL=(ALL) NOPASSWD: ALL")
@example("Defaults")
@example("Host_Alias")
@example("root")
@example("-s")
@example("deploy ")
@example("ſudo")
def test_a_name_is_one_users_or_refused(name: str) -> None:
    try:
        text = sudoers_rule(RULE, name)
    except ValueError:
        return
    assert name.isascii()
    assert not set(name) & set(' \t\n,:=()!\\"#%+[]*?')
    rules = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert [line.split()[0] for line in rules[:1]] == ["Cmnd_Alias"]
    assert rules[1].startswith("Defaults!OPSDASH_")
    assert rules[2].startswith(f"{name} ALL = (root) NOPASSWD: NOSETENV: OPSDASH_")
    assert len(rules) == 3


@pytest.mark.parametrize("name", ["deploy", "svc.ops-1", "_apt", "Anna", "ops@example.org", "o"])
def test_names_of_users_are_taken(name: str) -> None:
    assert checked_user(name) == name


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_what_sudoers_reads_is_the_argument(word: str) -> None:
    read = ""
    text = iter(escaped(word))
    for char in text:
        read += next(text) if char == "\\" else char
        assert char not in ",:=#*?[]!^"
    assert read == word


@pytest.mark.skipif(shutil.which("visudo") is None, reason="visudo is not installed")
def test_visudo_takes_the_rule(tmp_path: Path) -> None:
    file = tmp_path / "rule"
    file.write_text(sudoers_rule(root_rule(), "deploy"))
    file.chmod(0o440)
    assert subprocess.run(["visudo", "-c", "-f", file], check=False).returncode == 0


def test_the_command_prints_the_rule_and_the_script_that_it_allows() -> None:
    build = COMMAND.build()
    printed = CliRunner().invoke(build, ["--user", "deploy"])
    assert printed.exit_code == 0
    assert printed.stdout == sudoers_rule(root_rule(), "deploy")
    script = CliRunner().invoke(build, ["--script"])
    assert script.stdout.encode() == root_rule().script
    refused = CliRunner().invoke(build, ["--user", "ALL"])
    assert refused.exit_code != 0
    assert "alias" in refused.stderr


def test_root_is_told_to_name_who_logs_in_on_the_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "root")
    refused = CliRunner().invoke(COMMAND.build(), [])
    assert "you are root here, and root needs no rule: give --user NAME" in refused.stderr
    assert "Invalid value" not in refused.stderr
