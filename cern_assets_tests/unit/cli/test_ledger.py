"""`cern-assets ledger`: totals first, loss named, and no more rows than asked for."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tenacity import retry, retry_if_result, stop_after_delay

from cern_assets.cli.show import user_name
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


def test_files_that_stay_at_the_source_stand_in_the_ledger_with_the_reason(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = home / "collections"
    folder.mkdir()
    choice = "files: {index_members: list, exclude: [alignment.json]}"
    (folder / "chosen.yaml").write_text(
        f"type: cern_assets.RecordCollection\nattributes: {{source: opendata, {choice}}}\n", encoding="utf-8"
    )
    monkeypatch.setenv("CERN_ASSETS_COLLECTIONS", str(folder))
    assert run("ingest", "--json", "--collection", "chosen", "900005", "900012").code == 0
    told = run("ledger", "--json").json["left_out_files"]
    assert {row["reason"] for row in told} == {"index member", "excluded"}
    assert all(row["collection"] == "chosen" and row["files"] > 0 and row["size_bytes"] > 0 for row in told)
    answer = run("ledger").out
    assert "stay: index member" in answer
    assert "stay: excluded" in answer


def test_a_deleted_spool_is_named_recid_by_recid(run: Run, ingested: Path) -> None:
    for spool in (ingested / "telemetry").glob("*.jsonl"):
        spool.unlink()
    answer = run("ledger")
    assert answer.code == 1
    assert "NOT BALANCED" in answer.out
    assert "opendata 900003 published_record: it has a document of the stage, and no event" in answer.out
    assert {row["recid"] for row in run("ledger", "--json").json["differences"]} == {"900003", "900009"}

    def differences_after_a_run() -> object:
        run("ingest", "--json", "900003", "900009")
        return run("ledger", "--json").json["differences"]

    # A writer that goes on, as this process's, notices within a second that its file is gone.
    again = retry(retry=retry_if_result(bool), stop=stop_after_delay(60))
    assert again(differences_after_a_run)() == []


def test_a_deleted_receipt_is_named(run: Run, ingested: Path) -> None:
    (receipt,) = (ingested / "store" / "documents" / "opendata" / "published_record").rglob("900009.json")
    receipt.unlink()
    answer = run("ledger", "--json")
    assert (answer.code, [row["recid"] for row in answer.json["differences"]]) == (1, ["900009"])


def test_one_thing_less_anywhere_is_named_and_makes_the_check_fail(run: Run, ingested: Path) -> None:
    """One event, spool file, partition, document, journal and target record in turn, each put back after."""

    def off() -> set[str]:
        answer = run("ledger", "--check", "--json")
        assert answer.code == (0 if answer.json["balanced"] else 1)
        return {f"{row['recid']}: {row['difference']}" for row in answer.json["differences"]} | {
            f"lost {row['first']}-{row['last']}" for row in answer.json["lost"]
        }

    assert off() == set()
    (spool,) = (ingested / "telemetry").glob("events-*.jsonl")
    whole = spool.read_bytes()
    lines = whole.splitlines(keepends=True)
    spool.write_bytes(b"".join(lines[:4] + lines[5:]))
    assert "lost 5-5" in off()
    spool.unlink()
    gone = off()
    for recid in ("900003", "900009"):
        assert f"{recid}: it has a document of the stage, and no event" in gone
        assert f"{recid}: the target lists it as published, and no event tells of it" in gone
    spool.write_bytes(whole)

    documents = ingested / "store" / "documents" / "opendata" / "published_record"
    (receipt,) = documents.rglob("900009.json")
    text = receipt.read_bytes()
    receipt.unlink()
    assert off() == {"900009: telemetry says that the stage is done, and it has no document"}
    receipt.write_bytes(text)

    (entries,) = (ingested / "store" / "journal" / "opendata").glob("*/900009")
    entries.rename(ingested / "entries")
    assert off() == {"900009: it is published, and the journal has no entry of it"}
    (ingested / "entries").rename(entries)

    index = ingested / "dagster" / "history" / "runs" / "index.db"
    with closing(sqlite3.connect(index)) as database, database:
        database.execute("DELETE FROM dynamic_partitions WHERE partition = '900009'")
    assert off() == {"900009: telemetry tells of it, and it has no partition"}
    with closing(sqlite3.connect(index)) as database, database:
        database.execute(
            "INSERT INTO dynamic_partitions (partitions_def_name, partition) VALUES ('opendata_recid', '900009')"
        )
    assert off() == set()

    kept = ingested / "repository" / "repository.sqlite"
    with closing(sqlite3.connect(kept)) as database, database:
        database.execute("DELETE FROM record WHERE id = ?", [json.loads(text)["body"]["record_id"]])
    assert off() == {"900009: it is published, and the target does not list it"}
    assert "opendata 900009 published_record: it is published, and the target does not" in run("ledger", "--check").out


def test_a_loss_that_a_steward_knows_of_is_told_with_the_reason_and_no_difference(run: Run, ingested: Path) -> None:
    (spool,) = (ingested / "telemetry").glob("events-*.jsonl")
    lines = spool.read_bytes().splitlines(keepends=True)
    kinds = [json.loads(line)["kind"] for line in lines]
    at = next(at for at in range(len(kinds)) if kinds[at : at + 2] == ["call", "call"])  # no outcome of a recid
    spool.write_bytes(b"".join(lines[:at] + lines[at + 2 :]))
    assert f"events {at + 1} to {at + 2} of the writer" in run("ledger").out
    known = run("ledger", "--known-loss", " the disk was full; all were run again ", "--by", "Iva", "--json")
    assert (known.code, known.json["balanced"], known.json["lost"]) == (0, True, [])
    ((first, last, said),) = [(row["first"], row["last"], row["said"]) for row in known.json["known_losses"]]
    assert (first, last) == (at + 1, at + 2)
    assert re.fullmatch(r"the disk was full; all were run again \(Iva, \d{4}-\d\d-\d\d\)", said)
    assert f"are lost: {said}" in run("ledger").out
    spool.write_bytes(b"".join(lines[:at] + lines[at + 3 :]))
    assert run("ledger").code == 1, "more is missing than was known"
    spool.write_bytes(b"".join(lines))
    assert run("ledger", "--json").json["known_losses"] == [], "it has come back"


def test_a_user_without_a_name_is_told_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that is run under any number."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 2**30 + 7)
    assert user_name() == "user 1073741831"


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
