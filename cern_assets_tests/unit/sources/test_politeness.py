"""Guards the limit of requests: no minute holds more than allowed, over all threads, whatever is asked for at once."""

import multiprocessing
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cern_assets.sources.politeness import RequestLimit


class Clock:
    """Time that passes only when somebody waits, or by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def test_requests_up_to_the_limit_go_out_at_once() -> None:
    clock = Clock()
    limit = RequestLimit(3, clock=clock, wait=clock.wait)
    for _ in range(3):
        limit.take()
    assert clock.now == 1000.0


def test_one_more_than_the_limit_waits_until_the_first_is_a_minute_old() -> None:
    clock = Clock()
    limit = RequestLimit(3, clock=clock, wait=clock.wait)
    limit.take()
    clock.now += 10
    for _ in range(3):
        limit.take()
    assert clock.now == 1060.0


@settings(deadline=None)
@given(per_minute=st.integers(1, 5), pauses=st.lists(st.floats(0, 90), max_size=40))
def test_no_minute_ever_holds_more_than_the_limit(per_minute: int, pauses: list[float]) -> None:
    clock, starts = Clock(), []
    limit = RequestLimit(per_minute, clock=clock, wait=clock.wait)
    for pause in pauses:
        clock.now += pause
        limit.take()
        starts.append(clock.now)
    for first, beyond in zip(starts, starts[per_minute:], strict=False):
        assert beyond - first >= 60 - 1e-6


def test_zero_means_no_limit() -> None:
    clock = Clock()
    limit = RequestLimit(0, clock=clock, wait=clock.wait)
    for _ in range(1000):
        limit.take()
    assert clock.now == 1000.0


@pytest.mark.parametrize("per_minute", [0, 60])
def test_a_source_that_asks_for_a_pause_gets_it(per_minute: int) -> None:
    clock = Clock()
    limit = RequestLimit(per_minute, clock=clock, wait=clock.wait)
    limit.hold(7)
    limit.hold(3)
    limit.take()
    assert clock.now == 1007.0


def test_threads_share_one_limit() -> None:
    waits: list[float] = []
    limit = RequestLimit(2, clock=lambda: 0.0, wait=waits.append)
    threads = [threading.Thread(target=limit.take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == [60.0, 60.0, 120.0, 120.0]
    assert all(later - earlier in (0.0, 60.0) for earlier, later in pairwise(sorted(waits)))


def test_two_that_share_a_file_hold_one_limit_together(tmp_path: Path) -> None:
    clock = Clock()
    one, other = (RequestLimit(3, file=tmp_path / "pace" / "host", clock=clock, wait=clock.wait) for _ in range(2))
    for limit in (one, other, one):
        limit.take()
    assert clock.now == 1000.0
    other.take()
    assert clock.now == 1060.0


@settings(deadline=None)
@given(per_minute=st.integers(1, 5), turns=st.lists(st.tuples(st.booleans(), st.floats(0, 90)), max_size=40))
def test_no_minute_of_two_processes_holds_more_than_the_limit(
    tmp_path_factory: pytest.TempPathFactory, per_minute: int, turns: list[tuple[bool, float]]
) -> None:
    clock, starts, file = Clock(), [], tmp_path_factory.mktemp("pace") / "host"
    limits = [RequestLimit(per_minute, file=file, clock=clock, wait=clock.wait) for _ in range(2)]
    for first, passes in turns:
        clock.now += passes
        limits[first].take()
        starts.append(clock.now)
    for first_start, beyond in zip(starts, starts[per_minute:], strict=False):
        assert beyond - first_start >= 60 - 1e-6


def _takes(file: Path, count: int) -> None:
    limit = RequestLimit(40, file=file, wait=lambda _: None)
    for _ in range(count):
        limit.take()


def test_real_processes_that_ask_at_once_lose_no_start(tmp_path: Path) -> None:
    forks = multiprocessing.get_context("spawn")
    processes = [forks.Process(target=_takes, args=(tmp_path / "host", 10)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    waited: list[float] = []
    limit = RequestLimit(40, file=tmp_path / "host", wait=waited.append)
    for _ in range(11):
        limit.take()
    assert len(waited) == 1, "30 of the processes and 10 of ours go out at once, the next one waits"


@pytest.mark.parametrize("torn", ["[1000.0, 10", "{}x", "null", '["a"]'])
def test_a_torn_file_counts_as_a_minute_that_is_full(tmp_path: Path, torn: str) -> None:
    clock = Clock()
    (tmp_path / "host").write_text(torn)
    RequestLimit(3, file=tmp_path / "host", clock=clock, wait=clock.wait).take()
    assert clock.now == 1060.0


def test_a_clock_that_was_set_back_holds_nobody_for_hours(tmp_path: Path) -> None:
    clock = Clock()
    (tmp_path / "host").write_text(f"[{time.time()}]")
    RequestLimit(1, file=tmp_path / "host", clock=clock, wait=clock.wait).take()
    assert clock.now == 1000.0
