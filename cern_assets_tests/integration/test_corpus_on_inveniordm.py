"""Deposits of real records in a real InvenioRDM: each is taken, published, and comes back exactly as it was sent.

In both profiles. The ordinary run takes 300 records: a few dozen that together have every field, fate, term, kind of
text and tag that any deposit has (`covering`) in both, the others, from each stratum in turn, in one of the two.
`make corpus` takes them all in both.
"""

import gzip
import json
import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any

import pytest

from cern_assets.errors import RepositoryUnavailableError
from cern_assets.metadata.comparison import differences
from cern_assets.metadata.crosswalk import transform
from cern_assets.model.collections import Profile
from cern_assets.model.publications import Draft, Published
from cern_assets.model.records import SourceRecord
from cern_assets.model.values import Json
from cern_assets.repositories.nrp.client import NrpRepository
from cern_assets.sources.opendata.parse import parse_record
from cern_assets.sources.opendata.profiles import CROSSWALKS
from cern_assets_tests.services.covering import covering, features
from cern_assets_tests.services.repository import RunningRepository

pytestmark = pytest.mark.service

PROFILES: tuple[Profile, ...] = ("plain", "cern")
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


def _stratum(record: SourceRecord) -> str:
    """What kind of record it is: its type, its experiment, and which sections it has."""
    stated = record.metadata
    return json.dumps([stated.get("type"), stated.get("experiment"), [name for name in SECTIONS if name in stated]])


@cache
def _chosen(folder: Path) -> dict[Profile, list[SourceRecord]]:
    """The cover in both profiles, and of the rest, from each stratum in turn, every other one in the one or the other.

    One cover is enough: a deposit of `cern` has what that of `plain` has, and custom fields besides.
    """
    records = [parse_record(record) for record in _records(folder)]
    if os.environ.get("CERN_ASSETS_TEST_CORPUS") == "all":
        return dict.fromkeys(PROFILES, records)
    sets = {number: features(transform(record, CROSSWALKS["cern"])) for number, record in enumerate(records)}
    cover = covering(sets)
    strata: dict[str, list[SourceRecord]] = {}
    for number in random.Random(9).sample(sorted(sets.keys() - set(cover)), len(sets) - len(cover)):
        strata.setdefault(_stratum(records[number]), []).append(records[number])
    turns = chain.from_iterable(zip_longest(*strata.values()))
    others = list(islice(filter(None, turns), SAMPLE - len(cover)))
    return {
        profile: [*(records[number] for number in cover), *others[at :: len(PROFILES)]]
        for at, profile in enumerate(PROFILES)
    }


@pytest.mark.parametrize("profile", PROFILES)
def test_every_deposit_is_taken_published_and_comes_back_as_it_was_sent(
    opendata_folder: Path, invenio: RunningRepository, profile: Profile
) -> None:
    repository = NrpRepository(invenio.url, invenio.token, attempts=3, timeout_seconds=120)

    def published(draft: Draft) -> Published:
        """Thousands of requests to a busy server lose an answer; it is settled by reading, as the flows do."""
        try:
            return repository.publish(draft)
        except RepositoryUnavailableError:
            return repository.read_published(draft.record_id) or repository.publish(draft)

    def problems(record: SourceRecord) -> list[str]:
        payload: Any = json.loads(json.dumps(dict(transform(record, CROSSWALKS[profile]).payload)))
        payload["files"] = {"enabled": False}
        payload.pop("pids", None)  # the repository may be one that stays, and takes a DOI once
        for entry in payload["metadata"]["identifiers"]:
            entry["identifier"] += "#corpus"  # other tests look for these recids, and must not find these records
        draft = repository.create_draft(payload)
        found = [*draft.problems, *differences(payload, draft.payload)]
        if not found:
            found = list(differences(payload, published(draft).payload))
        return [f"{record.recid}: {problem}" for problem in found]

    with ThreadPoolExecutor(8) as pool:
        wrong = [problem for found in pool.map(problems, _chosen(opendata_folder)[profile]) for problem in found]
    repository.close()
    assert wrong == []
