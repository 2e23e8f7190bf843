"""Where seeds run: in memory if there is such a place, as nothing of them is to outlast a power cut."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from cern_assets_tests.chaos.schedule import run_seeds

MEMORY = Path("/dev/shm")  # a private folder in it, gone with the seeds


def run_in_memory(seeds: Sequence[int]) -> tuple[dict[int, list[str]], float]:
    """Run seeds; what each left that it must not, and the seconds of one core that all took."""
    began = time.process_time()
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        return run_seeds(seeds, Path(folder)), time.process_time() - began
