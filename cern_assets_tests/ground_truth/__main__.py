"""`make ground-truth`: print the scores and write the page; exit code 1 where one falls or something is unexplained."""

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cern_assets_tests.ground_truth.page import page_of, table_of
from cern_assets_tests.ground_truth.truth import PAGE, measured, wrong_with
from cern_assets_tests.services.needs import SHARED_DATA


def main(folder: Path = SHARED_DATA, page: Path = PAGE) -> int:
    """Measure, print, and write the page if nothing is wrong."""
    truth = measured(folder)
    if truth is None:
        sys.stderr.write(f"No pairs of records are in {folder}.\n")
        return 1
    table = Table("field", "facts of 2017", "facts of today", "in both", "found again")
    for row in table_of(truth.scores):
        table.add_row(*row)
    Console().print(table)
    wrong = wrong_with(truth)
    sys.stdout.write("\n".join(wrong or ["Every difference is explained, and no score fell."]) + "\n")
    if not wrong:
        page.write_text(page_of(truth.scores, truth.records, truth.zenodo), encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
