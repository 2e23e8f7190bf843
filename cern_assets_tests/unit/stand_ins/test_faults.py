"""Each fault of the embedded repository is what it says, and the same for the same seed."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from cern_assets.stand_ins.repository.faults import Fault, Faults, Moment
from cern_assets_tests.services.embedded import running_embedded
from cern_assets_tests.unit.stand_ins.embedded_client import client_of, draft_with_file, payload, publish


@contextmanager
def always(fault: Fault, folder: Path) -> Iterator[tuple[httpx.Client, Faults]]:
    """A repository where this goes wrong with every request, once `share` is 1, and its client."""
    faults = Faults(1, share=0, kinds=(fault,), longest_seconds=0.01)
    with running_embedded(folder, faults) as repository, client_of(repository) as client:
        yield client, faults


def drafts(client: httpx.Client) -> int:
    return int(client.get("/api/user/records").json()["hits"]["total"])


@pytest.mark.parametrize(("fault", "status"), [(Fault.TOO_MANY, 429), (Fault.ERROR, 500), (Fault.LOST, 504)])
def test_what_is_refused_was_not_done(tmp_path: Path, fault: Fault, status: int) -> None:
    with always(fault, tmp_path) as (client, faults):
        faults.share = 1
        answer = client.post("/api/records", json=payload())
        assert answer.status_code == status
        assert ("Retry-After" in answer.headers) == (status == 429)
        faults.share = 0
        assert drafts(client) == 0


def test_a_504_may_come_after_the_effect(tmp_path: Path) -> None:
    with always(Fault.UNHEARD, tmp_path) as (client, faults):
        faults.share = 1
        assert client.post("/api/records", json=payload()).status_code == 504
        faults.share = 0
        assert drafts(client) == 1


@pytest.mark.parametrize(("fault", "made"), [(Fault.DROPPED, 0), (Fault.DROPPED_AFTER, 1), (Fault.TRUNCATED, 1)])
def test_a_connection_may_end_before_or_after_the_effect(tmp_path: Path, fault: Fault, made: int) -> None:
    with always(fault, tmp_path) as (client, faults):
        faults.share = 1
        with pytest.raises(httpx.TransportError):
            client.post("/api/records", json=payload())
        faults.share = 0
        assert drafts(client) == made


def test_a_late_answer_is_whole(tmp_path: Path) -> None:
    with always(Fault.LATE, tmp_path) as (client, faults):
        faults.share = 1
        publish(client, payload(files=True), {"a": b"bytes"})
        assert drafts(client) == 1


@pytest.mark.parametrize(("fault", "kept"), [(Fault.CHANGED, b"cytes"), (Fault.SHORTENED, b"byte")])
def test_bytes_that_were_changed_on_their_way_are_kept_with_their_own_checksum(
    tmp_path: Path, fault: Fault, kept: bytes
) -> None:
    with always(fault, tmp_path) as (client, faults):
        faults.share = 1
        draft = draft_with_file(client, size=5)
        client.put(f"{draft}/files/a/content", content=b"bytes").raise_for_status()
        file = client.post(f"{draft}/files/a/commit").raise_for_status().json()
        assert (file["size"], file["checksum"]) == (
            len(kept),
            f"md5:{hashlib.md5(kept, usedforsecurity=False).hexdigest()}",
        )
        assert client.get(f"{draft}/files/a/content").content == kept


def test_a_file_that_is_sent_again_after_its_commit_is_lost(tmp_path: Path) -> None:
    with always(Fault.LATE, tmp_path) as (client, _faults):
        draft = draft_with_file(client)
        client.put(f"{draft}/files/a/content", content=b"bytes").raise_for_status()
        client.post(f"{draft}/files/a/commit").raise_for_status()
        assert client.put(f"{draft}/files/a/content", content=b"bytes").status_code == 200
        assert client.get(f"{draft}/files/a/content").status_code == 404


def test_the_search_lags_on_a_clock_that_can_be_moved(tmp_path: Path) -> None:
    now = [0.0]
    faults = Faults(1, share=0, search_lag_seconds=60, clock=lambda: now[0])
    with running_embedded(tmp_path, faults) as repository, client_of(repository) as client:
        record = publish(client, payload())
        assert drafts(client) == 0
        assert client.get(record["links"]["self"]).status_code == 200
        now[0] = 1e10
        assert drafts(client) == 1


def test_a_watcher_sees_each_request_before_and_after_its_effect(tmp_path: Path) -> None:
    seen: list[Moment] = []
    with (
        running_embedded(tmp_path, Faults(1, share=0, watch=seen.append)) as repository,
        client_of(repository) as client,
    ):
        client.post("/api/records", json=payload())
    assert seen == [Moment(1, "POST", "/api/records"), Moment(1, "POST", "/api/records", done=True)]


def test_a_seed_chooses_the_same_faults_every_time_and_others_than_another_seed() -> None:
    moments = [Moment(number, "PUT", "/api/records/a/draft/files/b/content") for number in range(1, 500)]
    first, again, other = ([Faults(seed).of(moment) for moment in moments] for seed in (1, 1, 2))
    assert first == again != other
    assert set(first) == {None, *Fault}
