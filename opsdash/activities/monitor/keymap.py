"""The keys of the pages of this activity."""

from __future__ import annotations

from opsdash.core.keymap import Key, KeySet, Place

PAGES = KeySet(
    "pages.monitor",
    "Pages",
    (Place.PAGE,),
    (
        Key("view.fleet", "1", "view('fleet')", "Fleet", "open Fleet", hint=True),
        Key("view.host", "2", "view('host')", "Host", "open Host", hint=True),
        Key("view.processes", "P", "view('processes')", "Processes", "all processes of the host"),
    ),
)

HOST = KeySet(
    "host",
    "This host",
    (Place.PAGE,),
    (
        Key("problem.next", "e", "problem(1)", "next problem", hint=True),
        Key("problem.prev", "E", "problem(-1)", "previous problem"),
        Key("doctor", "D", "doctor", "doctor", "what is wrong with the way to the host"),
        Key("raw", "y", "raw", "raw facts", "all that the host said"),
        Key("copy", "c", "copy", "copy", "copy host and reason"),
        Key("copy.pick", "Y", "copy_pick", "copy…", "pick what to copy", opens=True),
    ),
    ("fleet", "host", "processes"),
)

PROCESSES = KeySet(
    "processes",
    "The processes that take most",
    (Place.PAGE,),
    (Key("top.order", "o", "top_order", "top by", "sort processes by CPU, memory, disk"),),
    ("host", "processes"),
)

FLEET = KeySet(
    "fleet",
    "The list of hosts",
    (Place.PAGE,),
    (
        Key("filter.open", "/", "filter", "filter", "filter hosts", hint=True, opens=True),
        Key("filter.problems", "!", "problems", "problems", "problems only, or all", hint=True),
        Key("group.cycle", "b", "group", "group", "group by the next"),
        Key("sort.pick", "S", "sort", "sort", "pick what to sort by", opens=True),
        Key("sort.invert", "I", "invert", "invert", "sort upside down"),
        Key("wide", "w", "wide", "wide", "more columns, fewer words"),
        Key("detail", "d", "detail", "detail", "details on or off"),
        Key("fold", "z", "fold", "fold", "open or close all folds"),
        Key(
            "filter.reset", "esc", "reset", "all hosts", "drop filter, range and folds", turn="out"
        ),
    ),
    ("fleet",),
)  # fmt: skip

PROCESSES_PAGE = KeySet(
    "processes.page",
    "The list of processes",
    (Place.PAGE,),
    (
        Key("process.filter", "/", "filter_processes", "filter", "filter processes", hint=True,
            opens=True),
        Key("process.tree", "t", "tree", "tree", "children below their parents", hint=True),
        Key("process.reset", "esc", "all_processes", "all processes", "drop the filter",
            turn="out"),
    ),
    ("processes",),
)  # fmt: skip
