"""Root by sudo and doas as hosts have them: found out, used, refused in words; a password is tried
once, and stands nowhere but on sudo's own input.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from opsdash.core.errors import HostError
from opsdash.core.host import Host, Way
from opsdash.core.problem import ProblemKind
from opsdash.core.secret import Secret
from opsdash.transport.elevate import Root, as_root, find_root
from opsdash.transport.local import LocalConnection

SUDO = r"""#!/bin/sh
echo "$*" >> FOLDER/argv; env >> FOLDER/environ
never= prompt=
while [ $# -gt 0 ]; do
  case $1 in -n) never=1 ;; -k|-S) ;; -p) prompt=$2; shift ;; --) shift; break ;; *) break ;; esac
  shift
done
case $(cat FOLDER/mode) in
  free) exec "$@" ;;
  stranger) echo 'ops is not in the sudoers file.' >&2; exit 1 ;;
  requiretty) echo 'sudo: sorry, you must have a tty to run sudo' >&2; exit 1 ;;
esac
[ -n "$never" ] && { echo 'sudo: a password is required' >&2; exit 1; }
for try in 1 2 3; do
  printf %s "$prompt" >&2
  IFS= read -r typed || { echo 'sudo: no password was provided' >&2
    echo 'sudo: 1 incorrect password attempt' >&2; exit 1; }
  echo "$typed" >> FOLDER/tried
  [ "$typed" = "$(cat FOLDER/right)" ] && exec "$@"
  echo 'Sorry, try again.' >&2
done
exit 1
"""
"""As the real one behaves: it asks, three times unless its input ends; what it is given is written
down.
"""

RIGHT = 'it\'s $(right) \\ "ü" %p'


class FakeHost:
    """This machine with a sudo of the test's own in front of the real one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.connection = LocalConnection(Host("web1", way=Way.LOCAL))
        self.execute = self.connection.execute

    def has(self, mode: str, program: str = "sudo") -> None:
        self.write("mode", mode)
        self.write("right", RIGHT)
        self.program(program, SUDO.replace("FOLDER", str(self.folder)))

    def program(self, name: str, text: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(text)
        path.chmod(0o755)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def read(self, name: str) -> str:
        path = self.folder / name
        return path.read_text() if path.exists() else ""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHost:
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    host = FakeHost(tmp_path)
    host.program("id", "#!/bin/sh\necho 1000\n")
    return host


async def run(fake: FakeHost, root: Root, script: bytes, password: str | None = None) -> bytes:
    secret = None if password is None else Secret(password)
    elevated = as_root(fake.connection, root, secret)
    return (await elevated(script, timeout_s=20, max_bytes=10_000)).stdout


@pytest.mark.parametrize(
    ("mode", "root"),
    [
        ("free", Root.SUDO),
        ("asks", Root.PASSWORD),
        ("stranger", Root.NEVER),
        ("requiretty", Root.NEVER),
    ],
)
async def test_how_root_is_become_is_found_out(fake: FakeHost, mode: str, root: Root) -> None:
    fake.has(mode)
    assert await find_root(fake.execute) is root
    assert fake.read("tried") == ""


async def test_root_itself_and_doas_are_found(fake: FakeHost) -> None:
    fake.program("sudo", "#!/bin/sh\necho 'ops is not in the sudoers file.' >&2; exit 1\n")
    fake.has("free", "doas")
    assert await find_root(fake.execute) is Root.DOAS
    assert await run(fake, Root.DOAS, b"echo in\n") == b"in\n"
    fake.program("id", "#!/bin/sh\necho 0\n")
    assert await find_root(fake.execute) is Root.IS


@pytest.mark.parametrize("root", [Root.IS, Root.SUDO])
async def test_a_script_runs_whole_and_its_output_comes_back(fake: FakeHost, root: Root) -> None:
    fake.has("free")
    script = b"echo \"it's\"\ncat <<'E'\n$(no) `way`\nE\nexit 3\n"
    elevated = as_root(fake.connection, root)
    done = await elevated(script, timeout_s=20, max_bytes=10_000)
    assert (done.stdout, done.status) == (b"it's\n$(no) `way`\n", 3)


async def test_the_right_password_opens_and_stands_nowhere_else(fake: FakeHost) -> None:
    fake.has("asks")
    assert await run(fake, Root.PASSWORD, b"echo in\n", RIGHT) == b"in\n"
    assert fake.read("tried").splitlines() == [RIGHT]
    assert RIGHT not in fake.read("argv")
    assert RIGHT not in fake.read("environ")
    assert "$(right)" not in fake.read("argv") + fake.read("environ")


async def test_a_wrong_password_is_one_failure_in_words(fake: FakeHost) -> None:
    fake.has("asks")
    with pytest.raises(HostError) as caught:
        await run(fake, Root.PASSWORD, b"echo in\n", "wrong")
    assert caught.value.problem.kind is ProblemKind.DENIED
    assert caught.value.problem.text == "needs root: sudo refused the password"
    assert fake.read("tried").splitlines() == ["wrong"]


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("stranger", "sudo does not let it"),
        ("requiretty", "sudo wants a terminal"),
        ("asks", "sudo asks for a password"),
    ],
)
async def test_a_refusal_has_its_words(fake: FakeHost, mode: str, words: str) -> None:
    fake.has(mode)
    with pytest.raises(HostError) as caught:
        await run(fake, Root.SUDO, b"echo in\n")
    assert caught.value.problem.kind is ProblemKind.DENIED
    assert words in caught.value.problem.text


async def test_without_any_way_nothing_is_run(fake: FakeHost) -> None:
    with pytest.raises(HostError, match="neither sudo nor doas"):
        await run(fake, Root.NEVER, b"echo in\n")
    with pytest.raises(HostError, match="it takes a password, and none was given"):
        await run(fake, Root.PASSWORD, b"echo in\n")
    assert [path.name for path in fake.folder.iterdir()] == ["bin"]
