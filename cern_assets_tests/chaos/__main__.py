"""`python -m cern_assets_tests.chaos FIRST COUNT`: run seeds on all cores, print what each left, and the pace."""

import logging
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import batched
from multiprocessing import get_context

from cern_assets_tests.chaos.memory import run_in_memory

_MOST_TOGETHER = 100
"""Seeds that share a ledger: opening one costs as much as a dozen seeds, whatever is in it."""


def main(first: int, count: int) -> int:
    """Run seeds; 1 if one of them failed."""
    failed, seconds = 0, 0.0
    cores = os.cpu_count() or 1
    pieces = list(batched(range(first, first + count), min(-(-count // cores), _MOST_TOGETHER)))
    told = logging.NOTSET if count == 1 else logging.CRITICAL  # of many seeds, all that goes wrong is wanted
    with ProcessPoolExecutor(cores, get_context("spawn"), logging.disable, (told,)) as pool:
        for found, took in pool.map(run_in_memory, pieces):
            failed, seconds = failed + len(found), seconds + took
            for seed, problems in found.items():
                sys.stdout.write(f"seed {seed} (make chaos SEED={seed}): {'; '.join(problems)}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{count} seeds, {failed} failed, {count / seconds:.1f} seeds a second of one core\n")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
