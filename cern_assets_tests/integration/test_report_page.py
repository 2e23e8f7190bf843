"""The page of a report in a real browser, light and dark: figures are there and drawn, and nothing is asked for.

`make screenshots` keeps the pictures in `docs/images/`.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from cern_assets.report.small import sparkline, states_bar
from cern_assets_tests.services.browser import INKED
from cern_assets_tests.services.command_line import finished

pytestmark = pytest.mark.service

MOST_BYTES = 5 * 1000**2
LINES_OF_WORDS = """
() => [...document.querySelectorAll('.w')].map(cell => {
    const words = document.createRange();
    words.selectNodeContents(cell);
    return new Set([...words.getClientRects()].map(line => line.top)).size;
})
"""
"""On how many lines each of our own words stands."""
DRAWN = """
() => [...document.querySelectorAll('svg[role=img]')].map(svg => {
    const box = svg.getBoundingClientRect();
    const marks = [...svg.querySelectorAll('path, use, rect')].filter(mark => {
        const style = getComputedStyle(mark), place = mark.getBoundingClientRect();
        return style.fill !== 'none' && style.fill !== 'rgba(0, 0, 0, 0)' && place.width * place.height > 1;
    });
    const words = [...svg.querySelectorAll('text')];
    const cut = words.filter(word => {
        const place = word.getBoundingClientRect();
        return place.left < box.left - 1 || place.right > box.right + 1 || place.bottom > box.bottom + 1;
    });
    return {marks: marks.length, words: words.length, cut: cut.map(word => word.textContent), height: box.height};
})
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, opendata_folder: Path) -> Path:
    """The report of the visible corpus, conversion alone."""
    folder = tmp_path_factory.mktemp("report")
    page = folder / "corpus.html"
    answer = finished("transform", "--report", str(page), str(opendata_folder / "records.jsonl.gz"), folder=folder)
    assert answer.code == 0, answer.err
    assert "4193 recids" in answer.out
    return page


@pytest.fixture(params=["light", "dark"])
def seen(browser: Browser, report: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Page, str]]:
    scheme: Literal["light", "dark"] = request.param
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme, java_script_enabled=True)
    yield page, scheme
    page.close()


def test_the_report_of_the_corpus_is_drawn_in_light_and_dark_and_asks_for_nothing(
    seen: tuple[Page, str], report: Path
) -> None:
    page, scheme = seen
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(report.as_uri())
    figures = page.evaluate(DRAWN)
    assert len(figures) == 4, "records, bytes, throughput, sizes: nothing stopped"
    for figure in figures:
        assert figure["marks"] >= 4
        assert figure["words"] >= 4
        assert figure["cut"] == []
        assert figure["height"] > 150
    assert asked == [report.as_uri()]
    assert said == []
    paper = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(14, 18, 24)") == (scheme == "dark")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert set(page.evaluate(LINES_OF_WORDS)) == {1}, "the name of a stage or of an error is not broken"
    folder = os.environ.get("CERN_ASSETS_TEST_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"report-{scheme}.png", full_page=True)


def test_the_report_of_the_corpus_is_below_five_megabytes(report: Path) -> None:
    assert report.stat().st_size < MOST_BYTES


@pytest.mark.parametrize(
    ("figure", "least"),
    [
        (states_bar({"published": 90, "rejected": 1, "pending": 9}), 400 * 20 - 3 * 60),
        (sparkline([0, 4, 9, 2, 7, 7, 0, 1]), 500),
    ],
)
def test_the_small_figures_of_the_ui_are_drawn(browser: Browser, figure: str, least: int) -> None:
    address = figure.partition("](")[2].removesuffix(")")
    page = browser.new_page()
    page.set_content(f'<img src="{address}">')
    image = page.locator("img")
    image.evaluate("image => image.decode()")
    assert image.evaluate(INKED) >= least
    page.close()
