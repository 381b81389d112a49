"""Themes: the shipped ones can be read by everybody, and a bad one costs a notice."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from opsdash.config.contrast import RGB, contrast, linear, too_faint
from opsdash.config.paths import shipped
from opsdash.config.themes import DEFAULT_THEME, load_theme, load_themes
from opsdash.core.errors import ConfigError
from opsdash.core.health import Health
from opsdash.core.theme import GLYPHS

SHIPPED = shipped("themes") or Path("themes")
FILES = sorted(SHIPPED.glob("*.yaml"))

# How people without one kind of cone see linear light: Machado et al. 2009, severity 1
EYES: dict[str, tuple[RGB, RGB, RGB]] = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
TOLD_APART = 12.0
"""Distance in CIELAB from which two colours side by side are plainly different (2.3: barely)."""

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


def seen(colour: str, eye: tuple[RGB, RGB, RGB]) -> RGB:
    """A colour in CIELAB as an eye sees it."""
    light = linear(colour)
    red, green, blue = (
        min(1.0, max(0.0, sum(part * weight for part, weight in zip(light, row, strict=True))))
        for row in eye
    )
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    a, b, c = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * b - 16, 500 * (a - b), 200 * (b - c)


def distance(one: RGB, other: RGB) -> float:
    """How far two colours in CIELAB are apart."""
    return float(sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5)


def write(folder: Path, text: str, name: str = "dusk.yaml") -> Path:
    """A theme file."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_dark_and_a_light_theme_come_along() -> None:
    themes, notices = load_themes([SHIPPED])
    assert notices == ()
    assert DEFAULT_THEME in themes
    assert {theme.dark for theme in themes.values()} == {True, False}
    assert sorted(themes) == [path.stem for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_text_of_a_shipped_theme_is_readable_on_every_ground(path: Path) -> None:
    assert too_faint(load_theme(path)) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("eye", EYES)
def test_healths_are_told_apart_with_every_kind_of_eye(path: Path, eye: str) -> None:
    colours = load_theme(path).health
    for one, other in combinations(Health, 2):
        apart = distance(seen(colours[one], EYES[eye]), seen(colours[other], EYES[eye]))
        assert apart >= TOLD_APART, f"{one.name} and {other.name}: {apart:.1f}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_theme_is_as_dark_as_it_says_and_its_glyphs_differ(path: Path) -> None:
    theme = load_theme(path)
    assert theme.dark == (
        contrast(theme.background, "#ffffff") > contrast(theme.background, "#000000")
    )
    assert len(set(theme.glyphs.values())) == len(Health)


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
