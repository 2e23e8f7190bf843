"""A source that grows, changes and forgets, followed by Dagster's own daemon on PostgreSQL with no hand on it.

`make screenshots` keeps the picture of the sensor's page in `docs/images/`.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from dagster._core.definitions.run_request import InstigatorType
from playwright.sync_api import Page, expect
from tenacity import RetryError, retry, retry_if_result, stop_after_delay, wait_fixed

from cern_assets.defs.instance import open_instance
from cern_assets_tests.services.command_line import published_recids
from cern_assets_tests.services.dagster_ui import Dagster, mortal_dagster
from cern_assets_tests.services.embedded import running_embedded
from cern_assets_tests.services.growing import GrowingCollection, growing_portal
from cern_assets_tests.services.postgres import postgres_cluster

pytestmark = pytest.mark.service

_CONFIG = Path(__file__).parents[2] / "deploy" / "postgres" / "dagster.yaml"
_SECONDS = 240
COLLECTION = """
type: cern_assets.RecordCollection
attributes:
  source: opendata
  selection: {facets: {experiment: DELPHI}}
  discovery: {unattended: true, every_seconds: 5, full_every_hours: 0}
"""


@dataclass(frozen=True)
class Unattended:
    """A home whose collection `growing` is watched."""

    home: Path
    collection: GrowingCollection
    repository: str
    variables: Mapping[str, str]

    def ledger(self) -> dict[str, Any]:
        program = str(Path(sys.executable).with_name("cern-assets"))
        environment = {**os.environ, **self.variables}
        said = subprocess.run([program, "ledger", "--json"], env=environment, capture_output=True, check=False)
        return dict(json.loads(said.stdout))

    def stands(self) -> tuple[int, int, int, bool]:
        """Recids that came in, that are published and withdrawn by the ledger, and whether all counts agree."""
        ledger = self.ledger()
        return ledger["in"], ledger["published"], ledger["withdrawn"], ledger["balanced"]

    def await_standing(self, *standing: object) -> None:
        wanted = retry_if_result(lambda found: found != standing)
        try:
            retry(retry=wanted, stop=stop_after_delay(_SECONDS), wait=wait_fixed(1))(self.stands)()
        except RetryError as error:
            raise AssertionError(f"{self.stands()} instead of {standing}") from error

    def titles(self) -> set[str]:
        hits = httpx.get(f"{self.repository}/api/records", params={"size": 100}).json()["hits"]["hits"]
        return {hit["metadata"]["title"] for hit in hits}


@pytest.fixture(scope="module")
def unattended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unattended]:
    home = tmp_path_factory.mktemp("home")
    for folder, name, content in (
        ("dagster", "dagster.yaml", _CONFIG.read_text()),
        ("collections", "growing.yaml", COLLECTION),
    ):
        (home / folder).mkdir()
        (home / folder / name).write_text(content)
    with (
        postgres_cluster() as postgres,
        growing_portal() as (collection, portal),
        running_embedded(home / "repository") as repository,
    ):
        collection.put(*(str(number) for number in range(1, 6)))
        yield Unattended(
            home,
            collection,
            repository.url,
            {
                "CERN_ASSETS_POSTGRES_URL": postgres,
                "DAGSTER_HOME": str(home / "dagster"),
                "CERN_ASSETS_HOME": str(home),
                "CERN_ASSETS_COLLECTIONS": str(home / "collections"),
                "CERN_ASSETS_OPENDATA_API_URL": portal,
                "CERN_ASSETS_OPENDATA_FILES_URL": portal,
                "CERN_ASSETS_OPENDATA_REQUESTS_PER_MINUTE": "0",
                "CERN_ASSETS_REPOSITORY_URL": repository.url,
                "CERN_ASSETS_REPOSITORY_TOKEN": repository.token,
                "CERN_ASSETS_WITHDRAW_AFTER_SECONDS": "0",
            },
        )


@pytest.fixture(scope="module")
def dagster(unattended: Unattended) -> Iterator[Dagster]:
    with mortal_dagster(unattended.home, unattended.variables) as running:
        yield running


def _ticks(unattended: Unattended) -> list[tuple[float, list[str]]]:
    """When each tick began, and the runs that it asked for, the oldest first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CERN_ASSETS_POSTGRES_URL", unattended.variables["CERN_ASSETS_POSTGRES_URL"])
        with open_instance(unattended.home / "dagster") as instance:
            sensors = instance.all_instigator_state(instigator_type=InstigatorType.SENSOR)
            (sensor,) = (each for each in sensors if each.instigator_name == "growing_discovery")
            ticks = instance.get_ticks(sensor.instigator_origin_id, sensor.selector_id)
    return [(tick.timestamp, list(tick.run_ids)) for tick in reversed(ticks)]


def test_what_grows_changes_and_goes_at_the_source_is_followed_within_two_ticks(
    unattended: Unattended, dagster: Dagster, page: Page
) -> None:
    unattended.await_standing(5, 5, 0, True)
    unattended.collection.put(*(str(number) for number in range(101, 131)))
    unattended.collection.put("2", title="Another title of")
    unattended.collection.take_away("1")
    changed_at = time.time()
    unattended.await_standing(35, 34, 1, True)
    assert len(published_recids(unattended.repository)) == 35, "the copy of the one that went stays"
    assert "Another title of 2" in unattended.titles()
    ticks = _ticks(unattended)
    under_way = sum(began < changed_at for began, _ in ticks)  # the last of them may have seen some of it, or all
    _, changes, *withdrawals = [number for number, (_, runs) in enumerate(ticks, start=1) if runs]
    assert changes <= under_way + 2, "new and changed ones, after the first five"
    assert withdrawals[-1] <= under_way + 3, "and the one that went with the listing that confirms it"
    page.goto(f"{dagster.url}/locations/cern_assets/sensors/growing_discovery")
    expect(page.get_by_text("growing_discovery").first).to_be_visible()
    expect(page.get_by_text("requested").first).to_be_visible()
    folder = os.environ.get("CERN_ASSETS_TEST_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / "unattended.png", animations="disabled")


def test_a_daemon_that_is_killed_while_the_source_grows_loses_nothing(unattended: Unattended, dagster: Dagster) -> None:
    before = unattended.ledger()["in"]
    unattended.collection.put(*(str(number) for number in range(201, 211)))
    notes = unattended.home / "store" / "discovery" / "growing.json"
    asked = retry(
        retry=retry_if_result(lambda found: not found), stop=stop_after_delay(_SECONDS), wait=wait_fixed(0.02)
    )
    asked(lambda: any("201" in each["seen"] for each in json.loads(notes.read_text())["asked"]))()
    dagster.kill()  # in the middle of a tick, or of the run that it asked for
    with mortal_dagster(unattended.home, unattended.variables):
        unattended.await_standing(before + 10, before + 9, 1, True)
    recids = published_recids(unattended.repository)
    assert len(recids) == len(set(recids)) == before + 10
