"""`cern-assets ledger`: totals first, loss named, and no more rows than asked for."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cern_assets_tests.services.command_line import Answer

type Run = Callable[..., Answer]


@pytest.fixture
def ingested(run: Run, home: Path) -> Path:
    assert run("ingest", "--json", "900003", "900009", "123456789").code == 1
    return home


def test_totals_come_first_and_then_the_rows_that_are_asked_for(run: Run, ingested: Path) -> None:
    answer = run("ledger", "--limit", "1")
    assert answer.code == 0
    assert answer.out.splitlines()[0] == (
        "3 in = 2 published + 0 redirected + 0 withdrawn + 1 rejected + 0 left out + 0 waiting + 0 pending: balanced"
    )
    assert "900003" in answer.out
    assert "900009" not in answer.out
    assert answer.out.splitlines()[-1].startswith("2 more: --limit N or --all")
    assert "more:" not in run("ledger", "--all").out
    assert run("ledger", "--json", "--limit", "1").json["more"] == 2
    assert set(run("ledger", "--json", "--state", "rejected").states) == {"123456789"}


def test_a_deleted_spool_is_named_recid_by_recid(run: Run, ingested: Path) -> None:
    for spool in (ingested / "telemetry").glob("*.jsonl"):
        spool.unlink()
    answer = run("ledger")
    assert answer.code == 1
    assert "NOT BALANCED" in answer.out
    assert "opendata 900003 published_record: it has a document of the stage, and no event" in answer.out
    assert {row["recid"] for row in run("ledger", "--json").json["differences"]} == {"900003", "900009"}
    assert run("ingest", "--json", "900003", "900009").code == 0
    assert run("ledger", "--json").json["differences"] == []


def test_a_deleted_receipt_is_named(run: Run, ingested: Path) -> None:
    (receipt,) = (ingested / "store" / "documents" / "opendata" / "published_record").rglob("900009.json")
    receipt.unlink()
    answer = run("ledger", "--json")
    assert (answer.code, [row["recid"] for row in answer.json["differences"]]) == (1, ["900009"])


def test_the_ledger_is_read_without_dagster(ingested: Path) -> None:
    program = """
import sys
from cern_assets.cli.main import main
try:
    main(["ledger"])
finally:
    sys.exit("dagster" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "2 published" in done.stdout
    assert (done.returncode, done.stderr) == (0, "")
