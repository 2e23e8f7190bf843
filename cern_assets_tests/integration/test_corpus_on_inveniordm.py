"""Deposits of real records in a real InvenioRDM: each is taken, published, and comes back exactly as it was sent.

In both profiles. A sample of every kind of record in the ordinary run; `make corpus` takes them all.
"""

import gzip
import json
import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, get_args

import pytest

from cern_assets.metadata.comparison import differences
from cern_assets.metadata.crosswalk import transform
from cern_assets.model.collections import Profile
from cern_assets.model.values import Json
from cern_assets.repositories.nrp.client import NrpRepository
from cern_assets.sources.opendata.parse import parse_record
from cern_assets.sources.opendata.profiles import CROSSWALKS
from cern_assets_tests.services.repository import RunningRepository

pytestmark = pytest.mark.service

SAMPLE = 300
SECTIONS = (
    "methodology",
    "usage",
    "validation",
    "system_details",
    "dataset_semantics",
    "relations",
    "links",
    "authors",
)


def _records(folder: Path) -> Iterator[dict[str, Json]]:
    with gzip.open(folder / "records.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _stratum(record: dict[str, Json]) -> str:
    """What kind of record it is: its type, its experiment, and which sections it has."""
    kind = record.get("type")
    secondary = kind.get("secondary") if isinstance(kind, dict) else None
    return json.dumps([secondary, record.get("experiment"), [name for name in SECTIONS if name in record]])


def _chosen(folder: Path) -> list[dict[str, Json]]:
    records = list(_records(folder))
    if os.environ.get("CERN_ASSETS_TEST_CORPUS") == "all":
        return records
    dice = random.Random(9)
    dice.shuffle(records)
    strata: dict[str, list[dict[str, Json]]] = {}
    for record in records:
        strata.setdefault(_stratum(record), []).append(record)
    rounds = max(map(len, strata.values()))
    turns = (these[turn] for turn in range(rounds) for these in strata.values() if turn < len(these))
    return [record for record, _ in zip(turns, range(SAMPLE), strict=False)]


@pytest.mark.parametrize("profile", get_args(Profile))
def test_every_deposit_is_taken_published_and_comes_back_as_it_was_sent(
    opendata_folder: Path, invenio: RunningRepository, profile: Profile
) -> None:
    repository = NrpRepository(invenio.url, invenio.token, attempts=3, timeout_seconds=120)

    def problems(record: dict[str, Json]) -> list[str]:
        deposit = transform(parse_record(record), CROSSWALKS[profile])
        payload: Any = json.loads(json.dumps(dict(deposit.payload)))
        payload["files"] = {"enabled": False}
        payload.pop("pids", None)  # the repository may be one that stays, and takes a DOI once
        for entry in payload["metadata"]["identifiers"]:
            entry["identifier"] += "#corpus"  # other tests look for these recids, and must not find these records
        draft = repository.create_draft(payload)
        found = [*draft.problems, *differences(payload, draft.payload)]
        if not found:
            found = list(differences(payload, repository.publish(draft).payload))
        return [f"{record['recid']}: {problem}" for problem in found]

    chosen = _chosen(opendata_folder)
    assert len(chosen) >= SAMPLE
    with ThreadPoolExecutor(4) as pool:
        wrong = [problem for found in pool.map(problems, chosen) for problem in found]
    repository.close()
    assert wrong == []
