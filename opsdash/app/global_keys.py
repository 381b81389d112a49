"""The keys that work on every page; each has an id, so that it can be given another key."""

from __future__ import annotations

from textual.binding import Binding, BindingType

GLOBAL_KEYS: list[BindingType] = [
    # priority: what opens a field acts before the next key is looked at, however fast one types
    Binding("colon,ctrl+p", "palette", "command", id="cmd.open", tooltip="pages, hosts, commands",
            priority=True),
    Binding("f", "jump", "jump", id="host.jump", show=False, tooltip="jump to a host by name",
            priority=True),
    Binding("p", "freeze", "freeze", id="freeze", show=False, tooltip="hold the screen still"),
    Binding("C", "next_theme", "colours", id="theme.next", show=False, tooltip="next theme"),
    Binding("ctrl+r,f5", "ask_again", "refresh", id="refresh", tooltip="ask the hosts now"),
    Binding("O", "reload", "reload", id="reload", show=False, tooltip="read the hosts file again"),
    Binding("number_sign", "root", "root", id="root.ask", show=False, tooltip="give sudo password"),
    Binding("ctrl+l", "redraw", "redraw", id="redraw", show=False),
    Binding("ctrl+c", "interrupt", "twice: quit", id="interrupt", show=False, priority=True),
    Binding("ctrl+q", "quit", "quit", id="quit", show=False, priority=True),
    Binding("question_mark,f1", "help", "help", id="help", tooltip="this page"),
    Binding("q,escape,backspace", "back", "back", id="nav.out"),
    Binding("q", "leave", "quit", id="nav.quit"),
]  # fmt: skip
