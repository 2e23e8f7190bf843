"""The pace towards a repository: what it says of its limit is kept, by all who share a file."""

import json
import multiprocessing
from email.utils import formatdate
from itertools import pairwise
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cern_assets.errors import RepositoryUnavailableError
from cern_assets.repositories.nrp.client import NrpRepository
from cern_assets.repositories.nrp.pace import Pace
from cern_assets_tests.unit.repositories.test_nrp_faults import served

START = 1_800_000_000.0


class Clock:
    """Time by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


def _told(left: int, *, limit: int = 100, seconds: float = 60) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": str(START + seconds),
    }


def _spent(pace: Pace, clock: Clock, count: int) -> list[float]:
    """When each of some requests is sent, by one who waits as he is told; seconds from the start."""
    sent = []
    for _ in range(count):
        clock.now += pace.take()
        sent.append(clock.now - START)
    return sent


def test_without_a_limit_nobody_waits() -> None:
    clock = Clock()
    assert set(_spent(Pace(clock=clock), clock, 1000)) == {0.0}


def test_much_goes_out_at_once_and_the_last_part_is_spread_over_what_is_left_of_the_window() -> None:
    clock = Clock()
    pace = Pace(clock=clock)
    pace.heard(200, _told(100))
    sent = _spent(pace, clock, 100)
    assert sent[79] == 0.0
    assert sent[99] > 50
    assert all(later - earlier < 5 for earlier, later in pairwise(sent))
    assert all(at < 60 for at in sent), "a hundred are allowed before the window ends"


def test_a_bucket_that_is_empty_waits_for_the_end_of_the_window_and_no_longer() -> None:
    clock = Clock()
    pace = Pace(clock=clock)
    pace.heard(200, _told(0))
    first, second, third = _spent(pace, clock, 3)
    assert (first, second, third) == (0.0, 60.0, 60.0)


def test_answers_that_overtake_each_other_fill_no_bucket() -> None:
    clock = Clock()
    pace = Pace(clock=clock)
    pace.heard(200, _told(0))
    pace.heard(200, _told(50))
    assert _spent(pace, clock, 2)[1] == 60.0
    pace.heard(200, _told(100, seconds=120))
    assert _spent(pace, clock, 2) == [60.0, 60.0]


@pytest.mark.parametrize("stated", ["30", formatdate(START + 30, usegmt=True)])
def test_after_a_refusal_nobody_asks_before_the_time_it_names(stated: str) -> None:
    clock = Clock()
    pace = Pace(clock=clock)
    pace.heard(429, {"Retry-After": stated})
    assert _spent(pace, clock, 2) == [30.0, 30.0]


def test_a_repository_that_wants_to_be_left_alone_for_an_hour_is_not_waited_for() -> None:
    clock = Clock()
    pace = Pace(clock=clock)
    pace.heard(429, {"Retry-After": "3600"})
    with pytest.raises(RepositoryUnavailableError, match="for 3600 s"):
        pace.take()
    clock.now += 3600
    assert pace.take() == 0.0


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "soon"},
        {"Retry-After": "-5"},
        {"Retry-After": "nan"},
        {**_told(0), "X-RateLimit-Reset": "inf"},
        {**_told(0), "X-RateLimit-Reset": "1"},
        {**_told(0), "X-RateLimit-Remaining": "many"},
    ],
)
def test_headers_that_say_nothing_usable_are_no_reason_to_wait(headers: dict[str, str]) -> None:
    clock = Clock()
    pace = Pace(clock=clock)
    pace.heard(429, headers)
    assert _spent(pace, clock, 2) == [0.0, 0.0]


def _take_some(file: Path, count: int) -> None:
    pace = Pace(file, clock=lambda: START)
    for _ in range(count):
        pace.take()


def test_all_processes_of_a_machine_take_from_one_bucket(tmp_path: Path) -> None:
    file = tmp_path / "pace" / "bucket.json"
    Pace(file, clock=lambda: START).heard(200, _told(1000, limit=1000))
    workers = [multiprocessing.get_context("spawn").Process(target=_take_some, args=(file, 100)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert json.loads(file.read_text())["left"] == 700


@pytest.mark.parametrize(
    "torn", [b"", b"{", b"[]", b'{"limit": 1}', b'{"limit":1,"left":0,"ends":9e99,"next_at":9e99}']
)
def test_a_torn_note_tells_nothing(tmp_path: Path, torn: bytes) -> None:
    file = tmp_path / "bucket.json"
    file.write_bytes(torn)
    assert Pace(file).take() == 0.0


def test_a_refusal_of_one_adapter_is_waited_for_by_another_of_the_machine(tmp_path: Path) -> None:
    asked: list[str] = []

    async def refusing_once(request: Request) -> Response:
        asked.append(request.url.path)
        if len(asked) == 1:
            return JSONResponse({}, 429, headers={"Retry-After": "500"})
        return JSONResponse({"hits": {"hits": []}})

    with served(Route("/api/records", refusing_once)) as url:
        first, second = (
            NrpRepository(url, "t", attempts=2, timeout_seconds=5, pace_file=tmp_path / "pace.json") for _ in range(2)
        )
        for adapter in (first, second):
            with pytest.raises(RepositoryUnavailableError, match="asked not to be asked"):
                adapter.find_published("x")
            adapter.close()
    assert len(asked) == 1
