"""Whatever goes wrong, and whoever dies: in the end the repository holds each record once, as it should be."""

from pathlib import Path

import pytest

from cern_assets_tests.chaos.schedule import run_seed


@pytest.mark.parametrize("seed", range(1, 11))
def test_after_faults_kills_and_a_second_worker_nothing_is_lost_twice_or_wrong(seed: int, tmp_path: Path) -> None:
    """`make chaos SEED=n` runs one seed again, `make chaos SEEDS=10000` many."""
    assert run_seed(seed, tmp_path / "seed") == []
