"""Records of legacy Zenodo, in each form in which it gave them, to source records. Pure: nothing is asked for here.

Four forms are read, and told apart by what they have:

- the row of the database (`{"json": {...}, "created", "version_id", ...}`), as dumps have it;
- the record itself, what is below `json` there;
- the answer of `GET /api/records/<recid>` (`metadata`, `files` with links);
- a deposit of the deposit API (`metadata.upload_type`, names of files), or one that was never sent.

Their fields keep their names and places, so that the account of leaves speaks of what the source says; the crosswalk
reads the spellings of all forms.
"""

from functools import cache
from itertools import chain
from typing import cast

from pydantic import ValidationError

from cern_assets.code_version import code_version
from cern_assets.errors import RecordInvalidError, RecordNotFoundError
from cern_assets.model.findings import Finding, grouped, printable
from cern_assets.model.identifiers import Recid
from cern_assets.model.records import Answer, RecordSummary, SourceRecord
from cern_assets.model.values import Json, JsonObject, content_hash
from cern_assets.sources.bounds import bounded_json, hidden_controls
from cern_assets.sources.json_text import read_json_text
from cern_assets.sources.leftovers import leftovers
from cern_assets.sources.zenodo.config import NAME, SITE_URL, STORED
from cern_assets.sources.zenodo.files import FileReader
from cern_assets.sources.zenodo.recids import parse_recid

_OUTER = ("created", "conceptrecid", "conceptdoi", "doi", "owner", "owners", "state", "submitted", "removal_json")
"""What the answer of an API says of a record beside its `metadata`."""


def parse_record(body: object) -> SourceRecord:
    """Read one record, in whatever form.

    A deposit that was never sent has no number. It gets a recid that is made of its content (`made-...`), with a
    finding: the same deposit is the same record, and a changed one another.

    Raises:
        RecordInvalidError: the body is no JSON object, its recid is none, or it is larger than a record can be.
    """
    if not isinstance(body, dict):
        raise RecordInvalidError(
            "The answer is no JSON object.", value=printable(body), remedy="See what the source gives for this recid."
        )
    try:
        return _record(body)
    except (ValidationError, RecursionError, ValueError) as error:
        raise RecordInvalidError(
            "The record holds what JSON in UTF-8 cannot hold, or is nested too deeply.",
            value=printable(error),
            remedy="Export it again.",
        ) from error


def read_answer(answer: Answer) -> SourceRecord:
    """Read a record from what was sent for it.

    Raises:
        RecordInvalidError: the body is no JSON object, or its recid is none.
    """
    own = read_json_text(answer.bodies[0].content, uri=answer.bodies[0].uri)
    record = parse_record(own.content)
    return record.model_copy(update={"findings": grouped((*record.findings, *own.findings))})


@cache
def reading_rules() -> str:
    """The version of `read_answer`."""
    return code_version(read_answer)


def canonical_metadata(body: dict[str, object]) -> JsonObject:
    """What the record says, without how it is stored: equal for as long as nobody changes the record."""
    inner = body.get("json")
    if isinstance(inner, dict):
        found = {**inner, "created": body.get("created")}
    elif isinstance(body.get("metadata"), dict):
        outer = {name: body[name] for name in _OUTER if body.get(name) is not None}
        found = {**outer, **cast("dict[str, object]", body["metadata"])}
    else:
        found = dict(body)
    kept = {name: value for name, value in found.items() if name not in STORED and value is not None}
    oai = kept.get("_oai")
    if isinstance(oai, dict):
        kept["_oai"] = {name: value for name, value in oai.items() if name != "updated"}
    return cast("JsonObject", kept)


def parse_summary(body: object) -> RecordSummary:
    """Read what a list needs of a record.

    Raises:
        RecordInvalidError: it is no record.
    """
    if not isinstance(body, dict):
        raise RecordInvalidError("A record is no JSON object.", value=printable(body), remedy="Export it again.")
    metadata = canonical_metadata(body)
    recid, _ = _recid(body, metadata)
    updated = body.get("updated") or body.get("modified")
    return RecordSummary(
        recid=recid,
        title=printable(metadata.get("title") or "", 1_000),
        updated=updated if isinstance(updated, str) else None,
        digest=content_hash(_with_recid(metadata, recid)),
    )


def tombstone(body: object) -> str | None:
    """Why a record is gone, as Zenodo says it; None for one that is there."""
    removal = canonical_metadata(body).get("removal_json") if isinstance(body, dict) else None
    if removal in (None, "", [], {}):
        return None
    said = removal.values() if isinstance(removal, dict) else removal if isinstance(removal, list) else [removal]
    return printable(", ".join(str(each) for each in said if each), 300) or "no reason is stated"


def _record(body: dict[str, object]) -> SourceRecord:
    metadata = canonical_metadata(body)
    recid, made = _recid(body, metadata)
    canonical = _with_recid(metadata, recid)
    text = bounded_json(canonical, recid)
    reader = FileReader(recid)
    files = reader.read(_file_list(body))
    findings = chain(
        made, _unpublished(canonical), hidden_controls(canonical, text), leftovers(canonical, text), reader.findings
    )
    return SourceRecord(
        source=NAME,
        recid=recid,
        url=f"{SITE_URL}/records/{recid}",
        metadata=canonical,
        files=files,
        findings=grouped(findings),
        communities=_communities(canonical),
    )


def _with_recid(metadata: JsonObject, recid: Recid) -> JsonObject:
    return {**metadata, "recid": recid}


def _file_list(body: dict[str, object]) -> object:
    inner = body.get("json")
    place = inner if isinstance(inner, dict) else body
    return place.get("_files") or place.get("files")


def _communities(metadata: JsonObject) -> tuple[str, ...]:
    """Ids of communities, which the forms have as texts, or as objects with `identifier` or `id`."""
    stated = metadata.get("communities")
    found = []
    for each in stated if isinstance(stated, list) else []:
        name = (each.get("identifier") or each.get("id")) if isinstance(each, dict) else each
        if isinstance(name, str) and name.strip():
            found.append(name.strip())
    return tuple(dict.fromkeys(found))


def _unpublished(metadata: JsonObject) -> tuple[Finding, ...]:
    """A draft at the source is no record yet, and nothing of ours may publish it."""
    deposit = metadata.get("_deposit")
    status: Json = deposit.get("status") if isinstance(deposit, dict) else None
    for field, value in (("_deposit.status", status), ("state", metadata.get("state"))):
        if value in ("draft", "unsubmitted", "inprogress"):
            message = "A draft that its owner has not published; it is not published for them."
            return (
                Finding(code="draft-at-source", severity="error", field=field, value=printable(value), message=message),
            )
    return ()


def _recid(body: dict[str, object], metadata: JsonObject) -> tuple[Recid, tuple[Finding, ...]]:
    """The record's number: `recid`, or what the APIs call it."""
    own = None if isinstance(body.get("json"), dict) else body.get("id")  # of a row of the database, it is the row's
    for value in (metadata.get("recid"), body.get("record_id"), own, _reserved(metadata)):
        if isinstance(value, str | int) and not isinstance(value, bool):
            try:
                return parse_recid(str(value)), ()
            except RecordNotFoundError as error:
                raise RecordInvalidError(
                    "The record's recid is none.", field="recid", value=error.value, remedy="Correct the export."
                ) from error
    if not metadata.get("title"):
        raise RecordInvalidError(
            "The record tells neither a recid nor a title.", field="recid", remedy="See whether it is a record."
        )
    recid = Recid(f"made-{content_hash(metadata)[:16]}")
    message = "It states no number; its recid is made of its content."
    return recid, (Finding(code="recid-made", severity="note", field="recid", value=recid, message=message),)


def _reserved(metadata: JsonObject) -> Json:
    reserved = metadata.get("prereserve_doi")
    return reserved.get("recid") if isinstance(reserved, dict) else None
