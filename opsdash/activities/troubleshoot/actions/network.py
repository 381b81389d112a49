"""What a host sees over the network: ports, TLS and URLs by its own connections, without a tool
there; names, echoes and ways by the tools that it has.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from opsdash.activities.troubleshoot.actions import network_scripts as scripts
from opsdash.core.action import Action, Argument, Arguments, NotHere
from opsdash.core.plan import ALL_AT_ONCE, Danger, Step, StepKind
from opsdash.core.probe import Http, Tcp, Tls
from opsdash.core.scripted_action import Doing, Scripts
from opsdash.core.snapshot import HostState
from opsdash.core.target import checked_address, checked_name
from opsdash.core.visit import Visit, address_and_port, checked_port, checked_url

VISIT_S = 20.0
WAY_S = 90.0
MOST_ECHOES = 20


def _fault(check: Callable[[str], object]) -> Callable[[str], str]:
    """What is wrong with a value, as a check says it that raises ValueError."""

    def fault(value: str) -> str:
        try:
            check(value)
        except ValueError as error:
            return str(error)
        return ""

    return fault


def _echoes_fault(value: str) -> str:
    good = value.isascii() and value.isdigit() and 1 <= int(value[:4]) <= MOST_ECHOES
    return "" if good and len(value) < 3 else f"it should be a number from 1 to {MOST_ECHOES}"


def _tcp(state: HostState, arguments: Arguments) -> tuple[Step, ...]:
    return _visit("connect to", Visit(Tcp(*address_and_port(arguments["target"]))))


def _tls(state: HostState, arguments: Arguments) -> tuple[Step, ...]:
    what = Tls(*address_and_port(arguments["target"]), arguments["name"])
    return _visit("look at TLS and the certificate of", Visit(what))


def _http(state: HostState, arguments: Arguments) -> tuple[Step, ...]:
    return _visit("ask for", Visit(Http(arguments["url"], verify=arguments["verify"] == "yes")))


def _between(state: HostState, arguments: Arguments) -> tuple[Step, ...]:
    if state.name == arguments["to"]:
        raise NotHere("it is the host that is to be reached")
    what = Tcp(arguments["to"], int(arguments["port"]))
    return _visit("connect to the host", Visit(what, of_fleet=True))


def _by_tool(does: str, script: str, state: HostState, arguments: Arguments) -> tuple[Step, ...]:
    given = {name: value for name, value in arguments.items() if name != "root"}
    doing = Doing(
        does,
        Scripts(script),
        root=arguments["root"] == "yes",
        timeout_s=WAY_S,
        reads_only=True,
    )
    return doing.steps(state, given)


def _visit(does: str, visit: Visit) -> tuple[Step, ...]:
    words = f"{does} {visit.line.removeprefix('tcp://').removeprefix('tls://')}"
    words = words.removesuffix(" fleet")
    return (
        Step(
            StepKind.CONNECT,
            words,
            path=visit.line,
            timeout_s=VISIT_S,
            reads_only=True,
        ),
    )


_PLACE = Argument(
    "target",
    "a host as those know it that are to reach it, and a port: db1:5432, [2001:db8::1]:443",
    check=_fault(address_and_port),
    stands_alone=True,
)
_ROOT = Argument(
    "root",
    "whether root does it: busybox lets nobody else",
    default="no",
    choices=("yes", "no"),
)
_TO = Argument("to", "a name or an address", check=_fault(checked_address))

TCP = Action("net.tcp", "Connect to", Danger.READS, _tcp, (_PLACE,), "target", ALL_AT_ONCE)
TLS = Action(
    "net.tls",
    "Look at TLS of",
    Danger.READS,
    _tls,
    (
        _PLACE,
        Argument(
            "name",
            "the name that is asked for and must be in the certificate, if it is another one",
            default="",
            check=_fault(checked_address),
        ),
    ),
    "target",
    ALL_AT_ONCE,
)
HTTP = Action(
    "net.http",
    "Ask for",
    Danger.READS,
    _http,
    (
        Argument(
            "url",
            "a URL of http or https, which is asked for by GET",
            check=_fault(checked_url),
            stands_alone=True,
        ),
        Argument(
            "verify",
            "whether its certificate must be one that this machine trusts",
            default="yes",
            choices=("yes", "no"),
        ),
    ),
    "url",
    ALL_AT_ONCE,
)
BETWEEN = Action(
    "net.between",
    "Connect to the host",
    Danger.READS,
    _between,
    (
        Argument(
            "to",
            "a host of the fleet, which is reached at the address that the hosts file gives",
            check=_fault(checked_name),
        ),
        Argument("port", "the port there", default="22", check=_fault(checked_port)),
    ),
    "to",
    ALL_AT_ONCE,
)
PING = Action(
    "net.ping",
    "Ping",
    Danger.READS,
    partial(_by_tool, "ping {to}", scripts.PING),
    (
        _TO,
        Argument("times", "how often, at most 20 times", default="3", check=_echoes_fault),
        _ROOT,
    ),
    "to",
    ALL_AT_ONCE,
)
DNS = Action(
    "net.dns",
    "Look up",
    Danger.READS,
    Doing("look up {name}", Scripts(scripts.DNS), root=False, reads_only=True).steps,
    (
        Argument("name", "the name", check=_fault(checked_address)),
        Argument(
            "server",
            "the DNS server that is asked; else the host's own way is gone, /etc/hosts included",
            default="",
            check=_fault(checked_address),
        ),
    ),
    "name",
    ALL_AT_ONCE,
)
PATH = Action(
    "net.path",
    "Trace the way to",
    Danger.READS,
    partial(_by_tool, "trace the way to {to}", scripts.PATH),
    (_TO, _ROOT),
    "to",
    ALL_AT_ONCE,
)
