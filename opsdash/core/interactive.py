"""Commands that want a terminal: recognised before they run, where there is none to be had.

This is a courtesy and no guard: what is not recognised meets the end of its input, and ends.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence

SHELL = "s opens a shell there"

_SPLIT = re.compile(r"&&|\|\||[;|&\n]")
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=")

_Words = Sequence[str]
_Wants = Callable[[_Words], bool]
"""Of the words after a command: whether it wants a terminal, called like this."""


def _always(_: _Words) -> bool:
    return True


def _alone(words: _Words) -> bool:
    """Without anything but options: there is nothing for it to do but ask."""
    return all(word.startswith("-") for word in words)


def _without(*given: str) -> _Wants:
    """Unless it is given one of these options: long ones whole or with =, short ones bundled."""

    def wants(words: _Words) -> bool:
        return not any(_is_option(word, one) for word in words for one in given)

    return wants


def _with(*given: str) -> _Wants:
    has_none = _without(*given)
    return lambda words: not has_none(words)


def _is_option(word: str, option: str) -> bool:
    if len(option) != 2 or not option.startswith("-") or option == "--":
        return word == option or word.startswith(f"{option}=")
    return re.fullmatch(rf"-[A-Za-z0-9]*{re.escape(option[1])}.*", word) is not None


def _follows(words: _Words) -> bool:
    return _with("-f", "-F", "--follow", "--retry")(words)


def _ssh(words: _Words) -> bool:
    """ssh with a host and nothing to run there."""
    takes_value = "bcDEeFIiJLlmOopQRSWw"
    rest = list(words)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option in ("-N", "-V", "-G", "-T") or option.startswith(("-Q", "-W", "-O")):
            return False
        if len(option) == 2 and option[1] in takes_value and rest:
            rest.pop(0)
    return len(rest) == 1


def _passwd(words: _Words) -> bool:
    quiet = _with("-S", "-l", "-u", "-d", "-e", "-a", "--status", "--lock", "--unlock", "--stdin")
    return not quiet(words)


def _apt(words: _Words) -> bool:
    """What changes packages asks first, unless it is told not to."""
    asks = {"install", "remove", "purge", "upgrade", "full-upgrade", "dist-upgrade", "autoremove"}
    answered = _with("-y", "-s", "--yes", "--assume-yes", "--assume-no", "-q", "--simulate")
    return bool(asks & set(words)) and not answered(words)


def _dnf(words: _Words) -> bool:
    asks = {"install", "remove", "upgrade", "update", "autoremove", "downgrade", "reinstall"}
    answered = _with("-y", "--assumeyes", "--assumeno")
    return bool(asks & set(words)) and not answered(words)


def _zypper(words: _Words) -> bool:
    asks = {"install", "in", "remove", "rm", "update", "up", "patch", "dup", "dist-upgrade"}
    return bool(asks & set(words)) and not _with("-n", "--non-interactive", "-y")(words)


def _pacman(words: _Words) -> bool:
    changes = any(re.fullmatch(r"-(S(?![iqsl]).*|R.*|U.*)", word) for word in words)
    return changes and "--noconfirm" not in words and "-p" not in words


def _mysql(words: _Words) -> bool:
    return _without("-e", "--execute", "--version", "-V", "--help")(words)


def _psql(words: _Words) -> bool:
    return _without("-c", "-f", "-l", "--command", "--file", "--list", "--version", "-V")(words)


def _shell(words: _Words) -> bool:
    """A shell that is asked to be one for a person; alone it reads its input, which is fine."""
    return bool(words) and "-c" not in words and any(re.fullmatch(r"-l?i", w) for w in words)


def _python(words: _Words) -> bool:
    return all(word.startswith("-") for word in words) and _without(
        "-c", "-m", "-V", "--version", "-h", "-"
    )(words)


_EDIT = f"change it here and push it with :put, or {SHELL}"
_CAT = "print it: cat FILE"

_Rule = tuple[_Wants, str]

_RULES: Mapping[tuple[str, ...], _Rule] = {
    ("vi", "vim", "nvim", "nano", "emacs", "pico", "joe", "mcedit", "ed", "vigr"): (_always, _EDIT),
    ("visudo", "vipw"): (_without("-c"), _EDIT),
    ("top",): (_without("-b", "-v", "-h"), "top -b -n1"),
    ("htop", "btop", "atop", "glances", "nmon"): (_without("-w", "-P"), "top -b -n1"),
    ("iotop",): (_without("-b"), "iotop -b -n1"),
    ("iftop",): (_without("-t"), "iftop -t -s 5"),
    ("powertop", "mc", "ncdu", "cfdisk", "aptitude", "dselect", "nmtui"): (_alone, SHELL),
    ("less", "more", "most", "pg"): (_always, _CAT),
    ("man", "info"): (_always, "man NAME | cat"),
    ("ssh", "slogin", "dbclient"): (_ssh, "give ssh a command, or select that host"),
    ("telnet", "ftp", "sftp", "mosh"): (_without("-b"), SHELL),
    ("screen", "tmux"): (_without("-d", "-ls", "ls", "-V", "kill-server"), SHELL),
    ("byobu", "reptyr"): (_always, SHELL),
    ("mysql", "mariadb"): (_mysql, "mysql -e 'SELECT 1'"),
    ("psql",): (_psql, "psql -c 'SELECT 1'"),
    ("sqlite3", "redis-cli", "mongo", "mongosh"): (_alone, "give it what to run as an argument"),
    ("python", "python2", "python3", "node", "irb", "ghci"): (_python, "python3 -c 'print(1)'"),
    ("bc", "gdb"): (_without("-batch", "--batch", "-p"), "give it its input on stdin"),
    ("passwd",): (_passwd, "chpasswd reads NAME:PASSWORD on its input"),
    ("chsh", "chfn"): (_alone, "chsh -s SHELL NAME"),
    ("su",): (_without("-c", "--command"), "run it with root, or su NAME -c 'COMMAND'"),
    ("sudoedit",): (_always, _EDIT),
    ("crontab",): (_with("-e"), "crontab -l, and crontab - reads a new one on its input"),
    ("systemctl",): (_with("edit"), "systemctl cat UNIT shows it; put a drop-in and reload"),
    ("bash", "sh", "zsh", "fish", "dash", "ksh", "csh", "tcsh"): (_shell, SHELL),
    ("login", "agetty", "script", "dialog", "whiptail", "fzf"): (_always, SHELL),
    ("apt", "apt-get"): (_apt, "apt-get -y"),
    ("dnf", "yum", "microdnf"): (_dnf, "dnf -y"),
    ("zypper",): (_zypper, "zypper -n"),
    ("pacman",): (_pacman, "pacman --noconfirm"),
    ("fdisk", "gdisk", "parted"): (_without("-l", "-s", "--list", "--script"), "sfdisk, parted -s"),
}
_BY_NAME: Mapping[str, _Rule] = {name: rule for names, rule in _RULES.items() for name in names}

_NEVER_ENDS: Mapping[str, tuple[_Wants, str]] = {
    "watch": (_always, "run it once: without watch"),
    "tail": (_follows, "tail -n 100"),
    "journalctl": (_with("-f", "--follow"), "journalctl -n 100, or page 3 follows it"),
    "dmesg": (_with("-w", "-W", "--follow", "--follow-new"), "dmesg | tail"),
    "ping": (_without("-c", "-w"), "ping -c 3"),
    "ping6": (_without("-c", "-w"), "ping6 -c 3"),
    "vmstat": (lambda w: len([x for x in w if x.isdigit()]) == 1, "vmstat 1 5"),
    "iostat": (lambda w: len([x for x in w if x.isdigit()]) == 1, "iostat 1 5"),
    "mpstat": (lambda w: len([x for x in w if x.isdigit()]) == 1, "mpstat 1 5"),
    "tcpdump": (_without("-c", "-D", "-d", "-r"), "tcpdump -c 100"),
    "yes": (_always, "yes | head"),
}

_PREFIXES = frozenset({"sudo", "doas", "env", "nice", "nohup", "time", "exec", "command", "ionice"})
_PREFIX_VALUES = frozenset({"-u", "-g", "-n", "-C", "-h", "-p", "-U", "-c", "-T"})
_PAGERS = frozenset({"less", "more", "most", "pg", "man", "info"})


def wants_terminal(command: str) -> str:
    """Why a command can't be run without a terminal, and what can be instead; empty if it can.

    It looks at each command of a line, behind what only stands before one (sudo, env, a variable).
    """
    return _first(command, _BY_NAME, "{} wants a terminal: {}")


def never_ends(command: str) -> str:
    """Why a command would run until its time is over, and what ends by itself; empty if it ends.

    Such a one may be run: its output comes until then, or until it is cancelled.
    """
    return _first(command, _NEVER_ENDS, "{} does not end by itself: {}")


def _first(command: str, rules: Mapping[str, _Rule], text: str) -> str:
    parts, piped_into = _commands(command)
    for number, words in enumerate(parts):
        name, rest = words[0].rpartition("/")[2], words[1:]
        wants, hint = rules.get(name, (None, ""))
        if wants is None or not wants(rest):
            continue
        if number + 1 in piped_into if name in _PAGERS else number in piped_into:
            continue  # it reads what is piped to it, or pages nothing
        return text.format(name, hint)
    return ""


def _commands(line: str) -> tuple[list[list[str]], set[int]]:
    """The commands of a line as words, and which of them something is piped into, or given."""
    parts: list[list[str]] = []
    fed: set[int] = set()
    for part, separator in _parts(line):
        try:
            words = shlex.split(part, comments=True)
        except ValueError:
            continue  # a quote goes over a separator: that is for the shell to read
        words = _behind_prefixes(words)
        if not words:
            continue
        if separator == "|" or any(word.startswith("<") for word in words):
            fed.add(len(parts))
        parts.append([word for word in words if not word.startswith(("<", ">", "2>"))])
    return [words for words in parts if words], fed


def _parts(line: str) -> list[tuple[str, str]]:
    """A line cut at what separates commands, each part with what stood before it; what is quoted
    is not cut.
    """
    found: list[tuple[str, str]] = []
    start, before, at, quoted = 0, "", 0, ""
    while at < len(line):
        char = line[at]
        if quoted:
            at += 2 if char == "\\" and quoted == '"' else 1
            quoted = "" if char == quoted else quoted
            continue
        if char in "'\"":
            quoted = char
        separator = _SPLIT.match(line, at) if char != "\\" else None
        if separator and not (char == "&" and line[at - 1 : at] in ("<", ">")):
            found.append((line[start:at], before))
            before, at = separator[0], separator.end()
            start = at
        else:
            at += 2 if char == "\\" else 1
    return [*found, (line[start:], before)]


def _behind_prefixes(words: list[str]) -> list[str]:
    """Without variables set for one command, and programs that only run another."""
    rest = list(words)
    while rest:
        if _ASSIGNED.match(rest[0]):
            rest.pop(0)
        elif rest[0].rpartition("/")[2] in _PREFIXES:
            if rest[0] == "sudo" and {"-i", "-s", "-e"} & set(rest[1:2]):
                return ["su"] if len(rest) == 2 else rest[2:]
            rest.pop(0)
            while rest and rest[0].startswith("-"):
                option = rest.pop(0)
                if option in _PREFIX_VALUES and rest:
                    rest.pop(0)
        elif rest[0] in ("timeout", "chroot", "runuser") and len(rest) > 2:
            rest = rest[2:]
        else:
            return rest
    return rest
