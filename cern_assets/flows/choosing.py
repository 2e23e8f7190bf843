"""Which files of a record a collection brings, and which it leaves at the source: decided by what the record lists.

Pure, so that the manifest, the deposit and a forecast say the same.
"""

from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatchcase

from cern_assets.model.archives import LISTING_KEY
from cern_assets.model.collections import Collection
from cern_assets.model.findings import Finding
from cern_assets.model.manifests import LeftOut, Why
from cern_assets.model.records import SourceFile
from cern_assets.model.values import Json, JsonObject

_WORDS: dict[Why, str] = {
    "by reference": "all files are kept by reference only",
    "index member": "members of file indexes are listed only",
    "not included": "no pattern of the collection includes them",
    "excluded": "a pattern of the collection excludes them",
    "over the limit": "they would take the record over the collection's limit of bytes",
}


def chosen(
    collection: Collection, files: Sequence[SourceFile]
) -> tuple[tuple[SourceFile, ...], tuple[tuple[SourceFile, Why], ...]]:
    """The files that are brought, and those that are not, each with the reason; both in the record's order.

    Files are taken in that order as long as they fit the limit; one that states no size may not, and is not taken.
    """
    left_bytes = collection.files_choice.max_record_bytes
    taken: list[SourceFile] = []
    left: list[tuple[SourceFile, Why]] = []
    for file in files:
        why = _why_not(collection, file)
        if why is None and left_bytes is not None:
            fits = file.size_bytes is not None and file.size_bytes <= left_bytes
            left_bytes -= file.size_bytes or 0 if fits else 0
            why = None if fits else "over the limit"
        if why is None:
            taken.append(file)
        else:
            left.append((file, why))
    return tuple(taken), tuple(left)


def _why_not(collection: Collection, file: SourceFile) -> Why | None:
    choice = collection.files_choice
    if file.index is not None and choice.index_members == "list":
        return "index member"
    if choice.include and not _matches(file, choice.include):
        return "not included"
    if _matches(file, choice.exclude):
        return "excluded"
    return None


def _matches(file: SourceFile, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in (file.key, file.path))


def left_out(collection: Collection, files: Sequence[SourceFile]) -> tuple[LeftOut, ...]:
    """What a manifest says of files that stay at the source; in mode `reference`, all do."""
    taken, left = chosen(collection, files)
    stay: list[tuple[SourceFile, Why]] = list(left)
    if collection.files_mode == "reference":
        stay += [(file, "by reference") for file in taken]
    return tuple(
        LeftOut(key=file.key, uri=file.uri, size_bytes=file.size_bytes, checksum=file.checksum, why=why)
        for file, why in stay
    )


def finding_of(files: Sequence[LeftOut]) -> Finding | None:
    """What the ledger counts of files that stay at the source, None where there are none."""
    if not files:
        return None
    return Finding(
        code="files-left-out",
        severity="note",
        field="files[]",
        value=files[0].key[:120],
        message=f"By the collection's choice, {_said(files)}.",
        count=len(files),
    )


def noted_in(payload: JsonObject, collection: Collection, files: Sequence[SourceFile], url: str) -> JsonObject:
    """The deposit with a description that says which files are not in it, where there are such."""
    stay = left_out(collection, files)
    metadata = payload.get("metadata")
    if not stay or not isinstance(metadata, dict):
        return payload
    text = (
        f"Of the {len(files)} files of the record at its source, {len(files) - len(stay)} are in this record. "
        f"By choice, {_said(stay)}. The file {LISTING_KEY} names each with its address, size and checksum, as {url} "
        "states them."
    )
    told: Json = {"description": text, "type": {"id": "technical-info"}}
    given = metadata.get("additional_descriptions")
    before: list[Json] = given if isinstance(given, list) else []
    return {**payload, "metadata": {**metadata, "additional_descriptions": [*before, told]}}


def _said(files: Sequence[LeftOut]) -> str:
    """How many files of how many bytes stay at the source, and why."""
    counts = Counter(file.why for file in files)
    size = sum(file.size_bytes or 0 for file in files)
    reasons = "; ".join(f"{count:,}, as {_WORDS[why]}" for why, count in sorted(counts.items()))
    return f"{len(files):,} files of {size:,} bytes stay at the source ({reasons})"
