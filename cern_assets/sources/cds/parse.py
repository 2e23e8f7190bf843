"""Records of CDS to source records. Pure: nothing is asked for here.

Three forms are read: a legacy dump (`{"recid", "record": [{"marcxml", "modification_datetime"}], "files": [...]}`, the
last revision counts), the text of one MARCXML record, and of one in text MARC (`{"marcxml": ...}`, `{"marc": ...}`, as
`marcxml_bodies` and `text_marc_bodies` cut files into them).

Whatever the form, the record's metadata are its MARC fields by tag (`sources.marc`), and of a dump what else is of use:
`file_status[]`, the restrictions of its files, and `creation_date`.
"""

import re
from collections.abc import Iterable, Iterator
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
from cern_assets.sources.cds.config import MOVING, NAME, SITE_URL
from cern_assets.sources.cds.files import FileReader
from cern_assets.sources.cds.recids import parse_recid
from cern_assets.sources.json_text import read_json_text
from cern_assets.sources.marc import marcxml_records, read_marcxml, read_text_marc, text_marc_records

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_STAMP = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})\.\d", re.ASCII)


def parse_record(body: object) -> SourceRecord:
    """Read one record, in whatever form.

    Raises:
        RecordInvalidError: the body is no JSON object, has no MARC in it, or its recid is none.
    """
    if not isinstance(body, dict):
        raise RecordInvalidError(
            "The record is no JSON object.", value=printable(body), remedy="Give a dump, or a record of MARC."
        )
    try:
        return _record(body)
    except (ValidationError, RecursionError, ValueError) as error:
        raise RecordInvalidError(
            "The record holds what JSON in UTF-8 cannot hold.", value=printable(error), remedy="Export it again."
        ) from error


def read_answer(answer: Answer) -> SourceRecord:
    """Read a record from its text in a dump.

    Raises:
        RecordInvalidError: it is no record.
    """
    own = read_json_text(answer.bodies[0].content, uri=answer.bodies[0].uri)
    record = parse_record(own.content)
    return record.model_copy(update={"findings": grouped((*record.findings, *own.findings))})


@cache
def reading_rules() -> str:
    """The version of `read_answer`."""
    return code_version(read_answer)


def parse_summary(body: object) -> RecordSummary:
    """Read what a list needs of a record.

    Raises:
        RecordInvalidError: it is no record.
    """
    record = parse_record(body)
    updated = _revision(body)[1] if isinstance(body, dict) else None
    titles = _subfields(record.metadata, "245__", "a")
    return RecordSummary(
        recid=record.recid,
        title=printable(titles[0] if titles else "", 1_000),
        updated=updated,
        digest=content_hash(record.metadata),
    )


def tombstone(body: object) -> str | None:
    """Why a record is gone; None for one that is there. CDS marks a record that was deleted or merged in field 980."""
    if not isinstance(body, dict):
        return None
    fields = parse_record(body).metadata
    if "DELETED" not in {code.upper() for code in _subfields(fields, "980__", "c")}:
        return None
    merged = next(iter(_subfields(fields, "970__", "d")), "")
    return f"merged into record {printable(merged, 20)}" if merged else "deleted at CDS"


def marcxml_bodies(pieces: Iterable[str]) -> Iterator[JsonObject]:
    """The records of a file of MARCXML."""
    return ({"marcxml": text} for text in marcxml_records(pieces))


def text_marc_bodies(pieces: Iterable[str]) -> Iterator[JsonObject]:
    """The records of a file of text MARC."""
    return ({"marc": text} for text in text_marc_records(pieces))


def _record(body: dict[str, object]) -> SourceRecord:
    fields, findings = _fields(body)
    recid = _recid(body, fields)
    reader = FileReader(recid)
    files = reader.read(body.get("files"), fields) if "files" in body else reader.read_links(fields)
    metadata: JsonObject = {
        "001": recid,
        **{tag: value for tag, value in fields.items() if tag not in MOVING and tag != "001"},
        **_beside(body, reader.statuses),
    }
    text = bounded_json(metadata, recid)
    return SourceRecord(
        source=NAME,
        recid=recid,
        url=f"{SITE_URL}/record/{recid}",
        metadata=metadata,
        files=files,
        findings=grouped(chain(findings, hidden_controls(metadata, text), reader.findings)),
    )


def _fields(body: dict[str, object]) -> tuple[JsonObject, tuple[Finding, ...]]:
    marc, marcxml = body.get("marc"), body.get("marcxml")
    if isinstance(marc, str):
        fields, findings = read_text_marc(marc)
    elif isinstance(marcxml, str):
        fields, findings = read_marcxml(marcxml)
    else:
        fields, findings = read_marcxml(_revision(body)[0])
    if not any(tag.startswith("245") or tag == "001" for tag in fields):
        raise RecordInvalidError(
            "The record has neither a number nor a title in MARC.",
            value=printable(body),
            remedy="See whether it is a record of CDS.",
        )
    return fields, findings


def _revision(body: dict[str, object]) -> tuple[str, str | None]:
    """The MARCXML of the last revision of a dump, and when it was written; of another form, what its 005 says."""
    listed = body.get("record")
    found = [
        (str(each.get("modification_datetime") or ""), each["marcxml"])
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict) and isinstance(each.get("marcxml"), str)
    ]
    if found:
        when, text = max(enumerate(found), key=lambda pair: (pair[1][0], pair[0]))[1]
        return text, when or None
    for name, read in (("marcxml", read_marcxml), ("marc", read_text_marc)):
        text = body.get(name)
        if isinstance(text, str):
            stamp = _STAMP.fullmatch(str(read(text)[0].get("005", "")))
            return text, "{}-{}-{}T{}:{}:{}".format(*stamp.groups()) if stamp else None
    raise RecordInvalidError(
        "There is no revision with MARCXML in it.",
        field="record",
        value=printable(body),
        remedy="See whether it is a dump of CDS.",
    )


def _recid(body: dict[str, object], fields: JsonObject) -> Recid:
    for stated in (fields.get("001"), body.get("recid")):
        if isinstance(stated, str | int) and not isinstance(stated, bool):
            try:
                return parse_recid(str(stated))
            except RecordNotFoundError as error:
                raise RecordInvalidError(
                    "The record's number is none.", field="001", value=error.value, remedy="Export the record again."
                ) from error
    raise RecordInvalidError("The record tells no number.", field="001", remedy="Export the record again.")


def _beside(body: dict[str, object], statuses: Iterable[str]) -> dict[str, Json]:
    """What a dump says of the record beside its MARC; addresses of people are left out."""
    found: dict[str, Json] = {}
    if isinstance(body.get("creation_date"), str):
        found["creation_date"] = cast("str", body["creation_date"])
    hidden = [_EMAIL.sub("(e-mail)", status) for status in statuses]
    if hidden:
        found["file_status"] = cast("Json", hidden)
    return found


def _subfields(fields: JsonObject, tag: str, code: str) -> list[str]:
    occurrences = fields.get(tag)
    found: list[str] = []
    for each in occurrences if isinstance(occurrences, list) else []:
        values = each.get(code) if isinstance(each, dict) else None
        found += [value for value in (values if isinstance(values, list) else []) if isinstance(value, str)]
    return found
