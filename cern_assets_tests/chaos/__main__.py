"""`python -m cern_assets_tests.chaos FIRST COUNT`: run seeds, print what each left that it must not, and the pace."""

import sys
import tempfile
import time
from pathlib import Path

from cern_assets_tests.chaos.schedule import run_seed


def main(first: int, count: int) -> int:
    """Run seeds; 1 if one of them failed."""
    memory = Path("/dev/shm")  # folders of seeds are private, and gone with their seed
    failed, began = 0, time.process_time()
    for seed in range(first, first + count):
        with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
            found = run_seed(seed, Path(folder) / "seed")
        if found:
            failed += 1
            sys.stdout.write(f"seed {seed} (make chaos SEED={seed}): {'; '.join(found)}\n")
            sys.stdout.flush()
    seconds = time.process_time() - began
    sys.stdout.write(f"{count} seeds, {failed} failed, {count / seconds:.1f} seeds a second of one core\n")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
