"""Laws of what own probes run on a host: a word of the user is one word there, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opsdash.collectors.probe_scripts import script_of
from opsdash.collectors.probes import asking
from opsdash.config.probe_form import FIELDS, ProbeForm, faults_of, probe_entry, probe_of
from opsdash.core.perfdata import perfdata, split_output
from opsdash.core.plugin import understand
from opsdash.core.probe import Command, Dns, File, Http, Probe, Process, Tcp, Tls
from opsdash.core.reading import Output, Row

SHELLS = [[name] for name in ("dash", "bash") if shutil.which(name)]
SHELLS += [["busybox", "sh"]] if shutil.which("busybox") else []
WORDS = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"])
    | st.sampled_from("'\"\\$`!*?[]{}~#;&|<>()\n\t -="),
    max_size=30,
)
NASTY = ["'", "$(touch x)", "`touch x`", "a\nb", "-e", "\\", "'; touch x; '", "*", "\x1b[2J", ""]


def run(shell: list[str], probe: Probe, folder: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*shell, "-c", script_of(probe)],
        cwd=folder,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        timeout=20,
        check=False,
    )


@settings(max_examples=30)
@given(words=st.lists(WORDS, max_size=5), shell=st.sampled_from(SHELLS))
@example(words=NASTY, shell=SHELLS[0])
@example(words=NASTY, shell=SHELLS[-1])
def test_a_command_gets_each_argument_as_it_was_written(words: list[str], shell: list[str]) -> None:
    with TemporaryDirectory() as folder:
        done = run(shell, Probe("p", Command(("printf", "%s\\0", *words, "end"))), folder)
        assert not list(Path(folder).iterdir())
    _, _, said = done.stdout.partition(b"== command\n")
    assert said.decode().split("\0")[:-1] == [*words, "end"]


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
@pytest.mark.parametrize("word", NASTY, ids=repr)
def test_no_word_is_run(shell: list[str], word: str) -> None:
    """Of the kinds that reach for no network: the same function hands the words to all."""
    with TemporaryDirectory() as folder:
        for what in (Process(word or "x", word), File(f"{folder}/{word}"), File(f"/{word}*")):
            done = run(shell, Probe("p", what), folder)
            assert done.stdout.endswith(b"== end\n"), done
        assert not (Path(folder) / "x").exists()


NAMES = ["a", "-n", "a b", " ", "[x]", "[!a]", "a'b", "ä", "a\tb", "$x", "\\", "a\\b", "#"]


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_the_newest_file_is_found_whatever_it_is_called(shell: list[str], tmp_path: Path) -> None:
    for age_s, name in enumerate(NAMES):
        folder = tmp_path / name
        folder.mkdir()
        for number, other in enumerate(["old.gz", f"{name}.gz", "new.txt"]):
            (folder / other).write_bytes(b"x" * (number + 1))
            os.utime(folder / other, (1_700_000_000 + number, 1_700_000_000 + number + age_s))
        row = row_of(shell, File(f"{folder}/*.gz"), tmp_path)
        assert (row["outcome"], row["size_bytes"]) == ("answered", 2), name
        assert str(row["path"]).endswith(".gz")
        exact = row_of(shell, File(f"{folder}/{name}.gz"), tmp_path)
        assert (exact["outcome"], exact["size_bytes"]) == ("answered", 2), name


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_a_file_with_a_newline_in_its_name_is_one_file(shell: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(b"x")
    os.utime(tmp_path / "a.gz", (1_700_000_000, 1_700_000_000))
    (tmp_path / "b\n== end\nstat 1 2\n.gz").write_bytes(b"xxx")
    row = row_of(shell, File(f"{tmp_path}/*.gz"), tmp_path)
    assert (row["outcome"], row["size_bytes"]) == ("answered", 3)


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_processes_are_counted_and_the_probe_itself_is_not(
    shell: list[str], tmp_path: Path
) -> None:
    own = f"3599.{os.getpid():09d}"  # other tests run beside this one
    odd = tmp_path / "a) b\nc"
    odd.symlink_to(str(shutil.which("sleep")))
    started = [subprocess.Popen([name, own]) for name in ("sleep", "sleep", str(odd))]
    try:
        assert row_of(shell, Process("sleep", own), tmp_path)["count"] == 2
        assert row_of(shell, Process("sleep", own.replace(".", ",")), tmp_path)["count"] == 0
        for name in ("sh", "dash", "bash", "busybox", "grep"):
            assert (
                row_of(shell, Process(name, "words that nobody else has"), tmp_path)["count"] == 0
            )
        assert row_of(shell, Process("no-such-process"), tmp_path)["count"] == 0
    finally:
        for process in started:
            process.kill()
            process.wait()


def row_of(shell: list[str], what: File | Process, folder: Path) -> Row:
    """What came of a probe that a shell of this machine ran."""
    probe = Probe("p", what)
    done = run(shell, probe, str(folder))
    output = Output(done.stdout, {}, status=done.returncode)
    reading = understand(asking(probe), output, "h", 1.8e9)
    assert reading.problem is None, done
    return reading.rows[0]


@pytest.mark.parametrize(
    "what",
    [Tcp("a", 1), Tls("a", 1, "a"), Http("http://a/"), Dns("a"), Process("a", "b"), File("/a/b*")],
    ids=lambda what: type(what).__name__,
)
@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_every_shell_can_parse_the_script(shell: list[str], what: Tcp) -> None:
    script = script_of(Probe("p", what))
    done = subprocess.run([*shell, "-n", "-c", script], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@settings(max_examples=200)
@given(st.text(max_size=200) | st.lists(st.sampled_from("'a =|;1.%msU,e-\n")).map("".join))
def test_any_output_of_a_plugin_is_understood(text: str) -> None:
    said, data = split_output(text)
    assert "\n" not in said
    assert all(abs(value) < float("inf") for value in perfdata(data).values())


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("/=2643MB;5948;5958;0;5968", {"/": 2643 * 1024**2}),
        ("'time to go'=120ms;;;0 load1=0.5", {"time to go": 0.12, "load1": 0.5}),
        ("rta=0,8ms pl=0%", {"rta": 0.0008, "pl": 0.0}),
        ("users=U;5;10 it''s=1 'it''s'=2c", {"it's": 2.0}),
        ("a=1 a=2 =3 b= c=1e999 d=-4.5KB", {"a": 1.0, "d": -4608.0}),
    ],
)
def test_performance_data_are_values_in_base_units(text: str, values: dict[str, float]) -> None:
    assert {key: value for key, value in perfdata(text).items() if key in values} == pytest.approx(
        values
    )


LEAVES = st.sampled_from([22, 0, -1, True, 1.5, "", "a", "tcp://a:1", "/a/*", "7d", "1M", "x\n"])
ENTRIES = st.dictionaries(
    st.sampled_from([*FIELDS, "from", "every", "timeout", "time", "name", "status", "at_most"]),
    LEAVES | st.lists(LEAVES, max_size=2),
    max_size=3,
)


@settings(max_examples=200)
@given(ENTRIES | LEAVES)
def test_an_entry_is_a_probe_with_a_script_or_a_fault(given_entry: object) -> None:
    try:
        form = ProbeForm.model_validate(probe_entry(given_entry))
    except ValueError:
        return
    if not any(faults_of(form)) and (probe := probe_of("p", form)):
        assert script_of(probe)
