"""The disk of the home is full, at different places: one message, nothing told as done that is not, and run again."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from cern_assets_tests.services.command_line import Answer, finished, published_recids
from cern_assets_tests.services.disks import fill, small_disk
from cern_assets_tests.services.embedded import running_embedded

RECIDS = ("900003", "900004")

pytestmark = pytest.mark.service


@pytest.fixture
def variables(tmp_path: Path, sample_portal_url: str) -> Iterator[dict[str, str]]:
    """Variables that lead to an empty repository and a store with room; a home is for the test to name."""
    portal = dict.fromkeys(("CERN_ASSETS_OPENDATA_API_URL", "CERN_ASSETS_OPENDATA_FILES_URL"), sample_portal_url)
    with running_embedded(tmp_path / "repository") as running:
        yield {
            **portal,
            "CERN_ASSETS_OPENDATA_REQUESTS_PER_MINUTE": "100000",  # noted in the home, which 0 is not
            "CERN_ASSETS_REPOSITORY_URL": running.url,
            "CERN_ASSETS_REPOSITORY_TOKEN": running.token,
            "CERN_ASSETS_STORE_URL": str(tmp_path / "store"),
        }


def _one_message(answer: Answer, code: int) -> str:
    """The last line of an answer, of which no part is a traceback."""
    assert answer.code == code, answer
    assert "Traceback" not in answer.out + answer.err
    return answer.err.strip().splitlines()[-1]


def _gets_through(folder: Path, variables: Mapping[str, str]) -> None:
    again = finished("ingest", "--json", *RECIDS, folder=folder, **variables)
    assert again.code == 0, again
    assert again.states == dict.fromkeys(RECIDS, "published")
    assert again.json["balanced"]
    assert published_recids(variables["CERN_ASSETS_REPOSITORY_URL"]) == sorted(RECIDS), "each once"


def test_a_home_that_does_not_fit_is_told_and_made_when_there_is_room(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    with small_disk("8m") as disk:
        variables["CERN_ASSETS_HOME"] = str(disk / "home")
        fill(disk / "filler", but_bytes=20_000)
        answer = finished("ingest", "--json", *RECIDS, folder=tmp_path, **variables)
        assert "disk of the Dagster instance is full" in _one_message(answer, 2)
        assert json.loads(answer.out)["error"]["code"] == "StorageFull"
        assert published_recids(variables["CERN_ASSETS_REPOSITORY_URL"]) == []
        doctor = finished("doctor", folder=tmp_path, **variables)
        assert doctor.code == 1
        assert "Traceback" not in doctor.out + doctor.err
        (disk / "filler").unlink()
        _gets_through(tmp_path, variables)


def test_a_disk_that_fills_up_under_dagster_s_databases_is_told_and_the_next_ingest_goes_on(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    with small_disk("8m") as disk:
        variables["CERN_ASSETS_HOME"] = str(disk / "home")
        assert finished("ingest", "900009", folder=tmp_path, **variables).code == 0
        fill(disk / "filler", but_bytes=60_000)
        answer = finished("ingest", *RECIDS, folder=tmp_path, **variables)
        assert "disk of the Dagster instance is full" in _one_message(answer, 2)
        said = finished("ledger", folder=tmp_path, **variables)
        assert "Traceback" not in said.out + said.err
        published = published_recids(variables["CERN_ASSETS_REPOSITORY_URL"])
        (disk / "filler").unlink()
        ledger = finished("ledger", "--json", folder=tmp_path, **variables)
        told = {recid for recid, state in ledger.states.items() if state == "published"}
        assert told <= set(published), "nothing is told as done that is not"
        again = finished("ingest", "--json", *RECIDS, folder=tmp_path, **variables)
        assert again.states == dict.fromkeys(RECIDS, "published")
        assert published_recids(variables["CERN_ASSETS_REPOSITORY_URL"]) == sorted((*RECIDS, "900009"))


def test_a_run_whose_events_do_not_fit_failed_as_a_whole_though_its_recids_got_through(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    with small_disk() as disk:
        variables |= {"CERN_ASSETS_HOME": str(disk / "home"), "DAGSTER_HOME": str(tmp_path / "dagster")}
        (disk / "home").mkdir()
        fill(disk / "filler")
        doctor = finished("doctor", "--json", folder=tmp_path, **variables)
        assert [part["part"] for part in doctor.json["parts"] if not part["ok"]] == ["source opendata", "telemetry"]
        assert "Noting when the source was asked" in doctor.out
        variables["CERN_ASSETS_OPENDATA_REQUESTS_PER_MINUTE"] = "0"
        answer = finished("ingest", "--json", *RECIDS, folder=tmp_path, **variables)
        message = _one_message(answer, 1)
        assert "failed as a whole" in message
        assert "No space left on device" in message
        (failure,) = answer.json["failures"]
        assert failure["run"] in answer.json["runs"]
        assert set(answer.states.values()) == {"pending"}
        (disk / "filler").unlink()
        _gets_through(tmp_path, variables)
        fill(disk / "filler")
        done = finished("ingest", "--json", *RECIDS, folder=tmp_path, **variables)
        assert "failed as a whole" in _one_message(done, 1)
        assert done.states == dict.fromkeys(RECIDS, "published"), "what was done before stays told"
