"""Lines of crontabs: listed, commented out and back in. A line is named by a part of its digest: a
line that was changed meanwhile is another one, and is left alone.
"""

from __future__ import annotations

import re

from opsdash.core.action import Action, Argument
from opsdash.core.argument_kinds import path_fault
from opsdash.core.plan import Danger
from opsdash.core.scripted_action import QUIETLY, Doing, Scripts

_JOB = re.compile(r"[0-9a-f]{12}")
_PLACES = ("/etc/crontab", "/etc/cron.d/", "/var/spool/cron/", "/etc/crontabs/")


def _job_fault(value: str) -> str:
    return "" if _JOB.fullmatch(value) else "it should be the 12 digits that cron.list shows"


def _file_fault(value: str) -> str:
    if not value.startswith(_PLACES):
        return f"a crontab lies in {', '.join(_PLACES)}"
    return path_fault(value)


_LINES = r"""
off='#opsdash-off '
digest() { printf '%s' "$1" | sha256sum | cut -c1-12; }
job_in() {
  state=on
  text=$1
  case $text in "$off"*) state=off; text=${text#"$off"} ;; esac
  case $text in
    [0-9*@]*[\ \	]*) ;;
    *) return 1 ;;
  esac
}
"""

_LIST = (
    _LINES
    + r"""
found=
for file in /etc/crontab /etc/cron.d/* /var/spool/cron/* /var/spool/cron/crontabs/* \
  /etc/crontabs/*; do
  [ -f "$file" ] && [ ! -L "$file" ] || continue
  [ -r "$file" ] || { echo "$file can't be read without root" >&2; continue; }
  while IFS= read -r line || [ "$line" ]; do
    job_in "$line" || continue
    found=1
    printf '%s  %-3s  %s: %s\n' "$(digest "$text")" "$state" "$file" "$text"
  done <"$file"
done
[ "$found" ] || echo "no crontab has a line here"
"""
)

_FIND = (
    _LINES
    + r"""
[ -f "$file" ] && [ ! -L "$file" ] || { echo "there is no file $file" >&2; exit 5; }
number=0
at=
while IFS= read -r line || [ "$line" ]; do
  number=$((number + 1))
  job_in "$line" || continue
  [ "$(digest "$text")" != "$job" ] || { at=$number; now=$state; is=$text; break; }
done <"$file"
[ "$at" ] || {
  echo "$file has no line $job: it was changed, or never was there (see cron.list)" >&2; exit 5; }
"""
)

_LOOK = r"""
[ -f "$file" ] || [ ! -r "${file%/*}" ] || { echo "there is no file $file" >&2; exit 5; }
ls -l "$file" 2>&1 || :
"""

# The new file is made beside the old one, with its owner and mode, and takes its place in one go.
# No cron reads a name with a dot in front.
_WRITE = r"""
new=${file%/*}/.opsdash-cron.$$
trap 'rm -f "$new"' EXIT
cp -p "$file" "$new" || exit
LINE=$want awk -v at="$at" 'NR == at { print ENVIRON["LINE"]; next } { print }' \
  "$file" >"$new" || exit
printf '%s\n' "$file line $at: $want"
mv "$new" "$file"
"""

_TO = {
    "off": _FIND + "want=$off$is\n" + _WRITE,
    "on": _FIND + "want=$is\n" + _WRITE,
}
_IS = {
    word: _FIND + f'[ "$now" = {word} ] || {{ echo "it is $now" >&2; exit 3; }}\n' for word in _TO
}

_OTHER = {"off": "on", "on": "off"}
_ARGUMENTS = (
    Argument("job", "the 12 digits of its line, as cron.list shows them", check=_job_fault),
    Argument("file", "the file that it stands in", check=_file_fault),
)


def _toggle(verb: str, title: str, *, does: str, word: str) -> Action:
    return Action(
        f"cron.{verb}",
        title,
        Danger.CHANGES,
        Doing(
            does,
            Scripts(
                _TO[word], look=_LOOK, already=_IS[word], verify=_IS[word], undo=_TO[_OTHER[word]]
            ),
        ).steps,
        arguments=_ARGUMENTS,
        target="job",
        rollout=QUIETLY,
    )


LIST = Action(
    "cron.list",
    "List the lines of crontabs",
    Danger.READS,
    Doing("list the lines of crontabs", Scripts(_LIST), reads_only=True).steps,
    rollout=QUIETLY,
)
DISABLE = _toggle(
    "disable",
    "Comment out the cron job",
    does="comment out the line {job} of {file}",
    word="off",
)
ENABLE = _toggle(
    "enable",
    "Comment the cron job back in",
    does="comment the line {job} of {file} back in",
    word="on",
)
