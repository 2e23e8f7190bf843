"""A deposit that somebody made, published as a recid's is: without a source, by its own identifier."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cern_assets.errors import ConfigurationError, MetadataInvalidError, RecordNotFoundError
from cern_assets.flows.journey import run_stage, stage_named
from cern_assets.flows.stages import Context
from cern_assets.metadata.validation import ensure_valid
from cern_assets.model.archives import Archive, ArchivePlan
from cern_assets.model.documents import Document
from cern_assets.model.identifiers import Recid
from cern_assets.model.listings import Hits, SearchPlan
from cern_assets.model.manifests import Manifest, StoredFile
from cern_assets.model.metadata import Metadata
from cern_assets.model.outcomes import StageOutcome
from cern_assets.model.publications import Receipt
from cern_assets.model.records import Answer, FetchedRecord, RecordSummary, SourceRecord
from cern_assets.model.values import Json, JsonObject, Value, content_hash
from cern_assets.ports import EVERYTHING

COLLECTION = "deposits"
"""Under this name stand the documents and the journal of deposits that belong to no collection."""


@dataclass(frozen=True)
class Deposit:
    """A payload for the repository, the identifier by which its record is found again, and its files."""

    payload: JsonObject
    identifier: str
    files: tuple[StoredFile, ...]

    @property
    def recid(self) -> Recid:
        """What stands for the deposit in paths: identifiers are of all kinds."""
        return Recid(hashlib.sha256(self.identifier.encode()).hexdigest()[:32])


def read_deposit(body: Json, files: Sequence[StoredFile]) -> Deposit:
    """A deposit of JSON: InvenioRDM's record, or a line of `transform --json` that has one.

    Its record is found again by the first of `metadata.identifiers`. Access that is not said to be public is
    restricted, and whether there are files is said by the files.

    Raises:
        MetadataInvalidError: it is no deposit, or breaks a rule of the repository.
        ConfigurationError: it has no identifier.
    """
    given = body.get("deposit", body) if isinstance(body, dict) else body
    metadata = given.get("metadata") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(metadata, dict):
        raise MetadataInvalidError("This is no deposit: a JSON object with `metadata` is.", remedy="Correct the file.")
    access = given.get("access")
    said = access if isinstance(access, dict) else {}
    payload: dict[str, Json] = {
        **given,
        "access": {"record": "restricted", "files": "restricted", **said},
        "files": {"enabled": bool(files)},
    }
    ensure_valid(Metadata(payload=payload, fates=(), findings=()), Recid(""))
    return Deposit(payload, _identifier(metadata), tuple(files))


def publish_deposit(context: Context, deposit: Deposit) -> tuple[StageOutcome, Receipt | None]:
    """Publish, or find that nothing is to do; the receipt is None where the outcome says why."""
    manifest = Manifest(files=deposit.files)
    plan = ArchivePlan(form="as-is" if deposit.files else "none", reason="as they were given")
    stated: Json = [[file.key, file.size_bytes, *map(str, file.checksums)] for file in deposit.files]
    known = {
        "metadata": _document(context, deposit, "metadata", Metadata(payload=deposit.payload, fates=(), findings=())),
        "raw_files": _document(context, deposit, "raw_files", manifest),
        "archive": _document(
            context, deposit, "archive", Archive(plan=plan, files=deposit.files, content=content_hash(stated))
        ),
    }
    stage = stage_named("published_record")
    crosswalk = replace(context.adapters.crosswalk, identifier=lambda _recid: deposit.identifier)
    named = replace(context, adapters=replace(context.adapters, crosswalk=crosswalk))
    outcome = run_stage(named, deposit.recid, stage, known)
    receipt = known[stage.name].body if outcome.succeeded else None
    return outcome, receipt if isinstance(receipt, Receipt) else None


def _identifier(metadata: Mapping[str, Json]) -> str:
    entries = metadata.get("identifiers")
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("identifier"), str):
            return str(entry["identifier"])
    raise ConfigurationError(
        "The deposit has no identifier by which its record could be found again.",
        field="metadata.identifiers",
        remedy='Give it one, as {"scheme": "other", "identifier": "..."}: each run would publish another record.',
    )


def _document(context: Context, deposit: Deposit, stage: str, body: Value) -> Document[Value]:
    return Document[Value](
        collection=context.collection.name,
        source=context.collection.source,
        stage=stage,
        recid=deposit.recid,
        input_hash=None,
        content_hash=content_hash(body),
        body=body,
    )


class NoSource:
    """The `ports.RecordSource` of deposits that were given: there is nothing to ask."""

    name = "deposit"
    rules = ""

    def close(self) -> None:
        """Nothing is held."""

    def ping(self) -> str:
        """Say that there is nothing to ask."""
        return "no source: deposits are given"

    def page(self, recid: Recid) -> str:  # noqa: ARG002  the port's signature
        """No page."""
        return ""

    def fetch(self, recid: Recid, *, etag: str | None = None) -> FetchedRecord:  # noqa: ARG002  the port's signature
        """There is no record."""
        raise RecordNotFoundError("A deposit that was given has no source record.", recid=recid)

    def read(self, answer: Answer) -> SourceRecord:  # noqa: ARG002  the port's signature
        """There is no record."""
        raise RecordNotFoundError("A deposit that was given has no source record.")

    def plan(self, query: str = "", facets: Mapping[str, str] = EVERYTHING) -> SearchPlan:  # noqa: ARG002  the port's signature
        """Nothing to search."""
        return SearchPlan(total=0, slices=())

    def search(self, query: str = "", facets: Mapping[str, str] = EVERYTHING) -> Hits:  # noqa: ARG002  the port's signature
        """No records."""
        return Hits(records=())

    def stage(self, recid: Recid) -> str | None:  # noqa: ARG002  the port's signature
        """None: it takes no such request."""
        return None

    def touched(self, since: datetime | None = None) -> Iterator[RecordSummary]:  # noqa: ARG002  the port's signature
        """No records."""
        return iter(())
