"""The inventory as a table, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import jsonschema

from opsdash.activities.monitor import inventory_report as report
from opsdash.core.problem import ProblemKind
from opsdash.core.reading import Reading
from opsdash.core.snapshot import HostState, Snapshot
from tests.case_files import reading_of
from tests.fleet_states import NOW, down, up

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "inventory.schema.json").read_text())


def host(name: str, *readings: Reading) -> HostState:
    state = up(name)
    return replace(state, readings={**state.readings, **{one.collector: one for one in readings}})


MACHINE = reading_of("inventory", "a-machine-of-two-sockets", NOW - 1)
PLATE = reading_of("nameplate", "modules-and-empty-slots", NOW - 1)
BOARD = reading_of("inventory", "a-small-board", NOW - 1)
EVIL = reading_of("inventory", "placeholders-and-escapes", NOW - 1)


def test_the_document_is_as_its_schema_says_whatever_is_known() -> None:
    states = [host("a", MACHINE, PLATE), host("b", BOARD), host("c", EVIL), down("d"), up("e")]
    snapshot = Snapshot(1, NOW, {one.name: one for one in states})
    told = json.loads(json.dumps(report.document(snapshot, states)))
    jsonschema.validate(told, SCHEMA)
    a, b, _, d, e = told["hosts"]
    assert a["cpu"] == {
        "model": "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz",
        "sockets": 2,
        "cores": 40,
        "threads": 80,
    }
    assert a["machine"]["serial"] == "8XYZQ23"
    assert [disk["size_bytes"] for disk in a["disks"]] == [
        1920383410176,
        960197124096,
        4000787030016,
    ]
    assert [module["mt_s"] for module in a["memory"]["modules"]] == [2933, 2133]
    assert (b["packages"], b["cpu"]["cores"], b["machine"]["serial"]) == ({"apk": 212}, None, None)
    assert d["problem"].startswith("no answer from d")
    assert e["problem"] == "no answer in time"


def test_a_line_of_csv_per_host_and_no_cell_is_a_formula() -> None:
    evil = replace(EVIL, rows=({**EVIL.rows[0], "vendor": "=HYPERLINK(1)"}, *EVIL.rows[1:]))
    states = [host("a", MACHINE, PLATE), host("@b", evil), down("c", ProblemKind.REFUSED, "shut")]
    a, b, c = csv.DictReader(io.StringIO(report.as_csv(states)))
    assert (a["host"], a["threads"], a["disks"], a["packages"]) == (
        "a",
        "80",
        "nvme0n1 sda sdb",
        "1212",
    )
    assert a["memory_bytes"] == "404344434688"
    assert (b["host"], b["vendor"]) == ("'@b", "'=HYPERLINK(1)")
    assert (c["host"], c["cpu"], c["problem"]) == ("c", "", "shut")


def test_a_line_of_the_table_per_host_and_who_did_not_tell_says_why() -> None:
    lines = report.as_table([host("a", MACHINE), down("b", ProblemKind.REFUSED, "shut")])
    assert lines[0].split() == [
        *("HOST", "MACHINE", "CPU", "CORES", "MEM", "DISK", "OS", "KERNEL", "PACKAGES"),
    ]
    assert lines[1].startswith("a     Dell Inc. PowerEdge R640  Intel(R) Xeon(R) Gold 6230")
    assert " 40     377G  6.3T  Debian GNU/Linux 12 (bookworm)" in lines[1]
    assert lines[2].startswith("b     ? shut")
