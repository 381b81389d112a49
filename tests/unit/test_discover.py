"""A plug-in file that is there is in use; one that is broken or claims a taken id is named."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opsdash.core import discover
from opsdash.core.discover import activity_modules, instances, modules_in
from opsdash.core.errors import PluginError
from opsdash.core.plugin import Check

CHECK = """
from opsdash.core.plugin import Check
{name} = Check(id="{id}", title="made", judge=lambda inquiry: [])
"""
Write = Callable[[dict[str, str]], str]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes modules into a package that is importable as ``made_plugins`` for one test."""
    home = tmp_path / "made_plugins"
    home.mkdir()
    (home / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    def write(modules: dict[str, str]) -> str:
        for name, text in modules.items():
            (home / f"{name}.py").write_text(text)
        return "made_plugins"

    yield write
    for name in [name for name in sys.modules if name.partition(".")[0] == "made_plugins"]:
        del sys.modules[name]


def test_every_file_of_a_folder_is_found_in_order(package: Write) -> None:
    name = package({"b": CHECK.format(name="B", id="two"), "a": CHECK.format(name="A", id="one")})
    found = instances(Check, modules_in(name))
    assert list(found) == ["one", "two"]
    assert found["one"].title == "made"


def test_two_with_one_id_are_an_error_that_names_both_files(package: Write) -> None:
    taken = CHECK.format(name="MADE", id="same")
    name = package({"first": taken, "second": taken})
    with pytest.raises(PluginError) as raised:
        instances(Check, modules_in(name))
    assert str(raised.value) == (
        "Check same is claimed by made_plugins.first and made_plugins.second"
    )


def test_one_that_another_file_imports_is_not_claimed_twice(package: Write) -> None:
    again = "from made_plugins.first import MADE"
    name = package({"first": CHECK.format(name="MADE", id="same"), "second": again})
    assert list(instances(Check, modules_in(name))) == ["same"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 / 0", "division by zero"),
        ("def broken(:", "invalid syntax"),
        ("import no_such_module_at_all", "no_such_module_at_all"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_named_with_the_reason(
    package: Write, text: str, said: str
) -> None:
    name = package({"good": "", "wrong": text})
    with pytest.raises(PluginError, match=r"plug-in made_plugins\.wrong can't be loaded") as raised:
        list(modules_in(name))
    assert said in str(raised.value)


def test_a_folder_that_is_not_there_has_no_plugins() -> None:
    assert list(modules_in("opsdash.no_such_folder")) == []


def test_a_folder_whose_own_import_fails_is_not_taken_for_a_missing_one(package: Write) -> None:
    name = package({"__init__": "import no_such_module_at_all"})
    with pytest.raises(PluginError, match="no_such_module_at_all"):
        list(modules_in(name))


def test_a_check_in_two_activities_is_an_error(
    package: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = package({"first": CHECK.format(name="MADE", id="same")})
    monkeypatch.setattr(discover, "modules_in", lambda folder: modules_in(name))
    with pytest.raises(PluginError, match="check same stands in two activities"):
        discover.checks.__wrapped__()


def test_only_modules_with_the_suffix_are_loaded() -> None:
    found = [module.__name__ for module in activity_modules("commands")]
    assert "opsdash.activities.monitor.commands" in found
    assert all(name.endswith("commands") for name in found)
