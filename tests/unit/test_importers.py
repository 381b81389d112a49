"""Every recorded list of another program gives the hosts that it names, and a file that loads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from opsdash.config.hosts import load_fleet
from opsdash.config.importers.found import Found
from opsdash.config.importers.imported import rendered
from opsdash.config.importers.sources import READERS
from opsdash.core.host import Way
from tests.case_files import Case, case_id, cases


def written(case: Case, folder: Path) -> Path:
    """The files of a case in a folder; gives the one to import."""
    for name, text in case.content["files"].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("{dir}", str(folder)), encoding="utf-8")
        path.chmod(0o600)
    return folder / str(case.content["path"])


def filled_in(expected: Any, folder: Path) -> Any:
    """What a case expects, with the folder in place of ``{dir}``."""
    return yaml.safe_load(yaml.safe_dump(expected, sort_keys=False).replace("{dir}", str(folder)))


def assert_said(texts: list[str], expected: list[str]) -> None:
    """Every text is as expected, in any order, none more."""
    missing = [part for part in expected if not any(part in text for text in texts)]
    assert not missing, (missing, texts)
    assert len(texts) == len(expected), texts


@pytest.mark.parametrize("case", cases("importers"), ids=case_id)
def test_a_recorded_list_gives_its_hosts(case: Case, tmp_path: Path) -> None:
    found = READERS[case.plugin](written(case, tmp_path))
    expect = filled_in(case.content["expect"], tmp_path)
    assert case.content["source"]
    assert list(found.hosts.items()) == list(expect["hosts"].items())
    assert found.groups == expect.get("groups", {})
    assert found.defaults == expect.get("defaults", {})
    assert_said(found.left_out, expect.get("left_out", []))
    assert_said(found.notes, expect.get("notes", []))
    assert_loads_as_found(found, tmp_path / "out.yaml")


def assert_loads_as_found(found: Found, path: Path) -> None:
    """Whether what would be written means what was found."""
    path.write_text(rendered(found), encoding="utf-8")
    path.chmod(0o600)
    fleet = load_fleet(path)
    assert list(fleet.hosts) == list(found.hosts)
    for name, host in fleet.hosts.items():
        fields = {**found.defaults, **found.hosts[name]}
        assert set(host.groups) == {group for group, m in found.groups.items() if name in m}
        if fields.get("transport") == "local":
            assert host.way is Way.LOCAL
            continue
        for key in ("address", "user", "port", "jump", "ssh_config"):
            assert getattr(host, key) == fields.get(key)
        assert host.sudo == fields.get("sudo", "probe")
        keys = fields.get("keys", [])
        assert isinstance(keys, list)
        assert host.keys == tuple(str(Path(key).expanduser()) for key in keys)
