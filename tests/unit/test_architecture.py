"""The house stands as docs/architecture.md says: contracts, shape, and what loads when."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import opsdash

ROOT = Path(opsdash.__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "opsdash").rglob("*.py"))
FILE_LINES, FUNCTION_LINES, PARAMETERS = 300, 40, 5
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}
BROAD_EXCEPTS = {
    "opsdash/core/discover.py",  # plug-in load
    "opsdash/core/plugin.py",  # collector run
    "opsdash/widgets/boundary.py",  # panel show
    "opsdash/app/suspend.py",  # the terminal is taken back first
}
MACHINE = {"subprocess", "pty", "socketserver", "multiprocessing", "asyncssh", "psutil"}
STARTS = {"create_subprocess_exec", "create_subprocess_shell", "open_connection", "start_server"}
STARTS |= {"system", "popen", "fork", "forkpty", "spawnv", "posix_spawn", "create_connection"}


@cache
def tree_of(path: Path) -> ast.Module:
    """A source file, parsed."""
    return ast.parse(path.read_text(encoding="utf-8"))


def named(path: Path) -> str:
    """A path as it stands in the project."""
    return path.relative_to(ROOT).as_posix()


@cache
def functions() -> tuple[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef], ...]:
    """Every function of the program, with its place."""
    return tuple(
        (f"{named(path)}:{node.lineno} {node.name}", node)
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def test_the_import_contracts_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_file_is_longer_than_its_limit() -> None:
    long = {named(p): n for p in SOURCES if (n := p.read_text().count("\n")) > FILE_LINES}
    assert long == {}


def test_no_function_is_longer_than_its_limit() -> None:
    long = [
        place
        for place, node in functions()
        if (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES
    ]
    assert long == []


def test_no_function_takes_more_parameters_than_its_limit() -> None:
    def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
        names = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        return len(names) - (names[:1] in (["self"], ["cls"]))

    wide = [
        place
        for place, node in functions()
        if parameters(node) > PARAMETERS and node.name != "__init__"
    ]
    assert wide == []


def test_broad_excepts_stand_at_the_named_boundaries_only() -> None:
    found = set()
    for path in SOURCES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ExceptHandler):
                kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
                names = {getattr(kind, "id", "") for kind in kinds if kind is not None}
                if node.type is None or names & {"Exception", "BaseException"}:
                    found.add(named(path))
    assert found == BROAD_EXCEPTS


def test_no_module_is_a_drawer_and_nothing_is_left_for_later() -> None:
    drawers = [named(p) for p in SOURCES if p.stem in DRAWERS or p.parent.name in DRAWERS]
    markers = ("TO" + "DO", "FIX" + "ME", "XX" + "X")
    later = [named(p) for p in SOURCES if any(m in p.read_text() for m in markers)]
    assert (drawers, later) == ([], [])


def test_only_transport_starts_processes_or_opens_sockets() -> None:
    found = []
    for path in SOURCES:
        if named(path).startswith("opsdash/transport/"):
            continue
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Attribute) and node.attr in STARTS:
                found.append(f"{named(path)}:{node.lineno} {node.attr}")
            if isinstance(node, ast.Import):
                found += [f"{named(path)} {a.name}" for a in node.names if a.name in MACHINE]
            if isinstance(node, ast.ImportFrom) and node.module in MACHINE:
                found.append(f"{named(path)} {node.module}")
    assert found == []


def test_every_public_function_and_module_says_what_it_means() -> None:
    silent = [named(p) for p in SOURCES if not ast.get_docstring(tree_of(p))]
    for path in SOURCES:
        tree = tree_of(path)
        classes = [n for n in tree.body if isinstance(n, ast.ClassDef) and n.name[0] != "_"]
        bodies: list[ast.Module | ast.ClassDef] = [tree, *classes]
        silent += [
            f"{named(path)}:{node.lineno} {node.name}"
            for body in bodies
            for node in body.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
            and not any(isinstance(d, ast.Attribute) for d in node.decorator_list)
        ]
    assert silent == []


def modules_after(code: str) -> set[str]:
    """The top-level modules that are loaded when `code` has run in a fresh interpreter."""
    program = f"{code}\nimport sys\nprint(' '.join(sorted({{m for m in sys.modules}})))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "code",
    [
        "from opsdash.core.discover import commands\n[c.build() for c in commands().values()]",
        "import opsdash.cli.main",
        "import opsdash.engine.look, opsdash.config.hosts, opsdash.transport.ssh.transport",
        "from opsdash.core.discover import checks, collectors\nchecks(), collectors()",
        "import opsdash.config.completing",
        "import opsdash.config.keys, opsdash.core.discover\nopsdash.core.discover.keys()",
    ],
)
def test_without_the_screen_textual_is_not_loaded(code: str) -> None:
    assert modules_after(code) & {"textual", "rich", "opsdash.app", "opsdash.widgets"} == set()


def test_the_first_frame_paints_before_anything_slow_is_loaded() -> None:
    code = "import opsdash.cli.tui, opsdash.app.main\nopsdash.app.main.find_panels()"
    slow = {"asyncssh", "psutil", "pydantic", "sqlite3", "opsdash.config", "opsdash.engine"}
    assert modules_after(code) & slow == set()


def test_a_verb_that_is_not_asked_for_loads_nothing_slow() -> None:
    slow = {"asyncssh", "psutil", "pydantic", "yaml", "sqlite3"}
    assert modules_after("import opsdash.cli.main") & slow == set()
