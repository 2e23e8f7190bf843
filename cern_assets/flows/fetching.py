"""The files of a record, brought to a place that somebody names: the stage raw_files by itself, and its account."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from cern_assets.errors import CernAssetsError
from cern_assets.flows.journey import problem_of, run_stage, stage_named, status_of
from cern_assets.flows.raw_record import refuse_unusable
from cern_assets.flows.stages import Context
from cern_assets.model.documents import Document
from cern_assets.model.events import Event, FileMoved, Place
from cern_assets.model.identifiers import Recid
from cern_assets.model.manifests import Manifest, StoredFile
from cern_assets.model.outcomes import Problem, Status
from cern_assets.model.records import SourceFile, SourceRecord
from cern_assets.model.values import Value, content_hash
from cern_assets.recording import Recorder, recorded_by

FileState = Literal["fetched", "kept", "at the source", "left out", "on tape", "refused", "not fetched"]
"""`kept`: a right copy was there. `refused`: the bytes are not the declared ones. `not fetched`: it was not come to."""


class FetchedFile(Value):
    """What became of one file; `stated_by` says who vouches for it, the record or the place where it lies."""

    path: str
    uri: str
    source: str
    size_bytes: int | None
    checksums: Mapping[str, str] = Field(default_factory=dict)
    verified_against: str | None = None
    stated_by: Literal["record", "place"] | None = None
    state: FileState


class Fetched(Value):
    """A record's manifest, and how far it came; `moved_bytes` came from the source this time."""

    recid: str
    to: str
    status: Status
    files: tuple[FetchedFile, ...]
    size_bytes: int
    moved_bytes: int
    problem: Problem | None = None


class NoRepository:
    """Stands where the target would, which takes longer to be opened than many a record to be fetched."""

    url = ""

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True)
class _Told:
    """What the stage told of files while it worked, by key."""

    events: list[Event]

    def states(self) -> dict[str, FileState]:
        names: dict[str, FileState] = {
            "moved": "fetched",
            "kept": "kept",
            "by reference": "at the source",
            "left out": "left out",
            "refused": "refused",
        }
        moved = [event.fact for event in self.events if isinstance(event.fact, FileMoved)]
        return {fact.key: names[fact.how] for fact in moved}

    def moved_bytes(self) -> int:
        facts = [event.fact for event in self.events if isinstance(event.fact, FileMoved)]
        return sum(fact.size_bytes for fact in facts if fact.how in {"moved", "refused"})


def fetch_files(context: Context, record: SourceRecord) -> Fetched:
    """Bring a record's files to the context's store; what is there and right is not moved again."""
    known: dict[str, Document[Value]] = {"raw_record": _document(context, record)}
    told = _Told([])
    place = Place(
        run_id="",
        collection=context.collection.name,
        source=context.collection.source,
        repository="",
        recid=record.recid,
        stage="raw_files",
    )
    status: Status
    problem: Problem | None
    try:
        refuse_unusable(record)
    except CernAssetsError as error:
        status, problem = status_of(error), problem_of(error.at(recid=record.recid))
    else:
        with recorded_by(Recorder(told.events.extend, place)):
            outcome = run_stage(context, record.recid, stage_named("raw_files"), known)
        status, problem = outcome.status, outcome.problem
    manifest = known["raw_files"].body if "raw_files" in known else None
    stored = {file.key: file for file in manifest.files} if isinstance(manifest, Manifest) else {}
    states = told.states()
    if isinstance(manifest, Manifest):  # one that stands from an earlier time tells of none while it is looked at
        states |= dict.fromkeys((file.key for file in manifest.left_out), "left out")
    files = tuple(
        _file(context, record.recid, file, stored.get(file.key), states.get(file.key)) for file in record.files
    )
    return Fetched(
        recid=record.recid,
        to=context.adapters.store.uri(context.files_folder(context.collection.name, record.recid)),
        status=status,
        files=files,
        size_bytes=sum(file.size_bytes or 0 for file in files),
        moved_bytes=told.moved_bytes(),
        problem=problem,
    )


def _file(
    context: Context, recid: Recid, file: SourceFile, stored: StoredFile | None, state: FileState | None
) -> FetchedFile:
    """A file of the manifest; of one that the stage did not come to, what the record says."""
    places = context.adapters.places
    folder = context.files_folder(context.collection.name, recid)
    if stored is None:
        on_tape = state is None and file.availability != "online"
        return FetchedFile(
            path=file.key,
            uri=context.adapters.store.uri(f"{folder}/{file.key}"),
            source=file.uri,
            size_bytes=file.size_bytes,
            state="on tape" if on_tape else state or "not fetched",
        )
    against = stored.against
    return FetchedFile(
        path=stored.key,
        uri=places.uri(stored.ref),
        source=file.uri,
        size_bytes=stored.size_bytes,
        checksums={checksum.algorithm: checksum.value for checksum in stored.checksums},
        verified_against=str(against) if against and stored.verified else None,
        stated_by=("record" if file.checksum else "place") if against else None,
        state=_standing(stored, state),
    )


def _standing(stored: StoredFile, state: FileState | None) -> FileState:
    if stored.ref.place != "store":
        return "at the source"
    return state or "kept"


def _document(context: Context, record: SourceRecord) -> Document[Value]:
    return Document[Value](
        collection=context.collection.name,
        source=context.collection.source,
        stage="raw_record",
        recid=record.recid,
        input_hash=None,
        content_hash=content_hash(record),
        body=record,
    )
