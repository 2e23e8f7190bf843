"""Real records of CERN Open Data with their real bytes, through Dagster, by configuration alone.

Once with everything at hand (HTTP, a local folder, the embedded repository), and once with what is used in earnest (an
XRootD daemon, a store on another one, a real InvenioRDM). Afterwards each file is downloaded and compared with the
bytes on disk, and each field sent with what the repository answers.
"""

import csv
from pathlib import Path

import httpx
import pytest

from cern_assets.definitions import build_definitions
from cern_assets.defs.instance import open_instance
from cern_assets.defs.launch import ingest
from cern_assets.model.identifiers import Recid
from cern_assets.model.metadata import Metadata
from cern_assets.model.publications import Receipt
from cern_assets.model.values import Json
from cern_assets.settings import load_settings
from cern_assets_tests.services.embedded import running_embedded
from cern_assets_tests.services.ledgers import read_ledger
from cern_assets_tests.services.repository import RunningRepository

pytestmark = pytest.mark.service

# 133 and 24123 state adler32 values without their leading zeros, 270 states sha1.
WITH_FILES = ("133", "270", "791", "3183", "24123", "24646")
WITHOUT_FILES = ("52", "56", "71", "402", "1204", "23900", "80020", "80050", "81494", "81507")
RECIDS = [Recid(recid) for recid in WITH_FILES + WITHOUT_FILES]


def _real_files(folder: Path) -> dict[str, dict[str, bytes]]:
    """The bytes on disk by recid and key, by the list that came with them."""
    files: dict[str, dict[str, bytes]] = {recid: {} for recid in RECIDS}
    with (folder / "files.tsv").open(newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            if row["recid"] in files:
                path = Path(row["local_path"])
                files[row["recid"]][path.name] = (folder / "files" / path).read_bytes()
    return files


def _ingest_and_compare(
    home: Path, monkeypatch: pytest.MonkeyPatch, opendata_folder: Path, repository: RunningRepository, **urls: str
) -> None:
    variables = {
        "CERN_ASSETS_HOME": str(home),
        "CERN_ASSETS_OPENDATA_REQUESTS_PER_MINUTE": "0",
        "CERN_ASSETS_REPOSITORY_URL": repository.url,
        "CERN_ASSETS_REPOSITORY_TOKEN": repository.token,
        **urls,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    definitions = build_definitions()
    with open_instance(load_settings().dagster_home) as instance:
        runs = list(ingest(definitions, instance, "opendata", RECIDS, batch_size=100))
        ledger = read_ledger(home / "telemetry", [("opendata", recid) for recid in RECIDS])
        assert [row["message"] for row in ledger.entries if row["state"] != "published"] == []
        assert ledger.balanced
        assert all(run.success for run in runs)
        expected = _real_files(opendata_folder)
        with httpx.Client(
            base_url=f"{repository.url}/api", headers={"Authorization": f"Bearer {repository.token}"}, timeout=60
        ) as api:
            for recid in RECIDS:
                receipt, deposit = (
                    definitions.load_asset_value(["opendata", stage], partition_key=recid, instance=instance)
                    for stage in ("published_record", "metadata")
                )
                assert isinstance(receipt, Receipt)
                assert isinstance(deposit, Metadata)
                answered = api.get(f"/records/{receipt.record_id}").raise_for_status().json()
                assert set(deposit.payload) <= {"metadata", "access", "pids", "files"}
                for section in deposit.payload.keys() - {"files"}:
                    _assert_holds(deposit.payload[section], answered[section], f"{recid}: {section}")
                assert _downloaded(api, receipt.record_id) == expected[recid]


def _assert_holds(sent: Json, answered: Json, path: str) -> None:
    """The answer has all that was sent, with the same values; it may have more."""
    if isinstance(sent, dict):
        assert isinstance(answered, dict), path
        for key, value in sent.items():
            _assert_holds(value, answered.get(key), f"{path}.{key}")
    elif isinstance(sent, list):
        assert isinstance(answered, list), path
        assert len(answered) == len(sent), path
        for index, (value, item) in enumerate(zip(sent, answered, strict=True)):
            _assert_holds(value, item, f"{path}[{index}]")
    else:
        assert answered == sent, path


def _downloaded(api: httpx.Client, record_id: str) -> dict[str, bytes]:
    entries = api.get(f"/records/{record_id}/files").raise_for_status().json().get("entries", [])
    return {
        entry["key"]: api.get(f"/records/{record_id}/files/{entry['key']}/content").raise_for_status().content
        for entry in entries
    }


def _found(repository: RunningRepository, recid: str) -> int:
    identifier = f"oai:cernopendata.cern:{recid}"
    answer = httpx.get(f"{repository.url}/api/records", params={"q": f'metadata.identifiers.identifier:"{identifier}"'})
    hits = answer.raise_for_status().json()["hits"]["hits"]
    # The search matches words of an identifier; only whole ones count.
    return sum(identifier in [entry["identifier"] for entry in hit["metadata"]["identifiers"]] for hit in hits)


@pytest.mark.parametrize("bytes_from", ["opendata_portal_url", "opendata_xrootd_url"])
def test_real_records_arrive_whole_in_the_embedded_repository(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    opendata_folder: Path,
    opendata_portal_url: str,
    bytes_from: str,
    request: pytest.FixtureRequest,
) -> None:
    with running_embedded(tmp_path / "repository") as repository:
        _ingest_and_compare(
            tmp_path,
            monkeypatch,
            opendata_folder,
            repository,
            CERN_ASSETS_OPENDATA_API_URL=opendata_portal_url,
            CERN_ASSETS_OPENDATA_FILES_URL=request.getfixturevalue(bytes_from),
        )
        assert {_found(repository, recid) for recid in RECIDS} == {1}


def test_real_records_over_xrootd_arrive_whole_in_a_real_inveniordm_and_not_twice(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    opendata_folder: Path,
    opendata_portal_url: str,
    opendata_xrootd_url: str,
    xrootd_url: str,
    invenio: RunningRepository,
) -> None:
    _ingest_and_compare(
        tmp_path / "first",
        monkeypatch,
        opendata_folder,
        invenio,
        CERN_ASSETS_OPENDATA_API_URL=opendata_portal_url,
        CERN_ASSETS_OPENDATA_FILES_URL=opendata_xrootd_url,
        CERN_ASSETS_STORE_URL=f"{xrootd_url.rstrip('/')}//stores/real-records",
    )
    # Another steward, who knows nothing of the first one's work, brings the same records over HTTP.
    _ingest_and_compare(
        tmp_path / "second",
        monkeypatch,
        opendata_folder,
        invenio,
        CERN_ASSETS_OPENDATA_API_URL=opendata_portal_url,
        CERN_ASSETS_OPENDATA_FILES_URL=opendata_portal_url,
        CERN_ASSETS_STORE_URL=str(tmp_path / "store"),
    )
    assert {_found(invenio, recid) for recid in RECIDS} == {1}
