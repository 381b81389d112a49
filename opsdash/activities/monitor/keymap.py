"""The keys of the pages of this activity."""

from __future__ import annotations

from opsdash.core.keymap import Key, KeySet, Place

PAGES = KeySet(
    "pages.monitor",
    "Pages",
    (Place.PAGE,),
    (
        Key("view.fleet", "1", "view('fleet')", "Fleet", "open Fleet"),
        Key("view.host", "2", "view('host')", "Host", "open Host"),
        Key(
            "view.processes",
            "P",
            "view('processes')",
            "Processes",
            "all processes of the host",
        ),
        Key(
            "view.chart",
            "T",
            "view('chart')",
            "Chart",
            "the past of this host, or of the marked",
            hint=True,
        ),
        Key("view.alerts", "8", "view('alerts')", "Alerts", "open Alerts"),
    ),
)

STORY_PAGES = KeySet(
    "pages.story",
    "What happened",
    (Place.PAGE,),
    (
        Key("view.timeline", "t", "view('timeline')", "Timeline", "what happened there, by time"),
        Key("view.why", "x", "view('why')", "Why", "why it is ill, and what changed before",
            hint=True),
    ),
    ("fleet", "host", "chart", "timeline", "why", "logs"),
)  # fmt: skip

HOST = KeySet(
    "host",
    "This host",
    (Place.PAGE,),
    (
        Key("problem.next", "e", "problem(1)", "next problem", hint=True),
        Key("problem.prev", "E", "problem(-1)", "previous problem"),
        Key("shell", "s", "shell", "shell", "a shell there, by ssh"),
        Key("doctor", "D", "doctor", "doctor", "what is wrong with the way to the host"),
        Key("raw", "y", "raw", "raw facts", "all that the host said"),
        Key("copy", "c", "copy", "copy", "copy host and reason"),
        Key("copy.pick", "Y", "copy_pick", "copy…", "pick what to copy", opens=True),
    ),
    ("fleet", "host", "processes", "chart", "timeline", "why", "alerts"),
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

SILENCING = KeySet(
    "silencing",
    "What is wrong here",
    (Place.PAGE,),
    (
        Key("alert.ack", "a", "ack", "ack", "you have it in hand; again: not any more"),
        Key("alert.note", "A", "ack_note", "ack…", "the same with a note and an end", opens=True),
        Key("alert.mute", "m", "mute", "mute", "mute it, or maintenance; or take that back",
            opens=True),
    ),
    ("fleet", "host", "alerts"),
)  # fmt: skip

ALERTS = KeySet(
    "alerts",
    "The alerts",
    (Place.PAGE,),
    (
        Key("alerts.filter", "/", "filter_alerts", "filter", "filter alerts", hint=True,
            opens=True),
        Key("alerts.reset", "esc", "all_alerts", "all", "drop the filter", turn="out"),
    ),
    ("alerts",),
)  # fmt: skip

TIMELINE = KeySet(
    "timeline",
    "The timeline",
    (Place.PAGE,),
    (
        Key("timeline.filter", "/", "filter_happenings", "filter", "filter what happened",
            hint=True, opens=True),
        Key("timeline.reset", "esc", "all_happenings", "all", "drop the filter", turn="out"),
    ),
    ("timeline",),
)  # fmt: skip

WHY = KeySet(
    "why",
    "Why a host is ill",
    (Place.PAGE,),
    (
        Key("why.next", "right ]", "next_finding(1)", "next reason", "what else is wrong with it",
            hint=True),
        Key("why.prev", "left [", "next_finding(-1)", "reason before"),
        Key("why.runbook", "b", "runbook", "runbook", "work through a runbook for this", hint=True),
    ),
    ("why",),
)  # fmt: skip

CHART = KeySet(
    "chart",
    "The chart",
    (Place.PAGE,),
    (
        Key("chart.metric", "/", "metric", "metric", "pick a metric", hint=True, opens=True),
        Key("chart.next-metric", "n", "next_metric(1)", "next metric"),
        Key("chart.prev-metric", "N", "next_metric(-1)", "previous metric"),
        Key("chart.in", "+ =", "zoom(-1)", "closer", "less time, more of it", hint=True),
        Key("chart.out", "-", "zoom(1)", "farther", "more time", hint=True),
        Key("chart.span", "z", "span", "time span", "pick how much time", opens=True),
        Key("chart.back", "[", "pan(-1)", "earlier", "half a chart back in time", hint=True),
        Key("chart.on", "]", "pan(1)", "later", "half a chart on"),
        Key("chart.now", "0", "now", "now", "back to now", hint=True),
        Key("chart.left", "left", "read(-1)", "read", "read values, one to the left"),
        Key("chart.right", "right", "read(1)", "read on", "one to the right"),
        Key("chart.far-left", "shift+left", "read(-10)", "far left", "ten to the left"),
        Key("chart.far-right", "shift+right", "read(10)", "far right", "ten to the right"),
        Key("chart.layout", "o", "layout", "over/beside",
            "hosts over each other, or side by side"),
        Key("chart.scale", "v", "scale", "scale", "the whole scale, or only what is used of it"),
        Key("chart.stroke", "b", "stroke", "dots/blocks", "draw with dots or blocks"),
        Key("chart.drop", "esc", "drop", "stop reading", "put the cursor away", turn="out"),
    ),
    ("chart",),
)  # fmt: skip
