"""The colours and letters of figures, as variables of the page: a figure follows its page into the dark.

Figures are drawn in stand-in colours, each of which becomes `var(--name)`. The hues are near those of Okabe and Ito,
which people with any colour vision tell apart; amounts are told by length and words as well.
"""

import re

LIGHT = {
    "ink": "#1c2430",
    "muted": "#566070",
    "grid": "#dde2ea",
    "paper": "#ffffff",
    "on": "#8fb3d9",
    "raw_record": "#0072b2",
    "raw_files": "#b8860b",
    "metadata": "#007a5a",
    "archive": "#b04a86",
    "published_record": "#c0530b",
    "published": "#007a5a",
    "pending": "#0072b2",
    "waiting": "#2f7fb5",
    "rejected": "#c0392b",
    "redirected": "#b8860b",
    "withdrawn": "#8a6d3b",
    "left_out": "#7d6b91",
    "failed": "#c0530b",
    "unknown": "#c0392b",
    "other": "#808894",
}
DARK = LIGHT | {
    "ink": "#e8ecf2",
    "muted": "#a8b2c1",
    "grid": "#36404f",
    "paper": "#171c24",
    "on": "#3d6491",
    "raw_record": "#56b4e9",
    "raw_files": "#e6b422",
    "metadata": "#2fc49b",
    "archive": "#e08cbf",
    "published_record": "#f08a4b",
    "published": "#2fc49b",
    "pending": "#56b4e9",
    "waiting": "#7cc4ee",
    "rejected": "#ff8577",
    "redirected": "#e6b422",
    "withdrawn": "#d1b27c",
    "left_out": "#b8a6d1",
    "failed": "#f08a4b",
    "unknown": "#ff8577",
    "other": "#a0a8b4",
}
STAND_INS = {name: f"#fe{number:02x}01" for number, name in enumerate(LIGHT)}
"""What a figure is drawn in."""
_NAMES = {stand_in: name for name, stand_in in STAND_INS.items()}
_STAND_IN = re.compile(r"#fe[0-9a-f]{2}01")
_FONT = re.compile(r"font: (?P<weight>(?:bold |[0-9]{3} )?)(?P<size>[0-9.]+px) [^;\"]+")


def themed(svg: str) -> str:
    """A drawn figure in the page's colours and letters."""
    coloured = _STAND_IN.sub(lambda found: f"var(--{_NAMES[found[0]].replace('_', '-')})", svg)
    return _FONT.sub(r"font: \g<weight>\g<size> var(--letters)", coloured)


def variables(colours: dict[str, str]) -> str:
    """Colours as CSS declarations."""
    return " ".join(f"--{name.replace('_', '-')}: {value};" for name, value in colours.items())
