"""`cern-assets plan`: what it says beforehand is what a run does, and saying it writes nothing."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cern_assets_tests.services.command_line import Answer

type Run = Callable[..., Answer]
RECIDS = ("900001", "900003", "900004", "900006", "900007", "900012", "900014", "123456789")


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and "pace" not in path.parts}


def test_a_plan_is_what_a_run_does_and_writes_nothing(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERN_ASSETS_MAX_FILES", "2")  # so that some records are packed
    before = _files(home)
    answer = run("plan", "--json", "--source", "opendata", "--recids", *RECIDS)
    assert answer.code == 0, answer.err
    (plan,) = answer.json_lines
    assert _files(home) == before
    assert run("plan", "--json", "--keep", "--recids", ",".join(RECIDS)).json == plan
    assert run("ingest", "--json", *RECIDS).code == 1
    events = run("export", "--what", "events").json_lines
    moved = Counter[str]()
    for event in events:
        if event["kind"] == "file" and event["how"] in {"moved", "sent"}:
            moved[event["way"]] += event["size_bytes"]
    assert plan["read_bytes"] == moved["in"] > 0
    assert plan["sent_bytes"] == moved["out"] > 0
    archives = [event for event in events if event["kind"] == "archive"]
    assert len(archives) > 0
    assert (plan["archives"], plan["archive_bytes"]) == (len(archives), sum(each["size_bytes"] for each in archives))
    made = Counter(event["system"] for event in events if event["kind"] == "call")
    assert set(plan["calls"]) == set(made) == {"opendata", "files", "repository"}
    for system, count in made.items():
        assert abs(plan["calls"][system] - count) <= 0.1 * count, system
    assert plan["outcomes"] == {"done": len(RECIDS) - 1, "rejected": 1}
    _as_planned(run("export", "--what", "plan_and_fact").json_lines, published=len(RECIDS) - 1)
    assert run("plan", *RECIDS[:2]).out.count("2 unchanged") == 1


def test_what_stops_a_recid_is_told_before_it_is_begun(run: Run, home: Path) -> None:
    answer = run("plan", "123456789")
    assert answer.code == 0
    assert "rejected" in answer.out
    assert "123456789" in answer.out


REAL = ("133", "270", "791", "3183", "24123", "24646", "52", "56", "71", "402", "1204", "23900", "80020", "80050")
"""Of which files.tsv lists all files, or which have none."""


def test_a_plan_of_real_records_is_what_a_run_does(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, opendata_portal_url: str
) -> None:
    for name in ("API", "FILES"):
        monkeypatch.setenv(f"CERN_ASSETS_OPENDATA_{name}_URL", opendata_portal_url)
    monkeypatch.setenv("CERN_ASSETS_MAX_FILES", "4")
    assert run("plan", "--keep", *REAL).code == 0
    assert run("ingest", "--json", *REAL).code == 0
    compared = run("export", "--what", "plan_and_fact").json_lines
    _as_planned(compared, published=len(REAL))
    assert next(row for row in compared if row["what"] == "archives")["fact"] > 0


def test_a_plan_says_one_time_what_it_is_of(run: Run, home: Path) -> None:
    answer = run("plan", "--source", "opendata", "--collection", "opendata", "900001")
    assert answer.code == 2
    assert "give one" in answer.err


def _as_planned(compared: list[dict[str, Any]], *, published: int) -> None:
    """All but calls is exact, and those are within a tenth."""
    rows = {row["what"]: row for row in compared}
    assert rows["published"]["fact"] == published
    assert rows["read_bytes"]["fact"] > 0
    assert rows["calls repository"]["fact"] > 0
    for what, row in rows.items():
        if what.startswith("calls"):
            assert abs(row["error"]) <= 0.1, row
        else:
            assert (row["planned"], row["recids_off"], row["most_off"]) == (row["fact"], 0, ""), row
