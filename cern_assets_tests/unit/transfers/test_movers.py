"""Guards that files are moved side by side, come back in order, and that one that fails ends the others in order."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from cern_assets.transfers.movers import Movers


@pytest.fixture
def movers() -> Iterator[Movers]:
    with closing(Movers()) as made:
        yield made


def test_what_came_of_files_is_in_their_order(movers: Movers) -> None:
    assert movers.small(lambda number: number * 2, range(50)) == [number * 2 for number in range(50)]
    assert movers.large(lambda number: number * 2, range(5)) == [0, 2, 4, 6, 8]


def test_several_small_files_are_moved_at_the_same_time(movers: Movers) -> None:
    together = threading.Barrier(8)
    assert sorted(movers.small(lambda _: together.wait(30), range(8))) == list(range(8))


def test_the_first_that_fails_keeps_the_others_from_beginning_and_is_told(movers: Movers) -> None:
    begun: list[int] = []

    def move(number: int) -> None:
        begun.append(number)
        if number == 3:
            raise ValueError("file 3 is damaged")

    with pytest.raises(ValueError, match="file 3 is damaged"):
        movers.large(move, range(10_000))
    assert len(begun) < 10_000
    assert movers.large(lambda number: number, [1]) == [1]
