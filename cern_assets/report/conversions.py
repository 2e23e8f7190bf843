"""A page of records that were only converted: events of it are noted in a folder that goes with the block."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cern_assets.model.events import Event, Fact, Leaf, LeavesTold, Place, StageEnded, utc_text
from cern_assets.model.metadata import LeafFate
from cern_assets.report.gathered import Gathered, gather
from cern_assets.telemetry.ledger import Counts, opened_ledger
from cern_assets.telemetry.spool import SpoolSink

_PIECE = 500
_NOTE = "Converted only: nothing was fetched, packed or published. The times are those of conversion."


@dataclass(frozen=True)
class Conversion:
    """What became of a record: bytes and number of files that it lists, fates of its leaves, and what is wrong.

    `code` and `message` say why it cannot be deposited, "" where it can; `read` is whether it could be read at all.
    """

    recid: str
    elapsed_seconds: float
    size_bytes: int
    files: int
    fates: Sequence[LeafFate]
    code: str
    message: str
    read: bool


class Conversions:
    """Conversions as events; made by `opened`."""

    def __init__(self, folder: Path, source: str) -> None:
        self._sink = SpoolSink(folder)
        self._folder = folder
        self._source = source
        self._held: list[Event] = []

    def add(self, made: Conversion) -> None:
        """Note one; those without a recid are of no recid, and left out."""
        if not made.recid:
            return
        began = datetime.now(UTC) - timedelta(seconds=made.elapsed_seconds)
        stopped = not made.read
        self._note(made, "raw_record", began, 0.0, stopped=stopped)
        if made.read:
            leaves = tuple(Leaf(path=each.path, fate=each.fate, leaves=each.leaves) for each in made.fates)
            self._held.append(self._event(made.recid, "metadata", LeavesTold(leaves=leaves)))
            self._note(made, "metadata", began, made.elapsed_seconds, stopped=bool(made.code))
        if len(self._held) >= _PIECE:
            self._flush()

    def gathered(self) -> Gathered:
        """What a page tells of them."""
        self._flush()
        with opened_ledger(self._folder, Counts(registered=())) as ledger:
            return replace(gather(ledger, self._source), balanced=None, note=_NOTE)

    def _note(self, made: Conversion, stage: str, began: datetime, elapsed: float, *, stopped: bool) -> None:
        ended = StageEnded(
            status="rejected" if stopped else "done",
            started=utc_text(began),
            elapsed_seconds=elapsed,
            size_bytes=made.size_bytes,
            files=made.files,
            code=made.code if stopped else "",
            message=made.message if stopped else "",
        )
        self._held.append(self._event(made.recid, stage, ended))

    def _event(self, recid: str, stage: str, fact: Fact) -> Event:
        place = Place(run_id="", collection=self._source, source=self._source, repository="", recid=recid, stage=stage)
        return Event(ts=utc_text(), place=place, fact=fact)

    def _flush(self) -> None:
        if self._held:
            self._sink.emit(self._held)
        self._held = []


@contextmanager
def opened(source: str) -> Iterator[Conversions]:
    """Conversions of a source's records, kept until the end of the block."""
    with tempfile.TemporaryDirectory(prefix="cern-assets-") as folder:
        yield Conversions(Path(folder), source)
