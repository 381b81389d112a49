"""What a host runs for a probe: constant POSIX sh, to which the user's words are arguments.

Nothing that the user wrote is ever part of a script's text but as one quoted word of ``set --``.
Each script tells what it found under a first line ``== KIND``; what it could not find out, and why,
too. Nothing is left behind: no files, no history of HSTS, no process.
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from opsdash.core.probe import BODY_BYTES, Command, Dns, File, Http, Probe, Process, Tcp, Tls
from opsdash.transport.bundle import quote

COMM_LENGTH = 15
"""Characters of a process's name that the kernel keeps."""

# Busybox' timeout ends the one process that it started and no children of it: what may hang gets a
# time limit of its own, or it would keep the section open, and stay.
_LIMITED = r"""
if timeout 5 true 2>/dev/null; then limit() { timeout "$@"; }
elif timeout -t 5 true 2>/dev/null; then limit() { timeout -t "$@"; }
else limit() { shift; "$@"; }; fi
"""

# A time of day would do no better: few `date`s know parts of a second, and the uptime is read by
# the shell itself. It has hundredths of a second. It is read before the pipe ends, since busybox'
# timeout keeps that open for up to a second more.
_TIMED = r"""
up() { read -r now rest </proc/uptime; echo "up $now"; }
run() { limit "$@" 2>&1 </dev/null; rc=$?; up; return "$rc"; }
ended() { printf '%s\n' "$said" | grep '^up [0-9.]*$' | tail -n 1; }
told() { printf '%s\n' "$1" | head -c 2000 | sed 's/^/said /'; }
"""

_FILE = r"""
echo '== file'
lost() {
  said=$(ls -dL "$1" 2>&1) && return 1
  case $said in *ermission*) echo "denied $1" ;; *) echo "missing $1" ;; esac
}
file=$1
if [ -n "$2" ]; then
  file=
  IFS=
  for one in "$1"/$2; do
    [ -f "$one" ] || continue
    if [ -z "$file" ] || [ "$one" -nt "$file" ]; then file=$one; fi
  done
  IFS=' '
  if [ -z "$file" ]; then
    lost "$1/" || if [ -r "$1/" ] && [ -x "$1/" ]; then echo nothing; else echo "denied $1/"; fi
  fi
fi
if [ -n "$file" ] && ! lost "$file"; then
  echo "now $(date +%s)"
  if said=$(stat -L -c '%Y %s' "$file" 2>/dev/null); then echo "stat $said"
  else echo "stat $(date -r "$file" +%s) $(ls -lnL "$file" | awk 'NR == 1 { print $5 }')"; fi
  echo "name $file"
fi
echo '== end'
"""

# grep reads the names, as a shell takes them byte by byte. In our own command line the words that
# are looked for stand, too, so that a process with this script in it does not count.
_PROCESS = r"""
echo '== process'
if [ ! -r /proc/1/comm ]; then echo hidden; echo '== end'; exit 0; fi
named() { printf '%s\n' /proc/[0-9]*/comm | xargs grep -lxF -e "$1" 2>/dev/null; }
case $2:$1 in
  :sh|:ash|:dash|:bash|:busybox|:timeout|:grep|:xargs|:tr|:cat|:head|[!:]*)
    named "$1" | while read -r comm; do
      tr '\000\n' '  ' 2>/dev/null <"${comm%/comm}/cmdline" | grep -vF -e '== process' |
        grep -cF -e "$2"
    done | grep -cxF 1 ;;
  *) named "$1" | grep -c . ;;
esac | sed 's/^/count /'
echo '== end'
"""

_COMMAND = r"""
echo '== command'
exec "$@"
"""

_TCP = r"""
echo '== tcp'
up
rc=
if command -v bash >/dev/null 2>&1; then
  said=$(run "$3" bash -c 'exec 3<>"/dev/tcp/$1/$2"' bash "$1" "$2"); rc=$?
  case $said in *'/dev/tcp/'*'No such file'*) rc= ;; esac
fi
if [ -z "$rc" ] && command -v nc >/dev/null 2>&1; then
  said=$(run "$3" nc -zv -w "$3" "$1" "$2"); rc=$?
  case $said in *nvalid*|*nrecognized*|*sage:*)
    said=$(run "$3" sh -c 'exec nc -w "$3" "$1" "$2" >/dev/null' sh "$1" "$2" "$3"); rc=$? ;;
  esac
fi
if [ -z "$rc" ]; then echo 'lacks bash or nc'; else ended; echo "status $rc"; told "$said"; fi
echo '== end'
"""

_DNS = r"""
echo '== dns'
up
rc=
if command -v getent >/dev/null 2>&1; then
  said=$(run "$2" getent ahosts "$1"); rc=$?
  if [ "$rc" = 1 ] || [ "$rc" = 3 ]; then said=$(run "$2" getent hosts "$1"); rc=$?; fi
  found=$(printf '%s\n' "$said" | awk '$1 != "up" { print $1 }')
elif command -v nslookup >/dev/null 2>&1; then
  said=$(run "$2" nslookup "$1"); rc=$?
  found=$(printf '%s\n' "$said" |
    awk '/^Name:/ { n = 1 } n && /^Address/ { sub(/^Address[^:]*: */, ""); print $1 }')
fi
if [ -z "$rc" ]; then echo 'lacks getent or nslookup'
else
  ended
  echo "status $rc"
  if [ "$rc" = 0 ]; then printf '%s\n' "$found" | head -n 100 | sed 's/^/address /'
  else told "$said"; fi
fi
echo '== end'
"""

_TLS = r"""
echo '== tls'
up
if command -v openssl >/dev/null 2>&1; then
  at=$1; case $1 in *:*) at="[$1]" ;; esac
  said=$({ run "$4" openssl s_client -connect "$at:$2" ${3:+-servername "$3"}
    echo "ended $?"; } | head -c 32768)
  ended
  printf '%s\n' "$said" | sed -n 's/^ended /status /p' | tail -n 1
  printf '%s\n' "$said" | sed -n '/-BEGIN CERT/,/-END CERT/p'
  told "$(printf '%s\n' "$said" | grep -iE 'errno|error|refused|timed|unreach|known|resolution' |
    head -n 3)"
else echo 'lacks openssl'; fi
echo '== end'
"""

# The body goes to our output past head, which cuts it, and all else into a variable, told last: a
# body can't be taken for it. Of what wget says only the status lines and its own errors are used.
# Of busybox' wget no time limit is asked (it may end by a fault there): the section has one.
# Many a small server has neither curl nor wget: bash speaks plain HTTP/1.0, openssl over TLS.
_HTTP = r"""
echo '== http'
request() {
  printf 'GET %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: opsdash\r\nAccept: */*\r\n' "$8" "$9"
  printf 'Connection: close\r\n\r\n'
}
by_hand() {
  if [ -n "$7" ]; then
    at=$5; case $5 in *:*) at="[$5]" ;; esac
    k=; [ -z "$3" ] || k="-verify_return_error -verify_${11}"
    request "$@" | limit "$2" openssl s_client -quiet -connect "$at:$6" \
      ${10:+-servername "${10}"} $k ${3:+"$5"}
  else
    limit "$2" bash -c 'exec 3<>"/dev/tcp/$1/$2" && printf %s "${3%x}" >&3 && exec cat <&3' \
      bash "$5" "$6" "$(request "$@"; echo x)"
  fi
}
began=; read -r began rest </proc/uptime
echo '== body'
tool=; meta=
if command -v curl >/dev/null 2>&1; then
  tool=curl; k=; [ -n "$3" ] || k=-k
  { meta=$( { { curl -q -sS -g $k --noproxy '*' -A opsdash --max-time "$2" -o /proc/self/fd/3 \
    -w '\nanswer %{http_code} %{time_total}\n' "$1" 2>&1; echo "status $?"; } 3>&1 >&5 |
    head -c "$4" >&6; } 5>&1 ); } 6>&1
elif command -v wget >/dev/null 2>&1; then
  k=; tool=wget
  if wget --version 2>/dev/null | grep -q GNU; then
    k="-nv --no-proxy --max-redirect=0 --content-on-error -t 1 -T $2"
    [ -n "$3" ] || k="$k --no-check-certificate"
    wget --help 2>/dev/null | grep -q -e --no-hsts && k="$k --no-hsts"
  else tool=busybox; k='-q -Y off'; fi
  { meta=$( { { limit "$2" wget $k -S -U opsdash -O - "$1" 2>&5; rc=$?
    read -r now rest </proc/uptime; printf 'status %s\nup %s\n' "$rc" "$now" >&5; } |
    head -c "$4" >&6; } 5>&1 ); } 6>&1
else
  if [ -n "$7" ]; then command -v openssl >/dev/null 2>&1 && tool=openssl
  else command -v bash >/dev/null 2>&1 && tool=bash; fi
  [ -z "$tool" ] || { meta=$( { { by_hand "$@" 2>&5; rc=$?
    read -r now rest </proc/uptime; printf 'status %s\nup %s\n' "$rc" "$now" >&5; } |
    head -c "$4" >&6; } 5>&1 ); } 6>&1
fi
printf '\n== meta\n'
echo "tool $tool"; echo "up $began"
need=bash; [ -z "$7" ] || need=openssl
[ -n "$tool" ] || echo "lacks curl, wget or $need"
told='^(answer|status|up) |^ *HTTP/|^(curl|wget|bash): |^(ERROR|failed)'
told="$told|verify error|errno|[0-9]:error:"
printf '%s\n' "$meta" | grep -aE "$told" | head -n 40 | cut -c 1-300
echo '== end'
"""


def _with(script: str, *arguments: object) -> str:
    """A script with its arguments: the one way in which words of the user get to a host."""
    return f"set -- {' '.join(quote(str(one)) for one in arguments)}\n{script}"


def script_of(probe: Probe) -> str:
    """The script of one probe from the host."""
    match probe.what:
        case Tcp(address, port):
            return _with(_LIMITED + _TIMED + _TCP, address, port, probe.timeout_s)
        case Tls(address, port, name):
            shown = "" if _is_ip(name) else name
            return _with(_LIMITED + _TIMED + _TLS, address, port, shown, probe.timeout_s)
        case Http(url, verify=verify):
            words = (url.partition("#")[0], probe.timeout_s, "verify" if verify else "", BODY_BYTES)
            return _with(_LIMITED + _HTTP, *words, *_by_hand(url))
        case Dns(name):
            return _with(_LIMITED + _TIMED + _DNS, name, probe.timeout_s)
        case Process(name, arguments):
            comm = name.encode()[:COMM_LENGTH].decode("utf-8", "ignore")
            return _with(_PROCESS, comm, arguments)
        case File(path):
            return _with(_FILE, *_folder_and_pattern(path))
        case Command(argv):
            return _with(_COMMAND, *argv)


def _by_hand(url: str) -> tuple[object, ...]:
    """What a host needs to ask for a URL without a program for it: address, port, ``tls``, the
    target, the Host header, the name for TLS, and by what a certificate is checked.
    """
    parts = urlsplit(url)
    address, tls = parts.hostname or "", "tls" if parts.scheme == "https" else ""
    target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    shown, by = ("", "ip") if _is_ip(address) else (address, "hostname")
    return (address, parts.port or (443 if tls else 80), tls, target, parts.netloc, shown, by)


def _is_ip(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _folder_and_pattern(path: str) -> tuple[str, str]:
    """The folder, and a pattern for the shell in which only ``*`` and ``?`` mean anything; a path
    without them as it is.
    """
    folder, _, name = path.rpartition("/")
    if not set(name) & set("*?"):
        return path, ""
    return folder, name.replace("[", "[[]").replace("\\", "?")
