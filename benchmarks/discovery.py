"""What a tick of the sensor costs over many recids, beyond the listing, beside reading the partitions alone.

    make bench-discovery [ARGS="--recids N --json --check"]

A source in memory lists made-up records; the instance (SQLite) and the store are real, in a temporary folder. A tick
is what `defs/sensors.py` does: notes read, runs looked up, listing, decision, notes written, requests made. The time of
the source's answers is taken off. Three ticks: all recids new; nothing new; and 30 new, one changed, one gone. The
targets are of CPU time, as others may load the machine.

The peer reads the partitions from the instance and compares two sets of recids: the least that any sensor does.
"""

import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from report import Figure, answer, parser

from cern_assets.collections.spec import CollectionSpec, Discovery, Selection
from cern_assets.defs.engine import DagsterEngine
from cern_assets.defs.instance import open_instance
from cern_assets.defs.partitions import register_recids, registered_recids
from cern_assets.documents.notes import NoteBook
from cern_assets.flows.deposits import NoSource
from cern_assets.flows.discovery.listing import grown, listing_of
from cern_assets.flows.discovery.look import Look, Watch
from cern_assets.model.discovery import Notes
from cern_assets.model.identifiers import Recid
from cern_assets.model.listings import Hits, SearchPlan, Slice
from cern_assets.model.records import RecordSummary
from cern_assets.model.values import content_hash
from cern_assets.ports import EVERYTHING
from cern_assets.storage.local import LocalStore

SPEC = CollectionSpec(
    name="opendata",
    source="opendata",
    selection=Selection(all=True),
    discovery=Discovery(full_every_hours=0, withdraw_share=0.01),
)
_BATCH = 1_000


@dataclass
class Listed(NoSource):
    """A source that lists what it is given in one slice, and how long that took."""

    records: tuple[RecordSummary, ...] = ()

    def plan(self, query: str = "", facets: Mapping[str, str] = EVERYTHING) -> SearchPlan:  # noqa: ARG002  the port's
        """One slice."""
        return SearchPlan(total=len(self.records), slices=(Slice(facets={}, total=len(self.records)),))

    def search(self, query: str = "", facets: Mapping[str, str] = EVERYTHING) -> Hits:  # noqa: ARG002  the port's
        """All of it."""
        return Hits(records=self.records)

    def touched(self, since: datetime | None = None) -> Iterator[RecordSummary]:  # noqa: ARG002  the port's
        """Nothing."""
        return iter(())


def summary(number: int, title: str = "A record") -> RecordSummary:
    """A record as a list tells it."""
    return RecordSummary(
        recid=Recid(str(number)), updated="2026-01-15T09:30:00+00:00", digest=content_hash([number, title])
    )


def tick(folder: Path, instance, source: Listed) -> tuple[float, float, Look]:  # type: ignore[no-untyped-def]
    """Seconds beyond the listing, by the clock and of CPU, and what was found."""
    listing_began, listing_cpu = time.monotonic(), time.process_time()
    *_, sweep = grown(source, SPEC.selection, None, now=1.0, in_time=lambda: True)
    listing_of(source, SPEC.selection, sweep, ())
    listing, listing_cpu = time.monotonic() - listing_began, time.process_time() - listing_cpu
    began, cpu = time.monotonic(), time.process_time()
    book = NoteBook(LocalStore(folder / "store"), SPEC.name)
    engine = DagsterEngine(instance, SPEC.name, batch_size=_BATCH)
    look = Watch(source, SPEC, Recid).look(engine, book.read(), now=time.time(), in_time=lambda: True)
    book.write(look.notes)
    added = engine.unregistered(recid for asked in look.asked for recid in asked.seen)
    requests = [engine.request(asked) for asked in look.asked]
    assert bool(added) <= bool(requests)
    return time.monotonic() - began - listing, time.process_time() - cpu - listing_cpu, look


def peer(instance, source: Listed) -> float:  # type: ignore[no-untyped-def]
    """CPU seconds to read the partitions and find those that are none."""
    cpu = time.process_time()
    known = set(registered_recids(instance, SPEC.name))
    assert {record.recid for record in source.records} - known or known
    return time.process_time() - cpu


def main(recids: int) -> list[Figure]:
    """Measure."""
    with tempfile.TemporaryDirectory(prefix="cern-assets-benchmark-") as name:
        folder = Path(name)
        source = Listed(tuple(summary(number) for number in range(recids)))
        with open_instance(folder / "dagster") as instance:
            first, first_cpu, look = tick(folder, instance, source)
            assert len(look.decision.new) == recids
            register_recids(instance, SPEC.name, [record.recid for record in source.records])
            known = {recid: look.listing.seen[recid] for recid in look.decision.new}
            NoteBook(LocalStore(folder / "store"), SPEC.name).write(replace(Notes(), known=known))
            least = peer(instance, source)
            steady, steady_cpu, look = tick(folder, instance, source)
            assert not look.asked
            changed = (summary(1, "Changed"), *source.records[2:], *map(summary, range(recids, recids + 30)))
            grows, grows_cpu, look = tick(folder, instance, Listed(changed))
            decision = look.decision
            assert (len(decision.new), len(decision.changed), len(decision.suspected)) == (30, 1, 1)
    return [
        Figure("recids", recids, ""),
        Figure("partitions alone", least, "s CPU"),
        Figure("tick, all new", first, "s"),
        Figure("tick, nothing new", steady, "s"),
        Figure("tick, a few", grows, "s"),
        Figure("tick, all new, CPU", first_cpu, "s CPU", at_most=1.0),
        Figure("tick, nothing new, CPU", steady_cpu, "s CPU", at_most=1.0),
        Figure("tick, a few, CPU", grows_cpu, "s CPU", at_most=1.0),
        Figure("a few to partitions alone", grows_cpu / least, "x", at_most=20.0),
    ]


if __name__ == "__main__":
    arguments = parser("discovery", __doc__)
    arguments.add_argument("--recids", type=int, default=50_000)
    given = arguments.parse_args()
    answer(main(given.recids), given)
