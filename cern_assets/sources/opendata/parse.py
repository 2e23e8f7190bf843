"""Answers of CERN Open Data, and files of its curators, to source records. Pure: nothing is asked for here."""

from functools import cache
from itertools import chain
from typing import cast

from pydantic import ValidationError

from cern_assets.code_version import code_version
from cern_assets.errors import RecordInvalidError, RecordNotFoundError
from cern_assets.model.findings import grouped, printable
from cern_assets.model.identifiers import Recid
from cern_assets.model.records import Answer, RecordSummary, SourceRecord
from cern_assets.model.values import JsonObject, content_hash
from cern_assets.sources.bounds import bounded_json, hidden_controls
from cern_assets.sources.json_text import read_json_text
from cern_assets.sources.leftovers import leftovers
from cern_assets.sources.opendata.config import NAME, PORTAL_MADE, SITE_URL
from cern_assets.sources.opendata.files import FileReader
from cern_assets.sources.opendata.irregularities import RECORD, metadata_findings, stated_totals_findings
from cern_assets.sources.opendata.recids import parse_recid


def parse_record(body: object) -> SourceRecord:
    """Read one record: the answer of `GET /api/records/<recid>`, or the record as curators keep it (a fixture).

    The API's form has the record below `metadata`, with the live state of its files in `_files` and file indexes
    expanded in `_file_indices`. A fixture is the record itself, with file indexes as files of its list; they are taken
    as the ordinary files that they are.

    Whatever is wrong with a part of a record becomes a finding; one of severity `error` says that the record cannot
    be carried as it stands. The record's `url` is its public page wherever it was read, so that a record read from a
    mirror is the same record.

    Raises:
        RecordInvalidError: the body is no JSON object, or tells no recid; or it is larger than a record can be.
    """
    if not isinstance(body, dict):
        raise RecordInvalidError(
            "The answer is no JSON object.", value=printable(body), remedy="See what the source answers for this recid."
        )
    inner = body.get("metadata")
    metadata: dict[str, object] = inner if isinstance(inner, dict) else body
    recid = _recid(metadata, body)
    try:
        return _record(recid, metadata)
    except (ValidationError, RecursionError, ValueError) as error:
        raise RecordInvalidError(
            "The record holds what JSON in UTF-8 cannot hold, or is nested too deeply.",
            recid=recid,
            value=printable(error),
            remedy="Ask the source's curators to correct it.",
        ) from error


def read_answer(answer: Answer) -> SourceRecord:
    """Read a record from all that the portal sent for it: its own body, and file indexes that came by themselves.

    Raises:
        RecordInvalidError: a body is no JSON object, or tells no recid.
    """
    own, *indexes = (read_json_text(body.content, uri=body.uri) for body in answer.bodies)
    parts = (body.part for body in answer.bodies[1:])
    completions = dict(zip(parts, (index.content for index in indexes), strict=True))
    for index in stated_indexes(own.content):
        completion = completions.get(str(index.get("key")))
        if isinstance(completion, dict):
            index.update(completion)
    record = parse_record(own.content)
    return record.model_copy(update={"findings": grouped((*record.findings, *own.findings))})


@cache
def reading_rules() -> str:
    """The version of `read_answer`."""
    return code_version(read_answer, besides=[RECORD.text])


def stated_indexes(body: object) -> list[dict[str, object]]:
    """The file indexes that an answer of the API states."""
    metadata = body.get("metadata") if isinstance(body, dict) else None
    indexes = metadata.get("_file_indices") if isinstance(metadata, dict) else None
    return [index for index in indexes if isinstance(index, dict)] if isinstance(indexes, list) else []


def canonical_metadata(metadata: dict[str, object], recid: Recid) -> JsonObject:
    """Keep what curators wrote, without what the portal adds: equal for a record's fixture and for its API answer.

    Left out are the file lists (they become the record's files) and what the portal makes. `_bucket` and the like hold
    ids that are new at each load of the same record, and `_availability_details` and `availability` follow the tape
    system; the hash of a record would move with them. `$schema` and `pids` follow from the recid.
    """
    kept = {key: value for key, value in metadata.items() if key not in PORTAL_MADE and not key.startswith("_")}
    kept["recid"] = recid
    return cast("JsonObject", kept)


def parse_summary(hit: object) -> RecordSummary | None:
    """Read one hit of a search; None for what is no record, as a documentation page.

    Its digest is the hash of `SourceRecord.metadata` of the same record, as hits are asked for without file lists.

    Raises:
        RecordInvalidError: the hit is no JSON object, or its recid is none.
    """
    if not isinstance(hit, dict):
        raise RecordInvalidError("A search hit is no JSON object.", value=printable(hit))
    metadata = hit.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("recid") is None:
        return None
    updated = hit.get("updated")
    recid = _recid(metadata, hit)
    return RecordSummary(
        recid=recid,
        title=printable(metadata.get("title"), 1_000),
        updated=updated if isinstance(updated, str) else None,
        digest=content_hash(canonical_metadata(metadata, recid)),
    )


def _record(recid: Recid, metadata: dict[str, object]) -> SourceRecord:
    canonical = canonical_metadata(metadata, recid)
    text = bounded_json(canonical, recid)
    reader = FileReader()
    files = reader.read(metadata)
    totals = stated_totals_findings(metadata, reader.entries, files)
    texts = chain(hidden_controls(canonical, text), leftovers(canonical, text))
    findings = grouped(chain(metadata_findings(canonical), texts, totals, reader.findings))
    return SourceRecord(
        source=NAME,
        recid=recid,
        url=f"{SITE_URL}/record/{recid}",
        metadata=canonical,
        files=files,
        findings=findings,
        checked_with=(RECORD.id,),
    )


def _recid(metadata: dict[str, object], body: dict[str, object]) -> Recid:
    """`metadata.recid` is the canonical one; `id` of an answer may be an alias of it, and either may be a number."""
    for stated in (metadata.get("recid"), body.get("id")):
        if isinstance(stated, str | int) and not isinstance(stated, bool):
            try:
                return parse_recid(str(stated))
            except RecordNotFoundError as error:
                raise RecordInvalidError(
                    "The record's recid is none.",
                    field="recid",
                    value=error.value,
                    remedy="Ask the source's curators to correct it.",
                ) from error
    raise RecordInvalidError(
        "The record tells no recid.", field="recid", remedy="See what the source answers for this recid."
    )
