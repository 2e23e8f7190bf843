"""The system's Chromium, driven by Playwright (whose own download of a browser is not needed)."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from cern_assets_tests.services.needs import program

INKED = """
image => {
    const canvas = document.createElement('canvas');
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    const pen = canvas.getContext('2d');
    pen.drawImage(image, 0, 0);
    return pen.getImageData(0, 0, canvas.width, canvas.height).data.filter((value, at) => at % 4 === 3 && value).length;
}
"""
"""How many points of a picture are drawn on."""
CONTRASTS = """
image => {
    const luminance = parts => {
        const linear = part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        const [r, g, b] = parts.map(part => linear(part / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const parts = colour => colour.match(/[\\d.]+/g).map(Number);
    let below = image;
    while ((parts(getComputedStyle(below).backgroundColor)[3] ?? 1) < 1) below = below.parentElement;
    const paper = luminance(parts(getComputedStyle(below).backgroundColor).slice(0, 3));
    const canvas = document.createElement('canvas');
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    const pen = canvas.getContext('2d');
    pen.drawImage(image, 0, 0);
    const points = pen.getImageData(0, 0, canvas.width, canvas.height).data;
    const found = {};
    for (let at = 0; at < points.length; at += 4) {
        if (points[at + 3] < 255) continue;
        const ink = luminance([...points.slice(at, at + 3)]);
        found[[...points.slice(at, at + 3)]] = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    }
    return {paper, contrasts: found};
}
"""
"""How bright what is below a picture is, 0 to 1, and the contrast to it of each colour that fills a point of it."""

_FLAGS = [
    "--no-sandbox",  # Chromium's sandbox refuses to run as root, as in CI
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless browser for a module's tests.

    Not for longer: Playwright keeps an event loop in the main thread, in which nobody else can run one meanwhile.
    """
    path = program("chromium", package="chromium")
    expect.set_options(timeout=60_000)  # a condition is awaited as long as on a busy machine; Playwright's own are 5 s
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of the test's own."""
    page = browser.new_page(viewport={"width": 1400, "height": 820})
    page.set_default_timeout(60_000)
    yield page
    page.close()
