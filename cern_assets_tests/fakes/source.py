"""A record source in memory, whose records a test changes, withdraws, or breaks."""

import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from cern_assets.errors import RecordNotFoundError
from cern_assets.model.identifiers import Recid
from cern_assets.model.listings import Hits, SearchPlan, Slice
from cern_assets.model.records import Answer, AnswerBody, FetchedRecord, RecordSummary, SourceRecord
from cern_assets.model.values import content_hash
from cern_assets.ports import EVERYTHING
from cern_assets.sources.opendata.parse import parse_record


class FakeSource:
    """Records in fixture form by recid, with their bytes below a folder; every `put` gives a new ETag."""

    name = "opendata"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[tuple[Recid, str | None]] = []
        self.rules = "as it is"
        self._records: dict[Recid, tuple[SourceRecord, str]] = {}
        self._errors: dict[Recid, Exception] = {}
        self._once: set[Recid] = set()
        self._refusal: Exception | None = None
        self.takes_stage_requests = False
        self.stage_requests: list[Recid] = []

    def put(self, recid: str, *, title: str = "A dataset", files: dict[str, bytes] | None = None) -> Recid:
        """Show a record with these files, written below the folder."""
        listed = [self._write(recid, name, data) for name, data in (files or {}).items()]
        record = parse_record(
            {
                "recid": recid,
                "title": title,
                "type": {"primary": "Dataset", "secondary": ["Derived"]},
                "experiment": ["DELPHI"],
                "collaboration": {"name": "DELPHI collaboration"},
                "date_published": "2024",
                "publisher": "CERN Open Data Portal",
                "doi": f"10.5072/FAKE.{self.folder.parent.name}.{recid}",
                "files": listed,
            }
        )
        self.put_record(record)
        return record.recid

    def put_record(self, record: SourceRecord) -> None:
        """Show a record as it is given."""
        etag = f'"{len(self.asked)}-{id(record)}"'
        self._records[record.recid] = (record, etag)
        self._errors.pop(record.recid, None)

    def alias(self, recid: Recid, other: str) -> Recid:
        """Answer to another name with the same record."""
        self._records[Recid(other)] = self._records[recid]
        return Recid(other)

    def fail(self, recid: Recid, error: Exception) -> None:
        """Answer a recid with an error from now on."""
        self._errors[recid] = error

    def fail_once(self, recid: Recid, error: Exception) -> None:
        """Answer a recid with an error the next time."""
        self._errors[recid] = error
        self._once.add(recid)

    def refuse_all(self, error: Exception) -> None:
        """Answer everything with an error from now on."""
        self._refusal = error

    def withdraw(self, recid: Recid) -> None:
        """Know nothing of a recid from now on."""
        del self._records[recid]

    def ping(self) -> str:
        if self._refusal is not None:
            raise self._refusal
        return f"{len(self._records)} records in memory"

    def page(self, recid: Recid) -> str:
        return f"https://opendata.cern.ch/record/{recid}"

    def close(self) -> None:
        """Nothing is held open."""

    def fetch(self, recid: Recid, *, etag: str | None = None) -> FetchedRecord:
        self.asked.append((recid, etag))
        if self._refusal is not None:
            raise self._refusal
        if recid in self._errors:
            error = self._errors[recid]
            if recid in self._once:
                del self._errors[recid]
            raise error
        if recid not in self._records:
            raise RecordNotFoundError("There is no such record.")
        record, current = self._records[recid]
        if etag == current:
            return FetchedRecord(record=None, etag=current)
        answer = Answer(bodies=(AnswerBody(uri=self.page(recid), text=record.model_dump_json()),))
        return FetchedRecord(record=record, etag=current, answer=answer)

    def read(self, answer: Answer) -> SourceRecord:
        """Read a kept answer; by other rules than those it began with, titles are read as capitals."""
        record = SourceRecord.model_validate_json(answer.bodies[0].text)
        if self.rules == "as it is":
            return record
        return record.model_copy(
            update={"metadata": {**record.metadata, "title": str(record.metadata["title"]).upper()}}
        )

    def plan(self, query: str = "", facets: Mapping[str, str] = EVERYTHING) -> SearchPlan:
        total = len(self.search(query, facets).records)
        return SearchPlan(total=total, slices=(Slice(facets={}, total=total),))

    def search(self, query: str = "", facets: Mapping[str, str] = EVERYTHING) -> Hits:
        assert not facets
        if self._refusal is not None:
            raise self._refusal
        listed = (
            RecordSummary(
                recid=recid, title=str(record.metadata["title"]), digest=content_hash(record.metadata), updated=etag
            )
            for recid, (record, etag) in self._records.items()
        )
        return Hits(records=tuple(summary for summary in listed if query in summary.title))

    def stage(self, recid: Recid) -> str | None:
        if not self.takes_stage_requests:
            return None
        self.stage_requests.append(recid)
        return f"stage-{len(self.stage_requests)}"

    def touched(self, since: datetime | None = None) -> Iterator[RecordSummary]:
        """All of them: which were touched since is not known here."""
        assert since is None
        return (RecordSummary(recid=recid, updated=etag) for recid, (_, etag) in self._records.items())

    def _write(self, recid: str, name: str, data: bytes) -> dict[str, object]:
        path = f"eos/opendata/fake/{recid}/{name}"
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return {
            "uri": f"root://eospublic.cern.ch//{path}",
            "size": len(data),
            "checksum": f"adler32:{zlib.adler32(data):08x}",
        }
