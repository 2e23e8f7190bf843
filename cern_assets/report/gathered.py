"""What a report tells of a collection, asked of the ledger's views; bounded, however many recids there are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from cern_assets.model.outcomes import STATES
from cern_assets.telemetry.database import Row
from cern_assets.telemetry.ledger import Ledger

SLOWEST = 25
FAILURES = 40
FIELDS = 250
_BUCKETS: tuple[tuple[str, int], ...] = (
    ("second", 1),
    ("minute", 60),
    ("hour", 3_600),
    ("day", 86_400),
    ("week", 7 * 86_400),
)
_MOST_BUCKETS = 200


@dataclass(frozen=True)
class Flow:
    """Recids that left after `position` stages (0: before the first) in a state, and the bytes that they list."""

    position: int
    stage: str
    state: str
    stopped: bool
    recids: int
    size_bytes: int


@dataclass(frozen=True)
class Throughput:
    """Outcomes by stage, and bytes fetched, in each stretch of time; `starts` are UTC and as far apart as `bucket`."""

    bucket: str
    starts: tuple[datetime, ...]
    outcomes: Mapping[str, tuple[int, ...]]
    fetched_bytes: tuple[int, ...]


@dataclass(frozen=True)
class Gathered:
    """Everything on a collection's page. Rows are those of the views that they are named for.

    `balanced` is None where there is no ledger to balance; `note` says what kind of page it is.
    """

    collection: str
    repository: str
    began: datetime | None
    ended: datetime | None
    totals: Mapping[str, int]
    balanced: bool | None
    flows: tuple[Flow, ...]
    throughput: Throughput
    sizes: tuple[tuple[float, float, int], ...]
    failures: tuple[Row, ...]
    losses: tuple[Row, ...]
    more_losses: int
    slowest: tuple[Row, ...]
    costs: tuple[Row, ...]
    bytes_moved: tuple[Row, ...]
    waits: tuple[Row, ...]
    calls: tuple[Row, ...]
    note: str = ""

    @property
    def recids(self) -> int:
        """How many recids there are."""
        return sum(flow.recids for flow in self.flows)


def gather(ledger: Ledger, collection: str) -> Gathered:
    """Ask all questions of a page."""
    store = ledger.store

    def asked(query: str, *parameters: object) -> tuple[Row, ...]:
        return tuple(store.rows(query, [collection, *parameters]))

    (span,) = asked(
        "SELECT min(started) AS began, max(ts) AS ended, coalesce(arg_max(repository, ts), '') AS repository "
        "FROM outcomes WHERE collection = ?"
    )
    flows = tuple(
        Flow(
            _int(row, "position"), str(row["stage"]), str(row["state"]), bool(row["stopped"]),
            _int(row, "recids"), _int(row, "size_bytes"),
        )
        for row in asked("FROM record_flows WHERE collection = ? ORDER BY position, state, stopped")
    )  # fmt: skip
    losses = asked(_LOSSES, FIELDS)
    (fields,) = asked("SELECT count(DISTINCT path) AS fields FROM metadata_fates WHERE collection = ?")
    began, ended = span["began"], span["ended"]
    return Gathered(
        collection=collection,
        repository=str(span["repository"]),
        began=began if isinstance(began, datetime) else None,
        ended=ended if isinstance(ended, datetime) else None,
        totals={state: sum(flow.recids for flow in flows if flow.state == state) for state in (*STATES, "unknown")},
        balanced=ledger.balanced,
        flows=flows,
        throughput=_throughput(asked, began, ended),
        sizes=tuple(
            (float(str(row["size_bytes"])), float(str(row["elapsed_seconds"])), _int(row, "recids"))
            for row in asked("FROM size_and_time WHERE collection = ? ORDER BY ALL")
        ),
        failures=asked(
            "FROM failures_by_kind WHERE collection = ? ORDER BY recids DESC, code, stage LIMIT ?", FAILURES
        ),
        losses=losses,
        more_losses=_int(fields, "fields") - len(losses),
        slowest=asked(_SLOWEST, SLOWEST),
        costs=asked("SELECT c.* FROM stage_costs c JOIN stages USING (stage) WHERE collection = ? ORDER BY position"),
        bytes_moved=asked("FROM bytes_moved WHERE collection = ? ORDER BY way, how"),
        waits=asked("FROM waits WHERE collection = ? AND what <> 'stage' ORDER BY seconds DESC"),
        calls=asked("FROM calls_per_recid WHERE collection = ? ORDER BY calls DESC"),
    )


_LOSSES = """
SELECT path, max(recids) AS recids, as_bigint(sum(leaves)) AS leaves,
       as_bigint(coalesce(sum(leaves) FILTER (WHERE fate = 'carried'), 0)) AS carried,
       as_bigint(coalesce(sum(leaves) FILTER (WHERE fate = 'derived'), 0)) AS derived,
       as_bigint(coalesce(sum(leaves) FILTER (WHERE fate = 'dropped'), 0)) AS dropped,
       as_bigint(coalesce(sum(leaves) FILTER (WHERE fate = 'unmapped'), 0)) AS unmapped
FROM metadata_fates WHERE collection = ? GROUP BY path
ORDER BY dropped + unmapped DESC, leaves DESC, path LIMIT ?
"""
_SLOWEST = """
SELECT slow.*, coalesce(url, '') AS url, coalesce(state, '') AS state
FROM slowest_recids AS slow LEFT JOIN ledger_entries USING (collection, recid)
WHERE collection = ? ORDER BY place LIMIT ?
"""
_THROUGHPUT = """
SELECT date_trunc($2, ts) AS start, stage, count(*) AS outcomes,
       as_bigint(coalesce(sum(size_bytes) FILTER (WHERE stage = 'raw_files' AND status = 'done'), 0)) AS fetched
FROM outcomes WHERE collection = $1 GROUP BY ALL ORDER BY start
"""


def _throughput(asked: Callable[..., tuple[Row, ...]], began: object, ended: object) -> Throughput:
    bucket = _bucket(began, ended)
    rows = asked(_THROUGHPUT, bucket)
    starts = tuple(sorted({row["start"] for row in rows if isinstance(row["start"], datetime)}))
    stages = dict.fromkeys(str(row["stage"]) for row in rows)
    counts = {(str(row["stage"]), row["start"]): _int(row, "outcomes") for row in rows}
    return Throughput(
        bucket,
        starts,
        {stage: tuple(counts.get((stage, start), 0) for start in starts) for stage in stages},
        tuple(sum(_int(row, "fetched") for row in rows if row["start"] == start) for start in starts),
    )


def _bucket(began: object, ended: object) -> str:
    """The shortest stretch of which the time between has few enough."""
    if not isinstance(began, datetime) or not isinstance(ended, datetime):
        return _BUCKETS[0][0]
    seconds = (ended - began).total_seconds()
    return next((name for name, length in _BUCKETS if seconds / length <= _MOST_BUCKETS), "month")


def _int(row: Row, column: str) -> int:
    return int(str(row[column]))
