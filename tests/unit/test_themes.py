"""Themes: the shipped ones can be read by everybody, and a bad one costs a notice."""

from __future__ import annotations

from itertools import combinations, product
from pathlib import Path

import pytest

from opsdash.config.contrast import PALETTES, seen_on, too_faint
from opsdash.config.eyes import EYES, alike, apart, ciede2000
from opsdash.config.paths import shipped
from opsdash.config.themes import load_theme, load_themes
from opsdash.core.contrast import contrast
from opsdash.core.errors import ConfigError
from opsdash.core.health import Health
from opsdash.core.theme import (
    DEFAULT_LIGHT,
    DEFAULT_THEME,
    GLYPHS,
    NO_COLOURS,
    SIXTEEN_COLOURS,
    STYLED,
    USUAL_STYLES,
    Theme,
)
from opsdash.widgets.hues import hues
from opsdash.widgets.line import HUES, Role
from opsdash.widgets.palette import Palette

SHIPPED = shipped("themes") or Path("themes")
FILES = sorted(SHIPPED.glob("*.yaml"))

ONE_COLUMN = "should be one character, one column wide"

GOOD = """\
name: dusk
dark: true
background: "#000000"
foreground: "#ffffff"
surface: "#101010"
muted: "#c0c0c0"
accent: "#80C0FF"
cursor: "#202020"
health: {ok: "#40ff40", unknown: "#c0c0ff", warn: "#ffff40", crit: "#ff9090", down: "#ffffff"}
"""


def nearest(theme: Theme, eye: str) -> float:
    """CIEDE2000 of the two health colours that an eye can tell apart least, on any palette."""
    return min(
        apart(seen_on(theme, one, palette), seen_on(theme, other, palette), eye)
        for palette in PALETTES.values()
        for one, other in combinations(theme.health.values(), 2)
    )


def write(folder: Path, text: str, name: str = "dusk.yaml") -> Path:
    """A theme file."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_ten_themes_and_more_come_along_dark_ones_and_light_ones() -> None:
    themes, notices = load_themes([SHIPPED])
    assert notices == ()
    assert len(themes) >= 10
    assert {DEFAULT_THEME, DEFAULT_LIGHT, NO_COLOURS, SIXTEEN_COLOURS} <= set(themes)
    assert {theme.dark for theme in themes.values()} == {True, False}
    assert sorted(themes) == [path.stem for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_text_of_a_shipped_theme_is_readable_on_every_ground(path: Path) -> None:
    assert too_faint(load_theme(path)) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_names_are_told_apart_by_colours_that_can_be_read(path: Path) -> None:
    theme = load_theme(path)
    found = hues(theme)
    if theme.borrows:
        assert set(found) == {theme.foreground}
        return
    assert len(set(found)) == len(HUES) == len(found)
    for one, ground in product(found, theme.grounds().values()):
        assert contrast(one, ground) >= 4.5, (one, ground)
    for one, other in combinations(found, 2):
        assert apart(one, other) > 10, (one, other)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_healths_are_told_apart_by_people_without_red_or_green_cones(path: Path) -> None:
    assert alike(load_theme(path)) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_healths_of_a_shipped_theme_are_plainly_different_to_most(path: Path) -> None:
    theme = load_theme(path)
    if theme.has_colours:
        assert nearest(theme, "all cones") >= 12


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("name", ["colour-blind", "midnight", "ansi16"])
def test_themes_for_every_eye_keep_healths_far_apart(name: str, eye: str) -> None:
    need = {"colour-blind": 11.0, "midnight": 11.0, "ansi16": 7.0}[name]
    assert nearest(load_theme(SHIPPED / f"{name}.yaml"), eye) >= need


def test_high_contrast_is_that_of_aaa() -> None:
    theme = load_theme(SHIPPED / "high-contrast.yaml")
    texts = (theme.foreground, theme.muted, theme.accent, *theme.health.values())
    lowest = min(contrast(text, ground) for text in texts for ground in theme.grounds().values())
    assert lowest >= 7


def test_sixteen_colours_and_none_at_all_need_nothing_of_the_terminal() -> None:
    sixteen = load_theme(SHIPPED / f"{SIXTEEN_COLOURS}.yaml")
    none = load_theme(SHIPPED / f"{NO_COLOURS}.yaml")
    assert (sixteen.is_ansi, sixteen.has_colours) == (True, True)
    assert (none.is_ansi, none.has_colours) == (True, False)
    styles = {none.styles.get(health.name.lower(), ()) for health in Health}
    assert len(styles) == len(Health)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_every_health_has_a_sign_and_a_word_of_its_own(path: Path, ascii_only: bool) -> None:
    palette = Palette(load_theme(path), ascii_only)
    badges = {palette.badge(health).text for health in Health}
    assert len({badge.split()[0] for badge in badges}) == len(Health)
    assert {badge.split()[1] for badge in badges} == {health.name for health in Health}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_theme_is_as_dark_as_it_says_and_its_glyphs_differ(path: Path) -> None:
    theme = load_theme(path)
    ground = seen_on(theme, theme.background, PALETTES["xterm"], ground=True)
    assert theme.dark == (contrast(ground, "#ffffff") > contrast(ground, "#000000"))
    assert len(set(theme.glyphs.values())) == len(Health)


def test_a_theme_may_choose_its_styles(tmp_path: Path) -> None:
    styles = load_theme(
        write(tmp_path, GOOD + "styles: {crit: plain, cursor: bold reverse}\n")
    ).styles
    assert styles == {**USUAL_STYLES, "crit": (), "cursor": ("bold", "reverse")}


def test_whatever_has_a_style_is_a_role_of_the_screen() -> None:
    assert set(STYLED) == {role.value for role in Role if role not in HUES}


def test_a_reversed_row_is_one_bar_in_which_only_healths_keep_their_colour() -> None:
    palette = Palette(load_theme(SHIPPED / "ansi16.yaml"))
    lit = palette.on_cursor
    assert lit[Role.TEXT] == lit[Role.MUTED] == lit[Role.ACCENT]
    assert lit[Role.CRIT].reverse
    assert lit[Role.CRIT].color == palette.styles[Role.CRIT].color


@pytest.mark.parametrize(
    ("one", "other", "far"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((50, 0, 0), (50, 0, 0), 0),
    ],
)
def test_distances_are_those_that_were_published_with_the_formula(
    one: tuple[float, float, float], other: tuple[float, float, float], far: float
) -> None:
    assert ciede2000(one, other) == pytest.approx(far, abs=0.0001)


def test_contrast_of_the_terminals_own_colours_is_the_worst_of_the_usual_palettes(
    tmp_path: Path,
) -> None:
    faint = too_faint(load_theme(write(tmp_path, GOOD.replace('"#c0c0c0"', "ansi_red"))))
    assert faint[0] == (
        "muted on background has a contrast of 2.7 on the Linux console, readable is 4.5"
    )


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_a_theme_has_its_colours_in_lower_case_and_the_usual_glyphs(tmp_path: Path) -> None:
    theme = load_theme(write(tmp_path, GOOD))
    assert (theme.name, theme.dark, theme.accent) == ("dusk", True, "#80c0ff")
    assert theme.health[Health.WARN] == "#ffff40"
    assert theme.glyphs == GLYPHS


def test_a_theme_may_choose_its_glyphs(tmp_path: Path) -> None:
    theme = load_theme(write(tmp_path, GOOD + 'glyphs: {ok: "+", down: "x"}\n'))
    assert (theme.glyphs[Health.OK], theme.glyphs[Health.DOWN]) == ("+", "x")
    assert theme.glyphs[Health.CRIT] == GLYPHS[Health.CRIT]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('muted: "#c0c0c0"', 'mutted: "#c0c0c0"', "6:1: mutted: unknown key (did you mean muted?)"),
        ('muted: "#c0c0c0"\n', "", "1:1: muted is missing"),
        ('"#c0c0c0"', "#c0c0c0", ('6:7: muted: should be a colour like "#1f2d4a": quote it, '
         "an unquoted # begins a comment")),
        ('"#c0c0c0"', '"#ccc"', '6:8: muted: should be a colour like "#1f2d4a"'),
        ('"#c0c0c0"', "grey", '6:8: muted: should be a colour like "#1f2d4a"'),
        ('"#c0c0c0"', "ansi_whit", ('6:8: muted: should be a colour like "#1f2d4a" (did you mean '
         "ansi_white?)")),
        ("dark: true", "dark: true\nstyles: {crit: blink}", ("3:16: styles.crit: should be "
         "plain, or some of bold dim italic underline reverse")),
        ("dark: true", "dark: true\nstyles: {cirt: bold}", ("3:10: styles.cirt: unknown key "
         "(did you mean crit?)")),
        ('"#c0c0c0"', '"#c0c0c0\\n"', '6:8: muted: should be a colour like "#1f2d4a"'),
        ("dark: true", "dark: dim", "2:7: dark: should be true or false"),
        ("name: dusk", "name: '[b]'", "1:7: name: should be lower-case letters, digits and dashes"),
        ("ok:", "okay:", "9:10: health.okay: unknown key (did you mean ok?)"),
        (', down: "#ffffff"', "", "9:9: health: down is missing"),
        (GOOD[GOOD.index("health") :], "health: red\n", ("9:9: health: should be a mapping (key: "
         "value)")),
        ("dark: true", 'dark: true\nglyphs: {ok: "▲"}', ("3:9: glyphs: two healths have the same "
         "glyph")),
        ("dark: true", "dark: true\nglyphs: {ok: ok}", "3:14: glyphs.ok: " + ONE_COLUMN),
        ("dark: true", 'dark: true\nglyphs: {ok: "火"}', "3:14: glyphs.ok: " + ONE_COLUMN),
        ("dark: true", 'dark: true\nglyphs: {ok: "\\e"}', "3:14: glyphs.ok: " + ONE_COLUMN),
    ],
)  # fmt: skip
def test_each_fault_of_a_theme_has_its_place(
    tmp_path: Path, old: str, new: str, fault: str
) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        load_theme(path)
    assert f"{path}:{fault}" in [str(found) for found in caught.value.faults]


def test_a_bad_user_theme_is_a_notice_and_the_others_still_load(tmp_path: Path) -> None:
    write(tmp_path, "name: [", "bad.yaml")
    write(tmp_path, "- a\n", "list.yaml")
    write(tmp_path, GOOD, "good.yml")
    write(tmp_path, "not a theme", "README.txt")
    themes, notices = load_themes([SHIPPED, tmp_path])
    assert {"midnight", "daylight", "dusk"} <= set(themes)
    assert [notice.removeprefix(f"{tmp_path}/").split(":")[0] for notice in notices] == [
        "bad.yaml",
        "list.yaml",
    ]


def test_a_user_theme_replaces_a_shipped_one_of_the_same_name(tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace("dusk", "midnight"))
    themes, notices = load_themes([SHIPPED, tmp_path])
    assert themes["midnight"].background == "#000000"
    assert notices == ()


def test_two_user_themes_of_one_name_and_faint_colours_are_notices(tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace("#c0c0c0", "#404040"), "a.yaml")
    write(tmp_path, GOOD, "b.yaml")
    themes, notices = load_themes([tmp_path])
    assert themes["dusk"].muted == "#404040"
    assert (
        f"{tmp_path}/a.yaml: muted on background has a contrast of 2.0, readable is 4.5" in notices
    )
    assert notices[-1] == f"{tmp_path}/b.yaml: a.yaml has the name dusk, too"


def test_a_folder_that_can_not_be_read_is_a_notice(tmp_path: Path) -> None:
    themes, notices = load_themes([tmp_path / "none"])
    assert themes == {}
    assert notices == (f"{tmp_path}/none: themes can't be read: No such file or directory",)
