"""What telemetry costs: writing events, keeping them, and asking of many.

    make bench-telemetry [ARGS="--events N --ledger N --recids N --seconds S --json --check"]

1. Processes append events to one spool at the same time, six with each call as a stage does; beside them as many
   processes that put the same rows into one DuckDB file, which each opens in turn, as only one may have it open.
2. Recids like one of the sample collection, with its files, go through all stages into an embedded repository that has
   a process of its own: the processor time of telling, as a share of that of the run's process, and of its length.
3. Events are made up, --events of them, five outcomes a recid beside calls, files, archives and leaves, and compacted;
   each view is asked and timed, for all of its rows or, of those with a row a recid or event, a page. The ledger has
   as many outcomes of --ledger recids, all of them partitions: its totals, its first page and its differences are
   asked for.
"""

import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import duckdb
from memory import peak_mib
from pydantic import SecretStr
from report import Figure, answer, parser

from cern_assets.flows.batch import run_batch
from cern_assets.model.events import CallMade, Event, FileMoved, Place, StageEnded, StageStarted
from cern_assets.model.identifiers import Recid
from cern_assets.ports import TelemetrySink
from cern_assets.settings import load_settings
from cern_assets.stand_ins.portal.app import build_portal
from cern_assets.stand_ins.repository.app import build_embedded
from cern_assets.stand_ins.sample.records import sample_collection
from cern_assets.stand_ins.serving import serve_in_thread
from cern_assets.telemetry.catalog import Catalog, Contents, write_catalog
from cern_assets.telemetry.compaction import write_kept
from cern_assets.telemetry.database import Database, sql_scripts
from cern_assets.telemetry.ledger import Counts, opened_ledger
from cern_assets.telemetry.spool import SpoolSink
from cern_assets.telemetry.store import TelemetryStore
from cern_assets.wiring import collection_named, opened_context

WRITERS = 4
COLLECTION, TEMPLATE, TOKEN = "opendata", "900003", "benchmark"
_PER_RECID = 10
_STAGES = 5
_SPAWN = multiprocessing.get_context("spawn")


def told(number: int) -> list[Event]:
    """What a stage tells of a recid."""
    place = Place(run_id="3f1c0c1e-0000-4000-8000-000000000000", collection=COLLECTION, source=COLLECTION,
                  repository="http://repository", recid=str(number), stage="raw_files")  # fmt: skip
    call = CallMade(system="files", method="GET", route="/eos/*", http_status=200, elapsed_seconds=0.012)
    file = FileMoved(key="a.root", way="in", how="moved", size_bytes=1_000_000, elapsed_seconds=0.02)
    end = StageEnded(status="done", started="2026-01-01T00:00:00.000001", elapsed_seconds=0.1, size_bytes=2, files=2)
    return [
        Event.model_construct(ts="2026-01-01T00:00:00.100000", place=place, fact=fact)
        for fact in (StageStarted(), call, file, call, file, end)
    ]


def into_spool(folder: Path, seconds: float, began: Any, answered: Connection) -> None:
    """Events told, and seconds of processor time, of a writer that begins with the others."""
    sink, events, number = SpoolSink(folder), 0, 0
    began.wait()
    used, until = time.process_time(), time.monotonic() + seconds
    while time.monotonic() < until:
        events += len(batch := told(number))
        sink.emit(batch)
        number += 1
    answered.send((events, time.process_time() - used))


def into_duckdb(folder: Path, seconds: float, began: Any, answered: Connection) -> None:
    """The same into one database file: opened, written to, closed; tried again where another has it."""
    events, number, path = 0, 0, str(folder / "events.duckdb")
    began.wait()
    used, until = time.process_time(), time.monotonic() + seconds
    while time.monotonic() < until:
        rows = [(e.ts, *e.place.model_dump().values(), e.fact.kind, e.fact.model_dump_json()) for e in told(number)]
        with suppress(duckdb.IOException):
            with duckdb.connect(path) as database:
                database.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            events += len(rows)
            number += 1
    answered.send((events, time.process_time() - used))


def written(way: Callable[..., None], folder: Path, seconds: float) -> tuple[float, float]:
    """Events a second of one of the writers, and microseconds of processor time an event."""
    began = _SPAWN.Barrier(WRITERS)
    ends = []
    for _ in range(WRITERS):
        ours, theirs = _SPAWN.Pipe(duplex=False)
        _SPAWN.Process(target=way, args=(folder, seconds, began, theirs), daemon=True).start()
        ends.append(ours)
    found = [end.recv() for end in ends]
    events = sum(count for count, _ in found)
    return events / seconds / WRITERS, 1e6 * sum(used for _, used in found) / max(events, 1)


def writing(seconds: float) -> list[Figure]:
    """The first question."""
    with tempfile.TemporaryDirectory(prefix="cern-assets-benchmark-") as name:
        folder = Path(name)
        ours, used = written(into_spool, folder, seconds)
        spool = list(folder.glob("events-*.jsonl"))
        lines = sum(path.read_bytes().count(b"\n") for path in spool)
        line_bytes = sum(path.stat().st_size for path in spool) / lines
        with duckdb.connect(str(folder / "events.duckdb")) as database:
            columns = ("ts", *Place.model_fields, "kind", "fact")
            database.execute(f"CREATE TABLE events ({', '.join(f'{each} VARCHAR' for each in columns)})")
        theirs, _ = written(into_duckdb, folder, seconds)
    return [
        Figure("events a second, each of four processes", ours, ""),
        Figure("one DuckDB file, each of four processes", theirs, ""),
        Figure("spool to one DuckDB file", ours / max(theirs, 1 / seconds), "x", at_least=100.0),
        Figure("processor time of an event", used, "us"),
        Figure("an event in the spool", line_bytes, "bytes"),
    ]


@dataclass
class _Timed:
    """A sink that adds up the processor time of its calls."""

    inner: TelemetrySink
    seconds: float = 0.0
    events: int = 0

    def ping(self) -> str:
        """As the other says."""
        return self.inner.ping()

    def emit(self, events: Sequence[Event]) -> None:
        """Tell, and look at the clock of this thread."""
        began = time.thread_time()
        self.inner.emit(events)
        self.seconds += time.thread_time() - began
        self.events += len(events)


@dataclass(frozen=True)
class Copies:
    """Many records like one of the sample collection, with its files."""

    records: Any
    touched: Any
    open: Any


def outside(folder: Path, recids: Sequence[str], answered: Connection, ended: Any) -> None:
    """Portal and repository, in a process of their own."""
    sample = sample_collection()
    template = {name: value for name, value in sample.records[TEMPLATE].items() if name != "doi"}
    copies = Copies({recid: {**template, "recid": recid} for recid in recids}, {}, sample.open)
    with (
        serve_in_thread(build_portal(copies)) as source,
        serve_in_thread(build_embedded(folder, token=TOKEN)) as repository,
    ):
        answered.send((source, repository))
        ended.wait()


def share(count: int) -> list[Figure]:
    """The second question."""
    recids = [str(number) for number in range(1, count + 1)]
    with tempfile.TemporaryDirectory(prefix="cern-assets-benchmark-") as name:
        home, ended = Path(name), _SPAWN.Event()
        ours, theirs = _SPAWN.Pipe(duplex=False)
        server = _SPAWN.Process(target=outside, args=(home / "repository", recids, theirs, ended))
        server.start()
        source, repository = ours.recv()
        settings = load_settings(
            home=home, opendata_api_url=source, opendata_files_url=source, opendata_requests_per_minute=0,
            repository_url=repository, repository_token=SecretStr(TOKEN),
        )  # fmt: skip
        try:
            with opened_context(settings, collection_named(settings, COLLECTION)) as context:
                sink = _Timed(context.adapters.telemetry)
                changed = replace(context, adapters=replace(context.adapters, telemetry=sink))
                used, began = time.process_time(), time.monotonic()
                done = [outcomes[-1].succeeded for outcomes in run_batch(changed, [Recid(each) for each in recids])]
                used, length = time.process_time() - used, time.monotonic() - began
        finally:
            ended.set()
            server.join()
    assert all(done)
    return [
        Figure("events a recid", sink.events / count, ""),
        Figure("telling, processor time of a recid", 1e6 * sink.seconds / count, "us"),
        Figure("a run's process, processor time of a recid", 1e3 * used / count, "ms"),
        Figure("telling, of the processor time of a run's process", 100 * sink.seconds / used, "%"),
        Figure("telling, of the length of a run", 100 * sink.seconds / length, "%", at_most=1.0),
    ]


def make_up(folder: Path, events: int, per_recid: int = _PER_RECID) -> float:
    """A spool whose events are compacted, as `telemetry.compaction` leaves it; bytes an event on the disk.

    The first five of a recid are outcomes.
    """
    place, parts = folder / "compact", []
    with Database(Contents(folder, {}, Catalog())) as database:
        known = ", ".join(str(row["column_name"]) for row in database.rows("DESCRIBE lines"))
        per_day = 1_000_000
        for day, first in enumerate(range(0, events, per_day)):
            name = f"day=2026-01-{day + 1:02}/made-up-{day}.parquet"
            (place / name).parent.mkdir(parents=True)
            count = min(per_day, events - first)
            made_up = _MADE_UP.format(first=first, count=count, each=per_recid)
            database.copy(f"SELECT {known} FROM ({made_up})", place / name)
            parts.append((f"2026-01-{day + 1:02}", name))
    with Database(Contents(folder, {}, Catalog())) as database:
        database.read_instead([place / name for _, name in parts])
        kept = write_kept(database, place, "made-up")
    write_catalog(folder, Catalog(tuple(parts), kept.standing, kept.reports, frozenset(), kept.fates))
    return sum(path.stat().st_size for path in place.rglob("*.parquet")) / events


_MADE_UP = """
SELECT lines.* REPLACE (
    3 AS version, 'w' || n // 100000 AS writer, n % 100000 + 1 AS sequence,
    TIMESTAMP '2026-01-01' + to_milliseconds(n * 86) AS ts, 'run-' || n // 1000000 AS run_id, 'opendata' AS collection,
    'opendata' AS source, 'http://repository' AS repository, CAST(n // {each} AS VARCHAR) AS recid,
    ['raw_record', 'raw_files', 'metadata', 'archive', 'published_record'][n % 5 + 1] AS stage,
    if(n % {each} < 5, 'outcome', ['call', 'file', 'leaves', 'archive', 'file'][n % 5 + 1]) AS kind,
    if(n % {each} < 5, if(n // {each} % 20 = 0 AND n % 5 = 4, 'failed', 'done'), NULL) AS status,
    if(n % {each} < 5, TIMESTAMP '2026-01-01' + to_milliseconds(n * 86 - n % 1000), NULL) AS started,
    (n * 7919) % 1000 / 1000.0 AS elapsed_seconds, 0 AS wait_seconds, (n * 104729) % 1000000000 AS size_bytes,
    if(n % {each} < 5 OR n % {each} = 8, 3, NULL) AS files,
    if(n // {each} % 20 = 0 AND n % {each} = 4, 'RepositoryUnavailable', '') AS code,
    if(n % {each} = 6 OR n % {each} = 9, 'a.root', NULL) AS key,
    CASE n % {each} WHEN 6 THEN 'in' WHEN 9 THEN 'out' END AS way,
    CASE n % {each} WHEN 6 THEN 'moved' WHEN 9 THEN 'sent' WHEN 8 THEN 'moved' END AS how,
    if(n % {each} = 8, (n * 104729) % 1000000000, NULL) AS content_bytes,
    if(n % {each} = 5, 'repository', NULL) AS system, if(n % {each} = 5, 'GET', NULL) AS method,
    if(n % {each} = 5, '/api/records/*', NULL) AS route,
    if(n % {each} = 5, if(n % 1000 = 5, 503, 200), NULL) AS http_status,
    if(n % {each} = 5, 1, NULL) AS attempt,
    if(n % {each} = 7, [{{path: 'title', fate: 'carried', leaves: 1}}, {{path: 'note', fate: 'dropped', leaves: 2}},
                    {{path: 'authors[]', fate: 'carried', leaves: 9}}], NULL) AS leaves
)
FROM (SELECT {first} + range AS n FROM range({count})) LEFT JOIN lines ON FALSE
"""


def timed_views(folder: Path, answered: Connection) -> None:
    """Seconds and processor seconds of each view, all of its rows read or a page, in a process of its own."""
    found = {}
    with TelemetryStore(folder) as store:
        for script in sql_scripts("views"):
            name = script.split("CREATE VIEW ")[1].split()[0]
            used, began = time.process_time(), time.monotonic()
            sum(1 for _ in store.rows(f"FROM {name} {_PAGES.get(name, '')}"))
            found[name] = (time.monotonic() - began, time.process_time() - used)
    answered.send((found, peak_mib()))


_ROWS = ("all_reports", "all_standing", "known_events", "ledger_differences", "ledger_entries", "ledger_keys",
         "ledger_records", "ledger_stages", "outcomes")  # fmt: skip
_PAGES = {**dict.fromkeys(_ROWS, "LIMIT 100"), "slowest_recids": "ORDER BY place LIMIT 100"}
"""Views with a row for each event or recid are asked for a hundred rows."""


def timed_ledger(folder: Path, recids: int, answered: Connection) -> None:
    """Seconds, processor seconds and peak MiB of the totals and a page, and seconds of the differences."""
    known = [(COLLECTION, [str(number) for number in range(recids)])]
    used, began = time.process_time(), time.monotonic()
    with opened_ledger(folder, Counts(registered=known)) as ledger:
        assert ledger.totals["in"] == recids
        assert len(list(ledger.entries(limit=20))) == 20
        taken = time.monotonic() - began, time.process_time() - used, peak_mib()
        asked = time.monotonic()
        assert list(ledger.differences()) == []
    answered.send((*taken, time.monotonic() - asked))


def asking(events: int, recids: int) -> list[Figure]:
    """The third question."""
    with tempfile.TemporaryDirectory(prefix="cern-assets-benchmark-") as name:
        many, fewer = Path(name) / "views", Path(name) / "ledger"
        event_bytes = make_up(many, events)
        views, views_mib = _apart(timed_views, many)
        slowest = max(views, key=lambda view: views[view][0])
        print(json.dumps({view: [round(each, 2) for each in taken] for view, taken in views.items()}), file=sys.stderr)
        make_up(fewer, recids * _STAGES, _STAGES)
        seconds, used, mib, differences = _apart(timed_ledger, fewer, recids)
    return [
        Figure("events", events, ""),
        Figure("an event once compacted", event_bytes, "bytes", at_most=100.0),
        Figure("views", len(views), ""),
        Figure("views of at most a second", sum(taken <= 1 for taken, _ in views.values()), "", at_least=len(views)),
        Figure(f"the slowest view, {slowest}", views[slowest][0], "s", at_most=1.0),
        Figure(f"the slowest view, {slowest}, processor time", views[slowest][1], "s"),
        Figure("the most processor time of a view", max(used for _, used in views.values()), "s", at_most=1.0),
        Figure("peak memory of the views", views_mib, "MiB", at_most=512.0),
        Figure(f"ledger of {recids:,} recids, totals and a page", seconds, "s", at_most=1.0),
        Figure("its processor time", used, "s"),
        Figure("its peak memory", mib, "MiB", at_most=512.0),
        Figure("its differences", differences, "s", at_most=1.0),
    ]


def _apart(way: Callable[..., None], *given: object) -> Any:
    ours, theirs = _SPAWN.Pipe(duplex=False)
    process = _SPAWN.Process(target=way, args=(*given, theirs))
    process.start()
    theirs.close()
    answered = ours.recv()
    process.join()
    return answered


if __name__ == "__main__":
    arguments = parser("telemetry", __doc__)
    arguments.add_argument("--events", type=int, default=10_000_000, help="made-up events that are asked of")
    arguments.add_argument("--ledger", type=int, default=1_000_000, help="recids of the ledger")
    arguments.add_argument("--recids", type=int, default=200, help="recids of the run")
    arguments.add_argument("--seconds", type=float, default=5.0, help="how long events are written")
    given = arguments.parse_args()
    figures = [*writing(given.seconds), *share(given.recids), *asking(given.events, given.ledger)]
    answer(figures, given)
