"""Whatever goes wrong, and whoever dies: in the end the repository holds each record once, as it should be."""

import pytest

from cern_assets_tests.chaos.memory import run_in_memory

SEEDS = 200
TOGETHER = 50


@pytest.mark.parametrize("first", range(1, SEEDS, TOGETHER))
def test_after_faults_kills_and_a_second_worker_nothing_is_lost_twice_or_wrong(first: int) -> None:
    """`make chaos SEED=n` runs one seed again, `make chaos SEEDS=10000` many."""
    found, _seconds = run_in_memory(range(first, first + TOGETHER))
    assert found == {}
