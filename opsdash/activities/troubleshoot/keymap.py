"""The keys of the pages of this activity."""

from __future__ import annotations

from opsdash.core.keymap import Key, KeySet, Place

JOB_PAGES = KeySet(
    "pages.jobs",
    "What was run",
    (Place.PAGE,),
    (
        Key("view.jobs", "7", "view('jobs')", "Jobs", "open Jobs"),
        Key("view.job", "J", "view('job')", "Job", "the job that was looked at last"),
    ),
)

BOOK_PAGES = KeySet(
    "pages.runbook",
    "Runbooks",
    (Place.PAGE,),
    (
        Key(
            "view.runbook", "B", "view('runbook')", "Runbook", "the runbook that was looked at last"
        ),
    ),
)

RUNBOOK = KeySet(
    "runbook",
    "A runbook on a host",
    (Place.PAGE,),
    (
        Key("runbook.decline", "n", "decline", "leave it", "choose nothing, or leave it undone",
            hint=True),
        Key("runbook.again", "a", "begin_again", "begin again", "from the first step", hint=True),
        Key("runbook.whole", "d", "whole", "outputs", "outputs to their end, or their first lines",
            hint=True),
        Key("runbook.copy", "c", "copy", "copy", "copy all of it, for a ticket", hint=True),
    ),
    ("runbook",),
)  # fmt: skip

JOBS = KeySet(
    "jobs",
    "The list of jobs",
    (Place.PAGE,),
    (
        Key("jobs.copy", "c", "copy_job", "copy", "copy the command"),
        Key("jobs.cancel", "K", "cancel_job", "cancel", "call the job off"),
    ),
    ("jobs",),
)

JOB = KeySet(
    "job",
    "One job",
    (Place.PAGE,),
    (
        Key("job.diff", "=", "compare", "diff", "output, or diff against the majority, or a job",
            hint=True, opens=True),
        Key("job.mask", "m", "mask", "mask", "times, pids, names, addresses count or not",
            hint=True),
        Key("job.find", "/", "find", "find", "only lines that hold some words", hint=True,
            opens=True),
        Key("job.copy", "c", "copy", "copy", "copy what is shown below"),
        Key("job.export", "X", "export", "export", "all outputs to a file", hint=True),
        Key("job.detail", "d", "detail", "detail", "outputs on or off"),
        Key("job.cancel", "K", "cancel_job", "cancel", "call the job off", hint=True),
        Key("job.all-lines", "esc", "all_lines", "all lines", "drop what was searched for",
            turn="out"),
    ),
    ("job",),
)  # fmt: skip

PAGES = KeySet(
    "pages.troubleshoot",
    "Pages",
    (Place.PAGE,),
    (Key("view.forwards", "F", "view('forwards')", "Forwards", "ports that lead to hosts"),),
)

LOG_PAGES = KeySet(
    "pages.logs",
    "Logs",
    (Place.PAGE,),
    (Key("view.logs", "3 l", "view('logs')", "Logs", "logs of this host, or the marked"),),
)

LOGS = KeySet(
    "logs",
    "The logs",
    (Place.PAGE,),
    (
        Key("logs.error-next", "e", "log_error(1)", "error", "next error", hint=True),
        Key("logs.error-prev", "E", "log_error(-1)", "error before"),
        Key("logs.follow", "o", "log_follow", "follow", "follow, or stay here", hint=True),
        Key("logs.filter", "/", "log_filter", "filter", "only lines that fit", hint=True,
            opens=True),
        Key("logs.hit-next", "n", "log_hit(1)", "hit", "next line that fits what was searched"),
        Key("logs.hit-prev", "N", "log_hit(-1)", "hit before"),
        Key("logs.around", "a", "log_around", "around", "0, 3 or 10 lines around each that fits"),
        Key("logs.unit", "b", "log_unit", "by unit", "only what the unit of the line said there"),
        Key("logs.kinds", "K", "log_kinds", "kinds", "kinds of messages, new ones first",
            hint=True),
        Key("logs.spike", "S", "log_spike", "spike", "to the minute of the most errors"),
        Key("logs.window", "z", "log_window", "since", "since when", hint=True, opens=True),
        Key("logs.wrap", "w", "log_wrap", "wrap", "long lines in several rows"),
        Key("logs.right", "right", "log_shift(1)", "right", "more of long lines"),
        Key("logs.left", "left", "log_shift(-1)", "left"),
        Key("logs.pause", "=", "log_pause", "pause", "let the hosts wait, or go on"),
        Key("logs.copy", "c", "log_copy", "copy", "copy the line"),
        Key("logs.export", "X", "log_export", "export", "the lines that are shown to a file"),
        Key("logs.reset", "esc", "all_lines", "all lines", "drop the filter; stay at the line",
            turn="out"),
    ),
    ("logs",),
)  # fmt: skip

FORWARDS = KeySet(
    "forwards",
    "The forwarded ports",
    (Place.PAGE,),
    (
        Key("forward.close", "K del", "close_forward", "close", "end the forward of the row",
            hint=True),
        Key("forward.copy", "c", "copy_forward", "copy", "copy where it is to be found here",
            hint=True),
    ),
    ("forwards",),
)  # fmt: skip

DOCTOR = KeySet(
    "doctor",
    "On the doctor's page",
    (Place.TEXT,),
    (
        Key("doctor.answer", "a", "answer", "answer",
            "be asked: whether the host key is right, passphrase, password", hint=True),
        Key("doctor.again", "r", "again", "again", "examine the host again", hint=True,
            turn="again"),
    ),
)  # fmt: skip
