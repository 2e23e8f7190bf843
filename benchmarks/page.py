"""How fast the report of the visible corpus opens in Chromium, and how large it is.

    make bench-report [ARGS="--data FOLDER --json --check"]

The 4,193 records of `../shared/data/opendata` beside the checkout (or --data) are converted, and the page of it is
opened in a headless browser, light and dark, from the start of the navigation to the end of its load event and the
first picture of its top.
"""

import contextlib
import io
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright
from report import Figure, answer, parser

from cern_assets.cli.main import main as command

OPEN_SECONDS = 2.0
MOST_MB = 5.0


def opened_seconds(page: Path) -> float:
    """The longer of opening it light and dark."""
    taken = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        for scheme in ("light", "dark"):
            tab = browser.new_page(color_scheme=scheme, viewport={"width": 1280, "height": 900})
            began = time.perf_counter()
            tab.goto(page.as_uri())
            tab.screenshot()
            taken.append(time.perf_counter() - began)
            tab.close()
        browser.close()
    return max(taken)


def main() -> None:
    """Measure and answer."""
    arguments = parser("report", __doc__)
    arguments.add_argument(
        "--data", type=Path, default=Path(__file__).parents[1] / ".." / "shared" / "data" / "opendata"
    )
    given = arguments.parse_args()
    records = given.data / "records.jsonl.gz"
    if not records.exists():
        sys.exit(f"{records} is not there; --data names the folder.")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        began = time.perf_counter()
        with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
            command(["transform", "--report", str(page), str(records)])
        figures = [
            Figure("convert and write", time.perf_counter() - began, "s"),
            Figure("size", page.stat().st_size / 1000**2, "MB", at_most=MOST_MB),
            Figure("open", opened_seconds(page), "s", at_most=OPEN_SECONDS),
        ]
    answer(figures, given)


if __name__ == "__main__":
    main()
