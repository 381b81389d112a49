"""Commands that want a terminal are refused with a hint; those that do not are let through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.interactive import never_ends, wants_terminal

INTERACTIVE = """
vi /etc/hosts
/usr/bin/vim x
sudo nano /etc/fstab
EDITOR=vim visudo
top
sudo -u www top -u root
htop
less /var/log/syslog
dmesg | less
ls; more x
man ls
ssh db1
ssh -p 2222 ops@db1
mysql
mysql -u root shop
psql -U postgres
python3
python3 -i
passwd
passwd ops
su
su - postgres
sudo -i
sudo -s
bash -i
bash -li
crontab -e
sudo crontab -u www -e
systemctl edit nginx
apt install nginx
sudo apt-get upgrade
dnf update
zypper up
pacman -Syu
fdisk /dev/sda
tmux
cd /etc && vi hosts
true || top
env LC_ALL=C top
timeout 5 top
""".strip().splitlines()

PLAIN = """
ls -l
top -b -n1
top -bn 1
cat vi
grep -r top /etc
echo 'vi x; top | less'
man ls | cat
ssh db1 uptime
ssh -o BatchMode=yes db1 true
ssh -V
mysql -e 'show tables'
mysql shop < dump.sql
cat dump.sql | mysql shop
psql -c 'select 1'
psql -Atc 'select 1'
python3 x.py
python3 -c 'print(1)'
python3 -m json.tool
echo 'print(1)' | python3
passwd -S ops
passwd -l ops
su - postgres -c 'psql -l'
bash -c 'echo hi'
bash x.sh
sh
crontab -l
systemctl restart nginx
apt-get -y install nginx
apt-get -qy upgrade
apt list --upgradable
DEBIAN_FRONTEND=noninteractive apt-get -y dist-upgrade
dnf check-update
dnf -y update
zypper -n up
pacman -Q
pacman -Ss nginx
pacman -Syu --noconfirm
fdisk -l
parted -s /dev/sda print
tmux ls
sudo -n true
cmd 2>&1
echo a & echo b
""".strip().splitlines()

ENDLESS = """
tail -f /var/log/syslog
tail -n5 -F x
watch date
journalctl -f
journalctl -fu nginx
dmesg -w
ping db1
vmstat 1
tcpdump -i eth0
""".strip().splitlines()

ENDING = """
tail -n 5 x
tail x
journalctl -u nginx
journalctl -n 100
dmesg
ping -c 3 db1
ping -c3 db1
vmstat 1 5
vmstat
tcpdump -c 5
""".strip().splitlines()


@pytest.mark.parametrize("command", INTERACTIVE)
def test_what_wants_a_terminal_is_told_with_a_hint(command: str) -> None:
    said = wants_terminal(command)
    assert " wants a terminal: " in said
    assert said.partition(": ")[2]


@pytest.mark.parametrize("command", [*PLAIN, *ENDLESS])
def test_what_wants_none_is_let_through(command: str) -> None:
    assert wants_terminal(command) == ""


@pytest.mark.parametrize("command", ENDLESS)
def test_what_does_not_end_is_told(command: str) -> None:
    assert " does not end by itself: " in never_ends(command)


@pytest.mark.parametrize("command", [*ENDING, *PLAIN])
def test_what_ends_is_not(command: str) -> None:
    assert never_ends(command) == ""


def test_the_hint_says_what_can_be_run_instead() -> None:
    assert wants_terminal("sudo top") == "top wants a terminal: top -b -n1"
    assert wants_terminal("passwd").endswith("chpasswd reads NAME:PASSWORD on its input")
    assert wants_terminal("tmux") == "tmux wants a terminal: s opens a shell there"
    assert never_ends("tail -f x") == "tail does not end by itself: tail -n 100"


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    assert isinstance(wants_terminal(text), str)
    assert isinstance(never_ends(text), str)
