"""What is irregular about a record as the portal states it, its files apart. Noted, never repaired."""

from collections.abc import Iterator, Mapping, Sequence

from cern_assets.metadata.shapes import Shape
from cern_assets.model.findings import MISSHAPEN, Finding, Severity, printable
from cern_assets.model.records import SourceFile
from cern_assets.model.values import JsonObject

RECORD = Shape("cern_assets.sources.opendata", "opendata-record")
_EMPTY: tuple[object, ...] = (None, "", [], {})
_REQUIRED = ("title", "type")
"""Of what the portal's schema requires, that without which there can be no deposit."""


def metadata_findings(metadata: JsonObject) -> Iterator[Finding]:
    """Missing title or type, and parts of another shape than `schemas/record.json` expects; nothing else is refused."""
    for field in _REQUIRED:
        if metadata.get(field) in _EMPTY:
            yield _finding(f"{field}-missing", "error", field, None, f"The record has no {field}.")
    for found in RECORD.violations(metadata):
        if metadata.get(found.field, found) not in _EMPTY:
            severity: Severity = "error" if found.field in _REQUIRED else "warning"
            value = found.value or metadata.get(found.field)
            yield _finding(MISSHAPEN, severity, found.field, value, f"`{found.field}` {found.message}.")


def stated_totals_findings(
    metadata: Mapping[str, object], listed: int, files: Sequence[SourceFile]
) -> Iterator[Finding]:
    """Whether the number and the bytes of files that `distribution` states are those of the files listed.

    Not compared for a fixture whose file indexes are still files to be read: its totals count their members.
    """
    distribution = metadata.get("distribution")
    if not isinstance(distribution, dict) or _has_unread_indexes(metadata):
        return
    number, size = distribution.get("number_files"), distribution.get("size")
    if not listed:
        yield from _no_files_findings(metadata, distribution)
        return
    if isinstance(number, int) and number != listed:
        message = f"The record states {_files(number)} and lists {listed}."
        yield _finding("number-of-files-differs", "warning", "distribution.number_files", number, message)
    total = sum(file.size_bytes or 0 for file in files)
    if isinstance(size, int) and size != total:
        message = f"The record states {size} bytes, and its files sum to {total}."
        yield _finding("size-differs", "warning", "distribution.size", size, message)


def _no_files_findings(metadata: Mapping[str, object], distribution: Mapping[str, object]) -> Iterator[Finding]:
    number = distribution.get("number_files")
    if "ondemand" in (distribution.get("availability"), metadata.get("availability")):
        message = "The record's files are on tape, and the portal lists none of them."
        yield _finding("files-not-listed", "warning", "distribution.availability", "ondemand", message)
    elif isinstance(number, int) and number > 0:
        said = f"The record states {_files(number)} and lists none"
        if any(relation.get("type") == "isParentOf" for _, relation in listed_relations(metadata)):
            message = f"{said}: it is a collection of the records it names."
            yield _finding("umbrella-record", "note", "distribution.number_files", number, message)
        else:
            message = f"{said}, and it names no record that has them."
            yield _finding("files-nowhere", "warning", "distribution.number_files", number, message)


def listed_relations(said: Mapping[str, object]) -> Iterator[tuple[int, JsonObject]]:
    """The record's relations, each with its place in the list."""
    listed = said.get("relations")
    for position, relation in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(relation, dict):
            yield position, relation


def _files(number: int) -> str:
    return f"{number} {'file' if number == 1 else 'files'}"


def _has_unread_indexes(metadata: Mapping[str, object]) -> bool:
    files = metadata.get("files")
    kinds = (
        [str(entry.get("type", "")) for entry in files if isinstance(entry, dict)] if isinstance(files, list) else []
    )
    return any(kind.startswith("index") for kind in kinds)


def _finding(code: str, severity: Severity, field: str, value: object, message: str) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        field=printable(field),
        value=printable(value),
        message=printable(message, 300),
    )
