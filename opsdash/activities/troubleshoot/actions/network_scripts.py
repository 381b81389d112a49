"""Scripts that ask the tools of a host for names, echoes and ways, whichever it has of them."""

from __future__ import annotations

_TOOLS = r"""
LC_ALL=C; export LC_ALL
has() { command -v "$1" >/dev/null 2>&1; }
applet() { has busybox && busybox --list 2>/dev/null | grep -qx "$1"; }
"""

# what tells it is the same on all hosts, so that equal answers are one group
PING = (
    _TOOLS
    + r"""
if has ping; then tool=ping
elif applet ping; then tool='busybox ping'
else echo "has none of ping, busybox ping" >&2; exit 5; fi
out=$($tool -c "$times" -W 2 "$to" 2>&1)
status=$?
said=$(printf '%s\n' "$out" | sed -n \
  -e 's,^\([0-9]*\) packets transmitted\, \([0-9]*\)[^,]*received.*,answered: \2 of \1,p' \
  -e 's,^r.*= *[0-9.]*/\([0-9.]*\)/.*,on average: \1ms,p')
if [ "$said" ]; then printf '%s\n' "$said"; else printf '%s\n' "$out" | tail -n 1; fi
exit "$status"
"""
)

_ADDRESSES = r"""
addresses() {
  case $tool in
    getent) awk '{print $1}' ;;
    resolvectl) sed -n -e '/^--/d' -e 's/ *-- .*//' -e 's/^[^ ]*: *//' -e 's/^ *//' -e p ;;
    dig) cat ;;
    host) sed -n 's/^.* address //p' ;;
    nslookup) sed -n -e '/^Name:/,$s/^Address[ 0-9]*:[ 	]*\([^ ]*\).*/\1/p' ;;
  esac | grep -E '^[0-9]+(\.[0-9]+){3}$|^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$' | sort -u
}
asked() {
  case $tool in
    getent) getent ahosts "$name" ;;
    resolvectl) resolvectl query "$name" ;;
    dig) dig +short +time=3 +tries=2 ${server:+"@$server"} "$name" A "$name" AAAA ;;
    host) host -W 3 "$name" ${server:+"$server"} ;;
    nslookup) $nslookup "$name" ${server:+"$server"} ;;
  esac 2>&1
}
"""

DNS = (
    _TOOLS
    + _ADDRESSES
    + r"""
nslookup=nslookup
has nslookup || { applet nslookup && nslookup='busybox nslookup'; }
tool=
for one in getent resolvectl dig host nslookup; do
  case $one in
    getent|resolvectl) [ -z "$server" ] && has "$one" || continue ;;
    nslookup) has nslookup || applet nslookup || continue ;;
    *) has "$one" || continue ;;
  esac
  tool=$one
  break
done
known=
if [ -z "$server" ] && [ "$tool" != getent ] && [ "$tool" != resolvectl ]; then
  known=$(awk -v name="$name" '{
    sub(/#.*/, ""); for (i = 2; i <= NF; i++) if (tolower($i) == tolower(name)) print $1
  }' /etc/hosts 2>/dev/null | sort -u)
fi
if [ "$known" ]; then found=$known; how=/etc/hosts
elif [ -z "$tool" ]; then
  if [ "$server" ]; then echo "has none of dig, host, nslookup" >&2
  else echo "has none of getent, resolvectl, dig, host, nslookup" >&2; fi
  exit 5
else
  out=$(asked) || :
  found=$(printf '%s\n' "$out" | addresses)
  how="$tool${server:+ at $server}"
fi
if [ "$found" ]; then
  echo "asked: $how"
  printf '%s\n' "$found" | sed 's/^/address: /'
  exit 0
fi
why=$(printf '%s\n' "$out" | grep . | tail -n 1)
# getent does not tell a name that is not known from servers that do not answer; ping does
if [ "$tool" = getent ] && has ping; then
  why=$(ping -c 1 -W 1 "$name" 2>&1 | sed -n 's/^ping: .*: //p')
fi
echo "asked: $how"
echo "no address: ${why:-the name is not known, or no server has answered}"
exit 1
"""
)

PATH = (
    _TOOLS
    + r"""
if has tracepath; then echo "asked: tracepath"; tracepath -n -m 20 "$to"
elif has traceroute; then echo "asked: traceroute"; traceroute -n -q 1 -w 2 -m 20 "$to"
elif has mtr; then echo "asked: mtr"; mtr -n -r -c 3 -m 20 "$to"
elif applet traceroute; then
  echo "asked: busybox traceroute"; busybox traceroute -n -q 1 -w 2 -m 20 "$to"
else echo "has none of tracepath, traceroute, mtr" >&2; exit 5; fi
"""
)
