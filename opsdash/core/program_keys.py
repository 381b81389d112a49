"""The keys of the program itself: those of every page, of lists, fields, pickers and dialogs."""

from __future__ import annotations

from opsdash.core.keymap import Key, KeySet, Place

QUIT, BACK = "a way to quit", "a way back from a page"

ROWS = KeySet(
    "rows",
    "Rows",
    (Place.PAGE,),
    (
        Key("nav.in", "enter", "choose", "open", hint=True, keeps="a way to open a row"),
        Key("mark.toggle", "space", "mark", "mark", "mark the row"),
        Key("mark.range", "V", "mark_range", "mark range",
            "mark from here to where you go; the same key ends it"),
        Key("mark.all", "*", "mark_all", "mark all", "mark all rows that are shown"),
        Key("mark.clear", "u", "unmark", "unmark", "clear all marks"),
    ),
)  # fmt: skip

TIME = KeySet(
    "time",
    "Back in time",
    (Place.PAGE,),
    (
        Key("time.back", ",", "step_time(-1)", "earlier", "everything as it was a poll before"),
        Key("time.fwd", ".", "step_time(1)", "later", "a poll later, until it is live again"),
        Key("time.live", ";", "live", "live", "everything as it is, again"),
    ),
)

EVERYWHERE = KeySet(
    "everywhere",
    "Everywhere",
    (Place.PAGE,),
    (
        Key("cmd.open", ": ctrl+p", "palette", "command", "pages, hosts, commands", hint=True,
            opens=True, keeps="the palette"),
        Key("host.jump", "f", "jump", "jump", "jump to a host by name", opens=True),
        Key("freeze", "p", "freeze", "freeze", "hold the screen still"),
        Key("mouse", "M", "mouse", "mouse", "leave the mouse to the terminal for 15 s"),
        Key("theme.pick", "C", "pick_theme", "colours", "pick a theme"),
        Key("refresh", "ctrl+r f5", "ask_again", "refresh", "ask the hosts now", hint=True),
        Key("reload", "O", "reload", "reload", "read the hosts file again"),
        Key("run", "r", "run", "run", "a command on this host, or the marked",
            opens=True, turn="again"),
        Key("run.again", "R", "run_again", "run again", "the last command again", opens=True),
        Key("root.ask", "#", "root", "root", "give sudo password"),
        Key("hint.hide", "h", "hide_hint", "hide hint", "put the line for newcomers away for good"),
        Key("redraw", "ctrl+l", "redraw", "redraw", "paint the screen anew"),
        Key("suspend", "ctrl+z", "suspend_process", "suspend",
            "stop for now; fg in the shell goes on", first=True),
        Key("interrupt", "ctrl+c", "interrupt", "twice: quit", "twice within 2 s: quit",
            first=True),
        Key("quit", "ctrl+q", "quit", "quit", "quit from anywhere", first=True, keeps=QUIT),
        Key("help", "? f1", "help", "help", "this help, and away again", hint=True, keeps="help"),
        Key("nav.out", "q esc backspace", "back", "back", "back to the page before", hint=True,
            turn="out", keeps=BACK),
        Key("nav.quit", "q", "leave", "quit", hint=True, turn="out", keeps=QUIT),
    ),
)  # fmt: skip

MOVING = KeySet(
    "moving",
    "Moving",
    (Place.PAGE, Place.TEXT, Place.PROMPT),
    (
        Key("move.down", "j down", "move(1)", "down"),
        Key("move.up", "k up", "move(-1)", "up"),
        Key("move.half-down", "ctrl+d", "move_page(0.5)", "half a page down"),
        Key("move.half-up", "ctrl+u", "move_page(-0.5)", "half a page up"),
        Key("move.page-down", "pgdn", "move_page(1)", "page down"),
        Key("move.page-up", "pgup", "move_page(-1)", "page up"),
        Key("move.first", "g home", "first", "to the first"),
        Key("move.last", "G end", "last", "to the last"),
    ),
)

FIELD = KeySet(
    "field",
    "In a field",
    (Place.FIELD,),
    (
        Key(
            "ask.drop", "esc", "drop", "leave it as it was", hint=True, keeps="a way out of a field"
        ),
        Key("ask.older", "up", "older(1)", "typed before"),
        Key("ask.newer", "down", "older(-1)", "typed after"),
    ),
    typing=True,
)  # fmt: skip

PICKER = KeySet(
    "picker",
    "In a list to pick from",
    (Place.PICKER,),
    (
        Key("pick.take", "enter", "pick", "pick", hint=True, keeps="a way to pick"),
        Key("pick.next", "down ctrl+n tab", "move(1)", "next"),
        Key("pick.prev", "up shift+tab", "move(-1)", "before"),
        Key("pick.page-down", "pgdn", "move(10)", "page down"),
        Key("pick.page-up", "pgup", "move(-10)", "page up"),
        Key("pick.leave", "esc", "leave", "leave", hint=True, keeps="a way out of the palette"),
    ),
    typing=True,
)

SEARCH = KeySet(
    "search",
    "On a page of text",
    (Place.TEXT,),
    (
        Key("text.find", "/", "find", "find", "show only lines that hold some words", hint=True,
            opens=True),
    ),
)  # fmt: skip

TEXT = KeySet(
    "text",
    "On a page of text",
    (Place.TEXT,),
    (
        Key("text.copy", "c", "copy", "copy", "copy the page, or what is shown of it", hint=True),
        Key("text.close", "q esc backspace", "close", "close", "all lines again, then close",
            hint=True, keeps="a way out of a page of text"),
    ),
)  # fmt: skip

PREVIEW = KeySet(
    "preview",
    "On a page of what would be written",
    (Place.TEXT,),
    (
        Key("preview.write", "y", "write", "write it", "write what the page shows", hint=True),
        Key("preview.leave", "n enter", "close", "leave it", "write nothing", hint=True),
    ),
)

PROMPT = KeySet(
    "prompt",
    "In a question",
    (Place.PROMPT,),
    (
        Key("prompt.decline", "esc", "decline", "leave this host", hint=True, turn="question",
            keeps="a way to leave a question"),
    ),
    typing=True,
)  # fmt: skip

YES_OR_NO = KeySet(
    "yes-or-no",
    "In a question of yes or no",
    (Place.PROMPT,),
    (
        Key("prompt.agree", "y", "agree", "yes", hint=True, turn="agree",
            keeps="a way to agree"),
        Key("prompt.refuse", "n enter q", "decline", "no", hint=True, turn="refuse"),
    ),
)  # fmt: skip

CONFIRM = KeySet(
    "confirm",
    "Before a plan runs",
    (Place.PROMPT,),
    (
        Key("confirm.leave", "esc", "decline", "leave it", "leave everything as it is", hint=True,
            turn="question", keeps="a way to leave a plan"),
    ),
    typing=True,
)  # fmt: skip

CONFIRM_YES = KeySet(
    "confirm.yes",
    "Before a plan of one host runs",
    (Place.PROMPT,),
    (
        Key("confirm.agree", "y", "agree", "yes", "do what the plan says", hint=True, turn="agree",
            keeps="a way to agree to a plan"),
        Key("confirm.refuse", "n enter q", "decline", "no", "leave everything as it is", hint=True,
            turn="refuse"),
    ),
)  # fmt: skip
