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
