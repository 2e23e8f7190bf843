"""The page: it fetches and runs nothing, whatever stands in records, and is whole at its place or not there."""

import errno
import os
import re
from base64 import b64decode
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cern_assets.errors import StorageFullError, StorageUnavailableError
from cern_assets.model.events import CallMade, Event, Leaf, LeavesTold
from cern_assets.model.outcomes import STATES
from cern_assets.report.gathered import gather
from cern_assets.report.page import page_of, write_page
from cern_assets.report.small import MOST_LETTERS, sparkline, states_bar
from cern_assets.report.theme import DARK, LIGHT
from cern_assets.telemetry.ledger import Counts, opened_ledger
from cern_assets.telemetry.spool import SpoolSink
from cern_assets_tests.services.disks import fill, small_disk
from cern_assets_tests.services.told import all_done, fact, outcome

HOSTILE = (
    "</title><script>alert(1)</script>\"'><img src=http://evil.example/x onerror=alert(2)> "
    "$\\frac{1}{0}$ \x00 \N{RIGHT-TO-LEFT OVERRIDE} {{7*7}}"
)


class _Seen(HTMLParser):
    """Elements and attributes as a browser would take them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def _page(folder: Path, events: Sequence[Event], collections: Sequence[str] = ("opendata",)) -> str:
    if events:
        SpoolSink(folder).emit(events)
    with opened_ledger(folder, Counts(registered=[("opendata", ["1"])], collections=tuple(collections))) as ledger:
        pages = [gather(ledger, name) for name in collections]
    return page_of(pages, {"opendata": lambda recid: f"javascript:alert('{recid}')"})


def _hostile_events() -> list[Event]:
    return [
        *all_done("1"),
        outcome(9, "1", "published_record", "done", url="javascript:alert(3)"),
        outcome(10, HOSTILE, "raw_record", "done", size_bytes=3),
        fact(11, HOSTILE, "metadata", LeavesTold(leaves=(Leaf(path=HOSTILE, fate="dropped", leaves=3),))),
        outcome(12, HOSTILE, "metadata", "rejected", code=HOSTILE, message=HOSTILE * 30, url=HOSTILE),
        fact(
            13, "1", "metadata", CallMade(system=HOSTILE, method="GET", route="/", http_status=200, elapsed_seconds=1)
        ),
    ]


def test_nothing_of_a_record_becomes_an_element_an_address_or_a_formula(tmp_path: Path) -> None:
    text = _page(tmp_path, _hostile_events())
    seen = _Seen(text)
    assert "&lt;script&gt;alert(1)" in text, "it is shown"
    assert seen.tags.isdisjoint({"script", "img", "iframe", "object", "embed", "link", "form", "image"})
    assert [name for name, _ in seen.attributes if name.startswith("on")] == []
    assert [value for name, value in seen.attributes if name == "href" and not re.match(r"#|https?://", value)] == []
    assert "{{7*7}}" in text


def test_the_page_fetches_nothing(tmp_path: Path) -> None:
    text = _page(tmp_path, _hostile_events())
    assert "default-src 'none'" in text
    seen = _Seen(text)
    assert [value for name, value in seen.attributes if name in {"src", "srcset", "data", "poster"}] == []
    assert re.findall(r"url\((?!#)|@import", text) == []


def test_figures_have_a_title_words_and_ids_of_their_own(tmp_path: Path) -> None:
    events = [*_hostile_events(), *(event.model_copy(update={"place": event.place.model_copy(
        update={"collection": "other"})}) for event in all_done("7"))]  # fmt: skip
    text = _page(tmp_path, events, ["opendata", "other"])
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    drawn = re.findall(r'<svg [^>]*role="img" aria-labelledby="(\S+) (\S+)"', text)
    assert len(drawn) == 9, "five figures, and four of the collection in which nothing stopped"
    assert {name for pair in drawn for name in pair} <= set(ids)
    for used in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text):
        assert set(used) & set(ids), used
    assert re.findall(r"#fe[0-9a-f]{2}01", text) == [], "stand-in colours"


def test_a_collection_of_which_nothing_is_known_has_a_page(tmp_path: Path) -> None:
    text = _page(tmp_path, [], ["unknown"])
    assert "Nothing has been noted of it yet" in text
    assert "<svg" not in text
    assert "There is no collection" in page_of([], {})


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_letters_and_marks_stand_out_from_the_paper(colours: dict[str, str]) -> None:
    paper = _luminance(colours["paper"])
    for name, least in (("ink", 7.0), ("muted", 4.5), *((name, 3.0) for name in set(colours) - _QUIET)):
        light, dark = sorted((paper, _luminance(colours[name])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= least, name


@pytest.mark.parametrize("paper", ["#ffffff", "#030615"], ids=["light", "dark"])
def test_small_figures_stand_out_from_both_papers_of_dagsters_ui(paper: str) -> None:
    drawn = states_bar(dict.fromkeys(STATES, 9)) + sparkline([1, 2])
    svgs = [b64decode(each).decode() for each in re.findall(r"base64,([^)]+)\)", drawn)]
    colours = set(re.findall(r"#[0-9a-f]{6}", "".join(svgs)))
    assert len(svgs) == 2
    assert colours == {LIGHT[name] for name in (*STATES, "raw_record")}
    for colour in colours:
        light, dark = sorted((_luminance(paper), _luminance(colour)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3.0, colour


def test_paper_shows_between_the_parts_of_the_bar() -> None:
    svg = b64decode(states_bar({"published": 90, "rejected": 9, "pending": 1}).split("base64,")[1][:-1]).decode()
    parts = [(int(start), int(wide)) for start, wide in re.findall(r"M(\d+) 0h(\d+)v", svg)]
    assert parts == [(0, 358), (360, 34), (396, 2)]


_QUIET = {"paper", "grid", "on", "ink", "muted"}


def _luminance(colour: str) -> float:
    """Of WCAG 2.1."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_page_is_whole_at_its_place_or_the_old_one_stays(tmp_path: Path) -> None:
    place = tmp_path / "page.html"
    write_page(place, "old")
    with pytest.raises(StorageUnavailableError, match="nowhere"):
        write_page(tmp_path / "nowhere" / "page.html", "new")
    write_page(place, "new \ud800")
    assert place.read_text() == "new ?"
    assert os.listdir(tmp_path) == ["page.html"]  # noqa: PTH208  hidden files count


def test_a_full_disk_is_told_and_leaves_the_old_page() -> None:
    with small_disk() as disk:
        write_page(disk / "page.html", "old")
        fill(disk / "rest")
        with pytest.raises(StorageFullError, match=os.strerror(errno.ENOSPC)):
            write_page(disk / "page.html", "new" * 100_000)
        assert (disk / "page.html").read_text() == "old"
        assert [path.name for path in disk.glob(".page*")] == []


def test_small_figures_are_short_enough_to_be_shown_in_a_line() -> None:
    bar = states_bar(dict.fromkeys([*LIGHT][-10:], 123_456))
    line = sparkline([10**9 + number for number in range(5_000)])
    assert 0 < len(bar) <= MOST_LETTERS
    assert 0 < len(line) <= MOST_LETTERS
    assert states_bar({}) == sparkline([0, 0]) == ""
