"""Guards the limit of requests: no minute holds more than allowed, over all threads, whatever is asked for at once."""

import threading
from itertools import pairwise

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
