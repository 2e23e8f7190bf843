"""The assets as a steward uses them: in Dagster's UI, in a real browser.

`make screenshots` runs this module and keeps the pictures in `docs/images/`.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

import httpx
import pytest
from playwright.sync_api import Page, expect

from cern_assets.defs.instance import open_instance
from cern_assets.defs.partitions import register_recids
from cern_assets.model.identifiers import Recid
from cern_assets.model.values import JsonObject
from cern_assets.stand_ins.portal.app import build_portal
from cern_assets.stand_ins.sample.records import Collection, sample_collection
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets_tests.services.browser import CONTRASTS, INKED
from cern_assets_tests.services.dagster_ui import running_dagster
from cern_assets_tests.services.embedded import running_embedded

pytestmark = pytest.mark.service

BAD, UNREACHABLE, HOSTILE = "900011", "900001", "900099"
MUTATION = "mutation{setAutoMaterializePaused(paused:true)}"
"""What a GET of Dagster's address would do."""
HOSTILE_FIELD = f"a` ![x](/graphql?query={MUTATION}) <img src='/graphql?query={MUTATION}'> `b"
GROUP = "locations/__repository__@cern_assets/asset-groups/opendata"
LEAST_CONTRAST = 3.0
"""Of what is drawn to what it is drawn on: WCAG 2.2, 1.4.11."""
SLOW = 240_000
"""Milliseconds that a backfill may take: the daemon looks every half minute, and a run is a process to start."""


@dataclass
class MendableCollection:
    """The sample collection, a file of it out of reach until it is mended, and a record that means harm."""

    inner: Collection = field(default_factory=sample_collection)
    mended: bool = False
    touched: Mapping[str, datetime] = field(default_factory=dict)

    @cached_property
    def records(self) -> Mapping[str, JsonObject]:
        model = {name: value for name, value in self.inner.records["900007"].items() if name != "doi"}
        hostile = {**model, "recid": HOSTILE, HOSTILE_FIELD: "words"}
        return {**self.inner.records, HOSTILE: hostile}

    def open(self, path: str) -> BinaryIO | None:
        files = self.records[UNREACHABLE]["files"]
        assert isinstance(files, list)
        assert isinstance(files[-1], dict)
        if not self.mended and str(files[-1]["uri"]).endswith(path):
            raise OSError("the disk of the portal does not answer")
        return self.inner.open(path)


@dataclass(frozen=True)
class Steward:
    """What a steward has in front of them."""

    ui: str
    repository: str
    collection: MendableCollection
    recids: tuple[str, ...]
    variables: Mapping[str, str]


@pytest.fixture(scope="module")
def steward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Steward]:
    home = tmp_path_factory.mktemp("home")
    collection = MendableCollection()
    with serve_in_thread(build_portal(collection)) as portal, running_embedded(home / "repository") as repository:
        recids = tuple(collection.records)
        with open_instance(home / "dagster") as instance:
            register_recids(instance, "opendata", [Recid(recid) for recid in recids])
        variables = {
            "DAGSTER_HOME": str(home / "dagster"),
            "CERN_ASSETS_HOME": str(home),
            "CERN_ASSETS_OPENDATA_API_URL": portal,
            "CERN_ASSETS_OPENDATA_FILES_URL": portal,
            "CERN_ASSETS_OPENDATA_REQUESTS_PER_MINUTE": "0",
            "CERN_ASSETS_REPOSITORY_URL": repository.url,
            "CERN_ASSETS_REPOSITORY_TOKEN": repository.token,
        }
        with running_dagster(home, variables) as ui:
            yield Steward(ui, repository.url, collection, recids, variables)


def _picture(page: Page, name: str) -> None:
    """Keep a screenshot where the developer asked for them."""
    folder = os.environ.get("CERN_ASSETS_TEST_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", animations="disabled")


def _launch_backfill(page: Page, steward: Steward, which: str) -> None:
    """Materialize all five assets for `All` or `Failed` partitions; for a single one the UI launches a run."""
    page.goto(f"{steward.ui}/{GROUP}")
    page.get_by_role("button", name="Materialize all").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=which, exact=True).click()
    launch = dialog.get_by_role("button", name=re.compile("Launch (backfill|1 run)"))
    expect(launch).to_be_enabled()
    launch.click()
    expect(dialog).to_be_hidden()
    page.goto(f"{steward.ui}/runs?view=backfills")


def _expect_partitions(
    page: Page, steward: Steward, stage: str, *, failed: int, rejected: int, timeout: int = 60_000
) -> None:
    page.goto(f"{steward.ui}/assets/opendata/{stage}?view=partitions")
    good = len(steward.recids) - failed - rejected
    expect(page.get_by_text(f"Materialized ({good})")).to_be_visible(timeout=timeout)
    expect(page.get_by_text(f"Missing ({rejected})")).to_be_visible(timeout=timeout)
    expect(page.get_by_text(f"Failed ({failed})")).to_be_visible(timeout=timeout)


def test_a_backfill_from_the_ui_leaves_good_recids_green_and_only_what_failed_red(page: Page, steward: Steward) -> None:
    page.goto(f"{steward.ui}/{GROUP}")
    for stage in ("raw_record", "raw_files", "metadata", "archive", "published_record"):
        expect(page.get_by_text(stage, exact=True).first).to_be_visible()
    _launch_backfill(page, steward, "All")
    _expect_partitions(page, steward, "published_record", failed=1, rejected=1, timeout=SLOW)
    _expect_partitions(page, steward, "raw_record", failed=0, rejected=0)
    _expect_partitions(page, steward, "raw_files", failed=1, rejected=1)
    page.goto(f"{steward.ui}/assets/opendata/raw_files?view=partitions&partition={UNREACHABLE}")
    expect(page.get_by_text("failed, and did not materialize this asset")).to_be_visible()
    page.goto(f"{steward.ui}/assets/opendata/raw_files?view=partitions&partition={BAD}")
    expect(page.get_by_role("button", name="View all historical events (1)")).to_be_visible()
    expect(page.get_by_text("failed, and did not materialize this asset")).to_be_hidden()
    page.goto(f"{steward.ui}/assets/opendata/raw_files?view=events&partition={BAD}")
    expect(page.get_by_text("their record declares adler32:0badc0de").first).to_be_visible()
    _picture(page, "reason")
    page.goto(f"{steward.ui}/assets/opendata/published_record?view=partitions&partition=900007")
    link = page.get_by_role("link", name=f"{steward.repository}/records/")
    expect(link).to_be_visible()
    _picture(page, "materialization")
    page.goto(link.inner_text())
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    _picture(page, "record")


def test_a_field_of_a_record_is_shown_and_makes_the_page_ask_for_nothing(page: Page, steward: Steward) -> None:
    command = [str(Path(sys.executable).with_name("cern-assets")), "ingest", HOSTILE]
    ingested = subprocess.run(command, env={**os.environ, **steward.variables}, capture_output=True, check=False)
    assert ingested.returncode == 0, ingested.stderr.decode()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {unquote(request.url)}"))
    page.goto(f"{steward.ui}/assets/opendata/metadata?view=partitions&partition={HOSTILE}")
    expect(page.get_by_text("finding_list")).to_be_visible()
    expect(page.get_by_text("![x](/graphql").first).to_be_visible()
    _picture(page, "findings")
    assert [request for request in asked if "mutation{" in request] == []


def test_a_mended_recid_run_again_from_the_ui_turns_green_by_the_stages_it_lacked(page: Page, steward: Steward) -> None:
    steward.collection.mended = True
    _launch_backfill(page, steward, "Failed")
    _expect_partitions(page, steward, "published_record", failed=0, rejected=1, timeout=SLOW)
    for stage, status in (("raw_record", "unchanged"), ("raw_files", "done"), ("published_record", "done")):
        page.goto(f"{steward.ui}/assets/opendata/{stage}?view=partitions&partition={UNREACHABLE}")
        expect(page.get_by_role("row", name=f"status {status}")).to_be_visible()
    page.set_viewport_size({"width": 1700, "height": 560})
    page.goto(f"{steward.ui}/{GROUP}")
    page.get_by_role("button", name="Hide navigation").click()
    page.get_by_role("img", name="zoom_in").click()  # shows the partitions of each asset
    expect(page.get_by_text("94% filled")).to_have_count(4)
    expect(page.get_by_text("failed)")).to_have_count(0)
    expect(page.get_by_text("100% filled")).to_be_visible()
    _picture(page, "lineage")
    hits = httpx.get(f"{steward.repository}/api/records", params={"size": 100}).json()["hits"]
    assert hits["total"] == len(steward.recids) - 1, "every good recid is published once"


def test_a_run_of_the_command_line_is_run_again_from_the_ui(page: Page, steward: Steward) -> None:
    command = [str(Path(sys.executable).with_name("cern-assets")), "ingest", "--json", BAD]
    ingested = subprocess.run(command, env={**os.environ, **steward.variables}, capture_output=True, check=False)
    assert ingested.returncode == 1, ingested.stderr.decode()
    (run_id,) = json.loads(ingested.stdout)["runs"]
    page.goto(f"{steward.ui}/runs/{run_id}")
    page.get_by_role("button", name="Re-execute all").click()
    page.wait_for_url(lambda url: "/runs/" in url and run_id not in url)
    expect(page.get_by_text("Finished execution of run").first).to_be_visible(timeout=SLOW)


def test_what_stopped_and_may_succeed_is_run_again_with_one_click(page: Page, steward: Steward) -> None:
    page.goto(f"{steward.ui}/locations/cern_assets/jobs/opendata_retry/playground")
    page.get_by_role("button", name="Launch run").click()
    expect(page.get_by_text("0 recids stopped and may succeed").first).to_be_visible(timeout=SLOW)


def test_the_checks_tell_a_steward_which_record_is_rejected_and_why(page: Page, steward: Steward) -> None:
    page.goto(f"{steward.ui}/assets/opendata/published_record?view=checks&checkDetail=rejections")
    expect(page.get_by_text("rejections").first).to_be_visible()
    expect(page.get_by_text("their record declares adler32:0badc0de").first).to_be_visible()
    _picture(page, "checks")


@pytest.mark.parametrize(
    ("asset", "figures", "words"),
    [
        ("ledgers", ["Recids by state"], ["balanced", "ChecksumMismatch"]),
        ("reports", ["Recids by state", "Records over time"], ["page", "stopped"]),
    ],
)
def test_figures_of_the_ledger_and_the_report_are_drawn_where_a_steward_looks(
    page: Page, steward: Steward, asset: str, figures: list[str], words: list[str]
) -> None:
    page.goto(f"{steward.ui}/assets/{asset}/opendata?view=events")
    page.get_by_role("button", name="Materialize").click()
    for figure in figures:
        image = page.get_by_role("img", name=figure).first
        expect(image).to_be_visible(timeout=SLOW)
        assert image.evaluate(INKED) > 0
    for theme, is_dark in (("Light", False), ("Dark", True)):
        page.evaluate("theme => localStorage.setItem('dagster-theme', JSON.stringify(theme))", theme)
        page.reload()
        for word in words:
            expect(page.get_by_text(word).first).to_be_visible()
        for figure in figures:
            seen = page.get_by_role("img", name=figure).first.evaluate(CONTRASTS)
            assert (seen["paper"] < 0.05) == is_dark, "the page has the theme"
            assert seen["contrasts"]
            assert min(seen["contrasts"].values()) >= LEAST_CONTRAST, seen
        _picture(page, f"{asset}-{theme.lower()}")
