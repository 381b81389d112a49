"""hooks.yaml: what it says, and what is wrong with it, told with its place."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdash.config.hooks_file import hooks_path, read_hooks
from opsdash.core.errors import ConfigError
from opsdash.core.finding import Finding
from opsdash.core.health import Health
from opsdash.core.hook import FIELDS, Hook, Means, Quiet, TemplateFault, filled, parse_template
from opsdash.core.host import Host

ALL = """\
hooks:
  night-mail:
    command: [msmtp, "--subject={title}", ops@example.org]
    severity: warn
    select: "tag:prod !db3"
    checks: [disk-*, host-unreachable]
    tell: raised
    quiet_hours: 22:00-07:00
    except: crit
    rate_limit: 3/10m
    wait: 2m
    timeout: 30s
  chat:
    webhook: {url_file: chat.url, body: {text: "{title}", list: ["{text}", 1, true]}}
  plain:
    webhook: https://example.org/hook?token=sesame
  phone: {apprise: "ntfy://topic"}
  here: {bell: true}
  shown: {osc9: true}
"""


def read(folder: Path, text: str) -> tuple[Hook, ...]:
    path = folder / "hooks.yaml"
    path.write_text(text)
    path.chmod(0o600)
    return read_hooks(path)


def test_all_that_a_hook_may_say(tmp_path: Path) -> None:
    mail, chat, plain, phone, here, shown = read(tmp_path, ALL)
    rule = mail.rule
    assert (mail.means, mail.timeout_s) == (Means.COMMAND, 30.0)
    assert (rule.severity, rule.raised, rule.ended, rule.wait_s) == (Health.WARN, True, False, 120)
    assert rule.quiet == Quiet(time(22), time(7), Health.CRIT)
    assert rule.rate is not None
    assert (rule.rate.most, rule.rate.within_s) == (3, 600.0)
    assert chat.url is None
    assert chat.url_file == str(tmp_path / "chat.url")
    assert filled(chat.body, {"title": "T", "text": "X"}) == {"text": "T", "list": ["X", 1, True]}
    assert plain.url is not None
    assert plain.url.reveal() == b"https://example.org/hook?token=sesame"
    assert plain.rule.severity is Health.CRIT
    assert "sesame" not in repr(plain)
    assert [one.means for one in (phone, here, shown)] == [Means.APPRISE, Means.BELL, Means.OSC9]


def test_of_what_a_rule_is(tmp_path: Path) -> None:
    rule = read(tmp_path, ALL)[0].rule
    prod, spared = (Host(name, tags=frozenset({"prod"})) for name in ("web1", "db3"))

    def full(host: str, check: str = "disk-full", health: Health = Health.WARN) -> Finding:
        return Finding(check, host, health, "full")

    assert rule.concerns(prod, full("web1"))
    assert not rule.concerns(spared, full("db3"))
    assert not rule.concerns(Host("lab"), full("lab"))
    assert not rule.concerns(prod, full("web1", "clock-off"))
    assert not rule.concerns(prod, full("web1", health=Health.UNKNOWN))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[1]", "1:1: should be a mapping: hooks:"),
        ("hooks: [a]", "1:8: hooks: should be a mapping"),
        ("hook: {}", "1:1: hook: unknown key (did you mean hooks?)"),
        ("hooks: {a: 1}", "1:12: hooks.a: should be a mapping with one of command, webhook"),
        ("hooks: {a: {}}", "1:9: hooks.a: needs one of command, webhook, apprise, bell, osc9"),
        ("hooks: {a: {bell: true, osc9: true}}", "needs one of command, webhook, apprise, bell"),
        ("hooks: {a: {bel: true}}", "1:13: hooks.a.bel: unknown key (did you mean bell?)"),
        ("hooks: {a: {bell: 7}}", "1:19: hooks.a.bell: should be true"),
        ("hooks: {a: {command: ls -l}}", "1:22: hooks.a.command: should be a list, no shell"),
        ("hooks: {a: {command: []}}", "should be a list"),
        ("hooks: {a: {command: [x, 7]}}", '1:26: hooks.a.command[1]: should be text: "7"'),
        ("hooks: {a: {command: ['{host}']}}", "the program itself can't be a template"),
        ("hooks: {a: {command: [x, '{hst}']}}", "[1]: no field {hst} (did you mean host?)"),
        ("hooks: {a: {command: [x, 'a}b']}}", "[1]: a lone } means nothing here: write it twice"),
        ("hooks: {a: {webhook: 'ftp://x/'}}", "should be a URL: https://address/path"),
        ("hooks: {a: {webhook: 'https://u:sesame@x/'}}", "names a user: put the URL in a file"),
        ("hooks: {a: {webhook: 'https://x y/'}}", "should be a URL: what is not ASCII"),
        ("hooks: {a: {webhook: {}}}", "1:22: hooks.a.webhook: needs url or url_file"),
        ("hooks: {a: {webhook: {ur: x}}}", "hooks.a.webhook.ur: unknown key (did you mean url?)"),
        ("hooks: {a: {apprise: topic}}", "should be a URL of apprise"),
        ("hooks: {a: {apprise: {url_file: x, body: {}}}}", "hooks.a.apprise.body: unknown key"),
        ("hooks: {a: {bell: true, severity: bad}}", "should be one of warn, crit, down, unknown"),
        ("hooks: {a: {bell: true, select: 'state:warn'}}", "select by names, tags and groups"),
        ("hooks: {a: {bell: true, select: ''}}", "nothing is selected"),
        ("hooks: {a: {bell: true, checks: []}}", "should be a list of checks or globs"),
        ("hooks: {a: {bell: true, tell: rised}}", "raised, ended, both (did you mean raised?)"),
        ("hooks: {a: {bell: true, 'on': raised}}", "(did you mean tell: raised, ended or both?)"),
        ("hooks: {a: {bell: true, quiet_hours: 7-22}}", "should be hours of the local day"),
        ("hooks: {a: {bell: true, quiet_hours: 7:00-7:00}}", "begin and end are the same"),
        ("hooks: {a: {bell: true, except: crit}}", "says what is told in quiet_hours"),
        ("hooks: {a: {bell: true, rate_limit: 10}}", "so many messages in a time: 10/h, 1/10m"),
        ("hooks: {a: {bell: true, rate_limit: 0/h}}", "so many messages in a time"),
        ("hooks: {a: {bell: true, rate_limit: 1/100d}}", "at most a week"),
        ("hooks: {a: {bell: true, wait: 5y}}", "should be 2s, 1m or whole seconds, from 0d to 7d"),
        ("hooks: {a: {bell: true, timeout: 0}}", "from 1s to 5m"),
        ("hooks: {a: {bell: true, password: x}}", "opsdash keeps no passwords"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    said = [str(one) for one in caught.value.faults]
    assert any(fault in one for one in said), said
    assert all("hooks.yaml:1:" in one and "sesame" not in one for one in said)


def test_the_examples_of_the_manual_are_right(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs/hooks.md").read_text()
    whole, *recipes = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert [one.name for one in read(tmp_path, whole)] == ["mail", "chat", "here"]
    assert len(recipes) == 4
    for recipe in recipes:
        assert len(read(tmp_path, f"hooks:\n{recipe}")) == 1


def test_no_file_and_an_empty_one_are_no_hooks(tmp_path: Path) -> None:
    assert read_hooks(tmp_path / "hooks.yaml") == ()
    assert read(tmp_path, "") == read(tmp_path, "hooks:") == ()


def test_a_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    read(tmp_path, ALL)
    (tmp_path / "hooks.yaml").chmod(0o666)
    with pytest.raises(ConfigError, match="others may write it"):
        read_hooks(tmp_path / "hooks.yaml")


def test_it_lies_beside_the_hosts_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    assert hooks_path("/srv/fleet/hosts.yaml") == Path("/srv/fleet/hooks.yaml")
    assert hooks_path("") == tmp_path / "own/opsdash/hooks.yaml"


# -- templates --------------------------------------------------------------------------------

values = st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=20))


@given(st.lists(st.text(max_size=10) | st.sampled_from(FIELDS).map(lambda f: (f,))), values)
def test_a_template_is_its_text_with_the_values_and_nothing_else(
    parts: list[str | tuple[str]], fields: dict[str, str]
) -> None:
    """Also where values hold braces: they are put in once, and never read as templates."""
    escaped = [
        one.replace("{", "{{").replace("}", "}}") if isinstance(one, str) else f"{{{one[0]}}}"
        for one in parts
    ]
    wanted = "".join(one if isinstance(one, str) else fields.get(one[0], "") for one in parts)
    assert parse_template("".join(escaped)).filled(fields) == wanted


@given(st.text(max_size=30))
def test_any_text_is_a_template_or_refused_in_words(text: str) -> None:
    with suppress(TemplateFault):
        assert parse_template(text).filled({}) is not None


@given(st.text(max_size=20))
def test_what_a_host_says_is_never_an_option(words: str) -> None:
    """Of a program that reads -options, @files or +options; what the user wrote stays."""
    given_alone = parse_template("{text}").argument({"text": words})
    assert not given_alone.startswith(("-", "@", "+"))
    assert given_alone.strip() == words.strip()
    assert parse_template("--body={text}").argument({"text": words}) == f"--body={words}"


# -- quiet hours ------------------------------------------------------------------------------

clock_times = st.times().map(lambda one: one.replace(second=0, microsecond=0, fold=0))
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001
    lambda one: one.replace(tzinfo=UTC).timestamp()
)
zones = st.sampled_from(
    [UTC, *map(ZoneInfo, ("Europe/Berlin", "America/New_York", "Asia/Kolkata"))]
)


@given(clock_times, clock_times, moments, zones)
def test_it_is_quiet_or_it_is_not(begin: time, end: time, moment: float, zone: ZoneInfo) -> None:
    """The hours of the rest of the day are quiet just when these are not."""
    if begin == end:
        return
    assert Quiet(begin, end).holds_at(moment, zone) != Quiet(end, begin).holds_at(moment, zone)


@pytest.mark.parametrize(
    ("day", "quiet_h"),
    [("2026-11-27", 9), ("2026-10-24", 10), ("2026-03-28", 8)],
    ids=["usual", "winter-time-begins", "summer-time-begins"],
)
def test_a_night_in_which_the_clock_is_put_on_or_back(day: str, quiet_h: int) -> None:
    """From 22:00 to 07:00 by the clock on the wall, however long that is."""
    zone = ZoneInfo("Europe/Berlin")
    night = Quiet(time(22), time(7))
    noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=zone).astimezone(UTC)
    steps = [noon + timedelta(minutes=10 * step) for step in range(24 * 6)]
    held = [one for one in steps if night.holds_at(one.timestamp(), zone)]
    assert len(held) == quiet_h * 6
    assert held[0].astimezone(zone).strftime("%H:%M") == "22:00"
    assert (held[-1] + timedelta(minutes=10)).astimezone(zone).strftime("%H:%M") == "07:00"
    assert held[-1] - held[0] == timedelta(minutes=10 * (len(held) - 1))


def test_what_passes_in_quiet_hours() -> None:
    night = Quiet(time(22), time(7), Health.CRIT)
    assert night.lets_pass(Health.DOWN)
    assert not night.lets_pass(Health.WARN)
    assert not Quiet(time(22), time(7)).lets_pass(Health.DOWN)
