"""`cern-assets report` and `transform --report`: a page for people, written whole or not at all."""

import json
from collections.abc import Callable
from pathlib import Path

from cern_assets_tests.services.command_line import Answer

type Run = Callable[..., Answer]
SAMPLES = Path(__file__).parents[3] / "cern_assets" / "stand_ins" / "sample" / "data"


def test_a_page_tells_of_what_was_ingested(run: Run, home: Path, tmp_path: Path) -> None:
    assert run("ingest", "--json", "900003", "900011").code == 1
    page = tmp_path / "page.html"
    answer = run("report", "--out", str(page))
    assert (answer.code, answer.err) == (0, "")
    assert "2 recids" in answer.out
    text = page.read_text(encoding="utf-8")
    assert "The ledger balances" in text
    assert "rejected at raw files: 1" in text
    assert "/records/" in text
    assert run("report", "--out", str(page), "--collection", "opendata").code == 0


def test_where_the_page_cannot_be_written_it_says_so(run: Run, home: Path, tmp_path: Path) -> None:
    answer = run("report", "--out", str(tmp_path / "nowhere" / "page.html"))
    assert (answer.code, answer.out) == (3, "")
    assert "cannot be written: No such file or directory" in answer.err
    assert "nowhere" in answer.err


def test_an_unknown_collection_is_no_page(run: Run, home: Path, tmp_path: Path) -> None:
    answer = run("report", "--out", str(tmp_path / "page.html"), "--collection", "nothing")
    assert answer.code == 2
    assert not (tmp_path / "page.html").exists()


def test_a_page_of_conversion_alone_needs_no_home(run: Run, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.json"
    damaged.write_text(json.dumps({"metadata": {"recid": "7"}}))
    page = tmp_path / "page.html"
    answer = run("transform", "--report", str(page), *map(str, SAMPLES.glob("*.json")), str(damaged))
    assert answer.code == 1
    text = page.read_text(encoding="utf-8")
    assert "Converted only" in text
    assert "What becomes of metadata, by field" in text
    assert "ledger balances" not in text
