"""What the ledger costs over many recids: its totals and first rows, beside DuckDB counting the same lines.

    make bench-ledger [ARGS="--recids N --json --check"]

A spool of made-up events (five stages a recid, in files of a quarter of a million lines) is written to a temporary
folder. Then three processes of their own read it: the peer, which has DuckDB read the JSON lines and count recids by
their last status; the ledger for the first time, which reads the same lines, keeps them as Parquet, and compares three
counts; and the ledger again. A fourth asks for all rows.
"""

import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import batched
from pathlib import Path

import duckdb
from memory import peak_mib
from report import Figure, answer, parser

from cern_assets.model.events import StageEnded
from cern_assets.model.outcomes import STAGE_NAMES
from cern_assets.telemetry.ledger import Counts, opened_ledger
from cern_assets.telemetry.lines import VERSION

COLLECTION = "opendata"
_LINES = 250_000
_BEGAN = datetime(2026, 1, 1)  # noqa: DTZ001  as events tell it: UTC, without saying so


def write_spool(folder: Path, recids: int) -> None:
    """Events of recids of which every twentieth is rejected at its second stage."""
    event = {
        "run_id": "3f1c0c1e-0000-4000-8000-000000000000",
        "collection": COLLECTION,
        "source": COLLECTION,
        "repository": "http://repository",
        **StageEnded(
            status="done",
            started="2026-01-01T00:00:00.000001",
            elapsed_seconds=0.25,
            size_bytes=1_000_000,
            files=3,
            findings=2,
        ).model_dump(),
    }
    for number, piece in enumerate(batched(_told(recids), _LINES)):
        envelope = {"version": VERSION, "writer": f"w{number}"}
        with (folder / f"events-w{number}.jsonl").open("w") as file:
            for sequence, (recid, stage, status) in enumerate(piece, start=1):
                ts = (_BEGAN + timedelta(seconds=number * _LINES + sequence)).isoformat(timespec="microseconds")
                told = {"recid": recid, "stage": stage, "status": status, "ts": ts}
                file.write(f"{json.dumps({**envelope, 'sequence': sequence, **event, **told})}\n")


def _told(recids: int) -> Iterator[tuple[str, str, str]]:
    for number in range(recids):
        rejected = number % 20 == 0
        for position, stage in enumerate(STAGE_NAMES):
            stops = rejected and position == 1
            yield str(number), stage, "rejected" if stops else "done"
            if stops:
                break


def by_duckdb(folder: Path, recids: int) -> None:
    """The peer: the least that anybody who counts recids by status has to do."""
    rows = duckdb.execute(
        "SELECT status, count(*) FROM (SELECT recid, arg_max(status, ts) AS status "
        "FROM read_json(?, format = 'newline_delimited') GROUP BY recid) GROUP BY status",
        [str(folder / "events-*.jsonl")],
    ).fetchall()
    assert sum(count for _, count in rows) == recids


def by_ledger(folder: Path, recids: int) -> None:
    """Totals, and the rows that `cern-assets ledger` shows."""
    with _ledger(folder, recids) as ledger:
        assert ledger.totals["published"] + ledger.totals["rejected"] == recids
        assert len(list(ledger.entries(limit=20))) == min(20, recids)


def by_ledger_whole(folder: Path, recids: int) -> None:
    """Totals, and all rows."""
    with _ledger(folder, recids) as ledger:
        assert sum(1 for _ in ledger.entries()) == recids


def _ledger(folder: Path, recids: int):  # type: ignore[no-untyped-def]
    def pieces(only: Callable[[int], bool]) -> Iterator[tuple[str, list[str]]]:
        for piece in batched((str(number) for number in range(recids) if only(number)), 10_000):
            yield COLLECTION, list(piece)

    receipts = {STAGE_NAMES[-1]: pieces(lambda number: number % 20 != 0)}
    return opened_ledger(folder, Counts(pieces(lambda _: True), receipts, (COLLECTION,)))


def _measured(way: Callable[[Path, int], None], folder: Path, recids: int) -> tuple[float, float]:
    """Seconds and peak MiB of a process of its own."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_run, args=(way, folder, recids, theirs))
    process.start()
    theirs.close()  # so that the end of the process is heard here
    measured: tuple[float, float] = ours.recv()
    process.join()
    return measured


def _run(way: Callable[[Path, int], None], folder: Path, recids: int, answered) -> None:  # type: ignore[no-untyped-def]
    started = time.monotonic()
    way(folder, recids)
    seconds = time.monotonic() - started
    answered.send((seconds, peak_mib()))


def main(recids: int) -> list[Figure]:
    """Measure."""
    with tempfile.TemporaryDirectory(prefix="cern-assets-benchmark-") as name:
        folder = Path(name)
        write_spool(folder, recids)
        peer, _ = _measured(by_duckdb, folder, recids)
        cold, cold_mib = _measured(by_ledger, folder, recids)
        warm, warm_mib = _measured(by_ledger, folder, recids)
        whole, whole_mib = _measured(by_ledger_whole, folder, recids)
    return [
        Figure("recids", recids, ""),
        Figure("DuckDB alone", peer, "s"),
        Figure("ledger, first time", cold, "s"),
        Figure("ledger, again", warm, "s"),
        Figure("ledger, all rows", whole, "s"),
        Figure("first time to DuckDB alone", cold / peer, "x", at_most=8.0),
        Figure("again to DuckDB alone", warm / peer, "x", at_most=3.0),
        Figure("peak memory", max(cold_mib, warm_mib, whole_mib), "MiB", at_most=1024),
    ]


if __name__ == "__main__":
    arguments = parser("ledger", __doc__)
    arguments.add_argument("--recids", type=int, default=200_000)
    given = arguments.parse_args()
    answer(main(given.recids), given)
